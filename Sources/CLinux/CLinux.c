#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <shadow.h>
#include <stdio.h>
#include <stdlib.h>
#include <signal.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

int linux_setresuid(uid_t real, uid_t effective, uid_t saved) { return setresuid(real, effective, saved); }
int linux_setresgid(gid_t real, gid_t effective, gid_t saved) { return setresgid(real, effective, saved); }
int linux_getresuid(uid_t *real, uid_t *effective, uid_t *saved) { return getresuid(real, effective, saved); }
int linux_getresgid(gid_t *real, gid_t *effective, gid_t *saved) { return getresgid(real, effective, saved); }

int linux_prctl(int option, unsigned long argument) { return prctl(option, argument, 0ul, 0ul, 0ul); }
const int linux_PR_SET_DUMPABLE = PR_SET_DUMPABLE, linux_PR_GET_DUMPABLE = PR_GET_DUMPABLE;
const int linux_PR_SET_NO_NEW_PRIVS = PR_SET_NO_NEW_PRIVS, linux_PR_GET_NO_NEW_PRIVS = PR_GET_NO_NEW_PRIVS;
const int linux_PR_GET_SECUREBITS = PR_GET_SECUREBITS;
const int linux_PR_SET_KEEPCAPS = PR_SET_KEEPCAPS;

int linux_openat2(int directory, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve) {
    struct open_how how = {.flags = flags, .mode = mode, .resolve = resolve};
    return (int)syscall(SYS_openat2, directory, path, &how, sizeof how);
}
const uint64_t linux_RESOLVE_NO_SYMLINKS = RESOLVE_NO_SYMLINKS, linux_RESOLVE_NO_MAGICLINKS = RESOLVE_NO_MAGICLINKS,
               linux_RESOLVE_IN_ROOT = RESOLVE_IN_ROOT;

int linux_faccessat2(int directory, const char *path, int mode, int flags) {
    return (int)syscall(SYS_faccessat2, directory, path, mode, flags);
}

uint64_t linux_mount_id(int file) {
    struct statx status;
    if (statx(file, "", AT_EMPTY_PATH, STATX_MNT_ID, &status) == 0 && status.stx_mask & STATX_MNT_ID)
        return status.stx_mnt_id;
    return linux_listed_mount_id(file);
}

uint64_t linux_mount_id_of_path(const char *path) {
    struct statx status;
    if (statx(AT_FDCWD, path, 0, STATX_MNT_ID, &status) == 0 && status.stx_mask & STATX_MNT_ID) return status.stx_mnt_id;
    return 0;
}

bool linux_is_inside_mount(const char *path) {
    struct statx status;
    if (statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_TYPE, &status) != 0) return false;
    return status.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT && !(status.stx_attributes & STATX_ATTR_MOUNT_ROOT)
           && (status.stx_mode & S_IFMT) == S_IFDIR;
}

uint64_t linux_unique_mount_id(int file) {
    // Some of the headers that this is built with lack the constant (STATX_MNT_ID_UNIQUE).
    const unsigned int unique = 0x4000u;
    struct statx status;
    if (statx(file, "", AT_EMPTY_PATH, unique, &status) != 0 || !(status.stx_mask & unique)) return 0;
    return status.stx_mnt_id;
}

uint64_t linux_listed_mount_id(int file) {
    char path[64], text[1024];
    snprintf(path, sizeof path, "/proc/self/fdinfo/%d", file);
    int information = open(path, O_RDONLY | O_CLOEXEC);
    if (information < 0) return 0;
    ssize_t count = read(information, text, sizeof text - 1);
    close(information);
    text[count < 0 ? 0 : count] = 0;
    const char *line = strstr(text, "mnt_id:");
    return line ? strtoull(line + sizeof "mnt_id:" - 1, NULL, 10) : 0;
}

int linux_is_in_memory(int file) {
    struct statfs system;
    if (fstatfs(file, &system) != 0) return -1;
    return system.f_type == TMPFS_MAGIC || system.f_type == RAMFS_MAGIC;
}

