#include "train/run_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"

static const char runs[] = "runs";
static const char *const run_files[] = {ALX_RUN_RECIPE,  ALX_RUN_MODEL, ALX_RUN_SPLIT, ALX_RUN_METRICS,
                                        ALX_RUN_SUMMARY, ALX_RUN_BEST,  ALX_RUN_LAST,  ALX_RUN_PREVIOUS};
enum { FILE_COUNT = sizeof run_files / sizeof run_files[0], MAX_RUNS = 1000000 };

char *alx_run_folder_file(const alx_run_folder *folder, const char *name, alx_error *err)
{
    return alx_file_join(folder->path, name, err);
}

static alx_status fail_errno(const char *path, alx_error *err)
{
    int code = errno;
    alx_printable name;
    return alx_fail(err, ALX_IO, "%s: cannot be made: %s; choose another folder with --out",
                    alx_text_printable(path, name), strerror(code));
}

/* best.safetensors.tmp-123; also of the report, which does not ask for the folder's lock. */
static bool is_temporary(const char *name)
{
    static const char report[] = "report.html";
    for (int i = 0; i <= FILE_COUNT; i++) {
        const char *file = i < FILE_COUNT ? run_files[i] : report;
        const size_t length = strlen(file);
        if (strncmp(name, file, length) == 0 && strncmp(name + length, ".tmp-", 5) == 0) return true;
    }
    return false;
}

/* Its writer holds a lock on it while he lives. */
static bool is_abandoned(int folder, const char *name)
{
    const int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    const bool abandoned = fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0;
    if (fd >= 0) close(fd);
    return abandoned;
}

/* Half-written files of a process that was killed.  Only under the folder's lock. */
static void remove_temporaries(const char *folder)
{
    DIR *dir = opendir(folder);
    for (struct dirent *entry; dir && (entry = readdir(dir));)
        if (is_temporary(entry->d_name) && is_abandoned(dirfd(dir), entry->d_name))
            unlinkat(dirfd(dir), entry->d_name, 0);
    if (dir) closedir(dir);
}

