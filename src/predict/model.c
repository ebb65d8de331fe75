/* From a file on disk to a model in memory.  The file may be a stranger's: everything is checked. */
#include "predict/model.h"

#include <stdlib.h>
#include <string.h>

#include "tensor/dnn.h"

/* The metadata must agree with the network that it describes. */
static alx_status check_meta(const alx_model *model, alx_error *err)
{
    const alx_spec *spec = &model->graph->spec;
    const alx_model_meta *meta = &model->meta;
    const alx_preprocess *p = &model->preprocess;
    if (meta->class_count != spec->classes)
        return alx_fail(err, ALX_BAD_MODEL, "the network has %d classes, but %d class names are stored", spec->classes,
                        meta->class_count);
    if (p->height != spec->input[0] || p->width != spec->input[1] || p->channels != spec->input[2])
        return alx_fail(err, ALX_BAD_MODEL, "images are prepared as %dx%dx%d, but the network takes %dx%dx%d",
                        p->height, p->width, p->channels, spec->input[0], spec->input[1], spec->input[2]);
    return ALX_OK;
}

static alx_status read_network(alx_model *model, const alx_safetensors *file, alx_error *err)
{
    ALX_TRY(alx_model_meta_read(&model->meta, file, err));
    ALX_TRY(alx_preprocess_parse(&model->preprocess, model->meta.preprocessing, err));
    alx_spec spec = {0};
    alx_status status = alx_spec_parse(&spec, model->meta.yaml, strlen(model->meta.yaml), "model", 0, err);
    if (status) {
        alx_spec_finish(&spec);
        return status;
    }
    ALX_TRY(alx_graph_create(&model->graph, &spec, err));
    ALX_TRY(check_meta(model, err));
    ALX_TRY(alx_model_tensors_check(model->graph, file, err));
    /* Dense kernels are kept in oneDNN's tiles where it computes in them: sessions then share one copy. */
    ALX_TRY(alx_params_create(&model->params, model->graph, alx_params_prefer_tiles(), err));
    return alx_model_tensors_read(model->params, file, "", model->params->data, true, err);
}

/* The tensors and the hash of the whole are read in one pass.  What fails before that may be a flipped bit, and is to
 * be reported as damage, not as a strange network: then the hash is looked at first. */
static alx_status read_sound(alx_model *model, const alx_safetensors *file, const char *path, alx_error *err)
{
    alx_error strange = {0};
    const alx_status status = read_network(model, file, &strange);
    if (!status) return ALX_OK;
    ALX_TRY(alx_safetensors_verify(file, err)); /* names the path, too */
    alx_printable name;
    if (err) *err = strange;
    return alx_where(err, status, "%s", alx_text_printable(path, name));
}

/* Whether the weights that are read are stored as bf16; a checkpoint's averages and moments are not. */
static bool holds_bf16(const alx_safetensors *file, const alx_params *params)
{
    bool found = false;
    for (int i = 0; i < params->count; i++) {
        const alx_st_tensor *tensor = alx_safetensors_find(file, params->list[i].name);
        found |= tensor && tensor->type == ALX_ST_BF16;
    }
    return found;
}

static alx_status describe(alx_model *model, alx_error *err)
{
    alx_text text = {0};
    alx_preprocess_describe(&text, &model->preprocess);
    return alx_text_take(&model->description, &text, err);
}

alx_status alx_model_open(alx_model **model, const char *path, alx_error *err)
{
    *model = NULL;
    char *file_path = NULL;
    alx_safetensors *file = NULL;
    ALX_TRY(alx_model_find_file(&file_path, path, err));
    alx_model *made = alx_calloc(1, sizeof *made, err);
    alx_status status = made ? ALX_OK : ALX_NO_MEMORY;
    if (!status) status = alx_safetensors_open(&file, file_path, err);
    if (status) goto done;
    status = read_sound(made, file, file_path, err);
    if (!status) status = describe(made, err);
    if (status) goto done;
    made->bf16 = holds_bf16(file, made->params);
    *model = made;
    made = NULL;
done:
    if (status == ALX_BAD_DATA) { /* the container's word; to the caller the file is a model */
        status = ALX_BAD_MODEL;
        if (err) err->status = status;
    }
    alx_model_destroy(made);
    alx_safetensors_close(file);
    free(file_path);
    return status;
}

void alx_model_destroy(alx_model *model)
{
    if (!model) return;
    free(model->description);
    alx_params_destroy(model->params);
    alx_graph_destroy(model->graph);
    alx_model_meta_finish(&model->meta);
    free(model);
}

int alx_model_class_count(const alx_model *model)
{
    return model->meta.class_count;
}

const char *alx_model_class_name(const alx_model *model, int index)
{
    return index >= 0 && index < model->meta.class_count ? model->meta.class_names[index] : NULL;
}

alx_precision alx_model_precision(const alx_model *model)
{
    return model->bf16 ? ALX_PRECISION_BF16 : ALX_PRECISION_F32;
}

const char *alx_model_preprocessing(const alx_model *model)
{
    return model->description;
}
