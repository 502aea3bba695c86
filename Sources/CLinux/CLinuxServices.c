#include "CLinux.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <malloc.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/timerfd.h>
#include <sys/un.h>

int linux_epoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }

int linux_epoll_control(int queue, int operation, int descriptor, uint32_t events, uint64_t token) {
    struct epoll_event event = {.events = events, .data.u64 = token};
    return epoll_ctl(queue, operation, descriptor, &event);
}

int linux_epoll_wait(int queue, struct linux_epoll_event *events, int count, int milliseconds) {
    struct epoll_event found[64];
    int number = epoll_wait(queue, found, count < 64 ? count : 64, milliseconds);
    for (int index = 0; index < number; index++)
        events[index] = (struct linux_epoll_event){found[index].events, found[index].data.u64};
    return number;
}

int linux_signal_descriptor(uint64_t set) {
    return (int)syscall(SYS_signalfd4, -1, &set, sizeof set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int linux_next_signal(int descriptor, struct linux_queued_signal *received) {
    struct signalfd_siginfo information;
    ssize_t count = read(descriptor, &information, sizeof information);
    if (count < 0) return errno == EAGAIN ? 0 : -1;
    if (count != sizeof information) return 0;
    received->number = (int)information.ssi_signo;
    received->code = information.ssi_code;
    received->value = information.ssi_code == SI_QUEUE ? information.ssi_int : 0;
    received->sender = (pid_t)information.ssi_pid;
    received->user = information.ssi_uid;
    return 1;
}

int linux_clock_watch(void) { return timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK); }

int linux_arm_clock_watch(int descriptor) {
    // No reader lives that long: what makes it readable is that the clock was set.
    struct itimerspec far = {.it_value.tv_sec = INT32_MAX * 4ll};
    return timerfd_settime(descriptor, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &far, NULL);
}

static _Noreturn void fail(const struct linux_service_start *start, int step) {
    struct linux_service_failure failure = {step, errno};
    ssize_t written = write(start->report, &failure, sizeof failure);
    (void)written;
    _exit(127);
}

static void set_oom_score(const struct linux_service_start *start) {
    // The file belongs to root while the memory may hold secrets of the keeper's, and the program's memory is new.
    prctl(PR_SET_DUMPABLE, 1, 0ul, 0ul, 0ul);
    char text[16];
    int length = snprintf(text, sizeof text, "%d", start->oom_score);
    int file = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (file < 0 || write(file, text, (size_t)length) != length) fail(start, linux_step_oom_score);
    close(file);
}

static _Noreturn void become_service(const struct linux_service_start *start) {
    prctl(PR_SET_PDEATHSIG, start->death_signal, 0ul, 0ul, 0ul);
    // The keeper may have ended before.
    if (getppid() != start->keeper) _exit(127);
    if (setsid() < 0) fail(start, linux_step_session);
    if (dup2(start->input, 0) < 0 || dup2(start->output, 1) < 0 || dup2(start->errors, 2) < 0)
        fail(start, linux_step_streams);
    if (start->ready_target >= 0) {
        int result = start->ready_source == start->ready_target ? fcntl(start->ready_target, F_SETFD, 0)
                                                                : dup2(start->ready_source, start->ready_target);
        if (result < 0) fail(start, linux_step_streams);
    }
    if (start->directory && chdir(start->directory) < 0) fail(start, linux_step_directory);
    if (start->has_nice && setpriority(PRIO_PROCESS, 0, start->nice) < 0) fail(start, linux_step_nice);
    if (start->has_oom_score) set_oom_score(start);
    for (size_t index = 0; index < start->limit_count; index++) {
        const struct linux_service_limit *limit = &start->limits[index];
        struct rlimit values = {limit->value, limit->value};
        if (limit->value == UINT64_MAX) values = (struct rlimit){RLIM_INFINITY, RLIM_INFINITY};
        if (setrlimit((__rlimit_resource_t)limit->resource, &values) < 0) fail(start, linux_step_limit);
    }
    for (int number = 1; number <= 64; number++) {
        struct sigaction action;
        if (sigaction(number, NULL, &action) != 0 || action.sa_handler == SIG_DFL) continue;
        memset(&action, 0, sizeof action);
        action.sa_handler = SIG_DFL;
        sigaction(number, &action, NULL);
    }
    uint64_t none = 0;
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, NULL, sizeof none);
    int error = ENOENT;
    for (const char *const *program = start->programs; *program; program++) {
        execve(*program, start->arguments, start->environment);
        // As a shell does: a file that may not be executed is told of only when there is no other.
        if (errno == EACCES) error = EACCES;
        else if (errno != ENOENT && errno != ENOTDIR) {
            error = errno;
            break;
        }
    }
    errno = error;
    fail(start, linux_step_execute);
}