int linux_fallocate(int file, off_t length) { return fallocate(file, 0, 0, length); }

int linux_renameat2(int directory, const char *name, int new_directory, const char *new_name, unsigned int flags) {
    return renameat2(directory, name, new_directory, new_name, flags);
}
const unsigned int linux_RENAME_NOREPLACE = RENAME_NOREPLACE;

const int linux_O_PATH = O_PATH, linux_AT_EMPTY_PATH = AT_EMPTY_PATH;

int linux_lock_accounts(void) { return lckpwdf(); }
int linux_unlock_accounts(void) { return ulckpwdf(); }

const char *linux_error_name(int number) { return strerrorname_np(number); }

bool linux_exited(int status) { return WIFEXITED(status); }
int linux_exit_status(int status) { return WEXITSTATUS(status); }
bool linux_signaled(int status) { return WIFSIGNALED(status); }
int linux_term_signal(int status) { return WTERMSIG(status); }

// A seccomp(2) program that allows everything except two ways to put characters into the input of a terminal (TIOCSTI
// of ioctl_tty(2), TIOCLINUX of ioctl_console(2)), including the 32-bit system calls.
int linux_forbid_terminal_input(void) {
#if defined(__x86_64__)
    const unsigned int own = AUDIT_ARCH_X86_64, other = AUDIT_ARCH_I386, own_ioctl = 16, other_ioctl = 54;
#elif defined(__aarch64__)
    const unsigned int own = AUDIT_ARCH_AARCH64, other = AUDIT_ARCH_ARM, own_ioctl = 29, other_ioctl = 54;
#else
#error "the numbers of ioctl(2) are known for x86_64 and aarch64"
#endif
    const unsigned int x32 = 0x40000000u;
    struct sock_filter instructions[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, other, 5, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, own, 0, 9),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, x32, 7, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, own_ioctl, 3, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, other_ioctl, 0, 4),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1])),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, TIOCSTI, 1, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, TIOCLINUX, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof instructions / sizeof *instructions, instructions};
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0ul, 0ul);
}

static struct {
    bool is_raised;
    rlim_t before;
} raised_limits[RLIM_NLIMITS];

// This is called before the C library has initialised itself.
__attribute__((no_stack_protector)) void linux_raise_limit(int resource, unsigned long before) {
    raised_limits[resource].is_raised = true;
    raised_limits[resource].before = before;
}
void linux_restore_limits(void) {
    for (int resource = 0; resource < RLIM_NLIMITS; resource++) {
        struct rlimit limit;
        if (!raised_limits[resource].is_raised || getrlimit(resource, &limit) != 0) continue;
        limit.rlim_cur = raised_limits[resource].before;
        setrlimit(resource, &limit);
    }
}

static char **kept_arguments, **kept_environment;
static int kept_count;

void linux_keep_start(int count, char **arguments, char **environment) {
    kept_count = count;
    kept_arguments = arguments;
    kept_environment = environment;
}
char **linux_environment(void) { return kept_environment ? kept_environment : environ; }
char **linux_arguments(int *count) {
    *count = kept_count;
    return kept_arguments;
}

int linux_keep_capability(int number, bool effective) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct sets[2];
    memset(sets, 0, sizeof sets);
    if (number >= 0) sets[number / 32].permitted = 1u << (number % 32);
    if (number >= 0 && effective) sets[number / 32].effective = 1u << (number % 32);
    return (int)syscall(SYS_capset, &header, sets);
}

int linux_get_capabilities(uint64_t *effective, uint64_t *permitted, uint64_t *inheritable) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct sets[2];
    if (syscall(SYS_capget, &header, sets) != 0) return -1;
    *effective = sets[0].effective | (uint64_t)sets[1].effective << 32;
    *permitted = sets[0].permitted | (uint64_t)sets[1].permitted << 32;
    *inheritable = sets[0].inheritable | (uint64_t)sets[1].inheritable << 32;
    return 0;
}

