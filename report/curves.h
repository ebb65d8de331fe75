/* Line plots: curves in one or more panels, drawn with cairo and pango. */
#ifndef ALX_REPORT_CURVES_H
#define ALX_REPORT_CURVES_H

#include "report/picture.h"

typedef enum alx_dash {
    ALX_DASH_SOLID,
    ALX_DASH_DASHED,
    ALX_DASH_DOTTED,
    ALX_DASH_DASH_DOT,
    ALX_DASH_NONE /* points alone, every one of them, smaller */
} alx_dash;

typedef struct alx_curve {
    const char *label;   /* in the legend; NULL: not in it */
    int count;           /* points; 0: the legend alone has it */
    const double *x, *y; /* (count), borrowed.  Where either is NaN, or has no place on its axis, there is a gap */
    int style;           /* from 0: colour and marker; seven colours, then they come again with other markers */
    alx_dash dash;
} alx_curve;

typedef struct alx_curve_panel {
    const char *title, *x_label, *y_label; /* may be NULL */
    int log_x, log_y;                      /* logarithmic axes: zero and the negative are gaps */
    int count;
    const alx_curve *curves; /* (count); later ones lie over earlier ones */
    double mark_x;           /* a vertical line; NaN: none */
    int bare;                /* 1: no ticks, where numbers mean nothing */
} alx_curve_panel;

/* Panels two in a row, on white, with round ticks and a light grid.  Each has its legend below it; where all legends
 * are the same there is one below all.  Colours are Okabe and Ito's, which colour-blind people tell apart; markers
 * and dashes do without colour.  Points that have no neighbour are dots.  Texts are UTF-8 and end in an ellipsis where
 * they do not fit.
 * A file's path decides its format by its ending: .svg, or .png at two pixels per point; alx_picture_write has the
 * rest.  In a page plots are smaller. */
alx_status alx_curves_draw(const alx_target *target, const alx_curve_panel *panels, int count, alx_error *err);

#endif
