/* mixup and cutmix: the shares' distribution, boxes, and what becomes of the pixels. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "data/augment.h"

enum { DRAWS = 20000, SET = 1000 };

static const alx_preprocess square = {.image_height = 32, .image_width = 48, .height = 32, .width = 48, .channels = 3};

/* False: the sample stays whole. */
static bool draw(alx_mix *mix, const char *yaml, uint32_t sample)
{
    static alx_arena arena;
    static alx_augment_list list;
    static const char *read;
    if (read != yaml) {
        alx_yaml *node;
        alx_arena_finish(&arena);
        assert_int_equal(alx_yaml_parse(&node, &arena, yaml, strlen(yaml), NULL, NULL), ALX_OK);
        assert_int_equal(alx_augment_read(&list, node, &arena, NULL), ALX_OK);
        read = yaml;
    }
    const alx_augment_key key = {7, 3, sample};
    *mix = (alx_mix){.partner = -1, .share = 1};
    return alx_augment_mix(mix, &list, &square, SET, &key);
}

/* max(b, 1 - b) of Beta(a, a): E[max] = 0.5 + E|b - 0.5|; for a = 1 that is 0.75, for a = 0.5 (arcsine) 0.5 + 1 / pi,
 * for a = 2 it is 0.6875. */
static void shares_follow_beta(void **state)
{
    (void)state;
    static const struct {
        const char *list;
        double mean;
    } expected[] = {{"[mixup: 1]", 0.75}, {"[mixup: 0.5]", 0.5 + 0.31830988618}, {"[mixup: 2]", 0.6875}};
    alx_mix mix;
    for (int i = 0; i < 3; i++) {
        double sum = 0;
        for (uint32_t n = 0; n < DRAWS; n++) {
            assert_true(draw(&mix, expected[i].list, n) && !mix.boxed);
            assert_true(mix.share >= 0.5f && mix.share <= 1);
            sum += (double)mix.share;
        }
        assert_true(fabs(sum / DRAWS - expected[i].mean) < 0.004);
    }
    /* Variance of Beta(a, a) is 1 / (4 (2 a + 1)); E (share - 1/2)^2 is the same. */
    double squares = 0;
    for (uint32_t n = 0; n < DRAWS; n++) {
        draw(&mix, "[mixup]", n);
        squares += pow((double)mix.share - 0.5, 2);
    }
    assert_true(fabs(squares / DRAWS - 1 / (4 * 1.4)) < 0.003);
}

static void partners_are_any_image(void **state)
{
    (void)state;
    int seen[SET] = {0}, whole = 0, different = 0;
    for (uint32_t n = 0; n < DRAWS; n++) {
        alx_mix mix;
        const bool mixed = draw(&mix, "[mixup: {probability: 0.5}]", n);
        whole += !mixed;
        if (!mixed) continue;
        assert_true(mix.partner >= 0 && mix.partner < SET);
        seen[mix.partner]++;
    }
    for (int i = 0; i < SET; i++) different += seen[i] > 0;
    assert_true(abs(whole - DRAWS / 2) < 400);
    assert_true(different > SET * 99 / 100);
    /* Another image draws anew; the same again draws the same. */
    alx_mix a, b, c;
    draw(&a, "[cutmix]", 5);
    draw(&c, "[cutmix]", 6);
    draw(&b, "[cutmix]", 5);
    assert_true(a.partner == b.partner && a.share == b.share && a.top == b.top && a.left == b.left);
    assert_true(a.partner != c.partner || a.share != c.share);
}

/* Of two that mix the first that happens does it: here each for half of the images. */
static void one_mixture_is_enough(void **state)
{
    (void)state;
    int boxed = 0;
    for (uint32_t n = 0; n < DRAWS; n++) {
        alx_mix mix;
        assert_true(draw(&mix, "[flip, mixup: {probability: 0.5}, cutmix]", n));
        boxed += mix.boxed;
    }
    assert_true(abs(boxed - DRAWS / 2) < 400);
}

/* The share is what is left of the image, cut edges included. */
static void boxes_fit(void **state)
{
    (void)state;
    double sum = 0;
    for (uint32_t n = 0; n < DRAWS; n++) {
        alx_mix mix;
        assert_true(draw(&mix, "[cutmix]", n) && mix.boxed);
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
    enum { BYTES = 3 * 32 * 48 };
    static uint8_t rgb[BYTES], partner[BYTES];
    memset(rgb, 200, BYTES);
    memset(partner, 101, BYTES);
    const alx_mix most = {.share = 0.75f};
    alx_mix_pixels(&most, &square, partner, rgb);
    for (int i = 0; i < BYTES; i++) assert_int_equal(rgb[i], 175); /* 175.25 */
    const alx_mix all = {.share = 1};
    alx_mix_pixels(&all, &square, partner, rgb);
    for (int i = 0; i < BYTES; i++) assert_int_equal(rgb[i], 175);
    const alx_mix box = {.boxed = true, .top = 2, .left = 3, .height = 4, .width = 5};
    alx_mix_pixels(&box, &square, partner, rgb);
    for (int y = 0; y < 32; y++)
        for (int x = 0; x < 48; x++)
            for (int c = 0; c < 3; c++) {
                const bool inside = y >= 2 && y < 6 && x >= 3 && x < 8;
                assert_int_equal(rgb[(y * 48 + x) * 3 + c], inside ? 101 : 175);
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shares_follow_beta),    cmocka_unit_test(partners_are_any_image),
        cmocka_unit_test(one_mixture_is_enough), cmocka_unit_test(boxes_fit),
        cmocka_unit_test(pixels_are_mixed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
