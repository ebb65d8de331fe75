/* Image files made on the spot, and a folder to put them in, for the tests of src/data. */
#ifndef TESTS_UNIT_IMAGES_H
#define TESTS_UNIT_IMAGES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <turbojpeg.h>
#include <unistd.h>
#include <webp/encode.h>

#include "data/image.h"

typedef struct bytes {
    uint8_t *data;
    size_t count;
} bytes;

static inline void bytes_finish(bytes *b)
{
    free(b->data);
    *b = (bytes){0};
}

/* A repeatable stream of bytes; make_resample.py has the same one. */
static inline uint8_t next_byte(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return (uint8_t)(*state >> 24);
}

static inline bytes noise(size_t count, uint32_t seed)
{
    bytes b = {malloc(count ? count : 1), count};
    assert_non_null(b.data);
    for (size_t i = 0; i < count; i++) b.data[i] = next_byte(&seed);
    return b;
}

/* As zlib and PNG compute it. */
static inline uint32_t crc_32(const uint8_t *data, size_t count)
{
    uint32_t crc = 0xFFFFFFFFu;
    for (size_t i = 0; i < count; i++) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320u : 0);
    }
    return ~crc;
}

/* ---- Files ---- */

/* A new folder below $TMPDIR; release with folder_remove. */
static inline char *folder_make(void)
{
    const char *base = getenv("TMPDIR");
    char *path = malloc(4096);
    assert_non_null(path);
    snprintf(path, 4096, "%s/alx-data-XXXXXX", base && *base ? base : "/tmp");
    assert_non_null(mkdtemp(path));
    return path;
}

static inline void folder_remove(char *path)
{
    char command[4200];
    snprintf(command, sizeof command, "rm -rf '%s'", path); /* our own mkdtemp name */
    assert_int_equal(system(command), 0);
    free(path);
}

/* folder/name in a buffer of the caller. */
static inline const char *in(const char *folder, const char *name, char path[4096])
{
    snprintf(path, 4096, "%s/%s", folder, name);
    return path;
}

