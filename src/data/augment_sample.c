/* A sample's way through the stages: what is cut out, the one map, then pixels. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "data/augment_warp.h"

/* ---- Draws ---- */

/* Word n is word n % 4 of element place + 16 (n / 4): the first four are those that versions without more had. */
uint32_t alx_augment_word(alx_augment_draw *draw)
{
    uint32_t word = draw->used % 4;
    if (word == 0)
        draw->words = alx_rng_draw(draw->key.seed, ALX_RNG_AUGMENT, draw->key.epoch, draw->key.sample,
                                   draw->place + ALX_AUGMENT_MOST * (draw->used / 4));
    draw->used++;
    return draw->words.v[word];
}

double alx_augment_uniform(alx_augment_draw *draw, double low, double high)
{
    return low + (high - low) * ((double)alx_augment_word(draw) * 0x1p-32);
}

void alx_augment_draw_many(const alx_augment_draw *draw, uint32_t words[4][ALX_RNG_MANY], uint32_t first)
{
    alx_rng_draw_many(words, draw->key.seed, ALX_RNG_PIXELS, draw->key.epoch, draw->key.sample,
                      draw->place << 28 | first);
}

/* ---- Ranges ---- */

alx_range alx_range_around(const alx_numbers *numbers, double centre)
{
    if (numbers->count == 2) return (alx_range){numbers->values[0], numbers->values[1]};
    double distance = fabs(numbers->values[0]);
    return (alx_range){centre - distance, centre + distance};
}

alx_range alx_range_of(const alx_numbers *numbers)
{
    return (alx_range){numbers->values[0], numbers->values[numbers->count - 1]};
}

double alx_range_draw(alx_range range, alx_augment_draw *draw)
{
    return alx_augment_uniform(draw, range.low, range.high);
}

/* ---- Memory ---- */

struct alx_augment_scratch {
    uint8_t *bytes[2]; /* (height, width, 3) each */
    uint32_t *words;   /* alx_warp_words */
    uint32_t *sums;    /* (3, width) */
    int32_t *places;   /* (2, width) */
    float *shifts;     /* (4 width + 1) */
    float *field;      /* alx_elastic_floats, with elastic */
    int16_t normals[ALX_NORMALS];
};

/* The quantile of (i + 1/2) / 4096 by Newton's method, each from the one before; scaled so that the variance of all is
 * 1, which leaving out the tails makes smaller. */
static void fill_normals(int16_t normals[ALX_NORMALS])
{
    static const double root_half = 0.7071067811865476, root_two_pi = 2.5066282746310002;
    double values[ALX_NORMALS / 2], x = 0, squares = 0;
    for (int i = 0; i < ALX_NORMALS / 2; i++) {
        double share = 0.5 + (i + 0.5) / ALX_NORMALS;
        for (int step = 0; step < 8; step++)
            x -= (1 - 0.5 * erfc(x * root_half) - share) * root_two_pi * exp(0.5 * x * x);
        values[i] = x;
        squares += x * x;
    }
    double scale = 4096 * sqrt(ALX_NORMALS / 2 / squares);
    for (int i = 0; i < ALX_NORMALS / 2; i++) {
        normals[ALX_NORMALS / 2 + i] = (int16_t)lrint(scale * values[i]);
        normals[ALX_NORMALS / 2 - 1 - i] = (int16_t)-normals[ALX_NORMALS / 2 + i];
    }
}

static bool bends(const alx_augment_list *list)
{
    for (int i = 0; i < list->count; i++)
        if (list->items[i].cls->bend) return true;
    return false;
}

alx_status alx_augment_scratch_create(alx_augment_scratch **scratch, const alx_augment_list *list,
                                      const alx_preprocess *p, alx_error *err)
{
    *scratch = NULL;
    alx_augment_scratch *made = alx_calloc(1, sizeof *made, err);
    if (!made) return ALX_NO_MEMORY;
    const size_t width = (size_t)p->width, bytes = width * (size_t)p->height * 3;
    made->bytes[0] = alx_calloc(bytes, 1, err);
    made->bytes[1] = alx_calloc(bytes, 1, err);
    made->words = alx_calloc(alx_warp_words(p->image_height, p->image_width), sizeof *made->words, err);
    made->sums = alx_calloc(3 * width, sizeof *made->sums, err);
    made->places = alx_calloc(2 * width, sizeof *made->places, err);
    made->shifts = alx_calloc(4 * width + 1, sizeof *made->shifts, err);
    made->field = alx_calloc(bends(list) ? alx_elastic_floats(p) : 0, sizeof *made->field, err);
    if (!made->bytes[0] || !made->bytes[1] || !made->words || !made->sums || !made->places || !made->shifts ||
        !made->field) {
        alx_augment_scratch_destroy(made);
        return ALX_NO_MEMORY;
    }
    fill_normals(made->normals);
    *scratch = made;
    return ALX_OK;
}

