/* Pictures, drawn with cairo and pango. */
#ifndef ALX_REPORT_PLOT_H
#define ALX_REPORT_PLOT_H

#include "report/picture.h"

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
 * A file's path decides its format by its ending; alx_picture_write has the rest. */
alx_status alx_plot_samples(const alx_target *target, const alx_plot_image *images, int count, int columns,
                            const char *title, alx_error *err);

#endif
