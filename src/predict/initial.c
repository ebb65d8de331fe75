/* A run's model as it was before its first step: the seed's draw, and the tensors of the file that it started from. */
#include <errno.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/yaml.h"
#include "model/transfer.h"
#include "predict/model.h"

/* What a run's recipe says of its start. */
typedef struct start {
    uint64_t seed;
    const char *weights; /* as the recipe has it; "": none */
} start;

static alx_status read_start(start *s, alx_arena *arena, const char *recipe, alx_error *err)
{
    alx_yaml *root;
    *s = (start){.weights = ""};
    ALX_TRY(alx_yaml_read(&root, arena, recipe, err));
    const alx_yaml *train = alx_yaml_get(root, "train"), *seed = alx_yaml_get(train, "seed");
    const alx_yaml *weights = alx_yaml_get(train, "weights");
    char *end = NULL;
    errno = 0;
    if (seed && seed->scalar) s->seed = strtoull(seed->scalar, &end, 10);
    if (!end || end == seed->scalar || *end || *seed->scalar == '-' || errno)
        return alx_yaml_fail(seed ? seed : root, err, ALX_BAD_MODEL,
                             "train.seed is no number of draws; the initial weights cannot be drawn again");
    if (weights && weights->scalar) s->weights = weights->scalar;
    return ALX_OK;
}

static alx_status take_tensors(alx_params *params, const char *path, alx_error *err)
{
    char *found;
    alx_safetensors *file;
    alx_transfer transfer;
    ALX_TRY(alx_model_find_file(&found, path, err));
    alx_status status = alx_safetensors_open(&file, found, err);
    free(found);
    if (status) return status;
    status = alx_transfer_create(&transfer, params->graph, file, err);
    if (!status) {
        status = alx_transfer_apply(&transfer, params, file, err);
        alx_transfer_finish(&transfer);
    }
    alx_safetensors_close(file);
    return status;
}

/* Over the trained values, which the model was opened with. */
static alx_status begin_again(alx_params *params, const char *run, const start *s, alx_error *err)
{
    alx_params_init(params, s->seed);
    if (!*s->weights) return ALX_OK;
    char *path = alx_file_join(run, s->weights, err);
    const alx_status status = path ? take_tensors(params, path, err) : ALX_NO_MEMORY;
    free(path);
    return status ? alx_where(err, status, "train.weights, from which the run started") : ALX_OK;
}

alx_status alx_model_open_initial(alx_model **model, const char *run, alx_error *err)
{
    *model = NULL;
    alx_arena arena = {0};
    alx_printable shown;
    start s = {0};
    char *recipe = alx_file_join(run, "recipe.yaml", err);
    if (!recipe) return ALX_NO_MEMORY;
    alx_status status = ALX_OK;
    if (!alx_file_exists(recipe))
        status = alx_fail(err, ALX_BAD_MODEL, "%s: no recipe.yaml in it, so it is no run and its start is not known",
                          alx_text_printable(run, shown));
    if (!status) status = read_start(&s, &arena, recipe, err);
    if (!status) status = alx_model_open(model, run, err);
    if (!status) status = begin_again((*model)->params, run, &s, err);
    if (status) {
        alx_model_destroy(*model);
        *model = NULL;
    } else {
        (*model)->bf16 = false;
    }
    alx_arena_finish(&arena);
    free(recipe);
    return status;
}
