/* decode: fast: JPEGs come out smaller, no smaller than what is made of them, and show the same in the same places. */
#include <math.h>

#include "images.h"

#include "data/preprocess.h"

static alx_error error;

typedef struct jpeg_case {
    int width, height; /* as stored */
    int format;        /* TJPF_RGB, TJPF_GRAY or TJPF_CMYK */
    int subsampling, orientation;
} jpeg_case;

/* Waves that end at different heights, which a shift by a part of a pixel changes. */
static uint8_t shade(int x, int y, int width, int height)
{
    const double u = (x + 0.5) / width, v = (y + 0.5) / height;
    return (uint8_t)(110 + 60 * sin(15 * u + 4 * u * u) + 40 * cos(11 * v - 3 * v * v));
}

static bytes make_jpeg(const jpeg_case *c)
{
    const size_t channels = c->format == TJPF_GRAY ? 1 : c->format == TJPF_CMYK ? 4 : 3;
    bytes pixels = noise((size_t)c->width * (size_t)c->height * channels, 1);
    for (int y = 0; y < c->height; y++)
        for (int x = 0; x < c->width; x++) {
            uint8_t *p = pixels.data + ((size_t)y * (size_t)c->width + (size_t)x) * channels;
            for (size_t k = 0; k < channels; k++) p[k] = (uint8_t)(shade(x, y, c->width, c->height) + 10 * k);
        }
    bytes jpeg = encode_jpeg(pixels.data, c->width, c->height, c->format, c->subsampling, 0);
    bytes_finish(&pixels);
    if (c->orientation < 2) return jpeg;
    bytes turned = with_orientation(jpeg, c->orientation, 0);
    bytes_finish(&jpeg);
    return turned;
}

static void decode(alx_image *image, bytes file, const alx_image_need *need)
{
    const alx_status status = alx_image_decode(image, file.data, file.count, need, &error);
    if (status) fail_msg("%s", error.message);
}

/* The largest reduction that leaves what is needed, and the size of the whole. */
static void gives_what_is_needed(void **state)
{
    (void)state;
    static const struct {
        int width, height, orientation;
        alx_image_need need;
        int shrunk_width, shrunk_height;
    } cases[] = {
        {640, 480, 1, {320, 240, false}, 320, 240}, /* just enough */
        {640, 480, 1, {321, 240, false}, 640, 480}, /* one too many */
        {640, 480, 1, {320, 241, false}, 640, 480},
        {640, 480, 1, {160, 100, false}, 160, 120},
        {640, 480, 1, {80, 60, false}, 80, 60},
        {640, 480, 1, {1, 1, false}, 80, 60}, /* no factor beyond */
        {640, 480, 1, {80, 80, true}, 80, 60},
        {640, 480, 1, {80, 80, false}, 160, 120},
        {227, 227, 1, {100, 100, false}, 114, 114},
        {227, 227, 1, {114, 114, false}, 227, 227}, /* 113.5 are not 114 */
        {640, 480, 6, {240, 320, false}, 240, 320}, /* upright: 480 x 640 */
        {640, 480, 6, {320, 240, false}, 480, 640},
        {640, 480, 3, {320, 240, false}, 320, 240},
        {1, 1, 1, {1, 1, false}, 1, 1},
        {15, 90, 1, {1, 1, false}, 15, 90}, /* smaller than 8 pixels would be left */
        {16, 90, 1, {1, 1, false}, 8, 45},
        {33, 33, 1, {1, 1, false}, 9, 9},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const jpeg_case c = {cases[i].width, cases[i].height, TJPF_RGB, TJSAMP_420, cases[i].orientation};
        bytes file = make_jpeg(&c);
        alx_image image = {0};
        decode(&image, file, &cases[i].need);
        const bool swapped = c.orientation >= 5;
        if (image.width != cases[i].shrunk_width || image.height != cases[i].shrunk_height)
            fail_msg("case %zu: %dx%d", i, image.width, image.height);
        assert_int_equal(image.full_width, swapped ? c.height : c.width);
        assert_int_equal(image.full_height, swapped ? c.width : c.height);
        alx_image_finish(&image);
        bytes_finish(&file);
    }
}

static double distance(const uint8_t *a, const uint8_t *b, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++) sum += abs(a[i] - b[i]);
    return sum / (double)count;
}

/* Odd sizes, whose last pixel is a part of one when shrunk, turned every way, in every colour space, for every way of
 * resizing. */
