/* Geometric augmentations: what is drawn, measured in the pixels that come out. */
#include "augment_fixture.h"

#include "base/rng.h"

static const double PI = 3.141592653589793;

/* A list of random_crop and flip gives what it always gave: offsets from the first two words, the mirror from one. */
static void test_crop_and_flip_are_bytes_as_before(void **state)
{
    (void)state;
    enum { OUTER = 20, SIDE = 16 };
    stage s;
    stage_set(&s, "[random_crop, flip: {probability: 0.25}]", OUTER, SIDE);
    for (int i = 0; i < OUTER * OUTER * 3; i++) s.image[i] = (uint8_t)((uint32_t)i * 2654435761u >> 24);
    int mirrors = 0, tops[5] = {0};
    for (uint32_t sample = 0; sample < 3000; sample++) {
        stage_run(&s, 2, sample);
        alx_rng4 crop = alx_rng_draw(7, ALX_RNG_AUGMENT, 2, sample, 0),
                 flip = alx_rng_draw(7, ALX_RNG_AUGMENT, 2, sample, 1);
        int top = (int)((uint64_t)crop.v[0] * 5 >> 32), left = (int)((uint64_t)crop.v[1] * 5 >> 32);
        int mirror = (double)alx_rng_unit(flip.v[0]) < 0.25;
        for (int y = 0; y < SIDE; y++)
            for (int x = 0; x < SIDE; x++)
                assert_memory_equal(s.sample + (y * SIDE + x) * 3,
                                    source_pixel(&s, left + (mirror ? SIDE - 1 - x : x), top + y), 3);
        mirrors += mirror;
        tops[top]++;
    }
    assert_in_range(mirrors, 650, 850);
    for (int i = 0; i < 5; i++) assert_in_range(tops[i], 500, 700);
    stage_clear(&s);
}

/* What changes nothing gives the centre crop's bytes. */
static void test_identity(void **state)
{
    (void)state;
    enum { OUTER = 33, SIDE = 24, FIRST = 4 }; /* half of 9 goes to the even side */
    static const char *const lists[] = {
        "[]",
        "[rotate: 0]",
        "[translate: 0, scale: [1, 1], shear: 0]",
        "[rotate: [90, 90], rotate: [-90, -90]]",
        "[elastic: {alpha: 0}]",
        "[stroke_width: 0]",
        "[color_jitter: {brightness: 0, contrast: 0, saturation: 0, hue: 0}]",
        "[flip: 0, grayscale: 0, erase: 0]",
        "[flip: 1, flip: 1]",
        "[pca_lighting: 0, gaussian_blur: 0, noise: 0]",
        "[rotate: {degrees: 90, probability: 0}, noise: {stddev: 1, probability: 0}]",
    };
    for (size_t k = 0; k < sizeof lists / sizeof *lists; k++) {
        stage s;
        stage_set(&s, lists[k], OUTER, SIDE);
        for (int i = 0; i < OUTER * OUTER * 3; i++) s.image[i] = (uint8_t)((uint32_t)i * 2654435761u >> 24);
        stage_run(&s, 0, 3);
        for (int y = 0; y < SIDE; y++)
            if (memcmp(s.sample + y * SIDE * 3, source_pixel(&s, FIRST, FIRST + y), SIDE * 3) != 0)
                fail_msg("%s changes row %d", lists[k], y);
        stage_clear(&s);
    }
}

/* A spot to the right of the centre: its angle is uniform, its distance stays. */
static void test_rotate(void **state)
{
    (void)state;
    stage s;
    stage_set(&s, "[rotate: [-10, 35]]", 64, 64);
    fill_square(&s, 50, 30, 4, 255); /* centre 20 to the right */
    moments angle = {0}, distance = {0};
    for (uint32_t sample = 0; sample < 2000; sample++) {
        double x, y;
        stage_run(&s, 0, sample);
        centroid(&s, &x, &y);
        note(&angle, atan2(-y, x) * 180 / PI);
        note(&distance, hypot(x, y));
    }
    assert_uniform(&angle, -10, 35, 0.2, "angle");
    assert_near(distance.least, 20, 0.1, "distance");
    assert_near(distance.most, 20, 0.1, "distance");
    stage_clear(&s);
}

