/* Any bytes as a model file: refused with a message, or a model whose parts agree. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "predict/model.h"
#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    int file = memfd_create("model", 0);
    require(file >= 0 && write(file, data, size) == (ssize_t)size);
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    alx_model *model = NULL;
    alx_error err = {0};
    alx_status status = alx_model_open(&model, path, &err);
    close(file);
    if (status) {
        require_refusal(status, &err);
        require(!model);
        return 0;
    }
    require(alx_model_class_count(model) == model->graph->spec.classes && model->description);
    for (int i = 0; i < alx_model_class_count(model); i++) require(alx_model_class_name(model, i) != NULL);
    alx_model_destroy(model);
    return 0;
}
