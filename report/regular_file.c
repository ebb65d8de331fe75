#include "report/regular_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

FILE *alx_regular_file(const char *path, long long *size)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return NULL;
    struct stat info;
    FILE *file = NULL;
    if (fstat(fd, &info) == 0 && !S_ISREG(info.st_mode))
        errno = EINVAL;
    else
        file = fdopen(fd, "rb");
    if (!file) {
        const int code = errno;
        close(fd);
        errno = code;
        return NULL;
    }
    if (size) *size = (long long)info.st_size;
    return file;
}