static void test_translate(void **state)
{
    (void)state;
    stage s;
    stage_set(&s, "[translate: {horizontal: 0.25, vertical: [0, 0.1]}]", 80, 80);
    fill_square(&s, 38, 38, 4, 255);
    moments across = {0}, down = {0}, product = {0};
    for (uint32_t sample = 0; sample < 2000; sample++) {
        double x, y;
        stage_run(&s, 0, sample);
        centroid(&s, &x, &y);
        note(&across, x);
        note(&down, y);
        note(&product, x * (y - 4));
    }
    assert_uniform(&across, -20, 20, 0.02, "across");
    assert_uniform(&down, 0, 8, 0.02, "down");
    assert_near(mean_of(&product), 0, 2.5, "drawn apart");
    stage_clear(&s);
    stage_set(&s, "[translate: 0.2]", 80, 80); /* both directions */
    fill_square(&s, 38, 38, 4, 255);
    moments both = {0};
    for (uint32_t sample = 0; sample < 2000; sample++) {
        double x, y;
        stage_run(&s, 0, sample);
        centroid(&s, &x, &y);
        note(&both, y);
    }
    assert_uniform(&both, -16, 16, 0.02, "vertical as horizontal");
    stage_clear(&s);
    /* Whole pixels: a lone one stays as bright as it was, wherever it goes. */
    stage_set(&s, "[translate: 0.2]", 80, 80);
    fill_square(&s, 40, 40, 1, 255);
    for (uint32_t sample = 0; sample < 100; sample++) {
        stage_run(&s, 0, sample);
        int bright = 0, lit = 0;
        for (int i = 0; i < 80 * 80; i++) {
            lit += s.sample[3 * i] > 0;
            bright += s.sample[3 * i] == 255;
        }
        assert_int_equal(bright, 1);
        assert_int_equal(lit, 1);
    }
    stage_clear(&s);
}

/* A spot at (20, 0) goes to (20 f, 0), and its area grows by f^2. */
static void test_scale(void **state)
{
    (void)state;
    stage s;
    stage_set(&s, "[scale: [0.5, 1.4]]", 64, 64);
    fill_square(&s, 49, 29, 6, 255);
    moments factor = {0}, area = {0};
    for (uint32_t sample = 0; sample < 2000; sample++) {
        double x, y;
        stage_run(&s, 0, sample);
        centroid(&s, &x, &y);
        note(&factor, x / 20);
        assert_near(y, 0, 0.05, "height");
        note(&area, total(&s) / (255 * 36 * (x / 20) * (x / 20)));
    }
    assert_uniform(&factor, 0.5, 1.4, 0.005, "factor");
    assert_near(mean_of(&area), 1, 0.01, "area");
    stage_clear(&s);
}

/* A spot at (0, 20) below the centre goes to (20 tan d, 20); one to the right stays at its height. */
static void test_shear(void **state)
{
    (void)state;
    stage s;
    stage_set(&s, "[shear: 30]", 64, 64);
    fill_square(&s, 30, 50, 4, 255);
    moments angle = {0};
    for (uint32_t sample = 0; sample < 2000; sample++) {
        double x, y;
        stage_run(&s, 0, sample);
        centroid(&s, &x, &y);
        note(&angle, atan2(x, y) * 180 / PI);
        assert_near(y, 20, 0.02, "height");
    }
    assert_uniform(&angle, -30, 30, 0.2, "angle");
    stage_clear(&s);
    stage_set(&s, "[shear: {degrees: 0, vertical: [20, 20]}]", 64, 64);
    fill_square(&s, 46, 30, 4, 255);
    double x, y;
    stage_run(&s, 0, 0);
    centroid(&s, &x, &y);
    assert_near(x, 16, 0.02, "x");
    assert_near(y, 16 * tan(20 * PI / 180), 0.05, "y");
    stage_clear(&s);
}

