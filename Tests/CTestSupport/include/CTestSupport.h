// Starts programs for the tests with what neither posix_spawn nor Foundation offers: argument and environment bytes as
// they are, closed descriptors, credentials, limits, signal state, namespaces and a root of their own.
#ifndef CTESTSUPPORT_H
#define CTESTSUPPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// A limit of getrlimit(2).
struct test_limit {
    int resource;
    uint64_t soft, hard;
};

// Everything about the process to be. Zeroed memory is not a sensible request: see the fields that say so.
struct test_spawn {
    const char *path;             // the program; not searched for
    char *const *arguments;       // ends with NULL
    char *const *environment;     // ends with NULL
    const char *directory;        // working directory, within the root if there is one; NULL keeps the caller's
    int descriptors[3];           // what become 0, 1 and 2; -1 closes; all above 2 are closed
    bool new_session;             // setsid
    bool terminal;                // descriptor 0 becomes the controlling terminal; needs new_session

    const char *root;             // with namespaces: the new root, given /proc, /dev and /sys; NULL keeps the machine's
    bool pid_namespace;           // the program is process 1; the machine's /proc is replaced by the namespace's
    bool mount_namespace;         // mounts made for and by the program go with it

    const struct test_limit *limits;
    size_t limit_count;
    bool set_umask;
    mode_t umask;
    uint64_t ignored_signals;     // bit N - 1 stands for signal N; all others get their default action
    uint64_t blocked_signals;     // likewise

    bool set_credentials;         // whether the next four count
    uid_t user;                   // real, effective and saved
    gid_t group;                  // likewise
    const gid_t *groups;          // supplementary groups
    size_t group_count;
    bool drop_capabilities;       // empties the bounding set
    bool no_new_privileges;
};

// Starts the program. Returns its process id and sets *pidfd (close-on-exec), or returns -errno and sets *call to the
// name of the call that failed.
pid_t test_spawn(const struct test_spawn *request, int *pidfd, const char **call);

// Opens a new pseudo-terminal of that many columns and rows. Both descriptors are close-on-exec. Returns 0 or -errno.
int test_open_terminal(int *controller, int *terminal, unsigned short columns, unsigned short rows);

// Opens a path within a root, as a process whose root it is would (openat2 with RESOLVE_IN_ROOT): no link leads out.
// Returns a descriptor (close-on-exec) or -errno.
int test_open_in_root(int root, const char *path, int flags, mode_t mode);

// O_PATH, which needs _GNU_SOURCE.
extern const int test_path_only;

// pipe2(2) with O_CLOEXEC, which needs _GNU_SOURCE: the reading end, then the writing one. Returns 0 or -errno.
int test_pipe(int ends[2]);

// Sends a signal to the process behind a pidfd. Returns 0 or -errno.
int test_signal(int pidfd, int signal);

// The parts of a status of waitpid(2): the exit status, or -1; the signal that ended the process, or 0.
int test_exit_status(int status);
int test_end_signal(int status);

// Gives the calling process mounts of its own, which are gone when it ends. Returns 0 or -errno.
int test_own_mounts(void);

// Sets the capability sets of the calling thread; bit N is capability N. Ambient ones must be in the permitted and the
// inheritable set. Returns 0 or -errno.
int test_set_capabilities(uint64_t effective, uint64_t permitted, uint64_t inheritable, uint64_t ambient);

// Sets the securebits of the calling thread (capabilities(7)). Returns 0 or -errno.
int test_set_secure_bits(unsigned long bits);

// Limits the size of files that the calling process can write (RLIMIT_FSIZE). Returns 0 or -errno.
int test_limit_file_size(uint64_t bytes);

// Makes a system call fail with that error number, as old seccomp profiles do with calls that they do not know. It lasts
// until the calling thread ends. Returns 0 or -errno.
int test_forbid_call(int call, int error);
extern const int test_call_openat2, test_call_faccessat2, test_call_renameat2;

#endif
