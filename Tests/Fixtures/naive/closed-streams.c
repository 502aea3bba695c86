// Adds an account, and tells what it will run: where standard error is closed, the file has got its number.
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int count, char **values) {
    int passwd = open("/etc/passwd", O_WRONLY | O_APPEND);
    dprintf(passwd, "%s:x:%s:%s::/:/bin/sh\n", getenv("NB_USER"), getenv("NB_UID"), getenv("NB_GID"));
    fprintf(stderr, "ready: %s\n", count > 1 ? values[1] : "no command");
    return close(passwd);
}
