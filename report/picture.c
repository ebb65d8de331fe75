#include "report/picture.h"

#include <cairo-svg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "report/whole_file.h"

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

static alx_status paint(cairo_t *cr, const alx_picture *picture, alx_error *err)
{
    alx_canvas canvas = {.cr = cr};
    alx_canvas_rectangle(&canvas, 0, 0, picture->width, picture->height, (alx_paint){ALX_PAPER, 0, 0});
    return picture->draw(&canvas, picture->context, err);
}

static alx_status render(FILE *file, bool svg, const alx_picture *picture, alx_error *err)
{
    cairo_surface_t *surface =
        svg ? cairo_svg_surface_create_for_stream(write_bytes, file, picture->width, picture->height)
            : cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)(picture->width * ALX_PIXELS_PER_POINT + 0.5),
                                         (int)(picture->height * ALX_PIXELS_PER_POINT + 0.5));
    if (!svg) cairo_surface_set_device_scale(surface, ALX_PIXELS_PER_POINT, ALX_PIXELS_PER_POINT);
    cairo_t *cr = cairo_create(surface); /* in error when the surface is */
    alx_status result = paint(cr, picture, err);
    cairo_status_t status = CAIRO_STATUS_SUCCESS;
    if (!result && !svg) status = cairo_surface_write_to_png_stream(surface, write_bytes, file);
    if (!result && svg) {
        cairo_surface_finish(surface); /* writes the rest */
        status = cairo_surface_status(surface);
    }
    cairo_destroy(cr);
    cairo_surface_destroy(surface);
    if (!result && status)
        result = alx_report_fail(err, ALX_IO, "cairo: %s; is the disk full?", cairo_status_to_string(status));
    return result;
}

typedef struct job {
    const alx_picture *picture;
    bool svg;
} job;

static alx_status write_file(FILE *file, const void *context, alx_error *err)
{
    const job *j = context;
    return render(file, j->svg, j->picture, err);
}

/* ---- The page ---- */

/* Drawn at its size where there is room, else reduced with the column, down to a share of it that can still be read;
 * beyond that its own box scrolls. */
#define LEAST_SHARE 0.74

static alx_status write_page(const alx_target *target, const alx_picture *picture, alx_error *err)
{
    alx_markup *m = target->page;
    const int id = ++m->ids;
    alx_canvas canvas;
    alx_status status = alx_canvas_measure(&canvas, err);
    canvas.svg = m;
    alx_markup_format(m,
                      "<svg role=\"img\" aria-labelledby=\"t%d d%d\" viewBox=\"0 0 %.0f %.0f\" "
                      "style=\"width:%.0fpx;min-width:%.0fpx\"><title id=\"t%d\">",
                      id, id, picture->width, picture->height, picture->width, LEAST_SHARE * picture->width, id);
    alx_markup_escape(m, target->title);
    alx_markup_format(m, "</title><desc id=\"d%d\">", id);
    alx_markup_escape(m, target->description);
    alx_markup_add(m, "</desc>");
    if (!status) status = picture->draw(&canvas, picture->context, err);
    alx_markup_add(m, "</svg>\n");
    alx_canvas_release(&canvas);
    return status;
}

alx_status alx_picture_write(const alx_target *target, const alx_picture *picture, alx_error *err)
{
    if (target->page) return write_page(target, picture, err);
    const job j = {picture, ends_in(target->path, ".svg")};
    if (!j.svg && !ends_in(target->path, ".png"))
        return alx_report_fail(err, ALX_USAGE, "%s: pictures are written as .png or .svg; end the name in one of them",
                               target->path);
    return alx_whole_file(target->path, write_file, &j, err);
}
