/* The permutation test: sees labels that follow from features, and is fair where they do not. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/rng.h"
#include "train/signal.h"

enum { IMAGES = 60, SIZE = 35, CLASSES = 3 };

/* Standard normals; a class's own features are moved by `shift` in every fifth number. */
static void draw(float *features, int32_t *labels, uint32_t seed, float shift)
{
    for (int n = 0; n < IMAGES; n++) {
        labels[n] = (int32_t)(alx_rng_draw(seed, ALX_RNG_SAMPLE, 1, (uint32_t)n, 0).v[0] % CLASSES);
        for (int i = 0; i < SIZE; i++) {
            float z[2];
            const alx_rng4 words = alx_rng_draw(seed, ALX_RNG_SAMPLE, 0, (uint32_t)n, (uint32_t)i);
            alx_rng_normal(words.v[0], words.v[1], z);
            features[n * SIZE + i] = z[0] + (i % 5 == labels[n] ? shift : 0.0f);
        }
    }
}

static double test_of(const float *features, const int32_t *labels, int threads)
{
    double p;
    assert_int_equal(alx_signal_test(&p, features, labels, IMAGES, SIZE, 1, threads, NULL), ALX_OK);
    return p;
}

static void a_signal_is_seen(void **state)
{
    (void)state;
    float features[IMAGES * SIZE];
    int32_t labels[IMAGES];
    draw(features, labels, 1, 1.0f);
    assert_true(test_of(features, labels, 2) == 0.001);
    assert_true(test_of(features, labels, 1) == test_of(features, labels, 3));
    int32_t first = labels[0]; /* moved on by one: labels of other images */
    for (int n = 0; n + 1 < IMAGES; n++) labels[n] = labels[n + 1];
    labels[IMAGES - 1] = first;
    assert_true(test_of(features, labels, 2) > 0.05);
}

/* Without one, p is uniform: of 200 sets 5 % lie below 0.05, +- 3 standard deviations. */
static void chance_is_seen_as_chance(void **state)
{
    (void)state;
    float features[IMAGES * SIZE];
    int32_t labels[IMAGES];
    int small = 0, large = 0;
    for (uint32_t seed = 0; seed < 200; seed++) {
        draw(features, labels, 1000 + seed, 0.0f);
        const double p = test_of(features, labels, 2);
        assert_true(p > 0.0 && p <= 1.0);
        small += p <= 0.05;
        large += p > 0.5;
    }
    assert_in_range(small, 1, 19);
    assert_in_range(large, 79, 121);
}

static void nothing_to_compare_is_said(void **state)
{
    (void)state;
    float features[IMAGES * SIZE] = {0};
    int32_t labels[IMAGES] = {0};
    double p;
    assert_true(isnan(test_of(features, labels, 2)));
    draw(features, labels, 1, 1.0f);
    features[7] = NAN;
    assert_true(isnan(test_of(features, labels, 2)));
    draw(features, labels, 1, 1.0f);
    for (int n = 0; n < IMAGES; n++) labels[n] = 2;
    assert_true(isnan(test_of(features, labels, 2)));
    assert_int_equal(alx_signal_test(&p, features, labels, 1, SIZE, 1, 1, NULL), ALX_OK);
    assert_true(isnan(p));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_signal_is_seen),
        cmocka_unit_test(chance_is_seen_as_chance),
        cmocka_unit_test(nothing_to_compare_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
