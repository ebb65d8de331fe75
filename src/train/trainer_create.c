/* Building a trainer: data, network, plans, run folder, in the order in which mistakes are cheapest to find. */
#include <inttypes.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/config.h"
#include "base/file.h"
#include "base/memory.h"
#include "train/starter.h"
#include "train/trainer.h"

void alx_run_config_init(alx_run_config *config)
{
    *config = (alx_run_config){.struct_size = sizeof *config};
}

/* ---- Choices that the recipe left open ---- */

static alx_status resolve(alx_trainer *t, alx_dtype *type, alx_error *err)
{
    alx_train_config *config = &t->recipe->train;
    if (config->threads == 0) config->threads = omp_get_num_procs();
    ALX_TRY(alx_engine_resolve_precision(type, (alx_precision)config->precision, err));
    config->precision = *type == ALX_BF16 ? ALX_PRECISION_BF16 : ALX_PRECISION_F32;
    return ALX_OK;
}

/* What the table of keys cannot say: values that do not go together. */
static alx_status check_schedule(const alx_trainer *t, alx_error *err)
{
    const alx_train_config *config = &t->recipe->train;
    const alx_schedule_config *schedule = &config->schedule;
    char given[32], other[32];
    alx_status status = ALX_OK;
    const char *key = NULL;
    if (schedule->min_learning_rate > config->optimizer.learning_rate && alx_schedule_has_floor(schedule)) {
        key = "min_learning_rate";
        status = alx_fail(err, ALX_USAGE, "min_learning_rate %s is above learning_rate %s; give a smaller one",
                          alx_text_number(schedule->min_learning_rate, given),
                          alx_text_number(config->optimizer.learning_rate, other));
    } else if (config->epochs && schedule->warmup_epochs > (double)config->epochs) {
        key = "warmup_epochs";
        status = alx_fail(err, ALX_USAGE, "warmup_epochs %s is more than the run's %" PRId64 " epochs; give fewer",
                          alx_text_number(schedule->warmup_epochs, given), config->epochs);
    }
    return key ? alx_recipe_where(t->recipe, "train", key, status, err) : ALX_OK;
}

/* ---- Data ---- */

static alx_status say_found(const alx_trainer *t, const char *set, const alx_sample_list *list, alx_error *err)
{
    alx_text text = {0};
    char *line;
    alx_source_describe(&text, list);
    ALX_TRY(alx_text_take(&line, &text, err));
    alx_trainer_say(t, ALX_EVENT_MESSAGE, "%s: %s", set, line);
    free(line);
    return ALX_OK;
}

/* A folder of splits that has others beside them. */
static void say_left_out(const alx_trainer *t)
{
    const struct alx_recipe *recipe = t->recipe;
    alx_printable folder;
    if (!recipe->folder) return;
    alx_trainer_say(
        t, ALX_EVENT_WARNING,
        "%s has a sub-folder train, so its sub-folders are splits; left out, because no split is called so: "
        "%s; move classes into train",
        alx_text_printable(recipe->folder, folder), recipe->others);
}

/* Rows of tables that could not be used; lists that were split off a table say the same as the rest of it. */
static void say_missing(const alx_trainer *t)
{
    const char *train = t->data.train.left_out, *validation = t->data.validation.left_out;
    if (train) alx_trainer_say(t, ALX_EVENT_WARNING, "%s", train);
    if (validation && !(train && strcmp(train, validation) == 0))
        alx_trainer_say(t, ALX_EVENT_WARNING, "%s", validation);
}

static alx_status say_source(const alx_trainer *t, alx_error *err)
{
    alx_text text = {0};
    char *line;
    alx_train_data_describe(&text, &t->data);
    ALX_TRY(alx_text_take(&line, &text, err));
    if (*line) alx_trainer_say(t, ALX_EVENT_MESSAGE, "%s", line);
    free(line);
    return ALX_OK;
}

