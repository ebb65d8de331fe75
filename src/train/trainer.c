/* The training loop.  Where it stands is alx_run_state and nothing else: a run that is cut anywhere between two
 * steps, saved and continued, does what the uncut one does, bit for bit. */
#include "train/trainer.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/rng.h"
#include "train/monitor.h"
#include "train/span.h"

/* ---- Saving ---- */

static bool all_finite(const float *values, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        if (!isfinite(values[i])) return false;
    return true;
}

/* The averaged weights are the network that is kept. */
static alx_status save_best(alx_trainer *t, alx_error *err)
{
    char *path = alx_run_folder_file(&t->folder, ALX_RUN_BEST, err);
    if (!path) return ALX_NO_MEMORY;
    alx_status status = alx_model_save(path, t->params, t->average ? t->average : t->params->data, &t->meta, err);
    free(path);
    return status;
}

/* A checkpoint; the one before it stays as previous, until the run is complete. */
static alx_status save_last(alx_trainer *t, alx_error *err)
{
    const bool complete = alx_trainer_is_complete(t);
    const alx_checkpoint checkpoint = {
        .params = t->params,
        .meta = &t->meta,
        .values = t->params->data,
        .average = t->average,
        .optimizer = &t->recipe->train.optimizer,
        /* A completed run needs the optimizer's state no more: two thirds of the file. */
        .state = complete && !t->recipe->train.keep_optimizer ? NULL : t->state,
        .recipe = t->saved_recipe,
        .engine = t->engine_text,
        .choices = t->choices_text,
        .train_hash = t->data.train_report.content_hash,
        .validation_hash = t->data.validation_report.content_hash,
        .run = &t->run,
    };
    char *path = alx_run_folder_file(&t->folder, ALX_RUN_LAST, err);
    char *previous = alx_run_folder_file(&t->folder, ALX_RUN_PREVIOUS, err);
    alx_status status = path && previous ? ALX_OK : ALX_NO_MEMORY;
    /* A damaged file must not take the place of a sound one. */
    if (!status) status = alx_checkpoint_save(path, t->last_damaged ? NULL : previous, &checkpoint, err);
    if (!status) {
        t->last_damaged = false;
        t->kept_epoch = t->run.epoch;
        t->kept_step = t->run.step;
        if (complete) unlink(previous); /* as large as three times the weights, and nothing is left to go back for */
    }
    free(previous);
    free(path);
    return status;
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

/* A checkpoint of this very step, unless there is one. */
static alx_status save_step(alx_trainer *t, alx_error *err)
{
    const alx_run_state *run = &t->run;
    if (!all_finite(t->params->data, t->params->span))
        return alx_trainer_diverged(t, "a weight is not a finite number", err);
    const bool kept = t->kept_epoch == run->epoch && t->kept_step == run->step && !run->val_step;
    return kept ? ALX_OK : save_last(t, err);
}

/* A checkpoint, and the error that says how to go on. */
static alx_status stop_here(alx_trainer *t, alx_error *err)
{
    const alx_run_state *run = &t->run;
    ALX_TRY(save_step(t, err));
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

/* ---- Epochs ---- */

static alx_status train_part(alx_trainer *t, alx_error *err)
{
    alx_rng_permute(t->order, t->data.train.count, (uint64_t)t->recipe->train.seed, ALX_RNG_ORDER,
                    (uint32_t)t->run.epoch, 0);
    if (t->run.global_step == 0) alx_trainer_examine_start(t);
    const int64_t every = t->recipe->train.checkpoint_steps;
    while (t->run.step < t->steps) {
        if (stopping(t)) return stop_here(t, err);
        ALX_TRY(alx_trainer_train_step(t, err));
        if (every && t->run.global_step % every == 0) ALX_TRY(save_step(t, err));
    }
    return ALX_OK;
}

static alx_status validate(alx_trainer *t, alx_error *err)
{
    while (t->run.val_step < t->val_steps && !stopping(t)) ALX_TRY(alx_trainer_validation_step(t, err));
    return ALX_OK;
}

void alx_trainer_swap_average(alx_trainer *t)
{
    if (!t->average) return;
    alx_span_swap(t->params->data, t->average, t->params->span, (int)t->recipe->train.threads);
    t->params->version++;
}

static alx_status validation_part(alx_trainer *t, alx_error *err)
{
    for (int64_t i = 0; i < t->data.validation.count; i++) t->order[i] = i;
    alx_trainer_swap_average(t);
    alx_status status = validate(t, err);
    alx_trainer_swap_average(t);
    if (!status && t->run.val_step < t->val_steps) return stop_here(t, err);
    return status;
}

/* The epoch's sums become a row of the history; the state moves on to the next epoch's beginning. */
static bool close_epoch(alx_trainer *t)
{
    alx_run_state *run = &t->run;
    const alx_epoch_result result = {.loss = alx_sums_loss(&run->train),
                                     .accuracy = alx_sums_accuracy(&run->train),
                                     .val_loss = alx_sums_loss(&run->validation),
                                     .val_accuracy = alx_sums_accuracy(&run->validation),
                                     .learning_rate = alx_trainer_rate(t),
                                     .one_class = t->val_steps && run->validation.one_class};
    assert(run->epoch < run->history_capacity);
    run->history[run->epoch++] = result;
    run->step = run->val_step = 0;
    alx_sums_clear(&run->train);
    alx_sums_clear(&run->validation);
    const bool best = alx_monitor_observe(&run->standing, &t->recipe->train, &result, run->epoch);
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
    if (close_epoch(t)) ALX_TRY(save_best(t, err));
    ALX_TRY(save_metrics(t, err));
    ALX_TRY(alx_trainer_write_summary(t, err));
    ALX_TRY(save_last(t, err));
    alx_trainer_emit(t, ALX_EVENT_EPOCH_END);
    alx_trainer_examine_epoch(t);
    return ALX_OK;
}

bool alx_trainer_is_complete(const alx_trainer *t)
{
    const alx_train_config *config = &t->recipe->train;
    return t->run.epoch >= config->epochs || alx_monitor_ended(&t->run.standing, config);
}

/* "complete; best: epoch 7, val_loss 0.1234" */
static void say_end(const alx_trainer *t)
{
    const alx_train_config *config = &t->recipe->train;
    const alx_run_state *run = &t->run;
    const char *figure = alx_monitor_name(config, t->val_steps > 0);
    char how[160] = "complete", best[96] = "";
    if (run->epoch < config->epochs)
        snprintf(how, sizeof how,
                 "stopped early after epoch %" PRId64 " of %" PRId64 ": %s has not improved for %" PRId64 " epoch%s",
                 run->epoch, config->epochs, figure, run->standing.wait, run->standing.wait == 1 ? "" : "s");
    if (run->standing.best_epoch)
        snprintf(best, sizeof best, "; best: epoch %" PRId64 ", %s %.4f", run->standing.best_epoch, figure,
                 alx_monitor_value(config, &run->history[run->standing.best_epoch - 1]));
    alx_trainer_say(t, ALX_EVENT_END, "%s%s", how, best);
}

alx_status alx_trainer_run(alx_trainer *t, alx_error *err)
{
    t->began = t->epoch_began = alx_clock();
    alx_trainer_say(t, ALX_EVENT_START, "%s", t->folder.path);
    /* The average begins with the weights that the run begins with. */
    if (t->average && t->run.global_step == 0) memcpy(t->average, t->params->data, t->average_bytes);
    while (!alx_trainer_is_complete(t)) ALX_TRY(run_epoch(t, err));
    say_end(t);
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
