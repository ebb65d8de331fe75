#include "ops/op.h"
#include "plan/plan.h"

static alx_op *producer(const alx_program *program, alx_value value)
{
    for (int i = 0; i < program->op_count; i++)
        for (int k = 0; k < program->ops[i]->output_count; k++)
            if (program->ops[i]->outputs[k] == value) return program->ops[i];
    return NULL;
}

static int consumers(const alx_program *program, alx_value value)
{
    int count = value == program->logits;
    for (int i = 0; i < program->op_count; i++)
        for (int k = 0; k < program->ops[i]->input_count; k++) count += program->ops[i]->inputs[k] == value;
    return count;
}

/* The backward pass needs only the output of a ReLU (y > 0), so the value before it may go. */
static bool can_take_relu(const alx_program *program, const alx_op *op)
{
    if (!op || op->relu || (op->cls != &alx_op_class_conv && op->cls != &alx_op_class_matmul)) return false;
    return consumers(program, op->outputs[0]) == 1 && program->values[op->outputs[0]].type == program->type;
}

static void remove_op(alx_program *program, int index)
{
    program->op_count--;
    for (int i = index; i < program->op_count; i++) program->ops[i] = program->ops[i + 1];
}

void alx_pass_fuse_relu(alx_program *program)
{
    for (int i = 0; i < program->op_count;) {
        alx_op *op = program->ops[i];
        bool is_relu = op->cls == &alx_op_class_eltwise && op->attr.eltwise.kind == ALX_RELU;
        alx_op *before = is_relu ? producer(program, op->inputs[0]) : NULL;
        if (!can_take_relu(program, before)) {
            i++;
            continue;
        }
        before->relu = true;
        before->outputs[0] = op->outputs[0];
        remove_op(program, i);
    }
}

/* ---- Dropout and pooling behind ReLU ---- */

static bool ends_in_relu(const alx_op *op)
{
    return op->relu || (op->cls == &alx_op_class_eltwise && op->attr.eltwise.kind == ALX_RELU);
}

/* The op whose ReLU's output the op alone reads. */
static alx_op *relu_before(const alx_program *program, const alx_op *op)
{
    alx_op *before = producer(program, op->inputs[0]);
    return before && ends_in_relu(before) && consumers(program, op->inputs[0]) == 1 ? before : NULL;
}

/* Then the ReLU's output is needed by nobody, and dropout may overwrite it. */
static void mask_dropout(const alx_program *program, alx_op *op)
{
    alx_op *before = relu_before(program, op);
    if (!before) return;
    op->attr.dropout.masked = true;
    before->relu_behind = true;
}

/* Then the ReLU's output, of all values the largest, need not be kept. */
static void mask_pool(const alx_program *program, alx_op *op)
{
    alx_op *before = alx_op_pool_keeps_places(program, op) ? relu_before(program, op) : NULL;
    if (!before || alx_value_shape(program, op->inputs[0])->dims[1] <= 4) return; /* few channels stay plain */
    op->relu = true;
    before->relu_behind = true;
}

void alx_pass_mask_relu(alx_program *program)
{
    for (int i = 0; i < program->op_count; i++) {
        if (program->ops[i]->cls == &alx_op_class_dropout) mask_dropout(program, program->ops[i]);
        if (program->ops[i]->cls == &alx_op_class_pool) mask_pool(program, program->ops[i]);
    }
}

/* ---- Folding strides ---- */

/* Where it may pay: the images themselves, whose few channels leave most lanes of a vector empty, become whole blocks
 * of channels. */
bool alx_pass_can_fold(const alx_program *program, const alx_op *op)
{
    if (program->exact || op->cls != &alx_op_class_conv || program->values[op->inputs[0]].kind != ALX_VALUE_INPUT)
        return false;
    if (program->values[op->inputs[1]].kind != ALX_VALUE_PARAM || op->attr.conv.groups > 1) return false;
    const int64_t step = op->attr.conv.stride[0], channels = alx_value_shape(program, op->inputs[0])->dims[1];
    const int64_t *kernel = alx_value_shape(program, op->inputs[1])->dims + 2;
    const int block = alx_dnn_cpu().channel_block;
    return step == 4 && op->attr.conv.stride[1] == step && channels <= 4 && block > 0 && block % step == 0 &&
           channels * step * step % block == 0 && kernel[0] > step && kernel[1] > step;
}

/* AlexNet's first layer at batch 200 on two cores of Zen 5, forward and weight gradient: f32 86 + 101 -> 50 + 66 ms
 * (oneDNN 2.6, whose Winograd takes it then), bf16 61 + 73 -> 55 + 63 ms.  In f32 without Winograd (oneDNN 3.7) it
 * loses: at batch 64 28 + 34 -> 33 + 37 ms. */
static bool folds(const alx_program *program, const alx_op *op)
{
    if (!alx_pass_can_fold(program, op)) return false;
    if (op->choice.fold != ALX_FOLD_USUAL) return op->choice.fold == ALX_FOLD_YES;
    return program->type != ALX_F32 || alx_dnn_cpu().winograd;
}

/* Moves the last op of the program to place `index`. */
static void move_last(alx_program *program, int index)
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
    move_last(program, index);
    ALX_TRY(alx_op_fold_kernel(&w, program, op->inputs[1], &how, err));
    move_last(program, index);
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

/* ---- Computing again instead of keeping ---- */

static alx_status compute_again(alx_program *program, int reader, int input, alx_op *op, alx_error *err)
{
    alx_op *again;
    ALX_TRY(alx_op_add(&again, program, op->cls, op->input_count, op->inputs, err));
    again->layer = op->layer;
    again->attr = op->attr;
    const alx_shape shape = *alx_value_shape(program, op->outputs[0]);
    ALX_TRY(alx_op_add_output(again, program, &shape, program->values[op->outputs[0]].type, err));
    program->ops[reader]->inputs[input] = again->outputs[0];
    move_last(program, reader);
    return ALX_OK;
}

alx_status alx_pass_compute_again(alx_program *program, alx_error *err)
{
    for (int i = program->forward_count; i < program->op_count; i++)
        for (int k = 0; k < program->ops[i]->input_count; k++) {
            alx_op *op = producer(program, program->ops[i]->inputs[k]);
            if (!op || op->cls != &alx_op_class_space_to_depth) continue;
            ALX_TRY(compute_again(program, i++, k, op, err));
        }
    return ALX_OK;
}
