/* Convolution: forward, backward data and backward weights through oneDNN; ops/conv_ways.c has the other ways.
 *
 * The images' order is nChw16c (nChw8c) by preference: measured, it beats NHWC in training.  Few channels (the first
 * layer) stay plain.  Where oneDNN has only its reference loops for the preferred orders it may choose its own. */
#include "ops/conv_ways.h"

alx_status alx_op_conv(alx_value *y, alx_program *program, alx_value x, alx_value w, alx_value b,
                       const alx_conv_attr *attr, alx_error *err)
{
    const alx_shape *xs = alx_value_shape(program, x), *ws = alx_value_shape(program, w);
    int64_t filters = attr->groups > 1 ? ws->dims[0] * ws->dims[1] : ws->dims[0];
    alx_shape out = ALX_SHAPE(xs->dims[0], filters, 0, 0);
    for (int i = 0; i < 2; i++) {
        int64_t padded = xs->dims[2 + i] + attr->pad_begin[i] + attr->pad_end[i];
        out.dims[2 + i] = (padded - ws->dims[ws->rank - 2 + i]) / attr->stride[i] + 1;
    }
    alx_value inputs[] = {x, w, b};
    alx_op *op;
    ALX_TRY(alx_op_add(&op, program, &alx_op_class_conv, 3, inputs, err));
    op->attr.conv = *attr;
    op->inputs_each = alx_shape_elements(ws) / filters;
    ALX_TRY(alx_op_add_output(op, program, &out, program->type, err));
    *y = op->outputs[0];
    return ALX_OK;
}

static alx_conv_geometry geometry_of(const alx_op *op, alx_conv_way way)
{
    const alx_conv_attr *attr = &op->attr.conv;
    alx_conv_geometry g = {.has_bias = op->inputs[2] != ALX_NO_VALUE, .relu = op->relu, .sum = op->sum};
    g.winograd = way == ALX_CONV_ONEDNN_WINOGRAD;
    for (int i = 0; i < 2; i++) {
        g.stride[i] = attr->stride[i];
        g.pad_begin[i] = attr->pad_begin[i];
        g.pad_end[i] = attr->pad_end[i];
    }
    return g;
}

/* The layouts that are asked of oneDNN, the preferred ones first. */
typedef struct conv_layouts {
    const alx_md *x, *w, *b, *y;
} conv_layouts;

static alx_status ask_layouts(conv_layouts *out, alx_build *build, alx_value x, alx_value w, alx_value b, alx_value y,
                              alx_dtype weight_type, bool preferred, alx_error *err)
{
    alx_dtype type = build->program->type;
    alx_order any = ALX_ORDER_ANY;
    *out = (conv_layouts){0};
    ALX_TRY(alx_build_md(&out->x, build, x, type, preferred ? alx_build_image_order(build, x) : any, err));
    ALX_TRY(alx_build_md(&out->w, build, w, weight_type, any, err));
    ALX_TRY(alx_build_md(&out->y, build, y, type, preferred ? alx_build_image_order(build, y) : any, err));
    if (b != ALX_NO_VALUE) ALX_TRY(alx_build_md(&out->b, build, b, ALX_F32, ALX_ORDER_PLAIN, err));
    return ALX_OK;
}

/* One of the three directions, in given layouts. */
typedef alx_status (*conv_maker)(alx_prim **prim, const alx_build *build, const alx_conv_geometry *g,
                                 const conv_layouts *md, alx_error *err);

static alx_status make_forward(alx_prim **prim, const alx_build *build, const alx_conv_geometry *g,
                               const conv_layouts *md, alx_error *err)
{
    bool training = build->program->mode == ALX_MODE_TRAIN;
    return alx_dnn_conv_forward(prim, build->dnn, g, training, md->x, md->w, md->b, md->y, err);
}

static alx_status make_backward_data(alx_prim **prim, const alx_build *build, const alx_conv_geometry *g,
                                     const conv_layouts *md, alx_error *err)
{
    return alx_dnn_conv_backward_data(prim, build->dnn, g, md->x, md->w, md->y, err);
}

static alx_status make_backward_weights(alx_prim **prim, const alx_build *build, const alx_conv_geometry *g,
                                        const conv_layouts *md, alx_error *err)
{
    return alx_dnn_conv_backward_weights(prim, build->dnn, g, md->x, md->w, md->b, md->y, err);
}

/* What a direction computes with: the values whose layouts are asked for. */
typedef struct conv_values {
    alx_value x, w, b, y; /* or their gradients */
    alx_dtype weight_type;
} conv_values;

/* The preferred layouts, unless oneDNN has only its reference loops for them and something better for its own. */
static alx_status choose(alx_prim **chosen, alx_build *build, const alx_conv_geometry *g, const conv_values *v,
                         conv_maker make, alx_error *err)
{
    alx_status status = ALX_OK;
    *chosen = NULL;
    for (int preferred = 1; preferred >= 0; preferred--) {
        conv_layouts md;
        alx_prim *prim = NULL;
        ALX_TRY(ask_layouts(&md, build, v->x, v->w, v->b, v->y, v->weight_type, preferred, err));
        status = make(&prim, build, g, &md, err);
        if (status == ALX_NO_MEMORY) return status;
        if (status) continue;
        *chosen = prim;
        if (!alx_prim_is_reference(prim)) break;
    }
    return *chosen ? ALX_OK : status;
}

alx_status alx_conv_build_destination(int *slot, alx_build *build, const alx_op *op, const alx_md *y, alx_error *err)
{
    if (!op->sum) return alx_build_output(slot, build, op->outputs[0], y, err);
    ALX_TRY(alx_build_input(slot, build, op->inputs[3], y, err));
    return alx_build_alias(build, op->outputs[0], *slot, y, err);
}

