/* Reverse-mode differentiation (Linnainmaa 1970) over the ops of a program. */
#include <assert.h>

#include "ops/op.h"
#include "plan/plan.h"

/* One contribution to a value's gradient: a value read by several ops gets several. */
typedef struct part {
    alx_value gradient;
    struct part *next;
} part;

typedef struct state {
    alx_program *program;
    alx_value wanted;  /* whose gradient is sought; ALX_NO_VALUE: those of all trainable parameters */
    bool *need;        /* by value: does what is sought lie behind it? */
    part **parts;      /* by value */
    int count;         /* values of the forward pass */
    int forward_count; /* and its ops */
} state;

static void mark_needs(state *s)
{
    alx_program *program = s->program;
    for (int v = 0; v < s->count; v++)
        s->need[v] = s->wanted == ALX_NO_VALUE
                         ? program->values[v].kind == ALX_VALUE_PARAM && program->values[v].trainable
                         : v == s->wanted;
    for (int i = 0; i < s->forward_count; i++) {
        alx_op *op = program->ops[i];
        bool need = false;
        for (int k = 0; k < op->input_count; k++) need |= op->inputs[k] != ALX_NO_VALUE && s->need[op->inputs[k]];
        for (int k = 0; k < op->output_count; k++) s->need[op->outputs[k]] |= need;
    }
}

static alx_status add_part(state *s, alx_value value, alx_value gradient, alx_error *err)
{
    part *p = alx_arena_alloc(&s->program->arena, 1, sizeof *p, err);
    if (!p) return ALX_NO_MEMORY;
    *p = (part){gradient, s->parts[value]};
    s->parts[value] = p;
    return ALX_OK;
}

/* The whole gradient of a value: its one part, or the sum of several. */
static alx_status collect(state *s, alx_value value, alx_value *gradient, alx_error *err)
{
    *gradient = ALX_NO_VALUE;
    int count = 0;
    for (part *p = s->parts[value]; p; p = p->next) count++;
    if (count == 0) return ALX_OK;
    *gradient = s->parts[value]->gradient;
    if (count == 1) return ALX_OK;
    alx_value *all = alx_arena_alloc(&s->program->arena, (size_t)count, sizeof *all, err);
    if (!all) return ALX_NO_MEMORY;
    int i = 0;
    for (part *p = s->parts[value]; p; p = p->next) all[i++] = p->gradient;
    return alx_op_sum(gradient, s->program, count, all, err);
}

static alx_status differentiate(state *s, alx_op *op, alx_error *err)
{
    alx_value dy[ALX_OP_MAX_OUTPUTS];
    bool reached = false;
    s->program->layer = op->layer;
    for (int k = 0; k < op->output_count; k++) {
        ALX_TRY(collect(s, op->outputs[k], &dy[k], err));
        reached |= dy[k] != ALX_NO_VALUE || op->outputs[k] == s->program->loss;
    }
    if (!reached || !op->cls->gradient || !s->need[op->outputs[0]]) return ALX_OK;
    size_t inputs = (size_t)op->input_count;
    bool *need = alx_arena_alloc(&s->program->arena, inputs, sizeof *need, err);
    alx_value *dx = alx_arena_alloc(&s->program->arena, inputs, sizeof *dx, err);
    if (!need || !dx) return ALX_NO_MEMORY;
    for (size_t k = 0; k < inputs; k++) {
        need[k] = op->inputs[k] != ALX_NO_VALUE && s->need[op->inputs[k]];
        dx[k] = ALX_NO_VALUE;
    }
    ALX_TRY(op->cls->gradient(s->program, op, dy, need, dx, err));
    for (size_t k = 0; k < inputs; k++)
        if (dx[k] != ALX_NO_VALUE) ALX_TRY(add_part(s, op->inputs[k], dx[k], err));
    return ALX_OK;
}

static bool makes(const alx_op *op, alx_value value)
{
    for (int k = 0; k < op->output_count; k++)
        if (op->outputs[k] == value) return true;
    return false;
}

/* Back to the op that makes what is wanted, or to the first. */
static alx_status go_back(state *s, alx_program *program, alx_value wanted, alx_error *err)
{
    *s = (state){
        .program = program, .wanted = wanted, .count = program->value_count, .forward_count = program->op_count};
    s->need = alx_arena_alloc(&program->arena, (size_t)s->count, sizeof *s->need, err);
    s->parts = alx_arena_alloc(&program->arena, (size_t)s->count, sizeof *s->parts, err);
    if (!s->need || !s->parts) return ALX_NO_MEMORY;
    mark_needs(s);
    for (int i = s->forward_count - 1; i >= 0 && !makes(program->ops[i], wanted); i--)
        ALX_TRY(differentiate(s, program->ops[i], err));
    return ALX_OK;
}

alx_status alx_gradient_append(alx_program *program, alx_error *err)
{
    state s;
    return go_back(&s, program, ALX_NO_VALUE, err);
}

alx_status alx_gradient_of(alx_value *gradient, alx_program *program, alx_value value, alx_error *err)
{
    state s;
    *gradient = ALX_NO_VALUE;
    ALX_TRY(go_back(&s, program, value, err));
    ALX_TRY(collect(&s, value, gradient, err));
    assert(*gradient != ALX_NO_VALUE); /* a network has no dead ends */
    return ALX_OK;
}
