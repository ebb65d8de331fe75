/* An axis of a plot: its range and its round ticks.  Numbers alone; nothing is drawn here. */
#ifndef ALX_REPORT_AXIS_H
#define ALX_REPORT_AXIS_H

#include <stdbool.h>
#include <stddef.h>

enum { ALX_AXIS_TICKS = 12 };

/* Fill with alx_axis_init, alx_axis_take for every value, then alx_axis_finish. */
typedef struct alx_axis {
    bool log;   /* powers of ten are as far from each other */
    bool whole; /* only whole numbers came: no tick between them */
    bool empty; /* no value came */
    double low, high;
    int count;
    double ticks[ALX_AXIS_TICKS]; /* ascending, within low..high */
    char labels[ALX_AXIS_TICKS][32];
} alx_axis;

void alx_axis_init(alx_axis *axis, bool log);
/* False, and nothing is changed: it has no place on the axis (NaN, infinity, beyond 1e100 in size; on a logarithmic
 * one also what is below 1e-100, zero and the negative). */
bool alx_axis_take(alx_axis *axis, double value);
/* Widens the range by `margin` (a share of its length) at both ends, never to nothing, and chooses at most `most`
 * ticks (2..ALX_AXIS_TICKS).  Without a value: 0..1, or 1..10, without ticks. */
void alx_axis_finish(alx_axis *axis, double margin, int most);
/* 0 at the low end, 1 at the high one; NaN for what alx_axis_take refuses. */
double alx_axis_place(const alx_axis *axis, double value);

#endif
