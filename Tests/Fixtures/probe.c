// What tests run as the user's command: it tells what it was given, or does what a test needs done. Static, and content
// with an image that has nothing else in it.
//
// usage: probe [ACTION...]      the actions are done in order; none at all is `report`
//   report            writes everything this process is to standard output, a fact a line:
//                     key, space, decimal numbers or bytes in hexadecimal (an empty one is -)
//   print TEXT        writes TEXT and a newline
//   cat PATH          writes a file's bytes
//   write PATH TEXT   creates or replaces a file
//   sleep SECONDS     a decimal fraction is allowed
//   exchange A B N    N times, for five seconds at most: exchanges two names, of which B is a symbolic link; where there is
//                     no A, makes such a link appear there and vanish again; writes how often
//   orphans N SECONDS starts N processes that sleep so long, and whose parent ends at once
//   ignore SIGNAL     from here on ignores the signal with that number
//   await N           writes `ready`, then `signal NUMBER` for each signal that arrives, and goes on after N of them
//   kill SIGNAL       sends the signal to itself
//   type TEXT         puts TEXT and a newline into the input of the terminal on standard input
//   exit CODE         ends here
//   exec PROGRAM...   becomes that program, with the rest as its arguments
//   --                the rest is not looked at
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/prctl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;
static unsigned long long ignored_at_start;

static void fail(const char *what) {
    fprintf(stderr, "probe: %s: %s\n", what, strerror(errno));
    exit(124);
}

static void put_bytes(const char *key, const void *bytes, size_t count) {
    const unsigned char *byte = bytes;
    printf("%s ", key);
    for (size_t i = 0; i < count; i++) printf("%02x", byte[i]);
    puts(count ? "" : "-");
}
static void put_text(const char *key, const char *text) { put_bytes(key, text, strlen(text)); }

static void report_credentials(void) {
    uid_t user[3];
    gid_t group[3], groups[65536];
    getresuid(&user[0], &user[1], &user[2]);
    getresgid(&group[0], &group[1], &group[2]);
    printf("uid %u %u %u\n", user[0], user[1], user[2]);
    printf("gid %u %u %u\n", group[0], group[1], group[2]);
    int count = getgroups(65536, groups);
    printf("groups");
    for (int i = 0; i < count; i++) printf(" %u", groups[i]);
    puts("");
}

static void report_privileges(void) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct set[2];
    if (syscall(SYS_capget, &header, set) == -1) fail("capget");
    unsigned long long bounding = 0, ambient = 0;
    for (int n = 0; n < 64; n++) {
        if (prctl(PR_CAPBSET_READ, n, 0, 0, 0) == 1) bounding |= 1ull << n;
        if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, n, 0, 0) == 1) ambient |= 1ull << n;
    }
    printf("effective %llu\n", (unsigned long long)set[1].effective << 32 | set[0].effective);
    printf("permitted %llu\n", (unsigned long long)set[1].permitted << 32 | set[0].permitted);
    printf("inheritable %llu\n", (unsigned long long)set[1].inheritable << 32 | set[0].inheritable);
    printf("bounding %llu\nambient %llu\n", bounding, ambient);
    printf("securebits %d\n", prctl(PR_GET_SECUREBITS));
    printf("nonewprivileges %d\n", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
    printf("dumpable %d\n", prctl(PR_GET_DUMPABLE));
    int subreaper = 0, death_signal = 0;
    prctl(PR_GET_CHILD_SUBREAPER, &subreaper);
    prctl(PR_GET_PDEATHSIG, &death_signal);
    printf("subreaper %d\ndeathsignal %d\n", subreaper, death_signal);
}

static void report_signals(void) {
    sigset_t set;
    unsigned long long blocked = 0;
    sigprocmask(SIG_BLOCK, NULL, &set);
    for (int n = 1; n <= 64; n++)
        if (sigismember(&set, n) == 1) blocked |= 1ull << (n - 1);
    printf("blocked %llu\nignored %llu\n", blocked, ignored_at_start);
}

static void report_limits(void) {
    static const struct { const char *name; int resource; } limits[] = {
        {"as", RLIMIT_AS}, {"core", RLIMIT_CORE}, {"cpu", RLIMIT_CPU}, {"data", RLIMIT_DATA}, {"fsize", RLIMIT_FSIZE},
        {"memlock", RLIMIT_MEMLOCK}, {"nofile", RLIMIT_NOFILE}, {"nproc", RLIMIT_NPROC}, {"stack", RLIMIT_STACK}};
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        struct rlimit limit;
        getrlimit(limits[i].resource, &limit);
        printf("limit.%s %llu %llu\n", limits[i].name, (unsigned long long)limit.rlim_cur,
               (unsigned long long)limit.rlim_max);
    }
}

// Through /proc where there is one; without it the numbers alone, up to 1023.
static void report_descriptors(void) {
    for (int n = 0; n < 1024; n++) {
        char link[64], target[4096], key[32];
        if (fcntl(n, F_GETFD) == -1) continue;
        snprintf(link, sizeof link, "/proc/self/fd/%d", n);
        ssize_t length = readlink(link, target, sizeof target);
        snprintf(key, sizeof key, "descriptor.%d", n);
        put_bytes(key, target, length < 0 ? 0 : (size_t)length);
    }
}

