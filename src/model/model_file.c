#include "model/model_file.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/bf16.h"
#include "base/file.h"
#include "model/tile.h"

static const char format[] = "alexnet 1";

/* ---- The file ---- */

alx_status alx_model_find_file(char **file, const char *path, alx_error *err)
{
    static const char *const names[] = {"best.safetensors", "last.safetensors", "previous.safetensors"};
    if (!alx_file_is_folder(path)) {
        *file = alx_strdup(path, err);
        return *file ? ALX_OK : ALX_NO_MEMORY;
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char *candidate = alx_file_join(path, names[i], err);
        if (!candidate) return ALX_NO_MEMORY;
        if (alx_file_exists(candidate)) {
            *file = candidate;
            return ALX_OK;
        }
        free(candidate);
    }
    alx_printable name;
    return alx_fail(err, ALX_BAD_MODEL,
                    "%s: neither best.safetensors nor last.safetensors is in this folder; give a run folder such as "
                    "runs/1 or a .safetensors file",
                    alx_text_printable(path, name));
}

/* ---- Metadata ---- */

void alx_model_meta_finish(alx_model_meta *meta)
{
    alx_arena_finish(&meta->arena);
    *meta = (alx_model_meta){0};
}

static alx_status bad_classes(alx_error *err)
{
    return alx_fail(err, ALX_BAD_MODEL, "metadata \"classes\" is not a list of class names; this is not a model file");
}

static alx_status read_classes(alx_model_meta *meta, const char *text, alx_error *err)
{
    json_t *list = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    alx_status status = ALX_OK;
    size_t count = json_is_array(list) ? json_array_size(list) : 0;
    if (count < 1 || count > ALX_SPEC_MAX_CLASSES) {
        status = bad_classes(err);
        goto done;
    }
    meta->class_names = alx_arena_alloc(&meta->arena, count, sizeof *meta->class_names, err);
    if (!meta->class_names) status = ALX_NO_MEMORY;
    for (size_t i = 0; i < count && !status; i++) {
        const char *name = json_string_value(json_array_get(list, i));
        if (!name)
            status = bad_classes(err);
        else if (!(meta->class_names[i] = alx_arena_strdup(&meta->arena, name, err)))
            status = ALX_NO_MEMORY;
    }
    if (!status) meta->class_count = (int)count;
done:
    json_decref(list);
    return status;
}

static alx_status read_text(const char **field, alx_model_meta *meta, const alx_safetensors *file, const char *key,
                            alx_error *err)
{
    const char *value = alx_safetensors_metadata(file, key);
    if (!value)
        return alx_fail(err, ALX_BAD_MODEL,
                        "no metadata \"%s\": these are tensors, but not a model file of this program", key);
    *field = alx_arena_strdup(&meta->arena, value, err);
    return *field ? ALX_OK : ALX_NO_MEMORY;
}

static alx_status read_meta(alx_model_meta *meta, const alx_safetensors *file, alx_error *err)
{
    const char *found = NULL, *classes = NULL;
    ALX_TRY(read_text(&found, meta, file, "format", err));
    if (strcmp(found, format) != 0) {
        alx_printable shown;
        return alx_fail(err, ALX_BAD_MODEL,
                        "its format is \"%s\" and this program reads \"%s\"; use the program that wrote it",
                        alx_text_printable(found, shown), format);
    }
    ALX_TRY(read_text(&meta->yaml, meta, file, "model", err));
    ALX_TRY(read_text(&meta->preprocessing, meta, file, "preprocessing", err));
    ALX_TRY(read_text(&classes, meta, file, "classes", err));
    return read_classes(meta, classes, err);
}

alx_status alx_model_meta_read(alx_model_meta *meta, const alx_safetensors *file, alx_error *err)
{
    *meta = (alx_model_meta){0};
    alx_status status = read_meta(meta, file, err);
    if (status) alx_model_meta_finish(meta);
    return status;
}

static alx_status write_classes(alx_safetensors_writer *writer, const alx_model_meta *meta, alx_error *err)
{
    json_t *list = json_array();
    bool ok = list != NULL;
    for (int i = 0; ok && i < meta->class_count; i++) {
        json_t *name = json_string(meta->class_names[i]);
        if (!name) {
            alx_printable shown;
            json_decref(list);
            return alx_fail(err, ALX_BAD_DATA, "class %s: its name is not UTF-8; rename the folder",
                            alx_text_printable(meta->class_names[i], shown));
        }
        ok = json_array_append_new(list, name) == 0;
    }
    char *text = ok ? json_dumps(list, JSON_COMPACT) : NULL;
    json_decref(list);
    if (!text) return alx_fail(err, ALX_NO_MEMORY, "out of memory while writing class names");
    alx_status status = alx_safetensors_put_metadata(writer, "classes", text, err);
    free(text);
    return status;
}

