#include <stdlib.h>
#include <string.h>

#include "base/clones.h"
#include "data/inspect.h"

/* Hashes are cut into PARTS of PART_BITS.  NEAR bits over four parts: one part has at most RADIUS of them. */
enum { PARTS = 4, PART_BITS = 16, BUCKETS = 1 << PART_BITS, RADIUS = ALX_PHASH_NEAR / PARTS };
enum { FLIPS = 1 + PART_BITS + PART_BITS * (PART_BITS - 1) / 2 }; /* of up to two bits */
/* Candidates of one picture that may fail the second filter before it gives up: a bound on hostile data. */
enum { MAX_FAILURES = 1000 };
_Static_assert(RADIUS == 2, "the flips below are those of up to two bits");

/* One part's table: the pictures whose part is b are ids[starts[b]] to ids[starts[b + 1]], in order. */
typedef struct part_table {
    uint32_t *starts; /* (BUCKETS + 1) */
    uint32_t *ids;    /* (pictures) */
    uint64_t *hashes; /* (pictures): theirs, side by side */
} part_table;

typedef struct index_tables {
    part_table parts[PARTS];
    uint16_t flips[FLIPS];
} index_tables;

static unsigned part_of(uint64_t hash, int part)
{
    return (unsigned)(hash >> (PART_BITS * part)) & (BUCKETS - 1);
}

static void finish_tables(index_tables *tables)
{
    for (int t = 0; t < PARTS; t++) {
        free(tables->parts[t].starts);
        free(tables->parts[t].ids);
        free(tables->parts[t].hashes);
    }
}

/* A counting sort by the part's value. */
static alx_status fill_part(part_table *table, int part, const alx_near_set *set, alx_error *err)
{
    table->starts = alx_calloc(BUCKETS + 2, sizeof *table->starts, err);
    table->ids = alx_calloc((size_t)set->count, sizeof *table->ids, err);
    table->hashes = alx_calloc((size_t)set->count, sizeof *table->hashes, err);
    if (!table->starts || !table->ids || !table->hashes) return ALX_NO_MEMORY;
    uint32_t *next = table->starts + 1; /* becomes starts when each bucket is filled */
    for (int64_t g = 0; g < set->count; g++)
        if (set->splits[g]) next[part_of(set->hashes[g], part) + 1]++;
    for (int b = 0; b < BUCKETS; b++) next[b + 1] += next[b];
    for (int64_t g = 0; g < set->count; g++) {
        if (!set->splits[g]) continue;
        uint32_t place = next[part_of(set->hashes[g], part)]++;
        table->ids[place] = (uint32_t)g;
        table->hashes[place] = set->hashes[g];
    }
    return ALX_OK;
}

static alx_status fill_tables(index_tables *tables, const alx_near_set *set, alx_error *err)
{
    int n = 0;
    tables->flips[n++] = 0;
    for (int a = 0; a < PART_BITS; a++) {
        tables->flips[n++] = (uint16_t)(1u << a);
        for (int b = 0; b < a; b++) tables->flips[n++] = (uint16_t)(1u << a | 1u << b);
    }
    for (int t = 0; t < PARTS; t++) ALX_TRY(fill_part(&tables->parts[t], t, set, err));
    return ALX_OK;
}

/* What is known of the partners of one picture. */
typedef struct search {
    const alx_near_set *set;
    const alx_thumb *thumbs;
    int64_t me;
    int64_t *partners; /* (ALX_SPLITS) */
    int distance[ALX_SPLITS];
    int failures;
} search;

/* A picture within ALX_PHASH_NEAR bits: its place is taken where it is nearer than what is known, of equals the first.
 */
static void consider(search *s, int64_t other, int distance)
{
    unsigned better = 0;
    for (int k = 0; k < ALX_SPLITS; k++)
        if ((s->set->splits[other] >> k & 1) &&
            (s->partners[k] < 0 || distance < s->distance[k] || (distance == s->distance[k] && other < s->partners[k])))
            better |= 1u << k;
    if (!better) return;
    if (!alx_thumb_alike(&s->thumbs[s->set->images[s->me]], &s->thumbs[s->set->images[other]])) {
        s->failures++;
        return;
    }
    for (int k = 0; k < ALX_SPLITS; k++)
        if (better >> k & 1) {
            s->partners[k] = other;
            s->distance[k] = distance;
        }
}

/* The place of the next hash within ALX_PHASH_NEAR bits of mine, or end. */
ALX_CLONES("avx2", "default")
static uint32_t next_near(const uint64_t *hashes, uint32_t at, uint32_t end, uint64_t mine)
{
    while (at < end && __builtin_popcountll(hashes[at] ^ mine) > ALX_PHASH_NEAR) at++;
    return at;
}

/* Whether an earlier part has brought the two together already. */
static bool seen_before(uint64_t a, uint64_t b, int part)
{
    for (int t = 0; t < part; t++)
        if (__builtin_popcount(part_of(a ^ b, t)) <= RADIUS) return true;
    return false;
}

static void search_part(search *s, const index_tables *tables, int part)
{
    const part_table *table = &tables->parts[part];
    uint64_t mine = s->set->hashes[s->me];
    for (int f = 0; f < FLIPS; f++) {
        unsigned bucket = part_of(mine, part) ^ tables->flips[f];
        uint32_t end = table->starts[bucket + 1], at = table->starts[bucket];
        while ((at = next_near(table->hashes, at, end, mine)) < end) {
            if (table->ids[at] != s->me && !seen_before(mine, table->hashes[at], part))
                consider(s, table->ids[at], alx_phash_distance(mine, table->hashes[at]));
            if (s->failures >= MAX_FAILURES) return;
            at++;
        }
    }
}

alx_status alx_near_search(int64_t *partners, int64_t *given_up, const alx_thumb *thumbs, const alx_near_set *set,
                           int threads, alx_error *err)
{
    *given_up = 0;
    if (set->count > UINT32_MAX)
        return alx_fail(err, ALX_UNSUPPORTED, "more than %u images are not searched for near duplicates", UINT32_MAX);
    for (int64_t k = 0; k < set->count * ALX_SPLITS; k++) partners[k] = -1;
    int64_t stopped = 0;
    index_tables tables = {0};
    alx_status status = fill_tables(&tables, set, err);
#pragma omp parallel for schedule(dynamic, 64) num_threads(threads) reduction(+ : stopped)
    for (int64_t g = 0; g < (status ? 0 : set->count); g++) {
        search s = {.set = set, .thumbs = thumbs, .me = g, .partners = partners + g * ALX_SPLITS};
        for (int t = 0; set->splits[g] && s.failures < MAX_FAILURES && t < PARTS; t++) search_part(&s, &tables, t);
        stopped += s.failures >= MAX_FAILURES;
    }
    finish_tables(&tables);
    *given_up = stopped;
    return status;
}
