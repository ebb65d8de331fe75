/* Files that are damaged, cut, lying or no images at all: an error with a remedy, never more. */
#include "images.h"

#include <sys/resource.h>

static alx_error error;

/* Cut anywhere, a file is an error, and nothing is read beyond the cut (the copies are exact for ASan). */
static void cut_everywhere(bytes file)
{
    alx_image image = {0};
    for (size_t n = 0; n < file.count; n++) {
        bytes cut = {malloc(n ? n : 1), n};
        memcpy(cut.data, file.data, n);
        if (alx_image_decode(&image, cut.data, n, NULL, &error) != ALX_BAD_DATA)
            fail_msg("accepted when cut at %zu", n);
        bytes_finish(&cut);
    }
    assert_int_equal(alx_image_decode(&image, file.data, file.count, NULL, &error), ALX_OK);
    alx_image_finish(&image);
}

/* The extended format: metadata behind the pixels. */
static bytes with_exif_chunk(bytes webp, int width, int height)
{
    uint8_t start[30] = "RIFF    WEBPVP8X\x0A\0\0\0\x08", tail[16] = "EXIF\x08\0\0\0abcdefg";
    size_t count = sizeof start + webp.count - 12 + sizeof tail;
    uint32_t riff = (uint32_t)count - 8;
    for (int i = 0; i < 4; i++) start[4 + i] = (uint8_t)(riff >> 8 * i);
    start[24] = (uint8_t)(width - 1);
    start[27] = (uint8_t)(height - 1);
    bytes out = {malloc(count), count};
    memcpy(out.data, start, sizeof start);
    memcpy(out.data + sizeof start, webp.data + 12, webp.count - 12);
    memcpy(out.data + count - sizeof tail, tail, sizeof tail);
    return out;
}

static void test_truncated(void **state)
{
    (void)state;
    enum { W = 33, H = 21 };
    uint8_t rgb[W * H * 3], *data;
    paint(rgb, W, H);
    bytes file = encode_rgb_png(rgb, W, H);
    cut_everywhere(file);
    bytes_finish(&file);
    for (int progressive = 0; progressive < 2; progressive++) {
        file = encode_jpeg(rgb, W, H, TJPF_RGB, TJSAMP_420, progressive ? TJFLAG_PROGRESSIVE : 0);
        cut_everywhere(file);
        bytes_finish(&file);
    }
    size_t count = WebPEncodeRGB(rgb, W, H, W * 3, 80, &data);
    file = take_webp(data, count);
    cut_everywhere(file);
    bytes extended = with_exif_chunk(file, W, H);
    cut_everywhere(extended);
    bytes_finish(&extended);
    bytes_finish(&file);
    count = WebPEncodeLosslessRGB(rgb, W, H, W * 3, &data);
    file = take_webp(data, count);
    cut_everywhere(file);
    bytes_finish(&file);
}

/* Any single byte changed: an error or an image, never more. */
static void test_flipped_bytes(void **state)
{
    (void)state;
    enum { W = 24, H = 18 };
    uint8_t rgb[W * H * 3], *data;
    paint(rgb, W, H);
    size_t count = WebPEncodeRGB(rgb, W, H, W * 3, 80, &data);
    bytes files[] = {
        encode_rgb_png(rgb, W, H),
        encode_jpeg(rgb, W, H, TJPF_RGB, TJSAMP_420, TJFLAG_PROGRESSIVE),
        take_webp(data, count),
    };
    alx_image image = {0};
    for (size_t f = 0; f < 3; f++) {
        for (size_t i = 0; i < files[f].count; i++) {
            files[f].data[i] ^= 0x55;
            alx_status status = alx_image_decode(&image, files[f].data, files[f].count, NULL, &error);
            assert_true(status == ALX_OK || status == ALX_BAD_DATA);
            files[f].data[i] ^= 0x55;
        }
        bytes_finish(&files[f]);
    }
    alx_image_finish(&image);
}

static void put_be(uint8_t *at, uint32_t value, int count)
{
    for (int i = 0; i < count; i++) at[i] = (uint8_t)(value >> 8 * (count - 1 - i));
}

/* The frame's sizes of a JPEG. */
static void claim_jpeg(bytes jpeg, uint32_t width, uint32_t height)
{
    for (size_t i = 0; i + 9 < jpeg.count; i++)
        if (jpeg.data[i] == 0xFF && (jpeg.data[i + 1] == 0xC0 || jpeg.data[i + 1] == 0xC2)) {
            put_be(jpeg.data + i + 5, height, 2);
            put_be(jpeg.data + i + 7, width, 2);
        }
}

