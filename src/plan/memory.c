/* Where everything lies: lifetimes of slots packed into one arena, and the arena itself. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "plan/plan.h"

enum { ALIGNMENT = 64, HUGE_PAGE = 2 << 20 };

/* ---- Lifetimes ---- */

static int root_of(const alx_build *build, int slot)
{
    while (build->slots[slot].kind == ALX_SLOT_ALIAS) slot = build->slots[slot].alias;
    return slot;
}

static void extend(alx_slot *root, const alx_slot *by)
{
    if (by->first >= 0 && (root->first < 0 || by->first < root->first)) root->first = by->first;
    if (by->last > root->last) root->last = by->last;
}

static void merge_lifetimes(alx_build *build)
{
    for (int i = 0; i < build->slot_count; i++) {
        alx_slot *slot = &build->slots[i];
        if (slot->result) slot->last = INT_MAX;
    }
    for (int i = 0; i < build->slot_count; i++)
        if (build->slots[i].kind == ALX_SLOT_ALIAS) {
            alx_slot *root = &build->slots[root_of(build, i)];
            extend(root, &build->slots[i]);
            root->result |= build->slots[i].result;
        }
    /* An output takes over the memory of an input that ends with its step. */
    for (int i = 0; i < build->step_count; i++) {
        alx_step *step = &build->steps[i];
        if (step->in_place < 0) continue;
        int in = root_of(build, step->args[step->in_place].slot), out = step->args[step->in_place + 1].slot;
        alx_slot *from = &build->slots[in], *to = &build->slots[out];
        if (from->kind != ALX_SLOT_ARENA || to->kind != ALX_SLOT_ARENA || from->last != i || to->first != i ||
            from->bytes != to->bytes)
            continue;
        extend(from, to);
        from->result |= to->result;
        to->kind = ALX_SLOT_ALIAS;
        to->alias = in;
    }
}

/* ---- Places ---- */

typedef struct place {
    int slot;
    size_t bytes;
} place;

static int larger_first(const void *a, const void *b)
{
    const place *x = a, *y = b;
    if (x->bytes != y->bytes) return x->bytes < y->bytes ? 1 : -1;
    return x->slot - y->slot;
}

static bool overlap(const alx_slot *a, const alx_slot *b)
{
    return a->first <= b->last && b->first <= a->last;
}

/* First fit, the largest first: each slot takes the lowest gap between the slots that are placed already and live
 * at the same time. */
static size_t place_slot(const alx_build *build, const place *placed, int count, int slot, size_t bytes)
{
    size_t offset = 0;
    bool moved = true;
    while (moved) {
        moved = false;
        for (int i = 0; i < count; i++) {
            const alx_slot *other = &build->slots[placed[i].slot];
            if (!overlap(&build->slots[slot], other)) continue;
            if (offset < other->offset + placed[i].bytes && other->offset < offset + bytes) {
                offset = other->offset + placed[i].bytes;
                moved = true;
            }
        }
    }
    return offset;
}

alx_status alx_memory_plan(alx_build *build, size_t *arena_bytes, size_t *packed_bytes, alx_error *err)
{
    merge_lifetimes(build);
    place *order = alx_calloc((size_t)build->slot_count, sizeof *order, err);
    if (!order) return ALX_NO_MEMORY;
    int count = 0;
    *arena_bytes = *packed_bytes = 0;
    for (int i = 0; i < build->slot_count; i++) {
        alx_slot *slot = &build->slots[i];
        size_t bytes = (slot->bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        if (slot->kind == ALX_SLOT_PACKED) {
            slot->offset = *packed_bytes;
            *packed_bytes += bytes;
        } else if (slot->kind == ALX_SLOT_ARENA && slot->first >= 0) {
            order[count++] = (place){i, bytes};
        }
    }
    qsort(order, (size_t)count, sizeof *order, larger_first);
    for (int i = 0; i < count; i++) {
        alx_slot *slot = &build->slots[order[i].slot];
        slot->offset = place_slot(build, order, i, order[i].slot, order[i].bytes);
        if (slot->offset + order[i].bytes > *arena_bytes) *arena_bytes = slot->offset + order[i].bytes;
    }
    free(order);
    return ALX_OK;
}

/* ---- Large memory ---- */

void *alx_memory_reserve(size_t bytes, int threads)
{
    if (bytes == 0) bytes = 1;
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return NULL;
#ifdef MADV_HUGEPAGE
    madvise(memory, bytes, MADV_HUGEPAGE);
#endif
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

/* The number in a one-line file, or none ("max"). */
static bool read_number(const char *path, uint64_t *value)
{
    FILE *file = fopen(path, "re");
    if (!file) return false;
    unsigned long long number;
    bool ok = fscanf(file, "%llu", &number) == 1;
    fclose(file);
    *value = number;
    return ok;
}

uint64_t alx_memory_available(void)
{
    uint64_t available = UINT64_MAX, limit, used;
    FILE *file = fopen("/proc/meminfo", "re");
    char line[128];
    while (file && fgets(line, sizeof line, file)) {
        unsigned long long kib;
        if (sscanf(line, "MemAvailable: %llu kB", &kib) == 1) available = (uint64_t)kib * 1024;
    }
    if (file) fclose(file);
    if (read_number("/sys/fs/cgroup/memory.max", &limit) && read_number("/sys/fs/cgroup/memory.current", &used)) {
        uint64_t rest = limit > used ? limit - used : 0;
        if (rest < available) available = rest;
    }
    return available;
}
