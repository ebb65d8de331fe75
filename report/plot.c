#include "report/plot.h"

#include <cairo-svg.h>
#include <cairo.h>
#include <errno.h>
#include <pango/pangocairo.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

/* In points; a PNG has two pixels for each, so that text is crisp on any screen. */
#define PIXELS_PER_POINT 2
#define MARGIN           28.0
#define GAP              20.0
#define TITLE_HEIGHT     46.0
#define LABEL_SKIP       7.0 /* from image to label */
#define LABEL_HEIGHT     21.0
#define NOTE_HEIGHT      18.0
#define TILE_LEAST       112.0 /* so that a label has room */
#define TILE_MOST        256.0
#define PIXELS_MOST      30000 /* cairo's image surfaces end at 32767 */

/* By preference; fontconfig finds others for characters that these lack. */
#define FAMILY "Inter, Noto Sans, DejaVu Sans, Noto Sans CJK SC, WenQuanYi Micro Hei, Droid Sans Fallback, sans-serif"

typedef struct text_style {
    double size; /* points */
    double gray; /* 0 is black */
    PangoWeight weight;
    PangoEllipsizeMode ellipsize;
} text_style;

static const text_style TITLE = {19, 0.09, PANGO_WEIGHT_BOLD, PANGO_ELLIPSIZE_END};
static const text_style LABEL = {14, 0.13, PANGO_WEIGHT_SEMIBOLD, PANGO_ELLIPSIZE_END};
/* A file name tells most at both ends. */
static const text_style NOTE = {11.5, 0.42, PANGO_WEIGHT_NORMAL, PANGO_ELLIPSIZE_MIDDLE};

typedef struct grid {
    const alx_plot_image *images;
    int count, columns, rows;
    double tile, row_height; /* points */
    double title_height;
    double width, height; /* of the whole, points */
    bool labels, notes;
} grid;

static void set_error(alx_error *err, alx_status status, const char *format, ...) __attribute__((format(printf, 3, 4)));
static void set_error(alx_error *err, alx_status status, const char *format, ...)
{
    if (!err) return;
    err->status = status;
    va_list args;
    va_start(args, format);
    vsnprintf(err->message, sizeof err->message, format, args);
    va_end(args);
}

static alx_status given(alx_status status)
{
    return status;
}

/* A macro, as alx_fail is in the library: analysers see which status comes back. */
#define fail(err, status, ...) (set_error(err, status, __VA_ARGS__), given(status))

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
        return fail(err, ALX_USAGE, "a grid of %d images in %d columns is empty", count, columns);
    *g = (grid){.images = images, .count = count, .columns = columns < count ? columns : count, .tile = TILE_LEAST};
    g->rows = (count - 1) / g->columns + 1;
    for (int i = 0; i < count; i++) {
        const alx_plot_image *image = &images[i];
        if (!image->rgb || image->width < 1 || image->height < 1)
            return fail(err, ALX_USAGE, "image %d of a grid is empty (%d x %d)", i, image->width, image->height);
        if (image->width > PIXELS_MOST || image->height > PIXELS_MOST)
            return fail(err, ALX_USAGE, "image %d of a grid is %d x %d; at most %d a side", i, image->width,
                        image->height, PIXELS_MOST);
        double side = image_scale(image) * (image->width > image->height ? image->width : image->height);
        if (side > g->tile) g->tile = side;
        g->labels |= image->label != NULL;
        g->notes |= image->note != NULL;
    }
    g->row_height = g->tile + (g->labels || g->notes ? LABEL_SKIP : 0) + (g->labels ? LABEL_HEIGHT : 0) +
                    (g->notes ? NOTE_HEIGHT : 0);
    g->title_height = title ? TITLE_HEIGHT : 0;
    g->width = 2 * MARGIN + g->columns * (g->tile + GAP) - GAP;
    g->height = 2 * MARGIN + g->title_height + g->rows * (g->row_height + GAP) - GAP;
    if (g->width > PIXELS_MOST / PIXELS_PER_POINT || g->height > PIXELS_MOST / PIXELS_PER_POINT)
        return fail(err, ALX_USAGE, "a grid of %d images in %d columns would be %.0f x %.0f points; at most %d a side",
                    count, columns, g->width, g->height, PIXELS_MOST / PIXELS_PER_POINT);
    return ALX_OK;
}

/* ---- Drawing ---- */

