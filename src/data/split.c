#include "data/split.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "data/idx.h"
#include "data/sklearn_split.h"

/* The sides of a split, in the order in which groups are offered to them; with folds, fold k comes first as 0..k-1. */
typedef enum side { TRAIN, VALIDATION, TEST, SIDES } side;

/* What a draw needs to know. */
typedef struct draw {
    const alx_sample_list *list;
    const alx_split_config *config;
    uint64_t seed;
    bool stratify;
    uint8_t *sides; /* (list->count), of side */
} draw;

/* ---- Samples by a key ---- */

/* Samples in runs of one key: run k is members[first[k]] to members[first[k + 1] - 1], in the list's order. */
typedef struct runs {
    int64_t count;
    int64_t *first;   /* (count + 1) */
    int64_t *members; /* (list->count) */
} runs;

static void finish_runs(runs *r)
{
    free(r->first);
    free(r->members);
    *r = (runs){0};
}

static alx_status start_runs(runs *r, int64_t count, int64_t members, alx_error *err)
{
    *r = (runs){.count = count};
    r->first = alx_calloc((size_t)count + 1, sizeof *r->first, err);
    r->members = alx_calloc((size_t)members, sizeof *r->members, err);
    return r->first && r->members ? ALX_OK : ALX_NO_MEMORY;
}

/* By class, or all in one run. */
static alx_status by_class(runs *r, const draw *d, alx_error *err)
{
    const alx_sample_list *list = d->list;
    ALX_TRY(start_runs(r, d->stratify ? list->class_count : 1, list->count, err));
    for (int64_t i = 0; i < list->count; i++) r->first[d->stratify ? list->samples[i].label + 1 : 1]++;
    for (int64_t k = 0; k < r->count; k++) r->first[k + 1] += r->first[k];
    int64_t *next = alx_calloc((size_t)r->count, sizeof *next, err);
    if (!next) return ALX_NO_MEMORY;
    memcpy(next, r->first, (size_t)r->count * sizeof *next);
    for (int64_t i = 0; i < list->count; i++) r->members[next[d->stratify ? list->samples[i].label : 0]++] = i;
    free(next);
    return ALX_OK;
}

typedef struct member {
    const char *group;
    int64_t index;
} member;

static int compare_members(const void *a, const void *b)
{
    const member *x = a, *y = b;
    const int order = strcmp(x->group, y->group);
    return order ? order : (x->index > y->index) - (x->index < y->index);
}

/* By group, the groups sorted bytewise. */
static alx_status by_group(runs *r, const draw *d, alx_error *err)
{
    const int64_t count = d->list->count;
    member *members = alx_calloc((size_t)count, sizeof *members, err);
    if (!members) return ALX_NO_MEMORY;
    int64_t groups = 0;
    for (int64_t i = 0; i < count; i++) members[i] = (member){d->list->samples[i].group, i};
    if (count) qsort(members, (size_t)count, sizeof *members, compare_members);
    for (int64_t i = 0; i < count; i++) groups += i == 0 || strcmp(members[i - 1].group, members[i].group) != 0;
    alx_status status = start_runs(r, groups, count, err);
    for (int64_t i = 0, k = -1; !status && i < count; i++) {
        if (i == 0 || strcmp(members[i - 1].group, members[i].group) != 0) r->first[++k] = i;
        r->members[i] = members[i].index;
    }
    if (!status) r->first[groups] = count;
    free(members);
    return status;
}

/* ---- Our draw, image by image ---- */

/* How many of n images a share takes: rounded, but neither side of two or more stays empty. */
static int64_t share_of(int64_t n, double share)
{
    if (share <= 0.0 || n < 2) return 0;
    int64_t taken = llround((double)n * share);
    if (taken < 1) taken = 1;
    return taken < n ? taken : n - 1;
}

/* One class of n images in a drawn order: validation from the front, test from the end; with folds the rest is dealt
 * out, and *dealt goes on from class to class so that the folds are of one size. */
static void mark_class(const draw *d, const int64_t *members, const int64_t *order, int64_t n, int64_t *dealt)
{
    const alx_split_config *c = d->config;
    const int64_t test = share_of(n, c->test);
    int64_t validation = c->folds ? 0 : share_of(n, c->validation);
    if (validation > 0 && validation + test >= n) validation = n - test - 1;
    for (int64_t i = 0; i < n; i++) {
        side to = i < validation ? VALIDATION : i >= n - test ? TEST : TRAIN;
        if (c->folds && to == TRAIN && (*dealt)++ % c->folds == c->fold - 1) to = VALIDATION;
        d->sides[members[order[i]]] = (uint8_t)to;
    }
}

static alx_status draw_images(const draw *d, alx_error *err)
{
    runs classes = {0};
    alx_status status = by_class(&classes, d, err);
    int64_t *order = status ? NULL : alx_calloc((size_t)d->list->count, sizeof *order, err), dealt = 0;
    if (!order) status = ALX_NO_MEMORY;
    for (int64_t k = 0; !status && k < classes.count; k++) {
        const int64_t first = classes.first[k], n = classes.first[k + 1] - first;
        alx_rng_permute(order, n, d->seed, ALX_RNG_SPLIT, 0, (uint32_t)k);
        mark_class(d, classes.members + first, order, n, &dealt);
    }
    free(order);
    finish_runs(&classes);
    return status;
}

