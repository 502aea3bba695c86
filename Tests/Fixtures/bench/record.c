// record PROGRAM [ARGUMENT...]: runs a program, of one process and without terminal, up to where it starts another, and
// prints the system calls that it has made as tables in C, which are compiled with replay.c.
//
// Each call comes with its arguments and with the memory that the kernel reads. Memory that the kernel writes becomes
// one buffer, whose content nobody reads. Left out is what belongs to the C library's and the runtime's own start and
// memory. Descriptors have the same numbers again, because the same calls in the same order take and give back the
// lowest free one each time; replay --check compares them. Numbers that only this process has, such as its own pid, are
// not translated.
//
// A call that is not in the table below, or an argument that points to more than it says, is to be added there.
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

// What the kernel does with an argument, a letter each:
//   .  takes it as a number
//   s  reads a string; 1 to 9: reads so many times 8 bytes
//   n  reads as many bytes as the next argument says
//   v  reads as many iovec as the next argument says, and what they point to
//   p  reads and writes as many pollfd as the next argument says
//   g  reads as many gids as the argument before says
//   o  writes a structure; O: writes as many bytes as the next argument says
// With an "=" before them the call returns a descriptor. Without any letters it is left out.
#define CALL(name, arguments) {SYS_##name, #name, arguments}
static const struct kind { long number; const char *name, *arguments; } kinds[] = {
    // memory, and the C library's start
    CALL(brk, NULL), CALL(mmap, NULL), CALL(munmap, NULL), CALL(mprotect, NULL), CALL(mremap, NULL),
    CALL(madvise, NULL), CALL(arch_prctl, NULL), CALL(set_tid_address, NULL), CALL(set_robust_list, NULL),
    CALL(rseq, NULL), CALL(getrandom, NULL),
    // descriptors
    CALL(open, "=s.."), CALL(openat, "=.s.."), CALL(openat2, "=.sn."), CALL(close, "."), CALL(close_range, "..."),
    CALL(dup, "=."), CALL(dup2, "=.."), CALL(dup3, "=..."), CALL(pipe, "o"), CALL(pipe2, "o."), CALL(fcntl, "..."),
    CALL(read, ".O."), CALL(pread64, ".O.."), CALL(write, ".n."), CALL(pwrite64, ".n.."), CALL(writev, ".v."),
    CALL(lseek, "..."), CALL(ftruncate, ".."), CALL(fsync, "."), CALL(fdatasync, "."), CALL(flock, ".."),
    CALL(getdents64, ".O."), CALL(sendfile, "..1."), CALL(copy_file_range, ".1.1.."), CALL(memfd_create, "=s."),
    CALL(poll, "p.."), CALL(ppoll, "p.21."), CALL(eventfd2, "=.."), CALL(signalfd4, "=.1.."), CALL(ioctl, "..o"),
    CALL(socket, "=..."), CALL(connect, ".n."), CALL(sendto, ".n..n."), CALL(pidfd_open, "=.."),
    CALL(timerfd_create, "=.."), CALL(timerfd_settime, "..4o"),
    // files
    CALL(stat, "so"), CALL(lstat, "so"), CALL(fstat, ".o"), CALL(newfstatat, ".so."), CALL(statx, ".s..o"),
    CALL(statfs, "so"), CALL(fstatfs, ".o"), CALL(access, "s."), CALL(faccessat, ".s."), CALL(faccessat2, ".s.."),
    CALL(readlink, "sO."), CALL(readlinkat, ".sO."), CALL(getcwd, "O."), CALL(chdir, "s"), CALL(fchdir, "."),
    CALL(mkdir, "s."), CALL(mkdirat, ".s."), CALL(rmdir, "s"), CALL(unlink, "s"), CALL(unlinkat, ".s."),
    CALL(rename, "ss"), CALL(renameat, ".s.s"), CALL(renameat2, ".s.s."), CALL(link, "ss"), CALL(linkat, ".s.s."),
    CALL(symlink, "ss"), CALL(symlinkat, "s.s"), CALL(mknodat, ".s.."), CALL(utimensat, ".s4."),
    CALL(chmod, "s."), CALL(fchmod, ".."), CALL(fchmodat, ".s."), CALL(chown, "s.."), CALL(fchown, "..."),
    CALL(lchown, "s.."), CALL(fchownat, ".s..."), CALL(umask, "."),
    CALL(getxattr, "ssO."), CALL(lgetxattr, "ssO."), CALL(fgetxattr, ".sO."), CALL(setxattr, "ssn.."),
    CALL(fsetxattr, ".sn.."), CALL(listxattr, "sO."), CALL(flistxattr, ".O."), CALL(removexattr, "ss"),
    // identity
    CALL(getuid, ""), CALL(geteuid, ""), CALL(getgid, ""), CALL(getegid, ""), CALL(getresuid, "ooo"),
    CALL(getresgid, "ooo"), CALL(setuid, "."), CALL(setgid, "."), CALL(setreuid, ".."), CALL(setregid, ".."),
    CALL(setresuid, "..."), CALL(setresgid, "..."), CALL(setfsuid, "."), CALL(setfsgid, "."), CALL(getgroups, ".o"),
    CALL(setgroups, ".g"), CALL(capget, "1o"), CALL(capset, "13"), CALL(prctl, "....."),
    // the process and its signals
    CALL(getpid, ""), CALL(gettid, ""), CALL(getppid, ""), CALL(getpgrp, ""), CALL(getpgid, "."), CALL(getsid, "."),
    CALL(setsid, ""), CALL(setpgid, ".."), CALL(rt_sigaction, ".4o."), CALL(rt_sigprocmask, ".1o."),
    CALL(rt_sigpending, "o."), CALL(rt_sigtimedwait, "1o2."), CALL(sigaltstack, "3o"), CALL(kill, ".."),
    CALL(getrlimit, ".o"), CALL(setrlimit, ".2"), CALL(prlimit64, "..2o"), CALL(getrusage, ".o"), CALL(uname, "o"),
    CALL(sysinfo, "o"), CALL(clock_gettime, ".o"), CALL(clock_nanosleep, "..2o"), CALL(nanosleep, "2o"),
    CALL(sched_yield, ""), CALL(sched_getaffinity, "..o"), CALL(getpriority, ".."),
};


