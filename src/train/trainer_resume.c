/* Continuing a run: its recipe, its checkpoint, and the proof that they belong together. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "train/monitor.h"
#include "train/trainer.h"

/* Keys that a resume may change: they do not change what is computed, or, as epochs and patience, only how much of it.
 * (threads changes the last bits.)  The paths may: moved data is known by its hash. */
static const char *const may_change[] = {"train.epochs",
                                         "train.patience",
                                         "train.threads",
                                         "train.keep_optimizer",
                                         "train.checkpoint_steps",
                                         "train.memory_limit",
                                         "data.train",
                                         "data.validation",
                                         "data.test",
                                         "data.csv",
                                         "data.root",
                                         "data.skip_bad",
                                         "data.cache"};
static const char may_change_text[] = "epochs, patience, threads, keep_optimizer, checkpoint_steps, memory_limit, "
                                      "cache, skip_bad and the paths of the same "
                                      "images";

static bool changeable(const alx_recipe_section *section, const alx_option *option)
{
    char name[64];
    snprintf(name, sizeof name, "%s.%s", section->name, option->name);
    for (size_t i = 0; i < sizeof may_change / sizeof may_change[0]; i++)
        if (strcmp(may_change[i], name) == 0) return true;
    return false;
}

/* ---- Keys ---- */

/* "train.epochs=20" */
static alx_status set_key(struct alx_recipe *recipe, const char *text, alx_error *err)
{
    const char *equals = strchr(text, '=');
    if (!equals) return alx_fail(err, ALX_USAGE, "%s: write key=value", text);
    char *key = alx_strdup(text, err);
    if (!key) return ALX_NO_MEMORY;
    key[equals - text] = '\0';
    const alx_recipe_section *section;
    const alx_option *option;
    alx_status status = alx_recipe_find(&section, &option, key, err);
    if (!status && !changeable(section, option))
        status = alx_fail(err, ALX_USAGE, "%s cannot change when a run is resumed, only %s; start a new run for this",
                          option->name, may_change_text);
    if (!status) status = alx_recipe_set(recipe, key, equals + 1, err);
    free(key);
    return status;
}

static alx_status differs(const char *section, const char *name, const char *was, const char *is, alx_error *err)
{
    return alx_fail(
        err, ALX_USAGE,
        "%s%s%s was %s when the run began and is %s in its recipe.yaml; a resume may change only %s; put it back, "
        "or start a new run",
        section, *section ? "." : "", name, was, is, may_change_text);
}

static alx_status compare_row(const alx_recipe_section *section, const alx_option *option, const struct alx_recipe *was,
                              const struct alx_recipe *is, alx_error *err)
{
    alx_text a = {0}, b = {0};
    if (option == &alx_recipe_augment) {
        alx_augment_write(&a, &was->augment);
        alx_augment_write(&b, &is->augment);
    } else {
        alx_options_add_value(&a, option, (const char *)was + section->offset);
        alx_options_add_value(&b, option, (const char *)is + section->offset);
    }
    alx_status status = ALX_OK;
    if (a.failed || b.failed)
        status = alx_fail(err, ALX_NO_MEMORY, "out of memory while comparing recipes");
    else if (strcmp(a.data ? a.data : "", b.data ? b.data : "") != 0)
        status = differs(section->name, option->name, a.data, b.data, err);
    alx_text_finish(&a);
    alx_text_finish(&b);
    return status;
}

/* The recipe may have been edited since: what matters must be as it was. */
static alx_status compare_recipes(const alx_saved *saved, const struct alx_recipe *is, alx_error *err)
{
    struct alx_recipe *was;
    ALX_TRY(alx_recipe_parse(&was, saved->recipe, strlen(saved->recipe), NULL, err));
    alx_status status = compare_row(alx_recipe_sections, &alx_recipe_augment, was, is, err);
    for (const alx_recipe_section *s = alx_recipe_sections; s->name && !status; s++)
        for (const alx_option *o = s->options; o->name && !status; o++) {
            bool top = !*s->name; /* model is compared by its layers, classes by the data */
            /* Paths tell where something lay; weights of a file are in the checkpoint, with what became of them. */
            if (!top && !alx_option_is_alias(o) && !changeable(s, o) && o->type != ALX_OPTION_PATH)
                status = compare_row(s, o, was, is, err);
        }
    alx_recipe_destroy(was);
    return status;
}

/* model.yaml, when it is still there, must say what the checkpoint was trained with. */
static alx_status compare_model(const alx_saved *saved, const struct alx_recipe *recipe, alx_error *err)
{
    if (!alx_file_exists(recipe->model)) return ALX_OK;
    alx_graph *graph;
    alx_text text = {0};
    ALX_TRY(alx_graph_open(&graph, recipe->model, saved->meta.class_count, err));
    alx_spec_write(&text, &graph->spec);
    alx_status status = ALX_OK;
    if (text.failed)
        status = alx_fail(err, ALX_NO_MEMORY, "out of memory while comparing networks");
    else if (strcmp(text.data, saved->meta.yaml) != 0)
        status =
            alx_fail(err, ALX_USAGE,
                     "%s: was changed since the run began, and its weights fit the old network alone; put it back, or "
                     "start a new run",
                     recipe->model);
    alx_text_finish(&text);
    alx_graph_destroy(graph);
    return status;
}

