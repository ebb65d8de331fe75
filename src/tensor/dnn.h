/* oneDNN behind typed functions that are the same for 2.x and 3.x.
 *
 * An alx_dnn owns an engine, a stream and everything made through it: layouts and
 * primitives are never freed one by one, they go with it.  Layouts are immutable.
 * `dnnl.h` is not seen above tensor/; argument numbers are ours. */
#ifndef ALX_TENSOR_DNN_H
#define ALX_TENSOR_DNN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tensor/shape.h"

typedef enum alx_dtype { ALX_F32, ALX_BF16, ALX_S32 } alx_dtype;

typedef struct alx_dnn alx_dnn;
typedef struct alx_md alx_md;     /* a shape, a type and an order in memory */
typedef struct alx_prim alx_prim; /* a compiled computation over layouts */

alx_status alx_dnn_create(alx_dnn **dnn, alx_error *err);
void alx_dnn_destroy(alx_dnn *dnn);
/* What oneDNN takes this machine for. */
typedef struct alx_cpu {
    int channel_block;     /* lanes of the blocked layout: 16 (AVX-512), 8 (AVX2, NEON), 0: none */
    bool bf16;             /* bfloat16 is computed natively */
    bool bf16_emulated;    /* it can be computed at all */
    unsigned instructions; /* oneDNN's number of the set that it uses, ONEDNN_MAX_CPU_ISA obeyed; 0: it has none */
    bool winograd;         /* f32 convolutions of 3x3 in steps of 1 have one: oneDNN 2.x on AVX-512 */
} alx_cpu;
alx_cpu alx_dnn_cpu(void);

/* ---- Layouts ---- */

typedef enum alx_order {
    ALX_ORDER_ANY,     /* let the primitive choose */
    ALX_ORDER_PLAIN,   /* as the shape reads: NCHW, OIHW, NF */
    ALX_ORDER_BLOCKED, /* nChw16c or nChw8c: channels in blocks of cpu.channel_block, the last one padded with zeros */
    ALX_ORDER_DENSE_BLOCKED, /* AB16b64a: (out, in) weights in tiles that forward, backward and dW share on AVX-512 */
    ALX_ORDER_DENSE_PAIRS /* AB8b64a2b: the same tiles, two neighbouring inputs side by side, as bf16 products want */
} alx_order;

alx_status alx_md_create(const alx_md **md, alx_dnn *dnn, const alx_shape *shape, alx_dtype type, alx_order order,
                         alx_error *err);
/* The part of `whole` that begins at `offsets`; fails where blocks would be cut. */
alx_status alx_md_part(const alx_md **md, alx_dnn *dnn, const alx_md *whole, const alx_shape *shape,
                       const int64_t *offsets, alx_error *err);
/* Same shape, type and order. */
bool alx_md_equal(const alx_md *a, const alx_md *b);
size_t alx_md_bytes(const alx_md *md);
alx_shape alx_md_shape(const alx_md *md);
alx_dtype alx_md_type(const alx_md *md);
/* Lanes of the channel block: 1 plain, 8 or 16 blocked; 0 when it is neither (own kernels ask for a reorder). */
int alx_md_channel_block(const alx_md *md);
/* The order as oneDNN writes it: "nChw16c", or for weights "oihw"; ours of dense weights is "tiles"; "opaque" where it
 * has none.  Returns text. */
typedef char alx_md_text[48];
const char *alx_md_name(const alx_md *md, bool weights, alx_md_text text);

/* ---- Primitives ---- */

typedef enum alx_arg {
    ALX_ARG_SRC,
    ALX_ARG_WEIGHTS,
    ALX_ARG_BIAS,
    ALX_ARG_DST,
    ALX_ARG_DIFF_SRC,
    ALX_ARG_DIFF_WEIGHTS,
    ALX_ARG_DIFF_BIAS,
    ALX_ARG_DIFF_DST,
    ALX_ARG_WORKSPACE,
    ALX_ARG_SCRATCHPAD,
    ALX_ARG_MEAN,
    ALX_ARG_VARIANCE,
    ALX_ARG_SCALE,
    ALX_ARG_SHIFT,
    ALX_ARG_DIFF_SCALE,
    ALX_ARG_DIFF_SHIFT,
    ALX_ARG_FROM,
    ALX_ARG_TO,
    ALX_ARG_MULTIPLE /* + i: input i of sum and concat */
} alx_arg;

/* The layout that the primitive wants for an argument, or NULL when it takes none; those of sum and concat's inputs are
 * the caller's. */
const alx_md *alx_prim_md(const alx_prim *prim, alx_arg arg);
/* oneDNN's name of the chosen implementation: "jit:avx512_core". */
const char *alx_prim_name(const alx_prim *prim);
/* One of oneDNN's slow reference loops? */
bool alx_prim_is_reference(const alx_prim *prim);

typedef struct alx_conv_geometry {
    int64_t stride[2], pad_begin[2], pad_end[2];
    bool has_bias, relu; /* relu: fused behind the forward convolution */
    bool sum;            /* it is added to what lies in DST, before the ReLU; forward only */
    bool winograd;       /* let oneDNN choose Winograd where it has it */
} alx_conv_geometry;

alx_status alx_dnn_conv_forward(alx_prim **prim, alx_dnn *dnn, const alx_conv_geometry *g, bool training,
                                const alx_md *src, const alx_md *weights, const alx_md *bias, const alx_md *dst,
                                alx_error *err);
