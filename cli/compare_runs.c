/* The runs of a comparison: what is in their folders, and where their recipes differ. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/compare.h"
#include "cli/output.h"

static bool is_kind(const char *path, mode_t kind)
{
    struct stat info;
    return stat(path, &info) == 0 && (info.st_mode & S_IFMT) == kind;
}

static char *join(const char *folder, const char *name, alx_error *err)
{
    const size_t size = strlen(folder) + strlen(name) + 2;
    char *path = malloc(size);
    if (path)
        snprintf(path, size, "%s/%s", folder, name);
    else
        cli_fail(err, ALX_NO_MEMORY, "out of memory: a path of %zu bytes", size);
    return path;
}

/* ---- Opening ---- */

/* best.safetensors, or what there is before the first validation. */
static alx_status find_weights(cli_compared_run *run, alx_error *err)
{
    static const char *const names[] = {"best.safetensors", "last.safetensors"};
    for (int i = 0; i < 2; i++) {
        free(run->weights);
        if (!(run->weights = join(run->path, names[i], err))) return ALX_NO_MEMORY;
        if (!is_kind(run->weights, S_IFREG)) continue;
        if (i == 1) cli_warn("%s: no best.safetensors in it; its last.safetensors is compared", run->path);
        return ALX_OK;
    }
    return cli_fail(err, ALX_BAD_MODEL,
                    "%s: neither best.safetensors nor last.safetensors is in this folder; wait for the first epoch of "
                    "a run that goes on, or leave it out",
                    run->path);
}

static alx_status open_recipe(cli_compared_run *run, alx_error *err)
{
    char *path = join(run->path, "recipe.yaml", err), *epochs = NULL;
    if (!path) return ALX_NO_MEMORY;
    alx_status status = ALX_OK;
    if (is_kind(path, S_IFREG)) status = alx_recipe_open(&run->recipe, path, err);
    if (run->recipe) status = alx_recipe_value(&epochs, run->recipe, "train.epochs", err);
    if (epochs) run->planned = strtoll(epochs, NULL, 10);
    alx_text_destroy(epochs);
    free(path);
    return status;
}

static alx_status open_history(cli_compared_run *run, alx_error *err)
{
    char *path = join(run->path, "metrics.csv", err);
    if (!path) return ALX_NO_MEMORY;
    alx_status status = cli_history_read(&run->history, path, err);
    free(path);
    char *monitor = NULL;
    if (!status && run->recipe) status = alx_recipe_value(&monitor, run->recipe, "train.monitor", err);
    run->best = cli_history_best(&run->history, monitor && strcmp(monitor, "val_accuracy") == 0);
    alx_text_destroy(monitor);
    return status;
}

static alx_status count_network(cli_compared_run *run, alx_error *err)
{
    alx_explanation *explanation;
    alx_explain_config config;
    alx_explain_config_init(&config);
    const alx_status status = alx_explanation_create(&explanation, run->network, &config, err);
    if (status) return status;
    alx_layer_account total;
    alx_explanation_total(explanation, &total);
    alx_explanation_destroy(explanation);
    run->multiply_adds = total.multiply_adds;
    for (int i = 0; i < alx_network_layer_count(run->network); i++) {
        alx_layer_info info;
        alx_network_layer(run->network, i, &info);
        run->parameters += info.parameters;
    }
    return ALX_OK;
}

alx_status cli_compared_open(cli_compared_run *run, const char *path, alx_error *err)
{
    *run = (cli_compared_run){.path = path, .best = -1, .trained_on = CLI_UNKNOWN, .chosen_on = CLI_UNKNOWN};
    alx_status status = ALX_OK;
    if (is_kind(path, S_IFDIR)) {
        status = find_weights(run, err);
        if (!status) status = open_recipe(run, err);
        if (!status) status = open_history(run, err);
    } else if (!is_kind(path, S_IFREG)) {
        status =
            cli_fail(err, ALX_IO, "%s: no such file or folder; compare takes run folders and .safetensors files", path);
    } else if (!(run->weights = strdup(path))) {
        status = cli_fail(err, ALX_NO_MEMORY, "out of memory");
    }
    if (!status) status = alx_network_open(&run->network, run->weights, 0, err);
    return status ? status : count_network(run, err);
}

void cli_compared_close(cli_compared_run *run)
{
    free(run->predicted);
    cli_history_finish(&run->history);
    alx_recipe_destroy(run->recipe);
    alx_network_destroy(run->network);
    free(run->weights);
}

/* ---- Recipes ---- */

/* The same place, however it is written: runs/1/../../photos and runs/2/../../photos. */
static bool same_path(const char *a, const char *b)
{
    char *x = realpath(a, NULL), *y = realpath(b, NULL);
    const bool same = x && y && strcmp(x, y) == 0;
    free(x);
    free(y);
    return same;
}

static void finish_row(cli_recipe_row *row)
{
    for (int i = 0; i < CLI_RUNS_MOST; i++) alx_text_destroy(row->values[i]);
}

static alx_status read_row(cli_recipe_row *row, bool *differs, const cli_comparison *c, const char *section,
                           const alx_option_info *option, alx_error *err)
{
    *row = (cli_recipe_row){0};
    *differs = false;
    snprintf(row->key, sizeof row->key, "%s%s%s", section, *section ? "." : "", option->name);
    const char *first = NULL;
    for (int i = 0; i < c->count; i++) {
        if (!c->runs[i].recipe) continue;
        const alx_status status = alx_recipe_value(&row->values[i], c->runs[i].recipe, row->key, err);
        if (status) return status;
        if (!first) first = row->values[i];
        if (strcmp(first, row->values[i]) == 0) continue;
        *differs |= strcmp(option->type, "path") != 0 || !same_path(first, row->values[i]);
    }
    return ALX_OK;
}

alx_status cli_compare_recipes(cli_comparison *c, alx_error *err)
{
    alx_option_info option;
    const char *section;
    int keys = 0;
    while (alx_recipe_option(keys, &section, &option)) keys++;
    c->recipe = calloc((size_t)keys + 1, sizeof *c->recipe);
    if (!c->recipe) return cli_fail(err, ALX_NO_MEMORY, "out of memory: %d keys of recipes", keys);
    for (int key = 0; alx_recipe_option(key, &section, &option); key++) {
        cli_recipe_row *row = &c->recipe[c->recipe_rows];
        bool differs;
        /* The layers say more than the network's name; a run folder calls it model.yaml. */
        if (option.alias || (!*section && strcmp(option.name, "model") == 0)) continue;
        const alx_status status = read_row(row, &differs, c, section, &option, err);
        if (status || !differs) finish_row(row);
        if (status) return status;
        c->recipe_rows += differs;
    }
    return ALX_OK;
}

void cli_comparison_finish(cli_comparison *c)
{
    for (int i = 0; i < c->recipe_rows; i++) finish_row(&c->recipe[i]);
    free(c->recipe);
    for (int i = 0; i < c->count; i++) {
        free(c->layers[i]);
        cli_compared_close(&c->runs[i]);
    }
}