static alx_status open_data(alx_trainer *t, alx_error *err)
{
    say_left_out(t);
    ALX_TRY(alx_train_data_open(&t->data, t->recipe, err));
    t->recipe->classes = t->data.train.class_count;
    if (t->recipe->data.split.validation < 0) t->recipe->data.split.validation = t->data.split.validation;
    say_missing(t);
    ALX_TRY(say_found(t, "train", &t->data.train, err));
    if (t->data.source != ALX_VALIDATE_NONE) ALX_TRY(say_found(t, "validation", &t->data.validation, err));
    if (t->data.test.count) ALX_TRY(say_found(t, "test, put aside", &t->data.test, err));
    return say_source(t, err);
}

static void say_bad(const alx_trainer *t, const char *set, const alx_loader_report *report)
{
    if (report->bad == 0) return;
    alx_trainer_say(t, ALX_EVENT_WARNING, "%s: %" PRId64 " image%s could not be read and %s left out; the first: %s",
                    set, report->bad, report->bad == 1 ? "" : "s", report->bad == 1 ? "is" : "are", report->first_bad);
}

/* ---- The network ---- */

static alx_status open_graph(alx_trainer *t, const char *yaml, int classes, alx_error *err)
{
    alx_graph_destroy(t->graph);
    t->graph = NULL;
    if (yaml)
        ALX_TRY(alx_graph_parse(&t->graph, yaml, NULL, classes, err));
    else
        ALX_TRY(alx_graph_open(&t->graph, alx_model_usual(t->recipe->model), classes, err));
    const alx_texts *freeze = &t->recipe->train.freeze;
    const alx_status status = alx_graph_freeze(t->graph, freeze->count, freeze->values, err);
    return status ? alx_recipe_where(t->recipe, "train", "freeze", status, err) : ALX_OK;
}

/* Before a large folder is listed: that the network exists, and that the recipe suits it. */
static alx_status check_recipe(alx_trainer *t, const char *yaml, alx_error *err)
{
    const int64_t said = t->recipe->classes;
    const int classes = said <= ALX_SPEC_MAX_CLASSES ? (int)said : 0; /* 0: the network's usual number */
    alx_status status = open_graph(t, yaml, classes, err);
    /* It may want the number that only the data tell: then it is checked with them. */
    if (status == ALX_BAD_MODEL && classes == 0 && (yaml || alx_file_exists(t->recipe->model))) return ALX_OK;
    if (status) return status;
    return alx_train_preprocess(&t->preprocess, t->recipe, t->graph->spec.input, err);
}

/* auto: by the images. */
static alx_status resolve_model(alx_trainer *t, alx_error *err)
{
    if (!alx_model_is_auto(t->recipe->model)) return ALX_OK;
    alx_model_choice choice;
    ALX_TRY(alx_model_choose(&choice, t->recipe->model, &t->data.train, err));
    t->recipe->model = choice.model;
    if (choice.side)
        alx_trainer_say(t, ALX_EVENT_MESSAGE, "model auto: %s, by the images' longer sides of usually %d pixels",
                        choice.model, choice.side);
    return ALX_OK;
}

/* "227x227 stretch bilinear, x 1/255; bf16, 2 threads" */
static alx_status say_preprocessing(const alx_trainer *t, alx_error *err)
{
    const alx_train_config *config = &t->recipe->train;
    alx_text text = {0};
    char *line;
    alx_preprocess_describe(&text, &t->preprocess);
    alx_text_printf(&text, "; %s, %" PRId64 " thread%s", config->precision == ALX_PRECISION_BF16 ? "bf16" : "f32",
                    config->threads, config->threads == 1 ? "" : "s");
    ALX_TRY(alx_text_take(&line, &text, err));
    alx_trainer_say(t, ALX_EVENT_MESSAGE, "%s", line);
    alx_text_destroy(line);
    return ALX_OK;
}

