/* Who chooses how a convolution is computed. */
#ifndef ALX_PLAN_CHOOSE_H
#define ALX_PLAN_CHOOSE_H

#include "ops/op.h"

/* Asked of each convolution of a network, ReLU taken in, before its strides are folded: the ways are those of what
 * folding leaves.  Zeros: the rules of thumb choose; they step in too where what was chosen cannot be done. */
typedef struct alx_chooser {
    alx_status (*choose)(alx_conv_choice *choice, const struct alx_chooser *chooser, const alx_program *program,
                         const alx_op *op, alx_error *err);
    void *user;
} alx_chooser;

#endif
