/* oneDNN 3.x: primitive descriptors made directly, and memory descriptors that are handles. */
#include "tensor/dnn_inner.h"

#if DNNL_VERSION_MAJOR == 3

/* ---- Layouts ---- */

void alx_md_release(struct alx_md *md)
{
    if (md->handle) dnnl_memory_desc_destroy(md->handle);
}

alx_status alx_md_adopt(const alx_md **out, alx_dnn *dnn, alx_md_ref from, alx_error *err)
{
    int rank = 0;
    const dnnl_dims_t *dims = NULL;
    dnnl_data_type_t type = dnnl_f32;
    dnnl_memory_desc_query(from, dnnl_query_ndims_s32, &rank);
    dnnl_memory_desc_query(from, dnnl_query_dims, &dims);
    dnnl_memory_desc_query(from, dnnl_query_data_type, &type);
    alx_shape shape = {rank < ALX_MAX_RANK ? rank : ALX_MAX_RANK, {0}};
    for (int i = 0; dims && i < shape.rank; i++) shape.dims[i] = (*dims)[i];
    struct alx_md *md = NULL;
    ALX_TRY(alx_md_new(&md, dnn, &shape, type_from(type), err));
    dnnl_status_t status = dnnl_memory_desc_clone(&md->handle, from);
    if (status) return alx_dnn_fail(err, status, "layout");
    *out = md;
    return ALX_OK;
}

alx_status alx_md_create(const alx_md **out, alx_dnn *dnn, const alx_shape *shape, alx_dtype type, alx_order order,
                         alx_error *err)
{
    struct alx_md *md = NULL;
    ALX_TRY(alx_md_new(&md, dnn, shape, type, err));
    alx_dims dims = alx_dims_of(shape->dims, shape->rank);
    dnnl_status_t status = dnnl_memory_desc_create_with_tag(&md->handle, shape->rank, dims.d, alx_dnn_type(type),
                                                            alx_dnn_tag(order, shape->rank));
    if (status) return alx_dnn_fail(err, status, "layout");
    *out = md;
    return ALX_OK;
}

alx_status alx_md_part(const alx_md **out, alx_dnn *dnn, const alx_md *whole, const alx_shape *shape,
                       const int64_t *offsets, alx_error *err)
{
    struct alx_md *md = NULL;
    ALX_TRY(alx_md_new(&md, dnn, shape, whole->type, err));
    alx_dims dims = alx_dims_of(shape->dims, shape->rank), at = alx_dims_of(offsets, shape->rank);
    dnnl_status_t status = dnnl_memory_desc_create_submemory(&md->handle, whole->handle, dims.d, at.d);
    if (status) return alx_dnn_fail(err, status, "part of a layout");
    *out = md;
    return ALX_OK;
}

bool alx_md_blocks(md_blocks *blocks, const alx_md *md)
{
    dnnl_format_kind_t kind = dnnl_format_kind_undef;
    int inner_count = 0;
    const dnnl_dims_t *inner_blocks = NULL, *inner_axes = NULL, *strides = NULL, *padded = NULL;
    dnnl_memory_desc_query(md->handle, dnnl_query_format_kind, &kind);
    if (kind != dnnl_blocked) return false;
    dnnl_memory_desc_query(md->handle, dnnl_query_inner_nblks_s32, &inner_count);
    dnnl_memory_desc_query(md->handle, dnnl_query_inner_blks, &inner_blocks);
    dnnl_memory_desc_query(md->handle, dnnl_query_inner_idxs, &inner_axes);
    dnnl_memory_desc_query(md->handle, dnnl_query_strides, &strides);
    dnnl_memory_desc_query(md->handle, dnnl_query_padded_dims, &padded);
    if (!inner_blocks || !inner_axes || !strides || !padded) return false;
    *blocks = (md_blocks){*strides, *padded, inner_count, *inner_blocks, *inner_axes};
    return true;
}

/* ---- Primitives ---- */

