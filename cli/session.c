#include "cli/session.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/output.h"

alx_status cli_session_open(cli_session *session, const char *path, const cli_session_options *options, alx_error *err)
{
    alx_session_config config;
    alx_session_config_init(&config);
    config.threads = (int)options->threads;
    config.batch_size = (int)options->batch_size;
    config.precision = (alx_precision)options->precision;
    config.exact = options->exact;
    config.views = (alx_views)options->views;
    alx_status status = alx_model_open(&session->model, path, err);
    return status ? status : alx_session_create(&session->session, session->model, &config, err);
}

void cli_session_close(cli_session *session)
{
    alx_session_destroy(session->session);
    alx_model_destroy(session->model);
}

/* The part of a folder of splits that was meant: train, validation and test are no classes. */
static bool find_split(const char *folder, char *split, size_t size)
{
    static const char *const names[] = {"train", "validation", "val", "valid", "test"};
    bool train = false;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct stat info;
        size_t length = strlen(folder);
        const char *slash = length && folder[length - 1] == '/' ? "" : "/";
        int needed = snprintf(split, size, "%s%s%s", folder, slash, names[i]);
        bool there = needed > 0 && (size_t)needed < size && stat(split, &info) == 0 && S_ISDIR(info.st_mode);
        if (i == 0) train = there;
        if (i > 0 && there && train) return true;
    }
    return false;
}

static alx_status open_source(alx_dataset **dataset, const alx_model *model, const char *path, alx_error *err)
{
    alx_status status = alx_dataset_open_for(dataset, model, path, err);
    char split[4096];
    if (status != ALX_BAD_DATA || !find_split(path, split, sizeof split)) return status;
    cli_name_text shown;
    size_t used = strlen(err->message);
    snprintf(err->message + used, sizeof err->message - used, "; did you mean --data %s?", cli_name(split, shown));
    return status;
}

alx_status cli_recipe_images(alx_dataset **dataset, const alx_recipe *recipe, const char **split, alx_error *err)
{
    const char *wanted = *split;
    if (!wanted) *split = "test";
    alx_status status = alx_dataset_open(dataset, recipe, *split, err);
    if (status != ALX_USAGE || wanted) return status;
    *split = "validation";
    return alx_dataset_open(dataset, recipe, *split, err);
}

static alx_status open_recipe(alx_dataset **dataset, const char *path, const char *split, alx_error *err)
{
    alx_recipe *recipe = NULL;
    alx_status status = alx_recipe_open(&recipe, path, err);
    if (!status) status = cli_recipe_images(dataset, recipe, &split, err);
    alx_recipe_destroy(recipe);
    cli_name_text shown;
    if (!status) fprintf(stderr, "split: %s of %s\n", split, cli_name(path, shown));
    return status;
}

bool cli_is_recipe(const char *path)
{
    const char *dot = strrchr(path, '.');
    return dot && (!strcmp(dot, ".yaml") || !strcmp(dot, ".yml"));
}

alx_status cli_session_images(alx_dataset **dataset, const alx_model *model, const char *source, const char *split,
                              alx_error *err)
{
    alx_status status =
        cli_is_recipe(source) ? open_recipe(dataset, source, split, err) : open_source(dataset, model, source, err);
    if (!status && alx_dataset_left_out(*dataset)) cli_warn("%s", alx_dataset_left_out(*dataset));
    return status;
}
