#include "model/transfer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/model_file.h"

enum { MOST_NAMED = 8 }; /* of the tensors that are left over */

/* ---- What both ways share ---- */

int alx_transfer_head(const alx_graph *graph)
{
    if (graph->param_count == 0) return -1;
    const int layer = graph->params[graph->param_count - 1].layer;
    return strcmp(graph->spec.layers[layer].cls->name, "dense") == 0 ? layer : -1;
}

bool alx_transfer_fits(const alx_st_tensor *tensor, const alx_graph_param *param)
{
    const alx_shape *shape = &param->decl.shape;
    return tensor && tensor->rank == shape->rank &&
           memcmp(tensor->dims, shape->dims, (size_t)shape->rank * sizeof *shape->dims) == 0;
}

alx_status alx_transfer_say_afresh(alx_transfer *transfer, const alx_graph *graph, int layer,
                                   const alx_st_tensor *const *found, alx_error *err)
{
    const alx_graph_layer *at = &graph->layers[layer];
    const alx_graph_param *params = &graph->params[at->first_param];
    int wrong = 0;
    while (wrong < at->param_count - 1 && alx_transfer_fits(found[wrong], &params[wrong])) wrong++;
    alx_text text = {0};
    alx_text_printf(&text, "%s: its %s is ", graph->spec.layers[layer].name, params[wrong].decl.name);
    if (found[wrong])
        alx_st_add_dims(&text, found[wrong]->rank, found[wrong]->dims);
    else
        alx_text_add(&text, "not");
    alx_text_add(&text, " in the file and ");
    alx_st_add_dims(&text, params[wrong].decl.shape.rank, params[wrong].decl.shape.dims);
    alx_text_add(&text, " in the network");
    transfer->afresh = text.failed ? NULL : alx_arena_strdup(&transfer->arena, text.data, err);
    alx_text_finish(&text);
    return transfer->afresh ? ALX_OK : alx_fail(err, ALX_NO_MEMORY, "out of memory");
}

/* ---- By name ---- */

/* A file is one of ours when it has the first tensor of some layer: PyTorch calls none of its kernel or gamma. */
static bool has_our_names(const alx_graph *graph, const alx_safetensors *file)
{
    for (int i = 0; i < graph->spec.layer_count; i++) {
        const alx_graph_layer *layer = &graph->layers[i];
        if (layer->param_count && alx_safetensors_find(file, graph->params[layer->first_param].name)) return true;
    }
    return false;
}

static bool has_pytorch_names(const alx_safetensors *file)
{
    static const char weight[] = ".weight";
    for (int i = 0; i < alx_safetensors_count(file); i++) {
        const char *name = alx_safetensors_tensor(file, i)->name;
        const size_t length = strlen(name), tail = sizeof weight - 1;
        if (length > tail && strcmp(name + length - tail, weight) == 0) return true;
    }
    return false;
}

static alx_status fail_name(const alx_st_tensor *tensor, const alx_graph_param *param, alx_error *err)
{
    if (!tensor)
        return alx_fail(err, ALX_BAD_MODEL,
                        "no tensor %s in the file, which the network has; only the last dense layer may be missing or "
                        "differ: name the layers as the file does",
                        param->name);
    alx_text theirs = {0}, ours = {0};
    alx_st_add_dims(&theirs, tensor->rank, tensor->dims);
    alx_st_add_dims(&ours, param->decl.shape.rank, param->decl.shape.dims);
    const alx_status status =
        theirs.failed || ours.failed
            ? alx_fail(err, ALX_NO_MEMORY, "out of memory")
            : alx_fail(err, ALX_BAD_MODEL,
                       "%s is %s in the file and %s in the network; only the last dense layer may differ: give the "
                       "layer the file's shape",
                       param->name, theirs.data, ours.data);
    alx_text_finish(&theirs);
    alx_text_finish(&ours);
    return status;
}

/* The head's tensors are taken all, or none. */
static alx_status take_head(alx_transfer *transfer, const alx_graph *graph, int head, alx_error *err)
{
    const alx_graph_layer *layer = &graph->layers[head];
    const alx_st_tensor **found = transfer->from + layer->first_param;
    bool fits = true;
    for (int i = 0; i < layer->param_count; i++)
        fits &= alx_transfer_fits(found[i], &graph->params[layer->first_param + i]);
    if (fits) return ALX_OK;
    ALX_TRY(alx_transfer_say_afresh(transfer, graph, head, found, err));
    for (int i = 0; i < layer->param_count; i++) found[i] = NULL;
    return ALX_OK;
}

static bool is_ours(const alx_graph *graph, const char *name)
{
    for (int i = 0; i < graph->param_count; i++)
        if (strcmp(graph->params[i].name, name) == 0) return true;
    return false;
}

/* Optimizer state and averages beside weights are a checkpoint's, and no loss. */
static bool is_checkpoints(const char *name)
{
    static const char *const prefixes[] = {ALX_PREFIX_OPTIMIZER, ALX_PREFIX_AVERAGE};
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++)
        if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0) return true;
    return false;
}

