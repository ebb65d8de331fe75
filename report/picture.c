#include "report/picture.h"

#include <cairo-svg.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

/* By preference; fontconfig finds others for characters that these lack. */
#define FAMILY "Inter, Noto Sans, DejaVu Sans, Noto Sans CJK SC, WenQuanYi Micro Hei, Droid Sans Fallback, sans-serif"

void alx_picture_set_error(alx_error *err, alx_status status, const char *format, ...)
{
    if (!err) return;
    err->status = status;
    va_list args;
    va_start(args, format);
    vsnprintf(err->message, sizeof err->message, format, args);
    va_end(args);
}

/* ---- Text ---- */

static PangoLayout *layout_create(cairo_t *cr, const alx_text_style *style, const char *text)
{
    PangoLayout *layout = pango_cairo_create_layout(cr);
    PangoFontDescription *font = pango_font_description_new();
    char *valid = g_utf8_make_valid(text, -1);
    pango_font_description_set_family_static(font, FAMILY);
    pango_font_description_set_absolute_size(font, style->size * PANGO_SCALE);
    pango_font_description_set_weight(font, style->weight);
    pango_layout_set_font_description(layout, font);
    pango_layout_set_text(layout, valid, -1);
    pango_layout_set_single_paragraph_mode(layout, TRUE);
    g_free(valid);
    pango_font_description_free(font);
    return layout;
}

static double line_width(PangoLayout *layout)
{
    PangoRectangle logical;
    pango_layout_line_get_extents(pango_layout_get_line_readonly(layout, 0), NULL, &logical);
    return (double)logical.width / PANGO_SCALE;
}

double alx_picture_text_width(cairo_t *cr, const alx_text_style *style, const char *text)
{
    PangoLayout *layout = layout_create(cr, style, text);
    const double width = line_width(layout);
    g_object_unref(layout);
    return width;
}

alx_status alx_picture_text(cairo_t *cr, const alx_text_style *style, const char *text, double x, double baseline,
                            double width, alx_error *err)
{
    PangoLayout *layout = layout_create(cr, style, text);
    pango_layout_set_width(layout, (int)(width * PANGO_SCALE));
    pango_layout_set_ellipsize(layout, style->ellipsize);
    if (style->align > 0) x += style->align * (width - line_width(layout));

    cairo_set_source_rgb(cr, style->gray, style->gray, style->gray);
    cairo_move_to(cr, x, baseline);
    /* The baseline is what lines up: Chinese and Latin fonts differ in height. */
    pango_cairo_show_layout_line(cr, pango_layout_get_line_readonly(layout, 0));
    g_object_unref(layout);
    cairo_status_t status = cairo_status(cr);
    return status ? alx_picture_fail(err, ALX_FAILED, "cairo: text: %s", cairo_status_to_string(status)) : ALX_OK;
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

static alx_status paint(cairo_t *cr, const alx_picture *picture, alx_error *err)
{
    cairo_set_source_rgb(cr, 1, 1, 1);
    cairo_paint(cr);
    return picture->draw(cr, picture->context, err);
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
        result = alx_picture_fail(err, ALX_IO, "cairo: %s; is the disk full?", cairo_status_to_string(status));
    return result;
}

/* Render into the open file and close it; fsync, so that the rename cannot outrun the data. */
static alx_status write_whole(FILE *file, const char *path, const alx_picture *picture, alx_error *err)
{
    alx_error inner = {0};
    alx_status result = render(file, ends_in(path, ".svg"), picture, &inner);
    if (result) alx_picture_fail(err, result, "%s: %s", path, inner.message);
    if (!result && (fflush(file) || fsync(fileno(file))))
        result = alx_picture_fail(err, ALX_IO, "%s: cannot be written: %s", path, strerror(errno));
    if (fclose(file) && !result)
        result = alx_picture_fail(err, ALX_IO, "%s: cannot be written: %s", path, strerror(errno));
    return result;
}

/* Where the bytes go: a link keeps pointing where it does, its target is replaced.  Only a regular file
 * is ever replaced: a rename over a device or a pipe would destroy it.  Release target with free. */
static alx_status find_target(char **target, const char *path, alx_error *err)
{
    struct stat old;
    *target = NULL;
    if (!ends_in(path, ".png") && !ends_in(path, ".svg"))
        return alx_picture_fail(err, ALX_USAGE, "%s: pictures are written as .png or .svg; end the name in one of them",
                                path);
    bool exists = stat(path, &old) == 0;
    if (exists && !S_ISREG(old.st_mode))
        return alx_picture_fail(err, ALX_IO, "%s: is %s; name a file", path,
                                S_ISDIR(old.st_mode) ? "a folder" : "not a regular file");
    if (!exists && lstat(path, &old) == 0)
        return alx_picture_fail(err, ALX_IO, "%s: is a link to nothing; remove it or name another file", path);
    *target = exists ? realpath(path, NULL) : strdup(path);
    return *target ? ALX_OK : alx_picture_fail(err, ALX_IO, "%s: cannot be made: %s", path, strerror(errno));
}

/* To the target by way of a temporary beside it; path is what messages name. */
static alx_status write_target(const char *target, const char *path, const alx_picture *picture, alx_error *err)
{
    size_t size = strlen(target) + 32;
    char *temporary = malloc(size);
    if (!temporary) return alx_picture_fail(err, ALX_NO_MEMORY, "out of memory: %zu bytes", size);
    snprintf(temporary, size, "%s.tmp-%ld", target, (long)getpid());
    alx_status result = ALX_OK;
    FILE *file = fopen(temporary, "wb");
    if (!file) {
        result = alx_picture_fail(err, ALX_IO, "%s: cannot be made: %s", path, strerror(errno));
    } else {
        result = write_whole(file, path, picture, err);
        if (!result && rename(temporary, target))
            result = alx_picture_fail(err, ALX_IO, "%s: cannot be replaced: %s", path, strerror(errno));
        if (result) unlink(temporary);
    }
    free(temporary);
    return result;
}

alx_status alx_picture_write(const char *path, const alx_picture *picture, alx_error *err)
{
    char *target;
    alx_status result = find_target(&target, path, err);
    if (!result) result = write_target(target, path, picture, err);
    free(target);
    return result;
}
