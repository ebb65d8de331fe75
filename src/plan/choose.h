/* Who chooses how convolutions are computed: a tuner knows what was measured, and measures what is new.
 *
 * Without one, rules of thumb choose (ops/conv_ways.c, plan/passes.c).  Nothing is measured inside of a run: engines
 * ask when they are created and prepared. */
#ifndef ALX_PLAN_CHOOSE_H
#define ALX_PLAN_CHOOSE_H

#include "plan/choices.h"

/* Asked of each convolution of a network, ReLU taken in, before its strides are folded: the ways are those of what
 * folding leaves.  Zeros: the rules of thumb choose; they step in too where what was chosen cannot be done. */
typedef struct alx_chooser {
    alx_status (*choose)(alx_conv_choice *choice, const struct alx_chooser *chooser, const alx_program *program,
                         const alx_op *op, alx_error *err);
    void *user;
    /* Set by the engine for each plan. */
    int threads;
    uint64_t memory; /* bytes that measuring may take; 0: nothing is measured now, as inside of a run */
} alx_chooser;

/* A zeroed tuner is ready: it knows nothing and measures nothing. */
typedef struct alx_tuner {
    alx_choices choices;
    bool measures;
    int measured;   /* convolutions so far */
    double seconds; /* that it took */
} alx_tuner;

void alx_tuner_finish(alx_tuner *tuner);
/* tuner outlives what is created with it. */
alx_chooser alx_tuner_chooser(alx_tuner *tuner);
/* With what is remembered in `folder` (NULL: nothing is), to measure the rest; *complaint as of alx_choices_load. */
alx_status alx_tuner_begin(alx_tuner *tuner, char **complaint, const char *folder, alx_error *err);
/* What was measured since goes into the folder; does nothing where there is neither. */
alx_status alx_tuner_remember(alx_tuner *tuner, const char *folder, alx_error *err);

/* ---- measure.c ---- */

/* Images that a convolution is measured with: of `program`'s batch as many as keep one direction within some 10^9
 * multiply-adds.  Plans of larger batches share what was measured. */
int64_t alx_choose_batch(const alx_program *program, const alx_op *op, int threads);
/* Measures every way of every direction that the op's program runs, folded and not, and picks: of both foldings the one
 * whose directions together are faster, in each direction the fastest way.  What is not faster by a few hundredths is
 * not worth the other's accuracy: direct, unfolded.  Fills choice and times; zeros where there is too little memory.
 *
 * Each way runs as a little program of this convolution and its gradient, between values in the layouts that neighbours
 * like; conversions on either side count.  Programs take turns, a few rounds, of which the fastest counts. */
alx_status alx_choose_measure(alx_chosen *chosen, const alx_chooser *chooser, const alx_program *program,
                              const alx_op *op, int64_t batch, alx_error *err);

#endif
