/* A trained model in memory: immutable once opened, shared by any number of sessions. */
#ifndef ALX_PREDICT_MODEL_H
#define ALX_PREDICT_MODEL_H

#include "data/preprocess.h"
#include "model/model_file.h"

struct alx_model {
    alx_model_meta meta; /* owned: class names in output order, YAML */
    alx_graph *graph;
    alx_params *params;
    alx_preprocess preprocess;
    char *description; /* of preprocess, for people */
    bool bf16;         /* its kernels have been rounded to bf16 */
};

#endif