alx_status alx_dnn_conv_forward(alx_prim **prim, alx_dnn *dnn, const alx_conv_geometry *g, bool training,
                                const alx_md *src, const alx_md *weights, const alx_md *bias, const alx_md *dst,
                                alx_error *err)
{
    window_dims w = conv_dims(g);
    dnnl_primitive_desc_t desc = NULL;
    dnnl_status_t status = dnnl_convolution_forward_primitive_desc_create(
        &desc, dnn->engine, forward_kind(training), conv_algorithm(g), src->handle, weights->handle,
        bias ? bias->handle : NULL, dst->handle, w.stride.d, w.dilation.d, w.begin.d, w.end.d,
        alx_dnn_conv_attr(dnn, g));
    return alx_prim_new(prim, dnn, desc, status, "convolution", err);
}

/* Backward primitives want a forward one as a hint: the same convolution without ReLU. */
alx_status alx_dnn_conv_backward_data(alx_prim **prim, alx_dnn *dnn, const alx_conv_geometry *g, const alx_md *diff_src,
                                      const alx_md *weights, const alx_md *diff_dst, alx_error *err)
{
    alx_conv_geometry plain = *g;
    plain.relu = false;
    alx_prim *hint = NULL;
    ALX_TRY(alx_dnn_conv_forward(&hint, dnn, &plain, true, diff_src, weights, NULL, diff_dst, err));
    window_dims w = conv_dims(g);
    dnnl_primitive_desc_t desc = NULL;
    dnnl_status_t status = dnnl_convolution_backward_data_primitive_desc_create(
        &desc, dnn->engine, conv_algorithm(g), diff_src->handle, weights->handle, diff_dst->handle, w.stride.d,
        w.dilation.d, w.begin.d, w.end.d, hint->desc, dnn->plain_attr);
    return alx_prim_new(prim, dnn, desc, status, "convolution backward data", err);
}

alx_status alx_dnn_conv_backward_weights(alx_prim **prim, alx_dnn *dnn, const alx_conv_geometry *g, const alx_md *src,
                                         const alx_md *diff_weights, const alx_md *diff_bias, const alx_md *diff_dst,
                                         alx_error *err)
{
    alx_conv_geometry plain = *g;
    plain.relu = false;
    const alx_md *weights = NULL;
    ALX_TRY(alx_md_create(&weights, dnn, &diff_weights->shape, src->type, ALX_ORDER_ANY, err));
    alx_prim *hint = NULL;
    ALX_TRY(alx_dnn_conv_forward(&hint, dnn, &plain, true, src, weights, NULL, diff_dst, err));
    window_dims w = conv_dims(g);
    dnnl_primitive_desc_t desc = NULL;
    dnnl_status_t status = dnnl_convolution_backward_weights_primitive_desc_create(
        &desc, dnn->engine, conv_algorithm(g), src->handle, diff_weights->handle, diff_bias ? diff_bias->handle : NULL,
        diff_dst->handle, w.stride.d, w.dilation.d, w.begin.d, w.end.d, hint->desc, dnn->plain_attr);
    return alx_prim_new(prim, dnn, desc, status, "convolution backward weights", err);
}

alx_status alx_dnn_matmul_forward(alx_prim **prim, alx_dnn *dnn, bool relu, bool training, const alx_md *src,
                                  const alx_md *weights, const alx_md *bias, const alx_md *dst, alx_error *err)
{
    dnnl_primitive_desc_t desc = NULL;
    dnnl_status_t status = dnnl_inner_product_forward_primitive_desc_create(
        &desc, dnn->engine, forward_kind(training), src->handle, weights->handle, bias ? bias->handle : NULL,
        dst->handle, relu ? dnn->relu_attr : dnn->plain_attr);
    return alx_prim_new(prim, dnn, desc, status, "matrix product", err);
}

