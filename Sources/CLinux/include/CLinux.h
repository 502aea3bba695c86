// What Swift's Glibc module does not show. Each group says which of these reasons it has:
//   (gnu)      glibc declares it only with _GNU_SOURCE, which the module map does not define
//   (header)   its header is not in the module map
//   (variadic) C variadic functions are not imported
//   (wrapper)  this glibc (2.36) has no wrapper for the system call
//   (macro)    function-like macros are not imported
#ifndef CLINUX_H
#define CLINUX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// Credentials (gnu).
int linux_setresuid(uid_t real, uid_t effective, uid_t saved);
int linux_setresgid(gid_t real, gid_t effective, gid_t saved);
int linux_getresuid(uid_t *real, uid_t *effective, uid_t *saved);
int linux_getresgid(gid_t *real, gid_t *effective, gid_t *saved);

// prctl(2) (header, variadic). The constants that are used.
int linux_prctl(int option, unsigned long argument);
extern const int linux_PR_SET_DUMPABLE, linux_PR_GET_DUMPABLE;
extern const int linux_PR_SET_NO_NEW_PRIVS, linux_PR_GET_NO_NEW_PRIVS;
extern const int linux_PR_GET_SECUREBITS;

// openat2(2) (wrapper).
int linux_openat2(int directory, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve);
extern const uint64_t linux_RESOLVE_NO_SYMLINKS, linux_RESOLVE_NO_MAGICLINKS, linux_RESOLVE_IN_ROOT;

// fallocate(2) from the start of the file, keeping nothing back (gnu).
int linux_fallocate(int file, off_t length);

// Flags (gnu).
extern const int linux_O_PATH, linux_AT_EMPTY_PATH;

// The lock of the account files, lckpwdf(3) (header).
int linux_lock_accounts(void);
int linux_unlock_accounts(void);

// The symbolic name of an error number such as "EACCES", or NULL (gnu).
const char *linux_error_name(int number);

// Parts of a status of waitpid(2) (macro).
bool linux_exited(int status);
int linux_exit_status(int status);
bool linux_signaled(int status);
int linux_term_signal(int status);

// The process's environment block (a variable that Swift calls unsafe to share).
char **linux_environment(void);

// Device numbers (macro).
unsigned int linux_device_major(uint64_t device);
unsigned int linux_device_minor(uint64_t device);

#endif
