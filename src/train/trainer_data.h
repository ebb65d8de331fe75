/* What a run is trained and validated on. */
#ifndef ALX_TRAIN_TRAINER_DATA_H
#define ALX_TRAIN_TRAINER_DATA_H

#include "train/recipe.h"

/* Where the validation images come from. */
typedef enum alx_validation_source {
    ALX_VALIDATE_GIVEN, /* data.validation */
    ALX_VALIDATE_TEST,  /* data.test or the share data.split.test, because there are no others */
    ALX_VALIDATE_SPLIT, /* a part of the training images: data.split */
    ALX_VALIDATE_NONE
} alx_validation_source;

typedef struct alx_train_data {
    alx_sample_list train, validation;
    alx_sample_list test;   /* split off train and put aside; empty when they validate, or are a source of their own */
    alx_split_config split; /* data.split with its auto and train replaced */
    alx_validation_source source;
    alx_loader *train_loader, *validation_loader; /* NULL until loaded; validation's NULL where there is none */
    alx_loader_report train_report, validation_report;
} alx_train_data;

/* Lists the images; nothing is decoded.  A zeroed data may be finished. */
alx_status alx_train_data_open(alx_train_data *data, const struct alx_recipe *recipe, alx_error *err);
/* One split alone: "train", "validation" or "test"; one that there is not is an error.  Finish the list. */
alx_status alx_train_data_list(alx_sample_list *list, const struct alx_recipe *recipe, const char *split,
                               alx_error *err);
/* The data section and augment against the network's input; messages name the place of the key. */
alx_status alx_train_preprocess(alx_preprocess *p, const struct alx_recipe *recipe, const int input[3], alx_error *err);
/* Reads and decodes every image once; what cannot be read is dropped and reported.  recipe and data must outlive the
 * loaders.  cache_bytes: for both sets.  Where the recipe takes mean or std from the training images, they become
 * numbers, in preprocess and in the recipe. */
alx_status alx_train_data_load(alx_train_data *data, struct alx_recipe *recipe, alx_preprocess *preprocess,
                               uint64_t cache_bytes, alx_error *err);
/* A sentence about where validation and test images come from; nothing for images that were given. */
void alx_train_data_describe(alx_text *text, const alx_train_data *data);
/* "path,label,split" and a row for each sample, as CSV.  folder: where the text will lie; relative paths are written
 * as seen from there. */
alx_status alx_train_data_table(alx_text *text, const alx_train_data *data, const char *folder, alx_error *err);
void alx_train_data_finish(alx_train_data *data);

#endif
