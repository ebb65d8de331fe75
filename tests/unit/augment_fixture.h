/* What the tests of augmentations share: a list from text, and samples out of an image. */
#ifndef TESTS_UNIT_AUGMENT_FIXTURE_H
#define TESTS_UNIT_AUGMENT_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/augment.h"

/* An image, a list, and the last sample of it. */
typedef struct stage {
    alx_arena arena;
    alx_augment_list list;
    alx_preprocess p;
    alx_augment_scratch *scratch;
    uint8_t *image; /* (p.image_height, p.image_width, 3) */
    const uint8_t *sample;
} stage;

/* A black image of outer x outer, inputs of side x side, and the list. */
static inline void stage_set(stage *s, const char *yaml, int outer, int side)
{
    alx_error error = {0};
    alx_yaml *root;
    *s = (stage){.p = {.image_height = outer, .image_width = outer, .height = side, .width = side, .channels = 3}};
    alx_status status = alx_yaml_parse(&root, &s->arena, yaml, strlen(yaml), NULL, &error);
    if (!status) status = alx_augment_read(&s->list, root, &s->arena, &error);
    if (!status) status = alx_augment_check(&s->list, &s->p, &error);
    if (status) print_error("%s\n", error.message);
    assert_int_equal(status, ALX_OK);
    s->image = calloc((size_t)outer * (size_t)outer * 3, 1);
    assert_non_null(s->image);
    assert_int_equal(alx_augment_scratch_create(&s->scratch, &s->list, &s->p, &error), ALX_OK);
}

static inline void stage_clear(stage *s)
{
    alx_augment_scratch_destroy(s->scratch);
    free(s->image);
    alx_arena_finish(&s->arena);
}

static inline void stage_run(stage *s, uint32_t epoch, uint32_t sample)
{
    const alx_augment_key key = {7, epoch, sample};
    s->sample = alx_augment_sample(&s->list, &s->p, s->scratch, s->image, &key);
}

static inline uint8_t *source_pixel(stage *s, int x, int y)
{
    return s->image + (y * s->p.image_width + x) * 3;
}

static inline void fill_square(stage *s, int x, int y, int side, uint8_t value)
{
    for (int j = 0; j < side; j++)
        for (int i = 0; i < side; i++) memset(source_pixel(s, x + i, y + j), value, 3);
}

static inline double value_at(const stage *s, int x, int y, int channel)
{
    return s->sample[(y * s->p.width + x) * 3 + channel];
}

/* A running mean and variance. */
typedef struct moments {
    double count, sum, squares, least, most;
} moments;

static inline void note(moments *m, double value)
{
    if (!m->count || value < m->least) m->least = value;
    if (!m->count || value > m->most) m->most = value;
    m->count++;
    m->sum += value;
    m->squares += value * value;
}

static inline double mean_of(const moments *m)
{
    return m->sum / m->count;
}

static inline double deviation_of(const moments *m)
{
    return sqrt(m->squares / m->count - mean_of(m) * mean_of(m));
}

static inline void assert_near(double value, double expected, double tolerance, const char *what)
{
    if (!(fabs(value - expected) <= tolerance)) fail_msg("%s: %g, not %g within %g", what, value, expected, tolerance);
}

/* A uniform draw from low to high: its ends, mean and deviation; `blur` is how exactly each was measured. */
static inline void assert_uniform(const moments *m, double low, double high, double blur, const char *what)
{
    const double width = high - low, standard = width / sqrt(12) / sqrt(m->count);
    if (m->least < low - blur || m->most > high + blur) fail_msg("%s: from %g to %g", what, m->least, m->most);
    assert_near(m->least, low, 0.03 * width + blur, what);
    assert_near(m->most, high, 0.03 * width + blur, what);
    assert_near(mean_of(m), (low + high) / 2, 4 * standard + blur, what);
    assert_near(deviation_of(m), width / sqrt(12), 0.05 * width + blur, what);
}

/* The centre of mass of the first channel, from the image's centre. */
static inline void centroid(const stage *s, double *x, double *y)
{
    double weight = 0, sums[2] = {0};
    for (int j = 0; j < s->p.height; j++)
        for (int i = 0; i < s->p.width; i++) {
            double value = value_at(s, i, j, 0);
            weight += value;
            sums[0] += value * (i + 0.5 - 0.5 * s->p.width);
            sums[1] += value * (j + 0.5 - 0.5 * s->p.height);
        }
    assert_true(weight > 0);
    *x = sums[0] / weight;
    *y = sums[1] / weight;
}

static inline double total(const stage *s)
{
    double sum = 0;
    for (int i = 0; i < s->p.height * s->p.width; i++) sum += s->sample[3 * i];
    return sum;
}

#endif
