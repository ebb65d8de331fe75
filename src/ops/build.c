#include "ops/build.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* A converted copy of a value. */
struct alx_conversion {
    alx_value value;
    const alx_md *md;
    int slot;
    struct alx_conversion *next;
};

static alx_status add_slot(int *index, alx_build *build, const alx_slot *slot, alx_error *err)
{
    if (build->slot_count == build->slot_capacity) {
        int capacity = build->slot_capacity ? 2 * build->slot_capacity : 128;
        alx_slot *slots = alx_realloc(build->slots, (size_t)capacity, sizeof *slots, err);
        if (!slots) return ALX_NO_MEMORY;
        build->slots = slots;
        build->slot_capacity = capacity;
    }
    build->slots[build->slot_count] = *slot;
    build->slots[build->slot_count].first = build->slots[build->slot_count].last = -1;
    *index = build->slot_count++;
    return ALX_OK;
}

static alx_status add_step(alx_step **out, alx_build *build, const alx_op *op, int count, const alx_step_arg *args,
                           int in_place, alx_error *err)
{
    if (build->step_count == build->step_capacity) {
        int capacity = build->step_capacity ? 2 * build->step_capacity : 128;
        alx_step *steps = alx_realloc(build->steps, (size_t)capacity, sizeof *steps, err);
        if (!steps) return ALX_NO_MEMORY;
        build->steps = steps;
        build->step_capacity = capacity;
    }
    alx_step_arg *list = alx_arena_alloc(&build->arena, (size_t)count, sizeof *list, err);
    if (!list) return ALX_NO_MEMORY;
    memcpy(list, args, (size_t)count * sizeof *list);
    for (int i = 0; i < count; i++) {
        alx_slot *slot = &build->slots[list[i].slot];
        if (slot->first < 0) slot->first = build->step_count;
        slot->last = build->step_count;
    }
    alx_step *step = &build->steps[build->step_count];
    *step = (alx_step){.op = op,
                       .layer = build->program->layer,
                       .backward = build->backward,
                       .arg_count = count,
                       .args = list,
                       .in_place = in_place};
    build->step_count++;
    *out = step;
    return ALX_OK;
}

static alx_status add_reorder(alx_build *build, int from, int to, bool pack, alx_error *err)
{
    alx_prim *prim = NULL;
    ALX_TRY(alx_dnn_reorder(&prim, build->dnn, build->slots[from].md, build->slots[to].md, err));
    alx_step_arg args[2] = {{ALX_ARG_FROM, from}, {ALX_ARG_TO, to}};
    ALX_TRY(alx_build_prim(build, NULL, prim, 2, args, -1, err));
    build->steps[build->step_count - 1].pack = pack;
    return ALX_OK;
}

/* ---- Layouts ---- */

static alx_status store_md(const alx_md **md, alx_build *build, const alx_value_info *info, alx_error *err)
{
    bool tiled = build->config.tiled && build->config.tiled[info->param] && info->shape.rank == 2;
    return alx_md_create(md, build->dnn, &info->shape, ALX_F32, tiled ? ALX_ORDER_DENSE_BLOCKED : ALX_ORDER_PLAIN, err);
}

/* The slot that a value has from the beginning: inputs and parameters get theirs here. */
static alx_status own_slot(int *index, alx_build *build, alx_value value, alx_error *err)
{
    if (build->value_slot[value] < 0) {
        static const alx_slot_kind kinds[] = {[ALX_VALUE_INPUT] = ALX_SLOT_INPUT,
                                              [ALX_VALUE_PARAM] = ALX_SLOT_PARAM,
                                              [ALX_VALUE_GRADIENT] = ALX_SLOT_GRADIENT};
        const alx_value_info *info = &build->program->values[value];
        assert(info->kind != ALX_VALUE_COMPUTED);
        const bool fleeting = info->kind == ALX_VALUE_GRADIENT && build->config.fleeting;
        alx_slot slot = {.kind = fleeting ? ALX_SLOT_ARENA : kinds[info->kind], .param = info->param};
        slot.constant = info->kind == ALX_VALUE_PARAM && (build->program->mode != ALX_MODE_TRAIN || !info->trainable);
        if (info->kind == ALX_VALUE_INPUT) {
            ALX_TRY(alx_md_create(&slot.md, build->dnn, &info->shape, info->type, ALX_ORDER_PLAIN, err));
        } else {
            ALX_TRY(store_md(&slot.md, build, info, err));
        }
        slot.bytes = alx_md_bytes(slot.md);
        ALX_TRY(add_slot(&build->value_slot[value], build, &slot, err));
    }
    *index = build->value_slot[value];
    return ALX_OK;
}

