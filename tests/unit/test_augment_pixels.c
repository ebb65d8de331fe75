/* Augmentations of colour and pixels: what is drawn, measured in the pixels that come out; and parity with Pillow and
 * Python's colorsys (fixtures/augment.txt). */
#include "augment_fixture.h"

static void fill_image(stage *s, uint8_t r, uint8_t g, uint8_t b)
{
    for (int i = 0; i < s->p.image_height * s->p.image_width; i++) {
        s->image[3 * i] = r;
        s->image[3 * i + 1] = g;
        s->image[3 * i + 2] = b;
    }
}

static void test_color_jitter(void **state)
{
    (void)state;
    stage s;
    stage_set(&s, "[color_jitter: {brightness: 0.4, contrast: 0, saturation: 0}]", 4, 4);
    fill_image(&s, 150, 150, 150);
    moments brightness = {0}, contrast = {0}, saturation = {0}, hue = {0};
    for (uint32_t sample = 0; sample < 2000; sample++) {
        stage_run(&s, 0, sample);
        note(&brightness, (value_at(&s, 0, 0, 0) + 0.5) / 150); /* cut off towards 0 */
    }
    assert_uniform(&brightness, 0.6, 1.4, 0.005, "brightness");
    stage_clear(&s);

    stage_set(&s, "[color_jitter: {brightness: 0, contrast: [0.2, 1.2], saturation: 0}]", 4, 4);
    for (int i = 0; i < 16; i++) memset(s.image + 3 * i, i % 2 ? 180 : 80, 3);
    for (uint32_t sample = 0; sample < 2000; sample++) {
        stage_run(&s, 0, sample);
        note(&contrast, (value_at(&s, 1, 0, 1) - value_at(&s, 0, 0, 1)) / 100);
    }
    assert_uniform(&contrast, 0.2, 1.2, 0.011, "contrast");
    stage_clear(&s);

    stage_set(&s, "[color_jitter: {brightness: 0, contrast: 0, saturation: 0.5}]", 4, 4);
    fill_image(&s, 160, 100, 60);
    for (uint32_t sample = 0; sample < 2000; sample++) {
        stage_run(&s, 0, sample);
        note(&saturation, (value_at(&s, 2, 2, 0) - value_at(&s, 2, 2, 2)) / 100);
    }
    assert_uniform(&saturation, 0.5, 1.5, 0.011, "saturation");
    stage_clear(&s);

    /* From red, the sixth of the circle to yellow raises green; backwards, to magenta, blue. */
    stage_set(&s, "[color_jitter: {brightness: 0, contrast: 0, saturation: 0, hue: 0.1}]", 4, 4);
    fill_image(&s, 255, 0, 0);
    for (uint32_t sample = 0; sample < 2000; sample++) {
        stage_run(&s, 0, sample);
        note(&hue, (value_at(&s, 1, 1, 1) - value_at(&s, 1, 1, 2)) / 255 / 6);
    }
    assert_uniform(&hue, -0.1, 0.1, 0.001, "hue");
    stage_clear(&s);

    /* In a random order: brightness and contrast do not commute, so equal factors give several results. */
    stage_set(&s, "[color_jitter: {brightness: [1.5, 1.5], contrast: [2, 2], saturation: 0}]", 4, 4);
    for (int i = 0; i < 16; i++) memset(s.image + 3 * i, i % 2 ? 200 : 80, 3);
    int clipped = 0;
    for (uint32_t sample = 0; sample < 400; sample++) {
        stage_run(&s, 0, sample);
        clipped += value_at(&s, 0, 0, 0) >
                   0; /* 120 and 255 clipped, then from the mean 188: 52; else 2 x 80 - 140 = 20 -> 30 */
        assert_true(value_at(&s, 0, 0, 0) == 52 || value_at(&s, 0, 0, 0) == 30);
        clipped -= value_at(&s, 0, 0, 0) == 30;
    }
    assert_in_range(clipped, 160, 240);
    stage_clear(&s);
}

