/* Images of every kind that real folders hold become the right pixels. */
#include "images.h"

static alx_error error;

/* ---- PNG ---- */

static void test_png_rgb(void **state)
{
    (void)state;
    bytes rgb = noise(19 * 7 * 3, 1);
    alx_image image = {0};
    for (int interlace = 0; interlace < 2; interlace++) {
        bytes file = encode_png(rgb.data, 19, 7, 19 * 3,
                                (png_options){.color_type = PNG_COLOR_TYPE_RGB, .depth = 8, .interlace = interlace});
        assert_decodes(&image, file, 19, 7);
        assert_memory_equal(image.rgb, rgb.data, rgb.count);
        bytes_finish(&file);
    }
    alx_image_finish(&image);
    bytes_finish(&rgb);
}

/* gAMA is ignored, as Pillow ignores it: linear and sRGB files give the same bytes. */
static void test_png_gamma(void **state)
{
    (void)state;
    bytes rgb = noise(8 * 8 * 3, 2);
    bytes file =
        encode_png(rgb.data, 8, 8, 24, (png_options){.color_type = PNG_COLOR_TYPE_RGB, .depth = 8, .gamma = 1.0});
    alx_image image = {0};
    assert_decodes(&image, file, 8, 8);
    assert_memory_equal(image.rgb, rgb.data, rgb.count);
    alx_image_finish(&image);
    bytes_finish(&file);
    bytes_finish(&rgb);
}

static void test_png_grey(void **state)
{
    (void)state;
    static const uint8_t eight[] = {0, 1, 127, 255};
    bytes file = encode_png(eight, 4, 1, 4, (png_options){.color_type = PNG_COLOR_TYPE_GRAY, .depth = 8});
    alx_image image = {0};
    assert_decodes(&image, file, 4, 1);
    assert_memory_equal(image.rgb, ((uint8_t[]){0, 0, 0, 1, 1, 1, 127, 127, 127, 255, 255, 255}), 12);
    bytes_finish(&file);

    static const uint8_t two_bits[] = {0x1B}; /* 0 1 2 3 */
    file = encode_png(two_bits, 4, 1, 1, (png_options){.color_type = PNG_COLOR_TYPE_GRAY, .depth = 2});
    assert_decodes(&image, file, 4, 1);
    assert_memory_equal(image.rgb, ((uint8_t[]){0, 0, 0, 85, 85, 85, 170, 170, 170, 255, 255, 255}), 12);
    bytes_finish(&file);
    alx_image_finish(&image);
}

/* On white: grey 100 at alpha 0, 51, 255. (100 * 51 + 255 * 204) / 255 = 224 */
static void test_png_alpha(void **state)
{
    (void)state;
    static const uint8_t grey[] = {100, 0, 100, 51, 100, 255};
    static const uint8_t expected[] = {255, 255, 255, 224, 224, 224, 100, 100, 100};
    bytes file = encode_png(grey, 3, 1, 6, (png_options){.color_type = PNG_COLOR_TYPE_GRAY_ALPHA, .depth = 8});
    alx_image image = {0};
    assert_decodes(&image, file, 3, 1);
    assert_memory_equal(image.rgb, expected, 9);
    bytes_finish(&file);

    static const uint8_t rgba[] = {10, 20, 30, 255, 10, 20, 30, 0};
    for (int interlace = 0; interlace < 2; interlace++) {
        file = encode_png(rgba, 2, 1, 8,
                          (png_options){.color_type = PNG_COLOR_TYPE_RGB_ALPHA, .depth = 8, .interlace = interlace});
        assert_decodes(&image, file, 2, 1);
        assert_memory_equal(image.rgb, ((uint8_t[]){10, 20, 30, 255, 255, 255}), 6);
        bytes_finish(&file);
    }
    alx_image_finish(&image);
}

static void test_png_palette(void **state)
{
    (void)state;
    static const png_color palette[] = {{1, 2, 3}, {200, 100, 50}, {9, 9, 9}};
    static const uint8_t alpha[] = {255, 255, 0};
    static const uint8_t places[] = {0, 1, 2};
    png_options o = {.color_type = PNG_COLOR_TYPE_PALETTE, .depth = 8, .palette = palette, .palette_count = 3};
    bytes file = encode_png(places, 3, 1, 3, o);
    alx_image image = {0};
    assert_decodes(&image, file, 3, 1);
    assert_memory_equal(image.rgb, ((uint8_t[]){1, 2, 3, 200, 100, 50, 9, 9, 9}), 9);
    bytes_finish(&file);

    o.palette_alpha = alpha;
    file = encode_png(places, 3, 1, 3, o);
    assert_decodes(&image, file, 3, 1);
    assert_memory_equal(image.rgb, ((uint8_t[]){1, 2, 3, 200, 100, 50, 255, 255, 255}), 9);
    bytes_finish(&file);
    alx_image_finish(&image);
}

