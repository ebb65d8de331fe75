#include "plan/plan.h"

#include <stdlib.h>

/* Forward ops and what stands behind the logits: probabilities, or the loss. */
static alx_status lower(alx_plan *plan, const alx_graph *graph, const alx_plan_config *config, alx_error *err)
{
    alx_program *program = &plan->program;
    alx_program_init(program, config->mode, config->type, config->exact, config->batch);
    ALX_TRY(alx_graph_lower(graph, program, err));
    if (config->mode == ALX_MODE_PREDICT) {
        ALX_TRY(alx_op_softmax(&program->probabilities, program, program->logits, err));
    } else {
        alx_value_info labels = {
            .kind = ALX_VALUE_INPUT, .shape = ALX_SHAPE(config->batch), .type = ALX_S32, .param = 1};
        ALX_TRY(alx_program_add_value(&program->labels, program, &labels, err));
        program->layer = -1;
        ALX_TRY(alx_op_softmax_loss(&program->loss, &program->probabilities, program, program->logits, program->labels,
                                    &config->loss, err));
    }
    alx_pass_fuse_relu(program);
    if (!program->exact) ALX_TRY(alx_pass_fold_strides(program, err));
    program->forward_count = program->op_count;
    return config->mode == ALX_MODE_TRAIN ? alx_gradient_append(program, err) : ALX_OK;
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
    if ((status = lower(plan, params->graph, config, err))) goto done;
    if ((status = alx_dnn_create(&plan->dnn, err))) goto done;
    status = ALX_NO_MEMORY;
    tiled = alx_calloc((size_t)params->count, sizeof *tiled, err);
    if (!tiled) goto done;
    for (int i = 0; i < params->count; i++) tiled[i] = params->list[i].tiled;
    if ((status = alx_build_program(&plan->build, &plan->program, plan->dnn, tiled, err))) {
        const int layer = plan->program.layer;
        status = alx_where(err, status, "%s", layer < 0 ? "loss" : params->graph->spec.layers[layer].name);
        goto done;
    }
    plan->build.tiled = NULL;
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