const alx_md *alx_build_layout(const alx_build *build, alx_value value)
{
    int slot = build->value_slot[value];
    return slot < 0 ? NULL : build->slots[slot].md;
}

alx_status alx_build_md(const alx_md **md, alx_build *build, alx_value value, alx_dtype type, alx_order order,
                        alx_error *err)
{
    return alx_md_create(md, build->dnn, &build->program->values[value].shape, type, order, err);
}

alx_order alx_build_image_order(const alx_build *build, alx_value value)
{
    const alx_shape *shape = &build->program->values[value].shape;
    return shape->rank == 4 && shape->dims[1] <= 4 ? ALX_ORDER_PLAIN : ALX_ORDER_BLOCKED;
}

alx_status alx_build_current(const alx_md **md, alx_build *build, alx_value value, alx_error *err)
{
    const alx_md *now = alx_build_layout(build, value);
    alx_dtype type = build->program->type;
    if (now && alx_md_type(now) == type && alx_md_channel_block(now) > 0) {
        *md = now;
        return ALX_OK;
    }
    /* Where no blocked order is known (SSE4.1), BLOCKED would mean ANY. */
    alx_order order = alx_dnn_cpu().channel_block ? alx_build_image_order(build, value) : ALX_ORDER_PLAIN;
    return alx_build_md(md, build, value, type, order, err);
}

/* ---- Slots ---- */

/* Whether the bf16 copy that stands ready is what is asked for. */
static alx_status is_half(bool *half, alx_build *build, alx_value value, const alx_md *md, alx_error *err)
{
    const alx_value_info *info = &build->program->values[value];
    const alx_md *pairs;
    *half = build->config.halves && info->kind == ALX_VALUE_PARAM && build->config.tiled[info->param] &&
            info->shape.rank == 2;
    if (!*half) return ALX_OK;
    ALX_TRY(alx_build_md(&pairs, build, value, ALX_BF16, ALX_ORDER_DENSE_PAIRS, err));
    *half = alx_md_equal(pairs, md);
    return ALX_OK;
}

alx_status alx_build_input(int *index, alx_build *build, alx_value value, const alx_md *md, alx_error *err)
{
    ALX_TRY(own_slot(index, build, value, err));
    if (!md || alx_md_equal(build->slots[*index].md, md)) return ALX_OK;
    for (struct alx_conversion *c = build->conversions; c; c = c->next)
        if (c->value == value && alx_md_equal(c->md, md)) {
            *index = c->slot;
            return ALX_OK;
        }
    int from = *index;
    bool half, pack = build->slots[from].constant;
    ALX_TRY(is_half(&half, build, value, md, err));
    alx_slot slot = {.kind = half ? ALX_SLOT_HALF : pack ? ALX_SLOT_PACKED : ALX_SLOT_ARENA, .md = md};
    slot.bytes = alx_md_bytes(md);
    slot.constant = pack;
    if (half) slot.param = build->slots[from].param;
    ALX_TRY(add_slot(index, build, &slot, err));
    struct alx_conversion *c = alx_arena_alloc(&build->arena, 1, sizeof *c, err);
    if (!c) return ALX_NO_MEMORY;
    *c = (struct alx_conversion){value, md, *index, build->conversions};
    build->conversions = c;
    return half ? ALX_OK : add_reorder(build, from, *index, pack, err);
}