/* ---- Our draw, group by group ---- */

/* The parts that groups fall into: the sides, or each fold and the test images. */
typedef struct parts {
    int64_t count, classes;
    double *lacks; /* (count, classes): how many images each still lacks of each class */
} parts;

static double part_share(const alx_split_config *c, int64_t part)
{
    if (c->folds) return part == c->folds ? c->test : (1 - c->test) / (double)c->folds;
    return part == TEST ? c->test : part == VALIDATION ? c->validation : 1 - c->validation - c->test;
}

static side part_side(const alx_split_config *c, int64_t part)
{
    if (!c->folds) return (side)part;
    return part == c->folds ? TEST : part == c->fold - 1 ? VALIDATION : TRAIN;
}

static alx_status start_parts(parts *p, const draw *d, alx_error *err)
{
    p->count = d->config->folds ? d->config->folds + 1 : SIDES;
    p->classes = d->stratify ? d->list->class_count : 1;
    p->lacks = alx_calloc((size_t)p->count * (size_t)p->classes, sizeof *p->lacks, err);
    if (!p->lacks) return ALX_NO_MEMORY;
    for (int64_t part = 0; part < p->count; part++)
        for (int64_t i = 0; i < d->list->count; i++)
            p->lacks[part * p->classes + (d->stratify ? d->list->samples[i].label : 0)] += part_share(d->config, part);
    return ALX_OK;
}

/* The part that lacks most images of the group's classes, the first on a tie; parts of no share take none. */
static int64_t choose_part(const parts *p, const draw *d, const int64_t *members, int64_t n)
{
    int64_t best = 0;
    double most = -INFINITY;
    for (int64_t part = 0; part < p->count; part++) {
        double lacks = 0;
        for (int64_t i = 0; i < n; i++)
            lacks += p->lacks[part * p->classes + (d->stratify ? d->list->samples[members[i]].label : 0)];
        if (part_share(d->config, part) > 0 && lacks > most) {
            most = lacks;
            best = part;
        }
    }
    return best;
}

static void place_group(parts *p, const draw *d, const int64_t *members, int64_t n)
{
    const int64_t part = choose_part(p, d, members, n);
    for (int64_t i = 0; i < n; i++) {
        p->lacks[part * p->classes + (d->stratify ? d->list->samples[members[i]].label : 0)] -= 1;
        d->sides[members[i]] = (uint8_t)part_side(d->config, part);
    }
}

static alx_status draw_groups(const draw *d, alx_error *err)
{
    runs groups = {0};
    parts p = {0};
    int64_t *order = NULL;
    alx_status status = by_group(&groups, d, err);
    if (!status) status = start_parts(&p, d, err);
    if (!status && !(order = alx_calloc((size_t)groups.count, sizeof *order, err))) status = ALX_NO_MEMORY;
    if (!status) {
        /* Step 1: not the draws that permute a class. */
        alx_rng_permute(order, groups.count, d->seed, ALX_RNG_SPLIT, 1, 0);
        for (int64_t k = 0; k < groups.count; k++) {
            const int64_t first = groups.first[order[k]], end = groups.first[order[k] + 1];
            place_group(&p, d, groups.members + first, end - first);
        }
    }
    free(order);
    free(p.lacks);
    finish_runs(&groups);
    return status;
}

/* ---- scikit-learn's draw ---- */

/* Test from all, then validation from the rest, with the same random_state: as train_test_split is called twice. */
static alx_status draw_as_sklearn(const draw *d, alx_error *err)
{
    const alx_split_config *c = d->config;
    const uint32_t state = (uint32_t)c->random_state;
    const int64_t count = d->list->count;
    int64_t *order = alx_calloc((size_t)count, sizeof *order, err),
            *again = alx_calloc((size_t)count, sizeof *again, err);
    int64_t test = 0, validation = 0;
    alx_status status = order && again ? ALX_OK : ALX_NO_MEMORY;
    for (int64_t i = 0; !status && i < count; i++) order[i] = i;
    if (!status && c->test > 0) status = alx_sklearn_split(order, &test, count, c->test, state, err);
    for (int64_t i = 0; !status && i < test; i++) d->sides[order[i]] = TEST;
    if (!status && c->validation > 0)
        status = alx_sklearn_split(again, &validation, count - test, c->validation, state, err);
    for (int64_t i = 0; !status && i < validation; i++) d->sides[order[test + again[i]]] = VALIDATION;
    free(again);
    free(order);
    return status;
}

/* ---- The lists ---- */

