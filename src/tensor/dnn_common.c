/* The parts of oneDNN's interface that are the same in 2.x and 3.x. */
#include "tensor/dnn_inner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const status_text[] = {
    [dnnl_success] = "success",
    [dnnl_out_of_memory] = "out of memory",
    [dnnl_invalid_arguments] = "invalid arguments",
    [dnnl_unimplemented] = "not implemented for these sizes and types on this processor",
    [dnnl_runtime_error] = "run-time error",
};

alx_status alx_dnn_fail(alx_error *err, dnnl_status_t status, const char *what)
{
    size_t code = (size_t)status;
    const char *text = code < sizeof status_text / sizeof *status_text ? status_text[code] : NULL;
    alx_status mine = status == dnnl_out_of_memory   ? ALX_NO_MEMORY
                      : status == dnnl_unimplemented ? ALX_UNSUPPORTED
                                                     : ALX_FAILED;
    return alx_fail(err, mine, "oneDNN: %s: %s", what, text ? text : "unknown status");
}

const char *alx_engine_version(char text[32])
{
    const dnnl_version_t *version = dnnl_version();
    snprintf(text, 32, "%d.%d.%d", version->major, version->minor, version->patch);
    return text;
}

dnnl_data_type_t alx_dnn_type(alx_dtype type)
{
    static const dnnl_data_type_t types[] = {[ALX_F32] = dnnl_f32, [ALX_BF16] = dnnl_bf16, [ALX_S32] = dnnl_s32};
    return types[type];
}

static int dnn_arg(alx_arg arg)
{
    static const int args[] = {
        [ALX_ARG_SRC] = DNNL_ARG_SRC,
        [ALX_ARG_WEIGHTS] = DNNL_ARG_WEIGHTS,
        [ALX_ARG_BIAS] = DNNL_ARG_BIAS,
        [ALX_ARG_DST] = DNNL_ARG_DST,
        [ALX_ARG_DIFF_SRC] = DNNL_ARG_DIFF_SRC,
        [ALX_ARG_DIFF_WEIGHTS] = DNNL_ARG_DIFF_WEIGHTS,
        [ALX_ARG_DIFF_BIAS] = DNNL_ARG_DIFF_BIAS,
        [ALX_ARG_DIFF_DST] = DNNL_ARG_DIFF_DST,
        [ALX_ARG_WORKSPACE] = DNNL_ARG_WORKSPACE,
        [ALX_ARG_SCRATCHPAD] = DNNL_ARG_SCRATCHPAD,
        [ALX_ARG_MEAN] = DNNL_ARG_MEAN,
        [ALX_ARG_VARIANCE] = DNNL_ARG_VARIANCE,
        [ALX_ARG_SCALE] = DNNL_ARG_SCALE,
        [ALX_ARG_SHIFT] = DNNL_ARG_SHIFT,
        [ALX_ARG_DIFF_SCALE] = DNNL_ARG_DIFF_SCALE,
        [ALX_ARG_DIFF_SHIFT] = DNNL_ARG_DIFF_SHIFT,
        [ALX_ARG_FROM] = DNNL_ARG_FROM,
        [ALX_ARG_TO] = DNNL_ARG_TO,
    };
    if (arg >= ALX_ARG_MULTIPLE) return DNNL_ARG_MULTIPLE_SRC + (int)arg - ALX_ARG_MULTIPLE;
    return args[arg];
}

/* ---- The context ---- */

static alx_status attributes_create(dnnl_primitive_attr_t *attr, bool sum, bool relu, alx_error *err)
{
    dnnl_post_ops_t post_ops = NULL;
    dnnl_status_t status = dnnl_primitive_attr_create(attr);
    if (!status) status = dnnl_primitive_attr_set_scratchpad_mode(*attr, dnnl_scratchpad_mode_user);
    if (!status) status = dnnl_post_ops_create(&post_ops);
#if DNNL_VERSION_MAJOR == 2
    if (!status && sum) status = dnnl_post_ops_append_sum(post_ops, 1.0f);
    if (!status && relu) status = dnnl_post_ops_append_eltwise(post_ops, 1.0f, dnnl_eltwise_relu, 0.0f, 0.0f);
#else
    if (!status && sum) status = dnnl_post_ops_append_sum(post_ops, 1.0f, 0, dnnl_data_type_undef);
    if (!status && relu) status = dnnl_post_ops_append_eltwise(post_ops, dnnl_eltwise_relu, 0.0f, 0.0f);
#endif
    if (!status) status = dnnl_primitive_attr_set_post_ops(*attr, post_ops);
    if (post_ops) dnnl_post_ops_destroy(post_ops);
    return status ? alx_dnn_fail(err, status, "attributes") : ALX_OK;
}