/* One process at a time.  Where a file system knows no locks we go without. */
static alx_status lock_folder(alx_run_folder *folder, alx_error *err)
{
    folder->lock = open(folder->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    alx_printable name;
    if (folder->lock < 0)
        return alx_fail(err, ALX_IO, "%s: cannot be read: %s; choose another folder with --out",
                        alx_text_printable(folder->path, name), strerror(errno));
    bool locked = flock(folder->lock, LOCK_EX | LOCK_NB) == 0;
    if (locked) remove_temporaries(folder->path);
    if (locked || errno != EWOULDBLOCK) return ALX_OK;
    return alx_fail(err, ALX_IO,
                    "%s: another process is writing this run; wait for it or choose another folder with --out",
                    alx_text_printable(folder->path, name));
}

/* mkdir either makes the folder or says that someone else has: two processes cannot get one number. */
static alx_status make_numbered(alx_run_folder *folder, alx_error *err)
{
    ALX_TRY(alx_file_make_folder(runs, err));
    for (int n = 1; n <= MAX_RUNS; n++) {
        char path[64];
        snprintf(path, sizeof path, "%s/%d", runs, n);
        if (mkdir(path, 0777) == 0) {
            folder->made = true;
            folder->path = alx_strdup(path, err);
            return folder->path ? alx_file_sync_folder(path, err) : ALX_NO_MEMORY;
        }
        if (errno != EEXIST) return fail_errno(path, err);
    }
    return alx_fail(err, ALX_IO, "%s: holds a million runs; choose a folder with --out", runs);
}

static bool holds(const char *folder, const char *name)
{
    char *file = alx_file_join(folder, name, NULL);
    const bool there = file && alx_file_exists(file);
    free(file);
    return there;
}

static bool holds_run(const char *folder)
{
    bool found = false;
    for (int i = 0; i < FILE_COUNT && !found; i++) found = holds(folder, run_files[i]);
    return found;
}

bool alx_run_folder_was_saved(const char *folder)
{
    return holds(folder, ALX_RUN_LAST) || holds(folder, ALX_RUN_PREVIOUS);
}

static void remove_files(const alx_run_folder *folder)
{
    for (int i = 0; i < FILE_COUNT; i++) {
        char *file = alx_run_folder_file(folder, run_files[i], NULL);
        if (file) unlink(file);
        free(file);
    }
}

alx_status alx_run_folder_check(const char *out, bool overwrite, alx_error *err)
{
    if (!out || overwrite || !holds_run(out)) return ALX_OK;
    alx_printable name;
    return alx_fail(err, ALX_USAGE,
                    "%s: holds a run; pass --overwrite to replace it, --resume to continue it, or another --out",
                    alx_text_printable(out, name));
}

/* The real path of the nearest folder above path, or path itself, that exists. */
static char *nearest_real(const char *path, alx_error *err)
{
    char *at = alx_strdup(path, err), *real = NULL;
    while (at && !(real = realpath(at, NULL)) && strcmp(at, ".") != 0 && strcmp(at, "/") != 0) {
        char *parent = alx_file_folder(at, err);
        free(at);
        at = parent;
    }
    free(at);
    return real;
}

alx_status alx_run_folder_outside(const char *out, const char *images, alx_error *err)
{
    char *real = nearest_real(out ? out : runs, err), *above = realpath(images, NULL);
    const size_t length = above ? strlen(above) : 0;
    const bool inside = real && above && strncmp(real, above, length) == 0 && (!real[length] || real[length] == '/');
    free(real);
    free(above);
    if (!inside) return ALX_OK;
    alx_printable name, data;
    return alx_fail(err, ALX_USAGE,
                    "%s: the run would lie among the images of %s, and the next run would take it for a class; choose "
                    "a folder elsewhere with --out",
                    alx_text_printable(out ? out : runs, name), alx_text_printable(images, data));
}

static alx_status make_named(alx_run_folder *folder, const char *out, bool overwrite, alx_error *err)
{
    ALX_TRY(alx_run_folder_check(out, overwrite, err));
    folder->path = alx_strdup(out, err);
    if (!folder->path) return ALX_NO_MEMORY;
    folder->made = !alx_file_exists(out);
    return alx_file_make_folder(out, err);
}

alx_status alx_run_folder_create(alx_run_folder *folder, const char *out, bool overwrite, alx_error *err)
{
    *folder = (alx_run_folder){.lock = -1};
    alx_status status = out ? make_named(folder, out, overwrite, err) : make_numbered(folder, err);
    if (!status) status = lock_folder(folder, err);
    if (!status)
        remove_files(folder); /* of an older run */
    else
        alx_run_folder_finish(folder, false);
    return status;
}

alx_status alx_run_folder_open(alx_run_folder *folder, const char *path, alx_error *err)
{
    *folder = (alx_run_folder){.lock = -1};
    alx_printable name;
    if (!alx_file_is_folder(path))
        return alx_fail(err, ALX_USAGE, "%s: no such run folder", alx_text_printable(path, name));
    folder->path = alx_strdup(path, err);
    if (!folder->path) return ALX_NO_MEMORY;
    alx_status status = lock_folder(folder, err);
    if (!status && !alx_run_folder_was_saved(path))
        status =
            alx_fail(err, ALX_USAGE, "%s: no %s in it, so there is nothing to resume; train its recipe.yaml instead",
                     alx_text_printable(path, name), ALX_RUN_LAST);
    if (status) alx_run_folder_finish(folder, false);
    return status;
}

void alx_run_folder_finish(alx_run_folder *folder, bool undo)
{
    if (folder->path && folder->made && undo) {
        remove_files(folder);
        rmdir(folder->path); /* fails, rightly, when there is more in it */
    }
    if (folder->lock >= 0) close(folder->lock);
    free(folder->path);
    *folder = (alx_run_folder){.lock = -1};
}

/* ---- Room on the disk ---- */

static uint64_t file_size(const char *folder, const char *name)
{
    struct stat info;
    char *path = alx_file_join(folder, name, NULL);
    uint64_t size = path && stat(path, &info) == 0 && S_ISREG(info.st_mode) ? (uint64_t)info.st_size : 0;
    free(path);
    return size;
}

alx_status alx_run_check_space(const char *out, uint64_t weights, uint64_t state, alx_error *err)
{
    /* best; with the optimizer's state last, previous, and the temporary from which the next last comes; a little for
     * the rest */
    const uint64_t rest = 1 << 20, need = weights + 3 * (weights + state) + rest;
    const char *folder = out ? out : runs;
    uint64_t available;
    ALX_TRY(alx_file_free_space(&available, folder, err));
    if (out)
        available += file_size(out, ALX_RUN_BEST) + file_size(out, ALX_RUN_LAST) + file_size(out, ALX_RUN_PREVIOUS);
    if (available >= need) return ALX_OK;
    const double mib = 0x1p20;
    alx_printable name;
    return alx_fail(
        err, ALX_IO,
        "%s: a run needs %.0f MiB for its checkpoints and %.0f MiB are free; make room or choose a folder on "
        "another disk with --out",
        alx_text_printable(folder, name), (double)need / mib, (double)available / mib);
}
