/* Series of runs: the trials of a sweep, or the folds of a cross-validation.
 *
 * series_files.c keeps what a series asks and what came of it.  Where a trial stands is told by its row there and by
 * its own folder: a series that was cut anywhere goes on, and ends in the same results. */
#include "train/series.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/config.h"
#include "base/file.h"

void alx_sweep_config_init(alx_sweep_config *config)
{
    *config = (alx_sweep_config){.struct_size = sizeof *config};
}

static void say(const alx_series *s, alx_event_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void say(const alx_series *s, alx_event_kind kind, const char *format, ...)
{
    if (!s->on_event) return;
    char text[4096];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    const alx_event event = {.struct_size = sizeof event, .kind = kind, .text = text};
    s->on_event(&event, s->user);
}

/* ---- One trial ---- */

static alx_status make_recipe(struct alx_recipe **recipe, const alx_series *s, int index, alx_error *err)
{
    const alx_sweep *plan = &s->plan;
    ALX_TRY(alx_recipe_copy(recipe, s->recipe, err));
    alx_status status = ALX_OK;
    for (int k = 0; k < plan->key_count && !status; k++)
        status = alx_recipe_set(*recipe, plan->keys[k], alx_sweep_value(plan, index, k), err);
    if (status) alx_recipe_destroy(*recipe);
    return status;
}

/* Events of a trial; every step has one, and there a stop reaches its trainer. */
static void pass_on(const alx_event *event, void *user)
{
    const alx_series *s = user;
    if (s->on_event) s->on_event(event, s->user);
    if (s->running && atomic_load(&s->stop)) alx_trainer_stop(s->running);
}

/* A trainer for what is left of it, or none when it is complete. */
static alx_status open_trial(alx_trainer **trainer, alx_series *s, int index, alx_error *err)
{
    const char *path = s->trials[index].path;
    const alx_run_config config = {.struct_size = sizeof config,
                                   .out = path,
                                   .overwrite = 1,
                                   .on_event = pass_on,
                                   .user = s,
                                   .autotune = s->autotune,
                                   .cache_dir = s->cache_dir};
    *trainer = NULL;
    if (alx_run_folder_was_saved(path)) {
        alx_run_result so_far;
        ALX_TRY(alx_run_result_read(&so_far, path, err));
        return so_far.complete ? ALX_OK : alx_trainer_resume(trainer, path, NULL, 0, &config, err);
    }
    struct alx_recipe *recipe;
    ALX_TRY(make_recipe(&recipe, s, index, err));
    alx_status status = alx_trainer_create(trainer, recipe, &config, err);
    alx_recipe_destroy(recipe);
    return status;
}

static alx_status train_trial(alx_series *s, int index, alx_error *err)
{
    alx_trainer *trainer;
    ALX_TRY(open_trial(&trainer, s, index, err));
    if (!trainer) return ALX_OK;
    s->running = trainer;
    alx_status status = alx_trainer_run(trainer, err);
    s->running = NULL;
    alx_trainer_destroy(trainer);
    return status;
}

/* "learning_rate 0.001, batch_size 32" */
static void describe(alx_text *text, const alx_series *s, int index)
{
    for (int k = 0; k < s->plan.key_count; k++) {
        const char *dot = strrchr(s->plan.keys[k], '.');
        alx_text_printf(text, "%s%s %s", k ? ", " : "", dot ? dot + 1 : s->plan.keys[k],
                        alx_sweep_value(&s->plan, index, k));
    }
}

static void say_trial(const alx_series *s, int index)
{
    alx_text text = {0};
    alx_printable path;
    describe(&text, s, index);
    say(s, ALX_EVENT_MESSAGE, "%s (%d of %d): %s", alx_text_printable(s->trials[index].path, path), index + 1,
        s->plan.trial_count, text.failed ? "" : text.data);
    alx_text_finish(&text);
}

/* ---- All of them ---- */

static alx_trial_state state_after(alx_status status)
{
    return status == ALX_OK            ? ALX_TRIAL_DONE
           : status == ALX_DIVERGED    ? ALX_TRIAL_DIVERGED
           : status == ALX_INTERRUPTED ? ALX_TRIAL_INTERRUPTED
                                       : ALX_TRIAL_FAILED;
}

/* Whether the trials differ in their images: then bad ones are a trial's own. */
static bool changes_data(const alx_series *s)
{
    for (int k = 0; k < s->plan.key_count; k++)
        if (strncmp(s->plan.keys[k], "data.", 5) == 0) return true;
    return false;
}

/* What the other trials would meet as well. */
static bool ends_series(const alx_series *s, alx_status status)
{
    const bool failed = state_after(status) == ALX_TRIAL_FAILED;
    return status == ALX_INTERRUPTED || status == ALX_IO || (status == ALX_BAD_DATA && !changes_data(s)) ||
           (failed && s->kind->alike);
}

static int count_state(const alx_series *s, alx_trial_state state)
{
    int count = 0;
    for (int i = 0; i < s->plan.trial_count; i++) count += s->trials[i].state == state;
    return count;
}

static alx_status interrupted(const alx_series *s, alx_error *err)
{
    alx_printable folder;
    return alx_fail(err, ALX_INTERRUPTED, "%s: interrupted with %d of %d runs done; the same command goes on there",
                    alx_text_printable(s->folder.path, folder), count_state(s, ALX_TRIAL_DONE), s->plan.trial_count);
}

/* Trains it and keeps what came of it; only what ends the series is returned. */
static alx_status take_trial(alx_series *s, int index, alx_error *first_failure, alx_error *err)
{
    alx_series_row *t = &s->trials[index];
    alx_error own = {0};
    say_trial(s, index);
    alx_status status = train_trial(s, index, &own);
    t->state = state_after(status);
    alx_series_collect(s, index);
    ALX_TRY(alx_series_write_results(s, err));
    if (status == ALX_INTERRUPTED) return interrupted(s, err);
    if (ends_series(s, status)) return alx_fail(err, status, "%s", own.message);
    if (status) say(s, ALX_EVENT_WARNING, "%s", own.message);
    if (t->state == ALX_TRIAL_FAILED && !first_failure->status) *first_failure = own;
    return ALX_OK;
}

alx_status alx_series_run(alx_series *s, alx_error *err)
{
    alx_error first = {0};
    const int done = count_state(s, ALX_TRIAL_DONE) + count_state(s, ALX_TRIAL_DIVERGED);
    if (done) say(s, ALX_EVENT_MESSAGE, "%d of %d runs are finished already", done, s->plan.trial_count);
    for (int i = 0; i < s->plan.trial_count; i++) {
        if (s->trials[i].state == ALX_TRIAL_DONE || s->trials[i].state == ALX_TRIAL_DIVERGED) continue;
        if (atomic_load(&s->stop)) return interrupted(s, err);
        ALX_TRY(take_trial(s, i, &first, err));
    }
    if (!first.status) return ALX_OK;
    return alx_fail(err, first.status, "%d of %d runs failed; the first: %s", count_state(s, ALX_TRIAL_FAILED),
                    s->plan.trial_count, first.message);
}

void alx_series_stop(alx_series *s)
{
    atomic_store(&s->stop, 1);
}

/* ---- Life ---- */

static alx_status name_trials(alx_series *s, alx_error *err)
{
    const alx_series_kind *kind = s->kind;
    int width = snprintf(NULL, 0, "%d", s->plan.trial_count);
    if (width < kind->digits) width = kind->digits;
    s->trials = alx_calloc((size_t)s->plan.trial_count, sizeof *s->trials, err);
    if (!s->trials) return ALX_NO_MEMORY;
    for (int i = 0; i < s->plan.trial_count; i++) {
        alx_series_row *t = &s->trials[i];
        t->result = alx_run_result_none();
        t->name = alx_arena_printf(&s->plan.arena, err, "%s%0*d", kind->prefix, width, i + 1);
        t->path = t->name ? alx_run_folder_file(&s->folder, t->name, err) : NULL;
        if (!t->path) return ALX_NO_MEMORY;
    }
    return ALX_OK;
}

/* Takes what is in plan over. */
static alx_status create(alx_series **series, const alx_series_kind *kind, const alx_recipe *recipe, alx_sweep *plan,
                         const alx_run_config *given, alx_error *err)
{
    alx_run_config config;
    alx_run_config_init(&config);
    alx_status status = alx_config_copy(&config, sizeof config, given, "alx_run_config", err);
    alx_series *s = status ? NULL : alx_calloc(1, sizeof *s, err);
    if (!s) {
        alx_sweep_finish(plan);
        return status ? status : ALX_NO_MEMORY;
    }
    s->kind = kind;
    s->plan = *plan;
    *plan = (alx_sweep){0};
    s->folder.lock = -1;
    s->on_event = config.on_event;
    s->user = config.user;
    s->autotune = config.autotune;
    const char *out = config.out;
    const bool overwrite = config.overwrite != 0;
    const char *const images[] = {recipe->data.train, recipe->data.validation, recipe->data.test};
    status = alx_recipe_copy(&s->recipe, recipe, err);
    if (!status && config.cache_dir && !(s->cache_dir = alx_strdup(config.cache_dir, err))) status = ALX_NO_MEMORY;
    for (size_t i = 0; i < sizeof images / sizeof images[0] && !status; i++)
        if (*images[i]) status = alx_run_folder_outside(out, images[i], err);
    if (!status) status = alx_run_folder_create(&s->folder, out, overwrite, err);
    if (!status) status = name_trials(s, err);
    if (!status) status = alx_series_begin(s, overwrite, err);
    if (status) {
        alx_run_folder_finish(&s->folder, true);
        alx_series_destroy(s);
        return status;
    }
    *series = s;
    return ALX_OK;
}

alx_status alx_series_sweep(alx_series **series, const alx_recipe *recipe, const alx_sweep_config *given,
                            const alx_run_config *config, alx_error *err)
{
    static const alx_series_kind kind = {"sweep", "sweep.yaml", "results.csv", "", 3, true, false};
    *series = NULL;
    alx_sweep_config sweep;
    alx_sweep plan;
    alx_sweep_config_init(&sweep);
    ALX_TRY(alx_config_copy(&sweep, sizeof sweep, given, "alx_sweep_config", err));
    if (!sweep.space) return alx_fail(err, ALX_USAGE, "alx_sweep_config: space must be given");
    alx_status status = alx_sweep_read(&plan, sweep.space, sweep.trials, sweep.seed, recipe, err);
    if (status) {
        alx_sweep_finish(&plan);
        return status;
    }
    return create(series, &kind, recipe, &plan, config, err);
}

alx_status alx_series_folds(alx_series **series, const alx_recipe *recipe, int folds, const alx_run_config *config,
                            alx_error *err)
{
    static const alx_series_kind kind = {"cross-validation", "folds.yaml", "folds.csv", "fold-", 1, false, true};
    *series = NULL;
    alx_sweep plan;
    alx_status status = alx_sweep_folds(&plan, folds, recipe, err);
    if (status) {
        alx_sweep_finish(&plan);
        return status;
    }
    return create(series, &kind, recipe, &plan, config, err);
}

void alx_series_destroy(alx_series *s)
{
    if (!s) return;
    for (int i = 0; s->trials && i < s->plan.trial_count; i++) free(s->trials[i].path);
    free(s->trials);
    free(s->cache_dir);
    alx_sweep_finish(&s->plan);
    alx_recipe_destroy(s->recipe);
    alx_run_folder_finish(&s->folder, false);
    free(s);
}

/* ---- Looking at it ---- */

const char *alx_series_folder(const alx_series *s)
{
    return s->folder.path;
}

int alx_series_count(const alx_series *s)
{
    return s->plan.trial_count;
}

void alx_series_trial(const alx_series *s, int index, alx_trial *out)
{
    const alx_series_row *t = &s->trials[index];
    const alx_epoch_result *best = &t->result.best;
    *out = (alx_trial){.name = t->name,
                       .state = t->state,
                       .epochs = (int)t->result.epochs,
                       .best_epoch = (int)t->result.best_epoch,
                       .loss = best->loss,
                       .accuracy = best->accuracy,
                       .val_loss = best->val_loss,
                       .val_accuracy = best->val_accuracy,
                       .seconds = t->result.seconds};
}

const char *alx_series_key(const alx_series *s, int key)
{
    return key >= 0 && key < s->plan.key_count ? s->plan.keys[key] : NULL;
}

const char *alx_series_value(const alx_series *s, int index, int key)
{
    return alx_sweep_value(&s->plan, index, key);
}