void alx_augment_scratch_destroy(alx_augment_scratch *scratch)
{
    if (!scratch) return;
    free(scratch->bytes[0]);
    free(scratch->bytes[1]);
    free(scratch->words);
    free(scratch->sums);
    free(scratch->places);
    free(scratch->shifts);
    free(scratch->field);
    free(scratch);
}

/* ---- A sample ---- */

/* What the list decided before any pixel is read. */
typedef struct decision {
    alx_augment_draw draws[ALX_AUGMENT_MOST];
    bool happens[ALX_AUGMENT_MOST];
    alx_augment_cut cut;
    alx_augment_map map;
    alx_augment_field field;
    bool bent;
    alx_fill fill;
} decision;

static void decide(decision *d, const alx_augment_list *list, const alx_preprocess *p, const alx_augment_key *key)
{
    alx_augment_view centre;
    alx_augment_view_centre(p, &centre);
    d->cut = (alx_augment_cut){centre.top, centre.left, p->height, p->width};
    d->map = (alx_augment_map){.xx = 1, .yy = 1};
    d->bent = false;
    d->fill = ALX_FILL_EDGE;
    for (int i = 0; i < list->count; i++) {
        const alx_augment_class *cls = list->items[i].cls;
        const void *config = list->items[i].config;
        alx_augment_draw *draw = &d->draws[i];
        *draw = (alx_augment_draw){.key = *key, .place = (uint32_t)i};
        const alx_augment_chance *chance = config;
        d->happens[i] = !cls->may_happen || (double)alx_rng_unit(alx_augment_word(draw)) < chance->probability;
        if (cls->fills) d->fill = (alx_fill)chance->fill;
        if (!d->happens[i]) continue;
        if (cls->cut) cls->cut(config, p, draw, &d->cut);
        if (cls->map) cls->map(config, p, draw, &d->map);
        if (cls->bend) cls->bend(config, p, draw, &d->field);
        d->bent |= cls->bend != NULL;
    }
}

/* The map from pixels of the result to pixels of the resized image. */
static alx_augment_map place_map(const decision *d, const alx_preprocess *p)
{
    const alx_augment_map *m = &d->map;
    const double across = d->cut.width / p->width, down = d->cut.height / p->height;
    const double x = 0.5 - 0.5 * p->width, y = 0.5 - 0.5 * p->height; /* pixel (0, 0), from the centre */
    return (alx_augment_map){
        .xx = across * m->xx,
        .xy = across * m->xy,
        .x0 = d->cut.left + 0.5 * d->cut.width + across * (m->xx * x + m->xy * y + m->x0) - 0.5,
        .yx = down * m->yx,
        .yy = down * m->yy,
        .y0 = d->cut.top + 0.5 * d->cut.height + down * (m->yx * x + m->yy * y + m->y0) - 0.5,
    };
}

const uint8_t *alx_augment_sample(const alx_augment_list *list, const alx_preprocess *p, alx_augment_scratch *scratch,
                                  const uint8_t *resized, const alx_augment_key *key)
{
    decision d;
    d.field.memory = scratch->field;
    decide(&d, list, p, key);
    const alx_warp warp = {
        .src = resized,
        .src_width = p->image_width,
        .src_height = p->image_height,
        .map = place_map(&d, p),
        .field = d.bent ? &d.field : NULL,
        .fill = d.fill,
        .dst = scratch->bytes[0],
        .width = p->width,
        .height = p->height,
        .words = scratch->words,
        .places = scratch->places,
        .found = scratch->shifts + 3 * p->width + 1,
        .shifts = scratch->shifts,
        .sums = scratch->sums,
    };
    alx_warp_run(&warp);
    alx_augment_pixels pixels = {
        .height = p->height,
        .width = p->width,
        .grey = p->channels == 1,
        .rgb = scratch->bytes[0],
        .spare = scratch->bytes[1],
        .row = scratch->sums,
        .normals = scratch->normals,
    };
    for (int i = 0; i < list->count; i++)
        if (list->items[i].cls->change && d.happens[i])
            list->items[i].cls->change(list->items[i].config, &d.draws[i], &pixels);
    return pixels.rgb;
}

void alx_augment_view_centre(const alx_preprocess *p, alx_augment_view *view)
{
    assert(p->image_height >= p->height && p->image_width >= p->width);
    *view = (alx_augment_view){
        .top = alx_centre_offset(p->image_height, p->height),
        .left = alx_centre_offset(p->image_width, p->width),
    };
}
