/* Any bytes as a safetensors file; what opens must cover its data and be readable to the last byte. */
#include <stdlib.h>
#include <string.h>

#include "formats/safetensors.h"
#include "fuzz/fuzz.h"

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

/* What a pass hands over: units of three, of real numbers alone. */
static int64_t unit_of(void *user, int index)
{
    return alx_safetensors_tensor(user, index)->type > ALX_ST_F64 ? 0 : 3;
}

static void take(void *user, int index, int64_t first, int64_t count, const float *values)
{
    const alx_st_tensor *tensor = alx_safetensors_tensor(user, index);
    const uint64_t items = tensor->size / alx_st_type_size(tensor->type);
    if (first < 0 || count < 1 || first % 3 != 0 || (uint64_t)(first + count) > items) abort();
    volatile float last = values[count - 1];
    (void)last;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    alx_safetensors *file = NULL;
    alx_error err = {0};
    alx_status status = alx_safetensors_open_bytes(&file, data, size, &err);
    require(!file == (status != ALX_OK));
    if (status) {
        require_refusal(status, &err);
        return 0;
    }
    uint64_t total = 0;
    for (int i = 0; i < alx_safetensors_count(file); i++) {
        const alx_st_tensor *tensor = alx_safetensors_tensor(file, i);
        if (tensor->offset != total || tensor->size > size) abort();
        if (alx_safetensors_find(file, tensor->name) != tensor) abort();
        total += tensor->size;
        read_tensor(file, tensor);
    }
    const alx_st_taker taker = {unit_of, take, file};
    if (alx_safetensors_stream(file, &taker, false, NULL)) abort();
    if (alx_safetensors_stream(file, &taker, true, NULL) != alx_safetensors_verify(file, NULL)) abort();
    alx_safetensors_close(file);
    return 0;
}