enum { most_structure = 4096, most_string = 4096, most_memory = 1 << 20, most_vectors = 64, arguments = 6 };

static pid_t process;
static int memory; // of the process
static FILE *calls; // the rows of the table, which come after what they point to
static unsigned count; // of what they point to
static size_t most_output = most_structure;

static void fail(const char *name, const char *what) {
    fprintf(stderr, "record: %s: %s\n", name, what);
    kill(process, SIGKILL);
    exit(1);
}

// Copies what there is at an address, at most a size.
static size_t copy(unsigned long address, void *bytes, size_t size) {
    ssize_t length = pread(memory, bytes, size, (off_t)address);
    return length < 0 ? 0 : (size_t)length;
}

// Prints the memory at an address as an array and returns its number.
static unsigned print_bytes(const char *name, unsigned long address, size_t size) {
    static unsigned char bytes[most_memory];
    if (size > sizeof bytes || copy(address, bytes, size) != size) fail(name, "memory that cannot be read");
    printf("static char m%u[] = \"", ++count);
    for (size_t i = 0; i < size; i++)
        printf(bytes[i] >= ' ' && bytes[i] < 127 && !strchr("\\\"?", bytes[i]) ? "%c" : "\\%03o", bytes[i]);
    printf("\";\n");
    return count;
}

static unsigned print_string(const char *name, unsigned long address) {
    char string[most_string];
    size_t size = copy(address, string, sizeof string), length = strnlen(string, size);
    if (length == size) fail(name, "a string without an end");
    return print_bytes(name, address, length);
}

static unsigned print_vectors(const char *name, unsigned long address, size_t number) {
    struct iovec vectors[most_vectors];
    unsigned first = count + 1;
    size_t size = number * sizeof *vectors;
    if (number > most_vectors || copy(address, vectors, size) != size) fail(name, "memory that cannot be read");
    for (size_t i = 0; i < number; i++) print_bytes(name, (unsigned long)vectors[i].iov_base, vectors[i].iov_len);
    printf("static struct iovec m%u[] = {", ++count);
    for (size_t i = 0; i < number; i++) printf("{m%u, %zu}, ", first + (unsigned)i, vectors[i].iov_len);
    printf("};\n");
    return count;
}

// What is known of a call; some depend on what they are told to do.
static struct kind kind_of(const struct __ptrace_syscall_info *call) {
    long number = (long)call->entry.nr;
    unsigned long first = call->entry.args[0], second = call->entry.args[1];
    if (number == SYS_prctl && first == PR_SET_NAME) return (struct kind)CALL(prctl, ".s...");
    if (number == SYS_prctl && (first == PR_GET_NAME || first == PR_GET_PDEATHSIG || first == PR_GET_CHILD_SUBREAPER))
        return (struct kind)CALL(prctl, ".o...");
    if (number == SYS_fcntl && (second == F_DUPFD || second == F_DUPFD_CLOEXEC))
        return (struct kind)CALL(fcntl, "=...");
    if (number == SYS_fcntl && (second == F_GETLK || second == F_SETLK || second == F_SETLKW || second == F_OFD_GETLK ||
                                second == F_OFD_SETLK || second == F_OFD_SETLKW))
        return (struct kind)CALL(fcntl, "..4");
    if (number == SYS_ioctl && (second == TCSETS || second == TCSETSW || second == TCSETSF))
        return (struct kind)CALL(ioctl, "..5");
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (kinds[i].number == number) return kinds[i];
    char text[32];
    snprintf(text, sizeof text, "system call %ld", number);
    fail(text, "not in the table of record.c, or not for one process");
    abort();
}

