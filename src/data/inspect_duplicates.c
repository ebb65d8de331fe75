/* Exact duplicates, and what near ones mean. */
#include <stdlib.h>

#include "data/inspect.h"

#define MAX_CONFLICTS 0.005 /* share of images under two labels from which on training is unsound */

/* Pictures with a near duplicate, more than both of: so many, and this share of all. */
enum { MANY_ALIKE = 100 };
#define MUCH_ALIKE 0.05

/* The copies of one picture. */
typedef struct picture {
    int64_t start, count;      /* in pictures.order */
    int64_t first[ALX_SPLITS]; /* image; -1: none */
    uint8_t splits;            /* bit s: a copy is in split s */
    bool conflict;             /* its copies have several labels */
} picture;

typedef struct pictures {
    const alx_inspection *i;
    int64_t count, images; /* of pictures; of readable images */
    int64_t *order;        /* (images): copies side by side, in the order of records */
    picture *list;         /* (count), in the order of their first copies */
} pictures;

/* ---- Grouping ---- */

typedef struct key {
    alx_digest pixels;
    int64_t image;
} key;

static int compare_keys(const void *a, const void *b)
{
    const key *x = a, *y = b;
    if (x->pixels.high != y->pixels.high) return x->pixels.high < y->pixels.high ? -1 : 1;
    if (x->pixels.low != y->pixels.low) return x->pixels.low < y->pixels.low ? -1 : 1;
    return (x->image > y->image) - (x->image < y->image);
}

static bool same_pixels(const key *a, const key *b)
{
    return a->pixels.high == b->pixels.high && a->pixels.low == b->pixels.low;
}

static int compare_pictures(const void *a, const void *b)
{
    const picture *x = a, *y = b; /* splits follow one another in records */
    int64_t first_x = INT64_MAX, first_y = INT64_MAX;
    for (int s = ALX_SPLITS - 1; s >= 0; s--) {
        if (x->first[s] >= 0) first_x = x->first[s];
        if (y->first[s] >= 0) first_y = y->first[s];
    }
    return (first_x > first_y) - (first_x < first_y);
}

static void add_copy(pictures *p, const key *k, bool fresh)
{
    const alx_image_record *r = &p->i->records[k->image];
    if (fresh) p->list[p->count++] = (picture){.start = p->images, .first = {-1, -1, -1}};
    picture *of = &p->list[p->count - 1];
    p->order[p->images++] = k->image;
    of->count++;
    if (of->first[r->split] < 0) of->first[r->split] = k->image;
    of->splits |= (uint8_t)(1u << r->split);
    of->conflict |= r->label != p->i->records[p->order[of->start]].label;
}

static void finish_pictures(pictures *p)
{
    free(p->order);
    free(p->list);
}

/* Of the readable images.  Finish in any case. */
static alx_status find_pictures(pictures *p, const alx_inspection *i, alx_error *err)
{
    *p = (pictures){.i = i};
    key *keys = alx_calloc((size_t)i->count, sizeof *keys, err);
    p->order = alx_calloc((size_t)i->count, sizeof *p->order, err);
    p->list = alx_calloc((size_t)i->count, sizeof *p->list, err);
    if (!keys || !p->order || !p->list) {
        free(keys);
        return ALX_NO_MEMORY;
    }
    int64_t n = 0;
    for (int64_t k = 0; k < i->count; k++)
        if (!i->records[k].trouble) keys[n++] = (key){i->records[k].pixels, k};
    if (n) qsort(keys, (size_t)n, sizeof *keys, compare_keys);
    for (int64_t k = 0; k < n; k++) add_copy(p, &keys[k], k == 0 || !same_pixels(&keys[k - 1], &keys[k]));
    free(keys);
    if (p->count) qsort(p->list, (size_t)p->count, sizeof *p->list, compare_pictures);
    return ALX_OK;
}

/* ---- Exact ---- */

/* Lists the copies in the given splits (bits); returns how many are in those of `counted`. */
static int64_t list_copies(alx_inspection *i, const pictures *p, const picture *of, unsigned splits, unsigned counted)
{
    int64_t count = 0;
    alx_finding_add_group(i, NULL);
    for (int64_t k = 0; k < of->count; k++) {
        int64_t image = p->order[of->start + k];
        unsigned bit = 1u << i->records[image].split;
        if (bit & splits) alx_finding_add_member(i, image);
        count += (bit & counted) != 0;
    }
    return count;
}

static void find_conflicts(alx_inspection *i, const pictures *p)
{
    int64_t images = 0;
    alx_finding_begin(i, ALX_FINDING_LABEL_CONFLICT);
    for (int64_t g = 0; g < p->count; g++)
        if (p->list[g].conflict) images += list_copies(i, p, &p->list[g], ~0u, ~0u);
    if ((double)images > MAX_CONFLICTS * (double)p->images) alx_finding_severity(i, ALX_SEVERITY_UNSOUND);
    alx_finding_end(i, images);
}

