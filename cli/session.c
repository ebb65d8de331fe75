#include "cli/session.h"

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