pid_t linux_start_service(const struct linux_service_start *start) {
    // No handler of this process may run in the other one.
    uint64_t all = UINT64_MAX, old = 0;
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, &old, sizeof all);
    pid_t process = fork();
    if (process == 0) become_service(start);
    int error = errno;
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &old, NULL, sizeof old);
    errno = error;
    return process;
}

int linux_reap(pid_t process, int *status) {
    pid_t found = waitpid(process, status, WNOHANG | __WALL);
    return found == process ? 1 : found == 0 ? 0 : -1;
}

int linux_bind_datagrams(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    strcpy(address.sun_path, path);
    socklen_t length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
    if (*path == '@') address.sun_path[0] = 0;
    else length = sizeof address;
    int number = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (number < 0) return -1;
    int on = 1;
    if (setsockopt(number, SOL_SOCKET, SO_PASSCRED, &on, sizeof on) == 0 &&
        bind(number, (struct sockaddr *)&address, length) == 0)
        return number;
    int error = errno;
    close(number);
    errno = error;
    return -1;
}

ssize_t linux_receive_datagram(int socket, void *buffer, size_t size, pid_t *sender, uid_t *user) {
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(struct ucred)) + CMSG_SPACE(16 * sizeof(int))];
    } control;
    struct iovec data = {buffer, size};
    struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1};
    message.msg_control = control.bytes;
    message.msg_controllen = sizeof control.bytes;
    *sender = 0;
    *user = (uid_t)-1;
    ssize_t count = recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (count < 0) return -1;
    for (struct cmsghdr *part = CMSG_FIRSTHDR(&message); part; part = CMSG_NXTHDR(&message, part)) {
        if (part->cmsg_level != SOL_SOCKET) continue;
        if (part->cmsg_type == SCM_CREDENTIALS && part->cmsg_len == CMSG_LEN(sizeof(struct ucred))) {
            struct ucred who;
            memcpy(&who, CMSG_DATA(part), sizeof who);
            *sender = who.pid;
            *user = who.uid;
        } else if (part->cmsg_type == SCM_RIGHTS) {
            // Nobody has asked for open files.
            size_t number = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
            for (size_t index = 0; index < number; index++) {
                int file;
                memcpy(&file, CMSG_DATA(part) + index * sizeof file, sizeof file);
                close(file);
            }
        }
    }
    return message.msg_flags & MSG_TRUNC ? 0 : count;
}

int linux_connect_loopback(bool six, uint16_t port, bool *done) {
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(port)};
    four.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    struct sockaddr_in6 longer = {.sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = in6addr_loopback};
    int number = socket(six ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (number < 0) return -1;
    int result = six ? connect(number, (struct sockaddr *)&longer, sizeof longer)
                     : connect(number, (struct sockaddr *)&four, sizeof four);
    *done = result == 0;
    if (result == 0 || errno == EINPROGRESS) return number;
    int error = errno;
    close(number);
    errno = error;
    return -1;
}

int linux_connect_error(int socket) {
    int error = 0;
    socklen_t length = sizeof error;
    return getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &length) == 0 ? error : errno;
}

void linux_close_all_on_exec(void) {
    const unsigned int close_on_exec = 4;  // CLOSE_RANGE_CLOEXEC, since Linux 5.11
    if (syscall(436, 3u, ~0u, close_on_exec) == 0) return;
    DIR *directory = opendir("/proc/self/fd");
    if (!directory) return;
    for (struct dirent *entry; (entry = readdir(directory));) {
        int number = atoi(entry->d_name);
        if (number > 2) fcntl(number, F_SETFD, FD_CLOEXEC);
    }
    closedir(directory);
}

int linux_null_device(void) {
    int file = open("/dev/null", O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);
    struct stat status;
    if (file >= 0 && (fstat(file, &status) < 0 || !S_ISCHR(status.st_mode) || status.st_rdev != makedev(1, 3))) {
        close(file);
        errno = ENODEV;
        return -1;
    }
    return file;
}

void linux_trim_memory(void) { malloc_trim(0); }