/* The list's order is that of the changes: a shift is turned by the rotation behind it, not by the one before. */
static void test_order(void **state)
{
    (void)state;
    static const struct {
        const char *yaml;
        double x, y;
    } cases[] = {
        {"[translate: {horizontal: [0.25, 0.25], vertical: 0}, rotate: [90, 90]]", 0, -16},
        {"[rotate: [90, 90], translate: {horizontal: [0.25, 0.25], vertical: 0}]", 16, 0},
        {"[translate: {horizontal: [0.25, 0.25], vertical: 0}, flip: 1]", -16, 0},
        {"[translate: {horizontal: [0.25, 0.25], vertical: 0}, scale: [0.5, 0.5]]", 8, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        stage s;
        double x, y;
        stage_set(&s, cases[i].yaml, 64, 64);
        fill_square(&s, 30, 30, 4, 255);
        stage_run(&s, 0, 0);
        centroid(&s, &x, &y);
        assert_near(x, cases[i].x, 0.05, cases[i].yaml);
        assert_near(y, cases[i].y, 0.05, cases[i].yaml);
        stage_clear(&s);
    }
}

/* An image shifted by half its width: what stands in the half that is new. */
static void test_fill(void **state)
{
    (void)state;
    static const struct {
        const char *fill;
        double last, middle; /* in the last column, and where the image ended */
    } cases[] = {{"edge", 30, 30}, {"reflect", 15, 29}, {"black", 0, 0}, {"white", 255, 255}, {"mean", 15, 15}};
    enum { SIDE = 32 };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        stage s;
        char yaml[120];
        snprintf(yaml, sizeof yaml, "[translate: {horizontal: [-0.5, -0.5], vertical: 0, fill: %s}]", cases[k].fill);
        stage_set(&s, yaml, SIDE, SIDE);
        for (int y = 0; y < SIDE; y++)
            for (int x = 0; x < SIDE; x++) memset(source_pixel(&s, x, y), x < 30 ? x : 30, 3);
        stage_run(&s, 0, 0);
        for (int y = 0; y < SIDE; y++) {
            assert_near(value_at(&s, 0, y, 0), 16, 0, "first column");
            assert_near(value_at(&s, 15, y, 2), 30, 0, "last column of the image");
            assert_near(value_at(&s, 18, y, 1), cases[k].middle, 0, cases[k].fill);
            assert_near(value_at(&s, SIDE - 1, y, 0), cases[k].last + (k == 1), 0, cases[k].fill);
        }
        stage_clear(&s);
    }
}

/* The part's place, read off an image whose red tells x and green y. */
static void test_random_resized_crop(void **state)
{
    (void)state;
    enum { OUTER = 200, SIDE = 50 };
    stage s;
    stage_set(&s, "[random_resized_crop: {scale: [0.25, 0.5], ratio: [1/2, 2]}]", OUTER, SIDE);
    for (int y = 0; y < OUTER; y++)
        for (int x = 0; x < OUTER; x++) {
            source_pixel(&s, x, y)[0] = (uint8_t)x;
            source_pixel(&s, x, y)[1] = (uint8_t)y;
        }
    moments area = {0}, ratio = {0}, place = {0};
    for (uint32_t sample = 0; sample < 3000; sample++) {
        stage_run(&s, 1, sample);
        /* From the centre of the first pixel to that of the last: 49 of 50 parts. */
        double left = value_at(&s, 0, 25, 0), top = value_at(&s, 25, 0, 1);
        double width = (value_at(&s, SIDE - 1, 25, 0) - left) * SIDE / (SIDE - 1);
        double height = (value_at(&s, 25, SIDE - 1, 1) - top) * SIDE / (SIDE - 1);
        note(&area, width * height / OUTER / OUTER);
        note(&ratio, log2(width / height));
        if (width < OUTER - 20) note(&place, (left - width / SIDE / 2) / (OUTER - width));
    }
    assert_uniform(&area, 0.25, 0.5, 0.01, "area");
    assert_uniform(&ratio, -1, 1, 0.03, "log of the ratio");
    assert_uniform(&place, 0, 1, 0.05, "place");
    stage_clear(&s);
    /* No part of that aspect has the area: the largest that has the aspect, from the middle. */
    stage_set(&s, "[random_resized_crop: {scale: 1, ratio: 4}]", OUTER, SIDE);
    for (int y = 0; y < OUTER; y++)
        for (int x = 0; x < OUTER; x++) source_pixel(&s, x, y)[1] = (uint8_t)y;
    stage_run(&s, 0, 0);
    assert_near(value_at(&s, 25, 0, 1), 75, 1, "top");
    assert_near(value_at(&s, 25, SIDE - 1, 1), 124, 1, "bottom");
    stage_clear(&s);
}

