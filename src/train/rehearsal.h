/* Training outside a run, to find something out: its weights are thrown away with the trainer. */
#ifndef ALX_TRAIN_REHEARSAL_H
#define ALX_TRAIN_REHEARSAL_H

#include "train/trainer.h"

/* One of `steps` steps on the n images at `images`: at most the trainer's batch, a size that it has a plan for.
 * sums: of this batch, before the update; the recipe's rate without its
 * schedule; an update whose loss or gradient is no number is left out.
 * Emits an ALX_EVENT_STEP. */
typedef struct alx_rehearsal_step {
    const int64_t *images; /* (n), places in the training list */
    int64_t n;
    bool augment;
    uint32_t epoch;      /* what augmentations draw from */
    int64_t step, steps; /* from 1 */
} alx_rehearsal_step;
alx_status alx_rehearse(alx_trainer *t, const alx_rehearsal_step *step, alx_sums *sums, alx_error *err);

#endif
