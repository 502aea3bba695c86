// Threads that write lines as slowly as their readers take them. They use no other memory than what they begin with,
// and none of the C library's locks: the process that has them forks.
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { buffer_size = 4 * PIPE_BUF, stack_size = 64 << 10 };

// The file of one writer.
struct log_file {
    const struct linux_log_writer *writer;
    int directory, file;
    const char *name;
    off_t size;
    bool has_failed;
    uint64_t lost;
};

// The bytes up to the last newline; 0 where there is none.
static size_t whole_lines(const char *bytes, size_t count) {
    while (count > 0 && bytes[count - 1] != '\n') count--;
    return count;
}

static uint64_t count_lines(const char *bytes, size_t count) {
    uint64_t lines = 0;
    for (size_t index = 0; index < count; index++) lines += bytes[index] == '\n';
    return lines;
}

static void tell(struct log_file *log, int failure, int error) {
    struct linux_log_note note = {log->writer->number, failure, error, log->lost};
    // The other end does not block, and has room for thousands.
    ssize_t unused = write(log->writer->notes, &note, sizeof note);
    (void)unused;
}

static void fail(struct log_file *log, int failure, int error) {
    if (!log->has_failed) tell(log, failure, error);
    log->has_failed = true;
}

static void close_file(struct log_file *log) {
    if (log->file >= 0) close(log->file);
    if (log->directory >= 0) close(log->directory);
    log->file = log->directory = -1;
}

// Opens the directory of the file; a link in its path is followed only where the writer may.
static int open_directory(struct log_file *log) {
    const int flags = O_PATH | O_DIRECTORY | O_CLOEXEC | (log->writer->refuses_links ? O_NOFOLLOW : 0);
    char name[NAME_MAX + 1];
    int directory = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    const char *rest = log->writer->path;
    for (;;) {
        while (*rest == '/') rest++;
        const char *end = strchr(rest, '/');
        if (end == NULL || directory < 0) break;
        size_t length = (size_t)(end - rest);
        if (length > NAME_MAX) {
            close(directory);
            errno = ENAMETOOLONG;
            return -1;
        }
        memcpy(name, rest, length);
        name[length] = 0;
        int next = openat(directory, name, flags);
        int error = errno;
        close(directory);
        errno = error;
        directory = next;
        rest = end;
    }
    log->name = rest;
    return directory;
}

static bool open_file(struct log_file *log) {
    struct stat status;
    log->directory = open_directory(log);
    if (log->directory >= 0)
        // Nothing waits for the reader of a FIFO.
        log->file = openat(log->directory, log->name,
                           O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0640);
    int error = errno;
    bool is_file = log->file >= 0 && fstat(log->file, &status) == 0 && S_ISREG(status.st_mode);
    // Where a user may have made the file, it is the writer's own, and has no name elsewhere.
    if (is_file && log->writer->refuses_links && (status.st_uid != geteuid() || status.st_nlink != 1)) is_file = false;
    if (is_file) {
        log->size = status.st_size;
        return true;
    }
    bool is_other = log->file >= 0 || error == EISDIR || error == ENXIO;
    close_file(log);
    fail(log, is_other ? linux_log_no_file : linux_log_open_failed, error);
    return false;
}

// Whether the open file is still the one of that name.
static bool is_in_place(struct log_file *log) {
    struct stat open_one, named;
    if (fstat(log->file, &open_one) != 0 || fstatat(log->directory, log->name, &named, AT_SYMLINK_NOFOLLOW) != 0)
        return false;
    log->size = open_one.st_size;
    return open_one.st_dev == named.st_dev && open_one.st_ino == named.st_ino;
}

// Makes FILE the first of the old ones, and opens a new one.
static bool rotate(struct log_file *log) {
    char from[NAME_MAX + 8], to[NAME_MAX + 8];
    int keep = log->writer->keep, result = 0;
    for (int number = keep - 1; number >= 1; number--) {
        snprintf(from, sizeof from, "%s.%d", log->name, number);
        snprintf(to, sizeof to, "%s.%d", log->name, number + 1);
        if (renameat(log->directory, from, log->directory, to) != 0 && errno != ENOENT) result = -1;
        if (result != 0) break;
    }
    if (result == 0) {
        snprintf(to, sizeof to, "%s.1", log->name);
        result = keep > 0 ? renameat(log->directory, log->name, log->directory, to)
                          : unlinkat(log->directory, log->name, 0);
    }
    if (result != 0 && errno != ENOENT) {
        fail(log, linux_log_rotate_failed, errno);
        return false;
    }
    close_file(log);
    return open_file(log);
}