static inline void write_file(const char *folder, const char *name, bytes content)
{
    char path[4096];
    FILE *file = fopen(in(folder, name, path), "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(content.data, 1, content.count, file), content.count);
    assert_int_equal(fclose(file), 0);
}

static inline void make_folder(const char *folder, const char *name)
{
    char path[4096];
    assert_int_equal(mkdir(in(folder, name, path), 0777), 0);
}

/* ---- Encoders ---- */

static inline void append_png(png_structp png, png_bytep data, size_t count)
{
    bytes *out = png_get_io_ptr(png);
    out->data = realloc(out->data, out->count + count);
    assert_non_null(out->data);
    memcpy(out->data + out->count, data, count);
    out->count += count;
}

static inline void flush_png(png_structp png)
{
    (void)png;
}

typedef struct png_options {
    int color_type, depth, interlace;
    const png_color *palette;
    int palette_count;
    const uint8_t *palette_alpha; /* (palette_count), may be NULL */
    double gamma;                 /* 0: no gAMA chunk */
} png_options;

/* rows: height rows as PNG packs them. */
static inline bytes encode_png(const uint8_t *rows, int width, int height, size_t stride, png_options o)
{
    bytes out = {0};
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    assert_non_null(info);
    png_set_write_fn(png, &out, append_png, flush_png);
    png_set_IHDR(png, info, (png_uint_32)width, (png_uint_32)height, o.depth, o.color_type,
                 o.interlace ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
    if (o.palette) png_set_PLTE(png, info, o.palette, o.palette_count);
    if (o.palette_alpha) png_set_tRNS(png, info, o.palette_alpha, o.palette_count, NULL);
    if (o.gamma > 0) png_set_gAMA(png, info, o.gamma);
    png_write_info(png, info);
    int passes = png_set_interlace_handling(png);
    for (int pass = 0; pass < passes; pass++)
        for (int y = 0; y < height; y++) png_write_row(png, rows + (size_t)y * stride);
    png_write_end(png, NULL);
    png_destroy_write_struct(&png, &info);
    return out;
}

static inline bytes encode_rgb_png(const uint8_t *rgb, int width, int height)
{
    return encode_png(rgb, width, height, (size_t)width * 3,
                      (png_options){.color_type = PNG_COLOR_TYPE_RGB, .depth = 8});
}

/* format: TJPF_RGB, TJPF_GRAY or TJPF_CMYK. */
static inline bytes encode_jpeg(const uint8_t *pixels, int width, int height, int format, int subsampling, int flags)
{
    tjhandle tj = tjInitCompress();
    unsigned char *data = NULL;
    unsigned long count = 0;
    assert_int_equal(
        tjCompress2(tj, pixels, width, 0, height, format, &data, &count, subsampling, 95, flags | TJFLAG_ACCURATEDCT),
        0);
    bytes out = {malloc(count), count};
    memcpy(out.data, data, count);
    tjFree(data);
    tjDestroy(tj);
    return out;
}

/* The file with an APP1 segment of one tag, in either byte order. */
static inline bytes with_orientation(bytes jpeg, int orientation, int big_endian)
{
    static const uint8_t little[] = {0xFF, 0xE1, 0,    34,   'E', 'x', 'i', 'f', 0, 0, 'I', 'I', 42, 0, 8, 0, 0, 0,
                                     1,    0,    0x12, 0x01, 3,   0,   1,   0,   0, 0, 0,   0,   0,  0, 0, 0, 0, 0};
    static const uint8_t big[] = {0xFF, 0xE1, 0,    34,   'E', 'x', 'i', 'f', 0, 0, 'M', 'M', 0, 42, 0, 0, 0, 8,
                                  0,    1,    0x01, 0x12, 0,   3,   0,   0,   0, 1, 0,   0,   0, 0,  0, 0, 0, 0};
    bytes out = {malloc(jpeg.count + sizeof little), jpeg.count + sizeof little};
    memcpy(out.data, jpeg.data, 2);
    memcpy(out.data + 2, big_endian ? big : little, sizeof little);
    out.data[2 + (big_endian ? 29 : 28)] = (uint8_t)orientation;
    memcpy(out.data + 2 + sizeof little, jpeg.data + 2, jpeg.count - 2);
    return out;
}

/* Takes what a WebP encoder made over. */
static inline bytes take_webp(uint8_t *data, size_t count)
{
    assert_int_not_equal(count, 0);
    bytes out = {malloc(count), count};
    memcpy(out.data, data, count);
    WebPFree(data);
    return out;
}

/* ---- Checks ---- */

static inline void assert_decodes(alx_image *image, bytes file, int width, int height)
{
    alx_error error;
    alx_status status = alx_image_decode(image, file.data, file.count, NULL, &error);
    if (status) print_error("%s\n", error.message);
    assert_int_equal(status, ALX_OK);
    assert_int_equal(image->width, width);
    assert_int_equal(image->height, height);
}

static inline void assert_refused(bytes file, const char *part)
{
    alx_image image = {0};
    alx_error error = {0};
    assert_int_equal(alx_image_decode(&image, file.data, file.count, NULL, &error), ALX_BAD_DATA);
    if (!strstr(error.message, part)) print_error("%s\n", error.message);
    assert_non_null(strstr(error.message, part));
    assert_null(strchr(error.message, '\n'));
    alx_image_finish(&image);
}

static inline void assert_near(const uint8_t *a, const uint8_t *b, size_t count, int tolerance)
{
    for (size_t i = 0; i < count; i++)
        if (abs(a[i] - b[i]) > tolerance) fail_msg("byte %zu: %d against %d", i, a[i], b[i]);
}

/* A smooth picture, kind to lossy codecs. */
static inline void paint(uint8_t *rgb, int width, int height)
{
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++, rgb += 3) {
            rgb[0] = (uint8_t)(x * 255 / width);
            rgb[1] = (uint8_t)(y * 255 / height);
            rgb[2] = (uint8_t)(128 + (x - y) * 60 / (width + height));
        }
}

#endif
