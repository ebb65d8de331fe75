/* Grad-CAM (Selvaraju et al. 2017): where in a layer the evidence for a class lies.  The engine gives the layer's
 * output A, (C, H, W), and d logit / d A; the map is max(0, sum_k w_k A_k) with w_k the mean of the gradient of channel
 * k. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/config.h"
#include "data/dataset.h"
#include "predict/session.h"

struct alx_grad_cam {
    const alx_model *model;
    alx_session *session; /* of one image */
    int layer;
    alx_shape shape; /* of its output: (C, H, W) */
    float *map;      /* (H, W) */
};

void alx_grad_cam_config_init(alx_grad_cam_config *config)
{
    *config = (alx_grad_cam_config){.struct_size = sizeof *config};
}

/* ---- Life ---- */

static alx_status choose_layer(alx_grad_cam *cam, const char *name, alx_error *err)
{
    const alx_model *model = cam->model;
    const int usual = alx_model_map_layer(model);
    cam->layer = usual;
    if (name) ALX_TRY(alx_model_find_layer(&cam->layer, model, name, err));
    if (cam->layer < 0)
        return alx_fail(err, ALX_USAGE, "the network has no convolution, so there is no map of where it looks");
    cam->shape = *alx_graph_shape(model->graph, cam->layer);
    if (cam->shape.rank == 3) return ALX_OK;
    return alx_fail(err, ALX_USAGE, "%s: its output is a row of %lld features, and a map needs places; %s%s", name,
                    (long long)cam->shape.dims[0], usual < 0 ? "the network has no convolution" : "the usual layer is ",
                    usual < 0 ? "" : model->graph->spec.layers[usual].name);
}

static alx_status open_session(alx_grad_cam *cam, int threads, alx_error *err)
{
    alx_session_config how;
    alx_session_config_init(&how);
    how.threads = threads;
    how.precision = ALX_PRECISION_F32;
    const alx_session_purpose purpose = {.kept = &cam->layer, .kept_count = 1};
    return alx_session_create_for(&cam->session, cam->model, &how, &purpose, err);
}

alx_status alx_grad_cam_create(alx_grad_cam **grad_cam, const alx_model *model, const alx_grad_cam_config *config,
                               alx_error *err)
{
    *grad_cam = NULL;
    alx_grad_cam_config how;
    alx_grad_cam_config_init(&how);
    ALX_TRY(alx_config_copy(&how, sizeof how, config, "alx_grad_cam_config", err));
    alx_grad_cam *made = alx_calloc(1, sizeof *made, err);
    if (!made) return ALX_NO_MEMORY;
    made->model = model;
    alx_status status = choose_layer(made, how.layer, err);
    if (!status) status = open_session(made, how.threads, err);
    if (!status) {
        made->map = alx_calloc((size_t)(made->shape.dims[1] * made->shape.dims[2]), sizeof *made->map, err);
        status = made->map ? ALX_OK : ALX_NO_MEMORY;
    }
    if (status)
        alx_grad_cam_destroy(made);
    else
        *grad_cam = made;
    return status;
}

void alx_grad_cam_destroy(alx_grad_cam *grad_cam)
{
    if (!grad_cam) return;
    alx_session_destroy(grad_cam->session);
    free(grad_cam->map);
    free(grad_cam);
}

int alx_grad_cam_layer(const alx_grad_cam *grad_cam)
{
    return grad_cam->layer;
}

/* ---- The map ---- */

/* sum_k w_k A_k, as long as it is positive. */
static alx_status combine(alx_grad_cam *cam, alx_error *err)
{
    const int64_t channels = cam->shape.dims[0], places = cam->shape.dims[1] * cam->shape.dims[2];
    const float *a = alx_engine_kept(cam->session->engine, 0), *da = alx_engine_kept(cam->session->engine, 1);
    double *sum = alx_calloc((size_t)places, sizeof *sum, err);
    if (!sum) return ALX_NO_MEMORY;
    for (int64_t k = 0; k < channels; k++) {
        double weight = 0;
        for (int64_t i = 0; i < places; i++) weight += (double)da[k * places + i];
        weight /= (double)places;
        for (int64_t i = 0; i < places; i++) sum[i] += weight * (double)a[k * places + i];
    }
    for (int64_t i = 0; i < places; i++) cam->map[i] = (float)fmax(0.0, sum[i]);
    free(sum);
    return ALX_OK;
}

static int likeliest(const float *probabilities, int classes)
{
    int best = 0;
    for (int i = 1; i < classes; i++)
        if (probabilities[i] > probabilities[best]) best = i;
    return best;
}