static alx_status write_preprocessing(alx_trainer *t, alx_error *err)
{
    alx_text text = {0};
    alx_status status = alx_preprocess_write(&text, &t->preprocess, err);
    if (!status && !(t->meta.preprocessing = alx_arena_strdup(&t->meta.arena, text.data, err))) status = ALX_NO_MEMORY;
    alx_text_finish(&text);
    return status;
}

static alx_status fill_meta(alx_trainer *t, alx_error *err)
{
    alx_model_meta *meta = &t->meta;
    alx_text text = {0};
    alx_spec_write(&text, &t->graph->spec);
    meta->yaml = text.failed ? NULL : alx_arena_strdup(&meta->arena, text.data, err);
    alx_text_finish(&text);
    if (!meta->yaml) return alx_fail(err, ALX_NO_MEMORY, "out of memory: the network as text");
    meta->class_count = t->data.train.class_count;
    meta->class_names = t->data.train.class_names; /* lives in the list */
    return write_preprocessing(t, err);
}

static alx_status load_data(alx_trainer *t, alx_error *err)
{
    /* Half of what is free stays for the plans of the last batches and for everyone else. */
    const double wanted = t->recipe->data.cache * 0x1p30, half = (double)alx_memory_available() / 2;
    const bool measured = t->recipe->data.mean.choice || t->recipe->data.std.choice;
    ALX_TRY(alx_train_data_load(&t->data, t->recipe, &t->preprocess, (uint64_t)(wanted < half ? wanted : half), err));
    say_bad(t, "train", &t->data.train_report);
    say_bad(t, "validation", &t->data.validation_report);
    if (!measured) return ALX_OK;
    ALX_TRY(say_preprocessing(t, err));
    return write_preprocessing(t, err);
}

/* ---- The run ---- */

/* auto: images are what training costs, so there are about as many whatever the set's size.  Few are not shown so often
 * that nothing new is learned, many not so seldom that the last ones count more than the first. */
static alx_status resolve_epochs(alx_trainer *t, alx_error *err)
{
    enum { IMAGES = 500000, LEAST = 10, MOST = 60 };
    int64_t *epochs = &t->recipe->train.epochs;
    if (*epochs) return ALX_OK;
    *epochs = (IMAGES + t->data.train.count - 1) / t->data.train.count;
    if (*epochs < LEAST) *epochs = LEAST;
    if (*epochs > MOST) *epochs = MOST;
    alx_trainer_say(t, ALX_EVENT_MESSAGE, "epochs auto: %" PRId64 ", by %" PRId64 " training images", *epochs,
                    t->data.train.count);
    return check_schedule(t, err);
}

static alx_status reserve_run(alx_trainer *t, alx_error *err)
{
    const int64_t epochs = t->recipe->train.epochs;
    if (t->steps > UINT32_MAX / epochs)
        return alx_fail(err, ALX_USAGE,
                        "%" PRId64 " epochs of %" PRId64 " steps are more than 2^32; use a larger batch_size", epochs,
                        t->steps);
    const int64_t most =
        t->data.train.count > t->data.validation.count ? t->data.train.count : t->data.validation.count;
    t->order = alx_calloc((size_t)most, sizeof *t->order, err);
    if (!t->order) return ALX_NO_MEMORY;
    alx_text_add(&t->csv, alx_metrics_header);
    ALX_TRY(alx_run_state_reserve(&t->run, epochs, err));
    return alx_trainer_recipe_text(&t->saved_recipe, t->recipe, err);
}

/* ---- The whole ---- */

/* A run inside the data would be a class of the next run. */
static alx_status check_out(const alx_trainer *t, const char *out, alx_error *err)
{
    const alx_data_config *data = &t->recipe->data;
    const char *const folders[] = {data->train, data->validation, data->test};
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++)
        if (*folders[i]) ALX_TRY(alx_run_folder_outside(out, folders[i], err));
    return ALX_OK;
}

