#include "predict/session.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "base/config.h"

enum { MAX_THREADS = 1024, MAX_BATCH = 65536 };

void alx_session_config_init(alx_session_config *config)
{
    *config = (alx_session_config){
        .struct_size = sizeof *config, .precision = ALX_PRECISION_AUTO, .threads = 0, .batch_size = 1, .exact = 0};
}

static alx_status read_config(alx_session_config *out, const alx_session_config *config, alx_error *err)
{
    alx_session_config_init(out);
    ALX_TRY(alx_config_copy(out, sizeof *out, config, "alx_session_config", err));
    if (out->threads < 0 || out->threads > MAX_THREADS)
        return alx_fail(err, ALX_USAGE, "threads is %d; give 1 to %d, or 0 for all cores", out->threads, MAX_THREADS);
    if (out->batch_size < 0 || out->batch_size > MAX_BATCH)
        return alx_fail(err, ALX_USAGE, "batch_size is %d; give 1 to %d", out->batch_size, MAX_BATCH);
    if (!out->threads) out->threads = omp_get_num_procs();
    if (!out->batch_size) out->batch_size = 1;
    /* bf16 depends on the machine; a prediction should not. */
    if (out->precision == ALX_PRECISION_AUTO) out->precision = ALX_PRECISION_F32;
    return ALX_OK;
}

static alx_status create_engine(alx_session *session, const alx_session_config *config, alx_error *err)
{
    alx_engine_config engine = {
        .threads = config->threads, .exact = config->exact != 0, .max_batch = config->batch_size, .training = false};
    ALX_TRY(alx_engine_resolve_precision(&engine.type, config->precision, err));
    /* The engine takes a store that training may change; one that predicts only reads it. */
    return alx_engine_create(&session->engine, session->model->params, &engine, err);
}

alx_status alx_session_create(alx_session **session, const alx_model *model, const alx_session_config *config,
                              alx_error *err)
{
    *session = NULL;
    alx_session_config resolved;
    ALX_TRY(read_config(&resolved, config, err));
    alx_session *made = alx_calloc(1, sizeof *made, err);
    if (!made) return ALX_NO_MEMORY;
    const alx_preprocess *p = &model->preprocess;
    made->model = model;
    made->threads = resolved.threads;
    made->batch_size = resolved.batch_size;
    made->image_floats = (int64_t)p->channels * p->height * p->width;
    made->decoders = alx_calloc((size_t)made->threads, sizeof *made->decoders, err);
    alx_status status = made->decoders ? create_engine(made, &resolved, err) : ALX_NO_MEMORY;
    if (status) {
        alx_session_destroy(made);
        return status;
    }
    *session = made;
    return ALX_OK;
}

void alx_session_destroy(alx_session *session)
{
    if (!session) return;
    for (int i = 0; session->decoders && i < session->threads; i++) {
        alx_decoder *decoder = &session->decoders[i];
        alx_resampler_finish(&decoder->scratch);
        alx_image_finish(&decoder->resized);
        alx_image_finish(&decoder->image);
    }
    free(session->decoders);
    alx_engine_destroy(session->engine);
    free(session);
}

alx_status alx_session_prepare_pixels(const alx_session *session, alx_decoder *decoder, const uint8_t *rgb, int width,
                                      int height, float *x, alx_error *err)
{
    const alx_preprocess *p = &session->model->preprocess;
    ALX_TRY(alx_image_reserve(&decoder->resized, p->image_width, p->image_height, err));
    ALX_TRY(alx_preprocess_resize(p, &decoder->scratch, rgb, width, height, decoder->resized.rgb, err));
    alx_augment_view view;
    alx_augment_view_centre(p, &view);
    alx_preprocess_emit(p, decoder->resized.rgb, view.top, view.left, 0, x);
    return ALX_OK;
}

/* What stands in a slot: a file, or a sample of a list. */
typedef struct slots {
    const char *const *paths; /* NULL: samples */
    const alx_sample_list *list;
    int64_t first;
} slots;

static alx_status load_slot(const alx_session *session, alx_decoder *decoder, const slots *from, int i, float *x,
                            alx_error *err)
{
    const char *path = from->paths ? from->paths[i] : from->list->samples[from->first + i].path;
    ALX_TRY(from->paths ? alx_image_read(&decoder->image, path, err)
                        : alx_sample_read(&decoder->image, NULL, from->list, from->first + i, err));
    const alx_image *image = &decoder->image;
    alx_status status = alx_session_prepare_pixels(session, decoder, image->rgb, image->width, image->height, x, err);
    alx_printable name;
    return status ? alx_where(err, status, "%s", alx_text_printable(path, name)) : ALX_OK;
}

static void load_slots(alx_session *session, const slots *from, int count, alx_status *status, alx_error *errors)
{
    float *images = alx_engine_images(session->engine); /* (batch_size, C, H, W) */
#pragma omp parallel for schedule(dynamic) num_threads(session->threads) if (count > 1)
    for (int i = 0; i < count; i++) {
        float *x = images + i * session->image_floats;
        status[i] =
            load_slot(session, &session->decoders[omp_get_thread_num()], from, i, x, errors ? &errors[i] : NULL);
        if (status[i]) memset(x, 0, (size_t)session->image_floats * sizeof *x);
    }
}

void alx_session_load(alx_session *session, const char *const *paths, int count, alx_status *status, alx_error *errors)
{
    load_slots(session, &(slots){.paths = paths}, count, status, errors);
}

void alx_session_load_samples(alx_session *session, const alx_sample_list *list, int64_t first, int count,
                              alx_status *status, alx_error *errors)
{
    load_slots(session, &(slots){.list = list, .first = first}, count, status, errors);
}
