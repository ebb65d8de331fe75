/* Data sets in which something is wrong, and what an inspection says of them as text. */
#ifndef TESTS_UNIT_INSPECT_FIXTURE_H
#define TESTS_UNIT_INSPECT_FIXTURE_H

#include "pictures.h"

#include "base/text.h"
#include "data/inspect.h"

static alx_error error;

enum { SIDE = 64, PER_CLASS = 24, INPUT = 32 };

/* ---- Planting ---- */

static bytes png_of(uint32_t seed, int width, int height)
{
    uint8_t *rgb = picture(seed, width, height);
    bytes png = encode_rgb_png(rgb, width, height);
    free(rgb);
    return png;
}

static bytes jpeg_of(uint32_t seed, int format)
{
    uint8_t *rgb = picture(seed, SIDE, SIDE);
    bytes jpeg = {0};
    if (format == TJPF_CMYK) {
        bytes ink = noise(SIDE * SIDE * 4, seed);
        jpeg = encode_jpeg(ink.data, SIDE, SIDE, TJPF_CMYK, TJSAMP_444, 0);
        bytes_finish(&ink);
    } else {
        jpeg = encode_jpeg(rgb, SIDE, SIDE, format, TJSAMP_420, 0);
    }
    free(rgb);
    return jpeg;
}

/* Writes and releases. */
static void put(const char *folder, const char *name, bytes content)
{
    write_file(folder, name, content);
    bytes_finish(&content);
}

/* count pictures of consecutive seeds below folder/name. */
static void put_class(const char *folder, const char *name, uint32_t seed, int count)
{
    char file[256];
    make_folder(folder, name);
    for (int k = 0; k < count; k++) {
        snprintf(file, sizeof file, "%s/%03d.png", name, k);
        put(folder, file, png_of(seed + (uint32_t)k, SIDE, SIDE));
    }
}

static bytes copy_of(bytes b)
{
    bytes copy = {malloc(b.count ? b.count : 1), b.count};
    memcpy(copy.data, b.data, b.count);
    return copy;
}

static bytes packed_png(int color_type, int depth, uint32_t seed)
{
    static const png_color colours[4] = {{200, 10, 10}, {10, 200, 10}, {10, 10, 200}, {240, 240, 0}};
    int channels = color_type == PNG_COLOR_TYPE_RGBA ? 4 : color_type == PNG_COLOR_TYPE_RGB ? 3 : 1;
    size_t stride = (size_t)SIDE * (size_t)channels * (size_t)depth / 8;
    bytes rows = noise(stride * SIDE, seed);
    png_options options = {.color_type = color_type, .depth = depth};
    if (color_type == PNG_COLOR_TYPE_PALETTE) {
        options.palette = colours;
        options.palette_count = 4;
        for (size_t k = 0; k < rows.count; k++) rows.data[k] &= 3;
    }
    bytes png = encode_png(rows.data, SIDE, SIDE, stride, options);
    bytes_finish(&rows);
    return png;
}

/* An alpha channel that hides nothing. */
static bytes opaque_png(uint32_t seed)
{
    bytes rows = noise(SIDE * SIDE * 4, seed);
    for (size_t k = 3; k < rows.count; k += 4) rows.data[k] = 255;
    bytes png =
        encode_png(rows.data, SIDE, SIDE, SIDE * 4, (png_options){.color_type = PNG_COLOR_TYPE_RGBA, .depth = 8});
    bytes_finish(&rows);
    return png;
}

/* An animation's control chunk behind the header. */
static bytes animated_png(uint32_t seed)
{
    uint8_t chunk[20] = {0, 0, 0, 8, 'a', 'c', 'T', 'L', 0, 0, 0, 2};
    uint32_t crc = crc_32(chunk + 4, 12);
    for (int k = 0; k < 4; k++) chunk[16 + k] = (uint8_t)(crc >> (24 - 8 * k));
    bytes png = png_of(seed, SIDE, SIDE), out = {malloc(png.count + sizeof chunk), png.count + sizeof chunk};
    memcpy(out.data, png.data, 33);
    memcpy(out.data + 33, chunk, sizeof chunk);
    memcpy(out.data + 33 + sizeof chunk, png.data + 33, png.count - 33);
    bytes_finish(&png);
    return out;
}

