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