static alx_status draw_text(cairo_t *cr, const text_style *style, const char *text, double x, double y, double width,
                            alx_error *err)
{
    PangoLayout *layout = pango_cairo_create_layout(cr);
    PangoFontDescription *font = pango_font_description_new();
    char *valid = g_utf8_make_valid(text, -1);
    pango_font_description_set_family_static(font, FAMILY);
    pango_font_description_set_absolute_size(font, style->size * PANGO_SCALE);
    pango_font_description_set_weight(font, style->weight);
    pango_layout_set_font_description(layout, font);
    pango_layout_set_text(layout, valid, -1);
    pango_layout_set_width(layout, (int)(width * PANGO_SCALE));
    pango_layout_set_ellipsize(layout, style->ellipsize);
    pango_layout_set_single_paragraph_mode(layout, TRUE);

    cairo_set_source_rgb(cr, style->gray, style->gray, style->gray);
    cairo_move_to(cr, x, y);
    /* The baseline is what lines up: Chinese and Latin fonts differ in height. */
    pango_cairo_show_layout_line(cr, pango_layout_get_line_readonly(layout, 0));
    g_free(valid);
    pango_font_description_free(font);
    g_object_unref(layout);
    cairo_status_t status = cairo_status(cr);
    return status ? fail(err, ALX_FAILED, "cairo: text: %s", cairo_status_to_string(status)) : ALX_OK;
}

/* A cairo surface (width, height) of 0x00RRGGBB words. */
static alx_status surface_create(cairo_surface_t **out, const alx_plot_image *image, alx_error *err)
{
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, image->width, image->height);
    cairo_status_t status = cairo_surface_status(surface);
    if (status) {
        cairo_surface_destroy(surface);
        return fail(err, ALX_NO_MEMORY, "cairo: an image of %d x %d: %s", image->width, image->height,
                    cairo_status_to_string(status));
    }
    unsigned char *row = cairo_image_surface_get_data(surface);
    int stride = cairo_image_surface_get_stride(surface);
    const uint8_t *rgb = image->rgb;
    for (int y = 0; y < image->height; y++, row += stride)
        for (int x = 0; x < image->width; x++, rgb += 3) {
            uint32_t word = (uint32_t)rgb[0] << 16 | (uint32_t)rgb[1] << 8 | rgb[2];
            memcpy(row + 4 * (size_t)x, &word, sizeof word);
        }
    cairo_surface_mark_dirty(surface);
    *out = surface;
    return ALX_OK;
}

/* The image in the middle of a tile whose upper left corner is (x, y). */
static alx_status draw_image(cairo_t *cr, const alx_plot_image *image, double x, double y, double tile, alx_error *err)
{
    cairo_surface_t *surface = NULL;
    alx_status result = surface_create(&surface, image, err);
    if (result) return result;
    double scale = image_scale(image), width = scale * image->width, height = scale * image->height;
    double left = (int)(x + (tile - width) / 2),
           top = (int)(y + (tile - height) / 2); /* on whole points: sharp edges */
    cairo_save(cr);
    cairo_translate(cr, left, top);
    cairo_scale(cr, scale, scale);
    cairo_set_source_surface(cr, surface, 0, 0);
    cairo_pattern_set_filter(cairo_get_source(cr), scale < 1 ? CAIRO_FILTER_BEST : CAIRO_FILTER_NEAREST);
    /* Without this the border fades into transparency where the image is reduced. */
    cairo_pattern_set_extend(cairo_get_source(cr), CAIRO_EXTEND_PAD);
    cairo_rectangle(cr, 0, 0, image->width, image->height);
    cairo_fill(cr);
    cairo_restore(cr);
    /* A hairline around it: many images are white at their edge. */
    cairo_set_source_rgb(cr, 0.82, 0.84, 0.86);
    cairo_set_line_width(cr, 1);
    cairo_rectangle(cr, left - 0.5, top - 0.5, width + 1, height + 1);
    cairo_stroke(cr);
    cairo_surface_destroy(surface);
    cairo_status_t status = cairo_status(cr);
    return status ? fail(err, ALX_FAILED, "cairo: an image: %s", cairo_status_to_string(status)) : ALX_OK;
}

static alx_status draw_tile(cairo_t *cr, const grid *g, int index, alx_error *err)
{
    const alx_plot_image *image = &g->images[index];
    double x = MARGIN + index % g->columns * (g->tile + GAP);
    double y = MARGIN + g->title_height + index / g->columns * (g->row_height + GAP);
    alx_status status = draw_image(cr, image, x, y, g->tile, err);
    double baseline = y + g->tile + LABEL_SKIP + LABEL_HEIGHT - 6;
    if (!status && image->label) status = draw_text(cr, &LABEL, image->label, x, baseline, g->tile, err);
    if (g->labels) baseline += NOTE_HEIGHT;
    if (!status && image->note) status = draw_text(cr, &NOTE, image->note, x, baseline, g->tile, err);
    return status;
}

static alx_status draw_grid(cairo_t *cr, const grid *g, const char *title, alx_error *err)
{
    cairo_set_source_rgb(cr, 1, 1, 1);
    cairo_paint(cr);
    alx_status status = ALX_OK;
    if (title) status = draw_text(cr, &TITLE, title, MARGIN, MARGIN + 18, g->width - 2 * MARGIN, err);
    for (int i = 0; i < g->count && !status; i++) status = draw_tile(cr, g, i, err);
    return status;
}

