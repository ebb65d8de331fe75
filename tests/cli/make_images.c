/* make_images FOLDER SEED COUNT SIDE CLASS...: COUNT PNG images of each class below FOLDER/CLASS.
 * The first class has horizontal stripes, the second vertical ones, then diagonals, squares, rings and noise;
 * period, phase and colours are drawn from the seed.  A network learns them in seconds. */
#include <errno.h>
#include <png.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* SplitMix64 (Steele, Lea, Flood 2014): enough for test pictures. */
static uint32_t draw(uint64_t *state, uint32_t below)
{
    uint64_t z = *state += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return (uint32_t)((z ^ (z >> 31)) % below);
}

/* Bright or dark at (x, y). */
static int pattern(int kind, int x, int y, int side, int period, int phase, uint64_t *state)
{
    int cx = x - side / 2, cy = y - side / 2;
    switch (kind % 6) {
    case 0: return (y + phase) / period % 2;
    case 1: return (x + phase) / period % 2;
    case 2: return (x + y + phase) / period % 2;
    case 3: return ((x + phase) / period + (y + phase) / period) % 2;
    case 4: return (cx * cx + cy * cy + 64 * phase) / (16 * period) % 2;
    default: return (int)draw(state, 2);
    }
}

static int write_image(const char *path, int kind, int side, uint64_t *state)
{
    uint8_t *rgb = malloc((size_t)side * (size_t)side * 3);
    if (!rgb) return 0;
    int period = side / 16 + 1 + (int)draw(state, (uint32_t)(side / 16 + 1)), phase = (int)draw(state, 64);
    uint8_t bright[3], dark[3];
    for (int c = 0; c < 3; c++) {
        bright[c] = (uint8_t)(150 + draw(state, 106));
        dark[c] = (uint8_t)draw(state, 106);
    }
    for (int y = 0; y < side; y++) {
        for (int x = 0; x < side; x++)
            memcpy(rgb + (y * side + x) * 3, pattern(kind, x, y, side, period, phase, state) ? bright : dark, 3);
    }
    png_image image = {.version = PNG_IMAGE_VERSION,
                       .width = (png_uint_32)side,
                       .height = (png_uint_32)side,
                       .format = PNG_FORMAT_RGB};
    int good = png_image_write_to_file(&image, path, 0, rgb, 0, NULL);
    free(rgb);
    return good;
}

static int make_folder(const char *path)
{
    return !mkdir(path, 0777) || errno == EEXIST;
}

int main(int argc, char **argv)
{
    if (argc < 6) return fprintf(stderr, "usage: make_images FOLDER SEED COUNT SIDE CLASS...\n"), 2;
    uint64_t state = strtoull(argv[2], NULL, 10);
    int count = atoi(argv[3]), side = atoi(argv[4]);
    if (side < 1 || side > 4096 || !make_folder(argv[1])) return 1;
    for (int k = 5; k < argc; k++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", argv[1], argv[k]);
        if (!make_folder(path)) return 1;
        for (int i = 0; i < count; i++) {
            snprintf(path, sizeof path, "%s/%s/%04d.png", argv[1], argv[k], i);
            if (!write_image(path, k - 5, side, &state)) return fprintf(stderr, "cannot write %s\n", path), 1;
        }
    }
    return 0;
}
