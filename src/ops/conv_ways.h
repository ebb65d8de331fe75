/* The ways to compute a convolution: a table, whose rows compete where speed is measured (plan/choose.h).
 *
 * A row needs a value of alx_conv_way (ops/op.h), a name, what it can compute, whether it is the usual way there, and a
 * builder for each direction that it has.  Whatever a builder's steps are (primitives of oneDNN, kernels of ours, any
 * number of both), they read and write the op's values through alx_build_input and alx_build_output, so conversions are
 * inserted, and counted against it. */
#ifndef ALX_OPS_CONV_WAYS_H
#define ALX_OPS_CONV_WAYS_H

#include "ops/build.h"

/* Appends the steps of the op, a convolution or a way back of one, whose forward op is then op->forward: inputs
 * (x, w, b) -> y; (dy, w) -> dx; (dy, x) -> dw, db. */
typedef alx_status (*alx_conv_builder)(alx_build *build, alx_op *op, alx_conv_way way, alx_error *err);

typedef struct alx_conv_way_row {
    const char *name; /* in files and on screen: stays as it is */
    /* Whether it computes this direction of a convolution, given as its forward op, in this program.  NULL: any. */
    bool (*can)(const alx_program *program, const alx_op *op, alx_conv_way way, alx_conv_direction direction);
    /* Whether it is taken, of those that can, where nothing was measured: of several such rows the last one.  NULL:
     * always. */
    bool (*usual)(const alx_program *program, const alx_op *op, alx_conv_way way, alx_conv_direction direction);
    alx_conv_builder build[ALX_CONV_DIRECTIONS]; /* NULL: it has not this direction */
} alx_conv_way_row;

const alx_conv_way_row *alx_conv_way_row_of(alx_conv_way way);
/* ALX_CONV_USUAL where no row is called so. */
alx_conv_way alx_conv_way_by_name(const char *name);
/* Of a convolution's forward op.  Where a program is exact, direct alone. */
bool alx_conv_way_can(const alx_program *program, const alx_op *op, alx_conv_way way, alx_conv_direction direction);
/* The way that a direction is computed in: op->choice, or the usual one where that names none or one that cannot. */
alx_conv_way alx_conv_way_of(const alx_program *program, const alx_op *op, alx_conv_direction direction);

/* ops/conv.c: oneDNN's primitives. */
alx_status alx_conv_build_forward(alx_build *build, alx_op *op, alx_conv_way way, alx_error *err);
alx_status alx_conv_build_backward_data(alx_build *build, alx_op *op, alx_conv_way way, alx_error *err);
alx_status alx_conv_build_backward_weights(alx_build *build, alx_op *op, alx_conv_way way, alx_error *err);
/* The output in layout y: of its own, or over what it is added to, in whose memory nobody has business any more. */
alx_status alx_conv_build_destination(int *slot, alx_build *build, const alx_op *op, const alx_md *y, alx_error *err);

/* ops/conv_winograd.c: ours. */
bool alx_conv_can_winograd(const alx_program *program, const alx_op *op, alx_conv_way way,
                           alx_conv_direction direction);
bool alx_conv_usually_winograd(const alx_program *program, const alx_op *op, alx_conv_way way,
                               alx_conv_direction direction);
alx_status alx_conv_build_winograd_forward(alx_build *build, alx_op *op, alx_conv_way way, alx_error *err);
alx_status alx_conv_build_winograd_backward_data(alx_build *build, alx_op *op, alx_conv_way way, alx_error *err);
alx_status alx_conv_build_winograd_backward_weights(alx_build *build, alx_op *op, alx_conv_way way, alx_error *err);

#endif