/* What is said of `from` as a whole, and room for count samples. */
static alx_status start_list(alx_sample_list *to, const alx_sample_list *from, int64_t count, alx_error *err)
{
    to->class_names = alx_arena_alloc(&to->arena, (size_t)from->class_count, sizeof *to->class_names, err);
    to->samples = alx_arena_alloc(&to->arena, (size_t)count, sizeof *to->samples, err);
    if (!to->class_names || !to->samples) return ALX_NO_MEMORY;
    for (int c = 0; c < from->class_count; c++, to->class_count++)
        if (!(to->class_names[c] = alx_arena_strdup(&to->arena, from->class_names[c], err))) return ALX_NO_MEMORY;
    if (from->left_out && !(to->left_out = alx_arena_strdup(&to->arena, from->left_out, err))) return ALX_NO_MEMORY;
    to->idx = alx_idx_share(from->idx);
    return ALX_OK;
}

/* Copies the samples of one side. */
static alx_status copy_side(alx_sample_list *to, const draw *d, side which, alx_error *err)
{
    int64_t count = 0;
    for (int64_t i = 0; i < d->list->count; i++) count += d->sides[i] == which;
    ALX_TRY(start_list(to, d->list, count, err));
    for (int64_t i = 0; i < d->list->count; i++) {
        if (d->sides[i] != which) continue;
        alx_sample sample = d->list->samples[i];
        sample.path = alx_arena_strdup(&to->arena, sample.path, err);
        if (sample.group) sample.group = alx_arena_strdup(&to->arena, sample.group, err);
        if (!sample.path || (d->list->samples[i].group && !sample.group)) return ALX_NO_MEMORY;
        to->samples[to->count++] = sample;
    }
    return ALX_OK;
}

static void close_gaps(alx_sample_list *list, const uint8_t *sides)
{
    int64_t kept = 0;
    for (int64_t i = 0; i < list->count; i++)
        if (sides[i] == TRAIN) list->samples[kept++] = list->samples[i];
    list->count = kept;
}

/* ---- The whole ---- */

static alx_status check_config(const alx_sample_list *list, const alx_split_config *c, alx_error *err)
{
    const bool grouped = *c->group;
    if (!(c->validation >= 0 && c->test >= 0 && c->validation + c->test < 1))
        return alx_fail(err, ALX_USAGE,
                        "data.split: validation %g and test %g leave no training images; their sum must be below 1",
                        c->validation, c->test);
    if (c->random_state != ALX_SPLIT_NONE && (grouped || c->folds || c->stratify == ALX_STRATIFY_YES))
        return alx_fail(err, ALX_USAGE,
                        "data.split: random_state is scikit-learn's train_test_split, which knows no %s; give seed "
                        "instead of random_state",
                        grouped    ? "group"
                        : c->folds ? "folds"
                                   : "stratify as we do it");
    if (c->folds == 1 || c->fold < 1 || (c->folds && c->fold > c->folds))
        return alx_fail(err, ALX_USAGE, "data.split: fold %lld of %lld folds; give 2 folds or more, and fold from 1 on",
                        (long long)c->fold, (long long)c->folds);
    if (c->folds > list->count)
        return alx_fail(err, ALX_USAGE, "data.split: %lld folds of %lld images; give fewer", (long long)c->folds,
                        (long long)list->count);
    return ALX_OK;
}

/* Groups are few and large, classes small: a side may have come out empty. */
static alx_status check_sides(const draw *d, alx_error *err)
{
    static const char *const names[SIDES] = {"training", "validation", "test"};
    const alx_split_config *c = d->config;
    const bool wanted[SIDES] = {true, c->validation > 0 || c->folds, c->test > 0};
    alx_printable group;
    int64_t counts[SIDES] = {0};
    for (int64_t i = 0; i < d->list->count; i++) counts[d->sides[i]]++;
    for (int s = 0; *c->group && s < SIDES; s++)
        if (wanted[s] && !counts[s])
            return alx_fail(err, ALX_BAD_DATA,
                            "data.split: the groups of %s are too few or too large: no image is left for %s; give "
                            "another share, or leave group out",
                            alx_text_printable(c->group, group), names[s]);
    return ALX_OK;
}

alx_status alx_split(alx_sample_list *list, alx_sample_list *validation, alx_sample_list *test,
                     const alx_split_config *config, alx_error *err)
{
    *validation = *test = (alx_sample_list){0};
    ALX_TRY(check_config(list, config, err));
    draw d = {.list = list,
              .config = config,
              .seed = (uint64_t)config->seed,
              .stratify = config->stratify != ALX_STRATIFY_NO,
              .sides = alx_calloc((size_t)list->count, sizeof *d.sides, err)};
    if (!d.sides) return ALX_NO_MEMORY;
    const bool sklearn = config->random_state != ALX_SPLIT_NONE;
    alx_status status = sklearn          ? draw_as_sklearn(&d, err)
                        : *config->group ? draw_groups(&d, err)
                                         : draw_images(&d, err);
    if (!status) status = check_sides(&d, err);
    if (!status) status = copy_side(validation, &d, VALIDATION, err);
    if (!status) status = copy_side(test, &d, TEST, err);
    if (!status) {
        close_gaps(list, d.sides); /* nothing can fail any more */
    } else {
        alx_sample_list_finish(validation);
        alx_sample_list_finish(test);
    }
    free(d.sides);
    return status;
}