alx_status alx_dnn_matmul_backward_data(alx_prim **prim, alx_dnn *dnn, const alx_md *diff_src, const alx_md *weights,
                                        const alx_md *diff_dst, alx_error *err)
{
    alx_prim *hint = NULL;
    ALX_TRY(alx_dnn_matmul_forward(&hint, dnn, false, true, diff_src, weights, NULL, diff_dst, err));
    dnnl_primitive_desc_t desc = NULL;
    dnnl_status_t status = dnnl_inner_product_backward_data_primitive_desc_create(
        &desc, dnn->engine, diff_src->handle, weights->handle, diff_dst->handle, hint->desc, dnn->plain_attr);
    return alx_prim_new(prim, dnn, desc, status, "matrix product backward data", err);
}

alx_status alx_dnn_matmul_backward_weights(alx_prim **prim, alx_dnn *dnn, const alx_md *src, const alx_md *diff_weights,
                                           const alx_md *diff_bias, const alx_md *diff_dst, alx_error *err)
{
    const alx_md *weights = NULL;
    ALX_TRY(alx_md_create(&weights, dnn, &diff_weights->shape, src->type, ALX_ORDER_ANY, err));
    alx_prim *hint = NULL;
    ALX_TRY(alx_dnn_matmul_forward(&hint, dnn, false, true, src, weights, NULL, diff_dst, err));
    dnnl_primitive_desc_t desc = NULL;
    dnnl_status_t status = dnnl_inner_product_backward_weights_primitive_desc_create(
        &desc, dnn->engine, src->handle, diff_weights->handle, diff_bias ? diff_bias->handle : NULL, diff_dst->handle,
        hint->desc, dnn->plain_attr);
    return alx_prim_new(prim, dnn, desc, status, "matrix product backward weights", err);
}

alx_status alx_dnn_pool_forward(alx_prim **prim, alx_dnn *dnn, const alx_pool_geometry *g, bool training,
                                const alx_md *src, const alx_md *dst, alx_error *err)
{
    window_dims w = pool_dims(g);
    dnnl_primitive_desc_t desc = NULL;
    dnnl_status_t status = dnnl_pooling_forward_primitive_desc_create(
        &desc, dnn->engine, forward_kind(training), pool_algorithm(g), src->handle, dst->handle, w.stride.d, w.kernel.d,
        w.dilation.d, w.begin.d, w.end.d, dnn->plain_attr);
    return alx_prim_new(prim, dnn, desc, status, "pooling", err);
}

alx_status alx_dnn_pool_backward(alx_prim **prim, alx_dnn *dnn, const alx_pool_geometry *g, const alx_md *diff_src,
                                 const alx_md *diff_dst, alx_error *err)
{
    alx_prim *hint = NULL;
    ALX_TRY(alx_dnn_pool_forward(&hint, dnn, g, true, diff_src, diff_dst, err));
    window_dims w = pool_dims(g);
    dnnl_primitive_desc_t desc = NULL;
    dnnl_status_t status = dnnl_pooling_backward_primitive_desc_create(
        &desc, dnn->engine, pool_algorithm(g), diff_src->handle, diff_dst->handle, w.stride.d, w.kernel.d, w.dilation.d,
        w.begin.d, w.end.d, hint->desc, dnn->plain_attr);
    return alx_prim_new(prim, dnn, desc, status, "pooling backward", err);
}

alx_status alx_dnn_lrn_forward(alx_prim **prim, alx_dnn *dnn, const alx_lrn_geometry *g, bool training,
                               const alx_md *src, alx_error *err)
{
    dnnl_primitive_desc_t desc = NULL;
    dnnl_status_t status = dnnl_lrn_forward_primitive_desc_create(&desc, dnn->engine, forward_kind(training),
                                                                  dnnl_lrn_across_channels, src->handle, src->handle,
                                                                  g->size, g->alpha, g->beta, g->k, dnn->plain_attr);
    return alx_prim_new(prim, dnn, desc, status, "local response normalisation", err);
}

