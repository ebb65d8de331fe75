/* A recipe's data, inspected. */
#include <omp.h>

#include "base/config.h"
#include "data/inspect.h"
#include "model/graph.h"
#include "train/starter.h"
#include "train/trainer_data.h"

enum { MAX_THREADS = 1024 };

void alx_inspect_config_init(alx_inspect_config *config)
{
    *config = (alx_inspect_config){.struct_size = sizeof *config};
}

static alx_status read_config(alx_inspect_config *out, const alx_inspect_config *config, alx_error *err)
{
    alx_inspect_config_init(out);
    ALX_TRY(alx_config_copy(out, sizeof *out, config, "alx_inspect_config", err));
    if (out->threads < 0 || out->threads > MAX_THREADS)
        return alx_fail(err, ALX_USAGE, "threads is %d; give 1 to %d, or 0 for all cores", out->threads, MAX_THREADS);
    if (!out->threads) out->threads = omp_get_num_procs();
    return ALX_OK;
}

/* The lists of data and test as the splits that they are. */
static alx_status assign_splits(alx_inspect_input *input, alx_train_data *data, alx_sample_list *test,
                                const alx_recipe *recipe, alx_error *err)
{
    input->lists[ALX_SPLIT_TRAIN] = &data->train;
    if (data->source == ALX_VALIDATE_TEST) {
        input->lists[ALX_SPLIT_TEST] = &data->validation;
        return ALX_OK;
    }
    if (data->source != ALX_VALIDATE_NONE) input->lists[ALX_SPLIT_VALIDATION] = &data->validation;
    input->drawn = data->source == ALX_VALIDATE_SPLIT;
    if (data->test.count) input->lists[ALX_SPLIT_TEST] = &data->test;
    if (!*recipe->data.test) return ALX_OK;
    input->lists[ALX_SPLIT_TEST] = test;
    ALX_TRY(alx_train_data_list(test, recipe, "test", err));
    return alx_sample_list_match(test, recipe->data.test, "train", data->train.class_names, data->train.class_count,
                                 err);
}

static alx_status input_size(alx_inspect_input *input, const alx_recipe *recipe, const alx_sample_list *train,
                             alx_error *err)
{
    alx_graph *graph = NULL;
    alx_preprocess preprocess = {0};
    alx_model_choice choice;
    alx_status status = alx_model_choose(&choice, recipe->model, train, err);
    if (!status) status = alx_graph_open(&graph, choice.model, train->class_count, err);
    if (!status) status = alx_train_preprocess(&preprocess, recipe, graph->spec.input, err);
    if (!status) {
        input->width = preprocess.image_width;
        input->height = preprocess.image_height;
    }
    alx_graph_destroy(graph);
    return status;
}

alx_status alx_inspection_create(alx_inspection **inspection, const alx_recipe *recipe,
                                 const alx_inspect_config *config, alx_error *err)
{
    *inspection = NULL;
    alx_inspect_config resolved;
    ALX_TRY(read_config(&resolved, config, err));
    alx_train_data data;
    alx_sample_list test = {0};
    ALX_TRY(alx_train_data_open(&data, recipe, err));
    alx_inspect_input input = {.skip_bad = recipe->data.skip_bad,
                               .threads = resolved.threads,
                               .near = !resolved.skip_near,
                               .progress = resolved.progress,
                               .user = resolved.user};
    alx_status status = assign_splits(&input, &data, &test, recipe, err);
    if (!status) status = input_size(&input, recipe, &data.train, err);
    if (!status) status = alx_inspect(inspection, &input, err);
    alx_sample_list_finish(&test);
    alx_train_data_finish(&data);
    return status;
}
