/* Pictures, drawn with cairo and pango. */
#ifndef ALX_REPORT_PLOT_H
#define ALX_REPORT_PLOT_H

#include "alexnet.h"

typedef struct alx_plot_image {
    const uint8_t *rgb; /* (height, width, 3), borrowed */
    int width, height;  /* pixels */
    const char *label;  /* below the image: its class; may be NULL */
    const char *note;   /* below the label, smaller: a file name, a probability; may be NULL */
} alx_plot_image;

/* A grid of labelled images, `columns` in a row, under a title (may be NULL), on white.
 * Small images are enlarged by whole factors so that pixels stay squares, large ones
 * reduced.  Texts are UTF-8 (bytes that are not are replaced) and end in an ellipsis
 * where they do not fit; characters need an installed font that has them.
 * The path's ending decides the format: .svg, or .png at two pixels per point; others are
 * ALX_USAGE.  The file appears whole or not at all: an old one stays when this fails.  A link
 * keeps pointing where it does; what exists and is no regular file is refused (ALX_IO). */
alx_status alx_plot_samples(const char *path, const alx_plot_image *images, int count, int columns, const char *title,
                            alx_error *err);

#endif
