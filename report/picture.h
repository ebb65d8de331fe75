/* What all pictures share: text in cairo, and the file, PNG or SVG. */
#ifndef ALX_REPORT_PICTURE_H
#define ALX_REPORT_PICTURE_H

#include <cairo.h>
#include <pango/pangocairo.h>

#include "alexnet.h"

/* Sizes are in points; a PNG has two pixels for each, so that text is crisp on any screen. */
enum { ALX_PIXELS_PER_POINT = 2, ALX_PIXELS_MOST = 30000 /* cairo's image surfaces end at 32767 */ };

typedef struct alx_text_style {
    double size; /* points */
    double gray; /* 0 is black */
    PangoWeight weight;
    PangoEllipsizeMode ellipsize;
    double align; /* in its width: 0 left, 0.5 in the middle, 1 right */
} alx_text_style;

typedef struct alx_picture {
    double width, height; /* points */
    alx_status (*draw)(cairo_t *cr, const void *context, alx_error *err);
    const void *context;
} alx_picture;

void alx_picture_set_error(alx_error *err, alx_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static inline alx_status alx_picture_given(alx_status status)
{
    return status;
}
/* Fills err where there is one, and gives status.  A macro, as alx_fail is in the library: analysers see which status
 * comes back. */
#define alx_picture_fail(err, status, ...) (alx_picture_set_error(err, status, __VA_ARGS__), alx_picture_given(status))

/* One line, UTF-8 (bytes that are not are replaced), ended by an ellipsis where it does not fit. */
alx_status alx_picture_text(cairo_t *cr, const alx_text_style *style, const char *text, double x, double baseline,
                            double width, alx_error *err);
/* How wide it is, in points. */
double alx_picture_text_width(cairo_t *cr, const alx_text_style *style, const char *text);

/* The ending decides the format: .svg or .png; others are ALX_USAGE.  The file appears whole or not at all: an old one
 * stays when this fails.  A link keeps pointing where it does; what exists and is no regular file is refused (ALX_IO).
 */
alx_status alx_picture_write(const char *path, const alx_picture *picture, alx_error *err);

#endif
