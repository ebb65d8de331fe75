/* Any bytes as a safetensors file; what opens must cover its data and be readable to the last byte. */
#include <stdlib.h>
#include <string.h>

#include "formats/safetensors.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_tensor(const alx_safetensors *file, const alx_st_tensor *tensor)
{
    uint8_t *bytes = malloc(tensor->size ? tensor->size : 1);
    if (!bytes || alx_safetensors_read(file, tensor, bytes, NULL)) abort();
    free(bytes);
    if (tensor->type > ALX_ST_F64) return;
    size_t count = (size_t)tensor->size / alx_st_type_size(tensor->type);
    float *values = malloc(count ? count * sizeof *values : 1);
    if (!values || alx_safetensors_read_f32(file, tensor, values, NULL)) abort();
    free(values);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    alx_safetensors *file = NULL;
    alx_error err = {0};
    alx_status status = alx_safetensors_open_bytes(&file, data, size, &err);
    if (status ? file || !err.message[0] || strchr(err.message, '\n') : !file) abort();
    if (status) return 0;
    uint64_t total = 0;
    for (int i = 0; i < alx_safetensors_count(file); i++) {
        const alx_st_tensor *tensor = alx_safetensors_tensor(file, i);
        if (tensor->offset != total || tensor->size > size) abort();
        if (alx_safetensors_find(file, tensor->name) != tensor) abort();
        total += tensor->size;
        read_tensor(file, tensor);
    }
    alx_safetensors_verify(file, NULL);
    alx_safetensors_close(file);
    return 0;
}