static void test_grayscale(void **state)
{
    (void)state;
    stage s;
    stage_set(&s, "[grayscale: 0.3]", 4, 4);
    fill_image(&s, 200, 100, 50);
    int grey = 0;
    for (uint32_t sample = 0; sample < 3000; sample++) {
        stage_run(&s, 0, sample);
        bool is_grey = value_at(&s, 0, 0, 0) == 124 && value_at(&s, 0, 0, 1) == 124 && value_at(&s, 0, 0, 2) == 124;
        assert_true(is_grey || !memcmp(s.sample, s.image, 3));
        grey += is_grey;
    }
    assert_in_range(grey, 800, 1000);
    stage_clear(&s);
}

/* The shifts, taken back into the principal components: deviation stddev x the eigenvalue. */
static void test_pca_lighting(void **state)
{
    (void)state;
    static const double vectors[3][3] = {
        {-0.5675, 0.7192, 0.4009}, {-0.5808, -0.0045, -0.8140}, {-0.5836, -0.6948, 0.4203}};
    stage s;
    stage_set(&s, "[pca_lighting: 0.5]", 4, 4);
    fill_image(&s, 128, 128, 128);
    moments parts[3] = {{0}};
    for (uint32_t sample = 0; sample < 4000; sample++) {
        stage_run(&s, 0, sample);
        for (int k = 0; k < 3; k++) {
            double part = 0;
            for (int c = 0; c < 3; c++) part += vectors[c][k] * (value_at(&s, 3, 3, c) - 128);
            note(&parts[k], part / 255);
        }
    }
    static const double values[3] = {0.2175, 0.0188, 0.0045};
    for (int k = 0; k < 3; k++) {
        double rounding = 1 / sqrt(12) / 255, expected = hypot(0.5 * values[k], rounding);
        assert_near(mean_of(&parts[k]), 0, 4 * expected / sqrt(4000), "mean");
        assert_near(deviation_of(&parts[k]), expected, 0.06 * expected, "deviation");
    }
    stage_clear(&s);
}

/* A line that is blurred has the Gaussian's second moment; its sum stays. */
static void test_gaussian_blur(void **state)
{
    (void)state;
    static const double sigmas[] = {0.8, 2, 4.5};
    for (size_t k = 0; k < sizeof sigmas / sizeof *sigmas; k++)
        for (int upright = 0; upright < 2; upright++) {
            stage s;
            char yaml[64];
            snprintf(yaml, sizeof yaml, "[gaussian_blur: %g]", sigmas[k]);
            stage_set(&s, yaml, 61, 61);
            for (int i = 0; i < 61; i++)
                for (int wide = -4; wide <= 4; wide++) /* a bar of 9: moment (81 - 1) / 12 */
                    memset(source_pixel(&s, upright ? 30 + wide : i, upright ? i : 30 + wide), 250, 3);
            stage_run(&s, 0, 0);
            double sum = 0, second = 0;
            for (int i = 0; i < 61; i++) {
                double value = upright ? value_at(&s, i, 30, 0) : value_at(&s, 30, i, 0);
                sum += value;
                second += value * (i - 30) * (i - 30);
            }
            assert_near(sum, 9 * 250, 12, "sum");
            assert_near(second / sum - 80.0 / 12, sigmas[k] * sigmas[k], 0.04 * sigmas[k] * sigmas[k] + 0.03, yaml);
            stage_clear(&s);
        }
    /* Wider than the image is high: the edge counts for what lies beyond, and white stays white. */
    stage s;
    stage_set(&s, "[gaussian_blur: 20]", 9, 9);
    fill_image(&s, 255, 255, 255);
    stage_run(&s, 0, 0);
    for (int i = 0; i < 9 * 9 * 3; i++) assert_int_equal(s.sample[i], 255);
    stage_clear(&s);
}

