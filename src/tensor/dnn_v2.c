/* oneDNN 2.x: operation descriptors, and memory descriptors that are structs. */
#include "tensor/dnn_inner.h"

#if DNNL_VERSION_MAJOR == 2

/* ---- Layouts ---- */

void alx_md_release(struct alx_md *md)
{
    (void)md; /* a struct owns nothing */
}

alx_status alx_md_adopt(const alx_md **out, alx_dnn *dnn, alx_md_ref from, alx_error *err)
{
    alx_shape shape = {from->ndims < ALX_MAX_RANK ? from->ndims : ALX_MAX_RANK, {0}};
    for (int i = 0; i < shape.rank; i++) shape.dims[i] = from->dims[i];
    struct alx_md *md = NULL;
    ALX_TRY(alx_md_new(&md, dnn, &shape, type_from(from->data_type), err));
    md->handle = *from;
    *out = md;
    return ALX_OK;
}

alx_status alx_md_create(const alx_md **out, alx_dnn *dnn, const alx_shape *shape, alx_dtype type, alx_order order,
                         alx_error *err)
{
    struct alx_md *md = NULL;
    ALX_TRY(alx_md_new(&md, dnn, shape, type, err));
    alx_dims dims = alx_dims_of(shape->dims, shape->rank);
    dnnl_status_t status = dnnl_memory_desc_init_by_tag(&md->handle, shape->rank, dims.d, alx_dnn_type(type),
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
    dnnl_status_t status = dnnl_memory_desc_init_submemory(&md->handle, &whole->handle, dims.d, at.d);
    if (status) return alx_dnn_fail(err, status, "part of a layout");
    *out = md;
    return ALX_OK;
}

bool alx_md_blocks(md_blocks *blocks, const alx_md *md)
{
    if (md->handle.format_kind != dnnl_blocked) return false;
    const dnnl_blocking_desc_t *blocking = &md->handle.format_desc.blocking;
    *blocks = (md_blocks){blocking->strides, md->handle.padded_dims, blocking->inner_nblks, blocking->inner_blks,
                          blocking->inner_idxs};
    return true;
}

/* ---- Primitives ---- */

static alx_status prim_from(alx_prim **prim, alx_dnn *dnn, const_dnnl_op_desc_t op, dnnl_status_t status,
                            const_dnnl_primitive_attr_t attr, const_dnnl_primitive_desc_t hint, const char *what,
                            alx_error *err)
{
    dnnl_primitive_desc_t desc = NULL;
    if (!status) status = dnnl_primitive_desc_create(&desc, op, attr, dnn->engine, hint);
    return alx_prim_new(prim, dnn, desc, status, what, err);
}

alx_status alx_dnn_conv_forward(alx_prim **prim, alx_dnn *dnn, const alx_conv_geometry *g, bool training,
                                const alx_md *src, const alx_md *weights, const alx_md *bias, const alx_md *dst,
                                alx_error *err)
{
    window_dims w = conv_dims(g);
    dnnl_convolution_desc_t op;
    dnnl_status_t status = dnnl_dilated_convolution_forward_desc_init(
        &op, forward_kind(training), conv_algorithm(g), &src->handle, &weights->handle, bias ? &bias->handle : NULL,
        &dst->handle, w.stride.d, w.dilation.d, w.begin.d, w.end.d);
    return prim_from(prim, dnn, &op, status, alx_dnn_conv_attr(dnn, g), NULL, "convolution", err);
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
    dnnl_convolution_desc_t op;
    dnnl_status_t status = dnnl_dilated_convolution_backward_data_desc_init(
        &op, conv_algorithm(g), &diff_src->handle, &weights->handle, &diff_dst->handle, w.stride.d, w.dilation.d,
        w.begin.d, w.end.d);
    return prim_from(prim, dnn, &op, status, dnn->plain_attr, hint->desc, "convolution backward data", err);
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
    dnnl_convolution_desc_t op;
    dnnl_status_t status = dnnl_dilated_convolution_backward_weights_desc_init(
        &op, conv_algorithm(g), &src->handle, &diff_weights->handle, diff_bias ? &diff_bias->handle : NULL,
        &diff_dst->handle, w.stride.d, w.dilation.d, w.begin.d, w.end.d);
    return prim_from(prim, dnn, &op, status, dnn->plain_attr, hint->desc, "convolution backward weights", err);
}

alx_status alx_dnn_matmul_forward(alx_prim **prim, alx_dnn *dnn, bool relu, bool training, const alx_md *src,
                                  const alx_md *weights, const alx_md *bias, const alx_md *dst, alx_error *err)
{
    dnnl_inner_product_desc_t op;
    dnnl_status_t status = dnnl_inner_product_forward_desc_init(
        &op, forward_kind(training), &src->handle, &weights->handle, bias ? &bias->handle : NULL, &dst->handle);
    return prim_from(prim, dnn, &op, status, relu ? dnn->relu_attr : dnn->plain_attr, NULL, "matrix product", err);
}

alx_status alx_dnn_matmul_backward_data(alx_prim **prim, alx_dnn *dnn, const alx_md *diff_src, const alx_md *weights,
                                        const alx_md *diff_dst, alx_error *err)
{
    alx_prim *hint = NULL;
    ALX_TRY(alx_dnn_matmul_forward(&hint, dnn, false, true, diff_src, weights, NULL, diff_dst, err));
    dnnl_inner_product_desc_t op;
    dnnl_status_t status =
        dnnl_inner_product_backward_data_desc_init(&op, &diff_src->handle, &weights->handle, &diff_dst->handle);
    return prim_from(prim, dnn, &op, status, dnn->plain_attr, hint->desc, "matrix product backward data", err);
}

alx_status alx_dnn_matmul_backward_weights(alx_prim **prim, alx_dnn *dnn, const alx_md *src, const alx_md *diff_weights,
                                           const alx_md *diff_bias, const alx_md *diff_dst, alx_error *err)
{
    const alx_md *weights = NULL;
    ALX_TRY(alx_md_create(&weights, dnn, &diff_weights->shape, src->type, ALX_ORDER_ANY, err));
    alx_prim *hint = NULL;
    ALX_TRY(alx_dnn_matmul_forward(&hint, dnn, false, true, src, weights, NULL, diff_dst, err));
    dnnl_inner_product_desc_t op;
    dnnl_status_t status = dnnl_inner_product_backward_weights_desc_init(
        &op, &src->handle, &diff_weights->handle, diff_bias ? &diff_bias->handle : NULL, &diff_dst->handle);
    return prim_from(prim, dnn, &op, status, dnn->plain_attr, hint->desc, "matrix product backward weights", err);
}

alx_status alx_dnn_pool_forward(alx_prim **prim, alx_dnn *dnn, const alx_pool_geometry *g, bool training,
                                const alx_md *src, const alx_md *dst, alx_error *err)
{
    window_dims w = pool_dims(g);
    dnnl_pooling_desc_t op;
    dnnl_status_t status = dnnl_pooling_forward_desc_init(&op, forward_kind(training), pool_algorithm(g), &src->handle,
                                                          &dst->handle, w.stride.d, w.kernel.d, w.begin.d, w.end.d);
    return prim_from(prim, dnn, &op, status, dnn->plain_attr, NULL, "pooling", err);
}

alx_status alx_dnn_pool_backward(alx_prim **prim, alx_dnn *dnn, const alx_pool_geometry *g, const alx_md *diff_src,
                                 const alx_md *diff_dst, alx_error *err)
{
    alx_prim *hint = NULL;
    ALX_TRY(alx_dnn_pool_forward(&hint, dnn, g, true, diff_src, diff_dst, err));
    window_dims w = pool_dims(g);
    dnnl_pooling_desc_t op;
    dnnl_status_t status = dnnl_pooling_backward_desc_init(&op, pool_algorithm(g), &diff_src->handle, &diff_dst->handle,
                                                           w.stride.d, w.kernel.d, w.begin.d, w.end.d);
    return prim_from(prim, dnn, &op, status, dnn->plain_attr, hint->desc, "pooling backward", err);
}

alx_status alx_dnn_lrn_forward(alx_prim **prim, alx_dnn *dnn, const alx_lrn_geometry *g, bool training,
                               const alx_md *src, alx_error *err)
{
    dnnl_lrn_desc_t op;
    dnnl_status_t status = dnnl_lrn_forward_desc_init(&op, forward_kind(training), dnnl_lrn_across_channels,
                                                      &src->handle, g->size, g->alpha, g->beta, g->k);
    return prim_from(prim, dnn, &op, status, dnn->plain_attr, NULL, "local response normalisation", err);
}

alx_status alx_dnn_lrn_backward(alx_prim **prim, alx_dnn *dnn, const alx_lrn_geometry *g, const alx_md *src,
                                const alx_md *diff, alx_error *err)
{
    alx_prim *hint = NULL;
    ALX_TRY(alx_dnn_lrn_forward(&hint, dnn, g, true, src, err));
    dnnl_lrn_desc_t op;
    dnnl_status_t status = dnnl_lrn_backward_desc_init(&op, dnnl_lrn_across_channels, &diff->handle, &src->handle,
                                                       g->size, g->alpha, g->beta, g->k);
    return prim_from(prim, dnn, &op, status, dnn->plain_attr, hint->desc, "local response normalisation backward", err);
}

static alx_status norm_forward(alx_prim **prim, alx_dnn *dnn, float epsilon, bool training, unsigned flags,
                               const alx_md *src, alx_error *err)
{
    dnnl_batch_normalization_desc_t op;
    dnnl_status_t status =
        dnnl_batch_normalization_forward_desc_init(&op, forward_kind(training), &src->handle, epsilon, flags);
    return prim_from(prim, dnn, &op, status, dnn->plain_attr, NULL, "batch normalisation", err);
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
    dnnl_batch_normalization_desc_t op;
    dnnl_status_t status =
        dnnl_batch_normalization_backward_desc_init(&op, dnnl_backward, &diff->handle, &src->handle, epsilon, flags);
    return prim_from(prim, dnn, &op, status, dnn->plain_attr, hint->desc, "batch normalisation backward", err);
}

static alx_status eltwise_forward(alx_prim **prim, alx_dnn *dnn, dnnl_alg_kind_t algorithm, float alpha, bool training,
                                  const alx_md *src, alx_error *err)
{
    dnnl_eltwise_desc_t op;
    dnnl_status_t status =
        dnnl_eltwise_forward_desc_init(&op, forward_kind(training), algorithm, &src->handle, alpha, 0.0f);
    return prim_from(prim, dnn, &op, status, dnn->plain_attr, NULL, "activation", err);
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
    dnnl_eltwise_desc_t op;
    dnnl_status_t status = dnnl_eltwise_backward_desc_init(&op, algorithm, &diff->handle, &data->handle, alpha, 0.0f);
    return prim_from(prim, dnn, &op, status, dnn->plain_attr, hint->desc, "activation backward", err);
}

alx_status alx_dnn_softmax_forward(alx_prim **prim, alx_dnn *dnn, bool training, const alx_md *src, alx_error *err)
{
    dnnl_softmax_desc_t op;
    dnnl_status_t status = dnnl_softmax_forward_desc_init(&op, forward_kind(training), &src->handle, 1);
    return prim_from(prim, dnn, &op, status, dnn->plain_attr, NULL, "softmax", err);
}

alx_status alx_dnn_softmax_backward(alx_prim **prim, alx_dnn *dnn, const alx_md *dst, alx_error *err)
{
    alx_prim *hint = NULL;
    ALX_TRY(alx_dnn_softmax_forward(&hint, dnn, true, dst, err));
    dnnl_softmax_desc_t op;
    dnnl_status_t status = dnnl_softmax_backward_desc_init(&op, &dst->handle, &dst->handle, 1);
    return prim_from(prim, dnn, &op, status, dnn->plain_attr, hint->desc, "softmax backward", err);
}

/* 2.x takes an array of structs. */
static dnnl_memory_desc_t *gather(alx_dnn *dnn, int count, const alx_md *const *src, alx_error *err)
{
    dnnl_memory_desc_t *list = alx_arena_alloc(&dnn->arena, (size_t)count, sizeof *list, err);
    for (int i = 0; list && i < count; i++) list[i] = src[i]->handle;
    return list;
}

alx_status alx_dnn_sum(alx_prim **prim, alx_dnn *dnn, int count, const alx_md *const *src, const alx_md *dst,
                       alx_error *err)
{
    dnnl_memory_desc_t *list = gather(dnn, count, src, err);
    float *scales = list ? alx_arena_alloc(&dnn->arena, (size_t)count, sizeof *scales, err) : NULL;
    if (!scales) return ALX_NO_MEMORY;
    for (int i = 0; i < count; i++) scales[i] = 1.0f;
    dnnl_primitive_desc_t desc = NULL;
    dnnl_status_t status =
        dnnl_sum_primitive_desc_create(&desc, &dst->handle, count, scales, list, dnn->plain_attr, dnn->engine);
    return alx_prim_new(prim, dnn, desc, status, "sum", err);
}

alx_status alx_dnn_concat(alx_prim **prim, alx_dnn *dnn, int count, const alx_md *const *src, const alx_md *dst,
                          alx_error *err)
{
    dnnl_memory_desc_t *list = gather(dnn, count, src, err);
    if (!list) return ALX_NO_MEMORY;
    dnnl_primitive_desc_t desc = NULL;
    dnnl_status_t status =
        dnnl_concat_primitive_desc_create(&desc, &dst->handle, count, 1, list, dnn->plain_attr, dnn->engine);
    return alx_prim_new(prim, dnn, desc, status, "concatenation", err);
}

alx_status alx_dnn_reorder(alx_prim **prim, alx_dnn *dnn, const alx_md *from, const alx_md *to, alx_error *err)
{
    dnnl_primitive_desc_t desc = NULL;
    dnnl_status_t status = dnnl_reorder_primitive_desc_create(&desc, &from->handle, dnn->engine, &to->handle,
                                                              dnn->engine, dnn->plain_attr);
    return alx_prim_new(prim, dnn, desc, status, "reorder", err);
}

#else
typedef int alx_not_this_version;
#endif