alx_status alx_model_meta_write(alx_safetensors_writer *writer, const alx_model_meta *meta, alx_error *err)
{
    ALX_TRY(alx_safetensors_put_metadata(writer, "format", format, err));
    ALX_TRY(alx_safetensors_put_metadata(writer, "version", alx_version(), err));
    ALX_TRY(alx_safetensors_put_metadata(writer, "model", meta->yaml, err));
    ALX_TRY(alx_safetensors_put_metadata(writer, "preprocessing", meta->preprocessing, err));
    return write_classes(writer, meta, err);
}

/* ---- Tensors ---- */

static bool begins_with(const char *name, const char *prefix)
{
    return strncmp(name, prefix, strlen(prefix)) == 0;
}

static bool is_stored(const alx_param *param, const char *prefix)
{
    return param->trainable || !begins_with(prefix, ALX_PREFIX_OPTIMIZER);
}

static char *tensor_name(const alx_param *param, const char *prefix, alx_error *err)
{
    alx_text text = {0};
    char *name;
    alx_text_printf(&text, "%s%s", prefix, param->name);
    return alx_text_take(&name, &text, err) ? NULL : name;
}

/* "conv2d_1.kernel is (96, 3, 11, 11) in the file and (64, 3, 11, 11) in the network: ..." */
static alx_status check_shape(const alx_st_tensor *tensor, const alx_shape *shape, alx_error *err)
{
    if (tensor->rank == shape->rank &&
        memcmp(tensor->dims, shape->dims, (size_t)shape->rank * sizeof *shape->dims) == 0)
        return ALX_OK;
    alx_text message = {0};
    alx_printable name;
    alx_text_printf(&message, "%s is ", alx_text_printable(tensor->name, name));
    alx_st_add_dims(&message, tensor->rank, tensor->dims);
    alx_text_add(&message, " in the file and ");
    alx_st_add_dims(&message, shape->rank, shape->dims);
    alx_text_add(&message, " in the network: this is a file of another model");
    alx_status status = message.failed ? alx_fail(err, ALX_NO_MEMORY, "out of memory")
                                       : alx_fail(err, ALX_BAD_MODEL, "%s", message.data);
    alx_text_finish(&message);
    return status;
}

static alx_status find_tensor(const alx_st_tensor **tensor, const alx_safetensors *file, const char *name,
                              const alx_shape *shape, alx_error *err)
{
    *tensor = alx_safetensors_find(file, name);
    if (!*tensor)
        return alx_fail(err, ALX_BAD_MODEL,
                        "no tensor %s in the file, which the network has: this is a file of another model", name);
    return check_shape(*tensor, shape, err);
}

alx_status alx_model_tensors_check(const alx_graph *graph, const alx_safetensors *file, alx_error *err)
{
    const alx_st_tensor *tensor;
    for (int i = 0; i < graph->param_count; i++)
        ALX_TRY(find_tensor(&tensor, file, graph->params[i].name, &graph->params[i].decl.shape, err));
    return ALX_OK;
}

/* A tensor that the network lacks. Optimizer state and averages beside weights are a checkpoint's. */
static alx_status check_extra(const alx_params *params, const alx_safetensors *file, const char *prefix, alx_error *err)
{
    int found = 0, count = alx_safetensors_count(file);
    if (*prefix) return ALX_OK;
    for (int i = 0; i < count; i++) {
        const char *name = alx_safetensors_tensor(file, i)->name;
        found += !begins_with(name, ALX_PREFIX_OPTIMIZER) && !begins_with(name, ALX_PREFIX_AVERAGE);
    }
    if (found == params->count) return ALX_OK;
    return alx_fail(err, ALX_BAD_MODEL, "the file has %d tensors and the network %d: this is a file of another model",
                    found, params->count);
}

/* Which parameter takes which tensor of a file. */
typedef struct reader {
    const alx_params *params;
    int *param; /* by tensor of the file; -1: none */
    float *span;
} reader;

static int64_t unit_of(void *user, int tensor)
{
    const reader *r = user;
    if (r->param[tensor] < 0) return 0;
    const alx_param *p = &r->params->list[r->param[tensor]];
    return p->tiled ? ALX_TILE_OUT * p->shape.dims[1] : p->count / p->shape.dims[0];
}

static void take_rows(void *user, int tensor, int64_t first, int64_t count, const float *values)
{
    const reader *r = user;
    const alx_param *p = &r->params->list[r->param[tensor]];
    const int64_t width = p->count / p->shape.dims[0];
    alx_params_import_rows(r->params, r->param[tensor], values, first / width, count / width, r->span);
}

