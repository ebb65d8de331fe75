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

alx_status cli_session_images(alx_dataset **dataset, const alx_model *model, const char *folder, alx_error *err)
{
    alx_status status = alx_dataset_open_for(dataset, model, folder, err);
    char split[4096];
    if (status != ALX_BAD_DATA || !find_split(folder, split, sizeof split)) return status;
    cli_name_text shown;
    size_t used = strlen(err->message);
    snprintf(err->message + used, sizeof err->message - used, "; did you mean --data %s?", cli_name(split, shown));
    return status;
}