int linux_clear_ambient_capabilities(void) { return prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0ul, 0ul, 0ul); }

bool linux_has_file_capabilities(const char *program) { return getxattr(program, "security.capability", NULL, 0) > 0; }

bool linux_file_capabilities(const char *program, uint64_t *permitted, bool *effective) {
    struct vfs_ns_cap_data found;
    memset(&found, 0, sizeof found);
    ssize_t size = getxattr(program, "security.capability", &found, sizeof found);
    // Both forms that kernels of this century write begin alike (capabilities(7)).
    if (size < (ssize_t)XATTR_CAPS_SZ_2) return false;
    *permitted = le32toh(found.data[0].permitted) | (uint64_t)le32toh(found.data[1].permitted) << 32;
    *effective = le32toh(found.magic_etc) & VFS_CAP_FLAGS_EFFECTIVE;
    return true;
}

bool linux_is_program_on_nosuid(const char *program) {
    struct statvfs system;
    return statvfs(program, &system) == 0 && system.f_flag & ST_NOSUID;
}

bool linux_is_secure(void) { return getauxval(AT_SECURE) != 0; }

const char *linux_environment_text(const char **end) {
    *end = (const char *)getauxval(AT_EXECFN);
    if (kept_count < 1 || !*end) return NULL;
    const char *last = kept_arguments[kept_count - 1];
    const char *start = last + strlen(last) + 1;
    if (start > *end) return NULL;
    // The C library of a privileged program makes a copy of this variable to work on.
    const char tunables[] = "GLIBC_TUNABLES=";
    for (char **entry = kept_environment; *entry; entry++)
        if ((*entry < start || *entry >= *end) && strncmp(*entry, tunables, sizeof tunables - 1) != 0) return NULL;
    return start;
}

int linux_signal_mask(int how, const uint64_t *set, uint64_t *old) {
    return (int)syscall(SYS_rt_sigprocmask, how, set, old, sizeof(uint64_t));
}

int linux_signal_wait(uint64_t set, int64_t nanoseconds, struct linux_signal_information *information) {
    siginfo_t received;
    memset(&received, 0, sizeof received);
    struct timespec limit = {.tv_sec = nanoseconds / 1000000000, .tv_nsec = nanoseconds % 1000000000};
    int number =
        (int)syscall(SYS_rt_sigtimedwait, &set, &received, nanoseconds < 0 ? NULL : &limit, sizeof(uint64_t));
    if (number < 0) return -1;
    information->number = number;
    information->code = received.si_code;
    // Only a signal from a process has a sender.
    information->sender = received.si_code <= 0 ? received.si_pid : 0;
    information->user = received.si_code <= 0 ? received.si_uid : 0;
    return number;
}

bool linux_signal_is_ignored(int number) {
    struct sigaction action;
    return sigaction(number, NULL, &action) == 0 && !(action.sa_flags & SA_SIGINFO) && action.sa_handler == SIG_IGN;
}

int linux_signal_set_ignored(int number, bool ignored) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = ignored ? SIG_IGN : SIG_DFL;
    return sigaction(number, &action, NULL);
}

static void end_process(int number) { _exit(128 + number); }

void linux_signal_set_ending(int number, bool ends) {
    struct sigaction action;
    void (*from)(int) = ends ? SIG_DFL : end_process;
    if (sigaction(number, NULL, &action) != 0 || action.sa_handler != from) return;
    memset(&action, 0, sizeof action);
    action.sa_handler = ends ? end_process : SIG_DFL;
    sigaction(number, &action, NULL);
}

int linux_signal_when_readable(int descriptor) {
    if (fcntl(descriptor, F_SETOWN, getpid()) < 0 || fcntl(descriptor, F_SETSIG, SIGIO) < 0) return -1;
    return fcntl(descriptor, F_SETFL, O_ASYNC | O_NONBLOCK);
}

