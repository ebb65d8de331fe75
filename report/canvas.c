#include "report/canvas.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/encode.h"

/* By preference; fontconfig finds others for characters that these lack.  Pages name the same. */
#define FAMILY "Inter, Noto Sans, DejaVu Sans, Noto Sans CJK SC, WenQuanYi Micro Hei, Droid Sans Fallback, sans-serif"

enum { IMAGE_PIXELS = 160 /* of images in a page's drawings, at most */ };

/* ---- Shapes, by cairo ---- */

static void set_source(cairo_t *cr, alx_paint paint)
{
    double rgb[3];
    alx_theme_rgb(rgb, paint.role, paint.shade > 0 ? paint.shade : 1);
    cairo_set_source_rgba(cr, rgb[0], rgb[1], rgb[2], paint.opacity > 0 ? paint.opacity : 1);
}

static void paint_path(cairo_t *cr, const alx_paint *fill, const alx_pen *pen)
{
    if (fill) {
        set_source(cr, *fill);
        cairo_fill_preserve(cr);
    }
    if (pen) {
        set_source(cr, pen->paint);
        cairo_set_line_width(cr, pen->width);
        cairo_set_line_join(cr, CAIRO_LINE_JOIN_ROUND);
        cairo_set_dash(cr, pen->lengths, pen->dashes, 0);
        cairo_stroke_preserve(cr);
        cairo_set_dash(cr, NULL, 0, 0);
    }
    cairo_new_path(cr);
}

/* ---- Shapes, as SVG ---- */

/* kind: "fill" or "stroke".  A shaded colour is written out, others are classes of the page. */
static void write_colour(alx_markup *m, const char *kind, const alx_paint *paint)
{
    if (paint->shade > 0) {
        double rgb[3];
        alx_theme_rgb(rgb, paint->role, paint->shade);
        alx_markup_format(m, " %s=\"#%02x%02x%02x\"", kind, (unsigned)lround(rgb[0] * 255),
                          (unsigned)lround(rgb[1] * 255), (unsigned)lround(rgb[2] * 255));
    }
    if (paint->opacity > 0) {
        alx_markup_format(m, " %s-opacity=\"", kind);
        alx_markup_number(m, paint->opacity);
        alx_markup_add(m, "\"");
    }
}

static void write_class(alx_markup *m, const alx_paint *fill, const alx_pen *pen)
{
    alx_markup_add(m, " class=\"");
    if (fill && fill->shade <= 0) alx_markup_format(m, "f-%s", alx_theme[fill->role].name);
    if (!fill) alx_markup_add(m, "f-no");
    if (pen && pen->paint.shade <= 0) alx_markup_format(m, " s-%s", alx_theme[pen->paint.role].name);
    alx_markup_add(m, "\"");
}

static void write_point(alx_markup *m, const cairo_path_data_t *point)
{
    alx_markup_number(m, point->point.x);
    alx_markup_add(m, " ");
    alx_markup_number(m, point->point.y);
}

/* In the drawing's own coordinates, whatever the transformation is. */
static void write_path(alx_markup *m, cairo_t *cr)
{
    static const struct {
        char letter;
        int points;
    } parts[] = {[CAIRO_PATH_MOVE_TO] = {'M', 1},
                 [CAIRO_PATH_LINE_TO] = {'L', 1},
                 [CAIRO_PATH_CURVE_TO] = {'C', 3},
                 [CAIRO_PATH_CLOSE_PATH] = {'Z', 0}};
    cairo_save(cr);
    cairo_identity_matrix(cr);
    cairo_path_t *path = cairo_copy_path(cr);
    cairo_restore(cr);
    alx_markup_add(m, " d=\"");
    for (int i = 0; i < path->num_data; i += path->data[i].header.length) {
        const cairo_path_data_t *data = &path->data[i];
        /* A closed path is followed by a move to its own beginning, which says nothing new. */
        const bool last = i + data->header.length >= path->num_data;
        if (data->header.type == CAIRO_PATH_MOVE_TO && last) break;
        alx_markup_format(m, "%c", parts[data->header.type].letter);
        for (int k = 0; k < parts[data->header.type].points; k++) {
            if (k) alx_markup_add(m, " ");
            write_point(m, &data[k + 1]);
        }
    }
    alx_markup_add(m, "\"");
    if (path->status) m->failed = true;
    cairo_path_destroy(path);
}

static void write_shape(alx_markup *m, cairo_t *cr, const alx_paint *fill, const alx_pen *pen)
{
    alx_markup_add(m, "<path");
    write_class(m, fill, pen);
    if (fill) write_colour(m, "fill", fill);
    if (pen) {
        write_colour(m, "stroke", &pen->paint);
        alx_markup_add(m, " stroke-width=\"");
        alx_markup_number(m, pen->width);
        alx_markup_add(m, "\"");
    }
    for (int i = 0; pen && i < pen->dashes; i++) {
        alx_markup_add(m, i ? " " : " stroke-dasharray=\"");
        alx_markup_number(m, pen->lengths[i]);
        if (i == pen->dashes - 1) alx_markup_add(m, "\"");
    }
    write_path(m, cr);
    alx_markup_add(m, "/>");
    cairo_new_path(cr);
}

