/* Findings about single images. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "data/inspect.h"

static const alx_finding_kind of_fault[] = {
    [ALX_FAULT_NONE] = ALX_FINDING_MISSING, /* its bytes were not even read */
    [ALX_FAULT_EMPTY] = ALX_FINDING_EMPTY,       [ALX_FAULT_ZEROS] = ALX_FINDING_ZEROS,
    [ALX_FAULT_FOREIGN] = ALX_FINDING_NOT_IMAGE, [ALX_FAULT_UNSUPPORTED] = ALX_FINDING_UNSUPPORTED,
    [ALX_FAULT_DAMAGED] = ALX_FINDING_DAMAGED,
};

static void find_unreadable(alx_inspection *i)
{
    for (size_t f = 0; f < sizeof of_fault / sizeof *of_fault; f++) {
        alx_finding_begin(i, of_fault[f]);
        for (int64_t k = 0; k < i->count; k++) {
            const alx_image_record *r = &i->records[k];
            if (!r->trouble || (size_t)r->fault != f) continue;
            alx_finding_add_group(i, "%s", r->trouble);
            alx_finding_add_member(i, k);
        }
        alx_finding_end(i, -1);
    }
}

/* ---- Oddities: a test of one record ---- */

static bool has_wrong_ending(const alx_image_record *r)
{
    static const struct {
        const char *kind, *ending;
    } endings[] = {{"JPEG", ".jpg"},  {"JPEG", ".jpeg"}, {"JPEG", ".jpe"},
                   {"JPEG", ".jfif"}, {"PNG", ".png"},   {"WebP", ".webp"}};
    const char *slash = strrchr(r->path, '/'), *dot = strrchr(slash ? slash : r->path, '.');
    if (!r->kind) return false; /* no file of its own */
    for (size_t e = 0; dot && e < sizeof endings / sizeof *endings; e++)
        if (strcmp(endings[e].kind, r->kind) == 0 && strcasecmp(endings[e].ending, dot) == 0) return false;
    return dot != NULL;
}

static bool is_constant(const alx_image_record *r)
{
    return r->constant;
}

typedef struct oddity {
    alx_finding_kind kind;
    unsigned trait;                          /* of alx_image, or */
    bool (*holds)(const alx_image_record *); /* a test */
} oddity;

static const oddity oddities[] = {
    {ALX_FINDING_CONSTANT, 0, is_constant},           {ALX_FINDING_WRONG_ENDING, 0, has_wrong_ending},
    {ALX_FINDING_ANIMATED, ALX_IMAGE_ANIMATED, NULL}, {ALX_FINDING_CMYK, ALX_IMAGE_CMYK, NULL},
    {ALX_FINDING_TRANSPARENT, ALX_IMAGE_ALPHA, NULL}, {ALX_FINDING_PALETTE, ALX_IMAGE_PALETTE, NULL},
    {ALX_FINDING_DEEP, ALX_IMAGE_DEEP, NULL},         {ALX_FINDING_TURNED, ALX_IMAGE_TURNED, NULL},
};

static void find_oddities(alx_inspection *i)
{
    for (size_t o = 0; o < sizeof oddities / sizeof *oddities; o++) {
        const oddity *odd = &oddities[o];
        alx_finding_begin(i, odd->kind);
        for (int64_t k = 0; k < i->count; k++) {
            const alx_image_record *r = &i->records[k];
            if (r->trouble || !(odd->holds ? odd->holds(r) : (r->traits & odd->trait) != 0)) continue;
            /* What it really is matters only where the name says otherwise. */
            alx_finding_add_group(i, odd->kind == ALX_FINDING_WRONG_ENDING ? "%s" : NULL, r->kind);
            alx_finding_add_member(i, k);
        }
        alx_finding_end(i, -1);
    }
}

/* The fewer of both are the odd ones. */
static void find_grey(alx_inspection *i)
{
    int64_t grey = i->summary.grey, colour = i->summary.readable - grey;
    if (!grey || !colour) return;
    bool odd = grey <= colour;
    alx_finding_begin(i, odd ? ALX_FINDING_GREY_AMONG_COLOUR : ALX_FINDING_COLOUR_AMONG_GREY);
    for (int64_t k = 0; k < i->count; k++) {
        if (i->records[k].trouble || i->records[k].grey != odd) continue;
        alx_finding_add_group(i, NULL);
        alx_finding_add_member(i, k);
    }
    alx_finding_end(i, -1);
}

/* ---- Sizes ---- */

static void find_small(alx_inspection *i)
{
    alx_finding_begin(i, ALX_FINDING_SMALL);
    for (int64_t k = 0; k < i->count; k++) {
        const alx_image_record *r = &i->records[k];
        if (r->trouble || (r->width >= i->width && r->height >= i->height)) continue;
        alx_finding_add_group(i, "%dx%d", r->width, r->height);
        alx_finding_add_member(i, k);
    }
    alx_finding_end(i, -1);
}

static double log_pixels(const alx_image_record *r)
{
    return log((double)r->width * (double)r->height);
}

static double log_aspect(const alx_image_record *r)
{
    return log((double)r->width / (double)r->height);
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Of count > 0 values, which are sorted; of two in the middle the lower. */
static double median(double *values, int64_t count)
{
    qsort(values, (size_t)count, sizeof *values, compare_doubles);
    return values[(count - 1) / 2];
}

/* Iglewicz and Hoaglin (1993): further from the median than 3.5 times 1.4826 MAD, which is the standard deviation of a
 * normal distribution.  Where most images are of one size the MAD is 0, so the deviation must also be `least`.
 * values: scratch for all readable images. */
static void find_outliers(alx_inspection *i, alx_finding_kind kind, double (*measure)(const alx_image_record *),
                          double least, double *values)
{
    int64_t n = 0;
    for (int64_t k = 0; k < i->count; k++)
        if (!i->records[k].trouble) values[n++] = measure(&i->records[k]);
    if (!n) return;
    double middle = median(values, n);
    for (int64_t k = 0; k < n; k++) values[k] = fabs(values[k] - middle);
    double bound = 3.5 * 1.4826 * median(values, n);
    if (bound < least) bound = least;
    alx_finding_begin(i, kind);
    for (int64_t k = 0; k < i->count; k++) {
        const alx_image_record *r = &i->records[k];
        if (r->trouble || fabs(measure(r) - middle) <= bound) continue;
        alx_finding_add_group(i, "%dx%d", r->width, r->height);
        alx_finding_add_member(i, k);
    }
    alx_finding_end(i, -1);
}

void alx_inspect_files(alx_inspection *i)
{
    find_unreadable(i);
    find_oddities(i);
    find_grey(i);
    find_small(i);
    double *values = alx_calloc((size_t)i->count, sizeof *values, NULL);
    if (!values) {
        i->failed = true;
        return;
    }
    find_outliers(i, ALX_FINDING_SIZE_OUTLIER, log_pixels, log(2), values);
    find_outliers(i, ALX_FINDING_ASPECT_OUTLIER, log_aspect, log(1.5), values);
    free(values);
}