alx_status alx_dnn_lrn_backward(alx_prim **prim, alx_dnn *dnn, const alx_lrn_geometry *g, const alx_md *src,
                                const alx_md *diff, alx_error *err)
{
    alx_prim *hint = NULL;
    ALX_TRY(alx_dnn_lrn_forward(&hint, dnn, g, true, src, err));
    dnnl_primitive_desc_t desc = NULL;
    dnnl_status_t status = dnnl_lrn_backward_primitive_desc_create(
        &desc, dnn->engine, dnnl_lrn_across_channels, diff->handle, diff->handle, src->handle, g->size, g->alpha,
        g->beta, g->k, hint->desc, dnn->plain_attr);
    return alx_prim_new(prim, dnn, desc, status, "local response normalisation backward", err);
}

static alx_status norm_forward(alx_prim **prim, alx_dnn *dnn, float epsilon, bool training, unsigned flags,
                               const alx_md *src, alx_error *err)
{
    dnnl_primitive_desc_t desc = NULL;
    dnnl_status_t status = dnnl_batch_normalization_forward_primitive_desc_create(
        &desc, dnn->engine, forward_kind(training), src->handle, src->handle, epsilon, flags, dnn->plain_attr);
    return alx_prim_new(prim, dnn, desc, status, "batch normalisation", err);
}

alx_status alx_dnn_batch_norm_forward(alx_prim **prim, alx_dnn *dnn, float epsilon, bool affine, bool training,
                                      const alx_md *src, alx_error *err)
{
    return norm_forward(prim, dnn, epsilon, training, alx_dnn_norm_flags(affine, !training), src, err);
}

alx_status alx_dnn_batch_norm_backward(alx_prim **prim, alx_dnn *dnn, float epsilon, bool fixed, const alx_md *src,
                                       const alx_md *diff, alx_error *err)
{
    alx_prim *hint = NULL;
    const unsigned flags = alx_dnn_norm_flags(true, fixed);
    ALX_TRY(norm_forward(&hint, dnn, epsilon, true, flags, src, err));
    dnnl_primitive_desc_t desc = NULL;
    dnnl_status_t status = dnnl_batch_normalization_backward_primitive_desc_create(
        &desc, dnn->engine, dnnl_backward, diff->handle, diff->handle, src->handle, epsilon, flags, hint->desc,
        dnn->plain_attr);
    return alx_prim_new(prim, dnn, desc, status, "batch normalisation backward", err);
}

static alx_status eltwise_forward(alx_prim **prim, alx_dnn *dnn, dnnl_alg_kind_t algorithm, float alpha, bool training,
                                  const alx_md *src, alx_error *err)
{
    dnnl_primitive_desc_t desc = NULL;
    dnnl_status_t status = dnnl_eltwise_forward_primitive_desc_create(
        &desc, dnn->engine, forward_kind(training), algorithm, src->handle, src->handle, alpha, 0.0f, dnn->plain_attr);
    return alx_prim_new(prim, dnn, desc, status, "activation", err);
}

alx_status alx_dnn_eltwise_forward(alx_prim **prim, alx_dnn *dnn, alx_eltwise kind, float alpha, bool training,
                                   const alx_md *src, alx_error *err)
{
    return eltwise_forward(prim, dnn, alx_dnn_eltwise_algorithm(kind, false), alx_dnn_eltwise_alpha(kind, alpha),
                           training, src, err);
}

alx_status alx_dnn_eltwise_backward(alx_prim **prim, alx_dnn *dnn, alx_eltwise kind, float alpha, const alx_md *data,
                                    const alx_md *diff, alx_error *err)
{
    dnnl_alg_kind_t algorithm = alx_dnn_eltwise_algorithm(kind, true);
    alpha = alx_dnn_eltwise_alpha(kind, alpha);
    alx_prim *hint = NULL;
    ALX_TRY(eltwise_forward(&hint, dnn, algorithm, alpha, true, data, err));
    dnnl_primitive_desc_t desc = NULL;
    dnnl_status_t status =
        dnnl_eltwise_backward_primitive_desc_create(&desc, dnn->engine, algorithm, diff->handle, diff->handle,
                                                    data->handle, alpha, 0.0f, hint->desc, dnn->plain_attr);
    return alx_prim_new(prim, dnn, desc, status, "activation backward", err);
}

