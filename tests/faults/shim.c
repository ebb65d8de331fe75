/* Faults on order, for tests: an LD_PRELOAD library that stands between the program and what changes files.
 *
 *   FAULTS_UNDER   a folder, by its real path: calls on what lies in it are counted, from 1
 *   FAULTS_AT      the number of the call that goes wrong; 0 or missing: none
 *   FAULTS_KIND    how: the name of an error (ENOSPC, EIO ...), SHORT (half of a write is done), KILL (the process
 *                  is killed in place of the call)
 *   FAULTS_STAY    1: all later calls go wrong in the same way, as on a disk that stays full
 *   FAULTS_LOG     a file to which each call that was made is written, with its data, for power_loss.py to replay
 *
 * Counted are open (for writing, or of a folder), write, pwrite, fsync, ftruncate, close, rename, link, unlink, mkdir.
 * A stream that is opened for writing becomes one of ours, since the writes inside of the C library cannot be stood
 * between. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST = 1024, SHORT = -1, KILL = -2 };

static struct {
    char under[PATH_MAX];
    size_t length;
    long at, count;
    int kind;
    int stay;
    int log;
} faults = {.log = -1};
static char *paths[MOST];   /* by descriptor: what lies under the folder */
static FILE *streams[MOST]; /* ours, by descriptor */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static int read_kind(const char *name)
{
    static const struct {
        const char *name;
        int kind;
    } kinds[] = {{"ENOSPC", ENOSPC}, {"EIO", EIO},     {"EDQUOT", EDQUOT}, {"EROFS", EROFS},
                 {"EINTR", EINTR},   {"SHORT", SHORT}, {"KILL", KILL}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (!strcmp(kinds[i].name, name)) return kinds[i].kind;
    fprintf(stderr, "FAULTS_KIND=%s is not known\n", name);
    _exit(99);
}

__attribute__((constructor)) static void begin(void)
{
    const char *under = getenv("FAULTS_UNDER"), *at = getenv("FAULTS_AT"), *kind = getenv("FAULTS_KIND");
    const char *stay = getenv("FAULTS_STAY"), *log = getenv("FAULTS_LOG");
    if (!under) return;
    faults.length = (size_t)snprintf(faults.under, sizeof faults.under, "%s", under);
    faults.at = at ? atol(at) : 0;
    faults.kind = kind ? read_kind(kind) : EIO;
    faults.stay = stay && *stay == '1';
    if (log) faults.log = REAL(open)(log, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0666);
}

/* The whole path, when it lies under the folder; NULL: it does not concern us. */
static const char *ours(char whole[PATH_MAX], const char *path)
{
    if (!faults.length) return NULL;
    if (path[0] == '/') {
        snprintf(whole, PATH_MAX, "%s", path);
    } else {
        char here[PATH_MAX];
        if (!getcwd(here, sizeof here) || snprintf(whole, PATH_MAX, "%s/%s", here, path) >= PATH_MAX) return NULL;
    }
    const char *rest = whole + faults.length;
    return !strncmp(whole, faults.under, faults.length) && (!*rest || *rest == '/') ? whole : NULL;
}

static const char *path_of(int fd)
{
    return fd >= 0 && fd < MOST ? paths[fd] : NULL;
}

static void remember(int fd, const char *path)
{
    if (fd < 0 || fd >= MOST) return;
    free(paths[fd]);
    paths[fd] = path ? strdup(path) : NULL;
}

/* "write\tPATH\tOTHER\tOFFSET\tCOUNT\n" and the bytes; "!write" when it was refused, so that lines are numbers. */
static void record(int result, const char *what, const char *path, const char *other, long long offset,
                   const void *bytes, size_t count)
{
    if (faults.log < 0) return;
    if (result < 0) count = 0;
    dprintf(faults.log, "%s%s\t%s\t%s\t%lld\t%zu\n", result < 0 ? "!" : "", what, path, other, offset, count);
    if (count && REAL(write)(faults.log, bytes, count) != (ssize_t)count) _exit(99);
}

/* Counts a call; what is to go wrong in it, 0: nothing.  takes: it may need room, so that a full disk concerns it. */
static int fault(int takes)
{
    faults.count++;
    if (!takes && (faults.kind == ENOSPC || faults.kind == EDQUOT)) return 0;
    const int now = faults.at && (faults.count == faults.at || (faults.stay && faults.count > faults.at));
    if (now && faults.kind == KILL) raise(SIGKILL);
    return now ? faults.kind : 0;
}

/* Calls that are done or not.  SHORT is of writes alone. */
#define CALL(takes, done, ...)                                                                                         \
    do {                                                                                                               \
        pthread_mutex_lock(&mutex);                                                                                    \
        const int wrong = fault(takes);                                                                                \
        int result = wrong > 0 ? -1 : (done);                                                                          \
        int code = wrong > 0 ? wrong : errno;                                                                          \
        record(result, __VA_ARGS__);                                                                                   \
        pthread_mutex_unlock(&mutex);                                                                                  \
        errno = code;                                                                                                  \
        return result;                                                                                                 \
    } while (0)

static int open_counted(const char *path, int flags, mode_t mode)
{
    pthread_mutex_lock(&mutex);
    const int wrong = fault(!(flags & O_DIRECTORY));
    int fd = wrong > 0 ? -1 : REAL(open)(path, flags, mode);
    const int code = wrong > 0 ? wrong : errno;
    if (fd >= 0) remember(fd, path);
    record(fd, flags & O_DIRECTORY ? "folder" : flags & O_TRUNC ? "empty" : "open", path, "", 0, NULL, 0);
    pthread_mutex_unlock(&mutex);
    errno = code;
    return fd;
}

int open(const char *path, int flags, ...)
{
    char whole[PATH_MAX];
    mode_t mode = 0;
    if (flags & O_CREAT) {
        va_list arguments;
        va_start(arguments, flags);
        mode = va_arg(arguments, mode_t);
        va_end(arguments);
    }
    const int counts = (flags & O_ACCMODE) != O_RDONLY || flags & O_DIRECTORY;
    if (!counts || !ours(whole, path)) return REAL(open)(path, flags, mode);
    return open_counted(whole, flags, mode);
}

int open64(const char *path, int flags, ...) __attribute__((alias("open")));

static ssize_t write_counted(int fd, const void *bytes, size_t count, off_t offset)
{
    pthread_mutex_lock(&mutex);
    const int wrong = fault(1);
    const size_t part = wrong == SHORT && count > 1 ? count / 2 : count;
    const off_t place = offset >= 0 ? offset : lseek(fd, 0, SEEK_CUR);
    ssize_t put = wrong > 0 ? -1 : offset >= 0 ? REAL(pwrite)(fd, bytes, part, offset) : REAL(write)(fd, bytes, part);
    const int code = wrong > 0 ? wrong : errno;
    record(put < 0 ? -1 : 0, "write", path_of(fd), "", (long long)place, bytes, put > 0 ? (size_t)put : 0);
    pthread_mutex_unlock(&mutex);
    errno = code;
    return put;
}

ssize_t write(int fd, const void *bytes, size_t count)
{
    return path_of(fd) ? write_counted(fd, bytes, count, -1) : REAL(write)(fd, bytes, count);
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset)
{
    return path_of(fd) ? write_counted(fd, bytes, count, offset) : REAL(pwrite)(fd, bytes, count, offset);
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off_t offset) __attribute__((alias("pwrite")));

int fsync(int fd)
{
    const char *path = path_of(fd);
    if (!path) return REAL(fsync)(fd);
    CALL(1, REAL(fsync)(fd), "fsync", path, "", 0, NULL, 0);
}

int ftruncate(int fd, off_t size)
{
    const char *path = path_of(fd);
    if (!path) return REAL(ftruncate)(fd, size);
    CALL(1, REAL(ftruncate)(fd, size), "truncate", path, "", (long long)size, NULL, 0);
}

int ftruncate64(int fd, off_t size) __attribute__((alias("ftruncate")));

/* The descriptor is closed whatever is said. */
int close(int fd)
{
    if (!path_of(fd)) return REAL(close)(fd);
    pthread_mutex_lock(&mutex);
    const int wrong = fault(0);
    record(0, "close", path_of(fd), "", 0, NULL, 0);
    remember(fd, NULL);
    const int result = REAL(close)(fd), code = errno;
    pthread_mutex_unlock(&mutex);
    errno = wrong > 0 ? wrong : code;
    return wrong > 0 ? -1 : result;
}

int rename(const char *from, const char *to)
{
    char a[PATH_MAX], b[PATH_MAX];
    if (!ours(a, from) || !ours(b, to)) return REAL(rename)(from, to);
    CALL(1, REAL(rename)(from, to), "rename", a, b, 0, NULL, 0);
}

int link(const char *from, const char *to)
{
    char a[PATH_MAX], b[PATH_MAX];
    if (!ours(a, from) || !ours(b, to)) return REAL(link)(from, to);
    CALL(1, REAL(link)(from, to), "link", a, b, 0, NULL, 0);
}

int unlink(const char *path)
{
    char whole[PATH_MAX];
    if (!ours(whole, path)) return REAL(unlink)(path);
    CALL(0, REAL(unlink)(path), "unlink", whole, "", 0, NULL, 0);
}

int unlinkat(int folder, const char *name, int flags)
{
    char link_name[64], path[PATH_MAX], whole[PATH_MAX];
    snprintf(link_name, sizeof link_name, "/proc/self/fd/%d", folder);
    const ssize_t length = readlink(link_name, path, sizeof path - 1);
    if (length < 0 || (size_t)length + strlen(name) + 2 > sizeof path) return REAL(unlinkat)(folder, name, flags);
    path[length] = '/';
    strcpy(path + length + 1, name);
    if (!ours(whole, path)) return REAL(unlinkat)(folder, name, flags);
    CALL(0, REAL(unlinkat)(folder, name, flags), "unlink", whole, "", 0, NULL, 0);
}

int mkdir(const char *path, mode_t mode)
{
    char whole[PATH_MAX];
    if (!ours(whole, path)) return REAL(mkdir)(path, mode);
    CALL(1, REAL(mkdir)(path, mode), "mkdir", whole, "", 0, NULL, 0);
}

/* ---- Streams ---- */

static ssize_t stream_write(void *cookie, const char *bytes, size_t count)
{
    const int fd = (int)(long)cookie;
    size_t done = 0;
    while (done < count) { /* as the C library does */
        const ssize_t put = write(fd, bytes + done, count - done);
        if (put <= 0) break;
        done += (size_t)put;
    }
    return (ssize_t)done; /* less than count is an error, with errno */
}

static int stream_close(void *cookie)
{
    const int fd = (int)(long)cookie;
    streams[fd] = NULL;
    return close(fd);
}

FILE *fopen(const char *path, const char *mode)
{
    char whole[PATH_MAX];
    if (mode[0] == 'r' || !ours(whole, path)) return REAL(fopen)(path, mode);
    const int flags =
        O_WRONLY | O_CREAT | O_CLOEXEC | (mode[0] == 'a' ? O_APPEND : O_TRUNC) | (strchr(mode, 'x') ? O_EXCL : 0);
    const int fd = open_counted(whole, flags, 0666);
    if (fd < 0 || fd >= MOST) return NULL;
    return streams[fd] = fopencookie((void *)(long)fd, mode[0] == 'a' ? "a" : "w",
                                     (cookie_io_functions_t){.write = stream_write, .close = stream_close});
}

FILE *fopen64(const char *path, const char *mode) __attribute__((alias("fopen")));

int fileno(FILE *stream)
{
    for (int fd = 0; stream && fd < MOST; fd++)
        if (streams[fd] == stream) return fd;
    return REAL(fileno)(stream);
}