/* ---- Data ---- */

static alx_status compare_data(const alx_trainer *t, const alx_saved *saved, alx_error *err)
{
    const alx_model_meta *meta = &saved->meta;
    const char *changed = NULL;
    if (saved->train_hash != t->data.train_report.content_hash) changed = "training";
    if (saved->validation_hash != t->data.validation_report.content_hash) changed = "validation";
    if (meta->class_count != t->meta.class_count) changed = "training";
    for (int i = 0; i < meta->class_count && !changed; i++)
        if (strcmp(meta->class_names[i], t->meta.class_names[i]) != 0) changed = "training";
    if (!changed) return ALX_OK;
    return alx_fail(
        err, ALX_BAD_DATA,
        "the %s images are not those that this run began with (files were added, removed or changed); put them "
        "back, or start a new run",
        changed);
}

static int64_t images_validated(const alx_trainer *t, const alx_run_state *run)
{
    return run->val_step < t->val_steps ? run->val_step * t->val_batch : t->data.validation.count;
}

/* Another memory_limit validates in other batches: what is done of it is done again. */
static void restart_validation(const alx_trainer *t, alx_run_state *run)
{
    if (run->val_step == 0 || run->validation.count == images_validated(t, run)) return;
    run->val_step = 0;
    alx_sums_clear(&run->validation);
}

/* A stranger's counters must fit this run. */
static alx_status check_state(const alx_trainer *t, const alx_run_state *run, alx_error *err)
{
    const int64_t train = t->data.train.count;
    const int64_t images = run->step < t->steps ? run->step * t->update : train;
    const int64_t seen = images_validated(t, run);
    bool fits = run->step <= t->steps && run->val_step <= t->val_steps &&
                (run->val_step == 0 || run->step == t->steps) && run->train.count == images &&
                run->validation.count == seen && run->validation.first_class < t->meta.class_count;
    if (!fits) return alx_fail(err, ALX_BAD_MODEL, "its metadata \"run\" does not fit the data; start a new run");
    return ALX_OK;
}

static alx_status check_epochs(const alx_run_state *run, const alx_train_config *config, alx_error *err)
{
    const int64_t epochs = config->epochs, waited = run->standing.wait;
    if (run->epoch == epochs && run->step == 0)
        return alx_fail(err, ALX_USAGE,
                        "the run is complete after %" PRId64 " epochs; to extend it give more, such as "
                        "--epochs %" PRId64,
                        run->epoch, 2 * run->epoch);
    if (run->epoch >= epochs)
        return alx_fail(err, ALX_USAGE, "%" PRId64 " epochs are done already; give epochs above %" PRId64, run->epoch,
                        run->epoch);
    if (!alx_monitor_ended(&run->standing, config)) return ALX_OK;
    return alx_fail(
        err, ALX_USAGE,
        "the run is complete: it stopped early after epoch %" PRId64 ", when %s had not improved for %" PRId64
        " epochs; to extend it give more patience, such as --patience %" PRId64 ", or 0 for no end",
        run->epoch, alx_monitor_name(config, !isnan(run->history[run->epoch - 1].val_loss)), waited, 2 * waited);
}

/* ---- Putting it together ---- */

static alx_status restore_metrics(alx_trainer *t, alx_error *err)
{
    char *path = alx_run_folder_file(&t->folder, ALX_RUN_METRICS, err);
    if (!path) return ALX_NO_MEMORY;
    uint8_t *old = NULL;
    size_t size;
    const alx_run_state *run = &t->run;
    bool kept = !alx_file_read(&old, &size, path, 64 << 20, NULL) &&
                alx_metrics_keep_rows(&t->csv, (const char *)old, run->epoch);
    /* Lost or edited: from the checkpoint, which keeps no times. */
    for (int64_t e = 0; e < run->epoch && !kept; e++) alx_metrics_add_row(&t->csv, e + 1, &run->history[e], NAN);
    free(old);
    free(path);
    return ALX_OK;
}

