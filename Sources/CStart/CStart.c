#include "CStart.h"

#include "CLinux.h"

extern char **environ;

// Swift's runtime would look in nine places for a program that explains crashes.
static char no_backtraces[] = "SWIFT_BACKTRACE=enable=no,swift-backtrace=/";
static char *all_there_is[] = {no_backtraces, NULL};

// Runs after the C library has set itself up and before anything of C++ or Swift does. From here on no library finds a
// variable that could change what it does with privileges: only the boot knows where the environment is.
static void keep_start_to_the_boot(int count, char **arguments, char **environment) {
    linux_keep_start(count, arguments, environment);
    environ = all_there_is;
}

__attribute__((section(".preinit_array"), used, retain)) static void (*const at_start)(int, char **, char **) =
    keep_start_to_the_boot;