alx_status alx_dnn_conv_backward_data(alx_prim **prim, alx_dnn *dnn, const alx_conv_geometry *g, const alx_md *diff_src,
                                      const alx_md *weights, const alx_md *diff_dst, alx_error *err);
alx_status alx_dnn_conv_backward_weights(alx_prim **prim, alx_dnn *dnn, const alx_conv_geometry *g, const alx_md *src,
                                         const alx_md *diff_weights, const alx_md *diff_bias, const alx_md *diff_dst,
                                         alx_error *err);

/* src (N, I), weights (O, I), bias (O) or NULL, dst (N, O). */
alx_status alx_dnn_matmul_forward(alx_prim **prim, alx_dnn *dnn, bool relu, bool training, const alx_md *src,
                                  const alx_md *weights, const alx_md *bias, const alx_md *dst, alx_error *err);
alx_status alx_dnn_matmul_backward_data(alx_prim **prim, alx_dnn *dnn, const alx_md *diff_src, const alx_md *weights,
                                        const alx_md *diff_dst, alx_error *err);
alx_status alx_dnn_matmul_backward_weights(alx_prim **prim, alx_dnn *dnn, const alx_md *src, const alx_md *diff_weights,
                                           const alx_md *diff_bias, const alx_md *diff_dst, alx_error *err);

typedef struct alx_pool_geometry {
    bool average; /* the mean over values that are not padding (as Keras); else the maximum */
    int64_t kernel[2], stride[2], pad_begin[2], pad_end[2];
} alx_pool_geometry;

alx_status alx_dnn_pool_forward(alx_prim **prim, alx_dnn *dnn, const alx_pool_geometry *g, bool training,
                                const alx_md *src, const alx_md *dst, alx_error *err);
alx_status alx_dnn_pool_backward(alx_prim **prim, alx_dnn *dnn, const alx_pool_geometry *g, const alx_md *diff_src,
                                 const alx_md *diff_dst, alx_error *err);

/* y = x / (k + alpha / size * sum of squares over size channels)^beta */
typedef struct alx_lrn_geometry {
    int64_t size;
    float alpha, beta, k;
} alx_lrn_geometry;

alx_status alx_dnn_lrn_forward(alx_prim **prim, alx_dnn *dnn, const alx_lrn_geometry *g, bool training,
                               const alx_md *src, alx_error *err);
alx_status alx_dnn_lrn_backward(alx_prim **prim, alx_dnn *dnn, const alx_lrn_geometry *g, const alx_md *src,
                                const alx_md *diff, alx_error *err);

/* training: MEAN and VARIANCE are results (population variance); else they are given.  affine: with SCALE and SHIFT. */
alx_status alx_dnn_batch_norm_forward(alx_prim **prim, alx_dnn *dnn, float epsilon, bool affine, bool training,
                                      const alx_md *src, alx_error *err);
/* Whether the backward pass must be given SHIFT: 2.x counts it among the inputs, 3.x refuses it. */
bool alx_batch_norm_backward_reads_shift(void);
/* fixed: MEAN and VARIANCE were given, not computed from SRC. */
alx_status alx_dnn_batch_norm_backward(alx_prim **prim, alx_dnn *dnn, float epsilon, bool fixed, const alx_md *src,
                                       const alx_md *diff, alx_error *err);

typedef enum alx_eltwise { ALX_RELU, ALX_LEAKY_RELU, ALX_TANH, ALX_SIGMOID, ALX_GELU } alx_eltwise;
/* Whether backward reads the output (DST) instead of the input (SRC). */
bool alx_eltwise_uses_output(alx_eltwise kind);
alx_status alx_dnn_eltwise_forward(alx_prim **prim, alx_dnn *dnn, alx_eltwise kind, float alpha, bool training,
                                   const alx_md *src, alx_error *err);
alx_status alx_dnn_eltwise_backward(alx_prim **prim, alx_dnn *dnn, alx_eltwise kind, float alpha, const alx_md *data,
                                    const alx_md *diff, alx_error *err);

/* Over axis 1, the channels. */
alx_status alx_dnn_softmax_forward(alx_prim **prim, alx_dnn *dnn, bool training, const alx_md *src, alx_error *err);
alx_status alx_dnn_softmax_backward(alx_prim **prim, alx_dnn *dnn, const alx_md *dst, alx_error *err);

alx_status alx_dnn_sum(alx_prim **prim, alx_dnn *dnn, int count, const alx_md *const *src, const alx_md *dst,
                       alx_error *err);
/* Along axis 1, the channels. */
alx_status alx_dnn_concat(alx_prim **prim, alx_dnn *dnn, int count, const alx_md *const *src, const alx_md *dst,
                          alx_error *err);
alx_status alx_dnn_reorder(alx_prim **prim, alx_dnn *dnn, const alx_md *from, const alx_md *to, alx_error *err);

/* ---- Running ---- */

/* A primitive with memory bound to its arguments. */
typedef struct alx_call alx_call;
typedef struct alx_call_arg {
    alx_arg arg;
    const alx_md *md; /* NULL: the layout that the primitive wants */
    void *data;
} alx_call_arg;

/* A call owned by dnn; data may be NULL until alx_call_bind. */
alx_status alx_call_create(alx_call **call, alx_dnn *dnn, alx_prim *prim, int count, const alx_call_arg *args,
                           alx_error *err);
/* Point argument `index` of the call elsewhere. */
alx_status alx_call_bind(alx_call *call, int index, void *data, alx_error *err);
alx_status alx_call_run(alx_call *call, alx_error *err);

#endif
