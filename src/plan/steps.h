/* Steps on memory: what a build's steps point at, and running them. */
#ifndef ALX_PLAN_STEPS_H
#define ALX_PLAN_STEPS_H

#include "ops/build.h"

/* Somebody's eyes on a run, which changes no bit of it; each may be NULL. */
typedef struct alx_watch {
    /* After each step that ran; a failure ends the run. */
    alx_status (*after)(void *user, int step, alx_error *err);
    /* Of a build whose gradients are fleeting: takes the one of a parameter, (count of its values) in the store's
     * layout. No later step reads the parameter or the gradient, so both may be changed. */
    void (*take)(void *user, int param, float *gradient);
    void *user;
    double *seconds; /* (step_count) that each step took, 0 where it did not run; without those of after and take */
} alx_watch;

/* Where a slot lies, which is no alias. */
typedef struct alx_slot_memory {
    void *(*at)(const void *user, const alx_slot *slot);
    const void *user;
} alx_slot_memory;

/* Through aliases. */
void *alx_steps_slot(const alx_build *build, const alx_slot_memory *memory, int index);
/* Points every step at its slots, or again when they lie elsewhere. */
alx_status alx_steps_bind(alx_build *build, const alx_slot_memory *memory, alx_error *err);
/* pack: also those that run only when weights have changed.  watch: NULL: nobody. */
alx_status alx_steps_run(const alx_build *build, const alx_run_context *context, bool pack, const alx_watch *watch,
                         alx_error *err);

#endif
