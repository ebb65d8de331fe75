/* Files: bounded reads, and writes that are whole or not at all. */
#ifndef ALX_BASE_FILE_H
#define ALX_BASE_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

/* The whole of a regular file of at most max bytes.  One NUL byte that is not
 * counted follows the data.  Folders, FIFOs and devices are refused.  Release with free. */
alx_status alx_file_read(uint8_t **bytes, size_t *count, const char *path, size_t max, alx_error *err);

/* A regular file, opened for reading.  Close it with close(). */
alx_status alx_file_open(int *fd, uint64_t *size, const char *path, alx_error *err);
/* count bytes from offset, through short reads and EINTR; a file that ends before is an error that names path. */
alx_status alx_file_read_at(int fd, void *bytes, size_t count, uint64_t offset, const char *path, alx_error *err);

/* Asks the system to have the file in memory soon, and does not wait for it; what is wrong with the file is found out
 * by who reads it. */
void alx_file_read_ahead(const char *path);

bool alx_file_exists(const char *path);
bool alx_file_is_folder(const char *path);
/* mkdir -p; what is made survives a power cut. */
alx_status alx_file_make_folder(const char *path, alx_error *err);
/* "a" + "b/c" -> "a/b/c"; an absolute name stays itself.  Release with free; NULL when memory runs out. */
char *alx_file_join(const char *folder, const char *name, alx_error *err);
/* The folder part of a path, "." when it has none.  Release with free. */
char *alx_file_folder(const char *path, alx_error *err);
/* The part behind the last slash. */
const char *alx_file_name(const char *path);
/* Free bytes for us on the file system that holds path (or its nearest existing parent). */
alx_status alx_file_free_space(uint64_t *bytes, const char *path, alx_error *err);

/* A file that appears whole or not at all: a temporary in the same folder is
 * written, synced, renamed over the target, and the folder synced.  Until commit
 * succeeds the old file stays as it was. */
typedef struct alx_atomic_file {
    int fd;
    char *path;      /* the target, links followed */
    char *temporary; /* path + ".tmp-PID" */
    char *previous;  /* what the old file is called from commit on; NULL: it goes */
} alx_atomic_file;

/* An existing target keeps its permissions; a target that is no regular file (a device, a
 * folder) and one that someone else is writing are refused. */
alx_status alx_atomic_open(alx_atomic_file *file, const char *path, alx_error *err);
/* Writes all of it, through short writes and EINTR. */
alx_status alx_atomic_write(alx_atomic_file *file, const void *bytes, size_t count, alx_error *err);
/* The same over bytes written before, from the given offset. */
alx_status alx_atomic_write_at(alx_atomic_file *file, const void *bytes, size_t count, uint64_t offset, alx_error *err);
/* The file that is replaced stays, as `previous` in the same file system, whose own old file goes.  At each moment path
 * or previous is a whole file. */
alx_status alx_atomic_keep_old(alx_atomic_file *file, const char *previous, alx_error *err);
/* fsync, rename, fsync of the folder; releases file whatever happens. */
alx_status alx_atomic_commit(alx_atomic_file *file, alx_error *err);
/* Removes the temporary; harmless after commit or on a zeroed file with fd -1. */
void alx_atomic_abort(alx_atomic_file *file);
/* On Linux a folder's new names are on the disk when the folder is: the one that path lies in.  ALX_IO when the system
 * says that it could not; that it cannot with folders at all is no error. */
alx_status alx_file_sync_folder(const char *path, alx_error *err);
/* open, write, commit */
alx_status alx_file_write(const char *path, const void *bytes, size_t count, alx_error *err);

#endif
