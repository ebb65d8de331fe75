/* A confusion matrix as a picture. */
#ifndef ALX_REPORT_MATRIX_H
#define ALX_REPORT_MATRIX_H

#include "report/picture.h"

enum { ALX_MATRIX_MOST = 100 }; /* classes whose cells can be told apart */

typedef struct alx_matrix {
    int count;
    const char *const *names;           /* (count) */
    const int64_t *cells;               /* (count, count): [truth][predicted] */
    const char *rows, *columns, *title; /* "true class", "predicted class"; title may be NULL */
} alx_matrix;

/* Cells are as deep in colour as their share of their row; numbers stand in them where they fit.  In a page each has
 * a tooltip.  ALX_UNSUPPORTED above ALX_MATRIX_MOST classes. */
alx_status alx_matrix_draw(const alx_target *target, const alx_matrix *matrix, alx_error *err);

#endif
