/* What a model is made of: layers and tensors; and the images that it is given. */
#include <string.h>

#include "data/dataset.h"
#include "model/network.h"
#include "predict/model.h"

void alx_model_input(const alx_model *model, int size[3])
{
    memcpy(size, model->graph->spec.input, sizeof model->graph->spec.input);
}

/* A data set of the one image. */
alx_status alx_model_image(const alx_model *model, const char *path, uint8_t *rgb, alx_error *err)
{
    alx_sample sample = {.path = path};
    const alx_dataset one = {.list = {.count = 1, .samples = &sample}, .preprocess = model->preprocess};
    return alx_dataset_image(&one, 0, rgb, err);
}

/* ---- Names that there are, for messages ---- */

enum { LISTED = 24 };

static void list_name(alx_text *list, int index, const char *name)
{
    if (index > LISTED) return;
    alx_text_add(list, index ? ", " : "");
    alx_text_add(list, index == LISTED ? "..." : name);
}

static alx_status no_such(alx_text *list, const char *kind, const char *name, alx_error *err)
{
    alx_printable shown;
    const alx_status status = alx_fail(err, ALX_USAGE, "the model has no %s %s; it has %s", kind,
                                       alx_text_printable(name, shown), list->length ? list->data : "none");
    alx_text_finish(list);
    return status;
}

/* ---- Layers ---- */

int alx_model_layer_count(const alx_model *model)
{
    return model->graph->spec.layer_count;
}

void alx_model_layer(const alx_model *model, int index, alx_layer_info *info)
{
    alx_graph_describe_layer(model->graph, index, info);
}

alx_status alx_model_find_layer(int *index, const alx_model *model, const char *name, alx_error *err)
{
    const alx_graph *graph = model->graph;
    alx_text list = {0};
    *index = alx_graph_find(graph, name);
    if (*index >= 0) return ALX_OK;
    for (int i = 0; i < graph->spec.layer_count; i++) list_name(&list, i, graph->spec.layers[i].name);
    return no_such(&list, "layer", name, err);
}

int alx_model_hidden_layer(const alx_model *model)
{
    return alx_graph_last_hidden(model->graph);
}

int alx_model_map_layer(const alx_model *model)
{
    return alx_graph_last_map(model->graph);
}

/* ---- Tensors ---- */

int alx_model_tensor_count(const alx_model *model)
{
    return model->params->count;
}

void alx_model_tensor(const alx_model *model, int index, alx_tensor_info *info)
{
    const alx_param *p = &model->params->list[index];
    *info = (alx_tensor_info){.name = p->name,
                              .layer = model->graph->params[index].layer,
                              .rank = p->shape.rank,
                              .count = p->count,
                              .trainable = p->trainable};
    for (int i = 0; i < p->shape.rank; i++) info->shape[i] = p->shape.dims[i];
}

alx_status alx_model_find_tensor(int *index, const alx_model *model, const char *name, alx_error *err)
{
    const alx_params *params = model->params;
    alx_text list = {0};
    for (*index = 0; *index < params->count; ++*index)
        if (strcmp(params->list[*index].name, name) == 0) return ALX_OK;
    *index = -1;
    for (int i = 0; i < params->count; i++) list_name(&list, i, params->list[i].name);
    return no_such(&list, "tensor", name, err);
}

void alx_model_tensor_values(const alx_model *model, int index, float *values)
{
    alx_params_export(model->params, index, model->params->data, values);
}

/* ---- The first convolution's kernels ---- */

int alx_model_filters(const alx_model *model, int64_t shape[4])
{
    const int layer = alx_graph_first_convolution(model->graph);
    memset(shape, 0, 4 * sizeof *shape);
    if (layer < 0) return -1;
    const int index = model->graph->layers[layer].first_param; /* the kernel: (filters, channels, height, width) */
    const int64_t *d = model->params->list[index].shape.dims;
    shape[0] = d[0];
    shape[1] = d[2];
    shape[2] = d[3];
    shape[3] = d[1];
    return index;
}

void alx_model_filter_values(const alx_model *model, float *values)
{
    int64_t shape[4];
    const int index = alx_model_filters(model, shape);
    if (index < 0) return;
    const int64_t places = shape[1] * shape[2], channels = shape[3];
    const alx_param *p = &model->params->list[index];
    const float *from = model->params->data + p->offset; /* kernels of convolutions are not tiled */
    for (int64_t f = 0; f < shape[0]; f++)
        for (int64_t c = 0; c < channels; c++)
            for (int64_t i = 0; i < places; i++)
                values[(f * places + i) * channels + c] = from[(f * channels + c) * places + i];
}
