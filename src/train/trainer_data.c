#include "train/trainer_data.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "data/dataset.h"
#include "model/graph.h"
#include "train/starter.h"

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

/* Images that are not split: groups do not matter. */
static alx_status open_source(alx_sample_list *list, const struct alx_recipe *recipe, const char *path, alx_error *err)
{
    return alx_source_open(list, path, false, &recipe->data.source, "", err);
}

/* The training images: data.train, or data.csv in its place. */
static alx_status training_source(const char **path, const alx_data_config *config, alx_error *err)
{
    *path = *config->csv ? config->csv : config->train;
    if (!**path)
        return alx_fail(err, ALX_USAGE,
                        "no training data: give a folder whose sub-folders are the classes, as "
                        "`alexnet train photos/` or data.train, or a table as data.csv");
    if (*config->csv && *config->train)
        return alx_fail(err, ALX_USAGE,
                        "data.csv and data.train are both given; one of them names the training images");
    return ALX_OK;
}

static alx_status open_train(alx_sample_list *list, const struct alx_recipe *recipe, const char *path, alx_error *err)
{
    if (alx_file_is_folder(path)) ALX_TRY(refuse_splits(path, err));
    const alx_data_config *data = &recipe->data;
    ALX_TRY(alx_source_open(list, path, path == data->csv, &data->source, data->split.group, err));
    alx_printable shown;
    if (recipe->classes && recipe->classes != list->class_count)
        return alx_fail(err, ALX_BAD_DATA,
                        "%s: has %d classes and the recipe says classes: %lld; leave classes out, or give "
                        "the data that it means",
                        alx_text_printable(path, shown), list->class_count, (long long)recipe->classes);
    return ALX_OK;
}

/* The same classes, in the order of the training images: an IDX file counts 9, 10, and folders sort 10 before 9. */
static alx_status match_classes(alx_sample_list *list, const char *path, const alx_train_data *data, const char *train,
                                alx_error *err)
{
    return alx_sample_list_match(list, path, train, data->train.class_names, data->train.class_count, err);
}

static alx_status open_validation(alx_train_data *data, const struct alx_recipe *recipe, const char *train,
                                  const char *path, alx_error *err)
{
    alx_sample_list_finish(&data->validation); /* a split may have left an empty one */
    ALX_TRY(open_source(&data->validation, recipe, path, err));
    return match_classes(&data->validation, path, data, train, err);
}

/* The test images are not looked at, but other classes there are a mistake that is cheap to see now. */
static alx_status check_test(const alx_train_data *data, const struct alx_recipe *recipe, const char *train,
                             alx_error *err)
{
    alx_sample_list test;
    const char *path = recipe->data.test;
    const bool folder = alx_file_is_folder(path) && recipe->data.source.classes.count == 0;
    ALX_TRY(folder ? alx_source_classes(&test, path, err) : open_source(&test, recipe, path, err));
    alx_status status = match_classes(&test, path, data, train, err);
    alx_sample_list_finish(&test);
    return status;
}

/* ---- Splits ---- */

static const double default_validation = 0.2;

/* What data.split takes from the training images, with "auto" and "train" replaced. */
static alx_status resolve_split(alx_split_config *split, const struct alx_recipe *recipe, alx_error *err)
{
    const alx_data_config *config = &recipe->data;
    const bool given = *config->validation, test_given = *config->test;
    *split = config->split;
    if (split->seed == ALX_SPLIT_TRAIN_SEED) split->seed = recipe->train.seed;
    if (given && split->folds)
        return alx_fail(err, ALX_USAGE,
                        "data.split.folds cuts the validation images out of the training images, and data.validation "
                        "names others; leave one of them out");
    if (test_given && split->test > 0)
        return alx_fail(err, ALX_USAGE, "data.test and data.split.test are both given; leave one of them out");
    if (split->validation < 0) {
        const bool others = given || test_given || split->folds || split->random_state != ALX_SPLIT_NONE;
        split->validation = others ? 0 : default_validation;
    }
    if (given || split->folds) split->validation = 0;
    return ALX_OK;
}

/* Each class has images: remedy says what to do where one has none. */
static alx_status check_classes(const alx_sample_list *train, const char *path, const char *remedy, alx_error *err)
{
    int64_t *sizes = alx_sample_list_sizes(train, err);
    if (!sizes) return ALX_NO_MEMORY;
    alx_status status = ALX_OK;
    alx_printable where, name;
    for (int c = 0; c < train->class_count && !status; c++)
        if (sizes[c] == 0)
            status = alx_fail(err, ALX_BAD_DATA, "%s: no image of the class %s to train on; add some, or %s",
                              alx_text_printable(path, where), alx_text_printable(train->class_names[c], name), remedy);
    free(sizes);
    return status;
}

