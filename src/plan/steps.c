#include "plan/steps.h"

#include "base/clock.h"

void *alx_steps_slot(const alx_build *build, const alx_slot_memory *memory, int index)
{
    const alx_slot *slot = &build->slots[index];
    while (slot->kind == ALX_SLOT_ALIAS) slot = &build->slots[slot->alias];
    return memory->at(memory->user, slot);
}

static alx_status bind_prim(alx_build *build, const alx_slot_memory *memory, alx_step *step, alx_error *err)
{
    if (step->call) {
        for (int i = 0; i < step->arg_count; i++)
            ALX_TRY(alx_call_bind(step->call, i, alx_steps_slot(build, memory, step->args[i].slot), err));
        return ALX_OK;
    }
    alx_call_arg *args = alx_arena_alloc(&build->arena, (size_t)step->arg_count, sizeof *args, err);
    if (!args) return ALX_NO_MEMORY;
    for (int i = 0; i < step->arg_count; i++) {
        int slot = step->args[i].slot;
        args[i] = (alx_call_arg){step->args[i].arg, build->slots[slot].md, alx_steps_slot(build, memory, slot)};
    }
    return alx_call_create(&step->call, build->dnn, step->prim, step->arg_count, args, err);
}

alx_status alx_steps_bind(alx_build *build, const alx_slot_memory *memory, alx_error *err)
{
    for (int i = 0; i < build->step_count; i++) {
        alx_step *step = &build->steps[i];
        if (step->prim) ALX_TRY(bind_prim(build, memory, step, err));
        for (int k = 0; step->kernel && k < step->arg_count; k++)
            step->data[k] = alx_steps_slot(build, memory, step->args[k].slot);
    }
    for (int i = 0; i < build->taking_count; i++)
        build->takings[i].gradient = alx_steps_slot(build, memory, build->takings[i].slot);
    return ALX_OK;
}

/* The gradients that may be taken behind a step, from taking `first` on; returns which is next. */
static int take_gradients(const alx_build *build, int step, int first, const alx_watch *watch)
{
    for (; first < build->taking_count && build->takings[first].step == step; first++)
        if (watch->take) watch->take(watch->user, build->takings[first].param, build->takings[first].gradient);
    return first;
}

alx_status alx_steps_run(const alx_build *build, const alx_run_context *context, bool pack, const alx_watch *watch,
                         alx_error *err)
{
    const alx_watch nobody = {0};
    if (!watch) watch = &nobody;
    double *const seconds = watch->seconds;
    int taking = 0;
    for (int i = 0; i < build->step_count; i++) {
        const alx_step *step = &build->steps[i];
        if (seconds) seconds[i] = 0.0;
        if (step->pack && !pack) continue;
        const double began = seconds ? alx_clock() : 0.0;
        if (step->kernel)
            step->kernel(step, context);
        else
            ALX_TRY(alx_call_run(step->call, err));
        if (seconds) seconds[i] = alx_clock() - began;
        if (watch->after) ALX_TRY(watch->after(watch->user, i, err));
        taking = take_gradients(build, i, taking, watch);
    }
    return ALX_OK;
}