static void report(char **arguments) {
    char directory[65536];
    mode_t mask = umask(0);
    umask(mask);
    for (char **argument = arguments; *argument; argument++) put_text("argument", *argument);
    for (char **variable = environ; *variable; variable++) put_text("variable", *variable);
    put_text("directory", getcwd(directory, sizeof directory) ? directory : "");
    printf("umask %u\n", (unsigned)mask);
    printf("pid %d\nparent %d\ngroup %d\nsession %d\n", getpid(), getppid(), getpgrp(), getsid(0));
    printf("foreground %d\n", tcgetpgrp(0));
    report_credentials();
    report_privileges();
    report_signals();
    report_limits();
    report_descriptors();
    if (fflush(stdout)) fail("standard output");
}

static void wait_for(const char *seconds) {
    double amount = strtod(seconds, NULL);
    struct timespec rest = {(time_t)amount, (long)((amount - (double)(time_t)amount) * 1e9)};
    while (nanosleep(&rest, &rest) == -1 && errno == EINTR) {}
}

static void orphans(int count, const char *seconds) {
    pid_t parent = fork();
    if (parent == -1) fail("fork");
    if (parent == 0) {
        for (int i = 0; i < count; i++)
            if (fork() == 0) { wait_for(seconds); _exit(0); }
        _exit(0);
    }
    waitpid(parent, NULL, 0);
}

// Neither name stays without a link, whatever is made, removed or moved there meanwhile. Counts what had an effect.
static void exchange(const char *first, const char *second, int count) {
    struct timespec start, now;
    int done = 0;
    char target[4096];
    ssize_t length = readlink(second, target, sizeof target - 1);
    if (length < 0) fail(second);
    target[length] = 0;
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (int round = 0; done < count; round++) {
        int changed = (round % 2 ? symlink(target, first) : unlink(first)) == 0;
        changed |= syscall(SYS_renameat2, AT_FDCWD, first, AT_FDCWD, second, RENAME_EXCHANGE) == 0;
        done += changed;
        clock_gettime(CLOCK_MONOTONIC, &now);
        if (now.tv_sec - start.tv_sec >= 5) break;
    }
    printf("%d\n", done);
    fflush(stdout);
}

// Prints through write: a signal that arrives is told of even when standard output is full of something else.
static void await_signals(int count) {
    sigset_t all;
    sigfillset(&all);
    sigdelset(&all, SIGCHLD);
    for (int n = 1; n <= 64; n++)
        if (ignored_at_start >> (n - 1) & 1) sigdelset(&all, n);
    sigprocmask(SIG_BLOCK, &all, NULL);
    puts("ready");
    fflush(stdout);
    for (int i = 0; i < count; i++) {
        int number = sigwaitinfo(&all, NULL);
        if (number == -1) { i--; continue; }
        printf("signal %d\n", number);
        fflush(stdout);
    }
}

static void copy(const char *path) {
    FILE *file = fopen(path, "re");
    if (!file) fail(path);
    for (int c; (c = getc(file)) != EOF;) putchar(c);
    fclose(file);
    fflush(stdout);
}

static void replace(const char *path, const char *text) {
    FILE *file = fopen(path, "we");
    if (!file || fputs(text, file) == EOF || fclose(file)) fail(path);
}

static void type_in(const char *text) {
    for (; *text; text++)
        if (ioctl(0, TIOCSTI, text) == -1) fail("TIOCSTI");
    if (ioctl(0, TIOCSTI, "\n") == -1) fail("TIOCSTI");
}

int main(int count, char **values) {
    for (int n = 1; n <= 64; n++) {
        struct sigaction action;
        if (sigaction(n, NULL, &action) == 0 && action.sa_handler == SIG_IGN) ignored_at_start |= 1ull << (n - 1);
    }
    if (count < 2) report(values);
    for (char **next = values + 1; count > 1 && *next;) {
        const char *action = *next++;
        // What an action needs and the arguments do not have is the empty string.
        char *first = *next ? next[0] : "", *second = *next && next[1] ? next[1] : "";
        int used = 1;
        if (!strcmp(action, "--")) break;
        if (!strcmp(action, "report")) { report(values); used = 0; }
        else if (!strcmp(action, "print")) { puts(first); fflush(stdout); }
        else if (!strcmp(action, "cat")) copy(first);
        else if (!strcmp(action, "write")) { replace(first, second); used = 2; }
        else if (!strcmp(action, "sleep")) wait_for(first);
        else if (!strcmp(action, "exchange")) {
            exchange(first, second, *second ? atoi(next[2] ? next[2] : "0") : 0);
            used = 3;
        }
        else if (!strcmp(action, "orphans")) { orphans(atoi(first), second); used = 2; }
        else if (!strcmp(action, "ignore")) { signal(atoi(first), SIG_IGN); ignored_at_start |= 1ull << (atoi(first) - 1); }
        else if (!strcmp(action, "await")) await_signals(atoi(first));
        else if (!strcmp(action, "kill")) raise(atoi(first));
        else if (!strcmp(action, "type")) type_in(first);
        else if (!strcmp(action, "exit")) return atoi(first);
        else if (!strcmp(action, "exec")) { execv(first, next); fail(first); }
        else return fprintf(stderr, "probe: no action %s\n", action), 64;
        while (used-- > 0 && *next) next++;
    }
    return 0;
}
