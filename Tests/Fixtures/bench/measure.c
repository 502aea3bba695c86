// Runs a command once for each line of standard input, and prints how long it took in microseconds, and the most memory
// that it or a process of its own had in KiB. Its output goes through a pipe, as it does to a container runtime.
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

int main(int argc, char **argv) {
    char line[16], log[65536];
    if (argc < 2 || chdir("/") != 0) return 64;
    puts("ready");
    fflush(stdout);
    while (fgets(line, sizeof line, stdin)) {
        int output[2], status;
        struct timespec start, end;
        struct rusage usage;
        pid_t process;
        posix_spawn_file_actions_t actions;
        if (pipe2(output, O_CLOEXEC) != 0 || fcntl(output[0], F_SETFL, O_NONBLOCK) != 0) return 1;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
        posix_spawn_file_actions_adddup2(&actions, output[1], 1);
        posix_spawn_file_actions_adddup2(&actions, output[1], 2);
        clock_gettime(CLOCK_MONOTONIC, &start);
        if (posix_spawn(&process, argv[1], &actions, NULL, argv + 1, environ) != 0) return 1;
        if (wait4(process, &status, 0, &usage) != process) return 1;
        clock_gettime(CLOCK_MONOTONIC, &end);
        ssize_t count = read(output[0], log, sizeof log);
        if (status != 0) {
            fprintf(stderr, "bench: %s failed:\n%.*s", argv[1], (int)(count < 0 ? 0 : count), log);
            return 1;
        }
        printf("%ld %ld\n", (end.tv_sec - start.tv_sec) * 1000000 + (end.tv_nsec - start.tv_nsec) / 1000,
               usage.ru_maxrss);
        fflush(stdout);
        posix_spawn_file_actions_destroy(&actions);
        close(output[0]);
        close(output[1]);
    }
    return 0;
}
