/* The engine: runs a network over batches, for training and for inference.
 *
 * It owns plans, each for one (batch, mode), one arena of memory that they share,
 * and packed copies of weights.  Buffers for images and labels are its own; the
 * caller fills them and reads results out.  One thread at a time.  Calls set the
 * OpenMP team to config.threads and put the caller's setting back. */
#ifndef ALX_PLAN_ENGINE_H
#define ALX_PLAN_ENGINE_H

#include "model/halves.h"
#include "plan/choose.h"
#include "plan/steps.h"

typedef struct alx_engine alx_engine;

typedef struct alx_engine_config {
    int threads;    /* >= 1 */
    alx_dtype type; /* of activations: ALX_F32 or ALX_BF16 */
    bool exact;     /* convolutions as they are written: direct, nothing folded */
    int64_t max_batch;
    bool training;   /* room for gradients; ALX_MODE_TRAIN allowed */
    bool mixed;      /* training images have two labels and a share (mixup, cutmix) */
    bool accumulate; /* a step may be run in parts (alx_step_key.whole) */
    bool fleeting; /* gradients are taken while the backward pass runs (alx_watch.take), each in memory that others use
                    * before and after it: nothing stands in alx_engine_gradients.  Not where accumulate is set, since
                    * sums have to stay (Lv et al. 2023, "Full Parameter Fine-tuning for Large Language Models with
                    * Limited Resources", do this with SGD) */
    float smoothing;            /* label smoothing of the loss */
    const float *class_weights; /* (classes) or NULL; copied */
    uint64_t memory_limit; /* bytes; 0: what the machine has free.  Exceeded: an error before anything is allocated */
    alx_chooser chooser;   /* of convolutions; zeros: rules of thumb, which rule too where its choices do not fit */
    const int *kept; /* (kept_count) layers, -1: the images, whose outputs every run leaves in alx_engine_kept; must
                      * outlive the engine.  ALX_MODE_ATTRIBUTE needs one */
    int kept_count;
} alx_engine_config;

/* The precision that a person asked for on this machine; AUTO is bf16 where it is native.  Fails where bf16
 * cannot be computed. */
alx_status alx_engine_resolve_precision(alx_dtype *type, alx_precision precision, alx_error *err);

/* What an engine takes, in bytes. */
typedef struct alx_engine_need {
    uint64_t inputs;    /* buffers of images and labels */
    uint64_t gradients; /* of trained parameters, in a span of their own; fleeting: 0 */
    uint64_t arena;     /* of the plan that needs most */
    uint64_t packed;    /* converted weights of each plan */
    uint64_t halves;    /* bf16 copies of tiled weights, which plans share */
    uint64_t total;     /* what alx_engine_memory will say when these plans are prepared */
} alx_engine_need;
typedef struct alx_plan_key {
    alx_mode mode;
    int64_t batch; /* 0: no plan */
} alx_plan_key;
/* Of an engine with these settings and plans; takes none of it.  params may be laid out alone. */
alx_status alx_engine_measure(alx_engine_need *need, const alx_params *params, const alx_engine_config *config,
                              int count, const alx_plan_key *plans, alx_error *err);

/* params outlives the engine; training changes its moving statistics, predicting nothing. */
alx_status alx_engine_create(alx_engine **engine, alx_params *params, const alx_engine_config *config, alx_error *err);
void alx_engine_destroy(alx_engine *engine);
const alx_graph *alx_engine_graph(const alx_engine *engine);
int alx_engine_threads(const alx_engine *engine);
/* Builds the plan for a batch now, so that no later run allocates. */
alx_status alx_engine_prepare(alx_engine *engine, alx_mode mode, int64_t batch, alx_error *err);

/* (max_batch, C, H, W): valid for the engine's life. */
float *alx_engine_images(alx_engine *engine);
/* (max_batch) */
int32_t *alx_engine_labels(alx_engine *engine);
/* (max_batch): the second label of each image, and the first one's share of the loss; NULL unless config.mixed. Only
 * ALX_MODE_TRAIN reads them. */
int32_t *alx_engine_others(alx_engine *engine);
float *alx_engine_shares(alx_engine *engine);

/* What random ops draw from. */
typedef struct alx_step_key {
    uint64_t seed;
    uint32_t step;       /* training steps since the run began */
    uint32_t first_slot; /* of this batch within the global batch */
    int64_t whole;       /* images of the global batch, of which this is a part; 0: this batch is all of it */
} alx_step_key;

/* Runs the first `batch` images. TRAIN: forward, loss, backward: gradients are of the mean loss over
 * `batch`; of a part (config.accumulate), behind the last part of the mean loss over the whole, parts in order.
 * EVALUATE: forward and loss.  PREDICT: forward.  ATTRIBUTE: forward, the logit of each image's label for a loss, and
 * its gradient at the first of config.kept.  key may be NULL except for TRAIN. */
alx_status alx_engine_run(alx_engine *engine, alx_mode mode, int64_t batch, const alx_step_key *key, alx_error *err);

/* The same, bit for bit, under somebody's eyes: what a step has left stands in alx_engine_slot, losses from their step
 * on in alx_engine_losses.  A plan that was prepared tells how many steps there are, and what (plan/plan.h):
 * build.steps. */
alx_status alx_engine_run_watched(alx_engine *engine, alx_mode mode, int64_t batch, const alx_step_key *key,
                                  const alx_watch *watch, alx_error *err);
/* NULL when there is none.  Valid until a run or prepare of another batch or mode. */
const struct alx_plan *alx_engine_plan(const alx_engine *engine, alx_mode mode, int64_t batch);
/* The memory of a slot of a plan that was prepared; what lies there is the slot's from its first step to its last. */
void *alx_engine_slot(const alx_engine *engine, const struct alx_plan *plan, int slot);

/* Of the last run: (batch) losses of each image (TRAIN, EVALUATE), (batch, classes) probabilities. */
const float *alx_engine_losses(const alx_engine *engine);
const float *alx_engine_probabilities(const alx_engine *engine);
/* The same of layer config.kept[index], as its description says: behind its own activation, of the last layer the
 * probabilities; (batch, values of a sample).  kept_count, in ATTRIBUTE: the gradient at the first. */
const float *alx_engine_kept(const alx_engine *engine, int index);
/* (params->trainable_span): in the offsets of the store; NULL unless training, and where gradients are fleeting. */
float *alx_engine_gradients(alx_engine *engine);
/* The bf16 copies of tiled weights that plans of a training engine read; NULL: none do.  They are made anew before a
 * run where they are not of the values as they are; an optimizer that writes them along with the values spares that,
 * and one that takes fleeting gradients has to. */
alx_halves *alx_engine_halves(const alx_engine *engine);
/* Bytes in use: arena, gradients, buffers, packed weights, bf16 copies. */
uint64_t alx_engine_memory(const alx_engine *engine);
/* The chosen implementations, one line an op: what a run records. */
void alx_engine_describe(alx_text *text, const alx_engine *engine, alx_mode mode, int64_t batch);

#endif