static alx_status list_left_over(alx_transfer *transfer, const alx_graph *graph, const alx_safetensors *file,
                                 alx_error *err)
{
    alx_text text = {0};
    int count = 0;
    for (int i = 0; i < alx_safetensors_count(file); i++) {
        const char *name = alx_safetensors_tensor(file, i)->name;
        alx_printable shown;
        if (is_checkpoints(name) || is_ours(graph, name)) continue;
        if (count++ < MOST_NAMED)
            alx_text_printf(&text, "%s%s", count > 1 ? ", " : "", alx_text_printable(name, shown));
    }
    if (count > MOST_NAMED) alx_text_printf(&text, " and %d more", count - MOST_NAMED);
    alx_status status = ALX_OK;
    if (count) transfer->left_over = text.failed ? NULL : alx_arena_strdup(&transfer->arena, text.data, err);
    if (count && !transfer->left_over) status = alx_fail(err, ALX_NO_MEMORY, "out of memory");
    alx_text_finish(&text);
    return status;
}

static alx_status by_name(alx_transfer *transfer, const alx_graph *graph, const alx_safetensors *file, alx_error *err)
{
    const int head = alx_transfer_head(graph);
    for (int i = 0; i < graph->param_count; i++) {
        const alx_graph_param *param = &graph->params[i];
        transfer->from[i] = alx_safetensors_find(file, param->name);
        if (param->layer != head && !alx_transfer_fits(transfer->from[i], param))
            return fail_name(transfer->from[i], param, err);
    }
    if (head >= 0) ALX_TRY(take_head(transfer, graph, head, err));
    return list_left_over(transfer, graph, file, err);
}

/* ---- Life ---- */

static alx_status fail_names(const alx_graph *graph, const alx_safetensors *file, alx_error *err)
{
    alx_printable first = "nothing";
    if (alx_safetensors_count(file)) alx_text_printable(alx_safetensors_tensor(file, 0)->name, first);
    return alx_fail(
        err, ALX_BAD_MODEL,
        "no tensor in it is named as one of the network (%s) or as in PyTorch (NAME.weight); it begins with "
        "%s; rename the tensors",
        graph->params[0].name, first);
}

static alx_status create(alx_transfer *transfer, const alx_graph *graph, const alx_safetensors *file, alx_error *err)
{
    if (graph->param_count == 0)
        return alx_fail(err, ALX_BAD_MODEL, "the network has no parameters that could start from a file");
    transfer->from = alx_arena_alloc(&transfer->arena, (size_t)graph->param_count, sizeof *transfer->from, err);
    if (!transfer->from) return ALX_NO_MEMORY;
    if (has_our_names(graph, file)) {
        ALX_TRY(by_name(transfer, graph, file, err));
    } else if (has_pytorch_names(file)) {
        transfer->by_order = true;
        ALX_TRY(alx_transfer_by_order(transfer, graph, file, err));
    } else {
        return fail_names(graph, file, err);
    }
    for (int i = 0; i < graph->param_count; i++) transfer->taken += transfer->from[i] != NULL;
    return ALX_OK;
}

alx_status alx_transfer_create(alx_transfer *transfer, const alx_graph *graph, const alx_safetensors *file,
                               alx_error *err)
{
    *transfer = (alx_transfer){0};
    const alx_status status = create(transfer, graph, file, err);
    if (status) alx_transfer_finish(transfer);
    return status;
}

void alx_transfer_finish(alx_transfer *transfer)
{
    alx_arena_finish(&transfer->arena);
    *transfer = (alx_transfer){0};
}

/* ---- Values ---- */

static alx_status check_type(const alx_st_tensor *tensor, alx_error *err)
{
    static const bool real[] = {
        [ALX_ST_F32] = true, [ALX_ST_BF16] = true, [ALX_ST_F16] = true, [ALX_ST_F64] = true, [ALX_ST_OTHER] = false};
    alx_printable shown;
    if (real[tensor->type]) return ALX_OK;
    return alx_fail(err, ALX_BAD_MODEL, "%s is of a type that weights do not have; store it as F32, F16, BF16 or F64",
                    alx_text_printable(tensor->name, shown));
}

static alx_status check_finite(const float *values, int64_t count, const char *name, alx_error *err)
{
    alx_printable shown;
    for (int64_t i = 0; i < count; i++)
        if (!isfinite(values[i]))
            return alx_fail(err, ALX_BAD_MODEL,
                            "%s holds a value that is no finite number; training cannot start there",
                            alx_text_printable(name, shown));
    return ALX_OK;
}

alx_status alx_transfer_apply(const alx_transfer *transfer, alx_params *params, const alx_safetensors *file,
                              alx_error *err)
{
    int64_t most = 0;
    for (int i = 0; i < params->count; i++)
        if (transfer->from[i] && params->list[i].count > most) most = params->list[i].count;
    float *canonical = alx_calloc((size_t)most, sizeof *canonical, err);
    alx_status status = canonical ? ALX_OK : ALX_NO_MEMORY;
    for (int i = 0; i < params->count && !status; i++) {
        const alx_st_tensor *tensor = transfer->from[i];
        if (!tensor) continue;
        status = check_type(tensor, err);
        if (!status) status = alx_safetensors_read_f32(file, tensor, canonical, err);
        if (!status) status = check_finite(canonical, params->list[i].count, tensor->name, err);
        if (!status) alx_params_import(params, i, canonical, params->data);
    }
    params->version++;
    free(canonical);
    return status;
}
