/* The training loop.  Where it stands is alx_run_state and nothing else: a run that is cut anywhere between two
 * steps, saved and continued, does what the uncut one does, bit for bit. */
#include "train/trainer.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/rng.h"

/* ---- Saving ---- */

static bool all_finite(const float *values, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        if (!isfinite(values[i])) return false;
    return true;
}

static alx_status save_file(alx_trainer *t, const char *name, bool weights_alone, alx_error *err)
{
    /* A completed run needs the optimizer's state no more: two thirds of the file. */
    bool complete = t->run.epoch >= t->recipe->train.epochs;
    const alx_checkpoint checkpoint = {
        .params = t->params,
        .meta = &t->meta,
        .optimizer = &t->recipe->train.optimizer,
        .state = complete && !t->recipe->train.keep_optimizer ? NULL : t->state,
        .recipe = t->saved_recipe,
        .engine = t->engine_text,
        .train_hash = t->data.train_report.content_hash,
        .validation_hash = t->data.validation_report.content_hash,
        .run = &t->run,
    };
    char *path = alx_run_folder_file(&t->folder, name, err);
    if (!path) return ALX_NO_MEMORY;
    alx_status status =
        weights_alone ? alx_model_save(path, t->params, &t->meta, err) : alx_checkpoint_save(path, &checkpoint, err);
    free(path);
    return status;
}

static alx_status save_last(alx_trainer *t, alx_error *err)
{
    ALX_TRY(save_file(t, ALX_RUN_LAST, false, err));
    t->kept_epoch = t->run.epoch;
    t->kept_step = t->run.step;
    return ALX_OK;
}

static alx_status save_metrics(alx_trainer *t, alx_error *err)
{
    if (t->csv.failed) return alx_fail(err, ALX_NO_MEMORY, "out of memory while writing %s", ALX_RUN_METRICS);
    char *path = alx_run_folder_file(&t->folder, ALX_RUN_METRICS, err);
    if (!path) return ALX_NO_MEMORY;
    alx_status status = alx_file_write(path, t->csv.data, t->csv.length, err);
    free(path);
    return status;
}

/* ---- Stopping ---- */

/* A checkpoint at this very step, and the error that says how to go on. */
static alx_status stop_here(alx_trainer *t, alx_error *err)
{
    const alx_run_state *run = &t->run;
    if (!all_finite(t->params->data, t->params->span))
        return alx_trainer_diverged(t, "a weight is not a finite number", err);
    if (t->kept_epoch != run->epoch || run->step || run->val_step) ALX_TRY(save_last(t, err));
    alx_trainer_say(t, ALX_EVENT_END, "interrupted");
    alx_printable folder;
    return alx_fail(err, ALX_INTERRUPTED,
                    "interrupted at step %" PRId64 " of epoch %" PRId64 "; continue with --resume %s", run->step,
                    run->epoch + 1, alx_text_printable(t->folder.path, folder));
}

static bool stopping(alx_trainer *t)
{
    return atomic_load_explicit(&t->stop, memory_order_relaxed) != 0;
}

/* ---- Steps ---- */

/* Images in step `step` of `count` images: the last one may be smaller. */
static int64_t step_size(int64_t count, int64_t batch, int64_t step)
{
    int64_t left = count - step * batch;
    return left < batch ? left : batch;
}

static alx_status train_step(alx_trainer *t, alx_error *err)
{
    const alx_train_config *config = &t->recipe->train;
    alx_run_state *run = &t->run;
    const int64_t n = step_size(t->data.train.count, t->batch, run->step);
    const uint64_t seed = (uint64_t)config->seed;
    ALX_TRY(alx_loader_fill(t->data.train_loader, t->order + run->step * t->batch, (int)n, 1, seed,
                            (uint32_t)run->epoch, alx_engine_images(t->engine), alx_engine_labels(t->engine), err));
    const alx_step_key key = {.seed = seed, .step = (uint32_t)run->global_step};
    ALX_TRY(alx_engine_run(t->engine, ALX_MODE_TRAIN, n, &key, err));
    alx_sums_add(&run->train, n, t->graph->spec.classes, alx_engine_losses(t->engine),
                 alx_engine_probabilities(t->engine), alx_engine_labels(t->engine));
    run->step++;
    run->global_step++;
    run->optimizer_step++;
    if (!isfinite(run->train.loss)) return alx_trainer_diverged(t, "the loss is not a finite number", err);
    alx_optimizer_step(&config->optimizer, run->optimizer_step, t->params->data, alx_engine_gradients(t->engine),
                       t->state, t->params->trainable_span, (int)config->threads);
    t->params->version++;
    alx_trainer_emit(t, ALX_EVENT_STEP);
    alx_trainer_examine_step(t, n);
    return ALX_OK;
}

