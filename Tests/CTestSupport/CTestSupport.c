#include "CTestSupport.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

// What the child tells the parent when it fails before the program runs.
struct failure {
    int error;
    const char *call;   // a literal: the child is a copy of the parent, so the address is good in both
};

// The child has only async-signal-safe calls: it is a copy of a process with threads. For the same reason credentials
// are set by bare system calls: the C library's would wait for threads that do not exist here.
#define TRY(name, expression) \
    do { if ((expression) == -1) return (struct failure){errno, name}; } while (0)

static struct failure set_up_root(const struct test_spawn *r) {
    TRY("mount private", mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
    if (r->root) {
        // The new root must be a mount for pivot_root.
        TRY("mount root", mount(r->root, r->root, NULL, MS_BIND | MS_REC, NULL));
        TRY("chdir root", chdir(r->root));
        mkdir("proc", 0555), mkdir("dev", 0755), mkdir("sys", 0555);
        TRY("mount dev", mount("/dev", "dev", NULL, MS_BIND | MS_REC, NULL));
        TRY("mount sys", mount("/sys", "sys", NULL, MS_BIND | MS_REC, NULL));
        TRY("mount proc", r->pid_namespace ? mount("proc", "proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL)
                                           : mount("/proc", "proc", NULL, MS_BIND | MS_REC, NULL));
        TRY("pivot_root", syscall(SYS_pivot_root, ".", "."));
        TRY("umount", umount2(".", MNT_DETACH));
        TRY("chdir root", chdir("/"));
    } else if (r->pid_namespace) {
        TRY("mount proc", mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL));
    }
    return (struct failure){0};
}

static struct failure set_up_descriptors(const struct test_spawn *r, int *report) {
    int moved[3];
    TRY("fcntl", *report = fcntl(*report, F_DUPFD_CLOEXEC, 10));
    for (int i = 0; i < 3; i++) {
        moved[i] = -1;
        if (r->descriptors[i] >= 0) TRY("fcntl", moved[i] = fcntl(r->descriptors[i], F_DUPFD_CLOEXEC, 11));
    }
    for (int i = 0; i < 3; i++) {
        if (moved[i] >= 0) TRY("dup2", dup2(moved[i], i));
        else close(i);
    }
    TRY("close_range", syscall(SYS_close_range, 3u, ~0u, 4u /* CLOSE_RANGE_CLOEXEC */));
    return (struct failure){0};
}

static struct failure set_up_signals(const struct test_spawn *r) {
    for (int n = 1; n <= 64; n++) {
        if (n == SIGKILL || n == SIGSTOP) continue;
        // The kernel's structure: handler, flags, restorer, mask. The C library keeps 32 and 33 to itself.
        struct { void *handler; unsigned long flags; void *restorer; uint64_t mask; } action = {
            .handler = r->ignored_signals >> (n - 1) & 1 ? (void *)SIG_IGN : (void *)SIG_DFL};
        TRY("rt_sigaction", syscall(SYS_rt_sigaction, n, &action, NULL, sizeof(uint64_t)));
    }
    uint64_t blocked = r->blocked_signals;
    TRY("rt_sigprocmask", syscall(SYS_rt_sigprocmask, SIG_SETMASK, &blocked, NULL, sizeof blocked));
    return (struct failure){0};
}

static struct failure set_up_credentials(const struct test_spawn *r) {
    if (r->drop_capabilities)
        for (int n = 0; n < 64 && prctl(PR_CAPBSET_READ, n, 0, 0, 0) >= 0; n++)
            TRY("prctl PR_CAPBSET_DROP", prctl(PR_CAPBSET_DROP, n, 0, 0, 0));
    if (r->set_credentials) {
        TRY("setgroups", syscall(SYS_setgroups, r->group_count, r->groups));
        TRY("setresgid", syscall(SYS_setresgid, r->group, r->group, r->group));
        TRY("setresuid", syscall(SYS_setresuid, r->user, r->user, r->user));
    }
    if (r->no_new_privileges) TRY("prctl PR_SET_NO_NEW_PRIVS", prctl(PR_SET_NO_NEW_PRIVS, 1ul, 0ul, 0ul, 0ul));
    return (struct failure){0};
}

static struct failure run(const struct test_spawn *r, int *report) {
    struct failure f;
    if (r->mount_namespace && (f = set_up_root(r)).error) return f;
    if (r->directory) TRY("chdir", chdir(r->directory));
    if (r->new_session) TRY("setsid", setsid());
    if ((f = set_up_descriptors(r, report)).error) return f;
    if (r->terminal) TRY("ioctl TIOCSCTTY", ioctl(0, TIOCSCTTY, 0));
    if (r->set_umask) umask(r->umask);
    if ((f = set_up_credentials(r)).error) return f;
    if ((f = set_up_signals(r)).error) return f;
    // Last: a small limit must not hinder the steps above.
    for (size_t i = 0; i < r->limit_count; i++) {
        struct rlimit limit = {r->limits[i].soft, r->limits[i].hard};
        TRY("setrlimit", setrlimit(r->limits[i].resource, &limit));
    }
    TRY("execve", execve(r->path, r->arguments, r->environment));
    return (struct failure){0};
}

pid_t test_spawn(const struct test_spawn *request, int *pidfd, const char **call) {
    int report[2];
    if (pipe2(report, O_CLOEXEC) == -1) return *call = "pipe2", -errno;
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);   // no handler of this process may run in the child