/* ---- The file ---- */

static cairo_status_t write_bytes(void *file, const unsigned char *bytes, unsigned count)
{
    return fwrite(bytes, 1, count, file) == count ? CAIRO_STATUS_SUCCESS : CAIRO_STATUS_WRITE_ERROR;
}

static bool ends_in(const char *path, const char *ending)
{
    const char *dot = strrchr(path, '.');
    return dot && strcasecmp(dot, ending) == 0;
}

static alx_status render(FILE *file, bool svg, const grid *g, const char *title, alx_error *err)
{
    cairo_surface_t *surface =
        svg ? cairo_svg_surface_create_for_stream(write_bytes, file, g->width, g->height)
            : cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)(g->width * PIXELS_PER_POINT + 0.5),
                                         (int)(g->height * PIXELS_PER_POINT + 0.5));
    if (!svg) cairo_surface_set_device_scale(surface, PIXELS_PER_POINT, PIXELS_PER_POINT);
    cairo_t *cr = cairo_create(surface); /* in error when the surface is */
    alx_status result = draw_grid(cr, g, title, err);
    cairo_status_t status = CAIRO_STATUS_SUCCESS;
    if (!result && !svg) status = cairo_surface_write_to_png_stream(surface, write_bytes, file);
    if (!result && svg) {
        cairo_surface_finish(surface); /* writes the rest */
        status = cairo_surface_status(surface);
    }
    cairo_destroy(cr);
    cairo_surface_destroy(surface);
    if (!result && status) result = fail(err, ALX_IO, "cairo: %s; is the disk full?", cairo_status_to_string(status));
    return result;
}

/* Render into the open file and close it; fsync, so that the rename cannot outrun the data. */
static alx_status write_whole(FILE *file, const char *path, const grid *g, const char *title, alx_error *err)
{
    alx_error inner = {0};
    alx_status result = render(file, ends_in(path, ".svg"), g, title, &inner);
    if (result) fail(err, result, "%s: %s", path, inner.message);
    if (!result && (fflush(file) || fsync(fileno(file))))
        result = fail(err, ALX_IO, "%s: cannot be written: %s", path, strerror(errno));
    if (fclose(file) && !result) result = fail(err, ALX_IO, "%s: cannot be written: %s", path, strerror(errno));
    return result;
}

/* Where the bytes go: a link keeps pointing where it does, its target is replaced.  Only a regular file
 * is ever replaced: a rename over a device or a pipe would destroy it.  Release target with free. */
static alx_status find_target(char **target, const char *path, alx_error *err)
{
    struct stat old;
    *target = NULL;
    if (!ends_in(path, ".png") && !ends_in(path, ".svg"))
        return fail(err, ALX_USAGE, "%s: pictures are written as .png or .svg; end the name in one of them", path);
    bool exists = stat(path, &old) == 0;
    if (exists && !S_ISREG(old.st_mode))
        return fail(err, ALX_IO, "%s: is %s; name a file", path,
                    S_ISDIR(old.st_mode) ? "a folder" : "not a regular file");
    if (!exists && lstat(path, &old) == 0)
        return fail(err, ALX_IO, "%s: is a link to nothing; remove it or name another file", path);
    *target = exists ? realpath(path, NULL) : strdup(path);
    return *target ? ALX_OK : fail(err, ALX_IO, "%s: cannot be made: %s", path, strerror(errno));
}

/* To the target by way of a temporary beside it; path is what messages name. */
static alx_status write_target(const char *target, const char *path, const grid *g, const char *title, alx_error *err)
{
    size_t size = strlen(target) + 32;
    char *temporary = malloc(size);
    if (!temporary) return fail(err, ALX_NO_MEMORY, "out of memory: %zu bytes", size);
    snprintf(temporary, size, "%s.tmp-%ld", target, (long)getpid());
    alx_status result = ALX_OK;
    FILE *file = fopen(temporary, "wb");
    if (!file) {
        result = fail(err, ALX_IO, "%s: cannot be made: %s", path, strerror(errno));
    } else {
        result = write_whole(file, path, g, title, err);
        if (!result && rename(temporary, target))
            result = fail(err, ALX_IO, "%s: cannot be replaced: %s", path, strerror(errno));
        if (result) unlink(temporary);
    }
    free(temporary);
    return result;
}

alx_status alx_plot_samples(const char *path, const alx_plot_image *images, int count, int columns, const char *title,
                            alx_error *err)
{
    grid g;
    char *target;
    alx_status result = find_target(&target, path, err);
    if (!result) result = lay_out(&g, images, count, columns, title, err);
    if (!result) result = write_target(target, path, &g, title, err);
    free(target);
    return result;
}
