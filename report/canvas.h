/* Where figures are drawn: by cairo into a picture's file, or as SVG into a page, whose colours follow the reader's
 * light or dark mode.  One drawing serves both.
 *
 * Paths are built with cairo's own calls on canvas->cr, under any transformation; what is painted goes through the
 * canvas.  Sizes are in points. */
#ifndef ALX_REPORT_CANVAS_H
#define ALX_REPORT_CANVAS_H

#include <cairo.h>
#include <pango/pangocairo.h>

#include "alexnet.h"
#include "report/fail.h"
#include "report/markup.h"
#include "report/theme.h"

typedef struct alx_canvas {
    cairo_t *cr;
    alx_markup *svg; /* NULL: cairo paints */
} alx_canvas;

/* ---- Shapes ---- */

typedef struct alx_paint {
    alx_role role;
    double opacity; /* 0: 1 */
    double shade;   /* 0: 1; below it goes to black, above to white; for colours that are the same on all pages */
} alx_paint;

typedef struct alx_pen {
    alx_paint paint;
    double width;
    int dashes; /* 0: a whole line */
    const double *lengths;
} alx_pen;

/* The current path; afterwards there is none. */
void alx_canvas_fill(alx_canvas *canvas, alx_paint paint);
void alx_canvas_stroke(alx_canvas *canvas, alx_pen pen);
/* Both, the line over the area. */
void alx_canvas_fill_stroke(alx_canvas *canvas, alx_paint paint, alx_pen pen);
void alx_canvas_rectangle(alx_canvas *canvas, double x, double y, double width, double height, alx_paint paint);
/* A line of one pixel. */
void alx_canvas_hairline(alx_canvas *canvas, double x0, double y0, double x1, double y1, alx_role role);

/* A page shows the tooltip over all that is drawn until the end; a picture does not. */
void alx_canvas_begin(alx_canvas *canvas, const char *tooltip);
void alx_canvas_end(alx_canvas *canvas);

/* ---- Text ---- */

typedef struct alx_text_style {
    double size; /* points */
    alx_role role;
    PangoWeight weight;
    PangoEllipsizeMode ellipsize;
    double align; /* in its width: 0 left, 0.5 in the middle, 1 right */
} alx_text_style;

/* One line, UTF-8 (bytes that are not are replaced), ended by an ellipsis where it does not fit; a page has the whole
 * as a tooltip then. */
alx_status alx_canvas_text(alx_canvas *canvas, const alx_text_style *style, const char *text, double x, double baseline,
                           double width, alx_error *err);
/* How wide it is, in points. */
double alx_canvas_text_width(alx_canvas *canvas, const alx_text_style *style, const char *text);
/* A canvas to measure on, before a size is known; ALX_NO_MEMORY.  Release in either case. */
alx_status alx_canvas_measure(alx_canvas *canvas, alx_error *err);
void alx_canvas_release(alx_canvas *canvas);

/* ---- Images ---- */

typedef struct alx_raster {
    const uint8_t *rgb; /* (height, width, 3), borrowed */
    int width, height;  /* pixels */
} alx_raster;

/* Into that rectangle, with a hairline around it: many images are white at their edge.  Pixels of enlarged ones stay
 * squares.  text: what a page says it shows; may be NULL. */
alx_status alx_canvas_image(alx_canvas *canvas, const alx_raster *image, double x, double y, double width,
                            double height, const char *text, alx_error *err);

#endif
