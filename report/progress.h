/* Training and counting on a terminal, or one line per epoch elsewhere. */
#ifndef ALX_REPORT_PROGRESS_H
#define ALX_REPORT_PROGRESS_H

#include <stdbool.h>
#include <stdio.h>

#include "alexnet.h"

/* On a terminal an epoch is shown as Keras shows it, redrawn in place:
 *
 *     Epoch 4/10
 *     12/40 ━━━━━━────────────── 25s 880ms/step - accuracy: 0.8156 - loss: 0.3656
 *
 * and at its end, with the whole epoch's time (validation included) and the mean time of a training step:
 *
 *     40/40 ━━━━━━━━━━━━━━━━━━━━ 35s 880ms/step - accuracy: 0.8156 - loss: 0.3656 - val_accuracy: ... - val_loss: ...
 *
 * followed by the learning rate once it has changed.
 * Elsewhere (a file, a pipe) an epoch is exactly one line, the same behind "Epoch 4/10: ",
 * without \r and escape codes.  The fields up to `label` may be set after init. */
typedef struct alx_progress {
    FILE *out;             /* borrowed; stderr as a rule */
    bool terminal;         /* out is a terminal */
    int columns;           /* its width; 0: ask it at every redraw */
    double (*clock)(void); /* seconds, rising */
    const char *label;     /* before a counter, such as "Evaluating"; may be NULL */

    double drawn;                       /* when the live line was last drawn */
    int live;                           /* columns of the live line, 0 when there is none */
    bool counting;                      /* the live line is a counter's */
    double count_start;                 /* when the counter began */
    int64_t first_step;                 /* where the epoch began: above 0 after a resume */
    double first_seconds, step_seconds; /* event times at first_step and at the last step */
    int64_t last_step;
    double first_rate; /* the learning rate of the first step */
    bool rate_moves;   /* it has changed since: lines of epochs end in it */
} alx_progress;

/* Notes whether out is a terminal. */
void alx_progress_init(alx_progress *progress, FILE *out);
/* Ends a live line, as after an interruption.  Call it before other output to the same terminal. */
void alx_progress_finish(alx_progress *progress);

/* alx_event_fn; user is an alx_progress.  Warnings are lines that begin with "warning: ", messages plain lines. */
void alx_progress_event(const alx_event *event, void *user);
/* alx_progress_fn for evaluate and predict; user is an alx_progress.  Shows a live
 * line on a terminal, removed when done == total, and nothing elsewhere. */
void alx_progress_count(int64_t done, int64_t total, void *user);

#endif
