/* Steps on memory: what a build's steps point at, and running them. */
#ifndef ALX_PLAN_STEPS_H
#define ALX_PLAN_STEPS_H

#include "ops/build.h"

/* Looks on after each step of the plan that ran; a failure ends the run. */
typedef struct alx_watch {
    alx_status (*after)(void *user, int step, alx_error *err);
    void *user;
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
/* pack: also those that run only when weights have changed.  seconds: NULL, or (step_count), 0 where a step did not
 * run.  watch may be NULL. */
alx_status alx_steps_run(const alx_build *build, const alx_run_context *context, bool pack, double *seconds,
                         const alx_watch *watch, alx_error *err);

#endif
