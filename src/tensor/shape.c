#include "tensor/shape.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

alx_status alx_shape_count(int64_t *count, const alx_shape *shape, alx_error *err)
{
    int64_t product = 1;
    for (int i = 0; i < shape->rank; i++) {
        int64_t size = shape->dims[i];
        if (size < 1) return alx_fail(err, ALX_BAD_MODEL, "a size of %" PRId64 "; every size must be at least 1", size);
        if (product > ALX_MAX_ELEMENTS / size)
            return alx_fail(err, ALX_BAD_MODEL, "more than 2^40 elements; use a smaller input or layer");
        product *= size;
    }
    *count = product;
    return ALX_OK;
}

int64_t alx_shape_elements(const alx_shape *shape)
{
    int64_t product = 1;
    for (int i = 0; i < shape->rank; i++) product *= shape->dims[i];
    return product;
}

bool alx_shape_equal(const alx_shape *a, const alx_shape *b)
{
    return a->rank == b->rank && memcmp(a->dims, b->dims, (size_t)a->rank * sizeof a->dims[0]) == 0;
}

alx_shape alx_shape_batched(const alx_shape *sample, int64_t batch)
{
    alx_shape shape = {sample->rank + 1, {batch}};
    for (int i = 0; i < sample->rank; i++) shape.dims[i + 1] = sample->dims[i];
    return shape;
}

const char *alx_shape_text(const alx_shape *sample, char buffer[64])
{
    const int64_t *d = sample->dims;
    if (sample->rank == 3)
        snprintf(buffer, 64, "%" PRId64 "x%" PRId64 "x%" PRId64, d[1], d[2], d[0]);
    else
        snprintf(buffer, 64, "%" PRId64, d[0]);
    return buffer;
}
