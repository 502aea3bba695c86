// What serves and asks the keepers of services: local sockets, and the local time.
#include "CLinux.h"

#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static int open_stream(const char *path, int flags, struct sockaddr_un *address) {
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    if (strlen(path) >= sizeof address->sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(address->sun_path, path, strlen(path) + 1);
    return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
}

static int give_up(int number) {
    int error = errno;
    close(number);
    errno = error;
    return -1;
}

int linux_listen_stream(const char *path) {
    struct sockaddr_un address;
    int number = open_stream(path, SOCK_NONBLOCK, &address);
    if (number < 0) return -1;
    if (bind(number, (struct sockaddr *)&address, sizeof address) != 0 || listen(number, 32) != 0) return give_up(number);
    return number;
}

int linux_connect_stream(const char *path) {
    struct sockaddr_un address;
    // A connection is there at once, or there is no room for it.
    int number = open_stream(path, SOCK_NONBLOCK, &address);
    if (number < 0) return -1;
    return connect(number, (struct sockaddr *)&address, sizeof address) == 0 ? number : give_up(number);
}

int linux_accept_stream(int socket) { return accept4(socket, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK); }

int linux_peer_user(int socket, uid_t *user) {
    struct ucred credentials;
    socklen_t size = sizeof credentials;
    if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) return -1;
    *user = credentials.uid;
    return 0;
}

ssize_t linux_send_some(int socket, const void *bytes, size_t count) {
    return send(socket, bytes, count, MSG_DONTWAIT | MSG_NOSIGNAL);
}

int linux_timer(void) { return timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK); }

int linux_set_timer(int timer, uint64_t time) {
    struct itimerspec when = {.it_value = {(time_t)(time / 1000000000), (long)(time % 1000000000)}};
    return timerfd_settime(timer, TFD_TIMER_ABSTIME, &when, NULL);
}

bool linux_local_time(int64_t seconds, struct linux_local_parts *local) {
    time_t time = seconds;
    struct tm parts;
    if (!localtime_r(&time, &parts)) return false;
    *local = (struct linux_local_parts){.year = parts.tm_year + 1900ll, .month = parts.tm_mon + 1, .day = parts.tm_mday,
        .hour = parts.tm_hour, .minute = parts.tm_min, .second = parts.tm_sec, .weekday = parts.tm_wday,
        .offset = parts.tm_gmtoff};
    return true;
}

void linux_read_time_zone(void) { tzset(); }