static void shows_the_same(void **state)
{
    (void)state;
    enum { WIDTH = 24, HEIGHT = 20 };
    static const struct {
        int format, subsampling;
    } kinds[] = {{TJPF_RGB, TJSAMP_420}, {TJPF_RGB, TJSAMP_444}, {TJPF_GRAY, TJSAMP_GRAY}, {TJPF_CMYK, TJSAMP_444}};
    alx_resampler scratch = {0};
    alx_image exact = {0}, fast = {0};
    double worst = 0;
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
        for (int orientation = 1; orientation <= 8; orientation++) {
            const jpeg_case c = {105, 99, kinds[k].format, kinds[k].subsampling, orientation};
            bytes file = make_jpeg(&c);
            decode(&exact, file, NULL);
            for (int mode = 0; mode < 3; mode++) {
                const alx_preprocess p = {.decode = ALX_DECODE_FAST,
                                          .resize = (alx_resize)mode,
                                          .filter = ALX_FILTER_BILINEAR,
                                          .image_width = WIDTH,
                                          .image_height = HEIGHT};
                alx_image_need room;
                uint8_t a[WIDTH * HEIGHT * 3], b[WIDTH * HEIGHT * 3];
                decode(&fast, file, alx_preprocess_need(&p, &room));
                assert_int_equal(fast.width, (exact.width + 3) / 4);
                assert_int_equal(fast.traits, exact.traits);
                assert_int_equal(alx_preprocess_resize_image(&p, &scratch, &exact, a, &error), ALX_OK);
                assert_int_equal(alx_preprocess_resize_image(&p, &scratch, &fast, b, &error), ALX_OK);
                const double mean = distance(a, b, sizeof a);
                if (mean > worst) worst = mean;
                if (mean > 2) fail_msg("kind %zu, orientation %d, mode %d: %.2f", k, orientation, mode, mean);
                assert_true(mean > 0); /* it is another decoding */
            }
            bytes_finish(&file);
        }
    print_message("at most %.2f of 255 between exact and fast\n", worst);
    alx_resampler_finish(&scratch);
    alx_image_finish(&exact);
    alx_image_finish(&fast);
}

/* What is not shrunk is the same to the byte, and what was shrunk before leaves nothing behind. */
static void whole_images_stay_exact(void **state)
{
    (void)state;
    const jpeg_case large = {200, 160, TJPF_RGB, TJSAMP_420, 1}, small = {30, 40, TJPF_RGB, TJSAMP_420, 1};
    bytes files[] = {make_jpeg(&large), make_jpeg(&small)};
    bytes rgb = noise(90 * 70 * 3, 3), png = encode_rgb_png(rgb.data, 90, 70);
    const alx_image_need need = {20, 30, false};
    alx_image image = {0}, exact = {0};
    decode(&image, files[0], &need);
    assert_int_equal(image.width, 50);
    assert_true(image.across.length == 50 && image.across.start == 0);
    decode(&exact, files[1], NULL);
    decode(&image, files[1], &need);
    assert_int_equal(image.width, 30);
    assert_true(image.across.length == 0 && image.down.length == 0);
    assert_memory_equal(image.rgb, exact.rgb, 30 * 40 * 3);
    decode(&image, png, &need);
    assert_int_equal(image.width, 90);
    assert_memory_equal(image.rgb, rgb.data, rgb.count);
    for (int i = 0; i < 2; i++) bytes_finish(&files[i]);
    bytes_finish(&rgb);
    bytes_finish(&png);
    alx_image_finish(&image);
    alx_image_finish(&exact);
}

static void damage_is_still_seen(void **state)
{
    (void)state;
    const jpeg_case c = {200, 160, TJPF_RGB, TJSAMP_420, 1};
    const alx_image_need need = {20, 30, false};
    bytes file = make_jpeg(&c);
    alx_image image = {0};
    for (size_t count = 0; count < file.count; count += 1 + count / 8)
        assert_int_equal(alx_image_decode(&image, file.data, count, &need, &error), ALX_BAD_DATA);
    bytes_finish(&file);
    alx_image_finish(&image);
}

/* Crops are cut out of the resized image, so its size counts, not the input's. */
static void need_follows_the_settings(void **state)
{
    (void)state;
    alx_image_need room;
    alx_preprocess p = {.image_height = 256, .image_width = 300, .height = 224, .width = 224};
    assert_null(alx_preprocess_need(&p, &room));
    p.decode = ALX_DECODE_FAST;
    for (int mode = 0; mode < 3; mode++) {
        p.resize = (alx_resize)mode;
        assert_non_null(alx_preprocess_need(&p, &room));
        assert_true(room.width == 300 && room.height == 256 && room.either == (mode == ALX_RESIZE_CONTAIN));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_what_is_needed),      cmocka_unit_test(shows_the_same),
        cmocka_unit_test(whole_images_stay_exact),   cmocka_unit_test(damage_is_still_seen),
        cmocka_unit_test(need_follows_the_settings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
