/* Lists of samples: reading one, and what is said of all. */
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/file.h"
#include "data/idx.h"
#include "data/source.h"

void alx_sample_list_finish(alx_sample_list *list)
{
    alx_idx_release(list->idx);
    alx_arena_finish(&list->arena);
    *list = (alx_sample_list){0};
}

/* ---- One sample ---- */

static alx_status read_pixels(alx_image *image, uint64_t *hash, const alx_idx *idx, const uint8_t *grey, alx_error *err)
{
    const size_t count = (size_t)idx->height * (size_t)idx->width;
    ALX_TRY(alx_image_reserve(image, idx->width, idx->height, err));
    if (hash) *hash = XXH3_64bits(grey, count);
    for (size_t i = 0; i < count; i++) memset(image->rgb + 3 * i, grey[i], 3);
    return ALX_OK;
}

static alx_status read_file(alx_image *image, uint64_t *hash, const char *path, const alx_image_need *need,
                            alx_error *err)
{
    uint8_t *bytes = NULL;
    size_t count = 0;
    ALX_TRY(alx_file_read(&bytes, &count, path, ALX_IMAGE_MAX_FILE, err));
    if (hash) *hash = XXH3_64bits(bytes, count);
    alx_status status = alx_image_decode(image, bytes, count, need, err);
    free(bytes);
    alx_printable name;
    return status ? alx_where(err, status, "%s", alx_text_printable(path, name)) : ALX_OK;
}

alx_status alx_sample_read(alx_image *image, uint64_t *hash, const alx_sample_list *list, int64_t index,
                           const alx_image_need *need, alx_error *err)
{
    const alx_sample *sample = &list->samples[index];
    if (sample->pixels) return read_pixels(image, hash, list->idx, sample->pixels, err);
    return read_file(image, hash, sample->path, need, err);
}

/* ---- Classes ---- */

static int find_name(const char *const *names, int count, const char *name)
{
    for (int i = 0; i < count; i++)
        if (!strcmp(names[i], name)) return i;
    return -1;
}

/* Every class of `names` must be in `others`. */
static alx_status find_missing(const char *const *names, int count, const char *owner, const char *const *others,
                               int other_count, const char *other_owner, alx_error *err)
{
    for (int i = 0; i < count; i++) {
        if (find_name(others, other_count, names[i]) >= 0) continue;
        alx_printable name, a, b;
        return alx_fail(err, ALX_BAD_DATA, "%s has no class %s, which %s has; the classes must be named alike",
                        alx_text_printable(other_owner, b), alx_text_printable(names[i], name),
                        alx_text_printable(owner, a));
    }
    return ALX_OK;
}

alx_status alx_sample_list_place(int *place, const alx_sample_list *list, const char *has, const char *owner,
                                 const char *const *names, int count, alx_error *err)
{
    ALX_TRY(find_missing(list->class_names, list->class_count, has, names, count, owner, err));
    ALX_TRY(find_missing(names, count, owner, list->class_names, list->class_count, has, err));
    if (count != list->class_count)
        return alx_fail(err, ALX_BAD_DATA, "%s names %d classes and the data has %d: a name occurs twice", owner, count,
                        list->class_count);
    for (int i = 0; i < count; i++) place[i] = find_name(names, count, list->class_names[i]);
    return ALX_OK;
}

alx_status alx_sample_list_match(alx_sample_list *list, const char *has, const char *owner, const char *const *names,
                                 int count, alx_error *err)
{
    int *place = alx_calloc((size_t)count, sizeof *place, err);
    if (!place) return ALX_NO_MEMORY;
    const alx_status status = alx_sample_list_place(place, list, has, owner, names, count, err);
    /* The names themselves stay in the list's arena: only their order changes. */
    const char **sorted = status ? NULL : alx_arena_alloc(&list->arena, (size_t)count, sizeof *sorted, err);
    if (sorted) {
        for (int64_t i = 0; i < list->count; i++) list->samples[i].label = place[list->samples[i].label];
        for (int i = 0; i < count; i++) sorted[place[i]] = list->class_names[i];
        list->class_names = sorted;
    }
    free(place);
    return status ? status : sorted ? ALX_OK : ALX_NO_MEMORY;
}

int64_t *alx_sample_list_sizes(const alx_sample_list *list, alx_error *err)
{
    int64_t *sizes = alx_calloc((size_t)list->class_count, sizeof *sizes, err);
    for (int64_t i = 0; sizes && i < list->count; i++) sizes[list->samples[i].label]++;
    return sizes;
}

void alx_source_describe(alx_text *text, const alx_sample_list *list)
{
    alx_text_printf(text, "Found %lld image%s belonging to %d class%s:", (long long)list->count,
                    list->count == 1 ? "" : "s", list->class_count, list->class_count == 1 ? "" : "es");
    int64_t *sizes = alx_sample_list_sizes(list, NULL);
    if (!sizes) text->failed = true;
    for (int c = 0; sizes && c < list->class_count; c++) {
        alx_printable name;
        alx_text_printf(text, "%s %s (%lld)", c ? "," : "", alx_text_printable(list->class_names[c], name),
                        (long long)sizes[c]);
    }
    free(sizes);
}
