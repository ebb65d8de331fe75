/* The ways to compute each convolution of a plan: which is taken, and what others would have taken. */
#ifndef ALX_TRAIN_PROFILE_WAYS_H
#define ALX_TRAIN_PROFILE_WAYS_H

#include "plan/plan.h"

/* The list and its texts, in the arena. */
alx_status alx_profile_list_ways(alx_profile_way **ways, int *count, alx_arena *arena, const alx_graph *graph,
                                 const alx_plan *plan, alx_error *err);

#endif