alx_status alx_dnn_softmax_forward(alx_prim **prim, alx_dnn *dnn, bool training, const alx_md *src, alx_error *err)
{
    dnnl_primitive_desc_t desc = NULL;
    dnnl_status_t status =
        dnnl_softmax_forward_primitive_desc_create(&desc, dnn->engine, forward_kind(training), dnnl_softmax_accurate,
                                                   src->handle, src->handle, 1, dnn->plain_attr);
    return alx_prim_new(prim, dnn, desc, status, "softmax", err);
}

alx_status alx_dnn_softmax_backward(alx_prim **prim, alx_dnn *dnn, const alx_md *dst, alx_error *err)
{
    alx_prim *hint = NULL;
    ALX_TRY(alx_dnn_softmax_forward(&hint, dnn, true, dst, err));
    dnnl_primitive_desc_t desc = NULL;
    dnnl_status_t status =
        dnnl_softmax_backward_primitive_desc_create(&desc, dnn->engine, dnnl_softmax_accurate, dst->handle, dst->handle,
                                                    dst->handle, 1, hint->desc, dnn->plain_attr);
    return alx_prim_new(prim, dnn, desc, status, "softmax backward", err);
}

/* 3.x takes an array of handles. */
static const_dnnl_memory_desc_t *gather(alx_dnn *dnn, int count, const alx_md *const *src, alx_error *err)
{
    const_dnnl_memory_desc_t *list = alx_arena_alloc(&dnn->arena, (size_t)count, sizeof *list, err);
    for (int i = 0; list && i < count; i++) list[i] = src[i]->handle;
    return list;
}

alx_status alx_dnn_sum(alx_prim **prim, alx_dnn *dnn, int count, const alx_md *const *src, const alx_md *dst,
                       alx_error *err)
{
    const_dnnl_memory_desc_t *list = gather(dnn, count, src, err);
    float *scales = list ? alx_arena_alloc(&dnn->arena, (size_t)count, sizeof *scales, err) : NULL;
    if (!scales) return ALX_NO_MEMORY;
    for (int i = 0; i < count; i++) scales[i] = 1.0f;
    dnnl_primitive_desc_t desc = NULL;
    dnnl_status_t status =
        dnnl_sum_primitive_desc_create(&desc, dnn->engine, dst->handle, count, scales, list, dnn->plain_attr);
    return alx_prim_new(prim, dnn, desc, status, "sum", err);
}

alx_status alx_dnn_concat(alx_prim **prim, alx_dnn *dnn, int count, const alx_md *const *src, const alx_md *dst,
                          alx_error *err)
{
    const_dnnl_memory_desc_t *list = gather(dnn, count, src, err);
    if (!list) return ALX_NO_MEMORY;
    dnnl_primitive_desc_t desc = NULL;
    dnnl_status_t status =
        dnnl_concat_primitive_desc_create(&desc, dnn->engine, dst->handle, count, 1, list, dnn->plain_attr);
    return alx_prim_new(prim, dnn, desc, status, "concatenation", err);
}

alx_status alx_dnn_reorder(alx_prim **prim, alx_dnn *dnn, const alx_md *from, const alx_md *to, alx_error *err)
{
    dnnl_primitive_desc_t desc = NULL;
    dnnl_status_t status =
        dnnl_reorder_primitive_desc_create(&desc, from->handle, dnn->engine, to->handle, dnn->engine, dnn->plain_attr);
    return alx_prim_new(prim, dnn, desc, status, "reorder", err);
}

#else
typedef int alx_not_this_version;
#endif
