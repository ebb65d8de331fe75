/* A plan: a network lowered, differentiated, optimised and built for one batch and mode. */
#ifndef ALX_PLAN_PLAN_H
#define ALX_PLAN_PLAN_H

#include "base/memory.h"
#include "ops/build.h"
#include "plan/engine.h"

typedef struct alx_plan {
    alx_mode mode;
    int64_t batch;
    alx_program program;
    alx_dnn *dnn;
    alx_build build;
    size_t arena_bytes;   /* of memory that all plans share */
    size_t packed_bytes;  /* of converted weights, this plan's own */
    void *packed;         /* them */
    uint64_t packed_from; /* the version or stamp of the parameters that they were made from; 0: never */
    bool uses_halves;     /* steps read the bf16 copies of tiled weights */
    void *bound_arena;    /* the arena that the steps point into; NULL: not bound yet */
    struct alx_plan *next;
} alx_plan;

typedef struct alx_plan_config {
    alx_mode mode;
    int64_t batch;
    alx_dtype type;
    bool exact;
    bool mixed;      /* TRAIN: images with two labels */
    bool halves;     /* bf16 copies of tiled weights may be asked for */
    bool accumulate; /* TRAIN: gradients are added to those of the parts before */
    bool fleeting;   /* TRAIN: they lie in the arena until they are taken (alx_watch.take) */
    alx_loss_attr loss;
    alx_chooser chooser;
    const int *kept; /* (kept_count) layers whose outputs stay: alx_engine_config */
    int kept_count;
} alx_plan_config;

/* Builds the plan; no large memory is taken yet. */
alx_status alx_plan_create(alx_plan **plan, const alx_params *params, const alx_plan_config *config, alx_error *err);
void alx_plan_destroy(alx_plan *plan);

/* need.c: what an engine's settings say of its plans and buffers. */
alx_plan_config alx_engine_plan_config(const alx_engine_config *config, alx_mode mode, int64_t batch);
bool alx_engine_is_fleeting(const alx_engine_config *config);
size_t alx_engine_gradient_bytes(const alx_params *params, const alx_engine_config *config);
alx_status alx_engine_input_bytes(size_t bytes[ALX_INPUT_COUNT], const alx_graph *graph,
                                  const alx_engine_config *config, alx_error *err);

/* passes_inference.c: batch normalisation behind a convolution or product becomes part of its weights. */
alx_status alx_pass_fold_norms(alx_program *program, const alx_params *params, alx_error *err);
/* passes_inference.c: a convolution behind which something else is added, which nobody needs then, adds it itself. */
alx_status alx_pass_fuse_add(alx_program *program, alx_error *err);
/* passes.c: ReLU behind a convolution or product becomes part of it. */
void alx_pass_fuse_relu(alx_program *program);
/* passes.c: every convolution gets its choice. */
alx_status alx_pass_choose(alx_program *program, const alx_chooser *chooser, alx_error *err);
/* passes.c: whether the next pass can be told to fold this op. */
bool alx_pass_can_fold(const alx_program *program, const alx_op *op);
/* passes.c: a strided convolution of the images becomes one of stride 1 on many channels (ops/space_to_depth.c). */
alx_status alx_pass_fold_strides(alx_program *program, alx_error *err);
/* passes_training.c: dropout and maximum pooling behind ReLU take over its backward pass: dropout's output is the mask
 * of both, pooling keeps where its gradient goes. */
void alx_pass_mask_relu(alx_program *program);
/* passes_training.c: the scale and shift of a batch normalisation of the images move into the convolution behind it. */
alx_status alx_pass_fold_affine(alx_program *program, alx_error *err);
/* passes_training.c: what is quicker made than kept for long is made again for the backward pass: the folded images,
 * which at AlexNet's batch of 200 are 119 MiB (f32) for 6 ms of some 2,000. */
alx_status alx_pass_compute_again(alx_program *program, alx_error *err);
/* gradient.c: appends the backward ops, from program->loss to every trainable parameter. */
alx_status alx_gradient_append(alx_program *program, alx_error *err);
/* gradient.c: the same to a value that the loss depends on; *gradient is its gradient. */
alx_status alx_gradient_of(alx_value *gradient, alx_program *program, alx_value value, alx_error *err);
/* memory.c: a fleeting gradient's slot lives until the gradient may be taken; sets build->takings. */
alx_status alx_memory_hold_gradients(alx_build *build, alx_error *err);
/* memory.c: gives every ARENA and PACKED slot its offset by lifetime. */
alx_status alx_memory_plan(alx_build *build, size_t *arena_bytes, size_t *packed_bytes, alx_error *err);

#endif