/* v / 257, rounded: every 8-bit value comes back, and the halves go to the nearer. */
static void test_png_16_bit(void **state)
{
    (void)state;
    uint8_t rows[65536 / 16 * 2];
    int count = 65536 / 16;
    for (int i = 0; i < count; i++) {
        int v = i * 16 + i % 16;
        rows[2 * i] = (uint8_t)(v >> 8);
        rows[2 * i + 1] = (uint8_t)v;
    }
    bytes file = encode_png(rows, count, 1, sizeof rows, (png_options){.color_type = PNG_COLOR_TYPE_GRAY, .depth = 16});
    alx_image image = {0};
    assert_decodes(&image, file, count, 1);
    for (int i = 0; i < count; i++) {
        int v = i * 16 + i % 16;
        assert_int_equal(image.rgb[3 * i], (v + 128) / 257);
        assert_int_equal(image.rgb[3 * i + 2], (v + 128) / 257);
    }
    alx_image_finish(&image);
    bytes_finish(&file);
}

/* ---- JPEG ---- */

static void test_jpeg_kinds(void **state)
{
    (void)state;
    enum { W = 37, H = 29 };
    uint8_t rgb[W * H * 3], grey[W * H], grey_rgb[W * H * 3];
    paint(rgb, W, H);
    for (int i = 0; i < W * H; i++) grey[i] = grey_rgb[3 * i] = grey_rgb[3 * i + 1] = grey_rgb[3 * i + 2] = rgb[3 * i];
    static const int subsamplings[] = {TJSAMP_444, TJSAMP_422, TJSAMP_420, TJSAMP_440, TJSAMP_411};
    alx_image image = {0};
    for (size_t s = 0; s < sizeof subsamplings / sizeof *subsamplings; s++)
        for (int progressive = 0; progressive < 2; progressive++) {
            bytes file = encode_jpeg(rgb, W, H, TJPF_RGB, subsamplings[s], progressive ? TJFLAG_PROGRESSIVE : 0);
            assert_decodes(&image, file, W, H);
            assert_near(image.rgb, rgb, sizeof rgb, s == 0 ? 6 : 14);
            bytes_finish(&file);
        }
    bytes file = encode_jpeg(grey, W, H, TJPF_GRAY, TJSAMP_GRAY, 0);
    assert_decodes(&image, file, W, H);
    assert_near(image.rgb, grey_rgb, sizeof grey_rgb, 6);
    bytes_finish(&file);
    alx_image_finish(&image);
}

/* Chroma a third as wide, which TurboJPEG 2.x has no name for: 6x4 of (200, 100, 50), from libjpeg. */
static void test_jpeg_odd_subsampling(void **state)
{
    (void)state;
    static uint8_t file[] = {
        0xFF, 0xD8, 0xFF, 0xDB, 0x00, 0x43, 0x00, 0x03, 0x02, 0x02, 0x03, 0x02, 0x02, 0x03, 0x03, 0x03, 0x03, 0x04,
        0x03, 0x03, 0x04, 0x05, 0x08, 0x05, 0x05, 0x04, 0x04, 0x05, 0x0A, 0x07, 0x07, 0x06, 0x08, 0x0C, 0x0A, 0x0C,
        0x0C, 0x0B, 0x0A, 0x0B, 0x0B, 0x0D, 0x0E, 0x12, 0x10, 0x0D, 0x0E, 0x11, 0x0E, 0x0B, 0x0B, 0x10, 0x16, 0x10,
        0x11, 0x13, 0x14, 0x15, 0x15, 0x15, 0x0C, 0x0F, 0x17, 0x18, 0x16, 0x14, 0x18, 0x12, 0x14, 0x15, 0x14, 0xFF,
        0xDB, 0x00, 0x43, 0x01, 0x03, 0x04, 0x04, 0x05, 0x04, 0x05, 0x09, 0x05, 0x05, 0x09, 0x14, 0x0D, 0x0B, 0x0D,
        0x14, 0x14, 0x14, 0x14, 0x14, 0x14, 0x14, 0x14, 0x14, 0x14, 0x14, 0x14, 0x14, 0x14, 0x14, 0x14, 0x14, 0x14,
        0x14, 0x14, 0x14, 0x14, 0x14, 0x14, 0x14, 0x14, 0x14, 0x14, 0x14, 0x14, 0x14, 0x14, 0x14, 0x14, 0x14, 0x14,
        0x14, 0x14, 0x14, 0x14, 0x14, 0x14, 0x14, 0x14, 0x14, 0x14, 0x14, 0x14, 0x14, 0x14, 0xFF, 0xC0, 0x00, 0x11,
        0x08, 0x00, 0x04, 0x00, 0x06, 0x03, 0x01, 0x32, 0x00, 0x02, 0x11, 0x01, 0x03, 0x11, 0x01, 0xFF, 0xC4, 0x00,
        0x15, 0x00, 0x01, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x04, 0xFF, 0xC4, 0x00, 0x14, 0x10, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xC4, 0x00, 0x15, 0x01, 0x01, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x07, 0x08, 0xFF, 0xC4, 0x00, 0x14, 0x11, 0x01, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xDA, 0x00,
        0x0C, 0x03, 0x01, 0x00, 0x02, 0x11, 0x03, 0x11, 0x00, 0x3F, 0x00, 0x90, 0x00, 0x07, 0xA9, 0x07, 0xFF, 0xD9,
    };
    alx_image image = {0};
    assert_decodes(&image, (bytes){file, sizeof file}, 6, 4);
    for (int i = 0; i < 24; i++) assert_near(image.rgb + 3 * i, (const uint8_t *)"\xC8\x64\x32", 3, 4);
    alx_image_finish(&image);
}

