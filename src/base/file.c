#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/text.h"

/* "path: cannot open: Permission denied" */
static alx_status fail_errno(alx_error *err, const char *path, const char *what)
{
    int code = errno;
    alx_printable name;
    alx_text_printable(path, name);
    if (code == ENOENT) return alx_fail(err, ALX_IO, "%s: no such file or folder", name);
    alx_status status = code == ENOMEM ? ALX_NO_MEMORY : ALX_IO;
    return alx_fail(err, status, "%s: %s: %s", name, what, strerror(code));
}

/* ---- Reading ---- */

alx_status alx_file_open(int *fd, uint64_t *size, const char *path, alx_error *err)
{
    *fd = -1;
    *size = 0;
    /* O_NONBLOCK: opening a FIFO must not wait for its writer. */
    int opened = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (opened < 0) return fail_errno(err, path, "cannot be opened");
    struct stat info;
    alx_status status = fstat(opened, &info) == 0 ? ALX_OK : fail_errno(err, path, "cannot be read");
    alx_printable name;
    if (!status && !S_ISREG(info.st_mode))
        status = alx_fail(err, ALX_IO, "%s: is %s", alx_text_printable(path, name),
                          S_ISDIR(info.st_mode) ? "a folder, not a file" : "not a regular file");
    if (status) {
        close(opened);
        return status;
    }
    *fd = opened;
    *size = (uint64_t)info.st_size;
    return ALX_OK;
}

alx_status alx_file_read_at(int fd, void *bytes, size_t count, uint64_t offset, const char *path, alx_error *err)
{
    uint8_t *at = bytes;
    if (offset > INT64_MAX - count) return alx_fail(err, ALX_IO, "a file offset of 2^63 bytes");
    while (count) {
        ssize_t got = pread(fd, at, count, (off_t)offset);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fail_errno(err, path, "cannot be read");
        alx_printable name;
        if (got == 0)
            return alx_fail(err, ALX_BAD_DATA, "%s: ends at byte %llu; it was cut", alx_text_printable(path, name),
                            (unsigned long long)offset);
        at += got;
        count -= (size_t)got;
        offset += (uint64_t)got;
    }
    return ALX_OK;
}

alx_status alx_file_read(uint8_t **bytes, size_t *count, const char *path, size_t max, alx_error *err)
{
    *bytes = NULL;
    *count = 0;
    int fd;
    uint64_t size;
    ALX_TRY(alx_file_open(&fd, &size, path, err));
    uint8_t *data = NULL;
    alx_status status = ALX_OK;
    alx_printable name;
    if (size > max)
        status = alx_fail(err, ALX_BAD_DATA, "%s: has %llu bytes; at most %zu are read", alx_text_printable(path, name),
                          (unsigned long long)size, max);
    if (!status && !(data = alx_calloc((size_t)size + 1, 1, err))) status = ALX_NO_MEMORY;
    if (!status) status = alx_file_read_at(fd, data, (size_t)size, 0, path, err);
    close(fd);
    if (status) {
        free(data);
        return status;
    }
    *bytes = data;
    *count = (size_t)size;
    return ALX_OK;
}

void alx_file_read_ahead(const char *path)
{
#ifdef POSIX_FADV_WILLNEED
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return;
    posix_fadvise(fd, 0, 0, POSIX_FADV_WILLNEED);
    close(fd);
#else
    (void)path;
#endif
}

/* ---- Paths ---- */

bool alx_file_exists(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0;
}

