#include "predict/session.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "base/config.h"

enum { MAX_THREADS = 1024, MAX_BATCH = 65536 };

void alx_session_config_init(alx_session_config *config)
{
    *config = (alx_session_config){
        .struct_size = sizeof *config, .precision = ALX_PRECISION_AUTO, .batch_size = 1, .views = ALX_VIEWS_CENTRE};
}

static alx_status read_config(alx_session_config *out, const alx_session_config *config, alx_error *err)
{
    alx_session_config_init(out);
    ALX_TRY(alx_config_copy(out, sizeof *out, config, "alx_session_config", err));
    if (out->threads < 0 || out->threads > MAX_THREADS)
        return alx_fail(err, ALX_USAGE, "threads is %d; give 1 to %d, or 0 for all cores", out->threads, MAX_THREADS);
    if (out->batch_size < 0 || out->batch_size > MAX_BATCH)
        return alx_fail(err, ALX_USAGE, "batch_size is %d; give 1 to %d", out->batch_size, MAX_BATCH);
    if ((int)out->views < ALX_VIEWS_CENTRE || out->views > ALX_VIEWS_TEN_CROP)
        return alx_fail(err, ALX_USAGE, "views is %d; give ALX_VIEWS_CENTRE, _FLIP or _TEN_CROP", (int)out->views);
    if (!out->threads) out->threads = omp_get_num_procs();
    if (!out->batch_size) out->batch_size = 1;
    return ALX_OK;
}

/* The centre, the corners, then their mirror images. */
static alx_status choose_views(alx_session *session, alx_views views, alx_error *err)
{
    const alx_preprocess *p = &session->model->preprocess;
    alx_augment_view *view = session->views;
    int places = 1;
    alx_augment_view_centre(p, &view[0]);
    if (views == ALX_VIEWS_TEN_CROP) {
        const int down = p->image_height - p->height, right = p->image_width - p->width;
        if (!down && !right)
            return alx_fail(
                err, ALX_USAGE,
                "ten-crop: the model's images are %dx%d, and so is its input, so they have no corners to cut "
                "out; use flip, or train with a larger image_size",
                p->image_height, p->image_width);
        for (int corner = 0; corner < 4; corner++)
            view[places++] = (alx_augment_view){.top = corner / 2 * down, .left = corner % 2 * right};
    }
    session->view_count = places;
    for (int i = 0; views != ALX_VIEWS_CENTRE && i < places; i++) {
        view[places + i] = view[i];
        view[places + i].mirror = 1;
        session->view_count++;
    }
    return ALX_OK;
}

/* bf16 depends on the machine, and a prediction should not, unless the model was made for it. */
static alx_precision precision_of(const alx_model *model, alx_precision wanted)
{
    if (wanted != ALX_PRECISION_AUTO) return wanted;
    return model->bf16 && alx_dnn_cpu().bf16 ? ALX_PRECISION_BF16 : ALX_PRECISION_F32;
}

static alx_status create_engine(alx_session *session, const alx_session_config *config,
                                const alx_session_purpose *purpose, alx_error *err)
{
    alx_engine_config engine = {.threads = config->threads,
                                .exact = config->exact != 0,
                                .max_batch = config->batch_size,
                                .training = purpose->trained != NULL,
                                .fleeting = true,
                                .kept = purpose->kept,
                                .kept_count = purpose->kept_count};
    ALX_TRY(alx_engine_resolve_precision(&engine.type, precision_of(session->model, config->precision), err));
    if (config->autotune) {
        char *complaint; /* what cannot be read is measured, and written anew */
        ALX_TRY(alx_tuner_begin(&session->tuner, &complaint, config->cache_dir, err));
        free(complaint);
        engine.chooser = alx_tuner_chooser(&session->tuner);
    }
    /* The engine takes a store that training may change; one that predicts only reads it. */
    ALX_TRY(alx_engine_create(&session->engine, purpose->trained ? purpose->trained : session->model->params, &engine,
                              err));
    (void)alx_tuner_remember(&session->tuner, config->cache_dir, NULL); /* or it is measured again next time */
    return ALX_OK;
}

static alx_status make_room(alx_session *session, alx_error *err)
{
    const alx_preprocess *p = &session->model->preprocess;
    const size_t batch = (size_t)session->batch_size, classes = (size_t)session->model->meta.class_count;
    session->image_bytes = (size_t)p->image_height * (size_t)p->image_width * 3;
    session->decoders = alx_calloc((size_t)session->threads, sizeof *session->decoders, err);
    session->resized = alx_calloc(batch, session->image_bytes, err);
    session->probabilities = alx_calloc(batch * classes, sizeof *session->probabilities, err);
    session->losses = alx_calloc(batch, sizeof *session->losses, err);
    bool ready = session->decoders && session->resized && session->probabilities && session->losses;
    return ready ? ALX_OK : ALX_NO_MEMORY;
}

alx_status alx_session_create(alx_session **session, const alx_model *model, const alx_session_config *config,
                              alx_error *err)
{
    return alx_session_create_for(session, model, config, &(alx_session_purpose){0}, err);
}

