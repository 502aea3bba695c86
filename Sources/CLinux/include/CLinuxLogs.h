// What passes on the output of services, and answers who asks about them; CLinux.h includes this.
#ifndef CLINUX_LOGS_H
#define CLINUX_LOGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// A thread that takes whole lines from a pipe and writes them, to a descriptor or to a file that it renames when it has
// grown (LogWriter.c). It allocates nothing, and ends with the pipe. The memory and the path stay until it has ended.
struct linux_log_writer {
    int source;          // the reading end of the pipe
    int target;          // where there is no file
    const char *path;    // an absolute path; NULL for none
    uint64_t limit;      // the size at which the file becomes FILE.1
    int keep;            // how many old files stay
    bool refuses_links;  // whether a link in the path above the file is an error, too
    int notes;           // a pipe that does not block
    int number;          // by which the notes name the writer
    unsigned long thread;
};
enum { linux_log_open_failed, linux_log_no_file, linux_log_rotate_failed, linux_log_write_failed, linux_log_recovered };
// What a writer of a file tells: that it has begun to lose lines, or that it no longer does, and how many it has lost.
struct linux_log_note {
    int number, failure, error;
    uint64_t lost;
};
int linux_log_writer_start(struct linux_log_writer *writer);
// Waits until the thread has ended; false when the monotonic clock's nanoseconds have come before.
bool linux_log_writer_has_ended(const struct linux_log_writer *writer, uint64_t deadline);
// The bytes that a pipe holds (gnu: F_SETPIPE_SZ).
int linux_set_pipe_size(int descriptor, int size);

// Local sockets (header: sys/un.h; gnu: SO_PEERCRED, accept4). None of them waits. A path has at most 107 bytes.
int linux_listen_stream(const char *path);
int linux_connect_stream(const char *path);
int linux_accept_stream(int socket);
int linux_peer_user(int socket, uid_t *user);
ssize_t linux_send_some(int socket, const void *bytes, size_t count);
// A timer that becomes readable at a time of the monotonic clock, in nanoseconds; 0 stops it (header: timerfd_create(2)).
int linux_timer(void);
int linux_set_timer(int timer, uint64_t time);

/// A time in the container's time zone; the offset is in seconds east of UTC.
struct linux_local_parts {
    int64_t year;
    int month, day, hour, minute, second, weekday;
    long offset;
};
// localtime_r(3), which Swift sees, with the offset (gnu), after tzset(3).
bool linux_local_time(int64_t seconds, struct linux_local_parts *local);
void linux_read_time_zone(void);

#endif
