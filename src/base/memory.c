#include "base/memory.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { HUGE_PAGE = 2 << 20 };

void *alx_memory_reserve(size_t bytes, int threads)
{
    if (bytes == 0) bytes = 1;
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return NULL;
#ifdef MADV_HUGEPAGE
    madvise(memory, bytes, MADV_HUGEPAGE);
#endif
    if (threads <= 0) return memory;
    /* First touch in parallel: fresh pages cost more than the arithmetic on them. */
    const int64_t pieces = (int64_t)((bytes + HUGE_PAGE - 1) / HUGE_PAGE);
#pragma omp parallel for schedule(static) num_threads(threads)
    for (int64_t i = 0; i < pieces; i++) {
        size_t begin = (size_t)i * HUGE_PAGE, size = bytes - begin < HUGE_PAGE ? bytes - begin : HUGE_PAGE;
        memset((char *)memory + begin, 0, size);
    }
    return memory;
}

void alx_memory_release(void *memory, size_t bytes)
{
    if (memory) munmap(memory, bytes ? bytes : 1);
}

/* The first number behind `key` in a small text file ("" for the first of all); false when there is none ("max"). */
static bool read_number(const char *path, const char *key, uint64_t *value)
{
    FILE *file = fopen(path, "re");
    char line[128];
    bool found = false;
    while (file && !found && fgets(line, sizeof line, file)) {
        if (strncmp(line, key, strlen(key)) != 0) continue;
        char *end;
        *value = strtoull(line + strlen(key), &end, 10);
        found = end != line + strlen(key);
    }
    if (file) fclose(file);
    return found;
}

uint64_t alx_memory_available(void)
{
    uint64_t available = UINT64_MAX, kib, limit, used;
    if (read_number("/proc/meminfo", "MemAvailable:", &kib)) available = kib * 1024;
    if (read_number("/sys/fs/cgroup/memory.max", "", &limit) &&
        read_number("/sys/fs/cgroup/memory.current", "", &used)) {
        /* The page cache counts as used there, and goes when memory is wanted. */
        uint64_t active = 0, inactive = 0;
        read_number("/sys/fs/cgroup/memory.stat", "active_file ", &active);
        read_number("/sys/fs/cgroup/memory.stat", "inactive_file ", &inactive);
        uint64_t cache = active + inactive, taken = used > cache ? used - cache : 0;
        uint64_t rest = limit > taken ? limit - taken : 0;
        if (rest < available) available = rest;
    }
    return available;
}