static void test_claims(void **state)
{
    (void)state;
    uint8_t rgb[8 * 8 * 3];
    paint(rgb, 8, 8);
    bytes png = encode_rgb_png(rgb, 8, 8);
    put_be(png.data + 16, 60000, 4);
    put_be(png.data + 20, 60000, 4);
    put_be(png.data + 29, crc_32(png.data + 12, 17), 4);
    assert_refused(png, "60000x60000 pixels; at most");
    put_be(png.data + 16, 12000, 4); /* each side is allowed, the product is not */
    put_be(png.data + 20, 12000, 4);
    put_be(png.data + 29, crc_32(png.data + 12, 17), 4);
    assert_refused(png, "12000x12000 pixels; at most");
    bytes_finish(&png);

    bytes jpeg = encode_jpeg(rgb, 8, 8, TJPF_RGB, TJSAMP_444, 0);
    claim_jpeg(jpeg, 60000, 60000);
    assert_refused(jpeg, "60000x60000 pixels; at most");
    bytes_finish(&jpeg);
}

/* With no more memory than some. */
static void assert_refused_within(bytes file, const char *part, rlim_t room)
{
    struct rlimit before, tight;
    long pages = 0;
    FILE *statm = fopen("/proc/self/statm", "r");
    assert_true(statm && fscanf(statm, "%ld", &pages) == 1);
    fclose(statm);
    assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
    tight = before;
    tight.rlim_cur = (rlim_t)(pages * sysconf(_SC_PAGESIZE)) + room;
    assert_int_equal(setrlimit(RLIMIT_AS, &tight), 0);
    assert_refused(file, part);
    assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);
}

/* Sizes that are read elsewhere, and that these files are too short for: 300 MB that are never asked for. */
static void test_claims_take_no_memory(void **state)
{
    (void)state;
    enum { SIDE = 10000 };
    uint8_t rgb[8 * 8 * 3], *data;
    paint(rgb, 8, 8);
    bytes png = encode_rgb_png(rgb, 8, 8);
    put_be(png.data + 16, SIDE, 4);
    put_be(png.data + 20, SIDE, 4);
    put_be(png.data + 29, crc_32(png.data + 12, 17), 4);
    assert_refused_within(png, "claims 10000x10000 pixels, more than its ", 100 << 20);
    put_be(png.data + 16, 1 << 30, 4); /* one row would be 3 GiB, which libpng would take */
    put_be(png.data + 20, 8, 4);
    put_be(png.data + 29, crc_32(png.data + 12, 17), 4);
    assert_refused_within(png, "1073741824x8 pixels; at most", 100 << 20);
    bytes_finish(&png);
    for (int flags = 0; flags <= TJFLAG_PROGRESSIVE; flags += TJFLAG_PROGRESSIVE) {
        bytes jpeg = encode_jpeg(rgb, 8, 8, TJPF_RGB, TJSAMP_444, flags);
        claim_jpeg(jpeg, SIDE, SIDE);
        assert_refused_within(jpeg, "claims 10000x10000 pixels, more than its ", 100 << 20);
        bytes_finish(&jpeg);
    }
    size_t count = WebPEncodeRGB(rgb, 8, 8, 8 * 3, 80, &data);
    bytes webp = take_webp(data, count);
    webp.data[26] = webp.data[28] = SIDE & 255;
    webp.data[27] = webp.data[29] = SIDE >> 8;
    assert_refused_within(webp, "claims 10000x10000 pixels, more than its ", 100 << 20);
    bytes_finish(&webp);
}

/* Of a colour each, and as small as their kind makes them: not refused for that. */
static void test_plain_images_are_not_claims(void **state)
{
    (void)state;
    enum { W = 3000, H = 2000 };
    uint8_t *rgb = calloc(W * H, 3), *data;
    assert_non_null(rgb);
    alx_image image = {0};
    bytes file = encode_png(rgb, W, H, 0, (png_options){.color_type = PNG_COLOR_TYPE_GRAY, .depth = 1});
    assert_decodes(&image, file, W, H);
    bytes_finish(&file);
    for (int flags = 0; flags <= TJFLAG_PROGRESSIVE; flags += TJFLAG_PROGRESSIVE) {
        file = encode_jpeg(rgb, W, H, TJPF_GRAY, TJSAMP_GRAY, flags);
        assert_decodes(&image, file, W, H);
        bytes_finish(&file);
    }
    size_t count = WebPEncodeRGB(rgb, W, H, W * 3, 1, &data);
    file = take_webp(data, count);
    assert_decodes(&image, file, W, H);
    bytes_finish(&file);
    alx_image_finish(&image);
    free(rgb);
}

