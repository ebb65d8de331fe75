/* Reading what a report is made of. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/output.h"
#include "cli/report.h"

enum { PROFILE_BATCH = 8, PROFILE_STEPS = 2 };

static alx_status in_folder(cli_report_path path, const char *run, const char *name, alx_error *err)
{
    const int length = snprintf(path, sizeof(cli_report_path), "%s/%s", run, name);
    return length > 0 && (size_t)length < sizeof(cli_report_path)
               ? ALX_OK
               : cli_fail(err, ALX_USAGE, "the run's path is too long");
}

alx_status cli_report_place(cli_report_path path, const char *run, alx_error *err)
{
    return in_folder(path, run, "report.html", err);
}

static alx_status in_run(cli_report_path path, const cli_report *r, const char *name, alx_error *err)
{
    return in_folder(path, r->run, name, err);
}

static alx_status load_recipe(cli_report *r, alx_error *err)
{
    cli_report_path path;
    const alx_status status = in_run(path, r, "recipe.yaml", err);
    return status ? status : alx_recipe_open(&r->recipe, path, err);
}

static alx_status load_history(cli_report *r, alx_error *err)
{
    cli_report_path path;
    char *monitor = NULL;
    r->best = -1;
    alx_status status = cli_report_need(r, CLI_PART_RECIPE, err);
    if (!status) status = in_run(path, r, "metrics.csv", err);
    if (!status) status = cli_history_read(&r->history, path, err);
    if (!status && !r->history.epochs)
        status = cli_fail(err, ALX_BAD_DATA, "%s: no epoch is in it yet, or the file is missing", path);
    if (!status) status = alx_recipe_value(&monitor, r->recipe, "train.monitor", err);
    if (!status) r->best = cli_history_best(&r->history, strcmp(monitor, "val_accuracy") == 0);
    alx_text_destroy(monitor);
    return status;
}

static alx_status load_network(cli_report *r, alx_error *err)
{
    cli_report_path path;
    alx_explain_config config;
    alx_explain_config_init(&config);
    config.language = r->language;
    alx_status status = in_run(path, r, "model.yaml", err);
    if (!status) status = alx_network_open(&r->network, path, 0, err);
    return status ? status : alx_explanation_create(&r->explanation, r->network, &config, err);
}

static alx_status load_train(cli_report *r, alx_error *err)
{
    alx_status status = cli_report_need(r, CLI_PART_RECIPE, err);
    if (!status) status = alx_dataset_open(&r->train, r->recipe, "train", err);
    if (!status) r->train_count = alx_dataset_count(r->train);
    return status;
}

static alx_status load_images(cli_report *r, alx_error *err)
{
    alx_status status = cli_report_need(r, CLI_PART_RECIPE, err);
    if (status) return status;
    r->split = "validation";
    status = alx_dataset_open(&r->images, r->recipe, r->split, err);
    if (status != ALX_USAGE) return status;
    r->split = "test";
    return alx_dataset_open(&r->images, r->recipe, r->split, err);
}

static alx_status load_model(cli_report *r, alx_error *err)
{
    return alx_model_open(&r->model, r->run, err);
}

static alx_status load_initial(cli_report *r, alx_error *err)
{
    return alx_model_open_initial(&r->initial, r->run, err);
}

static alx_status load_times(cli_report *r, alx_error *err)
{
    alx_status status = cli_report_need(r, CLI_PART_NETWORK, err);
    if (status) return status;
    alx_profile *profile = NULL;
    alx_profile_config config;
    alx_profile_config_init(&config);
    config.batch_size = PROFILE_BATCH;
    config.steps = PROFILE_STEPS;
    config.optimizer_states = 0;
    status = alx_profile_create(&profile, r->network, &config, err);
    if (status) return status;
    const int layers = alx_network_layer_count(r->network);
    r->seconds = calloc((size_t)layers + 1, sizeof *r->seconds);
    alx_profile_row row;
    for (int i = 0; r->seconds && alx_profile_row_get(profile, i, &row); i++)
        if (row.layer >= 0 && row.layer < layers) r->seconds[row.layer] += row.seconds;
    alx_profile_destroy(profile);
    return r->seconds ? ALX_OK : cli_fail(err, ALX_NO_MEMORY, "out of memory: times of %d layers", layers);
}

static alx_status (*const LOADERS[CLI_PARTS])(cli_report *r, alx_error *err) = {
    [CLI_PART_RECIPE] = load_recipe,   [CLI_PART_HISTORY] = load_history,     [CLI_PART_NETWORK] = load_network,
    [CLI_PART_TRAIN] = load_train,     [CLI_PART_IMAGES] = load_images,       [CLI_PART_MODEL] = load_model,
    [CLI_PART_INITIAL] = load_initial, [CLI_PART_ANSWERS] = cli_load_answers, [CLI_PART_NEARBY] = cli_load_nearby,
    [CLI_PART_TIMES] = load_times,
};

alx_status cli_report_need(cli_report *r, cli_part part, alx_error *err)
{
    if (!r->parts[part].tried) {
        r->parts[part].tried = true;
        alx_error inner = {0};
        inner.status = LOADERS[part](r, &inner);
        r->parts[part].err = inner;
    }
    const alx_error *said = &r->parts[part].err;
    if (said->status && err) *err = *said;
    return said->status;
}

void cli_report_refresh(cli_report *r)
{
    cli_history_finish(&r->history);
    r->parts[CLI_PART_HISTORY].tried = false;
    alx_dataset_destroy(r->train); /* what is drawn of it is kept */
    r->train = NULL;
    r->parts[CLI_PART_TRAIN].tried = false;
}

void cli_report_finish(cli_report *r)
{
    for (int i = 0; i < CLI_SECTIONS_MOST; i++) alx_markup_finish(&r->kept[i]);
    cli_answers_finish(&r->answers);
    free(r->nearby.sample);
    free(r->nearby.features);
    free(r->seconds);
    alx_model_destroy(r->initial);
    alx_model_destroy(r->model);
    alx_dataset_destroy(r->images);
    alx_dataset_destroy(r->train);
    alx_explanation_destroy(r->explanation);
    alx_network_destroy(r->network);
    cli_history_finish(&r->history);
    alx_recipe_destroy(r->recipe);
}
