#include "ops/program.h"

#include <stdlib.h>
#include <string.h>

#include "ops/op.h"

void alx_program_init(alx_program *program, alx_mode mode, alx_dtype type, bool exact, int64_t batch)
{
    *program = (alx_program){.mode = mode, .type = type, .exact = exact, .batch = batch};
    program->logits = ALX_NO_VALUE;
    program->probabilities = program->loss = ALX_NO_VALUE;
}

void alx_program_finish(alx_program *program)
{
    free(program->values);
    free(program->ops);
    alx_arena_finish(&program->arena);
    memset(program, 0, sizeof *program);
}

alx_status alx_program_add_value(alx_value *value, alx_program *program, const alx_value_info *info, alx_error *err)
{
    int64_t elements;
    ALX_TRY(alx_shape_count(&elements, &info->shape, err));
    if (program->value_count == program->value_capacity) {
        int capacity = program->value_capacity ? 2 * program->value_capacity : 64;
        alx_value_info *values = alx_realloc(program->values, (size_t)capacity, sizeof *values, err);
        if (!values) return ALX_NO_MEMORY;
        program->values = values;
        program->value_capacity = capacity;
    }
    program->values[program->value_count] = *info;
    *value = program->value_count++;
    return ALX_OK;
}

alx_status alx_program_param(alx_value *value, alx_program *program, int param, const alx_shape *shape, bool trainable,
                             alx_error *err)
{
    for (alx_value v = 0; v < program->value_count; v++)
        if (program->values[v].kind == ALX_VALUE_PARAM && program->values[v].param == param) {
            *value = v;
            return ALX_OK;
        }
    alx_value_info info = {
        .kind = ALX_VALUE_PARAM, .shape = *shape, .type = ALX_F32, .param = param, .trainable = trainable};
    return alx_program_add_value(value, program, &info, err);
}

alx_status alx_op_add(alx_op **out, alx_program *program, const alx_op_class *cls, int input_count,
                      const alx_value *inputs, alx_error *err)
{
    if (program->op_count == program->op_capacity) {
        int capacity = program->op_capacity ? 2 * program->op_capacity : 64;
        alx_op **ops = alx_realloc(program->ops, (size_t)capacity, sizeof *ops, err);
        if (!ops) return ALX_NO_MEMORY;
        program->ops = ops;
        program->op_capacity = capacity;
    }
    alx_op *op = alx_arena_alloc(&program->arena, 1, sizeof *op, err);
    alx_value *list = op ? alx_arena_alloc(&program->arena, (size_t)input_count, sizeof *list, err) : NULL;
    if (!list) return ALX_NO_MEMORY;
    memcpy(list, inputs, (size_t)input_count * sizeof *list);
    *op = (alx_op){.cls = cls, .layer = program->layer, .input_count = input_count, .inputs = list, .workspace = -1};
    program->ops[program->op_count++] = op;
    *out = op;
    return ALX_OK;
}

alx_status alx_op_add_output(alx_op *op, alx_program *program, const alx_shape *shape, alx_dtype type, alx_error *err)
{
    alx_value_info info = {.kind = ALX_VALUE_COMPUTED, .shape = *shape, .type = type, .param = -1};
    return alx_program_add_value(&op->outputs[op->output_count++], program, &info, err);
}

alx_status alx_op_add_gradient(alx_op *op, alx_program *program, alx_value param, alx_error *err)
{
    alx_value_info info = program->values[param];
    info.kind = ALX_VALUE_GRADIENT;
    return alx_program_add_value(&op->outputs[op->output_count++], program, &info, err);
}