// Writes whole lines. Of what does not fit on the disk, nothing is left in the file.
static bool append(struct log_file *log, const char *bytes, size_t count) {
    size_t written = 0;
    while (written < count) {
        ssize_t result = write(log->file, bytes + written, count - written);
        if (result > 0) {
            written += (size_t)result;
        } else if (errno != EINTR) {
            int error = errno;
            while (written > 0 && bytes[written - 1] != '\n') written--;
            struct stat status;
            int unused = 0;
            // Nobody else has added to it meanwhile.
            if (fstat(log->file, &status) == 0 && status.st_size >= log->size && status.st_size - log->size <= (off_t)count)
                unused = ftruncate(log->file, log->size + (off_t)written);
            (void)unused;
            log->lost += count_lines(bytes + written, count - written);
            fail(log, linux_log_write_failed, error);
            return false;
        }
    }
    log->size += (off_t)count;
    if (log->has_failed) tell(log, linux_log_recovered, 0);
    log->has_failed = false;
    log->lost = 0;
    return true;
}

static void write_lines(struct log_file *log, const char *bytes, size_t count) {
    if (log->file >= 0 && !is_in_place(log)) close_file(log);
    while (count > 0) {
        bool can_write = log->file >= 0 || open_file(log);
        uint64_t limit = log->writer->limit, used = (uint64_t)log->size;
        uint64_t room = can_write && used < limit ? limit - used : 0;
        size_t size = whole_lines(bytes, room < count ? (size_t)room : count);
        if (can_write && size == 0 && used > 0) {
            if (rotate(log)) continue;
            can_write = false;
        }
        if (!can_write) {
            log->lost += count_lines(bytes, count);
            return;
        }
        // Less than a line fits into an empty file only at the end of the output.
        if (size == 0) size = count;
        if (!append(log, bytes, size)) {
            log->lost += count_lines(bytes + size, count - size);
            return;
        }
        bytes += size;
        count -= size;
    }
}

// Writes to a descriptor that others have, too; each call writes whole lines, which a pipe takes in one piece.
static void write_pieces(int target, const char *bytes, size_t count) {
    while (count > 0) {
        ssize_t written = write(target, bytes, count);
        if (written > 0) {
            bytes += written;
            count -= (size_t)written;
        } else if (written < 0 && errno == EAGAIN) {
            // Somebody else has made it non-blocking.
            struct pollfd request = {.fd = target, .events = POLLOUT};
            poll(&request, 1, -1);
        } else if (written == 0 || errno != EINTR) {
            return; // Nobody reads any more.
        }
    }
}

static void *write_log(void *argument) {
    const struct linux_log_writer *writer = argument;
    struct log_file log = {.writer = writer, .directory = -1, .file = -1};
    char buffer[buffer_size];
    size_t count = 0;
    for (;;) {
        ssize_t result = read(writer->source, buffer + count, sizeof buffer - count);
        if (result < 0 && errno == EINTR) continue;
        if (result > 0) count += (size_t)result;
        size_t size = 0, most = writer->path ? sizeof buffer : PIPE_BUF;
        do {
            size_t part = count < most ? count : most;
            size = whole_lines(buffer, part);
            // No line is longer than a piece; the last one may have no newline.
            if (size == 0 && (result <= 0 || part == most)) size = part;
            if (writer->path) write_lines(&log, buffer, size);
            else write_pieces(writer->target, buffer, size);
            count -= size;
            memmove(buffer, buffer + size, count);
        } while (size > 0 && count > 0);
        if (result <= 0) break;
    }
    close_file(&log);
    return NULL;
}

int linux_log_writer_start(struct linux_log_writer *writer) {
    pthread_attr_t attributes;
    sigset_t all, before;
    pthread_t thread;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, stack_size);
    sigfillset(&all);
    // Signals are for the thread that there was before.
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int result = pthread_create(&thread, &attributes, write_log, writer);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    writer->thread = (unsigned long)thread;
    errno = result;
    return result == 0 ? 0 : -1;
}

bool linux_log_writer_has_ended(const struct linux_log_writer *writer, uint64_t deadline) {
    struct timespec time = {.tv_sec = (time_t)(deadline / 1000000000), .tv_nsec = (long)(deadline % 1000000000)};
    return pthread_clockjoin_np((pthread_t)writer->thread, NULL, CLOCK_MONOTONIC, &time) == 0;
}

int linux_set_pipe_size(int descriptor, int size) { return fcntl(descriptor, F_SETPIPE_SZ, size); }
