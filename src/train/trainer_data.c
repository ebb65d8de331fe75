#include "train/trainer_data.h"

#include <string.h>

#include "data/dataset.h"
#include "model/graph.h"

/* ---- Lists ---- */

/* A folder of splits given where a folder of classes belongs. */
static alx_status refuse_splits(const char *folder, alx_error *err)
{
    alx_folder_splits splits;
    ALX_TRY(alx_source_find_splits(&splits, folder, err));
    alx_status status = ALX_OK;
    if (splits.train && !(splits.flat && splits.others)) {
        alx_printable shown;
        status = alx_fail(err, ALX_BAD_DATA,
                          "data.train: %s holds splits, not classes; give its sub-folder train, or the "
                          "folder alone: alexnet train %s",
                          alx_text_printable(folder, shown), shown);
    }
    alx_folder_splits_finish(&splits);
    return status;
}

static alx_status open_train(alx_sample_list *list, const struct alx_recipe *recipe, alx_error *err)
{
    const char *folder = recipe->data.train;
    if (!*folder)
        return alx_fail(err, ALX_USAGE,
                        "no training data: give a folder whose sub-folders are the classes, as "
                        "`alexnet train photos/` or data.train");
    ALX_TRY(refuse_splits(folder, err));
    ALX_TRY(alx_source_folder(list, folder, err));
    alx_printable shown;
    if (recipe->classes && recipe->classes != list->class_count)
        return alx_fail(err, ALX_BAD_DATA,
                        "%s: has %d classes and the recipe says classes: %lld; leave classes out, or give "
                        "the data that it means",
                        alx_text_printable(folder, shown), list->class_count, (long long)recipe->classes);
    return ALX_OK;
}

static alx_status open_validation_folder(alx_train_data *data, const char *train, const char *folder, alx_error *err)
{
    ALX_TRY(alx_source_folder(&data->validation, folder, err));
    return alx_source_same_classes(&data->train, train, &data->validation, folder, err);
}

/* The test images are not looked at, but other classes there are a mistake that is cheap to see now. */
static alx_status check_test_folder(const alx_train_data *data, const alx_data_config *config, alx_error *err)
{
    alx_sample_list test;
    ALX_TRY(alx_source_classes(&test, config->test, err));
    alx_status status = alx_source_same_classes(&data->train, config->train, &test, config->test, err);
    alx_sample_list_finish(&test);
    return status;
}

static alx_status open_lists(alx_train_data *data, const struct alx_recipe *recipe, alx_error *err)
{
    const alx_data_config *config = &recipe->data;
    ALX_TRY(open_train(&data->train, recipe, err));
    if (*config->validation) {
        data->source = ALX_VALIDATE_FOLDER;
        if (*config->test) ALX_TRY(check_test_folder(data, config, err));
        return open_validation_folder(data, config->train, config->validation, err);
    }
    if (*config->test) {
        data->source = ALX_VALIDATE_TEST;
        return open_validation_folder(data, config->train, config->test, err);
    }
    data->source = ALX_VALIDATE_NONE;
    if (config->validation_split <= 0) return ALX_OK;
    ALX_TRY(alx_split_stratified(&data->train, &data->validation, config->validation_split,
                                 (uint64_t)recipe->train.seed, err));
    /* Classes of one image each have nothing to give. */
    if (data->validation.count > 0) data->source = ALX_VALIDATE_SPLIT;
    return ALX_OK;
}

alx_status alx_train_data_open(alx_train_data *data, const struct alx_recipe *recipe, alx_error *err)
{
    *data = (alx_train_data){0};
    alx_status status = open_lists(data, recipe, err);
    if (status) alx_train_data_finish(data);
    return status;
}

void alx_train_data_finish(alx_train_data *data)
{
    alx_loader_destroy(data->train_loader);
    alx_loader_destroy(data->validation_loader);
    alx_sample_list_finish(&data->train);
    alx_sample_list_finish(&data->validation);
    *data = (alx_train_data){0};
}

/* ---- Pixels ---- */