/* Shrunk to a quarter, noise loses what lies above the new resolution: 16 samples of 4 pixels each. */
static void test_shrinking_averages(void **state)
{
    (void)state;
    enum { OUTER = 200, SIDE = 50 };
    stage s;
    stage_set(&s, "[random_resized_crop: {scale: 1, ratio: 1}]", OUTER, SIDE);
    uint32_t word = 1;
    for (int i = 0; i < OUTER * OUTER * 3; i++) s.image[i] = (uint8_t)((word = word * 1664525u + 1013904223u) >> 24);
    stage_run(&s, 0, 0);
    moments values = {0};
    for (int i = 0; i < SIDE * SIDE; i++) note(&values, s.sample[3 * i]);
    assert_near(mean_of(&values), 127.5, 2, "mean");
    assert_near(deviation_of(&values), 255 / sqrt(12) / 4, 2.5, "deviation"); /* a single bilinear sample: 37 */
    stage_clear(&s);
}

/* Displacements read off a ramp: their deviation follows from alpha and sigma, they are smooth, and hold at the rim. */
static void test_elastic(void **state)
{
    (void)state;
    static const struct {
        double alpha, sigma;
    } cases[] = {{20, 2.5}, {30, 3.9}, {100, 8}, {150, 13}};
    enum { SIDE = 240 };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        stage s;
        char yaml[80];
        snprintf(yaml, sizeof yaml, "[elastic: {alpha: %g, sigma: %g}]", cases[k].alpha, cases[k].sigma);
        stage_set(&s, yaml, SIDE, SIDE);
        for (int y = 0; y < SIDE; y++)
            for (int x = 0; x < SIDE; x++) {
                source_pixel(&s, x, y)[0] = (uint8_t)(5 + x);
                source_pixel(&s, x, y)[1] = (uint8_t)(5 + y);
            }
        moments across = {0}, down = {0}, rim = {0}, product = {0};
        double neighbours = 0, far = 0, count = 0;
        const int apart = (int)(2 * cases[k].sigma), farther = (int)(5 * cases[k].sigma);
        for (uint32_t sample = 0; sample < 12; sample++) {
            stage_run(&s, 0, sample);
            for (int y = 12; y < SIDE - 12; y++)
                for (int x = 12; x < SIDE - 12 - farther; x++) {
                    double dx = value_at(&s, x, y, 0) - x - 5, dy = value_at(&s, x, y, 1) - y - 5;
                    note(&across, dx);
                    note(&down, dy);
                    note(&product, dx * dy);
                    neighbours += dx * (value_at(&s, x + apart, y, 0) - x - apart - 5);
                    far += dx * (value_at(&s, x + farther, y, 0) - x - farther - 5);
                    count++;
                }
            for (int x = 12; x < SIDE - 12; x++) note(&rim, value_at(&s, x, 0, 0) - x - 5);
        }
        const double expected = cases[k].alpha / sqrt(3) / (2 * sqrt(PI) * cases[k].sigma);
        const double variance = expected * expected + 1.0 / 12; /* the bytes are rounded */
        assert_near(deviation_of(&across) / sqrt(variance), 1, 0.1, "deviation across");
        assert_near(deviation_of(&down) / sqrt(variance), 1, 0.1, "deviation down");
        assert_near(deviation_of(&rim) / sqrt(variance), 1, 0.35, "deviation at the rim");
        assert_near(mean_of(&product) / variance, 0, 0.15, "dx and dy are independent");
        /* The correlation of smoothed noise at distance r is exp(-r^2 / (4 sigma^2)). */
        assert_near(neighbours / count / (expected * expected), exp(-pow(apart / cases[k].sigma, 2) / 4), 0.15,
                    "correlation of neighbours");
        assert_near(far / count / (expected * expected), 0, 0.15, "correlation far away");
        stage_clear(&s);
    }
}