// Prints what a call points to, and its row up to the arguments.
static void record(const struct __ptrace_syscall_info *call, const struct kind *kind) {
    const char *letter = kind->arguments + (*kind->arguments == '=');
    fprintf(calls, "    {%ld, {", kind->number);
    for (int i = 0; i < arguments; i++) {
        unsigned long value = i < (int)strlen(letter) ? call->entry.args[i] : 0, size = 0;
        unsigned number = 0;
        if (i + 1 < arguments) size = call->entry.args[i + 1];
        // No memory lies so low: it is no pointer.
        char what = value < 4096 ? '.' : letter[i];
        if (what == 'n') number = print_bytes(kind->name, value, size);
        if (what == 'p') number = print_bytes(kind->name, value, size * sizeof(struct pollfd));
        if (what == 'g') number = print_bytes(kind->name, value, call->entry.args[i - 1] * sizeof(gid_t));
        if (what >= '1' && what <= '9') number = print_bytes(kind->name, value, 8 * (size_t)(what - '0'));
        if (what == 's') number = print_string(kind->name, value);
        if (what == 'v') number = print_vectors(kind->name, value, size);
        if (what == 'O' && size > most_output) most_output = size;
        if (number > 0)
            fprintf(calls, "(long)m%u, ", number);
        else if (what == 'o' || what == 'O')
            fprintf(calls, "(long)output, ");
        else
            fprintf(calls, "%ld, ", (long)value);
    }
}

static int is_string(unsigned long address, const char *text) {
    char string[64];
    return copy(address, string, sizeof string) > strlen(text) && strcmp(string, text) == 0;
}

// Whether a call is the C library's or the runtime's own: its memory, its limits and name at the start, and the list of
// its mappings, which is read through the descriptor maps.
static int is_left_out(const struct __ptrace_syscall_info *call, const struct kind *kind, int has_begun, long maps) {
    const uint64_t *values = call->entry.args;
    if (!kind->arguments) return 1;
    if (kind->number == SYS_openat && is_string(values[1], "/proc/self/maps")) return 1;
    if (maps >= 0 && *kind->arguments == '.' && (long)values[0] == maps) return 1;
    return !has_begun && (kind->number == SYS_prlimit64 ||
                          (kind->number == SYS_readlink && is_string(values[0], "/proc/self/exe")));
}

// The rows of all calls up to the execve after the first; false if the process ends before.
static int record_all(void) {
    struct __ptrace_syscall_info call;
    struct kind kind = {0};
    long maps = -1;
    int status, is_recorded = 0, has_begun = 0;
    for (int signal = 0;;) {
        ptrace(PTRACE_SYSCALL, process, 0, signal);
        if (waitpid(process, &status, 0) != process || !WIFSTOPPED(status)) return 0;
        signal = WSTOPSIG(status) == (SIGTRAP | 0x80) ? 0 : WSTOPSIG(status);
        if (signal != 0) continue;
        if (ptrace(PTRACE_GET_SYSCALL_INFO, process, sizeof call, &call) <= 0) fail("ptrace", strerror(errno));
        if (call.op == PTRACE_SYSCALL_INFO_ENTRY) {
            if (call.entry.nr == SYS_execve) return 1;
            kind = kind_of(&call);
            is_recorded = !is_left_out(&call, &kind, has_begun, maps);
            if (!is_recorded) {
                if (kind.number == SYS_openat) maps = LONG_MAX;
                if (kind.number == SYS_close) maps = -1;
                continue;
            }
            has_begun = 1;
            record(&call, &kind);
        } else if (is_recorded) {
            fprintf(calls, "}, %ld, %d}, // %s\n", (long)call.exit.rval, *kind.arguments == '=', kind.name);
        } else if (maps == LONG_MAX) {
            maps = (long)call.exit.rval;
        }
    }
}

int main(int argc, char **argv) {
    char path[64], said[4096], *rows;
    size_t size;
    int output[2], status;
    if (argc < 2) return 64;
    if (pipe2(output, O_CLOEXEC | O_NONBLOCK) != 0 || !(calls = open_memstream(&rows, &size))) return 1;
    // It is process 1 of a process namespace, as in a container.
    if (unshare(CLONE_NEWPID) != 0) return perror("unshare"), 1;
    process = fork();
    if (process == 0) {
        dup2(open("/dev/null", O_RDONLY), 0);
        dup2(output[1], 1);
        dup2(output[1], 2);
        close_range(3, ~0U, 0);
        ptrace(PTRACE_TRACEME, 0, 0, 0);
        execv(argv[1], argv + 1);
        _exit(127);
    }
    if (waitpid(process, &status, 0) != process || !WIFSTOPPED(status)) fail(argv[1], "cannot be started");
    ptrace(PTRACE_SETOPTIONS, process, 0, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
    // Opened now, it can be read later, whoever the process is by then.
    snprintf(path, sizeof path, "/proc/%d/mem", process);
    if ((memory = open(path, O_RDONLY | O_CLOEXEC)) < 0) fail(path, strerror(errno));
    printf("// Written by record.c.\n");
    if (!record_all()) {
        ssize_t length = read(output[0], said, sizeof said);
        fprintf(stderr, "%.*s", (int)(length < 0 ? 0 : length), said);
        fail(argv[1], "ended without starting another program");
    }
    kill(process, SIGKILL);
    fclose(calls);
    printf("static char output[%zu];\nstatic const struct call calls[] = {\n%s};\n", most_output, rows);
    return fflush(stdout) == 0 ? 0 : 1;
}
