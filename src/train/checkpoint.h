/* Checkpoints: all that a run needs to continue at the very batch, in one safetensors file.
 *
 * A model file (model/model_file.h) with, besides, tensors optimizer.m.*, ema.* and so on, and metadata "recipe"
 * (without paths), "engine" (the plan's implementations), "choices" (plan/choices.h: which ways were chosen for
 * convolutions), "data" (hashes) and "run" (counters and sums; doubles as the 16 hex digits of their bits).  Nothing in
 * it depends on the time, the place or how often the run was interrupted. */
#ifndef ALX_TRAIN_CHECKPOINT_H
#define ALX_TRAIN_CHECKPOINT_H

#include "model/model_file.h"
#include "train/optimizer.h"
#include "train/run_state.h"

/* What is saved. */
typedef struct alx_checkpoint {
    const alx_params *params;
    const alx_model_meta *meta;
    const float *values;  /* (params->span): the weights */
    const float *average; /* (params->span): their moving average; NULL: none */
    const alx_optimizer_config *optimizer;
    float *const *state; /* NULL: without the optimizer's state */
    const char *recipe, *engine, *choices;
    uint64_t train_hash, validation_hash;
    const alx_run_state *run;
} alx_checkpoint;

/* Both appear whole or not at all; the old file stays when it fails.  values: (params->span), the weights.  previous:
 * what the checkpoint that is replaced is called from then on; NULL: it goes. */
alx_status alx_model_save(const char *path, const alx_params *params, const float *values, const alx_model_meta *meta,
                          alx_error *err);
alx_status alx_checkpoint_save(const char *path, const char *previous, const alx_checkpoint *checkpoint,
                               alx_error *err);

/* What was saved.  The file stays open for its tensors. */
typedef struct alx_saved {
    alx_safetensors *file;
    alx_model_meta meta;
    const char *recipe, *engine, *choices; /* of the file */
    uint64_t train_hash, validation_hash;
    alx_run_state run;
} alx_saved;

/* Verifies the file's hash, reads and checks all but the tensors.  The file may be a stranger's. */
alx_status alx_saved_open(alx_saved *saved, const char *path, alx_error *err);
void alx_saved_finish(alx_saved *saved);
/* The newer of a run folder's two checkpoints, last and previous, that is sound.  *complaint: why it is not last
 * ("runs/1/last.safetensors: ..."), release with free; NULL when it is. */
alx_status alx_saved_open_run(alx_saved *saved, char **complaint, const char *folder, alx_error *err);
/* Weights, their average unless it is NULL, and the optimizer's state where the file has it: *has_state tells; else
 * state is left alone. */
alx_status alx_saved_tensors(const alx_saved *saved, alx_params *params, float *average,
                             const alx_optimizer_config *optimizer, float *const *state, bool *has_state,
                             alx_error *err);

#endif