static alx_status build(alx_trainer *t, const alx_saved *saved, const alx_run_config *config, alx_error *err)
{
    alx_dtype type;
    const char *yaml = saved ? saved->meta.yaml : NULL;
    ALX_TRY(resolve(t, &type, err));
    ALX_TRY(check_schedule(t, err));
    ALX_TRY(check_recipe(t, yaml, err));
    ALX_TRY(open_data(t, err));
    if (!saved) ALX_TRY(check_out(t, config->out, err)); /* a resumed run stays where it is */
    ALX_TRY(resolve_model(t, err));
    ALX_TRY(open_graph(t, yaml, t->data.train.class_count, err));
    ALX_TRY(alx_train_preprocess(&t->preprocess, t->recipe, t->graph->spec.input, err));
    ALX_TRY(say_preprocessing(t, err));
    ALX_TRY(fill_meta(t, err));
    alx_trainer_count_steps(t);
    if (t->batch < t->recipe->train.batch_size)
        alx_trainer_say(t, ALX_EVENT_MESSAGE,
                        "batch_size %" PRId64 " is more than there are training images: %" PRId64 " are used",
                        t->recipe->train.batch_size, t->batch);
    /* Dense kernels lie in oneDNN's tiles where it computes in them. */
    ALX_TRY(alx_params_create(&t->params, t->graph, alx_params_prefer_tiles(), err));
    alx_trainer_say_frozen(t);
    if (!saved) ALX_TRY(alx_trainer_init_values(t, err)); /* a resumed run's come from its checkpoint */
    ALX_TRY(alx_trainer_resolve_class_weight(t, err));
    ALX_TRY(alx_trainer_begin_tuning(t, saved ? saved->choices : NULL, config, err));
    ALX_TRY(alx_trainer_build_engine(t, type, err));
    ALX_TRY(load_data(t, err));
    alx_trainer_count_steps(t); /* what could not be read has gone */
    ALX_TRY(alx_trainer_count_chances(t, err));
    ALX_TRY(alx_trainer_prepare(t, err));
    ALX_TRY(alx_trainer_end_tuning(t, config, err));
    ALX_TRY(resolve_epochs(t, err));
    return reserve_run(t, err);
}

alx_status alx_trainer_build(alx_trainer **trainer, struct alx_recipe *recipe, const alx_saved *saved,
                             const alx_run_config *given, alx_error *err)
{
    *trainer = NULL;
    alx_run_config config;
    alx_run_config_init(&config);
    alx_status status = alx_config_copy(&config, sizeof config, given, "alx_run_config", err);
    alx_trainer *t = status ? NULL : alx_calloc(1, sizeof *t, err);
    if (!t) {
        alx_recipe_destroy(recipe);
        return status ? status : ALX_NO_MEMORY;
    }
    t->recipe = recipe;
    t->folder.lock = -1;
    t->kept_epoch = -1;
    t->on_event = config.on_event;
    t->user = config.user;
    t->began = t->epoch_began = alx_clock();
    alx_run_state_init(&t->run);
    status = build(t, saved, &config, err);
    recipe->root = NULL;
    if (status)
        alx_trainer_destroy(t);
    else
        *trainer = t;
    return status;
}

void alx_trainer_destroy(alx_trainer *t)
{
    if (!t) return;
    alx_consultation_finish(&t->doctor);
    alx_engine_destroy(t->engine);
    alx_tuner_finish(&t->tuner);
    for (int i = 0; i < 2; i++) alx_memory_release(t->state[i], t->state_bytes);
    alx_memory_release(t->average, t->average_bytes);
    alx_param_groups_finish(&t->groups);
    alx_params_destroy(t->params);
    alx_graph_destroy(t->graph);
    alx_model_meta_finish(&t->meta);
    alx_train_data_finish(&t->data);
    alx_run_state_finish(&t->run);
    alx_text_finish(&t->csv);
    free(t->order);
    free(t->saved_recipe);
    free(t->engine_text);
    free(t->choices_text);
    alx_run_folder_finish(&t->folder, false);
    alx_recipe_destroy(t->recipe);
    free(t);
}

