// What a keeper of services needs of the C library besides CLinux.h, which includes this and says what the words in
// parentheses mean.
#ifndef CLINUX_SERVICES_H
#define CLINUX_SERVICES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// epoll(7) (header). The operations are 1 to add, 2 to remove and 3 to change (EPOLL_CTL_*).
int linux_epoll_create(void);
int linux_epoll_control(int queue, int operation, int descriptor, uint32_t events, uint64_t token);
/// An event: its bits (EPOLLIN ...) and the token of the descriptor.
struct linux_epoll_event {
    uint32_t events;
    uint64_t token;
};
/// At most 64 events; waits for so many milliseconds, or for ever with -1.
int linux_epoll_wait(int queue, struct linux_epoll_event *events, int count, int milliseconds);

// signalfd(2) with a set of the kernel's own 64 bits (header, wrapper).
int linux_signal_descriptor(uint64_t set);
/// A signal that was taken from a descriptor of signalfd(2).
struct linux_queued_signal {
    int number, code, value;
    pid_t sender;
    uid_t user;
};
/// 1 for a signal, 0 where there is none, -1 for an error.
int linux_next_signal(int descriptor, struct linux_queued_signal *received);

// A timer that is readable when somebody sets the clock (header: timerfd_create(2)). The second function arms it again.
int linux_clock_watch(void);
int linux_arm_clock_watch(int descriptor);

/// A limit of setrlimit(2); `value` is the soft and the hard one.
struct linux_service_limit {
    int resource;
    uint64_t value;
};

/// What a service's process does before it becomes the program, all of it prepared: a process that was forked from one
/// with threads must not allocate memory (fork(2)).
struct linux_service_start {
    /// The files that its program may be, in order; the last one is NULL.
    const char *const *programs;
    char *const *arguments;
    char *const *environment;
    /// Where it starts; NULL where the keeper is.
    const char *directory;
    int input, output, errors;
    /// A pipe that is closed when the program runs, and has a `struct linux_service_failure` where it does not.
    int report;
    /// The pipe that it writes a line to when it is ready, and the number that it has there; -1 for none.
    int ready_source, ready_target;
    bool has_nice, has_oom_score;
    int nice, oom_score;
    const struct linux_service_limit *limits;
    size_t limit_count;
    /// The signal that it gets when the keeper ends.
    int death_signal;
    pid_t keeper;
};

/// The step that failed, and the error number.
struct linux_service_failure {
    int step, number;
};
enum { linux_step_session, linux_step_streams, linux_step_directory, linux_step_nice, linux_step_oom_score,
       linux_step_limit, linux_step_execute };

/// Forks a process that leads a session of its own and becomes the program. Returns its id, or -1.
pid_t linux_start_service(const struct linux_service_start *start);

// pidfd_open(2) and pidfd_send_signal(2) are in CLinux.h. The end of a child that was not waited for (macro).
/// Waits for one child without blocking; 1 and its status where it has ended, 0 where it has not, -1 for an error.
int linux_reap(pid_t process, int *status);

// Sockets (header, macro).
/// A datagram socket at a path, or with a name that begins with @ (unix(7)), which learns who sends (SCM_CREDENTIALS).
int linux_bind_datagrams(const char *path);
/// The next datagram: its length, or -1. `sender` is 0 where the kernel does not tell.
ssize_t linux_receive_datagram(int socket, void *buffer, size_t size, pid_t *sender, uid_t *user);
/// Begins to connect to a port of the loopback interface, without blocking: a socket, or -1; `done` tells whether the
/// connection is there at once.
int linux_connect_loopback(bool six, uint16_t port, bool *done);
/// The error of a connection that was begun; 0 where it is there.
int linux_connect_error(int socket);

// Marks all descriptors above the standard streams to be closed on exec (wrapper: close_range(2)).
void linux_close_all_on_exec(void);
/// The null device, open for writing; -1 where something else is in its place.
int linux_null_device(void);
/// Gives unused memory back to the kernel (header: malloc.h).
void linux_trim_memory(void);

#endif