alx_status alx_train_preprocess(alx_preprocess *p, const struct alx_recipe *recipe, const int input[3], alx_error *err)
{
    static const char *const keys[] = {"image_size", "mean", "std"};
    alx_error said = {0};
    alx_status status = alx_data_preprocess(&recipe->data, input, p, &said);
    /* The messages begin with the key that they are about. */
    for (size_t i = 0; status && i < sizeof keys / sizeof keys[0]; i++)
        if (strncmp(said.message, keys[i], strlen(keys[i])) == 0) {
            status = alx_recipe_where(recipe, "data", keys[i], status, &said);
            break;
        }
    if (!status && (status = alx_augment_check(&recipe->augment, p, &said)))
        status = alx_recipe_where(recipe, "", alx_recipe_augment.name, status, &said);
    if (status && err) *err = said;
    return status;
}

alx_status alx_train_data_load(alx_train_data *data, const struct alx_recipe *recipe, const alx_preprocess *preprocess,
                               uint64_t cache_bytes, alx_error *err)
{
    alx_loader_config config = {.preprocess = *preprocess,
                                .augment = &recipe->augment,
                                .cache_bytes = cache_bytes,
                                .skip_bad = recipe->data.skip_bad,
                                .threads = (int)recipe->train.threads};
    ALX_TRY(alx_loader_create(&data->train_loader, &data->train, &config, &data->train_report, NULL, NULL, err));
    if (data->source == ALX_VALIDATE_NONE) return ALX_OK;
    uint64_t taken = data->train_report.cached_bytes;
    config.augment = NULL;
    config.cache_bytes = taken < cache_bytes ? cache_bytes - taken : 0;
    return alx_loader_create(&data->validation_loader, &data->validation, &config, &data->validation_report, NULL, NULL,
                             err);
}

/* ---- As a data set that callers see ---- */

alx_status alx_train_data_list(alx_sample_list *list, const struct alx_recipe *recipe, const char *split,
                               alx_error *err)
{
    const char *folder = recipe->data.test;
    if (strcmp(split, "test") == 0 && !*folder)
        return alx_fail(err, ALX_USAGE, "the recipe names no test images; give a folder as data.test");
    if (strcmp(split, "test") == 0) return alx_source_folder(list, folder, err);
    bool train = strcmp(split, "train") == 0;
    if (!train && strcmp(split, "validation") != 0) {
        alx_printable shown;
        return alx_fail(err, ALX_USAGE, "there is no split \"%s\"; there are train, validation and test",
                        alx_text_printable(split, shown));
    }
    alx_train_data data;
    ALX_TRY(alx_train_data_open(&data, recipe, err));
    alx_status status = ALX_OK;
    alx_sample_list *wanted = train ? &data.train : &data.validation;
    if (!train && data.source == ALX_VALIDATE_NONE)
        status = alx_fail(err, ALX_USAGE,
                          "the recipe has no validation images; give data.validation or "
                          "data.validation_split");
    if (!status) {
        *list = *wanted;
        *wanted = (alx_sample_list){0};
    }
    alx_train_data_finish(&data);
    return status;
}

alx_status alx_dataset_open(alx_dataset **dataset, const alx_recipe *recipe, const char *split, alx_error *err)
{
    *dataset = NULL;
    alx_sample_list list = {0};
    alx_graph *graph = NULL;
    alx_preprocess preprocess;
    alx_status status = alx_train_data_list(&list, recipe, split, err);
    if (!status) status = alx_graph_open(&graph, recipe->model, list.class_count, err);
    if (!status) status = alx_train_preprocess(&preprocess, recipe, graph->spec.input, err);
    if (!status) status = alx_dataset_create(dataset, &list, &preprocess, err);
    if (!status) {
        status = alx_dataset_augment(*dataset, &recipe->augment, (uint64_t)recipe->train.seed, err);
        if (status) {
            alx_dataset_destroy(*dataset);
            *dataset = NULL;
        }
    }
    alx_graph_destroy(graph);
    alx_sample_list_finish(&list);
    return status;
}
