#include "plan/plan.h"

#include <stdlib.h>

static alx_status add_input(alx_value *value, alx_program *program, alx_input input, alx_dtype type, alx_error *err)
{
    const alx_value_info info = {
        .kind = ALX_VALUE_INPUT, .shape = ALX_SHAPE(program->batch), .type = type, .param = (int)input};
    return alx_program_add_value(value, program, &info, err);
}

static alx_status lower_loss(alx_program *program, const alx_plan_config *config, alx_error *err)
{
    alx_targets targets = {ALX_NO_VALUE, ALX_NO_VALUE, ALX_NO_VALUE};
    ALX_TRY(add_input(&targets.labels, program, ALX_INPUT_LABELS, ALX_S32, err));
    if (config->mixed && config->mode == ALX_MODE_TRAIN) {
        ALX_TRY(add_input(&targets.others, program, ALX_INPUT_OTHERS, ALX_S32, err));
        ALX_TRY(add_input(&targets.shares, program, ALX_INPUT_SHARES, ALX_F32, err));
    }
    program->layer = -1;
    return alx_op_softmax_loss(&program->loss, &program->probabilities, program, program->logits, &targets,
                               &config->loss, err);
}

/* The logit of the class that is asked about, and the probabilities beside it. */
static alx_status lower_logit(alx_program *program, alx_error *err)
{
    alx_value labels;
    ALX_TRY(add_input(&labels, program, ALX_INPUT_LABELS, ALX_S32, err));
    program->layer = -1;
    ALX_TRY(alx_op_softmax(&program->probabilities, program, program->logits, err));
    return alx_op_class_logit(&program->loss, program, program->logits, labels, err);
}

/* The outputs that stay: of the last layer the probabilities, which are made behind it.  One more place is for a
 * gradient. */
static alx_status keep_outputs(alx_program *program, const alx_graph *graph, const alx_plan_config *config,
                               alx_error *err)
{
    program->kept = alx_arena_alloc(&program->arena, (size_t)config->kept_count + 1, sizeof *program->kept, err);
    if (!program->kept) return ALX_NO_MEMORY;
    for (int i = 0; i < config->kept_count; i++) {
        const int layer = config->kept[i];
        const bool last = layer == graph->spec.layer_count - 1;
        program->kept[program->kept_count++] = last ? program->probabilities : program->outputs[layer + 1];
    }
    return ALX_OK;
}

/* d logit / d the first output that is kept, which is kept behind the others. */
static alx_status attribute(alx_program *program, alx_error *err)
{
    alx_value gradient;
    ALX_TRY(alx_gradient_of(&gradient, program, program->kept[0], err));
    program->kept[program->kept_count++] = gradient;
    return ALX_OK;
}

/* Forward ops and what stands behind the logits: probabilities, or the loss. */
static alx_status lower(alx_plan *plan, const alx_params *params, const alx_plan_config *config, alx_error *err)
{
    alx_program *program = &plan->program;
    alx_program_init(program, config->mode, config->type, config->exact, config->batch);
    program->accumulate = config->accumulate;
    ALX_TRY(alx_graph_lower(params->graph, program, err));
    if (config->mode == ALX_MODE_PREDICT)
        ALX_TRY(alx_op_softmax(&program->probabilities, program, program->logits, err));
    else if (config->mode == ALX_MODE_ATTRIBUTE)
        ALX_TRY(lower_logit(program, err));
    else
        ALX_TRY(lower_loss(program, config, err));
    ALX_TRY(keep_outputs(program, params->graph, config, err));
    if (!alx_program_goes_back(program) && !program->exact) {
        ALX_TRY(alx_pass_fold_norms(program, params, err));
        ALX_TRY(alx_pass_fuse_add(program, err));
    }
    alx_pass_fuse_relu(program);
    if (config->mode == ALX_MODE_TRAIN && !program->exact) ALX_TRY(alx_pass_fold_affine(program, err));
    ALX_TRY(alx_pass_choose(program, &config->chooser, err));
    ALX_TRY(alx_pass_fold_strides(program, err));
    program->forward_count = program->op_count;
    if (config->mode == ALX_MODE_ATTRIBUTE) return attribute(program, err);
    if (config->mode != ALX_MODE_TRAIN) return ALX_OK;
    alx_pass_mask_relu(program);
    ALX_TRY(alx_gradient_append(program, err));
    return alx_pass_compute_again(program, err);
}

alx_status alx_plan_create(alx_plan **out, const alx_params *params, const alx_plan_config *config, alx_error *err)
{
    *out = NULL;
    alx_status status = ALX_NO_MEMORY;
    bool *tiled = NULL;
    alx_plan *plan = alx_calloc(1, sizeof *plan, err);
    if (!plan) return ALX_NO_MEMORY;
    plan->mode = config->mode;
    plan->batch = config->batch;
    if ((status = lower(plan, params, config, err))) goto done;
    if ((status = alx_dnn_create(&plan->dnn, err))) goto done;
    status = ALX_NO_MEMORY;
    tiled = alx_calloc((size_t)params->count, sizeof *tiled, err);
    if (!tiled) goto done;
    for (int i = 0; i < params->count; i++) tiled[i] = params->list[i].tiled;
    const alx_build_config how = {.tiled = tiled, .halves = config->halves, .fleeting = config->fleeting};
    if ((status = alx_build_program(&plan->build, &plan->program, plan->dnn, &how, err))) {
        const int layer = plan->program.layer;
        status = alx_where(err, status, "%s", layer < 0 ? "loss" : params->graph->spec.layers[layer].name);
        goto done;
    }
    plan->build.config.tiled = NULL;
    for (int i = 0; i < plan->build.slot_count; i++) plan->uses_halves |= plan->build.slots[i].kind == ALX_SLOT_HALF;
    if (config->fleeting && (status = alx_memory_hold_gradients(&plan->build, err))) goto done;
    status = alx_memory_plan(&plan->build, &plan->arena_bytes, &plan->packed_bytes, err);
done:
    free(tiled);
    if (status)
        alx_plan_destroy(plan);
    else
        *out = plan;
    return status;
}

void alx_plan_destroy(alx_plan *plan)
{
    if (!plan) return;
    alx_memory_release(plan->packed, plan->packed_bytes);
    alx_build_finish(&plan->build);
    alx_dnn_destroy(plan->dnn);
    alx_program_finish(&plan->program);
    free(plan);
}