alx_status alx_dnn_create(alx_dnn **out, alx_error *err)
{
    *out = NULL;
    alx_dnn *dnn = alx_calloc(1, sizeof *dnn, err);
    if (!dnn) return ALX_NO_MEMORY;
    alx_status result = ALX_OK;
    dnnl_status_t status = dnnl_engine_create(&dnn->engine, dnnl_cpu, 0);
    if (!status) status = dnnl_stream_create(&dnn->stream, dnn->engine, dnnl_stream_default_flags);
    if (status) result = alx_dnn_fail(err, status, "engine");
    if (!result) result = attributes_create(&dnn->plain_attr, false, false, err);
    if (!result) result = attributes_create(&dnn->relu_attr, false, true, err);
    if (!result) result = attributes_create(&dnn->sum_attr, true, false, err);
    if (!result) result = attributes_create(&dnn->sum_relu_attr, true, true, err);
    if (result) {
        alx_dnn_destroy(dnn);
        return result;
    }
    *out = dnn;
    return ALX_OK;
}

void alx_dnn_destroy(alx_dnn *dnn)
{
    if (!dnn) return;
    for (alx_call *call = dnn->calls; call; call = call->next)
        for (int i = 0; i < call->count; i++)
            if (call->args[i].memory) dnnl_memory_destroy(call->args[i].memory);
    for (alx_prim *prim = dnn->prims; prim; prim = prim->next) {
        if (prim->primitive) dnnl_primitive_destroy(prim->primitive);
        dnnl_primitive_desc_destroy(prim->desc);
    }
    for (struct alx_md *md = dnn->layouts; md; md = md->next) alx_md_release(md);
    if (dnn->sum_relu_attr) dnnl_primitive_attr_destroy(dnn->sum_relu_attr);
    if (dnn->sum_attr) dnnl_primitive_attr_destroy(dnn->sum_attr);
    if (dnn->relu_attr) dnnl_primitive_attr_destroy(dnn->relu_attr);
    if (dnn->plain_attr) dnnl_primitive_attr_destroy(dnn->plain_attr);
    if (dnn->stream) dnnl_stream_destroy(dnn->stream);
    if (dnn->engine) dnnl_engine_destroy(dnn->engine);
    alx_arena_finish(&dnn->arena);
    free(dnn);
}

alx_cpu alx_dnn_cpu(void)
{
    alx_cpu cpu = {0};
#if defined(__x86_64__)
    unsigned isa = (unsigned)dnnl_get_effective_cpu_isa();
    const unsigned avx2 = dnnl_cpu_isa_avx2, avx512 = dnnl_cpu_isa_avx512_core, bf16 = dnnl_cpu_isa_avx512_core_bf16;
    bool has_avx512 = (isa & avx512) == avx512;
    cpu.instructions = isa;
    cpu.channel_block = has_avx512 ? 16 : (isa & avx2) == avx2 ? 8 : 0;
    cpu.bf16 = (isa & bf16) == bf16;
    cpu.bf16_emulated = has_avx512;
    cpu.winograd = has_avx512 && DNNL_VERSION_MAJOR < 3;
#endif
    return cpu;
}

/* ---- Layouts ---- */

alx_status alx_md_new(struct alx_md **out, alx_dnn *dnn, const alx_shape *shape, alx_dtype type, alx_error *err)
{
    struct alx_md *md = alx_arena_alloc(&dnn->arena, 1, sizeof *md, err);
    if (!md) return ALX_NO_MEMORY;
    md->shape = *shape;
    md->type = type;
    md->next = dnn->layouts;
    dnn->layouts = md;
    *out = md;
    return ALX_OK;
}

dnnl_format_tag_t alx_dnn_tag(alx_order order, int rank)
{
    static const dnnl_format_tag_t plain[] = {dnnl_format_tag_undef, dnnl_a, dnnl_ab, dnnl_abc, dnnl_abcd, dnnl_abcde};
    switch (order) {
    case ALX_ORDER_ANY: return dnnl_format_tag_any;
    case ALX_ORDER_PLAIN: return plain[rank];
    case ALX_ORDER_DENSE_BLOCKED: return dnnl_AB16b64a;
    case ALX_ORDER_DENSE_PAIRS: return dnnl_AB8b64a2b;
    case ALX_ORDER_BLOCKED: break;
    }
    if (rank != 4) return plain[rank];
    int block = alx_dnn_cpu().channel_block;
    return block == 16 ? dnnl_nChw16c : block == 8 ? dnnl_nChw8c : dnnl_format_tag_any;
}