alx_status alx_build_output(int *index, alx_build *build, alx_value value, const alx_md *md, alx_error *err)
{
    const alx_value_info *info = &build->program->values[value];
    if (info->kind == ALX_VALUE_GRADIENT) {
        ALX_TRY(own_slot(index, build, value, err));
        if (alx_md_equal(build->slots[*index].md, md) && !build->program->accumulate) return ALX_OK;
        assert(build->pending_count < ALX_STEP_MAX_GRADIENTS);
        const int gradient = *index, next = build->pending_count++;
        ALX_TRY(alx_build_raw(index, build, md, err));
        build->pending[next].slot = *index;
        build->pending[next].gradient = gradient;
        return ALX_OK;
    }
    alx_slot slot = {.kind = ALX_SLOT_ARENA, .md = md, .bytes = alx_md_bytes(md)};
    ALX_TRY(add_slot(index, build, &slot, err));
    assert(build->value_slot[value] < 0);
    build->value_slot[value] = *index;
    const alx_program *program = build->program;
    build->slots[*index].result = value == program->loss || value == program->probabilities;
    return ALX_OK;
}

void alx_build_keep(alx_build *build, int outputs)
{
    alx_step *step = &build->steps[build->step_count - 1];
    const int inputs = step->arg_count - outputs;
    step->of_weights = true;
    for (int i = 0; i < inputs; i++)
        if (!build->slots[step->args[i].slot].constant) return;
    for (int i = inputs; i < step->arg_count; i++) {
        build->slots[step->args[i].slot].kind = ALX_SLOT_PACKED;
        build->slots[step->args[i].slot].constant = true;
    }
    step->pack = true;
}

alx_status alx_build_raw(int *index, alx_build *build, const alx_md *md, alx_error *err)
{
    alx_slot slot = {.kind = ALX_SLOT_ARENA, .md = md, .bytes = alx_md_bytes(md)};
    return add_slot(index, build, &slot, err);
}

alx_status alx_build_bytes(int *index, alx_build *build, size_t bytes, alx_error *err)
{
    alx_slot slot = {.kind = ALX_SLOT_ARENA, .bytes = bytes};
    return add_slot(index, build, &slot, err);
}

alx_status alx_build_alias(alx_build *build, alx_value value, int target, const alx_md *md, alx_error *err)
{
    alx_slot slot = {.kind = ALX_SLOT_ALIAS, .md = md, .bytes = alx_md_bytes(md), .alias = target};
    int index;
    ALX_TRY(add_slot(&index, build, &slot, err));
    build->value_slot[value] = index;
    return ALX_OK;
}

/* ---- Steps ---- */

static alx_status write_gradient(alx_build *build, int from, int gradient, alx_error *err)
{
    const alx_md *md = build->slots[gradient].md;
    const bool converted = !alx_md_equal(build->slots[from].md, md);
    int to = gradient;
    if (!build->program->accumulate) return add_reorder(build, from, to, false, err);
    if (converted) {
        ALX_TRY(alx_build_raw(&to, build, md, err));
        ALX_TRY(add_reorder(build, from, to, false, err));
    }
    return alx_build_accumulate(build, converted ? to : from, gradient, err);
}

/* Writes the gradients that the last step left elsewhere into the span. */
static alx_status flush_gradients(alx_build *build, alx_error *err)
{
    while (build->pending_count > 0) {
        const int next = --build->pending_count, slot = build->pending[next].slot;
        const int gradient = build->pending[next].gradient, rest = build->pending_count;
        build->pending_count = 0; /* the steps that write it have none of their own */
        ALX_TRY(write_gradient(build, slot, gradient, err));
        build->pending_count = rest;
    }
    return ALX_OK;
}