/* Where pictures must not be in two splits. */
typedef struct leak {
    alx_finding_kind exact, near;
    int split;      /* that measures */
    unsigned known; /* bits of the splits that it must not share a picture with */
    bool mild;      /* no folder is to blame */
} leak;

/* Fills leaks, returns how many there are.  What the program draws from the training data is training data
 * where test is concerned. */
static int list_leaks(leak leaks[3], bool drawn)
{
    const unsigned train = 1u << ALX_SPLIT_TRAIN, validation = 1u << ALX_SPLIT_VALIDATION;
    leaks[0] = (leak){ALX_FINDING_TEST_LEAK, ALX_FINDING_NEAR_TEST_LEAK, ALX_SPLIT_TEST,
                      drawn ? train | validation : train, false};
    leaks[1] =
        (leak){ALX_FINDING_VALIDATION_LEAK, ALX_FINDING_NEAR_VALIDATION_LEAK, ALX_SPLIT_VALIDATION, train, drawn};
    leaks[2] = (leak){ALX_FINDING_VALIDATION_IN_TEST, ALX_FINDING_KINDS, ALX_SPLIT_TEST, validation, false};
    return drawn ? 2 : 3;
}

static void find_leak(alx_inspection *i, const pictures *p, const leak *l)
{
    const unsigned bit = 1u << l->split;
    int64_t images = 0;
    alx_finding_begin(i, l->exact);
    if (l->mild) alx_finding_severity(i, ALX_SEVERITY_WARNING);
    for (int64_t g = 0; g < p->count; g++)
        if ((p->list[g].splits & bit) && (p->list[g].splits & l->known))
            images += list_copies(i, p, &p->list[g], bit | l->known, bit);
    alx_finding_end(i, images);
}

/* Within a split; counts what could be removed. */
static void find_duplicates(alx_inspection *i, const pictures *p)
{
    int64_t images = 0;
    alx_finding_begin(i, ALX_FINDING_DUPLICATES);
    for (int64_t g = 0; g < p->count; g++)
        for (int s = 0; s < ALX_SPLITS && !p->list[g].conflict; s++) {
            int64_t copies = 0;
            for (int64_t k = 0; k < p->list[g].count; k++)
                copies += i->records[p->order[p->list[g].start + k]].split == s;
            if (copies > 1) images += list_copies(i, p, &p->list[g], 1u << s, 1u << s) - 1;
        }
    alx_finding_end(i, images);
}

/* ---- Near ---- */

static void list_pair(alx_inspection *i, int64_t a, int64_t b)
{
    alx_finding_add_group(i, NULL);
    alx_finding_add_member(i, a);
    alx_finding_add_member(i, b);
}

/* partners: (pictures, ALX_SPLITS) */
static void find_near_leak(alx_inspection *i, const pictures *p, const int64_t *partners, const leak *l)
{
    const unsigned bit = 1u << l->split;
    alx_finding_begin(i, l->near);
    for (int64_t g = 0; g < p->count; g++) {
        if (!(p->list[g].splits & bit) || (p->list[g].splits & l->known)) continue; /* those are exact leaks */
        int s = 0;
        while (s < ALX_SPLITS && !((l->known >> s & 1) && partners[g * ALX_SPLITS + s] >= 0)) s++;
        if (s < ALX_SPLITS) list_pair(i, p->list[g].first[l->split], p->list[partners[g * ALX_SPLITS + s]].first[s]);
    }
    alx_finding_end(i, -1);
}

static const alx_image_record *first_record(const pictures *p, int64_t g)
{
    return &p->i->records[p->order[p->list[g].start]];
}

static bool is_partner(const int64_t *partners, int64_t of, int64_t g)
{
    for (int s = 0; s < ALX_SPLITS; s++)
        if (partners[of * ALX_SPLITS + s] == g) return true;
    return false;
}

static void find_near_conflicts(alx_inspection *i, const pictures *p, const int64_t *partners)
{
    alx_finding_begin(i, ALX_FINDING_NEAR_LABEL_CONFLICT);
    for (int64_t g = 0; g < p->count; g++)
        for (int s = 0; s < ALX_SPLITS; s++) {
            int64_t other = partners[g * ALX_SPLITS + s];
            if (other < 0 || first_record(p, g)->label == first_record(p, other)->label) continue;
            if (other < g && is_partner(partners, other, g)) continue; /* listed from its side */
            int64_t a = p->order[p->list[g].start], b = p->list[other].first[s];
            list_pair(i, a, b);
        }
    alx_finding_end(i, -1);
}

static int64_t root_of(int64_t *parent, int64_t g)
{
    while (parent[g] != g) g = parent[g] = parent[parent[g]];
    return g;
}

/* Pictures of one split that are each near another: the parts of the graph whose edges are partners.
 * scratch: (3 pictures).  Returns how many images could be removed. */