/* All names and shapes: a wrong file is refused before a value changes. */
static alx_status match(reader *r, const alx_safetensors *file, const char *prefix, alx_error *err)
{
    const int count = alx_safetensors_count(file);
    for (int i = 0; i < count; i++) r->param[i] = -1;
    for (int i = 0; i < r->params->count; i++) {
        const alx_st_tensor *tensor;
        if (!is_stored(&r->params->list[i], prefix)) continue;
        char *name = tensor_name(&r->params->list[i], prefix, err);
        if (!name) return ALX_NO_MEMORY;
        const alx_status status = find_tensor(&tensor, file, name, &r->params->list[i].shape, err);
        free(name);
        ALX_TRY(status);
        r->param[tensor - alx_safetensors_tensor(file, 0)] = i;
    }
    return check_extra(r->params, file, prefix, err);
}

alx_status alx_model_tensors_read(const alx_params *params, const alx_safetensors *file, const char *prefix,
                                  float *span, bool verify, alx_error *err)
{
    reader r = {params, NULL, span};
    r.param = alx_calloc((size_t)alx_safetensors_count(file) + 1, sizeof *r.param, err);
    if (!r.param) return ALX_NO_MEMORY;
    alx_status status = match(&r, file, prefix, err);
    const alx_st_taker taker = {unit_of, take_rows, &r};
    if (!status) status = alx_safetensors_stream(file, &taker, verify, err);
    free(r.param);
    return status;
}

static alx_st_type stored_type(const alx_param *param, alx_st_type kernels)
{
    return param->shape.rank > 1 ? kernels : ALX_ST_F32;
}

alx_status alx_model_tensors_declare(const alx_params *params, alx_safetensors_writer *writer, const char *prefix,
                                     alx_st_type kernels, alx_error *err)
{
    for (int i = 0; i < params->count; i++) {
        const alx_param *param = &params->list[i];
        if (!is_stored(param, prefix)) continue;
        char *name = tensor_name(param, prefix, err);
        if (!name) return ALX_NO_MEMORY;
        alx_status status = alx_safetensors_declare(writer, name, stored_type(param, kernels), param->shape.rank,
                                                    param->shape.dims, err);
        free(name);
        ALX_TRY(status);
    }
    return ALX_OK;
}

static int64_t row_floats(const alx_param *param)
{
    return param->count / param->shape.dims[0];
}

/* Room for as many rows as a tile has, of any tensor, as floats and halved. */
static alx_status make_rows(float **rows, uint16_t **halves, const alx_params *params, alx_error *err)
{
    int64_t widest = 1;
    for (int i = 0; i < params->count; i++)
        if (row_floats(&params->list[i]) > widest) widest = row_floats(&params->list[i]);
    *rows = alx_calloc((size_t)widest, ALX_TILE_OUT * (sizeof **rows + sizeof **halves), err);
    if (!*rows) return ALX_NO_MEMORY;
    *halves = (uint16_t *)(void *)(*rows + widest * ALX_TILE_OUT);
    return ALX_OK;
}

/* A tensor in another order or type than the store's, some rows after the other: a file takes no copy of it. */
static alx_status write_rows(const alx_params *params, int index, alx_safetensors_writer *writer, alx_st_type type,
                             const float *span, float *rows, uint16_t *halves, alx_error *err)
{
    const alx_param *param = &params->list[index];
    const int64_t total = param->shape.dims[0];
    for (int64_t first = 0; first < total; first += ALX_TILE_OUT) {
        const int64_t count = total - first < ALX_TILE_OUT ? total - first : ALX_TILE_OUT;
        const size_t values = (size_t)(count * row_floats(param));
        alx_params_export_rows(params, index, span, first, count, rows);
        for (size_t i = 0; type == ALX_ST_BF16 && i < values; i++) halves[i] = alx_bf16_from_float(rows[i]);
        const void *bytes = type == ALX_ST_BF16 ? (const void *)halves : rows;
        ALX_TRY(alx_safetensors_write(writer, bytes, values * alx_st_type_size(type), err));
    }
    return ALX_OK;
}

alx_status alx_model_tensors_write(const alx_params *params, alx_safetensors_writer *writer, const char *prefix,
                                   alx_st_type kernels, const float *span, alx_error *err)
{
    float *rows;
    uint16_t *halves;
    ALX_TRY(make_rows(&rows, &halves, params, err));
    alx_status status = ALX_OK;
    for (int i = 0; i < params->count && !status; i++) {
        const alx_param *param = &params->list[i];
        const alx_st_type type = stored_type(param, kernels);
        if (!is_stored(param, prefix)) continue;
        if (param->tiled || type != ALX_ST_F32)
            status = write_rows(params, i, writer, type, span, rows, halves, err);
        else
            status = alx_safetensors_write(writer, span + param->offset, (size_t)param->count * sizeof *span, err);
    }
    free(rows);
    return status;
}