bool alx_file_is_folder(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

/* fsync, through EINTR. */
static int sync_fd(int fd)
{
    int result;
    while ((result = fsync(fd)) != 0 && errno == EINTR) {
    }
    return result;
}

/* File systems that cannot sync a folder say so in one of these ways, and one that we may not read cannot be opened:
 * neither makes its files less whole. */
static bool cannot_sync_folders(int code)
{
    return code == EINVAL || code == EOPNOTSUPP || code == ENOSYS || code == EACCES;
}

alx_status alx_file_sync_folder(const char *path, alx_error *err)
{
    char *folder = alx_file_folder(path, err);
    if (!folder) return ALX_NO_MEMORY;
    const int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    alx_status status = ALX_OK;
    if ((fd < 0 || sync_fd(fd) != 0) && !cannot_sync_folders(errno))
        status = fail_errno(err, folder, "cannot be synced");
    if (fd >= 0) close(fd);
    free(folder);
    return status;
}

alx_status alx_file_make_folder(const char *path, alx_error *err)
{
    char *copy = alx_strdup(path, err);
    if (!copy) return ALX_NO_MEMORY;
    alx_status status = ALX_OK;
    alx_printable name;
    for (char *at = copy; !status && *at; at++) {
        /* Each part that ends here: "a" and "a/b" of "a/b/c", then the whole. */
        bool whole = at[1] == '\0';
        if (!whole && (at[1] != '/' || at[0] == '/')) continue;
        if (!whole) at[1] = '\0';
        /* Only then mkdir: on a read-only parent it may say EROFS for a folder that is there. */
        if (!alx_file_is_folder(copy)) {
            if (mkdir(copy, 0777) == 0)
                status = alx_file_sync_folder(copy, err);
            else if (errno != EEXIST)
                status = fail_errno(err, copy, "cannot be made");
            else if (!alx_file_is_folder(copy)) /* else someone else has made it */
                status = alx_fail(err, ALX_IO, "%s: is a file, not a folder", alx_text_printable(copy, name));
        }
        if (!whole) at[1] = '/';
    }
    free(copy);
    return status;
}

char *alx_file_join(const char *folder, const char *name, alx_error *err)
{
    if (name[0] == '/' || folder[0] == '\0') return alx_strdup(name, err);
    size_t length = strlen(folder), size = length + strlen(name) + 2;
    char *path = alx_calloc(size, 1, err);
    if (path) snprintf(path, size, "%s%s%s", folder, folder[length - 1] == '/' ? "" : "/", name);
    return path;
}

char *alx_file_folder(const char *path, alx_error *err)
{
    const char *slash = strrchr(path, '/');
    if (!slash) return alx_strdup(".", err);
    size_t length = slash == path ? 1 : (size_t)(slash - path);
    char *folder = alx_calloc(length + 1, 1, err);
    if (folder) memcpy(folder, path, length);
    return folder;
}

const char *alx_file_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

alx_status alx_file_free_space(uint64_t *bytes, const char *path, alx_error *err)
{
    *bytes = 0;
    char *at = alx_strdup(path, err);
    if (!at) return ALX_NO_MEMORY;
    struct statvfs info;
    int result;
    while ((result = statvfs(at, &info)) != 0 && errno == ENOENT && strcmp(at, ".") != 0 && strcmp(at, "/") != 0) {
        char *parent = alx_file_folder(at, err);
        free(at);
        if (!parent) return ALX_NO_MEMORY;
        at = parent;
    }
    alx_status status = result == 0 ? ALX_OK : fail_errno(err, at, "free space is unknown");
    if (!status) *bytes = (uint64_t)info.f_bavail * info.f_frsize;
    free(at);
    return status;
}

/* ---- Whole or not at all ---- */

static void release(alx_atomic_file *file)
{
    free(file->path);
    free(file->temporary);
    free(file->previous);
    *file = (alx_atomic_file){.fd = -1};
}

/* Opens the temporary under a lock.  One that a killed process left is taken over:
 * in containers process numbers repeat, so O_EXCL would fail for ever. */
static alx_status open_temporary(alx_atomic_file *file, alx_error *err)
{
    int fd = open(file->temporary, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0666);
    if (fd < 0) return fail_errno(err, file->path, "cannot be written");
    struct stat ours, named;
    bool busy = flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK; /* others: no locks on this file system */
    /* Its writer may have renamed it away between open and flock. */
    busy = busy || fstat(fd, &ours) != 0 || lstat(file->temporary, &named) != 0 || ours.st_ino != named.st_ino ||
           ours.st_dev != named.st_dev || !S_ISREG(ours.st_mode);
    if (busy) {
        close(fd);
        alx_printable name;
        return alx_fail(err, ALX_IO, "%s: someone else is writing this file", alx_text_printable(file->path, name));
    }
    file->fd = fd;
    if (ftruncate(fd, 0) != 0) return fail_errno(err, file->path, "cannot be written");
    return ALX_OK;
}

alx_status alx_atomic_open(alx_atomic_file *file, const char *path, alx_error *err)
{
    *file = (alx_atomic_file){.fd = -1};
    struct stat old;
    bool exists = stat(path, &old) == 0;
    alx_printable name;
    if (exists && !S_ISREG(old.st_mode))
        return alx_fail(err, ALX_IO, "%s: is %s; name a file", alx_text_printable(path, name),
                        S_ISDIR(old.st_mode) ? "a folder" : "not a regular file");
    /* A link keeps pointing where it does: its target is replaced. */
    char *target = exists ? realpath(path, NULL) : NULL;
    file->path = target ? target : alx_strdup(path, err);
    if (!file->path) return ALX_NO_MEMORY;
    size_t size = strlen(file->path) + sizeof ".tmp-" + 3 * sizeof(pid_t);
    file->temporary = alx_calloc(size, 1, err);
    alx_status status = file->temporary ? ALX_OK : ALX_NO_MEMORY;
    if (!status) {
        snprintf(file->temporary, size, "%s.tmp-%ld", file->path, (long)getpid());
        status = open_temporary(file, err);
    }
    /* A private file must not become readable by being written anew. */
    if (!status && exists && fchmod(file->fd, old.st_mode & 0777) != 0)
        status = fail_errno(err, file->temporary, "its permissions cannot be set");
    if (status && file->fd >= 0)
        alx_atomic_abort(file);
    else if (status)
        release(file);
    return status;
}

/* offset < 0: where the last write ended. */
static alx_status write_all(alx_atomic_file *file, const void *bytes, size_t count, off_t offset, alx_error *err)
{
    const uint8_t *at = bytes;
    while (count) {
        /* Linux writes at most 2 GiB at once anyway. */
        size_t piece = count < ((size_t)1 << 30) ? count : (size_t)1 << 30;
        ssize_t put = offset < 0 ? write(file->fd, at, piece) : pwrite(file->fd, at, piece, offset);
        if (put < 0 && errno == EINTR) continue;
        if (put == 0) errno = ENOSPC;
        if (put <= 0) return fail_errno(err, file->path, "cannot be written; the old file stays");
        at += put;
        count -= (size_t)put;
        if (offset >= 0) offset += put;
    }
    return ALX_OK;
}

alx_status alx_atomic_write(alx_atomic_file *file, const void *bytes, size_t count, alx_error *err)
{
    return write_all(file, bytes, count, -1, err);
}

alx_status alx_atomic_write_at(alx_atomic_file *file, const void *bytes, size_t count, uint64_t offset, alx_error *err)
{
    if (offset > INT64_MAX - count) return alx_fail(err, ALX_IO, "a file offset of 2^63 bytes");
    return write_all(file, bytes, count, (off_t)offset, err);
}

alx_status alx_atomic_keep_old(alx_atomic_file *file, const char *previous, alx_error *err)
{
    free(file->previous);
    file->previous = alx_strdup(previous, err);
    return file->previous ? ALX_OK : ALX_NO_MEMORY;
}

/* The old file gets a second name, so that its own is never missing; where the file system knows no such links it is
 * moved, and path is missing until the rename that follows. */
static int keep_old(const alx_atomic_file *file)
{
    if (!alx_file_exists(file->path)) return 0;
    if (unlink(file->previous) != 0 && errno != ENOENT) return -1;
    return link(file->path, file->previous) == 0 ? 0 : rename(file->path, file->previous);
}

alx_status alx_atomic_commit(alx_atomic_file *file, alx_error *err)
{
    int result = sync_fd(file->fd);
    if (result == 0 && file->previous) result = keep_old(file);
    if (result == 0) result = rename(file->temporary, file->path);
    if (result != 0) {
        alx_status status = fail_errno(err, file->path, "cannot be written; the old file stays");
        alx_atomic_abort(file);
        return status;
    }
    /* Closing drops the lock, so it comes after the rename; fsync has told of every write error. */
    close(file->fd);
    alx_status status = alx_file_sync_folder(file->path, err);
    release(file);
    return status;
}

void alx_atomic_abort(alx_atomic_file *file)
{
    if (file->fd >= 0) {
        unlink(file->temporary);
        close(file->fd);
    }
    release(file);
}

alx_status alx_file_write(const char *path, const void *bytes, size_t count, alx_error *err)
{
    alx_atomic_file file;
    ALX_TRY(alx_atomic_open(&file, path, err));
    alx_status status = alx_atomic_write(&file, bytes, count, err);
    if (!status) return alx_atomic_commit(&file, err);
    alx_atomic_abort(&file);
    return status;
}
