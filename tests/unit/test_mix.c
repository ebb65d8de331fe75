/* mixup and cutmix: the shares' distribution, boxes, and what becomes of the pixels. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "data/mix.h"

enum { DRAWS = 20000, SET = 1000 };

static const alx_preprocess square = {.height = 32, .width = 48, .channels = 3};

static alx_mix draw(alx_mix_kind kind, double alpha, double probability, uint32_t sample)
{
    const alx_mix_config config = {alpha, probability};
    alx_mix mix;
    alx_mix_draw(&mix, kind, &config, &square, SET, 7, 3, sample, 2);
    return mix;
}

/* max(b, 1 - b) of Beta(a, a): E[max] = 0.5 + E|b - 0.5|; for a = 1 that is 0.75, for a = 0.5 (arcsine) 0.5 + 1 / pi,
 * for a = 2 it is 0.6875. */
static void shares_follow_beta(void **state)
{
    (void)state;
    static const double expected[][2] = {{1, 0.75}, {0.5, 0.5 + 0.31830988618}, {2, 0.6875}};
    for (int i = 0; i < 3; i++) {
        double sum = 0;
        for (uint32_t n = 0; n < DRAWS; n++) {
            const alx_mix mix = draw(ALX_MIXUP, expected[i][0], 1, n);
            assert_true(mix.share >= 0.5f && mix.share <= 1);
            sum += (double)mix.share;
        }
        assert_true(fabs(sum / DRAWS - expected[i][1]) < 0.004);
    }
    /* Variance of Beta(a, a) is 1 / (4 (2 a + 1)); E (share - 1/2)^2 is the same. */
    double squares = 0;
    for (uint32_t n = 0; n < DRAWS; n++) squares += pow((double)draw(ALX_MIXUP, 0.2, 1, n).share - 0.5, 2);
    assert_true(fabs(squares / DRAWS - 1 / (4 * 1.4)) < 0.003);
}

static void partners_are_any_image(void **state)
{
    (void)state;
    int seen[SET] = {0}, whole = 0, different = 0;
    for (uint32_t n = 0; n < DRAWS; n++) {
        const alx_mix mix = draw(ALX_MIXUP, 1, 0.5, n);
        whole += mix.partner < 0;
        if (mix.partner < 0) {
            assert_true(mix.share == 1);
            continue;
        }
        assert_true(mix.partner < SET);
        seen[mix.partner]++;
    }
    for (int i = 0; i < SET; i++) different += seen[i] > 0;
    assert_true(abs(whole - DRAWS / 2) < 400);
    assert_true(different > SET * 99 / 100);
    /* Another image, epoch or place draws anew; the same again draws the same. */
    const alx_mix a = draw(ALX_CUTMIX, 1, 1, 5), b = draw(ALX_CUTMIX, 1, 1, 5), c = draw(ALX_CUTMIX, 1, 1, 6);
    assert_memory_equal(&a, &b, sizeof a);
    assert_true(a.partner != c.partner || a.share != c.share);
}

/* The share is what is left of the image, cut edges included. */
static void boxes_fit(void **state)
{
    (void)state;
    double sum = 0;
    for (uint32_t n = 0; n < DRAWS; n++) {
        const alx_mix mix = draw(ALX_CUTMIX, 1, 1, n);
        assert_true(mix.top >= 0 && mix.left >= 0 && mix.height >= 0 && mix.width >= 0);
        assert_true(mix.top + mix.height <= square.height && mix.left + mix.width <= square.width);
        assert_true(fabsf(mix.share - (1 - (float)(mix.height * mix.width) / (32 * 48))) < 1e-6f);
        sum += (double)mix.share;
    }
    /* Uncut, 1 - share would be uniform with mean 0.5; a centre anywhere loses part of the box: of each side s in
     * 0..1 that is s^2 / 4, so the mean area is E[(s - s^2 / 4)^2] with s^2 uniform: 1/2 - 1/5 + 1/48. */
    assert_true(fabs(1 - sum / DRAWS - (0.5 - 0.2 + 1.0 / 48)) < 0.02);
}

static void pixels_are_mixed(void **state)
{
    (void)state;
    enum { PIXELS = 3 * 32 * 48 };
    static float x[PIXELS], partner[PIXELS];
    for (int i = 0; i < PIXELS; i++) x[i] = 1, partner[i] = -1;
    const alx_mix half = {.partner = 0, .share = 0.75f, .kind = ALX_MIXUP};
    alx_mix_blend(&half, &square, partner, x);
    for (int i = 0; i < PIXELS; i++) assert_true(x[i] == 0.5f);
    for (int i = 0; i < PIXELS; i++) x[i] = 1;
    const alx_mix box = {.partner = 0, .kind = ALX_CUTMIX, .top = 2, .left = 3, .height = 4, .width = 5};
    alx_mix_blend(&box, &square, partner, x);
    for (int c = 0; c < 3; c++)
        for (int i = 0; i < 32; i++)
            for (int j = 0; j < 48; j++) {
                const int inside = i >= 2 && i < 6 && j >= 3 && j < 8;
                assert_true(x[(c * 32 + i) * 48 + j] == (inside ? -1 : 1));
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shares_follow_beta),
        cmocka_unit_test(partners_are_any_image),
        cmocka_unit_test(boxes_fit),
        cmocka_unit_test(pixels_are_mixed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
