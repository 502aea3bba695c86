// race ROUNDS FILE: starts the commands of FILE ROUNDS times in turns, each time the first of them a different one, and
// prints a line for each start: its name, the microseconds from its execve until it is reaped, its page faults, and the
// most memory that it or a process of its own had, in KiB. Before that, each is started twice without being measured.
//
// A line of FILE has eight fields with a tab between them:
//   NAME, one word
//   CONTAINER: "new" is one that is made for this start and is gone after it; any other word names one that stays
//   SCRATCH: "new" is an empty one that goes with the container; any other word names one that stays
//   PROCESS: "1" is process 1 of a pid namespace; "any" is not
//   EVERY: it takes part in every so manieth round
//   ENVIRONMENT: "pod" is this program's own, "none" has PATH alone
//   BEFORE: what a shell does in a container that has just been made, or nothing
//   COMMAND: the words of the command, with a blank between them
//
// Every container begins with this program's own root, which no start writes to. Output goes through a pipe, as it does
// to a container runtime; standard input is /dev/null. Needs CAP_SYS_ADMIN, and a container for itself.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

enum { fields = 8, max_starts = 48, max_words = 16, max_kept = 48, unmeasured_rounds = 2 };

struct start {
    char *name, *container, *scratch, *before, *words[max_words];
    int is_process_1, every, has_pod;
};

// What the process says before its execve.
static volatile struct { long faults; int is_ready; } *shared;

// The containers that stay, each as the descriptor of its mount namespace.
static struct { const char *name; int namespace; } kept[max_kept];

static char path_variable[4096];

static void fail(const char *what) {
    fprintf(stderr, "race: %s: %s\n", what, strerror(errno));
    _exit(1);
}

static int check(int result, const char *what) {
    if (result < 0) fail(what);
    return result;
}

static int is_new(const char *name) { return strcmp(name, "new") == 0; }

static void make_directory_like(const char *path, const struct stat *status) {
    if (mkdir(path, 0700) != 0 && errno != EEXIST) fail(path);
    check(chown(path, status->st_uid, status->st_gid) | chmod(path, status->st_mode & 07777), path);
}

// Mounts a file system in memory at a path, with the owner, the mode and the directories of /scratch.
static void make_scratch(const char *path) {
    char place[512];
    struct stat status;
    if (mkdir(path, 0755) != 0 && errno != EEXIST) fail(path);
    check(mount("scratch", path, "tmpfs", MS_NOSUID | MS_NODEV, NULL), path);
    check(stat("/scratch", &status), "/scratch");
    make_directory_like(path, &status);
    DIR *directory = opendir("/scratch");
    if (!directory) fail("/scratch");
    for (struct dirent *entry; (entry = readdir(directory));) {
        if (*entry->d_name == '.') continue;
        check(fstatat(dirfd(directory), entry->d_name, &status, 0), entry->d_name);
        snprintf(place, sizeof place, "%s/%s", path, entry->d_name);
        make_directory_like(place, &status);
    }
    closedir(directory);
}

// A fresh layer over a directory of this container, at the same place of the new root.
static void overlay(const char *directory, const char *name) {
    char options[512], upper[64], work[64], target[128];
    snprintf(upper, sizeof upper, "/mnt/layers/upper%s", name);
    snprintf(work, sizeof work, "/mnt/layers/work%s", name);
    snprintf(options, sizeof options, "lowerdir=%s,upperdir=%s,workdir=%s", directory, upper, work);
    snprintf(target, sizeof target, "/mnt/layers/root%s", directory);
    check(mkdir(upper, 0755) | mkdir(work, 0755), "mkdir");
    check(mount("overlay", target, "overlay", 0, options), target);
}

