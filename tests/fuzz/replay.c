/* replay MIB FILE|FOLDER...: each file, and each cut at every tenth byte, through a fuzz target, as libFuzzer would
 * pass it, with any compiler.  The process may take MIB more memory than it begins with, so that a claim that is
 * believed fails; a sanitizer, which takes terabytes of addresses, has libFuzzer's limits instead. */
#include <dirent.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "fuzz/fuzz.h"

static void limit_memory(long mib)
{
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file || fscanf(file, "%ld", &pages) != 1) exit(1);
    fclose(file);
    const rlim_t bytes = (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE) + ((rlim_t)mib << 20);
    if (setrlimit(RLIMIT_AS, &(struct rlimit){bytes, bytes}) != 0) exit(1);
#else
    (void)mib;
#endif
}

/* An input of its own size, behind which a sanitizer sees a read. */
static void pass(const uint8_t *bytes, size_t count)
{
    uint8_t *exact = malloc(count ? count : 1);
    if (!exact) exit(1);
    memcpy(exact, bytes, count);
    LLVMFuzzerTestOneInput(exact, count);
    free(exact);
}

static int replay(const char *path)
{
    enum { MOST = 16 << 20 };
    uint8_t *bytes;
    size_t count;
    alx_error err;
    if (alx_file_read(&bytes, &count, path, MOST, &err)) return fprintf(stderr, "%s\n", err.message), 0;
    pass(bytes, count);
    for (size_t n = 0; n<count; n += count / 200> 10 ? count / 200 : 10) pass(bytes, n);
    free(bytes);
    return 1;
}

static int replay_folder(const char *folder)
{
    DIR *dir = opendir(folder);
    if (!dir) return fprintf(stderr, "%s: cannot be read\n", folder), 0;
    int good = 1;
    for (struct dirent *entry; (entry = readdir(dir)) && good;) {
        char path[4096];
        if (entry->d_name[0] == '.') continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        fprintf(stderr, "%s\n", path); /* the last one that is named is the one that failed */
        good = replay(path);
    }
    closedir(dir);
    return good;
}

int main(int argc, char **argv)
{
    if (argc < 3) return fprintf(stderr, "usage: replay MIB FILE|FOLDER...\n"), 2;
    limit_memory(strtol(argv[1], NULL, 10));
    for (int i = 2; i < argc; i++) {
        struct stat info;
        const int folder = stat(argv[i], &info) == 0 && S_ISDIR(info.st_mode);
        if (!(folder ? replay_folder(argv[i]) : replay(argv[i]))) return 1;
    }
    return 0;
}