bool alx_md_equal(const alx_md *a, const alx_md *b)
{
    return a == b || dnnl_memory_desc_equal(ALX_MD(a), ALX_MD(b));
}

size_t alx_md_bytes(const alx_md *md)
{
    return dnnl_memory_desc_get_size(ALX_MD(md));
}

alx_shape alx_md_shape(const alx_md *md)
{
    return md->shape;
}

alx_dtype alx_md_type(const alx_md *md)
{
    return md->type;
}

int alx_md_channel_block(const alx_md *md)
{
    md_blocks b;
    if (!alx_md_blocks(&b, md) || b.inner_count > 1 || (b.inner_count == 1 && b.inner_axes[0] != 1)) return 0;
    int block = b.inner_count ? (int)b.inner_sizes[0] : 1;
    /* Outer order N, C, H, W without gaps. */
    int64_t stride = block;
    for (int i = md->shape.rank - 1; i >= 0; i--) {
        if (b.strides[i] != stride && md->shape.dims[i] != 1) return 0;
        stride *= i == 1 ? b.padded[1] / block : md->shape.dims[i];
    }
    return block;
}

/* The axes in the order of their strides, the largest first. */
static void sort_axes(int axes[ALX_MAX_RANK], int rank, const int64_t *strides)
{
    for (int i = 0; i < rank; i++) {
        int at = i;
        for (; at > 0 && strides[axes[at - 1]] < strides[i]; at--) axes[at] = axes[at - 1];
        axes[at] = i;
    }
}

const char *alx_md_name(const alx_md *md, bool weights, alx_md_text text)
{
    static const char *const letters[2][ALX_MAX_RANK + 1] = {{"", "n", "nc", "ncw", "nchw", "ncdhw"},
                                                             {"", "o", "oi", "oiw", "oihw", "goihw"}};
    md_blocks b;
    if (!alx_md_blocks(&b, md)) return strcpy(text, "opaque");
    const char *names = letters[weights][md->shape.rank];
    int axes[ALX_MAX_RANK], length = 0;
    sort_axes(axes, md->shape.rank, b.strides);
    for (int i = 0; i < md->shape.rank; i++) {
        bool blocked = false;
        for (int k = 0; k < b.inner_count; k++) blocked |= b.inner_axes[k] == axes[i];
        text[length++] = (char)(blocked ? names[axes[i]] - 'a' + 'A' : names[axes[i]]);
    }
    text[length] = 0;
    for (int k = 0; k < b.inner_count && length < (int)sizeof(alx_md_text); k++)
        length += snprintf(text + length, sizeof(alx_md_text) - (size_t)length, "%d%c", (int)b.inner_sizes[k],
                           names[b.inner_axes[k]]);
    return strcmp(text, "OI16i64o") == 0 ? strcpy(text, "tiles") : text;
}

/* ---- Primitives ---- */

alx_status alx_prim_new(alx_prim **out, alx_dnn *dnn, dnnl_primitive_desc_t desc, dnnl_status_t status,
                        const char *what, alx_error *err)
{
    *out = NULL;
    if (status) return alx_dnn_fail(err, status, what);
    alx_prim *prim = alx_arena_alloc(&dnn->arena, 1, sizeof *prim, err);
    if (!prim) {
        dnnl_primitive_desc_destroy(desc);
        return ALX_NO_MEMORY;
    }
    prim->dnn = dnn;
    prim->desc = desc;
    prim->next = dnn->prims;
    dnn->prims = prim;
    for (alx_arg arg = 0; arg < ALX_ARG_MULTIPLE; arg++) {
        alx_md_ref found = dnnl_primitive_desc_query_md(desc, dnnl_query_exec_arg_md, dnn_arg(arg));
        if (found && dnnl_memory_desc_get_size(found) > 0) ALX_TRY(alx_md_adopt(&prim->layouts[arg], dnn, found, err));
    }
    *out = prim;
    return ALX_OK;
}