alx_status alx_session_create_for(alx_session **session, const alx_model *model, const alx_session_config *config,
                                  const alx_session_purpose *purpose, alx_error *err)
{
    *session = NULL;
    alx_session_config resolved;
    ALX_TRY(read_config(&resolved, config, err));
    alx_session *made = alx_calloc(1, sizeof *made, err);
    if (!made) return ALX_NO_MEMORY;
    made->model = model;
    made->threads = resolved.threads;
    made->batch_size = resolved.batch_size;
    alx_status status = choose_views(made, resolved.views, err);
    if (!status) status = create_engine(made, &resolved, purpose, err);
    if (!status) status = make_room(made, err);
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
        alx_image_finish(&decoder->image);
    }
    free(session->decoders);
    free(session->resized);
    free(session->probabilities);
    free(session->losses);
    alx_engine_destroy(session->engine);
    alx_tuner_finish(&session->tuner);
    free(session);
}

alx_status alx_session_put(alx_session *session, alx_decoder *decoder, int slot, const uint8_t *rgb, int width,
                           int height, alx_error *err)
{
    return alx_preprocess_resize(&session->model->preprocess, &decoder->scratch, rgb, width, height,
                                 session->resized + (size_t)slot * session->image_bytes, err);
}

/* What stands in a slot: a file, or a sample of a list. */
typedef struct slots {
    const char *const *paths; /* NULL: samples */
    const alx_sample_list *list;
    const int64_t *indices; /* NULL: from `first` on */
    int64_t first;
} slots;

static alx_status read_slot(alx_session *session, alx_decoder *decoder, const slots *from, int slot, alx_error *err)
{
    const int64_t sample = from->indices ? from->indices[slot] : from->first + slot;
    const char *path = from->paths ? from->paths[slot] : from->list->samples[sample].path;
    const alx_preprocess *p = &session->model->preprocess;
    alx_image_need room;
    const alx_image_need *need = alx_preprocess_need(p, &room);
    ALX_TRY(from->paths ? alx_image_read(&decoder->image, path, need, err)
                        : alx_sample_read(&decoder->image, NULL, from->list, sample, need, err));
    alx_status status = alx_preprocess_resize_image(p, &decoder->scratch, &decoder->image,
                                                    session->resized + (size_t)slot * session->image_bytes, err);
    alx_printable name;
    return status ? alx_where(err, status, "%s", alx_text_printable(path, name)) : ALX_OK;
}

static void read_slots(alx_session *session, const slots *from, int count, alx_status *status, alx_error *errors)
{
#pragma omp parallel for schedule(dynamic) num_threads(session->threads) if (count > 1)
    for (int i = 0; i < count; i++) {
        alx_decoder *decoder = &session->decoders[omp_get_thread_num()];
        status[i] = read_slot(session, decoder, from, i, errors ? &errors[i] : NULL);
        if (status[i]) memset(session->resized + (size_t)i * session->image_bytes, 0, session->image_bytes);
    }
}

void alx_session_read(alx_session *session, const char *const *paths, int count, alx_status *status, alx_error *errors)
{
    read_slots(session, &(slots){.paths = paths}, count, status, errors);
}

void alx_session_read_samples(alx_session *session, const alx_sample_list *list, const int64_t *indices, int64_t first,
                              int count, alx_status *status, alx_error *errors)
{
    read_slots(session, &(slots){.list = list, .indices = indices, .first = first}, count, status, errors);
}

/* ---- Views ---- */

/* One view of the first `count` images into the engine: (count, C, H, W). */
static void show(const alx_session *session, const alx_augment_view *view, int count)
{
    const alx_preprocess *p = &session->model->preprocess;
    const size_t floats = (size_t)p->channels * (size_t)p->height * (size_t)p->width;
    float *images = alx_engine_images(session->engine);
#pragma omp parallel for schedule(static) num_threads(session->threads) if (count > 1)
    for (int i = 0; i < count; i++)
        alx_preprocess_emit(p, session->resized + (size_t)i * session->image_bytes, view->top, view->left, view->mirror,
                            images + (size_t)i * floats);
}

void alx_session_show(const alx_session *session, int count)
{
    show(session, &session->views[0], count);
}

/* -log(exp(-a) + exp(-b)) */
static double join_losses(double a, double b)
{
    return fmin(a, b) - log1p(exp(-fabs(a - b)));
}

/* The sum of exp(-loss) over the views is that of the truth's probabilities, kept as a logarithm: it cannot vanish. */
static void add_view(alx_session *session, int view, alx_mode mode, int count)
{
    const float *probabilities = alx_engine_probabilities(session->engine); /* (count, classes) */
    const float *losses = alx_engine_losses(session->engine);               /* (count) */
    const int64_t values = (int64_t)count * session->model->meta.class_count;
    for (int64_t i = 0; i < values; i++)
        session->probabilities[i] = view ? session->probabilities[i] + probabilities[i] : probabilities[i];
    for (int i = 0; mode == ALX_MODE_EVALUATE && i < count; i++)
        session->losses[i] = view ? join_losses(session->losses[i], (double)losses[i]) : (double)losses[i];
}

alx_status alx_session_run(alx_session *session, alx_mode mode, int count, alx_error *err)
{
    for (int view = 0; view < session->view_count; view++) {
        show(session, &session->views[view], count);
        ALX_TRY(alx_engine_run(session->engine, mode, count, NULL, err));
        add_view(session, view, mode, count);
    }
    if (session->view_count == 1) return ALX_OK;
    const int64_t values = (int64_t)count * session->model->meta.class_count;
    for (int64_t i = 0; i < values; i++) session->probabilities[i] /= (float)session->view_count;
    for (int i = 0; i < count; i++) session->losses[i] += log(session->view_count);
    return ALX_OK;
}
