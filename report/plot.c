#include "report/plot.h"

#include <stdbool.h>

#include "report/picture.h"

/* In points. */
#define MARGIN       28.0
#define GAP          20.0
#define TITLE_HEIGHT 46.0
#define LABEL_SKIP   7.0 /* from image to label */
#define LABEL_HEIGHT 21.0
#define NOTE_HEIGHT  18.0
#define TILE_LEAST   112.0 /* so that a label has room */
#define TILE_MOST    256.0

static const alx_text_style TITLE = {19, ALX_INK, PANGO_WEIGHT_BOLD, PANGO_ELLIPSIZE_END, 0};
static const alx_text_style LABEL = {14, ALX_INK, PANGO_WEIGHT_SEMIBOLD, PANGO_ELLIPSIZE_END, 0};
/* A file name tells most at both ends. */
static const alx_text_style NOTE = {11.5, ALX_MUTED, PANGO_WEIGHT_NORMAL, PANGO_ELLIPSIZE_MIDDLE, 0};

typedef struct grid {
    const alx_plot_image *images;
    const char *title;
    int count, columns, rows;
    double tile, tile_height, row_height; /* points */
    double title_height;
    double width, height; /* of the whole, points */
    bool labels, notes;
} grid;

/* ---- Layout ---- */

/* The factor from image pixels to points: whole where it enlarges. */
static double image_scale(const alx_plot_image *image)
{
    int longer = image->width > image->height ? image->width : image->height;
    if (longer > TILE_MOST) return TILE_MOST / longer;
    int factor = (int)(TILE_MOST * 0.75 / longer);
    return factor < 1 ? 1 : factor;
}

static alx_status lay_out(grid *g, const alx_plot_image *images, int count, int columns, const char *title,
                          alx_error *err)
{
    if (count < 1 || columns < 1)
        return alx_report_fail(err, ALX_USAGE, "a grid of %d images in %d columns is empty", count, columns);
    *g = (grid){.images = images,
                .count = count,
                .title = title,
                .columns = columns < count ? columns : count,
                .tile = TILE_LEAST};
    g->rows = (count - 1) / g->columns + 1;
    for (int i = 0; i < count; i++) {
        const alx_plot_image *image = &images[i];
        if (!image->rgb || image->width < 1 || image->height < 1)
            return alx_report_fail(err, ALX_USAGE, "image %d of a grid is empty (%d x %d)", i, image->width,
                                   image->height);
        if (image->width > ALX_PIXELS_MOST || image->height > ALX_PIXELS_MOST)
            return alx_report_fail(err, ALX_USAGE, "image %d of a grid is %d x %d; at most %d a side", i, image->width,
                                   image->height, ALX_PIXELS_MOST);
        const double scale = image_scale(image);
        if (scale * image->width > g->tile) g->tile = scale * image->width;
        if (scale * image->height > g->tile_height) g->tile_height = scale * image->height;
        g->labels |= image->label != NULL;
        g->notes |= image->note != NULL;
    }
    g->row_height = g->tile_height + (g->labels || g->notes ? LABEL_SKIP : 0) + (g->labels ? LABEL_HEIGHT : 0) +
                    (g->notes ? NOTE_HEIGHT : 0);
    g->title_height = title ? TITLE_HEIGHT : 0;
    g->width = 2 * MARGIN + g->columns * (g->tile + GAP) - GAP;
    g->height = 2 * MARGIN + g->title_height + g->rows * (g->row_height + GAP) - GAP;
    if (g->width > ALX_PIXELS_MOST / ALX_PIXELS_PER_POINT || g->height > ALX_PIXELS_MOST / ALX_PIXELS_PER_POINT)
        return alx_report_fail(err, ALX_USAGE,
                               "a grid of %d images in %d columns would be %.0f x %.0f points; at most %d a side",
                               count, columns, g->width, g->height, ALX_PIXELS_MOST / ALX_PIXELS_PER_POINT);
    return ALX_OK;
}

/* ---- Drawing ---- */

/* The image in the middle of a tile whose upper left corner is (x, y). */
static alx_status draw_image(alx_canvas *canvas, const alx_plot_image *image, double x, double y, double width,
                             double height, alx_error *err)
{
    const alx_raster raster = {image->rgb, image->width, image->height};
    const double scale = image_scale(image), wide = scale * image->width, high = scale * image->height;
    const double left = (int)(x + (width - wide) / 2),
                 top = (int)(y + (height - high) / 2); /* on whole points: sharp edges */
    return alx_canvas_image(canvas, &raster, left, top, wide, high, image->label, err);
}

static alx_status draw_tile(alx_canvas *canvas, const grid *g, int index, alx_error *err)
{
    const alx_plot_image *image = &g->images[index];
    double x = MARGIN + index % g->columns * (g->tile + GAP);
    double y = MARGIN + g->title_height + index / g->columns * (g->row_height + GAP);
    alx_status status = draw_image(canvas, image, x, y, g->tile, g->tile_height, err);
    double baseline = y + g->tile_height + LABEL_SKIP + LABEL_HEIGHT - 6;
    if (!status && image->label) status = alx_canvas_text(canvas, &LABEL, image->label, x, baseline, g->tile, err);
    if (g->labels) baseline += NOTE_HEIGHT;
    if (!status && image->note) status = alx_canvas_text(canvas, &NOTE, image->note, x, baseline, g->tile, err);
    return status;
}

static alx_status draw_grid(alx_canvas *canvas, const void *context, alx_error *err)
{
    const grid *g = context;
    alx_status status = ALX_OK;
    if (g->title) status = alx_canvas_text(canvas, &TITLE, g->title, MARGIN, MARGIN + 18, g->width - 2 * MARGIN, err);
    for (int i = 0; i < g->count && !status; i++) status = draw_tile(canvas, g, i, err);
    return status;
}

alx_status alx_plot_samples(const alx_target *target, const alx_plot_image *images, int count, int columns,
                            const char *title, alx_error *err)
{
    grid g;
    alx_status result = lay_out(&g, images, count, columns, title, err);
    if (result) return result;
    const alx_picture picture = {g.width, g.height, draw_grid, &g};
    return alx_picture_write(target, &picture, err);
}
