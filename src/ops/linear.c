/* What convolutions and matrix products share: y = f(x, w) + b, linear in each. */
#include "ops/op.h"

/* A parameter's gradient has its own place; that of weights or biases which an op made flows on to that op. */
static alx_status add_gradient(alx_op *op, alx_program *program, alx_value param, alx_value *gradient, alx_error *err)
{
    if (program->values[param].kind == ALX_VALUE_PARAM) return alx_op_add_gradient(op, program, param, err);
    alx_shape shape = *alx_value_shape(program, param);
    ALX_TRY(alx_op_add_output(op, program, &shape, ALX_F32, err));
    *gradient = op->outputs[op->output_count - 1];
    return ALX_OK;
}

alx_status alx_op_linear_gradient(alx_program *program, alx_op *op, alx_value dy, const bool *need, alx_value *dx,
                                  const alx_op_class *backward_weights, const alx_op_class *backward_data,
                                  alx_error *err)
{
    alx_value x = op->inputs[0], w = op->inputs[1], b = op->inputs[2];
    if (op->relu && !op->relu_behind)
        ALX_TRY(alx_op_eltwise_backward(&dy, program, dy, op->outputs[0], ALX_RELU, 0.0f, err));
    if (need[1]) {
        alx_value inputs[] = {dy, x};
        alx_op *weights;
        ALX_TRY(alx_op_add(&weights, program, backward_weights, 2, inputs, err));
        weights->forward = op;
        ALX_TRY(add_gradient(weights, program, w, &dx[1], err));
        if (b != ALX_NO_VALUE) ALX_TRY(add_gradient(weights, program, b, &dx[2], err));
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
    const int64_t outputs = alx_shape_elements(alx_value_shape(program, forward->outputs[0]));
    const int64_t inputs = forward->inputs_each;
    return outputs > INT64_MAX / inputs ? INT64_MAX : outputs * inputs; /* each is at most 2^40 */
}