static alx_status validation_step(alx_trainer *t, alx_error *err)
{
    alx_run_state *run = &t->run;
    const int64_t n = step_size(t->data.validation.count, t->val_batch, run->val_step);
    ALX_TRY(alx_loader_fill(t->data.validation_loader, t->order + run->val_step * t->val_batch, (int)n, 0, 0, 0,
                            alx_engine_images(t->engine), alx_engine_labels(t->engine), err));
    /* A last, smaller batch runs in the full one's plan, which has packed weights already; images are independent of
     * each other here, and what stands behind the first n is not looked at. */
    ALX_TRY(alx_engine_run(t->engine, ALX_MODE_EVALUATE, t->val_batch, NULL, err));
    alx_sums_add(&run->validation, n, t->graph->spec.classes, alx_engine_losses(t->engine),
                 alx_engine_probabilities(t->engine), alx_engine_labels(t->engine));
    run->val_step++;
    alx_trainer_emit(t, ALX_EVENT_VALIDATE);
    return ALX_OK;
}

/* ---- Epochs ---- */

static alx_status train_part(alx_trainer *t, alx_error *err)
{
    alx_rng_permute(t->order, t->data.train.count, (uint64_t)t->recipe->train.seed, ALX_RNG_ORDER,
                    (uint32_t)t->run.epoch, 0);
    if (t->run.global_step == 0) alx_trainer_examine_start(t);
    while (t->run.step < t->steps) {
        if (stopping(t)) return stop_here(t, err);
        ALX_TRY(train_step(t, err));
    }
    return ALX_OK;
}

static alx_status validation_part(alx_trainer *t, alx_error *err)
{
    for (int64_t i = 0; i < t->data.validation.count; i++) t->order[i] = i;
    while (t->run.val_step < t->val_steps) {
        if (stopping(t)) return stop_here(t, err);
        ALX_TRY(validation_step(t, err));
    }
    return ALX_OK;
}

/* The epoch's sums become a row of the history; the state moves on to the next epoch's beginning. */
static bool close_epoch(alx_trainer *t)
{
    alx_run_state *run = &t->run;
    const alx_epoch_result result = {.loss = alx_sums_loss(&run->train),
                                     .accuracy = alx_sums_accuracy(&run->train),
                                     .val_loss = alx_sums_loss(&run->validation),
                                     .val_accuracy = alx_sums_accuracy(&run->validation),
                                     .learning_rate = t->recipe->train.optimizer.learning_rate,
                                     .one_class = t->val_steps && run->validation.one_class};
    const double score = t->val_steps ? result.val_loss : result.loss;
    const bool best = score < run->best_loss; /* the first on a tie */
    assert(run->epoch < run->history_capacity);
    run->history[run->epoch++] = result;
    run->step = run->val_step = 0;
    alx_sums_clear(&run->train);
    alx_sums_clear(&run->validation);
    if (best) {
        run->best_loss = score;
        run->best_epoch = run->epoch;
    }
    t->epoch_seconds = alx_clock() - t->epoch_began;
    alx_metrics_add_row(&t->csv, run->epoch, &result, t->epoch_seconds);
    return best;
}

static alx_status run_epoch(alx_trainer *t, alx_error *err)
{
    t->epoch_began = alx_clock();
    alx_trainer_emit(t, ALX_EVENT_EPOCH);
    ALX_TRY(train_part(t, err));
    ALX_TRY(validation_part(t, err));
    if (t->val_steps && !isfinite(t->run.validation.loss))
        return alx_trainer_diverged(t, "the validation loss is not a finite number", err);
    if (!all_finite(t->params->data, t->params->span))
        return alx_trainer_diverged(t, "a weight is not a finite number", err);
    /* best before last: a run that is killed between the two repeats the epoch and writes the same best again. */
    if (close_epoch(t)) ALX_TRY(save_file(t, ALX_RUN_BEST, true, err));
    ALX_TRY(save_metrics(t, err));
    ALX_TRY(save_last(t, err));
    alx_trainer_emit(t, ALX_EVENT_EPOCH_END);
    alx_trainer_examine_epoch(t);
    return ALX_OK;
}

alx_status alx_trainer_run(alx_trainer *t, alx_error *err)
{
    t->began = t->epoch_began = alx_clock();
    alx_trainer_say(t, ALX_EVENT_START, "%s", t->folder.path);
    while (t->run.epoch < t->recipe->train.epochs) ALX_TRY(run_epoch(t, err));
    alx_trainer_say(t, ALX_EVENT_END, "complete");
    return ALX_OK;
}

void alx_trainer_stop(alx_trainer *t)
{
    atomic_store_explicit(&t->stop, 1, memory_order_relaxed);
}

const char *alx_trainer_folder(const alx_trainer *t)
{
    return t->folder.path;
}
