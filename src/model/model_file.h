/* Model files: a network's weights and what is needed to use them, in safetensors.
 *
 * Metadata: "model" (YAML), "classes" (JSON list of names in output order),
 * "preprocessing" (JSON, see data/preprocess.h), "format" ("alexnet 1"), "version"
 * of the program, and what a checkpoint adds.  No dates, no paths. */
#ifndef ALX_MODEL_MODEL_FILE_H
#define ALX_MODEL_MODEL_FILE_H

#include "formats/safetensors.h"
#include "model/params.h"

typedef struct alx_model_meta {
    alx_arena arena;
    const char *yaml;
    int class_count;
    const char **class_names;
    const char *preprocessing;
} alx_model_meta;

/* The file to open: path itself, or in a run folder the best weights, else the last checkpoint (a run that was
 * interrupted before its first validation has no best).  Release with free. */
alx_status alx_model_find_file(char **file, const char *path, alx_error *err);

void alx_model_meta_finish(alx_model_meta *meta);
/* Checks and reads the metadata of an open file; what is missing is named. */
alx_status alx_model_meta_read(alx_model_meta *meta, const alx_safetensors *file, alx_error *err);
/* Declares metadata of a model file. */
alx_status alx_model_meta_write(alx_safetensors_writer *writer, const alx_model_meta *meta, alx_error *err);

/* What stands in front of names in a checkpoint: the optimizer's "optimizer.m." ..., of trainable tensors alone, and
 * the average of all. */
#define ALX_PREFIX_OPTIMIZER "optimizer."
#define ALX_PREFIX_AVERAGE   "ema."

/* Whether the file has every tensor of the network, before memory is taken for them: a network may claim any size. */
alx_status alx_model_tensors_check(const alx_graph *graph, const alx_safetensors *file, alx_error *err);
/* Every tensor of the store by name, with exactly its shape; "conv2d_1.kernel is (96, 3, 11, 11) in the file and
 * (64, 3, 11, 11) in the network: this is a file of another model". prefix: "" or one of these; span:
 * values with the store's offsets; verify: the file is compared with its hash in the same pass. */
alx_status alx_model_tensors_read(const alx_params *params, const alx_safetensors *file, const char *prefix,
                                  float *span, bool verify, alx_error *err);
/* kernels: ALX_ST_F32, or ALX_ST_BF16 for those of convolutions and dense layers (rounded to nearest even); biases and
 * what belongs to normalisations are F32 in any case: they are few, and added to sums. */
alx_status alx_model_tensors_declare(const alx_params *params, alx_safetensors_writer *writer, const char *prefix,
                                     alx_st_type kernels, alx_error *err);
alx_status alx_model_tensors_write(const alx_params *params, alx_safetensors_writer *writer, const char *prefix,
                                   alx_st_type kernels, const float *span, alx_error *err);

#endif
