#include "data/inspect.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const split_names[ALX_SPLITS] = {"train", "validation", "test"};

/* ---- The whole ---- */

static void count_classes(alx_inspection *i)
{
    for (int64_t k = 0; k < i->count; k++) {
        const alx_image_record *r = &i->records[k];
        int64_t place = (int64_t)r->split * i->class_count + r->label;
        i->sizes[0][place]++;
        i->sizes[1][place] += r->trouble == NULL;
    }
}

static int compare_ints(const void *a, const void *b)
{
    int x = *(const int *)a, y = *(const int *)b;
    return (x > y) - (x < y);
}

/* Smallest, median (of two in the middle the lower) and largest of count values, which are sorted. */
static void spread(int out[3], int *values, int64_t count)
{
    if (!count) return;
    qsort(values, (size_t)count, sizeof *values, compare_ints);
    out[0] = values[0];
    out[1] = values[(count - 1) / 2];
    out[2] = values[count - 1];
}

static alx_status summarize(alx_inspection *i, alx_error *err)
{
    alx_inspection_summary *sum = &i->summary;
    *sum = (alx_inspection_summary){
        .class_count = i->class_count, .images = i->count, .input_width = i->width, .input_height = i->height};
    const struct {
        const char *kind;
        int64_t *count;
    } kinds[] = {{"JPEG", &sum->jpeg}, {"PNG", &sum->png}, {"WebP", &sum->webp}};
    int *sides = alx_calloc((size_t)i->count, 2 * sizeof *sides, err);
    if (!sides) return ALX_NO_MEMORY;
    int *widths = sides, *heights = sides + i->count;
    for (int64_t k = 0; k < i->count; k++) {
        const alx_image_record *r = &i->records[k];
        if (r->trouble) continue;
        widths[sum->readable] = r->width;
        heights[sum->readable++] = r->height;
        sum->grey += r->grey;
        for (size_t t = 0; r->kind && t < sizeof kinds / sizeof *kinds; t++)
            *kinds[t].count += strcmp(r->kind, kinds[t].kind) == 0;
    }
    spread(sum->width, widths, sum->readable);
    spread(sum->height, heights, sum->readable);
    free(sides);
    return ALX_OK;
}

static alx_status reserve(alx_inspection *i, bool near, alx_error *err)
{
    i->records = alx_calloc((size_t)i->count, sizeof *i->records, err);
    if (!i->records) return ALX_NO_MEMORY;
    for (int readable = 0; readable < 2; readable++) {
        i->sizes[readable] = alx_calloc((size_t)i->class_count, ALX_SPLITS * sizeof(int64_t), err);
        if (!i->sizes[readable]) return ALX_NO_MEMORY;
    }
    if (!near) return ALX_OK;
    i->thumbs = alx_calloc((size_t)i->count, sizeof *i->thumbs, NULL);
    if (i->thumbs) return ALX_OK;
    return alx_fail(err, ALX_NO_MEMORY,
                    "no memory for the thumbnails of %lld images, 1 KiB each; leave out the search "
                    "for near duplicates (--skip-near)",
                    (long long)i->count);
}

static alx_status inspect(alx_inspection *i, const alx_inspect_input *input, alx_error *err)
{
    ALX_TRY(reserve(i, input->near, err));
    ALX_TRY(alx_inspect_read(i, input, err));
    count_classes(i);
    ALX_TRY(summarize(i, err));
    alx_inspect_files(i);
    alx_inspect_classes(i);
    ALX_TRY(alx_inspect_duplicates(i, input->threads, err));
    if (i->failed) return alx_fail(err, ALX_NO_MEMORY, "out of memory while findings were listed");
    alx_findings_sort(i);
    i->summary.unsound = i->finding_count && i->findings[0].severity == ALX_SEVERITY_UNSOUND;
    return ALX_OK;
}

