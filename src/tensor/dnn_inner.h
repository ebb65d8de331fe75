/* What dnn_common.c, dnn_v2.c and dnn_v3.c share. */
#ifndef ALX_TENSOR_DNN_INNER_H
#define ALX_TENSOR_DNN_INNER_H

#include <oneapi/dnnl/dnnl.h>

#include "base/arena.h"
#include "tensor/dnn.h"

#if DNNL_VERSION_MAJOR != 2 && DNNL_VERSION_MAJOR != 3
#error "oneDNN 2.x or 3.x is needed"
#endif

/* In 2.x a descriptor is a struct, in 3.x a handle. */
#if DNNL_VERSION_MAJOR == 2
typedef dnnl_memory_desc_t alx_md_handle;
typedef const dnnl_memory_desc_t *alx_md_ref;
#define ALX_MD(md) (&(md)->handle)
#else
typedef dnnl_memory_desc_t alx_md_handle;
typedef const_dnnl_memory_desc_t alx_md_ref;
#define ALX_MD(md) ((md)->handle)
#endif

/* oneDNN's parameters are arrays of 12, of which it reads as many as there are dimensions. */
typedef struct alx_dims {
    dnnl_dims_t d;
} alx_dims;
static inline alx_dims alx_dims_of(const int64_t *values, int count)
{
    alx_dims dims = {{0}};
    for (int i = 0; i < count; i++) dims.d[i] = values[i];
    return dims;
}

struct alx_md {
    alx_md_handle handle;
    alx_shape shape;
    alx_dtype type;
    struct alx_md *next; /* in alx_dnn.layouts */
};

struct alx_prim {
    alx_dnn *dnn;
    dnnl_primitive_desc_t desc;
    dnnl_primitive_t primitive;
    struct alx_prim *next;
};

struct alx_call {
    alx_prim *prim;
    int count;
    dnnl_exec_arg_t *args;
    struct alx_call *next;
};

struct alx_dnn {
    alx_arena arena; /* layouts, prims and calls live here; their handles are released one by one */
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    dnnl_primitive_attr_t plain_attr, relu_attr; /* user scratchpad; the latter with ReLU behind */
    struct alx_md *layouts;
    struct alx_prim *prims;
    struct alx_call *calls;
};

alx_status alx_dnn_fail(alx_error *err, dnnl_status_t status, const char *what);
dnnl_data_type_t alx_dnn_type(alx_dtype type);
int alx_dnn_arg(alx_arg arg);
/* A new, listed layout whose handle is still empty. */
alx_status alx_md_new(struct alx_md **md, alx_dnn *dnn, const alx_shape *shape, alx_dtype type, alx_error *err);
/* Takes desc over and makes the primitive; status is that of the call that made desc. */
alx_status alx_prim_new(alx_prim **prim, alx_dnn *dnn, dnnl_primitive_desc_t desc, dnnl_status_t status,
                        const char *what, alx_error *err);
dnnl_format_tag_t alx_dnn_tag(alx_order order, int rank);
dnnl_alg_kind_t alx_dnn_eltwise_algorithm(alx_eltwise kind, bool backward);
float alx_dnn_eltwise_alpha(alx_eltwise kind, float alpha);

/* In dnn_v2.c and dnn_v3.c. */
void alx_md_release(struct alx_md *md);
/* A listed layout copied from oneDNN's. */
alx_status alx_md_adopt(const alx_md **md, alx_dnn *dnn, alx_md_ref from, alx_error *err);

#endif