static void test_other_kinds(void **state)
{
    (void)state;
    static const struct {
        const char *start;
        size_t count;
        const char *message;
    } kinds[] = {
        {"", 0, "the file is empty"},
        {"\xFF", 1, "not a JPEG, PNG or WebP image (it begins with ff)"},
        {"GIF89a\1\0\1\0", 10, "a GIF image, a kind that is not read; convert it to PNG or JPEG"},
        {"II*\0\10\0\0\0", 8, "convert in.tif out.png (ImageMagick)"},
        {"MM\0*\0\0\0\10", 8, "a TIFF image"},
        {"BM\0\0\0\0", 6, "a BMP image"},
        {"\0\0\0\x20"
         "ftypheic\0\0\0\0",
         16, "a HEIC image"},
        {"\0\0\0\x20"
         "ftypavif\0\0\0\0",
         16, "an AVIF image"},
        {"\0\0\0\x20"
         "ftypisom\0\0\0\0",
         16, "a video"},
        {"8BPS\0\1", 6, "a Photoshop image"},
        {"\xFF\x0A\0\0", 4, "a JPEG XL image"},
        {"<svg xmlns=", 11, "an SVG drawing"},
        {"%PDF-1.4", 8, "a PDF document"},
        {"<!DOCTYPE html>", 15, "a web page, which cannot be read as an image; download"},
        {"hello, world\n", 13, "text, not an image"},
        {"\xE4\xBD\xA0\xE5\xA5\xBD", 6, "text, not an image"},
        {"\xFF\xD8\xFFjunk", 7, "damaged JPEG"},
        {"\x89PNG\r\n\x1A\njunk", 12, "damaged or truncated PNG"},
        {"RIFF\x04\0\0\0WEBP", 12, "damaged or truncated WebP"},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        bytes exact = {malloc(kinds[i].count ? kinds[i].count : 1), kinds[i].count};
        memcpy(exact.data, kinds[i].start, kinds[i].count);
        assert_refused(exact, kinds[i].message);
        bytes_finish(&exact);
    }
}

static void test_noise(void **state)
{
    (void)state;
    alx_image image = {0};
    for (uint32_t seed = 0; seed < 300; seed++) {
        bytes file = noise(seed * 3, seed);
        assert_int_equal(alx_image_decode(&image, file.data, file.count, NULL, &error), ALX_BAD_DATA);
        bytes_finish(&file);
    }
    alx_image_finish(&image);
}

/* Stray bytes before the end marker are common and harm nothing; a cut file with them does not pass. */
static void test_jpeg_warnings(void **state)
{
    (void)state;
    enum { W = 64, H = 64 };
    uint8_t rgb[W * H * 3];
    paint(rgb, W, H);
    bytes file = encode_jpeg(rgb, W, H, TJPF_RGB, TJSAMP_444, 0);
    bytes stray = {malloc(file.count + 4), file.count + 4};
    memcpy(stray.data, file.data, file.count - 2);
    memcpy(stray.data + file.count - 2, "\0\0\0\0\xFF\xD9", 6);
    alx_image image = {0};
    assert_decodes(&image, stray, W, H);
    assert_near(image.rgb, rgb, sizeof rgb, 6);

    /* Stray bytes between segments are libjpeg's first and only warning: the cut is found all the same. */
    bytes both = {malloc(file.count + 3), file.count + 3};
    size_t app0 = 2 + 2 + (size_t)(file.data[4] << 8 | file.data[5]);
    memcpy(both.data, file.data, app0);
    memcpy(both.data + app0, "\1\2\3", 3);
    memcpy(both.data + app0 + 3, file.data + app0, file.count - app0);
    assert_decodes(&image, both, W, H);
    both.count = both.count * 2 / 3;
    assert_refused(both, "JPEG");
    alx_image_finish(&image);
    bytes_finish(&both);
    bytes_finish(&stray);
    bytes_finish(&file);
}

static void test_webp_animated(void **state)
{
    (void)state;
    uint8_t file[] = "RIFF\x2E\0\0\0WEBPVP8X\x0A\0\0\0\x02\0\0\0\x0F\0\0\x0F\0\0ANIM\6\0\0\0\0\0\0\0\0\0\0\0\0\0";
    assert_refused((bytes){file, 8 + 0x2E}, "animated WebP; take one frame");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_jpeg_warnings),
        cmocka_unit_test(test_webp_animated),
        cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_flipped_bytes),
        cmocka_unit_test(test_claims),
        cmocka_unit_test(test_claims_take_no_memory),
        cmocka_unit_test(test_other_kinds),
        cmocka_unit_test(test_noise),
        cmocka_unit_test(test_plain_images_are_not_claims),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
