/* A figure and where it goes: a file, PNG or SVG, or a page. */
#ifndef ALX_REPORT_PICTURE_H
#define ALX_REPORT_PICTURE_H

#include "report/canvas.h"

/* Sizes are in points; a PNG has two pixels for each, so that text is crisp on any screen. */
enum { ALX_PIXELS_PER_POINT = 2, ALX_PIXELS_MOST = 30000 /* cairo's image surfaces end at 32767 */ };

typedef struct alx_picture {
    double width, height; /* points */
    alx_status (*draw)(alx_canvas *canvas, const void *context, alx_error *err);
    const void *context;
} alx_picture;

typedef struct alx_target {
    const char *path; /* the file: .png, or .svg with letters as shapes, the same everywhere */
    /* Or a page, to which the figure is added as SVG that takes the page's colours. */
    alx_markup *page;
    const char *title, *description; /* what it shows, for those who do not see it; both or neither */
} alx_target;

/* The path's ending decides the format: .svg or .png; others are ALX_USAGE.  The file appears whole or not at all: an
 * old one stays when this fails.  A link keeps pointing where it does; what exists and is no regular file is refused
 * (ALX_IO).
 */
alx_status alx_picture_write(const alx_target *target, const alx_picture *picture, alx_error *err);

#endif
