// A file system that shows a directory the way an NFS server with root_squash shows an export: each call is made with
// the caller's own user, group and groups, and whoever is root becomes nobody.
//
// Build: gcc -D_GNU_SOURCE -O2 rootsquash.c -o rootsquash $(pkg-config --cflags --libs fuse3)
//
// Credentials are set by bare system calls, which change the calling thread alone; the C library would change all.
#define FUSE_USE_VERSION 31
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fuse.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/statvfs.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { NOBODY = 65534, MAXIMUM_GROUPS = 1024 };

static struct settings {
    char *export;       // the directory that is shown
    int all;            // everybody becomes nobody, as with all_squash
    int no_groups;      // as a server with manage-gids that does not know the user: supplementary groups do not count
    unsigned delay;     // milliseconds before each call is answered
    unsigned cache;     // seconds for which a client knows what it has looked up
    char *quota;        // a directory: a user whose id lies there as a name can make nothing more
} settings;
static int export_directory;    // every path is relative to it

static const struct fuse_opt options[] = {
    {"all", offsetof(struct settings, all), 1},
    {"no_groups", offsetof(struct settings, no_groups), 1},
    {"delay=%u", offsetof(struct settings, delay), 0},
    {"cache=%u", offsetof(struct settings, cache), 0},
    {"quota=%s", offsetof(struct settings, quota), 0},
    FUSE_OPT_END,
};

static gid_t squash(id_t id) { return id == 0 ? NOBODY : id; }

// Takes the caller's place.
static void become_caller(void) {
    const struct fuse_context *caller = fuse_get_context();
    gid_t groups[MAXIMUM_GROUPS];
    int count = 0;
    int is_nobody = settings.all || caller->uid == 0;
    if (settings.delay) {
        struct timespec pause = {settings.delay / 1000, settings.delay % 1000 * 1000000L};
        nanosleep(&pause, NULL);
    }
    // Root is nobody altogether: its groups do not count either.
    if (!is_nobody && !settings.no_groups) count = fuse_getgroups(MAXIMUM_GROUPS, groups);
    if (count < 0 || count > MAXIMUM_GROUPS) count = 0;
    for (int i = 0; i < count; i++) groups[i] = squash(groups[i]);
    syscall(SYS_setgroups, (size_t)count, groups);
    syscall(SYS_setfsgid, is_nobody ? NOBODY : squash(caller->gid));
    syscall(SYS_setfsuid, is_nobody ? NOBODY : caller->uid);     // last: it takes the capabilities over files away
}

// Becomes the server again, and turns the result of a call into what FUSE wants: a count, or minus the error number.
static int become_server(int result) {
    int error = errno;
    syscall(SYS_setfsuid, 0);
    syscall(SYS_setfsgid, 0);
    syscall(SYS_setgroups, (size_t)0, NULL);
    return result == -1 ? -error : result;
}

#define AS_CALLER(call) (become_caller(), become_server(call))

// FUSE's paths begin with a slash; the empty path is the export itself.
static const char *relative(const char *path) { return path[1] ? path + 1 : "."; }

static int squash_getattr(const char *path, struct stat *status, struct fuse_file_info *file) {
    if (file) return fstat((int)file->fh, status) == -1 ? -errno : 0;
    return AS_CALLER(fstatat(export_directory, relative(path), status, AT_SYMLINK_NOFOLLOW));
}

static int squash_access(const char *path, int mode) {
    return AS_CALLER(faccessat(export_directory, relative(path), mode, AT_EACCESS));
}

static int squash_readlink(const char *path, char *target, size_t size) {
    int length = AS_CALLER((int)readlinkat(export_directory, relative(path), target, size - 1));
    if (length < 0) return length;
    target[length] = 0;
    return 0;
}

// Whether the caller may make one more file.
static int is_over_quota(void) {
    char path[4096];
    if (!settings.quota) return 0;
    snprintf(path, sizeof path, "%s/%u", settings.quota, fuse_get_context()->uid);
    return access(path, F_OK) == 0;
}

static int open_as_caller(const char *path, int flags, mode_t mode, struct fuse_file_info *file) {
    int descriptor = AS_CALLER(openat(export_directory, relative(path), flags | O_CLOEXEC | O_NOFOLLOW, mode));
    if (descriptor < 0) return descriptor;
    file->fh = (uint64_t)descriptor;
    return 0;
}

static int squash_open(const char *path, struct fuse_file_info *file) {
    return open_as_caller(path, file->flags & ~(O_CREAT | O_EXCL | O_NOCTTY), 0, file);
}
static int squash_create(const char *path, mode_t mode, struct fuse_file_info *file) {
    if (is_over_quota()) return -EDQUOT;
    return open_as_caller(path, file->flags | O_CREAT, mode, file);
}
static int squash_opendir(const char *path, struct fuse_file_info *file) {
    return open_as_caller(path, O_RDONLY | O_DIRECTORY, 0, file);
}
static int squash_release(const char *path, struct fuse_file_info *file) {
    (void)path;
    close((int)file->fh);
    return 0;
}

static int squash_readdir(const char *path, void *buffer, fuse_fill_dir_t fill, off_t offset,
                          struct fuse_file_info *file, enum fuse_readdir_flags flags) {
    (void)path, (void)offset, (void)flags;
    int copy = fcntl((int)file->fh, F_DUPFD_CLOEXEC, 0);
    DIR *directory = copy == -1 ? NULL : fdopendir(copy);
    if (!directory) return -errno;
    rewinddir(directory);
    for (struct dirent *entry; (entry = readdir(directory));) fill(buffer, entry->d_name, NULL, 0, 0);
    closedir(directory);
    return 0;
}

