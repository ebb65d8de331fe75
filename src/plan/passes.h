/* What the passes share. */
#ifndef ALX_PLAN_PASSES_H
#define ALX_PLAN_PASSES_H

#include "ops/op.h"
#include "plan/plan.h"

/* The op that computes a value; NULL for what is given. */
alx_op *alx_pass_producer(const alx_program *program, alx_value value);
/* How often a value is read, as a result too: the network's, or one that is kept. */
int alx_pass_consumers(const alx_program *program, alx_value value);
/* Whether somebody reads it behind the run. */
bool alx_pass_is_kept(const alx_program *program, alx_value value);
void alx_pass_remove(alx_program *program, int index);
/* Moves the last op of the program to place `index`. */
void alx_pass_move_last(alx_program *program, int index);

#endif
