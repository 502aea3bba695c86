#include "CStart.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "CLinux.h"

extern char **environ;

// Otherwise Swift's runtime would look in nine places for a program that explains crashes.
static char no_backtraces[] = "SWIFT_BACKTRACE=enable=no,swift-backtrace=/";
static char *all_there_is[] = {no_backtraces, NULL};

// This runs after the C library has initialised itself and before anything of C++ or Swift. From here on, no library
// finds a variable that could change what it does with privileges: only the boot knows where the environment is.
static void keep_start_to_the_boot(int count, char **arguments, char **environment) {
    linux_keep_start(count, arguments, environment);
    environ = all_there_is;
}

__attribute__((section(".preinit_array"), used, retain)) static void (*const at_start)(int, char **, char **) =
    keep_start_to_the_boot;

// Embedded Swift asks for the memory of each object with posix_memalign(3), although malloc(3) aligns well enough for nearly
// all of them and takes half as many instructions. The linker puts this in its place (--wrap).
__attribute__((used)) int __wrap_posix_memalign(void **memory, size_t alignment, size_t size) {
    void *made = alignment <= _Alignof(max_align_t) ? malloc(size) : aligned_alloc(alignment, size);
    if (!made) return ENOMEM;
    *memory = made;
    return 0;
}

// A section of its own is found in the linked program (readelf --sections). Its size is fixed: scripts/build writes into it,
// up to 79 bytes and a NUL.
__attribute__((section(".entrypoint.commit"), used, retain)) static const char commit[80] = "unknown";

const char *start_commit(void) {
    // The compiler knows what the array holds now, and not what it will hold.
    const char *written = commit;
    __asm__("" : "+r"(written));
    return written;
}

// The rest runs before the C library, which crashes without a message if it gets no memory: system calls are made
// directly, and no function of the library is called.

#if defined(__x86_64__)
static long call(long number, long first, long second, long third, long fourth) {
    long result;
    register long r10 __asm__("r10") = fourth;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(first), "S"(second), "d"(third), "r"(r10)
                     : "rcx", "r11", "memory");
    return result;
}
__asm__(".text\n"
        ".globl entrypoint_start\n"
        ".type entrypoint_start, @function\n"
        "entrypoint_start:\n"
        "    xorl %ebp, %ebp\n"
        "    movq %rsp, %r12\n"
        "    movq %rdx, %r13\n"
        "    andq $-16, %rsp\n"
        "    call entrypoint_check_memory\n"
        "    movq %r12, %rsp\n"
        "    movq %r13, %rdx\n"
        "    jmp _start\n");
#elif defined(__aarch64__)
static long call(long number, long first, long second, long third, long fourth) {
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = first;
    register long x1 __asm__("x1") = second;
    register long x2 __asm__("x2") = third;
    register long x3 __asm__("x3") = fourth;
    __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
    return x0;
}
__asm__(".text\n"
        ".globl entrypoint_start\n"
        ".type entrypoint_start, %function\n"
        "entrypoint_start:\n"
        "    mov x19, x0\n"
        "    bl entrypoint_check_memory\n"
        "    mov x0, x19\n"
        "    b _start\n");
#else
#error "the first instructions of the program are written for x86_64 and aarch64"
#endif

static void say(const char *text) {
    long length = 0;
    while (text[length]) length++;
    call(SYS_write, 2, (long)text, length, 0);
}

static void say_number(unsigned long number) {
    char digits[24];
    int start = sizeof digits - 1;
    digits[start] = 0;
    do digits[--start] = (char)('0' + number % 10); while (number /= 10);
    say(digits + start);
}

// Raises the current limit to the allowed maximum until the command runs; if that is not enough, the boot ends here.
static void check(int resource, unsigned long enough, const char *what, const char *option) {
    struct rlimit limit;
    if (call(SYS_prlimit64, 0, resource, 0, (long)&limit) != 0 || limit.rlim_cur >= enough) return;
    linux_raise_limit(resource, limit.rlim_cur);
    limit.rlim_cur = limit.rlim_max;
    if (limit.rlim_cur >= enough && call(SYS_prlimit64, 0, resource, (long)&limit, 0) == 0) return;
    say("entrypoint: cannot start with ");
    say_number(limit.rlim_max);
    say(" bytes of ");
    say(what);
    say(": the process was started with that limit (ulimit ");
    say(option);
    say("); a boot needs ");
    say_number(enough);
    say("\n");
    for (;;) call(SYS_exit_group, 125, 0, 0, 0);
}

__attribute__((used, retain)) void entrypoint_check_memory(void) {
    check(RLIMIT_AS, linux_enough_address_space, "address space", "-v");
    check(RLIMIT_DATA, linux_enough_data, "data", "-d");
    check(RLIMIT_STACK, linux_enough_stack, "stack", "-s");
}