pid_t linux_ended_child(void) {
    siginfo_t ended;
    memset(&ended, 0, sizeof ended);
    if (waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT | __WALL) < 0) return -1;
    return ended.si_pid;
}
bool linux_stopped(int status) { return WIFSTOPPED(status); }
int linux_stop_signal(int status) { return WSTOPSIG(status); }
const int linux_WAIT_ALL = __WALL;

// Some of the headers that this is built with lack these two numbers, which are the same on every architecture.
int linux_pidfd_open(pid_t process) { return (int)syscall(434, process, 0u); }
int linux_pidfd_send_signal(int descriptor, int number) { return (int)syscall(424, descriptor, number, NULL, 0u); }

int linux_signal_queue(pid_t process, int number, int value) {
    union sigval content;
    memset(&content, 0, sizeof content);
    content.sival_int = value;
    return sigqueue(process, number, content);
}

const int linux_PR_SET_CHILD_SUBREAPER = PR_SET_CHILD_SUBREAPER;
const int linux_PR_SET_PDEATHSIG = PR_SET_PDEATHSIG;

union descriptor_message {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(sizeof(int))];
};

int linux_send_descriptor(int socket, int descriptor, unsigned char purpose) {
    struct iovec data = {&purpose, 1};
    union descriptor_message control;
    memset(&control, 0, sizeof control);
    struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1};
    message.msg_control = control.bytes;
    message.msg_controllen = sizeof control.bytes;
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof descriptor);
    memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
    return sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -1 : 0;
}

int linux_receive_descriptor(int socket, unsigned char *purpose) {
    for (;;) {
        int received;
        struct iovec data = {purpose, 1};
        union descriptor_message control;
        struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1};
        message.msg_control = control.bytes;
        message.msg_controllen = sizeof control.bytes;
        if (recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) <= 0) return -1;
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        if (header == NULL || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS ||
            header->cmsg_len != CMSG_LEN(sizeof received)) continue;
        memcpy(&received, CMSG_DATA(header), sizeof received);
        return received;
    }
}

int linux_memory_file(const char *name) { return (int)syscall(SYS_memfd_create, name, 1u /* MFD_CLOEXEC */); }

int linux_close_range(unsigned int first, unsigned int last) {
    return (int)syscall(436, first, last, 0u);
}

struct entry_of_getdents {
    uint64_t inode;
    int64_t next;
    unsigned short length;
    unsigned char kind;
    char name[];
};
ssize_t linux_directory_entries(int directory, void *buffer, size_t size) {
    return syscall(SYS_getdents64, directory, buffer, size);
}
const char *linux_directory_entry(const void *buffer, size_t offset, size_t *length, int *type) {
    const struct entry_of_getdents *entry = (const void *)((const char *)buffer + offset);
    *length = entry->length;
    *type = entry->kind;
    return entry->name;
}

// Only segments that nothing can have written to are given back: they can be read again from the file.
static int give_back_segments(struct dl_phdr_info *program, size_t size, void *unused) {
    (void)size, (void)unused;
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    for (int index = 0; index < program->dlpi_phnum; index++) {
        const ElfW(Phdr) *segment = &program->dlpi_phdr[index];
        if (segment->p_type != PT_LOAD || (segment->p_flags & PF_W)) continue;
        uintptr_t start = (program->dlpi_addr + segment->p_vaddr + page - 1) / page * page;
        uintptr_t end = (program->dlpi_addr + segment->p_vaddr + segment->p_memsz) / page * page;
        if (start < end) madvise((void *)start, end - start, MADV_DONTNEED);
    }
    return 0;
}
void linux_give_back_program(void) { dl_iterate_phdr(give_back_segments, NULL); }

uint64_t linux_load(const uint64_t *word) { return __atomic_load_n(word, __ATOMIC_ACQUIRE); }
void linux_store(uint64_t *word, uint64_t value) { __atomic_store_n(word, value, __ATOMIC_RELEASE); }
