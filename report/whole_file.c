#include "report/whole_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report/fail.h"

typedef struct job {
    const char *path; /* what messages name */
    alx_status (*write)(FILE *file, const void *context, alx_error *err);
    const void *context;
} job;

static int sync_fd(int fd)
{
    int result;
    while ((result = fsync(fd)) != 0 && errno == EINTR) {
    }
    return result;
}

/* The new name is on the disk when its folder is.  That a file system cannot sync folders is no failure. */
static alx_status sync_folder(const char *target, const char *path, alx_error *err)
{
    const char *slash = strrchr(target, '/');
    char *folder = slash && slash != target ? strndup(target, (size_t)(slash - target)) : strdup(slash ? "/" : ".");
    const int fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    alx_status result = ALX_OK;
    if (fd >= 0 && sync_fd(fd) && errno != EINVAL && errno != EOPNOTSUPP && errno != ENOSYS)
        result = alx_report_fail(err, ALX_IO, "%s: its folder cannot be synced: %s", path, strerror(errno));
    if (fd >= 0) close(fd);
    free(folder);
    return result;
}

/* Write into the open file and close it; fsync, so that the rename cannot outrun the data. */
static alx_status write_whole(FILE *file, const job *j, alx_error *err)
{
    alx_error inner = {0};
    alx_status result = j->write(file, j->context, &inner);
    if (result) alx_report_fail(err, result, "%s: %s", j->path, inner.message);
    if (!result && (fflush(file) || sync_fd(fileno(file))))
        result = alx_report_fail(err, ALX_IO, "%s: cannot be written: %s", j->path, strerror(errno));
    if (fclose(file) && !result)
        result = alx_report_fail(err, ALX_IO, "%s: cannot be written: %s", j->path, strerror(errno));
    return result;
}

/* Where the bytes go: a link keeps pointing where it does, its target is replaced.  Only a regular file
 * is ever replaced: a rename over a device or a pipe would destroy it.  Release target with free. */
static alx_status find_target(char **target, const char *path, alx_error *err)
{
    struct stat old;
    *target = NULL;
    const bool exists = stat(path, &old) == 0;
    if (exists && !S_ISREG(old.st_mode))
        return alx_report_fail(err, ALX_IO, "%s: is %s; name a file", path,
                               S_ISDIR(old.st_mode) ? "a folder" : "not a regular file");
    if (!exists && lstat(path, &old) == 0)
        return alx_report_fail(err, ALX_IO, "%s: is a link to nothing; remove it or name another file", path);
    *target = exists ? realpath(path, NULL) : strdup(path);
    return *target ? ALX_OK : alx_report_fail(err, ALX_IO, "%s: cannot be made: %s", path, strerror(errno));
}

/* To the target by way of a temporary beside it. */
static alx_status write_target(const char *target, const job *j, alx_error *err)
{
    const size_t size = strlen(target) + 32;
    char *temporary = malloc(size);
    if (!temporary) return alx_report_fail(err, ALX_NO_MEMORY, "out of memory: %zu bytes", size);
    snprintf(temporary, size, "%s.tmp-%ld", target, (long)getpid());
    alx_status result = ALX_OK;
    FILE *file = fopen(temporary, "wb");
    if (!file) {
        result = alx_report_fail(err, ALX_IO, "%s: cannot be made: %s", j->path, strerror(errno));
    } else {
        flock(fileno(file), LOCK_EX | LOCK_NB); /* who tidies up a run's folder sees that it is being written */
        result = write_whole(file, j, err);
        if (!result && rename(temporary, target))
            result = alx_report_fail(err, ALX_IO, "%s: cannot be replaced: %s", j->path, strerror(errno));
        if (result)
            unlink(temporary);
        else
            result = sync_folder(target, j->path, err);
    }
    free(temporary);
    return result;
}

alx_status alx_whole_file(const char *path, alx_status (*write)(FILE *file, const void *context, alx_error *err),
                          const void *context, alx_error *err)
{
    const job j = {path, write, context};
    char *target;
    alx_status result = find_target(&target, path, err);
    if (!result) result = write_target(target, &j, err);
    free(target);
    return result;
}

typedef struct span {
    const char *bytes;
    size_t count;
} span;

static alx_status write_span(FILE *file, const void *context, alx_error *err)
{
    const span *s = context;
    return fwrite(s->bytes, 1, s->count, file) == s->count
               ? ALX_OK
               : alx_report_fail(err, ALX_IO, "cannot be written: %s; is the disk full?", strerror(errno));
}

alx_status alx_whole_file_bytes(const char *path, const char *bytes, size_t count, alx_error *err)
{
    const span s = {bytes, count};
    return alx_whole_file(path, write_span, &s, err);
}