alx_status alx_inspect(alx_inspection **inspection, const alx_inspect_input *input, alx_error *err)
{
    *inspection = NULL;
    alx_inspection *i = alx_calloc(1, sizeof *i, err);
    for (int s = 0; s < ALX_SPLITS; s++) {
        if (!input->lists[s]) continue;
        if (!i) {
            alx_sample_list_finish(input->lists[s]);
            continue;
        }
        i->lists[s] = *input->lists[s];
        *input->lists[s] = (alx_sample_list){0};
        i->count += i->lists[s].count;
    }
    if (!i) return ALX_NO_MEMORY;
    i->drawn = input->drawn;
    i->skip_bad = input->skip_bad;
    i->width = input->width;
    i->height = input->height;
    i->class_count = i->lists[ALX_SPLIT_TRAIN].class_count;
    i->class_names = i->lists[ALX_SPLIT_TRAIN].class_names;
    alx_status status = inspect(i, input, err);
    if (status) {
        alx_inspection_destroy(i);
        return status;
    }
    *inspection = i;
    return ALX_OK;
}

void alx_inspection_destroy(alx_inspection *inspection)
{
    if (!inspection) return;
    for (int s = 0; s < ALX_SPLITS; s++) alx_sample_list_finish(&inspection->lists[s]);
    for (int64_t k = 0; inspection->records && k < inspection->count; k++) free(inspection->records[k].trouble);
    free(inspection->records);
    free(inspection->thumbs);
    free(inspection->sizes[0]);
    free(inspection->sizes[1]);
    free(inspection->members);
    free(inspection->groups);
    free(inspection->findings);
    alx_arena_finish(&inspection->arena);
    free(inspection);
}

/* ---- What callers see ---- */

void alx_inspection_summarize(const alx_inspection *inspection, alx_inspection_summary *summary)
{
    *summary = inspection->summary;
}

/* Splits that are not there have no number.  -1: past the last. */
static int split_at(const alx_inspection *i, int index)
{
    for (int s = 0; index >= 0 && s < ALX_SPLITS; s++)
        if (i->lists[s].class_count && index-- == 0) return s;
    return -1;
}

int alx_inspection_split(const alx_inspection *inspection, int index, alx_split_info *split)
{
    int s = split_at(inspection, index);
    if (s < 0) return 0;
    const int64_t *images = inspection->sizes[0] + (int64_t)s * inspection->class_count;
    const int64_t *readable = inspection->sizes[1] + (int64_t)s * inspection->class_count,
                  *train = inspection->sizes[1];
    *split = (alx_split_info){.name = split_names[s], .drawn = s == ALX_SPLIT_VALIDATION && inspection->drawn};
    int largest = 0;
    for (int c = 0; c < inspection->class_count; c++) {
        split->images += images[c];
        split->readable += readable[c];
        if (train[c] > train[largest]) largest = c;
    }
    split->majority = split->readable ? (double)readable[largest] / (double)split->readable : NAN;
    return 1;
}

const char *alx_inspection_class_name(const alx_inspection *inspection, int index)
{
    return index >= 0 && index < inspection->class_count ? inspection->class_names[index] : NULL;
}

void alx_inspection_class_size(const alx_inspection *inspection, int split, int index, int64_t *images,
                               int64_t *readable)
{
    int s = split_at(inspection, split);
    *images = *readable = 0;
    if (s < 0 || index < 0 || index >= inspection->class_count) return;
    int64_t place = (int64_t)s * inspection->class_count + index;
    *images = inspection->sizes[0][place];
    *readable = inspection->sizes[1][place];
}

void alx_inspection_image(const alx_inspection *inspection, int64_t index, alx_inspected_image *image)
{
    *image = (alx_inspected_image){0};
    if (index < 0 || index >= inspection->count) return;
    const alx_image_record *r = &inspection->records[index];
    *image = (alx_inspected_image){.path = r->path,
                                   .split = split_names[r->split],
                                   .class_name = inspection->class_names[r->label],
                                   .kind = r->kind,
                                   .width = r->width,
                                   .height = r->height,
                                   .bytes = r->bytes};
}
