#include "plan/passes.h"

alx_op *alx_pass_producer(const alx_program *program, alx_value value)
{
    for (int i = 0; i < program->op_count; i++)
        for (int k = 0; k < program->ops[i]->output_count; k++)
            if (program->ops[i]->outputs[k] == value) return program->ops[i];
    return NULL;
}

bool alx_pass_is_kept(const alx_program *program, alx_value value)
{
    for (int i = 0; i < program->kept_count; i++)
        if (program->kept[i] == value) return true;
    return false;
}

int alx_pass_consumers(const alx_program *program, alx_value value)
{
    int count = (value == program->logits) + alx_pass_is_kept(program, value);
    for (int i = 0; i < program->op_count; i++)
        for (int k = 0; k < program->ops[i]->input_count; k++) count += program->ops[i]->inputs[k] == value;
    return count;
}

/* The backward pass needs only the output of a ReLU (y > 0), so the value before it may go. */
static bool can_take_relu(const alx_program *program, const alx_op *op)
{
    if (!op || op->relu || (op->cls != &alx_op_class_conv && op->cls != &alx_op_class_matmul)) return false;
    return alx_pass_consumers(program, op->outputs[0]) == 1 && program->values[op->outputs[0]].type == program->type;
}

void alx_pass_remove(alx_program *program, int index)
{
    program->op_count--;
    for (int i = index; i < program->op_count; i++) program->ops[i] = program->ops[i + 1];
}

void alx_pass_fuse_relu(alx_program *program)
{
    for (int i = 0; i < program->op_count;) {
        alx_op *op = program->ops[i];
        bool is_relu = op->cls == &alx_op_class_eltwise && op->attr.eltwise.kind == ALX_RELU;
        alx_op *before = is_relu ? alx_pass_producer(program, op->inputs[0]) : NULL;
        if (!can_take_relu(program, before)) {
            i++;
            continue;
        }
        before->relu = true;
        before->outputs[0] = op->outputs[0];
        alx_pass_remove(program, i);
    }
}

/* ---- Folding strides ---- */

/* Where it may pay: the images themselves, whose few channels leave most lanes of a vector empty, become whole blocks
 * of channels. */
bool alx_pass_can_fold(const alx_program *program, const alx_op *op)
{
    if (program->exact || op->cls != &alx_op_class_conv || program->values[op->inputs[0]].kind != ALX_VALUE_INPUT)
        return false;
    if (op->attr.conv.groups > 1) return false;
    const int64_t step = op->attr.conv.stride[0], channels = alx_value_shape(program, op->inputs[0])->dims[1];
    const int64_t *kernel = alx_value_shape(program, op->inputs[1])->dims + 2;
    const int block = alx_dnn_cpu().channel_block;
    return step == 4 && op->attr.conv.stride[1] == step && channels <= 4 && block > 0 && block % step == 0 &&
           channels * step * step % block == 0 && kernel[0] > step && kernel[1] > step;
}

enum { LEAST_BATCH = 3 }; /* for one image or two Winograd does not pay: AlexNet 0.48 -> 0.60 and 0.87 -> 1.04 ms */

/* AlexNet's first layer at batch 200 on two cores of Zen 5, forward and weight gradient: f32 86 + 101 -> 46 + 50 ms
 * (Winograd takes it then), bf16 61 + 73 -> 39 + 39 ms. */
static bool folds(const alx_program *program, const alx_op *op)
{
    if (!alx_pass_can_fold(program, op)) return false;
    if (op->choice.fold != ALX_FOLD_USUAL) return op->choice.fold == ALX_FOLD_YES;
    return program->type != ALX_F32 || program->batch >= LEAST_BATCH;
}

void alx_pass_move_last(alx_program *program, int index)
{
    alx_op *op = program->ops[program->op_count - 1];
    for (int i = program->op_count - 1; i > index; i--) program->ops[i] = program->ops[i - 1];
    program->ops[index] = op;
}

static alx_status fold(alx_program *program, int index, alx_error *err)
{
    alx_op *op = program->ops[index];
    alx_conv_attr *attr = &op->attr.conv;
    const int64_t *kernel = alx_value_shape(program, op->inputs[1])->dims + 2;
    const int64_t *out = alx_value_shape(program, op->outputs[0])->dims + 2;
    alx_fold how = {.step = attr->stride[0]};
    for (int i = 0; i < 2; i++) {
        how.pad[i] = attr->pad_begin[i];
        how.size[i] = out[i] + (kernel[i] + how.step - 1) / how.step - 1;
    }
    const int layer = program->layer;
    program->layer = op->layer;
    alx_value x, w;
    ALX_TRY(alx_op_space_to_depth(&x, program, op->inputs[0], &how, err));
    alx_pass_move_last(program, index);
    ALX_TRY(alx_op_fold_kernel(&w, program, op->inputs[1], &how, err));
    alx_pass_move_last(program, index);
    program->layer = layer;
    op->inputs[0] = x;
    op->inputs[1] = w;
    *attr = (alx_conv_attr){.stride = {1, 1}, .groups = 1};
    return ALX_OK;
}

alx_status alx_pass_choose(alx_program *program, const alx_chooser *chooser, alx_error *err)
{
    for (int i = 0; i < program->op_count && chooser->choose; i++)
        if (program->ops[i]->cls == &alx_op_class_conv)
            ALX_TRY(chooser->choose(&program->ops[i]->choice, chooser, program, program->ops[i], err));
    return ALX_OK;
}

alx_status alx_pass_fold_strides(alx_program *program, alx_error *err)
{
    for (int i = 0; i < program->op_count; i++) {
        if (!folds(program, program->ops[i])) continue;
        ALX_TRY(fold(program, i, err));
        i += 2;
    }
    return ALX_OK;
}
