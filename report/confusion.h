/* A confusion matrix as a picture. */
#ifndef ALX_REPORT_CONFUSION_H
#define ALX_REPORT_CONFUSION_H

#include "report/picture.h"

enum { ALX_CONFUSION_MOST = 100 }; /* classes whose cells can be told apart */

typedef struct alx_confusion {
    int count;
    const char *const *names;           /* (count) */
    const int64_t *cells;               /* (count, count): [truth][predicted] */
    const char *rows, *columns, *title; /* "true class", "predicted class"; title may be NULL */
} alx_confusion;

/* Cells are as deep in colour as their share of their row; numbers stand in them where they fit.  In a page each has
 * a tooltip.  ALX_UNSUPPORTED above ALX_CONFUSION_MOST classes. */
alx_status alx_confusion_draw(const alx_target *target, const alx_confusion *matrix, alx_error *err);

#endif
