// Becomes root by the capabilities of its file, reads what only root may, and is its caller again while the caller's step
// runs: as open to him as any program of his.
#include <fcntl.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static char shadow[65536];

int main(void) {
    uid_t user = getuid();
    gid_t group = getgid();
    if (setgid(0) || setuid(0)) return perror("dumpable: setuid"), 125;
    int file = open("/etc/shadow", O_RDONLY | O_CLOEXEC);
    if (read(file, shadow, sizeof shadow) <= 0) return perror("dumpable: /etc/shadow"), 125;
    if (setgid(group) || setuid(user)) return perror("dumpable: setuid"), 125;
    // So that it can be looked at when something is wrong.
    prctl(PR_SET_DUMPABLE, 1);
    prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
    if (fork() == 0) return execl("/etc/entrypoint/user-steps.d/10-x", "10-x", NULL);
    wait(NULL);
    return 0;
}
