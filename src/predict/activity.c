/* Activations and gradients, layer by layer: a probe (plan/probe.h) of a batch, on a copy of the weights, since a
 * training plan moves the statistics of normalisations. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/config.h"
#include "data/dataset.h"
#include "plan/probe.h"
#include "predict/session.h"

struct alx_activity {
    const alx_graph *graph;
    alx_probe *probe;
    int images;
};

void alx_activity_config_init(alx_activity_config *config)
{
    *config = (alx_activity_config){.struct_size = sizeof *config, .images = 64};
}

void alx_activity_destroy(alx_activity *activity)
{
    if (!activity) return;
    alx_probe_destroy(activity->probe);
    free(activity);
}

/* ---- The batch ---- */

/* What is drawn of a data set. */
typedef struct draw {
    int count;
    int64_t *indices;   /* (count) */
    alx_status *status; /* (count) */
    alx_error *errors;  /* (count) */
    int *output;        /* (classes): the model's output for a class of the data set */
} draw;

static void draw_finish(draw *d)
{
    free(d->indices);
    free(d->status);
    free(d->errors);
    free(d->output);
}

static alx_status draw_images(draw *d, const alx_model *model, const alx_dataset *dataset,
                              const alx_activity_config *config, alx_error *err)
{
    const alx_model_meta *meta = &model->meta;
    const int64_t count = dataset->list.count;
    if (config->images < 1) return alx_fail(err, ALX_USAGE, "images is %d; give 1 or more", config->images);
    d->count = config->images < count ? config->images : (int)count;
    d->indices = alx_calloc((size_t)d->count, sizeof *d->indices, err);
    d->status = alx_calloc((size_t)d->count, sizeof *d->status, err);
    d->errors = alx_calloc((size_t)d->count, sizeof *d->errors, err);
    d->output = alx_calloc((size_t)meta->class_count, sizeof *d->output, err);
    if (!d->indices || !d->status || !d->errors || !d->output) return ALX_NO_MEMORY;
    ALX_TRY(alx_sample_list_place(d->output, &dataset->list, "the data", "the model", meta->class_names,
                                  meta->class_count, err));
    if (alx_dataset_sample(dataset, config->seed, d->count, d->indices) == d->count) return ALX_OK;
    return alx_fail(err, ALX_NO_MEMORY, "out of memory: the order of %lld images", (long long)count);
}

/* The images that can be read move together; *images is how many they are. */
static alx_status read_batch(int *images, alx_session *session, const alx_dataset *dataset, const draw *d,
                             alx_error *err)
{
    int32_t *labels = alx_engine_labels(session->engine);
    int first_bad = -1;
    *images = 0;
    alx_session_read_samples(session, &dataset->list, d->indices, 0, d->count, d->status, d->errors);
    for (int i = 0; i < d->count; i++) {
        if (d->status[i]) {
            if (first_bad < 0) first_bad = i;
            continue;
        }
        memmove(session->resized + (size_t)*images * session->image_bytes,
                session->resized + (size_t)i * session->image_bytes, session->image_bytes);
        labels[(*images)++] = d->output[dataset->list.samples[d->indices[i]].label];
    }
    if (*images == 0)
        return alx_fail(err, ALX_BAD_DATA, "none of %d images can be read; the first: %s", d->count,
                        first_bad < 0 ? "" : d->errors[first_bad].message);
    alx_session_show(session, *images);
    return ALX_OK;
}

/* ---- Looking ---- */

static alx_status look(alx_activity *activity, const alx_dataset *dataset, const draw *d, alx_session *session,
                       alx_params *params, uint64_t seed, alx_error *err)
{
    const alx_step_key key = {.seed = seed};
    ALX_TRY(read_batch(&activity->images, session, dataset, d, err));
    ALX_TRY(alx_probe_create(&activity->probe, activity->graph, err));
    ALX_TRY(alx_engine_prepare(session->engine, ALX_MODE_TRAIN, activity->images, err));
    return alx_probe_run(activity->probe, session->engine, params, activity->images, &key, NULL, err);
}

static alx_status copy_params(alx_params **copy, const alx_params *params, alx_error *err)
{
    ALX_TRY(alx_params_create(copy, params->graph, alx_params_prefer_tiles(), err));
    memcpy((*copy)->data, params->data, (size_t)params->span * sizeof *params->data);
    return ALX_OK;
}

static alx_status fill(alx_activity *activity, const alx_model *model, const alx_dataset *dataset,
                       const alx_activity_config *config, alx_error *err)
{
    draw d = {0};
    alx_session *session = NULL;
    alx_params *copy = NULL;
    alx_session_config how;
    alx_session_config_init(&how);
    how.threads = config->threads;
    how.precision = ALX_PRECISION_F32;
    alx_status status = draw_images(&d, model, dataset, config, err);
    how.batch_size = d.count;
    if (!status) status = copy_params(&copy, model->params, err);
    if (!status) status = alx_session_create_for(&session, model, &how, &(alx_session_purpose){.trained = copy}, err);
    if (!status) status = look(activity, dataset, &d, session, copy, config->seed, err);
    alx_session_destroy(session);
    alx_params_destroy(copy);
    draw_finish(&d);
    return status;
}

alx_status alx_activity_create(alx_activity **activity, const alx_model *model, const alx_dataset *dataset,
                               const alx_activity_config *config, alx_error *err)
{
    *activity = NULL;
    alx_activity_config how;
    alx_activity_config_init(&how);
    ALX_TRY(alx_config_copy(&how, sizeof how, config, "alx_activity_config", err));
    alx_activity *made = alx_calloc(1, sizeof *made, err);
    if (!made) return ALX_NO_MEMORY;
    made->graph = model->graph;
    alx_status status = fill(made, model, dataset, &how, err);
    if (status)
        alx_activity_destroy(made);
    else
        *activity = made;
    return status;
}

/* ---- What was seen ---- */

int alx_activity_images(const alx_activity *activity)
{
    return activity->images;
}

double alx_activity_loss(const alx_activity *activity)
{
    return activity->probe->loss;
}

/* Of the layer's trained parameters together. */
static void add_norms(alx_layer_activity *row, const alx_activity *activity, const alx_graph_layer *layer)
{
    double weights = 0, gradients = 0;
    for (int i = layer->first_param; i < layer->first_param + layer->param_count; i++) {
        const alx_param_statistics *p = &activity->probe->params[i];
        if (!activity->graph->params[i].decl.trainable) continue;
        row->parameters += p->count;
        weights += p->norm * p->norm;
        gradients += p->gradient_norm * p->gradient_norm;
    }
    row->weight_norm = row->parameters ? sqrt(weights) : NAN;
    row->gradient_norm = row->parameters ? sqrt(gradients) : NAN;
}

int alx_activity_layer(const alx_activity *activity, int index, alx_layer_activity *layer)
{
    if (index < 0 || index >= activity->graph->spec.layer_count) return 0;
    const alx_layer_statistics *s = &activity->probe->layers[index];
    const alx_spec_layer *spec = &activity->graph->spec.layers[index];
    *layer = (alx_layer_activity){.name = spec->name,
                                  .type = spec->cls->name,
                                  .values = s->count,
                                  .not_finite = s->bad,
                                  .mean = s->mean,
                                  .sd = s->sd,
                                  .zeros = s->count ? (double)s->zeros / (double)s->count : NAN,
                                  .units = s->units,
                                  .dead = s->dead,
                                  .rectified = s->rectified};
    add_norms(layer, activity, &activity->graph->layers[index]);
    return 1;
}