/* The saved state moves into the trainer.  complaint: why it is not that of last.safetensors; NULL: it is. */
static alx_status restore(alx_trainer *t, alx_saved *saved, const char *complaint, alx_error *err)
{
    ALX_TRY(compare_data(t, saved, err));
    restart_validation(t, &saved->run);
    ALX_TRY(check_state(t, &saved->run, err));
    bool has_state;
    ALX_TRY(alx_saved_tensors(saved, t->params, t->average, &t->recipe->train.optimizer, t->state, &has_state, err));
    alx_run_state_finish(&t->run);
    t->run = saved->run;
    saved->run = (alx_run_state){0};
    ALX_TRY(alx_run_state_reserve(&t->run, t->recipe->train.epochs, err));
    t->kept_epoch = t->run.epoch;
    t->kept_step = t->run.step;
    t->last_damaged = complaint != NULL;
    if (complaint)
        alx_trainer_say(t, ALX_EVENT_WARNING,
                        "%s; going on from the checkpoint before it, %s: step %" PRId64 " of epoch %" PRId64, complaint,
                        ALX_RUN_PREVIOUS, t->run.step, t->run.epoch + 1);
    if (!has_state) {
        t->run.optimizer_step = 0;
        alx_trainer_say(t, ALX_EVENT_MESSAGE,
                        "The optimizer's state was dropped when the run completed: it begins afresh "
                        "(keep_optimizer keeps it)");
    }
    if (strcmp(saved->engine, t->engine_text) != 0 || strcmp(saved->choices, t->choices_text) != 0)
        alx_trainer_say(t, ALX_EVENT_WARNING,
                        "This machine computes with another plan than the run began with (another processor, oneDNN or "
                        "memory_limit, or other threads): the last bits will differ from an uninterrupted run's");
    return restore_metrics(t, err);
}

/* What differs from an uninterrupted run. */
static void say_changes(const alx_trainer *t, const alx_saved *saved)
{
    struct alx_recipe *was;
    if (alx_recipe_parse(&was, saved->recipe, strlen(saved->recipe), NULL, NULL)) return;
    if (was->train.threads != t->recipe->train.threads)
        alx_trainer_say(t, ALX_EVENT_MESSAGE,
                        "%" PRId64 " thread%s where the run began with %" PRId64
                        ": the last bits will differ from an uninterrupted run's",
                        t->recipe->train.threads, t->recipe->train.threads == 1 ? "" : "s", was->train.threads);
    if (was->train.epochs != t->recipe->train.epochs && alx_schedule_needs_epochs(&was->train.schedule))
        alx_trainer_say(t, ALX_EVENT_MESSAGE,
                        "The schedule depends on the number of epochs: from here on the learning rate is that of a run "
                        "of %" PRId64 ", where it began as one of %" PRId64,
                        t->recipe->train.epochs, was->train.epochs);
    alx_recipe_destroy(was);
}

/* The precision cannot change on the way: its message would lead into another refusal. */
static alx_status check_precision(const struct alx_recipe *recipe, alx_error *err)
{
    alx_dtype type;
    alx_status status = alx_engine_resolve_precision(&type, (alx_precision)recipe->train.precision, err);
    if (status != ALX_UNSUPPORTED) return status;
    return alx_fail(err, status,
                    "the run computes in bf16, which needs a processor with AVX-512, and this one has none; resume it "
                    "on a machine that has, or start a new run with precision f32");
}

static alx_status open_recipe(struct alx_recipe **recipe, const alx_run_folder *folder, const alx_saved *saved,
                              const char *const *keys, int key_count, alx_error *err)
{
    char *path = alx_run_folder_file(folder, ALX_RUN_RECIPE, err);
    if (!path) return ALX_NO_MEMORY;
    alx_status status = alx_recipe_open(recipe, path, err);
    free(path);
    for (int i = 0; i < key_count && !status; i++) status = set_key(*recipe, keys[i], err);
    if (!status) status = compare_recipes(saved, *recipe, err);
    if (!status) status = check_epochs(&saved->run, &(*recipe)->train, err);
    if (!status) status = compare_model(saved, *recipe, err);
    if (!status) status = check_precision(*recipe, err);
    if (status) {
        alx_recipe_destroy(*recipe);
        *recipe = NULL;
    }
    return status;
}

alx_status alx_trainer_resume(alx_trainer **trainer, const char *run, const char *const *keys, int key_count,
                              const alx_run_config *config, alx_error *err)
{
    *trainer = NULL;
    alx_run_folder folder;
    alx_saved saved = {0};
    struct alx_recipe *recipe = NULL;
    alx_trainer *t = NULL;
    ALX_TRY(alx_run_folder_open(&folder, run, err));
    char *complaint;
    alx_status status = alx_saved_open_run(&saved, &complaint, run, err);
    if (!status) status = open_recipe(&recipe, &folder, &saved, keys, key_count, err);
    if (!status) status = alx_trainer_build(&t, recipe, &saved, config, err);
    if (status) goto done;
    t->folder = folder;
    folder = (alx_run_folder){.lock = -1};
    status = restore(t, &saved, complaint, err);
    if (!status)
        status = alx_run_check_space(run, (uint64_t)t->params->span * sizeof(float), alx_trainer_state_bytes(t), err);
    if (!status) status = alx_trainer_write_recipe(t, false, err);
    if (!status) {
        say_changes(t, &saved);
        *trainer = t;
        t = NULL;
    }
done:
    alx_trainer_destroy(t);
    alx_saved_finish(&saved);
    free(complaint);
    alx_run_folder_finish(&folder, false);
    return status;
}