/* ---- Shapes ---- */

static void paint(alx_canvas *canvas, const alx_paint *fill, const alx_pen *pen)
{
    if (canvas->svg)
        write_shape(canvas->svg, canvas->cr, fill, pen);
    else
        paint_path(canvas->cr, fill, pen);
}

void alx_canvas_fill(alx_canvas *canvas, alx_paint fill)
{
    paint(canvas, &fill, NULL);
}

void alx_canvas_stroke(alx_canvas *canvas, alx_pen pen)
{
    paint(canvas, NULL, &pen);
}

void alx_canvas_fill_stroke(alx_canvas *canvas, alx_paint fill, alx_pen pen)
{
    paint(canvas, &fill, &pen);
}

void alx_canvas_rectangle(alx_canvas *canvas, double x, double y, double width, double height, alx_paint fill)
{
    cairo_new_path(canvas->cr);
    cairo_rectangle(canvas->cr, x, y, width, height);
    paint(canvas, &fill, NULL);
}

void alx_canvas_hairline(alx_canvas *canvas, double x0, double y0, double x1, double y1, alx_role role)
{
    cairo_new_path(canvas->cr);
    cairo_move_to(canvas->cr, floor(x0) + 0.5, floor(y0) + 0.5);
    cairo_line_to(canvas->cr, floor(x1) + 0.5, floor(y1) + 0.5);
    alx_canvas_stroke(canvas, (alx_pen){.paint = {.role = role}, .width = 1});
}

void alx_canvas_begin(alx_canvas *canvas, const char *tooltip)
{
    if (!canvas->svg) return;
    alx_markup_add(canvas->svg, "<g><title>");
    alx_markup_escape(canvas->svg, tooltip);
    alx_markup_add(canvas->svg, "</title>");
}

void alx_canvas_end(alx_canvas *canvas)
{
    if (canvas->svg) alx_markup_add(canvas->svg, "</g>");
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

double alx_canvas_text_width(alx_canvas *canvas, const alx_text_style *style, const char *text)
{
    PangoLayout *layout = layout_create(canvas->cr, style, text);
    const double width = line_width(layout);
    g_object_unref(layout);
    return width;
}

/* The first and last characters of a text with an ellipsis between, or behind the first; kept counts both. */
static char *shorten(const char *text, long length, long kept, bool middle)
{
    const long last = middle ? kept / 2 : 0, first = kept - last;
    char *head = g_utf8_substring(text, 0, first), *tail = g_utf8_substring(text, length - last, length);
    char *whole = g_strconcat(head, "…", tail, NULL);
    g_free(head);
    g_free(tail);
    return whole;
}

/* As much of a text as fits, cut between characters as a reader sees them.  Release with g_free. */
static char *fit(alx_canvas *canvas, const alx_text_style *style, const char *text, double width)
{
    PangoLayout *layout = layout_create(canvas->cr, style, text);
    char *valid = g_strdup(pango_layout_get_text(layout));
    if (style->ellipsize != PANGO_ELLIPSIZE_NONE && line_width(layout) > width + 0.01) {
        int count;
        const PangoLogAttr *attributes = pango_layout_get_log_attrs_readonly(layout, &count);
        const bool middle = style->ellipsize == PANGO_ELLIPSIZE_MIDDLE;
        const long length = count - 1;
        long fits = 0, fails = length; /* characters kept */
        while (fails - fits > 1) {
            const long kept = (fits + fails) / 2;
            char *cut = shorten(valid, length, kept, middle);
            if (alx_canvas_text_width(canvas, style, cut) <= width)
                fits = kept;
            else
                fails = kept;
            g_free(cut);
        }
        while (fits > 0 && !middle && !attributes[fits].is_cursor_position) fits--;
        char *cut = shorten(valid, length, fits, middle);
        g_free(valid);
        valid = cut;
    }
    g_object_unref(layout);
    return valid;
}

static void write_text(alx_canvas *canvas, const alx_text_style *style, const char *shown, const char *whole, double x,
                       double baseline)
{
    static const char *const anchors[] = {"start", "middle", "end"};
    alx_markup *m = canvas->svg;
    cairo_matrix_t matrix;
    cairo_get_matrix(canvas->cr, &matrix);
    alx_markup_format(m, "<text class=\"f-%s\" font-size=\"", alx_theme[style->role].name);
    alx_markup_number(m, style->size);
    alx_markup_add(m, "\"");
    if (style->weight > PANGO_WEIGHT_NORMAL) alx_markup_format(m, " font-weight=\"%d\"", (int)style->weight);
    if (style->align > 0) alx_markup_format(m, " text-anchor=\"%s\"", anchors[style->align < 1 ? 1 : 2]);
    if (matrix.xy != 0 || matrix.x0 != 0 || matrix.y0 != 0)
        alx_markup_format(m, " transform=\"matrix(%.4g %.4g %.4g %.4g %.1f %.1f)\"", matrix.xx, matrix.yx, matrix.xy,
                          matrix.yy, matrix.x0, matrix.y0);
    alx_markup_add(m, " x=\"");
    alx_markup_number(m, x);
    alx_markup_add(m, "\" y=\"");
    alx_markup_number(m, baseline);
    alx_markup_add(m, "\">");
    if (strcmp(shown, whole) != 0) {
        alx_markup_add(m, "<title>");
        alx_markup_escape(m, whole);
        alx_markup_add(m, "</title>");
    }
    alx_markup_escape(m, shown);
    alx_markup_add(m, "</text>");
}

static void show_text(alx_canvas *canvas, const alx_text_style *style, const char *shown, double x, double baseline,
                      double width)
{
    PangoLayout *layout = layout_create(canvas->cr, style, shown);
    if (style->align > 0) x += style->align * (width - line_width(layout));
    set_source(canvas->cr, (alx_paint){style->role, 0, 0});
    cairo_move_to(canvas->cr, x, baseline);
    /* The baseline is what lines up: Chinese and Latin fonts differ in height. */
    pango_cairo_show_layout_line(canvas->cr, pango_layout_get_line_readonly(layout, 0));
    cairo_new_path(canvas->cr);
    g_object_unref(layout);
}

alx_status alx_canvas_text(alx_canvas *canvas, const alx_text_style *style, const char *text, double x, double baseline,
                           double width, alx_error *err)
{
    char *shown = fit(canvas, style, text, width);
    if (canvas->svg)
        write_text(canvas, style, shown, text, x + style->align * width, baseline);
    else
        show_text(canvas, style, shown, x, baseline, width);
    g_free(shown);
    const cairo_status_t status = cairo_status(canvas->cr);
    return status ? alx_report_fail(err, ALX_FAILED, "cairo: text: %s", cairo_status_to_string(status)) : ALX_OK;
}

alx_status alx_canvas_measure(alx_canvas *canvas, alx_error *err)
{
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_A8, 1, 1);
    *canvas = (alx_canvas){.cr = cairo_create(surface)};
    cairo_surface_destroy(surface);
    const cairo_status_t status = cairo_status(canvas->cr);
    return status ? alx_report_fail(err, ALX_NO_MEMORY, "cairo: %s", cairo_status_to_string(status)) : ALX_OK;
}

