/* A plan: a network lowered, differentiated, optimised and built for one batch and mode. */
#ifndef ALX_PLAN_PLAN_H
#define ALX_PLAN_PLAN_H

#include "base/memory.h"
#include "model/params.h"
#include "ops/build.h"

typedef struct alx_plan {
    alx_mode mode;
    int64_t batch;
    alx_program program;
    alx_dnn *dnn;
    alx_build build;
    size_t arena_bytes;      /* of memory that all plans share */
    size_t packed_bytes;     /* of converted weights, this plan's own */
    void *packed;            /* them */
    uint64_t packed_version; /* 1 + the version of the parameters that they were made from; 0: never */
    void *bound_arena;       /* the arena that the steps point into; NULL: not bound yet */
    struct alx_plan *next;
} alx_plan;

typedef struct alx_plan_config {
    alx_mode mode;
    int64_t batch;
    alx_dtype type;
    bool exact;
    bool mixed; /* TRAIN: images with two labels */
    alx_loss_attr loss;
} alx_plan_config;

/* Builds the plan; no large memory is taken yet. */
alx_status alx_plan_create(alx_plan **plan, const alx_params *params, const alx_plan_config *config, alx_error *err);
void alx_plan_destroy(alx_plan *plan);

/* passes_inference.c: batch normalisation behind a convolution or product becomes part of its weights. */
alx_status alx_pass_fold_norms(alx_program *program, const alx_params *params, alx_error *err);
/* passes_inference.c: a convolution behind which something else is added, which nobody needs then, adds it itself. */
alx_status alx_pass_fuse_add(alx_program *program, alx_error *err);
/* passes.c: ReLU behind a convolution or product becomes part of it. */
void alx_pass_fuse_relu(alx_program *program);
/* passes.c: a strided convolution of the images becomes one of stride 1 on many channels (ops/space_to_depth.c). */
alx_status alx_pass_fold_strides(alx_program *program, alx_error *err);
/* gradient.c: appends the backward ops, from program->loss to every trainable parameter. */
alx_status alx_gradient_append(alx_program *program, alx_error *err);
/* memory.c: gives every ARENA and PACKED slot its offset by lifetime. */
alx_status alx_memory_plan(alx_build *build, size_t *arena_bytes, size_t *packed_bytes, alx_error *err);

#endif
