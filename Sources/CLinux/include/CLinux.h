// The C library as module Linux sees it: Embedded Swift has no module Glibc. What Swift cannot use of it is here in
// another form. Each group states which of these reasons applies:
//   (gnu)      glibc declares it only with _GNU_SOURCE, which Swift's own modules of the same headers do not define
//   (header)   its header is in none of Swift's modules
//   (variadic) C variadic functions are not imported
//   (wrapper)  this glibc (2.36) has no wrapper for the system call
//   (macro)    function-like macros are not imported
#ifndef CLINUX_H
#define CLINUX_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <poll.h>
#include <shadow.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

// Credentials (gnu).
int linux_setresuid(uid_t real, uid_t effective, uid_t saved);
int linux_setresgid(gid_t real, gid_t effective, gid_t saved);
int linux_getresuid(uid_t *real, uid_t *effective, uid_t *saved);
int linux_getresgid(gid_t *real, gid_t *effective, gid_t *saved);

// prctl(2) (header, variadic), with the constants that are used.
int linux_prctl(int option, unsigned long argument);
extern const int linux_PR_SET_DUMPABLE, linux_PR_GET_DUMPABLE;
extern const int linux_PR_SET_NO_NEW_PRIVS, linux_PR_GET_NO_NEW_PRIVS;
extern const int linux_PR_GET_SECUREBITS;
extern const int linux_PR_SET_KEEPCAPS;

// openat2(2) (wrapper).
int linux_openat2(int directory, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve);
extern const uint64_t linux_RESOLVE_NO_SYMLINKS, linux_RESOLVE_NO_MAGICLINKS, linux_RESOLVE_IN_ROOT;

// faccessat2(2) (wrapper): without this call, faccessat(3) checks the real ids, whatever its flags say.
int linux_faccessat2(int directory, const char *path, int mode, int flags);

// fallocate(2) from the start of the file, with mode 0 (gnu).
int linux_fallocate(int file, off_t length);

// renameat2(2) (gnu).
int linux_renameat2(int directory, const char *name, int new_directory, const char *new_name, unsigned int flags);
extern const unsigned int linux_RENAME_NOREPLACE;

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

// Memory limits that only apply to the command (header): the value before a limit was raised, and its restoration.
void linux_raise_limit(int resource, unsigned long before);
void linux_restore_limits(void);

// The bytes that a boot needs. It takes 10 MB of address space, 3 MB of data and less than 64 KB of stack, and the data
// that it copies and reads may need more.
static const unsigned long linux_enough_address_space = 64ul << 20;
static const unsigned long linux_enough_data = 32ul << 20;
static const unsigned long linux_enough_stack = 256ul << 10;

// From here on, the process and its children cannot put anything into the input of a terminal (macro: seccomp(2)).
// Needs no_new_privs.
int linux_forbid_terminal_input(void);

// What the program was started with, for a program that hides it from its libraries.
void linux_keep_start(int count, char **arguments, char **environment);

// The process's environment block: the kept one, or that of the C library (a variable that Swift considers unsafe).
char **linux_environment(void);

// The kept arguments; NULL if nothing was kept.
char **linux_arguments(int *count);

// Whether execve(2) gave the process privileges that its caller does not have (getauxval(3), AT_SECURE).
bool linux_is_secure(void);

// Gives up all capabilities except one that is permitted, which may be in use or not; gives up all with a negative
// number. libcap would allocate memory (wrapper).
int linux_keep_capability(int number, bool effective);

// The effective, permitted and inheritable capabilities, and the ambient ones given up (header): libcap would allocate
// memory for the first, and make a call for each number for the second.
int linux_get_capabilities(uint64_t *effective, uint64_t *permitted, uint64_t *inheritable);
int linux_clear_ambient_capabilities(void);

// Whether the program's file has capabilities, whether or not the process got them (header: sys/xattr.h).
bool linux_has_file_capabilities(const char *program);

// The permitted capabilities of the program's file, and whether it has them in use from its start; false where it has
// none that can be read (header: sys/xattr.h).
bool linux_file_capabilities(const char *program, uint64_t *permitted, bool *effective);

// Whether the program's file lies on a mount with nosuid, where its capabilities have no effect (header).
bool linux_is_program_on_nosuid(const char *program);

// All strings of the environment as the kernel laid them out, one after another, including those that the C library has
// removed from its list; NULL if they cannot be found.
const char *linux_environment_text(const char **end);

