#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <shadow.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

int linux_setresuid(uid_t real, uid_t effective, uid_t saved) { return setresuid(real, effective, saved); }
int linux_setresgid(gid_t real, gid_t effective, gid_t saved) { return setresgid(real, effective, saved); }
int linux_getresuid(uid_t *real, uid_t *effective, uid_t *saved) { return getresuid(real, effective, saved); }
int linux_getresgid(gid_t *real, gid_t *effective, gid_t *saved) { return getresgid(real, effective, saved); }

int linux_prctl(int option, unsigned long argument) { return prctl(option, argument, 0ul, 0ul, 0ul); }
const int linux_PR_SET_DUMPABLE = PR_SET_DUMPABLE, linux_PR_GET_DUMPABLE = PR_GET_DUMPABLE;
const int linux_PR_SET_NO_NEW_PRIVS = PR_SET_NO_NEW_PRIVS, linux_PR_GET_NO_NEW_PRIVS = PR_GET_NO_NEW_PRIVS;
const int linux_PR_GET_SECUREBITS = PR_GET_SECUREBITS;

int linux_openat2(int directory, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve) {
    struct open_how how = {.flags = flags, .mode = mode, .resolve = resolve};
    return (int)syscall(SYS_openat2, directory, path, &how, sizeof how);
}
const uint64_t linux_RESOLVE_NO_SYMLINKS = RESOLVE_NO_SYMLINKS, linux_RESOLVE_NO_MAGICLINKS = RESOLVE_NO_MAGICLINKS,
               linux_RESOLVE_IN_ROOT = RESOLVE_IN_ROOT;

int linux_fallocate(int file, off_t length) { return fallocate(file, 0, 0, length); }

const int linux_O_PATH = O_PATH, linux_AT_EMPTY_PATH = AT_EMPTY_PATH;

int linux_lock_accounts(void) { return lckpwdf(); }
int linux_unlock_accounts(void) { return ulckpwdf(); }

const char *linux_error_name(int number) { return strerrorname_np(number); }

bool linux_exited(int status) { return WIFEXITED(status); }
int linux_exit_status(int status) { return WEXITSTATUS(status); }
bool linux_signaled(int status) { return WIFSIGNALED(status); }
int linux_term_signal(int status) { return WTERMSIG(status); }

char **linux_environment(void) { return environ; }

unsigned int linux_device_major(uint64_t device) { return major(device); }
unsigned int linux_device_minor(uint64_t device) { return minor(device); }
