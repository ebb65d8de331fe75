/* From ops to steps: layouts are chosen, primitives made, conversions inserted.
 *
 * A slot is a piece of memory with a layout; a value may have several (its own and
 * converted copies).  A step runs one primitive or one kernel of ours over slots. */
#ifndef ALX_OPS_BUILD_H
#define ALX_OPS_BUILD_H

#include "ops/op.h"

typedef enum alx_slot_kind {
    ALX_SLOT_ARENA,    /* planned by lifetime */
    ALX_SLOT_PACKED,   /* a converted weight that lives as long as the plan: in inference, or frozen */
    ALX_SLOT_PARAM,    /* in the parameter store */
    ALX_SLOT_HALF,     /* the bf16 copy of a tiled parameter (model/halves.h) */
    ALX_SLOT_GRADIENT, /* in the gradient span */
    ALX_SLOT_INPUT,    /* one of the engine's input buffers */
    ALX_SLOT_ALIAS     /* another slot's memory under another layout */
} alx_slot_kind;

typedef struct alx_slot {
    alx_slot_kind kind;
    const alx_md *md; /* NULL for raw bytes */
    size_t bytes;
    int param;       /* PARAM, HALF, GRADIENT; INPUT: alx_input */
    int alias;       /* ALIAS: the slot it stands for */
    int first, last; /* steps that use it; -1: none yet */
    bool result;     /* kept until the next run */
    bool constant;   /* PARAM, PACKED: no step of training changes it */
    size_t offset;   /* ARENA, PACKED: set by the memory plan */
} alx_slot;

typedef struct alx_step alx_step;

/* oneDNN's name of the implementation, or ours. */
const char *alx_step_algorithm(const alx_step *step);

/* What a run hands to the kernels. */
typedef struct alx_run_context {
    uint64_t seed;
    uint32_t step, first_slot;
    float share; /* of the step's images: what the gradients of an accumulating program weigh */
    int threads;
} alx_run_context;

typedef void (*alx_kernel)(const alx_step *step, const alx_run_context *context);

typedef struct alx_step_arg {
    alx_arg arg; /* unused by kernels */
    int slot;
} alx_step_arg;

/* A parameter's gradient in the arena, to be taken behind a step: the one that makes it, or the last that still reads
 * the parameter. */
typedef struct alx_taking {
    int step, param, slot;
    float *gradient; /* when memory is known */
} alx_taking;

enum { ALX_STEP_MAX_KERNEL_ARGS = 9, ALX_STEP_MAX_GRADIENTS = 4 };

struct alx_step {
    const alx_op *op; /* NULL: a conversion */
    int layer;        /* of the op, or of the one that the conversion is for; -1: the loss */
    bool backward;
    bool of_weights; /* reads weights alone */
    bool pack;       /* makes PACKED memory: only when the weights have changed */
    alx_prim *prim;  /* or NULL with a kernel */
    alx_kernel kernel;
    const void *state;     /* kernels: what the builder worked out for it, in the build's arena; or NULL */
    const char *algorithm; /* kernels: for profiles; NULL: there is but one */
    int arg_count;
    alx_step_arg *args;
    int in_place;   /* index of the argument whose memory the output (the next index) may take over; -1: none */
    alx_call *call; /* prims: made when memory is known */
    /* Kernels: memory and layout of each argument. */
    void *data[ALX_STEP_MAX_KERNEL_ARGS];
    const alx_md *md[ALX_STEP_MAX_KERNEL_ARGS];
};

typedef struct alx_build_config {
    const bool *tiled; /* by parameter: stored as ALX_ORDER_DENSE_BLOCKED; NULL: none */
    bool halves;       /* bf16 copies of those stand ready (model/halves.h) */
    bool fleeting;     /* gradients of parameters lie in the arena, not in the span */
} alx_build_config;

struct alx_build {
    const alx_program *program;
    alx_dnn *dnn;
    alx_build_config config;
    alx_arena arena;
    int *value_slot; /* by value, -1: none */
    struct alx_conversion *conversions;
    int slot_count, slot_capacity;
    alx_slot *slots;
    int step_count, step_capacity;
    alx_step *steps;
    bool backward; /* the op that is built runs backward */
    int *kept;     /* by program->kept: the slot where it stays, in plain f32 */
    int taking_count;
    alx_taking *takings; /* config.fleeting: every gradient, in the order of steps (alx_memory_hold_gradients) */
    /* Gradients that the step to come leaves elsewhere than in the span: slots of both. */
    int pending_count;
    struct {
        int slot, gradient;
    } pending[ALX_STEP_MAX_GRADIENTS];
};

/* Builds every op of the program in order.  dnn must outlive the build.  When an op fails, program->layer is its
 * layer. */
alx_status alx_build_program(alx_build *build, alx_program *program, alx_dnn *dnn, const alx_build_config *config,
                             alx_error *err);
void alx_build_finish(alx_build *build);

/* ---- For the ops ---- */

/* The layout that a value has now. */
const alx_md *alx_build_layout(const alx_build *build, alx_value value);
/* A layout of this value's shape. */
alx_status alx_build_md(const alx_md **md, alx_build *build, alx_value value, alx_dtype type, alx_order order,
                        alx_error *err);
/* The layout that a value has already where it is of the program's type and NCHW or blocked; else the usual one: what
 * ops that follow their input's order ask for. */
alx_status alx_build_current(const alx_md **md, alx_build *build, alx_value value, alx_error *err);
/* The order that convolutions like for a (N, C, H, W) value: plain up to 4 channels, else blocked. */
alx_order alx_build_image_order(const alx_build *build, alx_value value);
/* The value in layout md, converted when it is not (NULL: as it is). */
alx_status alx_build_input(int *slot, alx_build *build, alx_value value, const alx_md *md, alx_error *err);
/* Room for a value that the next step computes, in layout md.  For a gradient of a parameter a conversion into
 * the span follows when md is not the store's layout, and its sum with those before in an accumulating program. */
alx_status alx_build_output(int *slot, alx_build *build, alx_value value, const alx_md *md, alx_error *err);
/* The last step made its last `outputs` arguments of weights alone: in inference, and where they are frozen, it runs
 * only when they have changed, and the results are kept. */
void alx_build_keep(alx_build *build, int outputs);
/* Bytes that belong to no value: a workspace. */
alx_status alx_build_raw(int *slot, alx_build *build, const alx_md *md, alx_error *err);
alx_status alx_build_bytes(int *slot, alx_build *build, size_t bytes, alx_error *err);
/* The value is another slot's memory read as md. */
alx_status alx_build_alias(alx_build *build, alx_value value, int slot, const alx_md *md, alx_error *err);

/* Appends a step that adds a part's gradient to the sum (accumulate.c); both slots are of one layout. */
alx_status alx_build_accumulate(alx_build *build, int part, int sum, alx_error *err);
/* Appends a step; a primitive's scratchpad is added.  in_place: see alx_step. */
alx_status alx_build_prim(alx_build *build, const alx_op *op, alx_prim *prim, int count, const alx_step_arg *args,
                          int in_place, alx_error *err);
alx_status alx_build_kernel(alx_build *build, const alx_op *op, alx_kernel kernel, int count, const alx_step_arg *args,
                            int in_place, alx_error *err);
/* The same with what the builder worked out for the step, and a name for profiles (NULL: there is but one way). */
alx_status alx_build_kernel_with(alx_build *build, const alx_op *op, alx_kernel kernel, const void *state,
                                 const char *algorithm, int count, const alx_step_arg *args, alx_error *err);

#endif
