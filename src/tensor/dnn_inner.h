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
    const alx_md *layouts[ALX_ARG_MULTIPLE]; /* by argument; NULL: takes none */
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
    /* User scratchpad; with ReLU behind, with a sum into the destination, with both. */
    dnnl_primitive_attr_t plain_attr, relu_attr, sum_attr, sum_relu_attr;
    struct alx_md *layouts;
    struct alx_prim *prims;
    struct alx_call *calls;
};

alx_status alx_dnn_fail(alx_error *err, dnnl_status_t status, const char *what);
dnnl_data_type_t alx_dnn_type(alx_dtype type);
/* A new, listed layout whose handle is still empty. */
alx_status alx_md_new(struct alx_md **md, alx_dnn *dnn, const alx_shape *shape, alx_dtype type, alx_error *err);
/* Takes desc over and makes the primitive; status is that of the call that made desc. */
alx_status alx_prim_new(alx_prim **prim, alx_dnn *dnn, dnnl_primitive_desc_t desc, dnnl_status_t status,
                        const char *what, alx_error *err);
dnnl_format_tag_t alx_dnn_tag(alx_order order, int rank);
dnnl_alg_kind_t alx_dnn_eltwise_algorithm(alx_eltwise kind, bool backward);
float alx_dnn_eltwise_alpha(alx_eltwise kind, float alpha);

static inline dnnl_primitive_attr_t alx_dnn_conv_attr(const alx_dnn *dnn, const alx_conv_geometry *g)
{
    return g->sum ? g->relu ? dnn->sum_relu_attr : dnn->sum_attr : g->relu ? dnn->relu_attr : dnn->plain_attr;
}

/* Of batch normalisation; affine: with scale and shift; fixed: mean and variance are given. */
static inline unsigned alx_dnn_norm_flags(bool affine, bool fixed)
{
    const unsigned none = 0, both = dnnl_use_scale | dnnl_use_shift, given = dnnl_use_global_stats;
    return (affine ? both : none) | (fixed ? given : none);
}

/* A geometry in oneDNN's arrays. */
typedef struct window_dims {
    alx_dims stride, kernel, dilation, begin, end;
} window_dims;

static inline window_dims conv_dims(const alx_conv_geometry *g)
{
    return (window_dims){
        .stride = alx_dims_of(g->stride, 2), .begin = alx_dims_of(g->pad_begin, 2), .end = alx_dims_of(g->pad_end, 2)};
}

static inline window_dims pool_dims(const alx_pool_geometry *g)
{
    return (window_dims){.stride = alx_dims_of(g->stride, 2),
                         .kernel = alx_dims_of(g->kernel, 2),
                         .begin = alx_dims_of(g->pad_begin, 2),
                         .end = alx_dims_of(g->pad_end, 2)};
}

static inline alx_dtype type_from(dnnl_data_type_t type)
{
    return type == dnnl_bf16 ? ALX_BF16 : type == dnnl_s32 ? ALX_S32 : ALX_F32;
}

static inline dnnl_alg_kind_t conv_algorithm(const alx_conv_geometry *g)
{
    return g->winograd ? dnnl_convolution_auto : dnnl_convolution_direct;
}

static inline dnnl_prop_kind_t forward_kind(bool training)
{
    return training ? dnnl_forward_training : dnnl_forward_inference;
}

static inline dnnl_alg_kind_t pool_algorithm(const alx_pool_geometry *g)
{
    return g->average ? dnnl_pooling_avg_exclude_padding : dnnl_pooling_max;
}

/* A layout of blocks taken apart: strides (in elements) and padded sizes by axis, then the inner blocks. */
typedef struct md_blocks {
    const int64_t *strides, *padded;
    int inner_count;
    const int64_t *inner_sizes, *inner_axes;
} md_blocks;

/* In dnn_v2.c and dnn_v3.c. */
/* False where the layout is no plain arithmetic of indices (Winograd's weights). */
bool alx_md_blocks(md_blocks *blocks, const alx_md *md);
void alx_md_release(struct alx_md *md);
/* A listed layout copied from oneDNN's. */
alx_status alx_md_adopt(const alx_md **md, alx_dnn *dnn, alx_md_ref from, alx_error *err);

#endif