// This process becomes the only one in the mount namespace of a new container.
static void enter_new_container(const char *scratch) {
    static const char *const directories[] = {"/usr", "/var", "/opt"};
    char place[512];
    struct stat root, status;
    check(unshare(CLONE_NEWNS), "unshare");
    check(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "mount /");
    if (mkdir("/mnt/layers", 0755) != 0 && errno != EEXIST) fail("/mnt/layers");
    check(mount("container", "/mnt/layers", "tmpfs", 0, "mode=0755"), "mount /mnt/layers");
    check(mkdir("/mnt/layers/root", 0755), "mkdir");
    overlay("/", "");
    check(stat("/", &root), "/");
    // What is mounted below / is not shown by a layer over /.
    for (size_t i = 0; i < sizeof directories / sizeof *directories; i++)
        if (stat(directories[i], &status) == 0 && status.st_dev != root.st_dev)
            overlay(directories[i], directories[i] + 1);
    if (is_new(scratch)) {
        make_scratch("/mnt/layers/root/scratch");
    } else {
        snprintf(place, sizeof place, "/mnt/%s", scratch);
        check(mount(place, "/mnt/layers/root/scratch", NULL, MS_BIND, NULL), place);
    }
    check(mount("/dev", "/mnt/layers/root/dev", NULL, MS_BIND | MS_REC, NULL), "mount /dev");
    check(mount("proc", "/mnt/layers/root/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL), "mount /proc");
    check(mount("run", "/mnt/layers/root/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755"), "mount /run");
    check(chdir("/mnt/layers/root"), "chdir");
    check(syscall(SYS_pivot_root, ".", "mnt"), "pivot_root");
    check(umount2("/mnt", MNT_DETACH), "umount /mnt");
    check(chdir("/"), "chdir");
}

// A new container, as the descriptor of its mount namespace. A process of its own makes it, so that neither the time
// nor the memory of that counts.
static int make_container(const struct start *start) {
    char place[64];
    int status;
    pid_t process = check(fork(), "fork");
    if (process == 0) {
        enter_new_container(start->scratch);
        check(dup2(2, 1), "dup2");
        if (*start->before && system(start->before) != 0) _exit(1);
        raise(SIGSTOP);
        _exit(0);
    }
    if (waitpid(process, &status, WUNTRACED) != process || !WIFSTOPPED(status)) {
        fprintf(stderr, "race: the container of %s could not be made\n", start->name);
        return -1;
    }
    snprintf(place, sizeof place, "/proc/%d/ns/mnt", process);
    int namespace = check(open(place, O_RDONLY | O_CLOEXEC), place);
    kill(process, SIGKILL);
    waitpid(process, &status, 0);
    return namespace;
}

// The container of a start, made where it does not exist.
static int container(const struct start *start) {
    if (is_new(start->container)) return make_container(start);
    int i = 0;
    while (i < max_kept - 1 && kept[i].name && strcmp(kept[i].name, start->container) != 0) i++;
    if (!kept[i].name) {
        kept[i].namespace = make_container(start);
        kept[i].name = start->container;
    }
    return kept[i].namespace;
}

// The process that is measured, up to its execve, which it makes when a byte comes.
static void run(const struct start *start, int namespace, int go, int output) {
    char byte, *none[] = {path_variable, NULL};
    struct rusage usage;
    check(dup2(output, 1) | dup2(output, 2), "dup2");
    check(setns(namespace, CLONE_NEWNS), "setns");
    if (start->is_process_1) {
        check(unshare(CLONE_NEWNS), "unshare");
        check(mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL), "mount /proc");
    }
    check(chdir("/"), "chdir");
    check(dup2(open("/dev/null", O_RDONLY | O_CLOEXEC), 0), "/dev/null");
    if (!start->has_pod) environ = none;
    getrusage(RUSAGE_SELF, &usage);
    shared->faults = usage.ru_minflt + usage.ru_majflt;
    shared->is_ready = 1;
    if (read(go, &byte, 1) != 1) _exit(1);
    execv(start->words[0], start->words);
    fail(start->words[0]);
}

// One start, whose figures are printed if it is measured; false if it failed.
static int measure(const struct start *start, int is_measured) {
    static char log[65536];
    char place[64];
    int go[2], output[2], status = 0;
    struct timespec begin, end;
    struct rusage usage;
    int namespace = container(start);
    if (namespace < 0) return 0;
    check(pipe2(go, O_CLOEXEC) | pipe2(output, O_CLOEXEC | O_NONBLOCK), "pipe2");
    shared->is_ready = 0;
    // The next child is the process 1 of a new pid namespace; this process's own namespace stays.
    int own = check(open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC), "/proc/self/ns/pid");
    if (start->is_process_1) check(unshare(CLONE_NEWPID), "unshare");
    pid_t process = check(fork(), "fork");
    if (process == 0) run(start, namespace, go[0], output[1]);
    if (start->is_process_1) check(setns(own, CLONE_NEWPID), "setns");
    close(own);
    close(go[0]);
    close(output[1]);
    while (!shared->is_ready && waitpid(process, &status, WNOHANG) == 0) {}
    if (shared->is_ready) {
        // A mount namespace that is held open is not taken down while the time runs.
        snprintf(place, sizeof place, "/proc/%d/ns/mnt", process);
        int held = check(open(place, O_RDONLY | O_CLOEXEC), place);
        // The process waits at the pipe by then, or will have read from it at once.
        nanosleep(&(struct timespec){.tv_nsec = 300000}, NULL);
        clock_gettime(CLOCK_MONOTONIC, &begin);
        if (write(go[1], "", 1) != 1) fail("write");
        if (wait4(process, &status, 0, &usage) != process) fail("wait4");
        clock_gettime(CLOCK_MONOTONIC, &end);
        close(held);
    }
    ssize_t count = read(output[0], log, sizeof log);
    close(go[1]);
    close(output[0]);
    if (is_new(start->container)) close(namespace);
    if (status != 0) {
        fprintf(stderr, "race: %s failed:\n%.*s", start->name, (int)(count < 0 ? 0 : count), log);
        return 0;
    }
    if (is_measured)
        printf("%s %ld %ld %ld\n", start->name,
               (end.tv_sec - begin.tv_sec) * 1000000 + (end.tv_nsec - begin.tv_nsec) / 1000,
               usage.ru_minflt + usage.ru_majflt - shared->faults, usage.ru_maxrss);
    return 1;
}