static int64_t list_near_groups(alx_inspection *i, const pictures *p, const int64_t *partners, int s, int64_t *scratch)
{
    int64_t *parent = scratch, *next = scratch + p->count, *last = scratch + 2 * p->count, images = 0;
    for (int64_t g = 0; g < p->count; g++) parent[g] = last[g] = g, next[g] = -1;
    for (int64_t g = 0; g < p->count; g++) {
        int64_t other = partners[g * ALX_SPLITS + s];
        if (other < 0 || p->list[g].first[s] < 0) continue;
        int64_t a = root_of(parent, g), b = root_of(parent, other);
        parent[a > b ? a : b] = a < b ? a : b; /* the first picture is the root */
    }
    for (int64_t g = 0; g < p->count; g++) {
        int64_t root = root_of(parent, g);
        if (root != g) last[root] = next[last[root]] = g;
    }
    for (int64_t g = 0; g < p->count; g++) {
        if (parent[g] != g || next[g] < 0) continue;
        alx_finding_add_group(i, NULL);
        for (int64_t k = g; k >= 0; k = next[k]) alx_finding_add_member(i, p->list[k].first[s]), images++;
        images--;
    }
    return images;
}

static alx_status find_near_duplicates(alx_inspection *i, const pictures *p, const int64_t *partners, alx_error *err)
{
    int64_t *scratch = alx_calloc((size_t)p->count, 3 * sizeof *scratch, err);
    if (!scratch) return ALX_NO_MEMORY;
    int64_t images = 0;
    alx_finding_begin(i, ALX_FINDING_NEAR_DUPLICATES);
    for (int s = 0; s < ALX_SPLITS; s++) images += list_near_groups(i, p, partners, s, scratch);
    alx_finding_end(i, images);
    free(scratch);
    return ALX_OK;
}

/* partners: (pictures, ALX_SPLITS) */
static alx_status search(int64_t *partners, int64_t *given_up, const pictures *p, int threads, alx_error *err)
{
    const alx_inspection *i = p->i;
    size_t n = (size_t)p->count;
    uint64_t *hashes = alx_calloc(n, sizeof *hashes, err);
    int64_t *images = alx_calloc(n, sizeof *images, err);
    uint8_t *splits = alx_calloc(n, sizeof *splits, err);
    alx_status status = hashes && images && splits ? ALX_OK : ALX_NO_MEMORY;
    for (int64_t g = 0; !status && g < p->count; g++) {
        images[g] = p->order[p->list[g].start];
        hashes[g] = i->records[images[g]].phash;
        splits[g] = i->records[images[g]].content ? p->list[g].splits : 0;
    }
    const alx_near_set set = {p->count, hashes, images, splits};
    if (!status) status = alx_near_search(partners, given_up, i->thumbs, &set, threads, err);
    free(hashes);
    free(images);
    free(splits);
    return status;
}

/* Where very many images have a partner, likeness is no sign of a copy. */
static void find_much_alike(alx_inspection *i, const pictures *p, const int64_t *partners)
{
    int64_t alike = 0;
    for (int64_t g = 0; g < p->count; g++) {
        bool any = false;
        for (int s = 0; s < ALX_SPLITS; s++) any |= partners[g * ALX_SPLITS + s] >= 0;
        alike += any;
    }
    alx_finding_begin(i, ALX_FINDING_MUCH_ALIKE);
    if (alike > MANY_ALIKE && (double)alike > MUCH_ALIKE * (double)p->count)
        alx_finding_add_group(i, "%lld / %lld", (long long)alike, (long long)p->count);
    alx_finding_end(i, alike);
}

static alx_status find_near(alx_inspection *i, const pictures *p, const leak *leaks, int leak_count, int threads,
                            alx_error *err)
{
    int64_t given_up = 0, *partners = alx_calloc((size_t)p->count, ALX_SPLITS * sizeof *partners, err);
    alx_status status = partners ? search(partners, &given_up, p, threads, err) : ALX_NO_MEMORY;
    if (!status) {
        for (int l = 0; l < leak_count; l++)
            if (leaks[l].near != ALX_FINDING_KINDS) find_near_leak(i, p, partners, &leaks[l]);
        find_near_conflicts(i, p, partners);
        find_much_alike(i, p, partners);
        status = find_near_duplicates(i, p, partners, err);
        alx_finding_begin(i, ALX_FINDING_NEAR_INCOMPLETE);
        if (given_up) alx_finding_add_group(i, NULL);
        alx_finding_end(i, given_up);
    }
    free(partners);
    return status;
}

alx_status alx_inspect_duplicates(alx_inspection *i, int threads, alx_error *err)
{
    pictures p;
    leak leaks[3];
    int leak_count = list_leaks(leaks, i->drawn);
    alx_status status = find_pictures(&p, i, err);
    if (!status) {
        find_conflicts(i, &p);
        for (int l = 0; l < leak_count; l++) find_leak(i, &p, &leaks[l]);
        find_duplicates(i, &p);
        if (i->thumbs) status = find_near(i, &p, leaks, leak_count, threads, err);
    }
    finish_pictures(&p);
    return status;
}