const alx_md *alx_prim_md(const alx_prim *prim, alx_arg arg)
{
    return arg < ALX_ARG_MULTIPLE ? prim->layouts[arg] : NULL;
}

const char *alx_prim_name(const alx_prim *prim)
{
    const char *name = NULL;
    if (dnnl_primitive_desc_query(prim->desc, dnnl_query_impl_info_str, 0, &name) || !name) return "unknown";
    return name;
}

bool alx_prim_is_reference(const alx_prim *prim)
{
    const char *name = alx_prim_name(prim);
    return strncmp(name, "ref", 3) == 0 || strncmp(name, "simple:any", 10) == 0;
}

dnnl_alg_kind_t alx_dnn_eltwise_algorithm(alx_eltwise kind, bool backward)
{
    static const dnnl_alg_kind_t forward_kinds[] = {
        [ALX_RELU] = dnnl_eltwise_relu,        [ALX_LEAKY_RELU] = dnnl_eltwise_relu, [ALX_TANH] = dnnl_eltwise_tanh,
        [ALX_SIGMOID] = dnnl_eltwise_logistic, [ALX_GELU] = dnnl_eltwise_gelu_erf,
    };
    static const dnnl_alg_kind_t backward_kinds[] = {
        [ALX_RELU] = dnnl_eltwise_relu_use_dst_for_bwd,
        [ALX_LEAKY_RELU] = dnnl_eltwise_relu_use_dst_for_bwd,
        [ALX_TANH] = dnnl_eltwise_tanh_use_dst_for_bwd,
        [ALX_SIGMOID] = dnnl_eltwise_logistic_use_dst_for_bwd,
        [ALX_GELU] = dnnl_eltwise_gelu_erf,
    };
    return backward ? backward_kinds[kind] : forward_kinds[kind];
}

bool alx_eltwise_uses_output(alx_eltwise kind)
{
    return kind != ALX_GELU;
}

float alx_dnn_eltwise_alpha(alx_eltwise kind, float alpha)
{
    return kind == ALX_LEAKY_RELU ? alpha : 0.0f;
}

bool alx_batch_norm_backward_reads_shift(void)
{
    return DNNL_VERSION_MAJOR == 2;
}

/* ---- Calls ---- */

alx_status alx_call_create(alx_call **out, alx_dnn *dnn, alx_prim *prim, int count, const alx_call_arg *args,
                           alx_error *err)
{
    *out = NULL;
    dnnl_status_t status = dnnl_success;
    if (!prim->primitive) status = dnnl_primitive_create(&prim->primitive, prim->desc);
    if (status) {
        prim->primitive = NULL;
        return alx_dnn_fail(err, status, alx_prim_name(prim));
    }
    alx_call *call = alx_arena_alloc(&dnn->arena, 1, sizeof *call, err);
    if (!call) return ALX_NO_MEMORY;
    call->args = alx_arena_alloc(&dnn->arena, (size_t)count, sizeof *call->args, err);
    if (!call->args) return ALX_NO_MEMORY;
    call->prim = prim;
    call->next = dnn->calls;
    dnn->calls = call;
    for (int i = 0; i < count; i++) {
        const alx_md *md = args[i].md ? args[i].md : alx_prim_md(prim, args[i].arg);
        if (!md)
            return alx_fail(err, ALX_FAILED, "oneDNN: %s takes no argument %d", alx_prim_name(prim), (int)args[i].arg);
        status = dnnl_memory_create(&call->args[i].memory, ALX_MD(md), dnn->engine,
                                    args[i].data ? args[i].data : DNNL_MEMORY_NONE);
        if (status) return alx_dnn_fail(err, status, "memory");
        call->args[i].arg = dnn_arg(args[i].arg);
        call->count = i + 1;
    }
    *out = call;
    return ALX_OK;
}

alx_status alx_call_bind(alx_call *call, int index, void *data, alx_error *err)
{
    dnnl_status_t status = dnnl_memory_set_data_handle(call->args[index].memory, data);
    return status ? alx_dnn_fail(err, status, "memory") : ALX_OK;
}

alx_status alx_call_run(alx_call *call, alx_error *err)
{
    dnnl_status_t status =
        dnnl_primitive_execute(call->prim->primitive, call->prim->dnn->stream, call->count, call->args);
    if (!status) status = dnnl_stream_wait(call->prim->dnn->stream);
    return status ? alx_dnn_fail(err, status, alx_prim_name(call->prim)) : ALX_OK;
}