alx_status alx_build_prim(alx_build *build, const alx_op *op, alx_prim *prim, int count, const alx_step_arg *args,
                          int in_place, alx_error *err)
{
    alx_step_arg *all = alx_arena_alloc(&build->arena, (size_t)count + 1, sizeof *all, err);
    if (!all) return ALX_NO_MEMORY;
    memcpy(all, args, (size_t)count * sizeof *all);
    const alx_md *scratchpad = alx_prim_md(prim, ALX_ARG_SCRATCHPAD);
    if (scratchpad) {
        all[count].arg = ALX_ARG_SCRATCHPAD;
        ALX_TRY(alx_build_raw(&all[count].slot, build, scratchpad, err));
        count++;
    }
    alx_step *step;
    ALX_TRY(add_step(&step, build, op, count, all, in_place, err));
    step->prim = prim;
    return flush_gradients(build, err);
}

/* What else is known of the step is set before conversions of what it writes follow it. */
static alx_status add_kernel(alx_build *build, const alx_op *op, const alx_step *like, int count,
                             const alx_step_arg *args, alx_error *err)
{
    assert(count <= ALX_STEP_MAX_KERNEL_ARGS);
    alx_step *step;
    ALX_TRY(add_step(&step, build, op, count, args, like->in_place, err));
    step->kernel = like->kernel;
    step->state = like->state;
    step->algorithm = like->algorithm;
    for (int i = 0; i < count; i++) step->md[i] = build->slots[args[i].slot].md;
    return flush_gradients(build, err);
}

alx_status alx_build_kernel(alx_build *build, const alx_op *op, alx_kernel kernel, int count, const alx_step_arg *args,
                            int in_place, alx_error *err)
{
    return add_kernel(build, op, &(alx_step){.kernel = kernel, .in_place = in_place}, count, args, err);
}

alx_status alx_build_kernel_with(alx_build *build, const alx_op *op, alx_kernel kernel, const void *state,
                                 const char *algorithm, int count, const alx_step_arg *args, alx_error *err)
{
    const alx_step like = {.kernel = kernel, .state = state, .algorithm = algorithm, .in_place = -1};
    return add_kernel(build, op, &like, count, args, err);
}

const char *alx_step_algorithm(const alx_step *step)
{
    if (step->prim) return alx_prim_name(step->prim);
    return step->algorithm ? step->algorithm : "own";
}

/* Behind the op that makes it, so that nothing needs to stay but what is kept. */
static alx_status keep_values(alx_build *build, const alx_op *op, alx_error *err)
{
    const alx_program *program = build->program;
    for (int i = 0; i < program->kept_count; i++) {
        const alx_value value = program->kept[i];
        bool made = !op && program->values[value].kind == ALX_VALUE_INPUT;
        for (int k = 0; op && k < op->output_count; k++) made |= op->outputs[k] == value;
        if (!made) continue;
        const alx_md *plain;
        ALX_TRY(alx_build_md(&plain, build, value, ALX_F32, ALX_ORDER_PLAIN, err));
        ALX_TRY(alx_build_input(&build->kept[i], build, value, plain, err));
        build->slots[build->kept[i]].result = true;
    }
    return ALX_OK;
}

alx_status alx_build_program(alx_build *build, alx_program *program, alx_dnn *dnn, const alx_build_config *config,
                             alx_error *err)
{
    *build = (alx_build){.program = program, .dnn = dnn, .config = *config};
    build->value_slot = alx_arena_alloc(&build->arena, (size_t)program->value_count, sizeof *build->value_slot, err);
    build->kept = alx_arena_alloc(&build->arena, (size_t)program->kept_count, sizeof *build->kept, err);
    if (!build->value_slot || !build->kept) return ALX_NO_MEMORY;
    for (int v = 0; v < program->value_count; v++) build->value_slot[v] = -1;
    ALX_TRY(keep_values(build, NULL, err));
    for (int i = 0; i < program->op_count; i++) {
        alx_op *op = program->ops[i];
        program->layer = op->layer;
        build->backward = i >= program->forward_count;
        alx_status status = op->cls->build(build, op, err);
        if (!status) status = keep_values(build, op, err);
        if (status) return alx_where(err, status, "%s", op->cls->name);
    }
    return ALX_OK;
}

void alx_build_finish(alx_build *build)
{
    free(build->slots);
    free(build->steps);
    alx_arena_finish(&build->arena);
    memset(build, 0, sizeof *build);
}