static void test_noise(void **state)
{
    (void)state;
    enum { SIDE = 60 };
    for (int channels = 1; channels <= 3; channels += 2) {
        stage s;
        stage_set(&s, "[noise: 0.05]", SIDE, SIDE);
        s.p.channels = channels;
        fill_image(&s, 128, 128, 128);
        moments all = {0}, tails = {0}, products = {0}, across = {0};
        for (uint32_t sample = 0; sample < 20; sample++) {
            stage_run(&s, 0, sample);
            for (int i = 0; i < SIDE * SIDE * 3; i++) note(&all, s.sample[i] - 128.0);
            for (int i = 0; i < SIDE * SIDE; i++) {
                double red = s.sample[3 * i] - 128.0;
                note(&products, red * (s.sample[3 * i + 1] - 128.0));
                note(&across, red * (s.sample[3 * ((i + 1) % (SIDE * SIDE))] - 128.0));
                note(&tails, fabs(red) > 2 * 12.75 ? 1 : 0);
            }
        }
        const double variance = 12.75 * 12.75;
        assert_near(mean_of(&all), 0, 0.12, "mean");
        assert_near(deviation_of(&all), sqrt(variance + 1.0 / 12), 0.1, "deviation");
        assert_near(mean_of(&tails), 0.0455, 0.006, "beyond two deviations");
        /* For a network of one channel all three are the same, so that their luma is as noisy. */
        assert_near(mean_of(&products) / variance, channels == 1 ? 1 : 0, 0.02, "channels");
        assert_near(mean_of(&across) / variance, 0, 0.02, "neighbours");
        stage_clear(&s);
    }
}

static void test_erase(void **state)
{
    (void)state;
    enum { SIDE = 100 };
    stage s;
    stage_set(&s, "[erase: {probability: 0.75, scale: [0.1, 0.3], ratio: [0.5, 2], fill: white}]", SIDE, SIDE);
    moments area = {0}, ratio = {0}, place = {0};
    for (uint32_t sample = 0; sample < 2000; sample++) {
        stage_run(&s, 0, sample);
        int left = SIDE, right = -1, top = SIDE, bottom = -1, count = 0;
        for (int y = 0; y < SIDE; y++)
            for (int x = 0; x < SIDE; x++) {
                if (value_at(&s, x, y, 0) == 0) continue;
                left = x < left ? x : left;
                right = x > right ? x : right;
                top = y < top ? y : top;
                bottom = y > bottom ? y : bottom;
                count++;
            }
        if (!count) continue;
        int width = right - left + 1, height = bottom - top + 1;
        assert_int_equal(count, width * height); /* a rectangle */
        note(&area, count / 1e4);
        note(&ratio, log2((double)width / height));
        note(&place, (double)left / (SIDE - width));
    }
    assert_near(area.count, 1500, 80, "probability");
    assert_uniform(&area, 0.1, 0.3, 0.006, "area");
    assert_uniform(&ratio, -1, 1, 0.05, "log of the ratio");
    assert_uniform(&place, 0, 1, 0.02, "place");
    stage_clear(&s);

    stage_set(&s, "[erase: {probability: 1, scale: 0.25, ratio: 1, fill: mean}]", SIDE, SIDE);
    fill_image(&s, 10, 20, 30);
    fill_square(&s, 0, 0, 50, 210); /* a quarter: means 60, 67.5, 75 */
    stage_run(&s, 0, 5);
    int means = 0;
    for (int i = 0; i < SIDE * SIDE; i++)
        means += s.sample[3 * i] == 60 && s.sample[3 * i + 1] == 68 && s.sample[3 * i + 2] == 75;
    assert_int_equal(means, 2500);
    stage_clear(&s);

    stage_set(&s, "[erase: {probability: 1, scale: 1, ratio: 1, fill: random}]", SIDE, SIDE);
    stage_run(&s, 0, 0);
    moments values = {0};
    for (int i = 0; i < SIDE * SIDE * 3; i++) note(&values, s.sample[i]);
    assert_uniform(&values, 0, 255, 1, "random");
    stage_clear(&s);
}

