/* The loss doctor: what a run's figures say about it, in a sentence with what to try. */
#ifndef ALX_TRAIN_DOCTOR_H
#define ALX_TRAIN_DOCTOR_H

#include "train/metrics.h"
#include "train/recipe.h"

/* What he looks at. */
typedef struct alx_case {
    const alx_epoch_result *history; /* (epochs) */
    int64_t epochs;                  /* done */
    int classes;
    double guess; /* the loss of guessing: ln classes, times the mean class weight */
    const alx_train_config *config;
} alx_case;

/* Appends advice when the last epoch shows, for the first time, a network that learned nothing: from the second
 * epoch on, a loss within 1 % of guessing, or one class for every validation image.  True when it does.  (One
 * epoch proves nothing: at Adam 1e-4 the course AlexNet sits at ln 2 for all of the first and learns in the
 * second.) */
bool alx_doctor_examine(alx_text *advice, const alx_case *patient);

/* Fails with ALX_DIVERGED.  what: "the loss is not a finite number"; kept: which checkpoint is left. */
alx_status alx_doctor_diverged(const alx_train_config *config, const char *what, int64_t epoch, int64_t step,
                               const char *folder, const char *kept, alx_error *err);

#endif
