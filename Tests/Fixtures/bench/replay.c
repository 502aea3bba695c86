// replay [--check] COMMAND [ARGUMENT...]: makes the system calls that record.c has written into calls.c, in their
// order, and starts COMMAND: what the same boot costs as a static program in C that has nothing to decide.
//
// With --check, it ends with 1 at the first call that succeeds where it had failed, or the other way round, or that
// returns another descriptor.
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

struct call {
    long number, arguments[6], result;
    int returns_descriptor;
};

#include "calls.c"

static long make(const struct call *call) {
    register long fourth __asm__("r10") = call->arguments[3];
    register long fifth __asm__("r8") = call->arguments[4];
    register long sixth __asm__("r9") = call->arguments[5];
    long result = call->number;
    __asm__ volatile("syscall"
                     : "+a"(result)
                     : "D"(call->arguments[0]), "S"(call->arguments[1]), "d"(call->arguments[2]), "r"(fourth),
                       "r"(fifth), "r"(sixth)
                     : "rcx", "r11", "memory");
    return result;
}

int main(int argc, char **argv) {
    int is_check = argc > 1 && strcmp(argv[1], "--check") == 0;
    if (argc < 2 + is_check) return 64;
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        long result = make(&calls[i]);
        if (is_check && ((result < 0) != (calls[i].result < 0) ||
                         (calls[i].returns_descriptor && result >= 0 && result != calls[i].result))) {
            dprintf(2, "replay: call %zu of the table, number %ld, returned %ld, and %ld when it was recorded\n", i + 1,
                    calls[i].number, result, calls[i].result);
            return 1;
        }
    }
    execv(argv[1 + is_check], argv + 1 + is_check);
    return 127;
}