/* A bar of 20: each edge moves outwards by the radius, whole or not. */
static void test_stroke_width(void **state)
{
    (void)state;
    static const struct {
        const char *ink;
        double radius;
    } cases[] = {{"dark", 1}, {"dark", 0.5}, {"dark", -2.25}, {"dark", 3.75}, {"light", 1.5}, {"light", -1}};
    enum { SIDE = 80 };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        stage s;
        char yaml[80];
        snprintf(yaml, sizeof yaml, "[stroke_width: {radius: [%g, %g], ink: %s}]", cases[k].radius, cases[k].radius,
                 cases[k].ink);
        stage_set(&s, yaml, SIDE, SIDE);
        const bool dark = !strcmp(cases[k].ink, "dark");
        fill_square(&s, 0, 0, SIDE, dark ? 255 : 0);
        for (int y = 0; y < SIDE; y++)
            for (int x = 30; x < 50; x++) memset(source_pixel(&s, x, y), dark ? 0 : 255, 3);
        stage_run(&s, 0, 0);
        double ink = 0;
        for (int x = 0; x < SIDE; x++) ink += dark ? 255 - value_at(&s, x, SIDE / 2, 0) : value_at(&s, x, SIDE / 2, 0);
        assert_near(ink / 255, 20 + 2 * cases[k].radius, 0.01, yaml);
        stage_clear(&s);
    }
    /* Drawn from a range: ink is uniform. */
    stage s;
    stage_set(&s, "[stroke_width: 2]", SIDE, SIDE);
    fill_square(&s, 0, 0, SIDE, 255);
    for (int y = 0; y < SIDE; y++)
        for (int x = 30; x < 50; x++) memset(source_pixel(&s, x, y), 0, 3);
    moments width = {0};
    for (uint32_t sample = 0; sample < 1000; sample++) {
        stage_run(&s, 0, sample);
        note(&width, 80 - total(&s) / 255 / SIDE);
    }
    assert_uniform(&width, 16, 24, 0.02, "width");
    stage_clear(&s);
}

/* ---- Parity ---- */

enum { WIDTH = 17, HEIGHT = 14 };

/* The formula of tests/fixtures/make_augment.py. */
static void fill_formula(stage *s)
{
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++) {
            uint8_t *pixel = s->image + (y * WIDTH + x) * 3;
            pixel[0] = (uint8_t)(13 * x + 3 * y);
            pixel[1] = (uint8_t)(7 * x + 11 * y + 40);
            pixel[2] = (uint8_t)(250 - 9 * x - 5 * y);
        }
}

static void test_parity(void **state)
{
    (void)state;
    FILE *file = fopen(FIXTURES "/augment.txt", "r");
    assert_non_null(file);
    char name[128], yaml[160], hex[2 * WIDTH * HEIGHT * 3 + 1];
    int tolerance, rim, width, height, cases = 0;
    while (fscanf(file, "%d %d %127s %d %d %1428s", &tolerance, &rim, name, &width, &height, hex) == 6) {
        stage s;
        size_t n = 0; /* YAML asks for a blank behind a colon */
        for (const char *at = name; *at; at++) {
            yaml[n++] = *at;
            if (*at == ':') yaml[n++] = ' ';
        }
        yaml[n] = '\0';
        char list[170];
        snprintf(list, sizeof list, "[%s]", yaml);
        stage_set(&s, list, WIDTH, WIDTH);
        s.p.image_height = s.p.height = HEIGHT;
        fill_formula(&s);
        stage_run(&s, 0, 0);
        for (int y = rim; y < HEIGHT - rim; y++)
            for (int x = rim; x < WIDTH - rim; x++)
                for (int c = 0; c < 3; c++) {
                    int at = (y * WIDTH + x) * 3 + c;
                    unsigned expected;
                    assert_int_equal(sscanf(hex + 2 * at, "%2x", &expected), 1);
                    if (abs((int)expected - s.sample[at]) > tolerance)
                        fail_msg("%s: (%d, %d, %d) is %d, not %u", list, x, y, c, s.sample[at], expected);
                }
        stage_clear(&s);
        cases++;
    }
    fclose(file);
    assert_int_equal(cases, 28);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_color_jitter),  cmocka_unit_test(test_grayscale), cmocka_unit_test(test_pca_lighting),
        cmocka_unit_test(test_gaussian_blur), cmocka_unit_test(test_noise),     cmocka_unit_test(test_erase),
        cmocka_unit_test(test_stroke_width),  cmocka_unit_test(test_parity),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