// The mount that an open file belongs to; 0 if it is unknown. Kernels before 5.8 report it only in /proc/self/fdinfo,
// where later ones report it as well (header, wrapper).
uint64_t linux_mount_id(int file);
uint64_t linux_listed_mount_id(int file);
// The mount that the file at a path belongs to, whose links are followed; 0 if there is none, or before 5.8.
uint64_t linux_mount_id_of_path(const char *path);
// Whether a directory certainly lies on the same mount as the one above it; never before 5.8.
bool linux_is_inside_mount(const char *path);
// A number of the mount that is never reused; 0 before Linux 6.8.
uint64_t linux_unique_mount_id(int file);

// 1 for a file on tmpfs or ramfs, 0 for any other (header).
int linux_is_in_memory(int file);

// Signals in the kernel's own set of 64 bits, bit n - 1 for signal n: the C library reserves 32 and 33 (wrapper).
int linux_signal_mask(int how, const uint64_t *set, uint64_t *old);
/// What a received signal says about itself; sender and user are 0 if the kernel sent it.
struct linux_signal_information {
    int number, code;
    pid_t sender;
    uid_t user;
};
/// Takes one pending signal of the set, or waits for one for `nanoseconds`; if that is negative, waits for ever.
int linux_signal_wait(uint64_t set, int64_t nanoseconds, struct linux_signal_information *information);

// Dispositions (macro): SIG_IGN and SIG_DFL are casts.
bool linux_signal_is_ignored(int number);
int linux_signal_set_ignored(int number, bool ignored);
/// Lets a signal that has its default action end the process with 128 plus its number, or restores the default action.
void linux_signal_set_ending(int number, bool ends);

// Sends SIGIO when a descriptor becomes readable or loses its last writer; makes it non-blocking (gnu: F_SETSIG).
int linux_signal_when_readable(int descriptor);

// Children (macro, wrapper). The first child that has ended and has not been waited for; 0 if there is none.
pid_t linux_ended_child(void);
bool linux_stopped(int status);
int linux_stop_signal(int status);
extern const int linux_WAIT_ALL;

// pidfd_open(2) and pidfd_send_signal(2) (wrapper).
int linux_pidfd_open(pid_t process);
int linux_pidfd_send_signal(int descriptor, int number);

// sigqueue(3) with a number as the value (a union of an int and a pointer).
int linux_signal_queue(pid_t process, int number, int value);

// prctl(2) (header).
extern const int linux_PR_SET_CHILD_SUBREAPER, linux_PR_SET_PDEATHSIG;

// Sends a descriptor over a socket of a pair, with a byte that says what it is for (cmsg(3): macros). The second function
// never waits, and returns the next one, or -1 if there is none.
int linux_send_descriptor(int socket, int descriptor, unsigned char purpose);
int linux_receive_descriptor(int socket, unsigned char *purpose);

// A file without a name, in memory and closed on exec (memfd_create(2)).
int linux_memory_file(const char *name);

// close_range(2) and getdents64(2) (wrapper). The second function gives the name and the type (DT_LNK) of the entry at
// an offset in its buffer.
int linux_close_range(unsigned int first, unsigned int last);
ssize_t linux_directory_entries(int directory, void *buffer, size_t size);
const char *linux_directory_entry(const void *buffer, size_t offset, size_t *length, int *type);

// Gives the read-only pages of the program's own file back to the page cache (header: link.h).
void linux_give_back_program(void);

// Memory that two processes share (Swift's atomics module would add 0.8 MB to the program).
uint64_t linux_load(const uint64_t *word);
void linux_store(uint64_t *word, uint64_t value);

// Macros with casts (macro) and functions with a variable number of arguments (variadic), for CLibrary.swift.

static inline int linux_errno(void) { return errno; }
static inline void linux_set_errno(int number) { errno = number; }
static inline int linux_open(const char *path, int flags, mode_t mode) { return open(path, flags, mode); }
static inline int linux_openat(int directory, const char *path, int flags, mode_t mode) {
    return openat(directory, path, flags, mode);
}
static inline int linux_fcntl(int descriptor, int command, int argument) {
    return fcntl(descriptor, command, argument);
}
// The columns of a terminal (TIOCGWINSZ, ioctl_tty(2)); 0 where there is none, or it does not know.
static inline int linux_terminal_columns(int descriptor) {
    struct winsize size;
    return ioctl(descriptor, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}
static const mode_t linux_S_IFMT = S_IFMT, linux_S_IFSOCK = S_IFSOCK, linux_S_IFLNK = S_IFLNK;
static const mode_t linux_S_IFREG = S_IFREG, linux_S_IFBLK = S_IFBLK, linux_S_IFDIR = S_IFDIR;
static const mode_t linux_S_IFCHR = S_IFCHR, linux_S_IFIFO = S_IFIFO;
static inline __sighandler_t linux_SIG_IGN(void) { return SIG_IGN; }
static inline __sighandler_t linux_SIG_DFL(void) { return SIG_DFL; }

#include "CLinuxLogs.h"
#include "CLinuxServices.h"

#endif
