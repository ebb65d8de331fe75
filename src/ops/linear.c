/* What convolutions and matrix products share: y = f(x, w) + b, linear in each. */
#include "ops/op.h"

alx_status alx_op_linear_gradient(alx_program *program, alx_op *op, alx_value dy, const bool *need, alx_value *dx,
                                  const alx_op_class *backward_weights, const alx_op_class *backward_data,
                                  alx_error *err)
{
    alx_value x = op->inputs[0], w = op->inputs[1], b = op->inputs[2];
    if (op->relu) ALX_TRY(alx_op_eltwise_backward(&dy, program, dy, op->outputs[0], ALX_RELU, 0.0f, err));
    if (need[1]) {
        alx_value inputs[] = {dy, x};
        alx_op *weights;
        ALX_TRY(alx_op_add(&weights, program, backward_weights, 2, inputs, err));
        weights->forward = op;
        ALX_TRY(alx_op_add_gradient(weights, program, w, err));
        if (b != ALX_NO_VALUE) ALX_TRY(alx_op_add_gradient(weights, program, b, err));
    }
    if (need[0]) {
        alx_value inputs[] = {dy, w};
        alx_op *data;
        ALX_TRY(alx_op_add(&data, program, backward_data, 2, inputs, err));
        data->forward = op;
        alx_shape shape = *alx_value_shape(program, x);
        ALX_TRY(alx_op_add_output(data, program, &shape, program->type, err));
        dx[0] = data->outputs[0];
    }
    return ALX_OK;
}

int64_t alx_op_multiply_adds(const alx_program *program, const alx_op *op)
{
    const alx_op *forward = op->forward ? op->forward : op;
    if (forward->cls != &alx_op_class_conv && forward->cls != &alx_op_class_matmul) return 0;
    const alx_shape *w = alx_value_shape(program, forward->inputs[1]);  /* (O, I), (O, C, KH, KW), (G, O/G, C/G, ...) */
    const alx_shape *y = alx_value_shape(program, forward->outputs[0]); /* (N, O) or (N, O, H, W) */
    const int64_t inputs = alx_shape_elements(w) / y->dims[1], outputs = alx_shape_elements(y);
    return outputs > INT64_MAX / inputs ? INT64_MAX : outputs * inputs; /* each is at most 2^40 */
}
