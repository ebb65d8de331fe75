/* The clock of durations. */
#ifndef ALX_BASE_CLOCK_H
#define ALX_BASE_CLOCK_H

/* Seconds since some moment; never goes back. */
double alx_clock(void);

#endif