void alx_canvas_release(alx_canvas *canvas)
{
    cairo_destroy(canvas->cr);
}

/* ---- Images ---- */

static void draw_surface(cairo_t *cr, cairo_surface_t *surface, const alx_raster *image, double x, double y,
                         double width, double height)
{
    cairo_save(cr);
    cairo_translate(cr, x, y);
    cairo_scale(cr, width / image->width, height / image->height);
    cairo_set_source_surface(cr, surface, 0, 0);
    cairo_pattern_set_filter(cairo_get_source(cr), width < image->width ? CAIRO_FILTER_BEST : CAIRO_FILTER_NEAREST);
    /* Without this the border fades into transparency where the image is reduced. */
    cairo_pattern_set_extend(cairo_get_source(cr), CAIRO_EXTEND_PAD);
    cairo_rectangle(cr, 0, 0, image->width, image->height);
    cairo_fill(cr);
    cairo_restore(cr);
}

static alx_status write_image(alx_markup *m, const alx_raster *image, double x, double y, double width, double height,
                              const char *text, alx_error *err)
{
    alx_markup_format(m, "<image x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\" preserveAspectRatio=\"none\"%s ",
                      x, y, width, height, width > image->width ? " class=\"pixels\"" : "");
    alx_markup_add(m, "href=\"");
    const alx_status status = alx_encode_image(m, image, IMAGE_PIXELS, err);
    alx_markup_add(m, "\">");
    if (text) {
        alx_markup_add(m, "<title>");
        alx_markup_escape(m, text);
        alx_markup_add(m, "</title>");
    }
    alx_markup_add(m, "</image>");
    return status;
}

alx_status alx_canvas_image(alx_canvas *canvas, const alx_raster *image, double x, double y, double width,
                            double height, const char *text, alx_error *err)
{
    alx_status result = ALX_OK;
    if (canvas->svg) {
        result = write_image(canvas->svg, image, x, y, width, height, text, err);
    } else {
        cairo_surface_t *surface;
        result = alx_raster_surface(&surface, image, err);
        if (!result) draw_surface(canvas->cr, surface, image, x, y, width, height);
        cairo_surface_destroy(surface);
    }
    cairo_new_path(canvas->cr);
    cairo_rectangle(canvas->cr, x - 0.5, y - 0.5, width + 1, height + 1);
    alx_canvas_stroke(canvas, (alx_pen){.paint = {ALX_AXIS, 0.4, 0}, .width = 1});
    const cairo_status_t status = cairo_status(canvas->cr);
    if (!result && status)
        result = alx_report_fail(err, ALX_FAILED, "cairo: an image: %s", cairo_status_to_string(status));
    return result;
}