static bytes constant_png(int width, int height, uint8_t value)
{
    bytes rgb = {calloc((size_t)width * (size_t)height, 3), (size_t)(width * height * 3)};
    memset(rgb.data, value, rgb.count);
    rgb.data[0] = rgb.data[rgb.count - 3] = value;
    for (size_t k = 0; k < rgb.count; k += 3) rgb.data[k] = (uint8_t)(value / 2); /* not grey */
    bytes png = encode_rgb_png(rgb.data, width, height);
    bytes_finish(&rgb);
    return png;
}

static bytes text_of(const char *text, size_t count)
{
    bytes b = {malloc(count + 1), count};
    memcpy(b.data, text, count);
    return b;
}

/* ---- Looking ---- */

typedef struct inspected {
    alx_inspection *inspection;
    char *folder;
} inspected;

typedef struct options {
    const char *validation, *test; /* folders beside train; NULL: none */
    bool drawn, no_near;
    double skip_bad;
    int threads;
} options;

/* folder/train, and what the options name. */
static alx_inspection *inspect(const char *folder, options o)
{
    alx_sample_list lists[ALX_SPLITS] = {0};
    const char *names[ALX_SPLITS] = {"train", o.validation, o.test};
    alx_inspect_input input = {.drawn = o.drawn,
                               .skip_bad = o.skip_bad,
                               .width = INPUT,
                               .height = INPUT,
                               .threads = o.threads ? o.threads : 2,
                               .near = !o.no_near};
    for (int s = 0; s < ALX_SPLITS; s++) {
        char path[4096];
        if (!names[s]) continue;
        assert_int_equal(alx_source_folder(&lists[s], in(folder, names[s], path), &error), ALX_OK);
        input.lists[s] = &lists[s];
    }
    alx_inspection *i;
    alx_status status = alx_inspect(&i, &input, &error);
    if (status) print_error("%s\n", error.message);
    assert_int_equal(status, ALX_OK);
    for (int s = 0; s < ALX_SPLITS; s++) assert_null(lists[s].samples);
    return i;
}

/* "unsound test_leak 2: a/1.png a/2.png (same); ..." a line for each finding; paths behind the folder. */
static char *describe(const alx_inspection *i, const char *folder)
{
    static const char *const severities[] = {"note", "warning", "unsound"};
    alx_text text = {0};
    alx_finding finding;
    alx_finding_group group;
    for (int f = 0; alx_inspection_finding(i, f, &finding); f++) {
        alx_text_printf(&text, "%s %s %lld:", severities[finding.severity], finding.kind, (long long)finding.count);
        for (int64_t g = 0; alx_inspection_group(i, f, g, &group); g++) {
            if (g) alx_text_add(&text, ";");
            for (int64_t k = 0; k < group.image_count; k++) {
                alx_inspected_image image;
                alx_inspection_image(i, group.images[k], &image);
                assert_non_null(strstr(image.path, image.split));
                alx_text_printf(&text, " %s", image.path + strlen(folder) + 1);
            }
            if (group.same_file) alx_text_add(&text, " same");
            if (group.note) alx_text_printf(&text, " [%.20s]", group.note);
        }
        alx_text_add(&text, "\n");
    }
    char *out;
    assert_int_equal(alx_text_take(&out, &text, &error), ALX_OK);
    return out;
}

static void assert_findings(const char *folder, options o, const char *wanted)
{
    alx_inspection *i = inspect(folder, o);
    char *found = describe(i, folder);
    assert_string_equal(found, wanted);
    free(found);
    alx_inspection_destroy(i);
}

static char *make_set(void)
{
    char *folder = folder_make();
    make_folder(folder, "train");
    put_class(folder, "train/a", 1000, PER_CLASS);
    put_class(folder, "train/b", 2000, PER_CLASS);
    return folder;
}

#endif