static int squash_read(const char *path, char *bytes, size_t size, off_t offset, struct fuse_file_info *file) {
    (void)path;
    ssize_t count = pread((int)file->fh, bytes, size, offset);
    return count == -1 ? -errno : (int)count;
}
static int squash_write(const char *path, const char *bytes, size_t size, off_t offset, struct fuse_file_info *file) {
    (void)path;
    ssize_t count = pwrite((int)file->fh, bytes, size, offset);
    return count == -1 ? -errno : (int)count;
}
static int squash_fsync(const char *path, int data_only, struct fuse_file_info *file) {
    (void)path, (void)data_only;
    return fsync((int)file->fh) == -1 ? -errno : 0;
}
static int squash_flock(const char *path, struct fuse_file_info *file, int operation) {
    (void)path;
    return flock((int)file->fh, operation) == -1 ? -errno : 0;
}

static int squash_mknod(const char *path, mode_t mode, dev_t device) {
    if (is_over_quota()) return -EDQUOT;
    return AS_CALLER(mknodat(export_directory, relative(path), mode, device));
}
static int squash_mkdir(const char *path, mode_t mode) {
    if (is_over_quota()) return -EDQUOT;
    return AS_CALLER(mkdirat(export_directory, relative(path), mode));
}
static int squash_unlink(const char *path) { return AS_CALLER(unlinkat(export_directory, relative(path), 0)); }
static int squash_rmdir(const char *path) {
    return AS_CALLER(unlinkat(export_directory, relative(path), AT_REMOVEDIR));
}
static int squash_symlink(const char *target, const char *path) {
    if (is_over_quota()) return -EDQUOT;
    return AS_CALLER(symlinkat(target, export_directory, relative(path)));
}
static int squash_rename(const char *from, const char *to, unsigned flags) {
    return AS_CALLER(renameat2(export_directory, relative(from), export_directory, relative(to), flags));
}
static int squash_link(const char *from, const char *to) {
    return AS_CALLER(linkat(export_directory, relative(from), export_directory, relative(to), 0));
}
static int squash_chmod(const char *path, mode_t mode, struct fuse_file_info *file) {
    (void)file;     // FUSE asks for links never: the kernel has followed them
    return AS_CALLER(fchmodat(export_directory, relative(path), mode, 0));
}
static int squash_chown(const char *path, uid_t user, gid_t group, struct fuse_file_info *file) {
    (void)file;
    return AS_CALLER(fchownat(export_directory, relative(path), user, group, AT_SYMLINK_NOFOLLOW));
}
static int squash_truncate(const char *path, off_t size, struct fuse_file_info *file) {
    if (file) return ftruncate((int)file->fh, size) == -1 ? -errno : 0;
    struct fuse_file_info opened;
    int error = open_as_caller(path, O_WRONLY, 0, &opened);
    if (error) return error;
    int result = ftruncate((int)opened.fh, size) == -1 ? -errno : 0;
    close((int)opened.fh);
    return result;
}
static int squash_utimens(const char *path, const struct timespec times[2], struct fuse_file_info *file) {
    (void)file;
    return AS_CALLER(utimensat(export_directory, relative(path), times, AT_SYMLINK_NOFOLLOW));
}
static int squash_statfs(const char *path, struct statvfs *status) {
    (void)path;
    return fstatvfs(export_directory, status) == -1 ? -errno : 0;
}

static void *squash_init(struct fuse_conn_info *connection, struct fuse_config *configuration) {
    (void)connection;
    configuration->use_ino = 1;
    // A file that is removed is gone at once, even if its closing is still to be told of.
    configuration->hard_remove = 1;
    // With 0 nothing is remembered: what the test does to the export is seen at once.
    configuration->entry_timeout = configuration->attr_timeout = configuration->negative_timeout = settings.cache;
    return NULL;
}

static const struct fuse_operations operations = {
    .init = squash_init, .getattr = squash_getattr, .access = squash_access, .readlink = squash_readlink,
    .open = squash_open, .create = squash_create, .release = squash_release, .read = squash_read,
    .write = squash_write, .fsync = squash_fsync, .flock = squash_flock,
    .opendir = squash_opendir, .readdir = squash_readdir, .releasedir = squash_release,
    .mknod = squash_mknod, .mkdir = squash_mkdir, .unlink = squash_unlink, .rmdir = squash_rmdir,
    .symlink = squash_symlink, .rename = squash_rename, .link = squash_link, .chmod = squash_chmod,
    .chown = squash_chown, .truncate = squash_truncate, .utimens = squash_utimens, .statfs = squash_statfs,
};

// The first bare argument is the export; FUSE gets the rest.
static int take_export(void *data, const char *argument, int key, struct fuse_args *arguments) {
    (void)data, (void)arguments;
    if (key != FUSE_OPT_KEY_NONOPT || settings.export) return 1;
    settings.export = strdup(argument);
    return 0;
}

int main(int count, char **values) {
    struct fuse_args arguments = FUSE_ARGS_INIT(count, values);
    if (fuse_opt_parse(&arguments, &settings, options, take_export) == -1) return 64;
    if (!settings.export) {
        fprintf(stderr, "usage: rootsquash EXPORT MOUNTPOINT [-f] [-o no_groups] [-o delay=MILLISECONDS]"
                " [-o cache=SECONDS] [-o quota=DIRECTORY]\n");
        return 64;
    }
    export_directory = open(settings.export, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (export_directory == -1) return perror(settings.export), 1;
    umask(0);   // the kernel has applied the caller's
    fuse_opt_add_arg(&arguments, "-oallow_other,fsname=export,subtype=rootsquash");
    return fuse_main(arguments.argc, arguments.argv, &operations, NULL);
}