alx_status alx_conv_build_forward(alx_build *build, alx_op *op, alx_conv_way way, alx_error *err)
{
    alx_conv_geometry g = geometry_of(op, way);
    conv_values v = {op->inputs[0], op->inputs[1], op->inputs[2], op->outputs[0], build->program->type};
    alx_prim *prim;
    ALX_TRY(choose(&prim, build, &g, &v, make_forward, err));
    alx_step_arg args[4] = {{ALX_ARG_SRC, 0}, {ALX_ARG_WEIGHTS, 0}, {ALX_ARG_DST, 0}, {ALX_ARG_BIAS, 0}};
    ALX_TRY(alx_build_input(&args[0].slot, build, v.x, alx_prim_md(prim, ALX_ARG_SRC), err));
    ALX_TRY(alx_build_input(&args[1].slot, build, v.w, alx_prim_md(prim, ALX_ARG_WEIGHTS), err));
    if (g.has_bias) ALX_TRY(alx_build_input(&args[3].slot, build, v.b, alx_prim_md(prim, ALX_ARG_BIAS), err));
    ALX_TRY(alx_conv_build_destination(&args[2].slot, build, op, alx_prim_md(prim, ALX_ARG_DST), err));
    return alx_build_prim(build, op, prim, g.has_bias ? 4 : 3, args, -1, err);
}

/* inputs: dy, w; outputs: dx */
alx_status alx_conv_build_backward_data(alx_build *build, alx_op *op, alx_conv_way way, alx_error *err)
{
    alx_conv_geometry g = geometry_of(op->forward, way);
    conv_values v = {op->outputs[0], op->inputs[1], ALX_NO_VALUE, op->inputs[0], build->program->type};
    alx_prim *prim;
    ALX_TRY(choose(&prim, build, &g, &v, make_backward_data, err));
    alx_step_arg args[3] = {{ALX_ARG_DIFF_DST, 0}, {ALX_ARG_WEIGHTS, 0}, {ALX_ARG_DIFF_SRC, 0}};
    ALX_TRY(alx_build_input(&args[0].slot, build, v.y, alx_prim_md(prim, ALX_ARG_DIFF_DST), err));
    ALX_TRY(alx_build_input(&args[1].slot, build, v.w, alx_prim_md(prim, ALX_ARG_WEIGHTS), err));
    ALX_TRY(alx_build_output(&args[2].slot, build, v.x, alx_prim_md(prim, ALX_ARG_DIFF_SRC), err));
    return alx_build_prim(build, op, prim, 3, args, -1, err);
}

/* inputs: dy, x; outputs: dw, db */
alx_status alx_conv_build_backward_weights(alx_build *build, alx_op *op, alx_conv_way way, alx_error *err)
{
    alx_conv_geometry g = geometry_of(op->forward, way);
    conv_values v = {op->inputs[1], op->outputs[0], ALX_NO_VALUE, op->inputs[0], ALX_F32};
    if (op->output_count > 1) v.b = op->outputs[1];
    alx_prim *prim;
    ALX_TRY(choose(&prim, build, &g, &v, make_backward_weights, err));
    alx_step_arg args[4] = {{ALX_ARG_SRC, 0}, {ALX_ARG_DIFF_DST, 0}, {ALX_ARG_DIFF_WEIGHTS, 0}, {ALX_ARG_DIFF_BIAS, 0}};
    ALX_TRY(alx_build_input(&args[0].slot, build, v.x, alx_prim_md(prim, ALX_ARG_SRC), err));
    ALX_TRY(alx_build_input(&args[1].slot, build, v.y, alx_prim_md(prim, ALX_ARG_DIFF_DST), err));
    ALX_TRY(alx_build_output(&args[2].slot, build, v.w, alx_prim_md(prim, ALX_ARG_DIFF_WEIGHTS), err));
    if (v.b == ALX_NO_VALUE) return alx_build_prim(build, op, prim, 3, args, -1, err);
    ALX_TRY(alx_build_output(&args[3].slot, build, v.b, alx_prim_md(prim, ALX_ARG_DIFF_BIAS), err));
    return alx_build_prim(build, op, prim, 4, args, -1, err);
}

static alx_status build_way(alx_build *build, alx_op *op, alx_conv_direction direction, alx_error *err)
{
    const alx_conv_way way = alx_conv_way_of(build->program, op->forward ? op->forward : op, direction);
    return alx_conv_way_row_of(way)->build[direction](build, op, way, err);
}

static alx_status build_forward(alx_build *build, alx_op *op, alx_error *err)
{
    return build_way(build, op, ALX_CONV_FORWARD, err);
}

static alx_status build_backward_data(alx_build *build, alx_op *op, alx_error *err)
{
    return build_way(build, op, ALX_CONV_BACKWARD_DATA, err);
}

static alx_status build_backward_weights(alx_build *build, alx_op *op, alx_error *err)
{
    return build_way(build, op, ALX_CONV_BACKWARD_WEIGHTS, err);
}

static const alx_op_class backward_data = {"conv_backward_data", NULL, build_backward_data};
static const alx_op_class backward_weights = {"conv_backward_weights", NULL, build_backward_weights};

static alx_status gradient(alx_program *program, alx_op *op, const alx_value *dy, const bool *need, alx_value *dx,
                           alx_error *err)
{
    return alx_op_linear_gradient(program, op, dy[0], need, dx, &backward_weights, &backward_data, err);
}

const alx_op_class alx_op_class_conv = {"conv", gradient, build_forward};