/* As Adobe stores it: 255 is no ink. Red is full magenta and yellow; then half black. */
static void test_jpeg_cmyk(void **state)
{
    (void)state;
    enum { SIDE = 16 };
    static const uint8_t inks[][4] = {{255, 0, 0, 255}, {255, 255, 255, 128}, {0, 255, 128, 255}};
    static const uint8_t colours[][3] = {{255, 0, 0}, {128, 128, 128}, {0, 255, 128}};
    uint8_t cmyk[SIDE * SIDE * 4];
    alx_image image = {0};
    for (size_t k = 0; k < 3; k++)
        for (int ycck = 0; ycck < 2; ycck++) {
            for (int i = 0; i < SIDE * SIDE; i++) memcpy(cmyk + 4 * i, inks[k], 4);
            /* TurboJPEG writes YCCK where chroma is subsampled or not, with the Adobe marker. */
            bytes file = encode_jpeg(cmyk, SIDE, SIDE, TJPF_CMYK, ycck ? TJSAMP_420 : TJSAMP_444, 0);
            assert_decodes(&image, file, SIDE, SIDE);
            for (int i = 0; i < SIDE * SIDE; i++) assert_near(image.rgb + 3 * i, colours[k], 3, 3);
            bytes_finish(&file);
        }
    alx_image_finish(&image);
}

/* The Exif standard's own words: where the stored row 0 and column 0 are seen. */
static void test_jpeg_orientation(void **state)
{
    (void)state;
    enum { W = 32, H = 16 };
    static const struct {
        char row0, column0;
    } seen[] = {{0, 0}, {'t', 'l'}, {'t', 'r'}, {'b', 'r'}, {'b', 'l'}, {'l', 't'}, {'r', 't'}, {'r', 'b'}, {'l', 'b'}};
    uint8_t grey[W * H] = {0};
    for (int y = 0; y < 8; y++)
        for (int x = 0; x < W; x++) grey[y * W + x] = x < 8 ? 250 : x >= W - 8 ? 120 : 0;
    bytes plain = encode_jpeg(grey, W, H, TJPF_GRAY, TJSAMP_GRAY, 0);
    alx_image image = {0};
    for (int o = 1; o <= 8; o++) {
        bytes file = with_orientation(plain, o, o % 2);
        assert_decodes(&image, file, o >= 5 ? H : W, o >= 5 ? W : H);
        int bottom = seen[o].row0 == 'b' || seen[o].column0 == 'b',
            right = seen[o].row0 == 'r' || seen[o].column0 == 'r';
        /* The bright corner is where row 0 meets column 0, the dimmer at the other end of row 0. */
        int x = right ? image.width - 4 : 3, y = bottom ? image.height - 4 : 3;
        assert_in_range(image.rgb[(y * image.width + x) * 3], 240, 255);
        if (o >= 5)
            y = image.height - 1 - y;
        else
            x = image.width - 1 - x;
        assert_in_range(image.rgb[(y * image.width + x) * 3], 110, 130);
        bytes_finish(&file);
    }
    bytes file = with_orientation(plain, 77, 0); /* nonsense is no orientation */
    assert_decodes(&image, file, W, H);
    bytes_finish(&file);
    bytes_finish(&plain);
    alx_image_finish(&image);
}

