/* seeds_image FOLDER: a small image of every kind that the decoders tell apart. */
#include "unit/images.h"

enum { W = 13, H = 9 };

static const char *folder;

static void keep(const char *name, bytes file)
{
    write_file(folder, name, file);
    bytes_finish(&file);
}

static void write_pngs(const uint8_t *pixels)
{
    static const int types[] = {PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA, PNG_COLOR_TYPE_RGB,
                                PNG_COLOR_TYPE_RGB_ALPHA};
    static const size_t channels[] = {1, 2, 3, 4};
    char name[32];
    for (int t = 0; t < 4; t++) {
        for (int deep = 0; deep < 2; deep++) {
            png_options o = {.color_type = types[t], .depth = deep ? 16 : 8, .interlace = deep, .gamma = t};
            snprintf(name, sizeof name, "%d-%d.png", t, o.depth);
            keep(name, encode_png(pixels, W, H, W * channels[t] * (deep ? 2 : 1), o));
        }
    }
    static const png_color palette[] = {{1, 2, 3}, {200, 100, 50}, {9, 9, 9}, {255, 255, 255}};
    static const uint8_t alpha[] = {255, 128, 0, 1};
    png_options o = {.color_type = PNG_COLOR_TYPE_PALETTE, .depth = 2, .palette = palette, .palette_count = 4};
    keep("palette.png", encode_png(pixels, W, H, (W + 3) / 4, o));
    o.palette_alpha = alpha;
    keep("palette-alpha.png", encode_png(pixels, W, H, (W + 3) / 4, o));
}

static void write_jpegs(const uint8_t *pixels)
{
    keep("grey.jpg", encode_jpeg(pixels, W, H, TJPF_GRAY, TJSAMP_GRAY, 0));
    keep("420.jpg", encode_jpeg(pixels, W, H, TJPF_RGB, TJSAMP_420, 0));
    keep("progressive.jpg", encode_jpeg(pixels, W, H, TJPF_RGB, TJSAMP_444, TJFLAG_PROGRESSIVE));
    keep("cmyk.jpg", encode_jpeg(pixels, W, H, TJPF_CMYK, TJSAMP_444, 0));
    bytes plain = encode_jpeg(pixels, W, H, TJPF_RGB, TJSAMP_422, 0);
    char name[32];
    for (int o = 2; o <= 8; o++) {
        snprintf(name, sizeof name, "turned-%d.jpg", o);
        keep(name, with_orientation(plain, o, o % 2));
    }
    bytes_finish(&plain);
}

static void write_webps(const uint8_t *pixels)
{
    uint8_t *data;
    size_t count = WebPEncodeLosslessRGBA(pixels, W, H, W * 4, &data);
    keep("lossless.webp", take_webp(data, count));
    count = WebPEncodeRGBA(pixels, W, H, W * 4, 80, &data);
    keep("lossy-alpha.webp", take_webp(data, count));
    count = WebPEncodeRGB(pixels, W, H, W * 3, 50, &data);
    keep("lossy.webp", take_webp(data, count));
}

int main(int argc, char **argv)
{
    if (argc != 2) return fprintf(stderr, "usage: seeds_image FOLDER\n"), 2;
    folder = argv[1];
    bytes pixels = noise(W * H * 8, 1);
    write_pngs(pixels.data);
    write_jpegs(pixels.data);
    write_webps(pixels.data);
    bytes_finish(&pixels);
    return 0;
}