/* Other epochs, samples and places in the list draw otherwise; the same key draws the same. */
static void test_keys(void **state)
{
    (void)state;
    stage s;
    stage_set(&s, "[rotate: 30, rotate: 30]", 32, 32);
    fill_square(&s, 24, 14, 4, 255);
    uint8_t first[32 * 32 * 3];
    stage_run(&s, 0, 0);
    memcpy(first, s.sample, sizeof first);
    stage_run(&s, 1, 0);
    assert_memory_not_equal(first, s.sample, sizeof first);
    stage_run(&s, 0, 1);
    assert_memory_not_equal(first, s.sample, sizeof first);
    stage_run(&s, 0, 0);
    assert_memory_equal(first, s.sample, sizeof first);
    /* Were the two rotations one draw, the sum would be uniform: deviation 2 x 30 / sqrt(3), not sqrt(2) x 30 /
     * sqrt(3). */
    moments angle = {0};
    for (uint32_t sample = 0; sample < 2000; sample++) {
        double x, y;
        stage_run(&s, 0, sample);
        centroid(&s, &x, &y);
        note(&angle, atan2(-y, x) * 180 / PI);
    }
    assert_near(deviation_of(&angle), sqrt(2.0 / 3) * 30, 1.5, "sum of two angles");
    stage_clear(&s);
}

/* The ends of all ranges, on images of few pixels: every byte is written, and nothing beyond (under ./run asan). */
static void test_extremes(void **state)
{
    (void)state;
    static const char *const lists[] = {
        "[rotate: 180, translate: 1, scale: [1024, 1024], shear: {degrees: 80, vertical: 80}, elastic: {alpha: 1e6, "
        "sigma: "
        "0.5}]",
        "[scale: {factor: [0.001, 0.001], fill: mean}, elastic: {alpha: 1e6, sigma: 1000, fill: mean}]",
        "[random_resized_crop: {scale: 1e-300, ratio: [1e-300, 1e18]}, translate: {horizontal: 1, fill: reflect}]",
        "[stroke_width: [16, 16], gaussian_blur: 32, erase: {probability: 1, scale: [1e-300, 1], ratio: [1e-300, "
        "1e18]}]",
        "[stroke_width: {radius: [-16, -16], ink: light}, gaussian_blur: [0, 1], noise: 1, pca_lighting: 100]",
        "[color_jitter: {brightness: 100, contrast: 100, saturation: 100, hue: 0.5}]",
        /* Past the largest float. */
        "[scale: [0.001, 0.001], scale: [0.001, 0.001], scale: [0.001, 0.001], scale: [0.001, 0.001], scale: [0.001, "
        "0.001], "
        "scale: [0.001, 0.001], scale: [0.001, 0.001], scale: [0.001, 0.001], scale: [0.001, 0.001], scale: [0.001, "
        "0.001], "
        "scale: [0.001, 0.001], scale: [0.001, 0.001], scale: [0.001, 0.001], scale: [0.001, 0.001]]",
    };
    static const int sizes[][2] = {{1, 1}, {2, 1}, {3, 3}, {40, 5}, {17, 17}};
    for (size_t k = 0; k < sizeof lists / sizeof *lists; k++)
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            stage s;
            stage_set(&s, lists[k], sizes[i][0], sizes[i][1]);
            fill_square(&s, 0, 0, sizes[i][0], 90);
            for (uint32_t sample = 0; sample < 40; sample++) stage_run(&s, 0, sample);
            stage_clear(&s);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_crop_and_flip_are_bytes_as_before),
        cmocka_unit_test(test_identity),
        cmocka_unit_test(test_rotate),
        cmocka_unit_test(test_translate),
        cmocka_unit_test(test_scale),
        cmocka_unit_test(test_shear),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_fill),
        cmocka_unit_test(test_random_resized_crop),
        cmocka_unit_test(test_shrinking_averages),
        cmocka_unit_test(test_elastic),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_extremes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
