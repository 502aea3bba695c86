// steps OUTPUT PROGRAM [ARGUMENT...]: runs a program of the address range below instruction by instruction until it
// starts another or ends, writes the addresses that it has executed into OUTPUT, hexadecimal, in the order of their first
// execution, and prints how many instructions and system calls it took. An instruction that repeats itself counts once.
// The program is process 1 of a process namespace, as in a container.
#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum { low = 0x200000, high = 0x1000000 };
static unsigned char seen[high - low];

int main(int argc, char **argv) {
    if (argc < 3) return 64;
    FILE *output = fopen(argv[1], "w");
    if (!output) return perror(argv[1]), 1;
    if (unshare(CLONE_NEWPID) != 0) return perror("unshare"), 1;
    pid_t process = fork();
    if (process == 0) {
        // What it took to be alone is nothing that a container has.
        if (prctl(PR_CAPBSET_DROP, CAP_SYS_ADMIN, 0, 0, 0) != 0) _exit(127);
        ptrace(PTRACE_TRACEME, 0, 0, 0);
        execv(argv[2], argv + 2);
        _exit(127);
    }
    int status;
    unsigned long instructions = 0, calls = 0, last = 0;
    waitpid(process, &status, 0);
    while (WIFSTOPPED(status)) {
        struct user_regs_struct registers;
        if (ptrace(PTRACE_GETREGS, process, 0, &registers) != 0) break;
        unsigned long place = registers.rip;
        if (place != last) instructions++;
        last = place;
        if (place >= low && place < high) {
            unsigned char *kind = &seen[place - low];
            if (!*kind) {
                errno = 0;
                long word = ptrace(PTRACE_PEEKTEXT, process, place, 0);
                *kind = (word & 0xffff) == 0x050f ? 2 : 1;
                fprintf(output, "%lx\n", place);
            }
            if (*kind == 2) {
                calls++;
                if (registers.rax == 59) break;
            }
        }
        // Signals are not delivered: none is expected.
        if (ptrace(PTRACE_SINGLESTEP, process, 0, 0) != 0) break;
        if (waitpid(process, &status, 0) != process) break;
    }
    int isWhole = (WIFSTOPPED(status) || WIFEXITED(status)) && fclose(output) == 0;
    if (WIFSTOPPED(status)) {
        ptrace(PTRACE_DETACH, process, 0, 0);
        waitpid(process, &status, 0);
    }
    printf("%lu instructions, %lu system calls\n", instructions, calls);
    return isWhole ? 0 : 1;
}
