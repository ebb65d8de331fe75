/* Outputs of layers: a session whose engine keeps them, read image by image. */
#include <stdlib.h>
#include <string.h>

#include "base/config.h"
#include "data/dataset.h"
#include "predict/session.h"

struct alx_features {
    alx_session *session;
    int count;
    int *layers;             /* (count) */
    alx_feature_layer *list; /* (count) */
    int64_t size;
};

void alx_features_config_init(alx_features_config *config)
{
    *config = (alx_features_config){.struct_size = sizeof *config, .batch_size = 1};
}

/* ---- Which layers ---- */

static alx_status find_layers(alx_features *f, const alx_model *model, const alx_features_config *config,
                              alx_error *err)
{
    f->count = config->layers ? config->layer_count : 1;
    if (f->count < 1 || f->count > ALX_SPEC_MAX_LAYERS)
        return alx_fail(err, ALX_USAGE, "layer_count is %d; give 1 to %d", f->count, ALX_SPEC_MAX_LAYERS);
    f->layers = alx_calloc((size_t)f->count, sizeof *f->layers, err);
    f->list = alx_calloc((size_t)f->count, sizeof *f->list, err);
    if (!f->layers || !f->list) return ALX_NO_MEMORY;
    if (!config->layers) f->layers[0] = alx_model_hidden_layer(model);
    for (int i = 0; config->layers && i < f->count; i++)
        ALX_TRY(alx_model_find_layer(&f->layers[i], model, config->layers[i], err));
    return ALX_OK;
}

static void place_layers(alx_features *f, const alx_graph *graph)
{
    for (int i = 0; i < f->count; i++) {
        const int layer = f->layers[i];
        const alx_shape *shape = alx_graph_shape(graph, layer);
        alx_feature_layer *l = &f->list[i];
        *l = (alx_feature_layer){.layer = layer,
                                 .name = layer < 0 ? "input" : graph->spec.layers[layer].name,
                                 .rank = shape->rank,
                                 .offset = f->size,
                                 .count = alx_shape_elements(shape)};
        for (int k = 0; k < shape->rank; k++) l->shape[k] = shape->dims[k];
        f->size += l->count; /* 2^11 layers of at most 2^40 */
    }
}

/* ---- Life ---- */

static alx_status open_session(alx_features *f, const alx_model *model, const alx_features_config *config,
                               alx_error *err)
{
    alx_session_config how;
    alx_session_config_init(&how);
    how.threads = config->threads;
    how.precision = config->precision;
    how.batch_size = config->batch_size;
    const alx_session_purpose purpose = {.kept = f->layers, .kept_count = f->count};
    return alx_session_create_for(&f->session, model, &how, &purpose, err);
}

alx_status alx_features_create(alx_features **features, const alx_model *model, const alx_features_config *config,
                               alx_error *err)
{
    *features = NULL;
    alx_features_config how;
    alx_features_config_init(&how);
    ALX_TRY(alx_config_copy(&how, sizeof how, config, "alx_features_config", err));
    alx_features *made = alx_calloc(1, sizeof *made, err);
    if (!made) return ALX_NO_MEMORY;
    alx_status status = find_layers(made, model, &how, err);
    if (!status) {
        place_layers(made, model->graph);
        status = open_session(made, model, &how, err);
    }
    if (status)
        alx_features_destroy(made);
    else
        *features = made;
    return status;
}

void alx_features_destroy(alx_features *features)
{
    if (!features) return;
    alx_session_destroy(features->session);
    free(features->layers);
    free(features->list);
    free(features);
}

int alx_features_layer(const alx_features *features, int index, alx_feature_layer *layer)
{
    if (index < 0 || index >= features->count) return 0;
    *layer = features->list[index];
    return 1;
}

int64_t alx_features_size(const alx_features *features)
{
    return features->size;
}

/* ---- Images ---- */

/* Where images come from, and what is told of each. */
typedef struct source {
    const char *const *paths; /* NULL: the data set */
    const alx_dataset *dataset;
    const int64_t *indices; /* NULL: from the first on */
    alx_status *status;
    alx_error *errors;
} source;

static void read_images(const alx_features *f, const source *from, int first, int count)
{
    alx_error *errors = from->errors ? from->errors + first : NULL;
    if (from->paths)
        alx_session_read(f->session, from->paths + first, count, from->status + first, errors);
    else
        alx_session_read_samples(f->session, &from->dataset->list, from->indices ? from->indices + first : NULL, first,
                                 count, from->status + first, errors);
}

/* Row `row` of the last run: values (size), probabilities (classes) or NULL. */
static void copy_row(const alx_features *f, int row, float *values, float *probabilities)
{
    const size_t classes = (size_t)f->session->model->meta.class_count;
    for (int i = 0; i < f->count; i++) {
        const alx_feature_layer *l = &f->list[i];
        const float *kept = alx_engine_kept(f->session->engine, i); /* (batch, count) */
        memcpy(values + l->offset, kept + row * l->count, (size_t)l->count * sizeof *values);
    }
    if (probabilities)
        memcpy(probabilities, f->session->probabilities + (size_t)row * classes, classes * sizeof *probabilities);
}

static alx_status run(alx_features *f, const source *from, int count, float *values, float *probabilities,
                      alx_error *err)
{
    const int64_t classes = f->session->model->meta.class_count;
    const int batch = f->session->batch_size;
    memset(values, 0, (size_t)count * (size_t)f->size * sizeof *values);
    if (probabilities) memset(probabilities, 0, (size_t)count * (size_t)classes * sizeof *probabilities);
    for (int first = 0; first < count; first += batch) {
        const int size = count - first < batch ? count - first : batch;
        read_images(f, from, first, size);
        ALX_TRY(alx_session_run(f->session, ALX_MODE_PREDICT, size, err));
        for (int64_t i = first; i < first + size; i++)
            if (!from->status[i])
                copy_row(f, (int)(i - first), values + i * f->size, probabilities ? probabilities + i * classes : NULL);
    }
    return ALX_OK;
}

static alx_status check_arguments(int count, const float *values, const alx_status *status, alx_error *err)
{
    if (count < 0) return alx_fail(err, ALX_USAGE, "count is %d", count);
    if (count > 0 && (!values || !status)) return alx_fail(err, ALX_USAGE, "values or status is NULL");
    return ALX_OK;
}

alx_status alx_features_files(alx_features *features, const char *const *paths, int count, float *values,
                              float *probabilities, alx_status *status, alx_error *errors, alx_error *err)
{
    ALX_TRY(check_arguments(count, values, status, err));
    for (int i = 0; i < count; i++)
        if (!paths || !paths[i]) return alx_fail(err, ALX_USAGE, "path %d is NULL", i);
    const source from = {.paths = paths, .status = status, .errors = errors};
    return count ? run(features, &from, count, values, probabilities, err) : ALX_OK;
}

alx_status alx_features_images(alx_features *features, const alx_dataset *dataset, const int64_t *indices, int count,
                               float *values, float *probabilities, alx_status *status, alx_error *errors,
                               alx_error *err)
{
    ALX_TRY(check_arguments(count, values, status, err));
    for (int i = 0; i < count; i++) {
        const int64_t index = indices ? indices[i] : i;
        if (index < 0 || index >= dataset->list.count)
            return alx_fail(err, ALX_USAGE, "image %lld of a data set of %lld", (long long)index,
                            (long long)dataset->list.count);
    }
    const source from = {.dataset = dataset, .indices = indices, .status = status, .errors = errors};
    return count ? run(features, &from, count, values, probabilities, err) : ALX_OK;
}