static void move_list(alx_sample_list *to, alx_sample_list *from)
{
    alx_sample_list_finish(to);
    *to = *from;
    *from = (alx_sample_list){0};
}

static alx_status split_train(alx_train_data *data, const char *path, alx_error *err)
{
    const alx_split_config *split = &data->split;
    ALX_TRY(check_classes(&data->train, path,
                          data->train.idx ? "number the labels from 0 without gaps" : "leave it out of data.classes",
                          err));
    if (split->validation > 0 || split->test > 0 || split->folds)
        ALX_TRY(alx_split(&data->train, &data->validation, &data->test, split, err));
    ALX_TRY(check_classes(&data->train, path, "take a smaller share in data.split", err));
    /* Classes of one image each have nothing to give. */
    if (data->validation.count > 0) data->source = ALX_VALIDATE_SPLIT;
    return ALX_OK;
}

static alx_status open_lists(alx_train_data *data, const struct alx_recipe *recipe, alx_error *err)
{
    const alx_data_config *config = &recipe->data;
    const char *train;
    ALX_TRY(training_source(&train, config, err));
    ALX_TRY(resolve_split(&data->split, recipe, err));
    ALX_TRY(open_train(&data->train, recipe, train, err));
    data->source = ALX_VALIDATE_NONE;
    ALX_TRY(split_train(data, train, err));
    if (*config->validation) {
        data->source = ALX_VALIDATE_GIVEN;
        ALX_TRY(open_validation(data, recipe, train, config->validation, err));
    }
    if (data->source != ALX_VALIDATE_NONE) return *config->test ? check_test(data, recipe, train, err) : ALX_OK;
    if (data->test.count > 0) move_list(&data->validation, &data->test);
    if (*config->test) ALX_TRY(open_validation(data, recipe, train, config->test, err));
    if (data->validation.count > 0) data->source = ALX_VALIDATE_TEST;
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
    alx_sample_list_finish(&data->test);
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

/* One of mean and std: what was measured takes the place of `train`. */
static alx_status take_measured(double values[3], alx_numbers *numbers, const double measured[3], double scale,
                                int channels, alx_arena *arena, alx_error *err)
{
    if (numbers->choice != ALX_NORMALIZE_TRAIN) return ALX_OK;
    double *copy = alx_arena_alloc(arena, (size_t)channels, sizeof *copy, err);
    if (!copy) return ALX_NO_MEMORY;
    for (int c = 0; c < channels; c++) values[c] = copy[c] = measured[c] * scale;
    *numbers = (alx_numbers){.count = channels, .values = copy};
    return ALX_OK;
}

static alx_status normalize(const alx_train_data *data, struct alx_recipe *recipe, alx_preprocess *p, alx_error *err)
{
    const alx_loader_report *report = &data->train_report;
    alx_data_config *config = &recipe->data;
    for (int c = 0; config->std.choice == ALX_NORMALIZE_TRAIN && c < p->channels; c++)
        if (!(report->std[c] > 0)) {
            alx_fail(err, ALX_BAD_DATA,
                     "std: train: all training images have one and the same value in channel %d, so that nothing can "
                     "be learned from it; look at the images, or give numbers",
                     c + 1);
            return alx_recipe_where(recipe, "data", "std", ALX_BAD_DATA, err);
        }
    ALX_TRY(take_measured(p->mean, &config->mean, report->mean, p->rescale, p->channels, &recipe->arena, err));
    ALX_TRY(take_measured(p->std, &config->std, report->std, p->rescale, p->channels, &recipe->arena, err));
    alx_loader_normalize(data->train_loader, p->mean, p->std);
    return ALX_OK;
}

alx_status alx_train_data_load(alx_train_data *data, struct alx_recipe *recipe, alx_preprocess *preprocess,
                               uint64_t cache_bytes, alx_error *err)
{
    alx_loader_config config = {.preprocess = *preprocess,
                                .augment = &recipe->augment,
                                .cache_bytes = cache_bytes,
                                .skip_bad = recipe->data.skip_bad,
                                .measure = recipe->data.mean.choice || recipe->data.std.choice,
                                .threads = (int)recipe->train.threads};
    ALX_TRY(alx_loader_create(&data->train_loader, &data->train, &config, &data->train_report, NULL, NULL, err));
    ALX_TRY(normalize(data, recipe, preprocess, err));
    if (data->source == ALX_VALIDATE_NONE) return ALX_OK;
    config.preprocess = *preprocess;
    uint64_t taken = data->train_report.cached_bytes;
    config.augment = NULL;
    config.measure = false;
    config.cache_bytes = taken < cache_bytes ? cache_bytes - taken : 0;
    return alx_loader_create(&data->validation_loader, &data->validation, &config, &data->validation_report, NULL, NULL,
                             err);
}

/* ---- In words ---- */

/* "data.split: ...": how images were chosen. */
static void describe_split(alx_text *text, const alx_split_config *split, const char *which)
{
    alx_printable column;
    if (split->folds)
        alx_text_printf(text, "fold %" PRId64 " of %" PRId64 " of the training images validates (data.split)",
                        split->fold, split->folds);
    else if (split->random_state != ALX_SPLIT_NONE)
        alx_text_printf(text,
                        "the %s images were drawn as scikit-learn's train_test_split does with random_state %" PRId64,
                        which, split->random_state);
    else
        alx_text_printf(text, "a seeded share of %s (data.split.%s) was taken from the training images",
                        split->stratify == ALX_STRATIFY_NO ? "all" : "each class", which);
    if (*split->group)
        alx_text_printf(text, "; rows of the same %s stay on one side, so the shares are approximate",
                        alx_text_printable(split->group, column));
}

void alx_train_data_describe(alx_text *text, const alx_train_data *data)
{
    switch (data->source) {
    case ALX_VALIDATE_GIVEN: break;
    case ALX_VALIDATE_TEST:
        alx_text_add(text, "There are train and test images and none for validation: the test images validate, as in "
                           "the course, so no image is left that the choice of the best epoch has not seen");
        if (data->split.test <= 0) break;
        alx_text_add(text, "; ");
        describe_split(text, &data->split, "test");
        break;
    case ALX_VALIDATE_SPLIT:
        alx_text_add(text, "No validation images are given: ");
        describe_split(text, &data->split, "validation");
        break;
    case ALX_VALIDATE_NONE:
        alx_text_add(text, "No validation images: the training loss decides which epoch is best, which rewards "
                           "learning by heart; give data.validation or data.split.validation");
    }
}

/* ---- As a data set that callers see ---- */

alx_status alx_train_data_list(alx_sample_list *list, const struct alx_recipe *recipe, const char *split,
                               alx_error *err)
{
    const char *given = recipe->data.test;
    const bool train = !strcmp(split, "train"), test = !strcmp(split, "test");
    if (!train && !test && strcmp(split, "validation") != 0) {
        alx_printable shown;
        return alx_fail(err, ALX_USAGE, "there is no split \"%s\"; there are train, validation and test",
                        alx_text_printable(split, shown));
    }
    if (test && *given) return open_source(list, recipe, given, err);
    if (test && recipe->data.split.test <= 0)
        return alx_fail(err, ALX_USAGE,
                        "the recipe names no test images; give data.test, or a share as data.split.test");
    alx_train_data data;
    ALX_TRY(alx_train_data_open(&data, recipe, err));
    alx_status status = ALX_OK;
    alx_sample_list *wanted = train                                      ? &data.train
                              : test && data.source != ALX_VALIDATE_TEST ? &data.test
                                                                         : &data.validation;
    if (test && wanted->count == 0)
        status =
            alx_fail(err, ALX_USAGE, "data.split.test %g leaves no test images; give more", recipe->data.split.test);
    if (!test && !train && data.source == ALX_VALIDATE_NONE)
        status = alx_fail(err, ALX_USAGE,
                          "the recipe has no validation images; give data.validation or data.split.validation");
    if (!status) move_list(list, wanted);
    alx_train_data_finish(&data);
    return status;
}

alx_status alx_dataset_open(alx_dataset **dataset, const alx_recipe *recipe, const char *split, alx_error *err)
{
    *dataset = NULL;
    alx_sample_list list = {0};
    alx_graph *graph = NULL;
    alx_preprocess preprocess;
    alx_model_choice choice;
    alx_status status = alx_train_data_list(&list, recipe, split, err);
    if (!status) status = alx_model_choose(&choice, recipe->model, &list, err);
    if (!status) status = alx_graph_open(&graph, choice.model, list.class_count, err);
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