// Reads a line of the file; false where it is not one.
static int parse(char *line, struct start *start) {
    char *field[fields];
    line[strcspn(line, "\n")] = 0;
    for (int i = 0; i < fields; i++)
        if (!(field[i] = strsep(&line, "\t"))) return 0;
    start->name = field[0];
    start->container = field[1];
    start->scratch = field[2];
    start->is_process_1 = strcmp(field[3], "1") == 0;
    start->every = atoi(field[4]);
    start->has_pod = strcmp(field[5], "pod") == 0;
    start->before = field[6];
    int count = 0;
    while (count < max_words - 1 && (start->words[count] = strsep(&field[7], " "))) count++;
    start->words[count] = NULL;
    return start->every > 0 && count > 0;
}

int main(int argc, char **argv) {
    static struct start starts[max_starts];
    static char lines[max_starts][1024];
    char place[512];
    int count = 0;
    if (argc != 3) return 64;
    FILE *file = fopen(argv[2], "r");
    if (!file) fail(argv[2]);
    for (; count < max_starts && fgets(lines[count], sizeof *lines, file); count++)
        if (!parse(lines[count], &starts[count])) {
            fprintf(stderr, "race: line %d of %s is not understood\n", count + 1, argv[2]);
            return 64;
        }
    if (count == 0 || count == max_starts) return 64;
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) fail("mmap");
    snprintf(path_variable, sizeof path_variable, "PATH=%s", getenv("PATH"));
    check(mount("race", "/mnt", "tmpfs", 0, "mode=0755"), "mount /mnt");
    for (int i = 0; i < count; i++) {
        snprintf(place, sizeof place, "/mnt/%s", starts[i].scratch);
        if (!is_new(starts[i].scratch) && access(place, F_OK) != 0) make_scratch(place);
    }
    int rounds = atoi(argv[1]);
    for (int round = -unmeasured_rounds; round < rounds; round++) {
        for (int i = 0; i < count; i++) {
            const struct start *start = &starts[(round + unmeasured_rounds + i) % count];
            if (round < 0) start = &starts[i];
            if ((round < 0 || round % start->every == 0) && !measure(start, round >= 0)) return 1;
        }
        if (round >= 0 && (round + 1) % 20 == 0) fprintf(stderr, "race: round %d of %d\n", round + 1, rounds);
    }
    return fflush(stdout) == 0 ? 0 : 1;
}