    unsigned long flags = SIGCHLD | CLONE_PIDFD | (request->pid_namespace ? CLONE_NEWPID : 0) |
                          (request->mount_namespace ? CLONE_NEWNS : 0);
    pid_t pid = (pid_t)syscall(SYS_clone, flags, NULL, pidfd, NULL, NULL);
    if (pid == 0) {
        struct failure failure = run(request, &report[1]);
        ssize_t ignored = write(report[1], &failure, sizeof failure);
        (void)ignored;
        _exit(125);
    }
    int error = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    close(report[1]);
    struct failure failure = {error, "clone"};
    if (pid > 0) {
        ssize_t count;
        do count = read(report[0], &failure, sizeof failure); while (count == -1 && errno == EINTR);
        if (count != sizeof failure) failure.error = 0;   // the pipe was closed by execve
        if (failure.error) {
            while (waitpid(pid, NULL, 0) == -1 && errno == EINTR) {}
            close(*pidfd);
        }
    }
    close(report[0]);
    if (!failure.error) return pid;
    *call = failure.call;
    return -failure.error;
}

int test_open_terminal(int *controller, int *terminal, unsigned short columns, unsigned short rows) {
    char name[64];
    struct winsize size = {.ws_col = columns, .ws_row = rows};
    if ((*controller = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)) == -1) return -errno;
    *terminal = -1;
    if (grantpt(*controller) == 0 && unlockpt(*controller) == 0 && ptsname_r(*controller, name, sizeof name) == 0 &&
        (*terminal = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC)) != -1 && ioctl(*terminal, TIOCSWINSZ, &size) == 0)
        return 0;
    int error = errno;
    close(*controller);
    if (*terminal != -1) close(*terminal);
    return -error;
}

int test_open_in_root(int root, const char *path, int flags, mode_t mode) {
    struct open_how how = {.flags = (uint64_t)(unsigned)flags | O_CLOEXEC, .mode = mode, .resolve = RESOLVE_IN_ROOT};
    int descriptor = (int)syscall(SYS_openat2, root, path, &how, sizeof how);
    return descriptor == -1 ? -errno : descriptor;
}

const int test_path_only = O_PATH;

int test_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC) == -1 ? -errno : 0; }

int test_signal(int pidfd, int signal) {
    return syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0) == -1 ? -errno : 0;
}

int test_exit_status(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : -1; }
int test_end_signal(int status) { return WIFSIGNALED(status) ? WTERMSIG(status) : 0; }

int test_own_mounts(void) {
    if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) return -errno;
    return 0;
}

int test_set_capabilities(uint64_t effective, uint64_t permitted, uint64_t inheritable, uint64_t ambient) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2];
    for (int half = 0; half < 2; half++) {
        data[half].effective = (uint32_t)(effective >> (32 * half));
        data[half].permitted = (uint32_t)(permitted >> (32 * half));
        data[half].inheritable = (uint32_t)(inheritable >> (32 * half));
    }
    if (syscall(SYS_capset, &header, data) != 0) return -errno;
    for (unsigned long number = 0; number < 64; number++)
        if (ambient >> number & 1 && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, number, 0, 0) != 0) return -errno;
    return 0;
}

int test_set_secure_bits(unsigned long bits) {
    return prctl(PR_SET_SECUREBITS, bits, 0, 0, 0) == 0 ? 0 : -errno;
}

const int test_call_openat2 = SYS_openat2, test_call_faccessat2 = SYS_faccessat2,
          test_call_renameat2 = SYS_renameat2;

int test_forbid_call(int call, int error) {
    struct sock_filter steps[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)call, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (uint32_t)error),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog filter = {.len = sizeof steps / sizeof *steps, .filter = steps};
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) == 0 ? 0 : -errno;
}

int test_limit_file_size(uint64_t bytes) {
    struct rlimit limit = {.rlim_cur = bytes, .rlim_max = RLIM_INFINITY};
    return setrlimit(RLIMIT_FSIZE, &limit) == 0 ? 0 : -errno;
}
