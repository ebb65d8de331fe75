#include "report/mosaic.h"

#include <math.h>
#include <stdlib.h>

#include "report/canvas.h"

enum { LINE = 110, PIXELS_MOST = 1 << 26 };

/* Matplotlib's viridis (Smith and van der Walt 2015), every 32nd of its 256 colours: even steps of lightness, for the
 * colour-blind too. */
static const uint8_t VIRIDIS[][3] = {{68, 1, 84},    {71, 45, 123}, {59, 82, 139},  {44, 114, 142}, {33, 145, 140},
                                     {40, 174, 128}, {94, 201, 98}, {173, 220, 48}, {253, 231, 37}};
enum { STEPS = sizeof VIRIDIS / sizeof *VIRIDIS - 1 };

static void viridis(double rgb[3], double value)
{
    const double at = fmin(fmax(value, 0), 1) * STEPS;
    const int first = at < STEPS ? (int)at : STEPS - 1;
    for (int c = 0; c < 3; c++) rgb[c] = VIRIDIS[first][c] + (at - first) * (VIRIDIS[first + 1][c] - VIRIDIS[first][c]);
}

int alx_mosaic_columns(int count, int height, int width)
{
    const int columns = (int)lround(sqrt(2.0 * count * (height + 1) / (width + 1)));
    return columns < 1 ? 1 : columns > count ? count : columns;
}

/* Room for the pieces, all of it lines. */
static alx_status reserve(alx_pixels *out, int count, int height, int width, int columns, alx_error *err)
{
    *out = (alx_pixels){0};
    const int rows = (count - 1) / columns + 1;
    const double pixels = ((double)columns * (width + 1) + 1) * ((double)rows * (height + 1) + 1);
    if (count < 1 || pixels > PIXELS_MOST)
        return alx_report_fail(err, ALX_UNSUPPORTED, "%d pieces of %d x %d pixels are no picture", count, width,
                               height);
    out->width = columns * (width + 1) + 1;
    out->height = rows * (height + 1) + 1;
    const size_t size = (size_t)out->width * (size_t)out->height * 3;
    out->rgb = malloc(size);
    if (!out->rgb) return alx_report_fail(err, ALX_NO_MEMORY, "out of memory: %zu bytes", size);
    for (size_t i = 0; i < size; i++) out->rgb[i] = LINE;
    return ALX_OK;
}

static uint8_t *pixel(const alx_pixels *out, int piece, int columns, int height, int width, int y, int x)
{
    const size_t row = (size_t)(piece / columns) * ((size_t)height + 1) + 1 + (size_t)y;
    const size_t column = (size_t)(piece % columns) * ((size_t)width + 1) + 1 + (size_t)x;
    return out->rgb + (row * (size_t)out->width + column) * 3;
}

alx_status alx_mosaic_kernels(alx_pixels *out, const float *values, int count, int height, int width, int channels,
                              int columns, alx_error *err)
{
    const alx_status status = reserve(out, count, height, width, columns, err);
    if (status) return status;
    const size_t size = (size_t)height * (size_t)width * (size_t)channels;
    for (int piece = 0; piece < count; piece++) {
        const float *of = values + (size_t)piece * size;
        float largest = 0;
        for (size_t i = 0; i < size; i++)
            if (isfinite(of[i])) largest = fmaxf(largest, fabsf(of[i]));
        for (int i = 0; i < height * width; i++) {
            uint8_t *to = pixel(out, piece, columns, height, width, i / width, i % width);
            for (int c = 0; c < 3; c++) {
                const float value = of[(size_t)i * (size_t)channels + (size_t)(channels == 3 ? c : 0)];
                to[c] = (uint8_t)lroundf(127.5F + (largest > 0 && isfinite(value) ? 127.5F * value / largest : 0));
            }
        }
    }
    return ALX_OK;
}

alx_status alx_mosaic_maps(alx_pixels *out, const float *values, int count, int height, int width, int columns,
                           alx_error *err)
{
    const alx_status status = reserve(out, count, height, width, columns, err);
    if (status) return status;
    float low = INFINITY, high = -INFINITY;
    const size_t size = (size_t)height * (size_t)width;
    for (size_t i = 0; i < size * (size_t)count; i++) {
        if (!isfinite(values[i])) continue;
        low = fminf(low, values[i]);
        high = fmaxf(high, values[i]);
    }
    for (int piece = 0; piece < count; piece++)
        for (int i = 0; i < height * width; i++) {
            const float value = values[(size_t)piece * size + (size_t)i];
            double rgb[3];
            viridis(rgb, high > low && isfinite(value) ? ((double)value - low) / ((double)high - low) : 0);
            uint8_t *to = pixel(out, piece, columns, height, width, i / width, i % width);
            for (int c = 0; c < 3; c++) to[c] = (uint8_t)lround(rgb[c]);
        }
    return ALX_OK;
}

alx_status alx_mosaic_heat(alx_pixels *out, const uint8_t *rgb, const float *map, int height, int width, alx_error *err)
{
    const alx_status status = reserve(out, 2, height, width, 2, err);
    if (status) return status;
    for (int i = 0; i < height * width; i++) {
        const uint8_t *from = rgb + 3 * (size_t)i;
        const double grey = 0.299 * from[0] + 0.587 * from[1] + 0.114 * from[2];
        double colour[3];
        viridis(colour, map[i]);
        uint8_t *plain = pixel(out, 0, 2, height, width, i / width, i % width);
        uint8_t *heated = pixel(out, 1, 2, height, width, i / width, i % width);
        for (int c = 0; c < 3; c++) {
            plain[c] = from[c];
            heated[c] = (uint8_t)lround(0.45 * grey + 0.55 * colour[c]);
        }
    }
    return ALX_OK;
}