/* ---- The run folder ---- */

alx_status alx_trainer_recipe_text(char **text, const struct alx_recipe *recipe, alx_error *err)
{
    struct alx_recipe bare = *recipe; /* a view: nothing of it is released */
    alx_text made = {0};
    bare.model = bare.train.weights = "";
    bare.data.train = bare.data.validation = bare.data.test = bare.data.csv = bare.data.source.root = "";
    alx_status status = alx_recipe_write(&made, &bare, NULL, err);
    if (!status) return alx_text_take(text, &made, err);
    alx_text_finish(&made);
    return status;
}

static alx_status write_text(const alx_trainer *t, const char *name, alx_text *text, alx_error *err)
{
    char *path = alx_run_folder_file(&t->folder, name, err), *content;
    alx_status status = path ? alx_text_take(&content, text, err) : ALX_NO_MEMORY;
    if (!status) {
        status = alx_file_write(path, content, strlen(content), err);
        free(content);
    }
    alx_text_finish(text);
    free(path);
    return status;
}

alx_status alx_trainer_write_recipe(alx_trainer *t, bool model_too, alx_error *err)
{
    alx_text text = {0};
    if (model_too) {
        alx_text_add(&text, t->meta.yaml);
        ALX_TRY(write_text(t, ALX_RUN_MODEL, &text, err));
    }
    char *model = alx_run_folder_file(&t->folder, ALX_RUN_MODEL, err);
    if (!model) return ALX_NO_MEMORY;
    struct alx_recipe resolved = *t->recipe; /* a view */
    resolved.model = model;
    if (t->data.source == ALX_VALIDATE_TEST && *resolved.data.test) { /* what they do, not what they were called */
        resolved.data.validation = resolved.data.test;
        resolved.data.test = "";
    }
    alx_text_printf(&text, "# A run of alexnet %s, complete: edit it and train it again.\n", alx_version());
    alx_status status = alx_recipe_write(&text, &resolved, t->folder.path, err);
    if (!status) status = write_text(t, ALX_RUN_RECIPE, &text, err);
    alx_text_finish(&text);
    free(model);
    return status;
}

static alx_status write_split(alx_trainer *t, alx_error *err)
{
    alx_text text = {0};
    alx_status status = alx_train_data_table(&text, &t->data, t->folder.path, err);
    if (!status) status = write_text(t, ALX_RUN_SPLIT, &text, err);
    alx_text_finish(&text);
    return status;
}

alx_status alx_trainer_create_bare(alx_trainer **trainer, const alx_recipe *recipe, const alx_run_config *config,
                                   alx_error *err)
{
    *trainer = NULL;
    struct alx_recipe *copy;
    ALX_TRY(alx_recipe_copy(&copy, recipe, err));
    copy->root = recipe->root; /* for messages, until it is built */
    return alx_trainer_build(trainer, copy, NULL, config, err);
}

alx_status alx_trainer_create(alx_trainer **trainer, const alx_recipe *recipe, const alx_run_config *config,
                              alx_error *err)
{
    *trainer = NULL;
    const char *out = config ? config->out : NULL;
    const bool overwrite = config && config->overwrite;
    ALX_TRY(alx_run_folder_check(out, overwrite, err)); /* before hours of reading images */
    alx_trainer *t;
    ALX_TRY(alx_trainer_create_bare(&t, recipe, config, err));
    alx_status status =
        alx_run_check_space(out, (uint64_t)t->params->span * sizeof(float), alx_trainer_state_bytes(t), err);
    if (!status) status = alx_run_folder_create(&t->folder, out, overwrite, err);
    if (!status) status = alx_trainer_write_recipe(t, true, err);
    if (!status) status = write_split(t, err);
    if (status) {
        alx_run_folder_finish(&t->folder, true);
        alx_trainer_destroy(t);
        return status;
    }
    *trainer = t;
    return ALX_OK;
}