/* Of the image that the session has read.  Which class is predicted is known behind a first run. */
static alx_status explain(alx_grad_cam *cam, int class_index, alx_heatmap *map, alx_error *err)
{
    alx_engine *engine = cam->session->engine;
    const int classes = cam->model->meta.class_count;
    int32_t *label = alx_engine_labels(engine);
    *label = class_index < 0 ? 0 : class_index;
    alx_session_show(cam->session, 1);
    ALX_TRY(alx_engine_run(engine, ALX_MODE_ATTRIBUTE, 1, NULL, err));
    if (class_index < 0 && likeliest(alx_engine_probabilities(engine), classes) != 0) {
        *label = likeliest(alx_engine_probabilities(engine), classes);
        ALX_TRY(alx_engine_run(engine, ALX_MODE_ATTRIBUTE, 1, NULL, err));
    }
    ALX_TRY(combine(cam, err));
    *map = (alx_heatmap){.height = (int)cam->shape.dims[1],
                         .width = (int)cam->shape.dims[2],
                         .values = cam->map,
                         .class_index = *label,
                         .logit = (double)alx_engine_losses(engine)[0],
                         .probabilities = alx_engine_probabilities(engine)};
    return ALX_OK;
}

static alx_status check_class(const alx_grad_cam *cam, int class_index, alx_error *err)
{
    const int classes = cam->model->meta.class_count;
    if (class_index >= -1 && class_index < classes) return ALX_OK;
    return alx_fail(err, ALX_USAGE, "class %d: the model has classes 0 to %d; -1 is the predicted one", class_index,
                    classes - 1);
}

/* What reading one image said. */
static alx_status read_status(alx_status status, const alx_error *said, alx_error *err)
{
    if (status && err) *err = *said;
    return status;
}

alx_status alx_grad_cam_file(alx_grad_cam *grad_cam, const char *path, int class_index, alx_heatmap *map,
                             alx_error *err)
{
    *map = (alx_heatmap){0};
    if (!path) return alx_fail(err, ALX_USAGE, "path is NULL");
    ALX_TRY(check_class(grad_cam, class_index, err));
    alx_status status;
    alx_error said = {0};
    alx_session_read(grad_cam->session, &path, 1, &status, &said);
    ALX_TRY(read_status(status, &said, err));
    return explain(grad_cam, class_index, map, err);
}

alx_status alx_grad_cam_image(alx_grad_cam *grad_cam, const alx_dataset *dataset, int64_t index, int class_index,
                              alx_heatmap *map, alx_error *err)
{
    *map = (alx_heatmap){0};
    ALX_TRY(check_class(grad_cam, class_index, err));
    if (index < 0 || index >= dataset->list.count)
        return alx_fail(err, ALX_USAGE, "image %lld of a data set of %lld", (long long)index,
                        (long long)dataset->list.count);
    alx_status status;
    alx_error said = {0};
    alx_session_read_samples(grad_cam->session, &dataset->list, NULL, index, 1, &status, &said);
    ALX_TRY(read_status(status, &said, err));
    return explain(grad_cam, class_index, map, err);
}

/* ---- In another size ---- */

/* Between which two places of `size` place `at` of `out` lies: the first, the second, and how far on the way. */
typedef struct between {
    int first, second;
    double share;
} between;

static between find_between(int at, int out, int size)
{
    const double place = fmax(0.0, (at + 0.5) * size / out - 0.5);
    const int first = (int)place < size - 1 ? (int)place : size - 1;
    return (between){first, first + 1 < size ? first + 1 : first, place - first};
}

void alx_heatmap_resize(const float *values, int height, int width, float *out, int out_height, int out_width)
{
    const int64_t count = (int64_t)out_height * out_width;
    float most = 0;
    for (int y = 0; y < out_height; y++) {
        const between v = find_between(y, out_height, height);
        const float *above = values + (int64_t)v.first * width, *below = values + (int64_t)v.second * width;
        for (int x = 0; x < out_width; x++) {
            const between h = find_between(x, out_width, width);
            const double up = (1 - h.share) * (double)above[h.first] + h.share * (double)above[h.second];
            const double down = (1 - h.share) * (double)below[h.first] + h.share * (double)below[h.second];
            float *to = &out[(int64_t)y * out_width + x];
            *to = (float)((1 - v.share) * up + v.share * down);
            most = fmaxf(most, *to);
        }
    }
    for (int64_t i = 0; most > 0 && i < count; i++) out[i] /= most;
}
