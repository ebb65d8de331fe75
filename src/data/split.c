#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "data/source.h"

/* How many of n images a share takes: rounded, but neither side of two or more stays empty. */
static int64_t share_of(int64_t n, double share)
{
    if (share <= 0.0 || n < 2) return 0;
    int64_t taken = llround((double)n * share);
    if (taken < 1) taken = 1;
    return taken < n ? taken : n - 1;
}

/* Sets mark[i] for the images that are taken; returns how many.  order is scratch. */
static int64_t mark_taken(const alx_sample_list *list, double share, uint64_t seed, char *mark, int64_t *order)
{
    int64_t taken = 0;
    for (int64_t first = 0, end; first < list->count; first = end) {
        int label = list->samples[first].label;
        for (end = first; end < list->count && list->samples[end].label == label;) end++;
        int64_t wanted = share_of(end - first, share);
        if (wanted == 0) continue;
        alx_rng_permute(order, end - first, seed, ALX_RNG_SPLIT, 0, (uint32_t)label);
        for (int64_t i = 0; i < wanted; i++) mark[first + order[i]] = 1;
        taken += wanted;
    }
    return taken;
}

/* The class names and room for count samples. */
static alx_status start_list(alx_sample_list *to, const alx_sample_list *from, int64_t count, alx_error *err)
{
    to->class_names = alx_arena_alloc(&to->arena, (size_t)from->class_count, sizeof *to->class_names, err);
    to->samples = alx_arena_alloc(&to->arena, (size_t)count, sizeof *to->samples, err);
    if (!to->class_names || !to->samples) return ALX_NO_MEMORY;
    for (int c = 0; c < from->class_count; c++, to->class_count++)
        if (!(to->class_names[c] = alx_arena_strdup(&to->arena, from->class_names[c], err))) return ALX_NO_MEMORY;
    return ALX_OK;
}

alx_status alx_split_stratified(alx_sample_list *list, alx_sample_list *taken, double share, uint64_t seed,
                                alx_error *err)
{
    *taken = (alx_sample_list){0};
    if (!(share >= 0.0 && share <= 1.0))
        return alx_fail(err, ALX_USAGE, "validation_split %g; it is a share between 0 and 1", share);
    char *mark = alx_calloc((size_t)list->count, 1, err);
    int64_t *order = alx_calloc((size_t)list->count, sizeof *order, err);
    alx_status status = mark && order ? ALX_OK : ALX_NO_MEMORY;
    if (!status) status = start_list(taken, list, mark_taken(list, share, seed, mark, order), err);
    for (int64_t i = 0; !status && i < list->count; i++) {
        if (!mark[i]) continue;
        alx_sample *sample = &taken->samples[taken->count++];
        *sample = list->samples[i];
        sample->path = alx_arena_strdup(&taken->arena, sample->path, err);
        if (!sample->path) status = ALX_NO_MEMORY;
    }
    if (status) {
        alx_sample_list_finish(taken);
    } else { /* nothing can fail any more: close the gaps */
        int64_t kept = 0;
        for (int64_t i = 0; i < list->count; i++)
            if (!mark[i]) list->samples[kept++] = list->samples[i];
        list->count = kept;
    }
    free(mark);
    free(order);
    return status;
}

alx_status alx_source_same_classes(const alx_sample_list *a, const char *a_name, const alx_sample_list *b,
                                   const char *b_name, alx_error *err)
{
    /* Both are sorted: the first place where they part names the class that one lacks. */
    int i = 0;
    while (i < a->class_count && i < b->class_count && strcmp(a->class_names[i], b->class_names[i]) == 0) i++;
    if (i == a->class_count && i == b->class_count) return ALX_OK;
    int only_a = i == b->class_count || (i < a->class_count && strcmp(a->class_names[i], b->class_names[i]) < 0);
    alx_printable has, lacks, name;
    return alx_fail(err, ALX_BAD_DATA,
                    "%s has the class %s (of %d), %s has none of that name (of %d); give both the same sub-folders",
                    alx_text_printable(only_a ? a_name : b_name, has),
                    alx_text_printable(only_a ? a->class_names[i] : b->class_names[i], name),
                    only_a ? a->class_count : b->class_count, alx_text_printable(only_a ? b_name : a_name, lacks),
                    only_a ? b->class_count : a->class_count);
}

void alx_source_describe(alx_text *text, const alx_sample_list *list)
{
    alx_text_printf(text, "Found %lld image%s belonging to %d class%s:", (long long)list->count,
                    list->count == 1 ? "" : "s", list->class_count, list->class_count == 1 ? "" : "es");
    int64_t first = 0;
    for (int c = 0; c < list->class_count; c++) {
        int64_t end = first;
        while (end < list->count && list->samples[end].label == c) end++;
        alx_printable name;
        alx_text_printf(text, "%s %s (%lld)", c ? "," : "", alx_text_printable(list->class_names[c], name),
                        (long long)(end - first));
        first = end;
    }
}