/* ---- WebP ---- */

static void test_webp(void **state)
{
    (void)state;
    enum { W = 40, H = 24 };
    uint8_t rgb[W * H * 3], rgba[W * H * 4], *data;
    paint(rgb, W, H);
    alx_image image = {0};
    size_t count = WebPEncodeLosslessRGB(rgb, W, H, W * 3, &data);
    bytes file = take_webp(data, count);
    assert_decodes(&image, file, W, H);
    assert_memory_equal(image.rgb, rgb, sizeof rgb);
    bytes_finish(&file);

    count = WebPEncodeRGB(rgb, W, H, W * 3, 95, &data);
    file = take_webp(data, count);
    assert_decodes(&image, file, W, H);
    assert_near(image.rgb, rgb, sizeof rgb, 20);
    bytes_finish(&file);

    for (int i = 0; i < W * H; i++) {
        memcpy(rgba + 4 * i, rgb + 3 * i, 3);
        rgba[4 * i + 3] = i % 2 ? 255 : 0;
    }
    count = WebPEncodeLosslessRGBA(rgba, W, H, W * 4, &data);
    file = take_webp(data, count);
    assert_decodes(&image, file, W, H);
    for (int i = 0; i < W * H; i++)
        assert_memory_equal(image.rgb + 3 * i, i % 2 ? rgb + 3 * i : (const uint8_t *)"\xFF\xFF\xFF", 3);
    bytes_finish(&file);
    alx_image_finish(&image);
}

/* The content counts, not the name; the message names the file on one line. */
static void test_read(void **state)
{
    (void)state;
    uint8_t rgb[6 * 4 * 3];
    char path[4096];
    paint(rgb, 6, 4);
    char *folder = folder_make();
    bytes png = encode_rgb_png(rgb, 6, 4);
    write_file(folder, "photo.JPEG", png);
    alx_image image = {0};
    assert_int_equal(alx_image_read(&image, in(folder, "photo.JPEG", path), NULL, &error), ALX_OK);
    assert_memory_equal(image.rgb, rgb, sizeof rgb);
    write_file(folder, "two\nlines.png", (bytes){png.data, 20});
    assert_int_equal(alx_image_read(&image, in(folder, "two\nlines.png", path), NULL, &error), ALX_BAD_DATA);
    assert_non_null(strstr(error.message, "two\\nlines.png: damaged or truncated PNG: "));
    assert_null(strchr(error.message, '\n'));
    assert_int_equal(alx_image_read(&image, in(folder, "none.png", path), NULL, &error), ALX_IO);
    assert_non_null(strstr(error.message, "none.png: "));
    assert_int_equal(alx_image_read(&image, folder, NULL, &error), ALX_IO);
    bytes_finish(&png);
    alx_image_finish(&image);
    folder_remove(folder);
}

/* The memory of a larger image serves the next; limits hold for callers too. */
static void test_reserve(void **state)
{
    (void)state;
    alx_image image = {0};
    assert_int_equal(alx_image_reserve(&image, 100, 100, &error), ALX_OK);
    uint8_t *memory = image.rgb;
    assert_int_equal(alx_image_reserve(&image, 50, 60, &error), ALX_OK);
    assert_ptr_equal(image.rgb, memory);
    assert_int_equal(image.width, 50);
    assert_int_equal(alx_image_reserve(&image, 0, 5, &error), ALX_BAD_DATA);
    assert_int_equal(alx_image_reserve(&image, ALX_IMAGE_MAX_SIDE + 1, 1, &error), ALX_BAD_DATA);
    assert_int_equal(alx_image_reserve(&image, 20000, 20000, &error), ALX_BAD_DATA);
    alx_image_finish(&image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_png_rgb),
        cmocka_unit_test(test_png_gamma),
        cmocka_unit_test(test_png_grey),
        cmocka_unit_test(test_png_alpha),
        cmocka_unit_test(test_png_palette),
        cmocka_unit_test(test_png_16_bit),
        cmocka_unit_test(test_jpeg_odd_subsampling),
        cmocka_unit_test(test_jpeg_kinds),
        cmocka_unit_test(test_jpeg_cmyk),
        cmocka_unit_test(test_jpeg_orientation),
        cmocka_unit_test(test_webp),
        cmocka_unit_test(test_read),
        cmocka_unit_test(test_reserve),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
