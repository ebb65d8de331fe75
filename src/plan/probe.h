/* A probe: what a training batch does in each layer, in numbers.
 *
 * It runs the training plan once more, forward and backward, and reduces every layer's output as soon as it is
 * there, then parameters and gradients.  Not part of a training step: it takes scratch of its own (16 MiB at most,
 * or one output where oneDNN keeps it in an order of its own) and gives it back. */
#ifndef ALX_PLAN_PROBE_H
#define ALX_PLAN_PROBE_H

#include "plan/engine.h"

/* Of a tensor; a unit is a channel of an image or one of the features. */
typedef struct alx_layer_statistics {
    int64_t count;         /* of values; 0: nothing is known, as of a layer whose output is another's */
    int64_t bad;           /* not finite; the figures below are of the others */
    int64_t zeros;         /* exact ones */
    double mean, sd, size; /* size: the root of the mean square */
    float min, max;
    double spread;       /* within a unit, over images and places: the root of the units' mean variance */
    int64_t units, dead; /* dead: 0 for every image at every place */
    bool rectified;      /* it is the output of a ReLU, which the layer's own op may have taken in */
} alx_layer_statistics;

typedef struct alx_param_statistics {
    int64_t count;
    int64_t bad; /* values that are not finite; the figures are of the others */
    double mean, sd, norm;
    int64_t gradient_bad; /* 0 and 0 for what is not trained */
    double gradient_norm;
} alx_param_statistics;

typedef struct alx_probe {
    double loss; /* mean of the batch */
    alx_layer_statistics input;
    int layer_count, param_count;
    alx_layer_statistics *layers; /* (layer_count) */
    alx_param_statistics *params; /* (param_count), in the store's order */
} alx_probe;

alx_status alx_probe_create(alx_probe **probe, const alx_graph *graph, alx_error *err);
void alx_probe_destroy(alx_probe *probe);
/* Of the first `batch` images of the engine's buffer.  params are the engine's; moving statistics are put back, so
 * that training goes on as if nothing had been.  Where gradients are fleeting, eyes->take sees them as well; eyes may
 * be NULL.  The plan must be prepared.  Fails where there is no memory. */
alx_status alx_probe_run(alx_probe *probe, alx_engine *engine, alx_params *params, int64_t batch,
                         const alx_step_key *key, const alx_watch *eyes, alx_error *err);

/* The output of one layer, in inference (ALX_MODE_EVALUATE, prepared for `batch`): out is (batch, values of a
 * sample). */
alx_status alx_probe_output(float *out, alx_engine *engine, int layer, int64_t batch, alx_error *err);

#endif
