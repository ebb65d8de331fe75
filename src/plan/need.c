/* What an engine needs, found out before any of it is taken: plans are built as the engine builds them, and measured.
 */
#include <omp.h>

#include "model/halves.h"
#include "plan/engine.h"
#include "plan/plan.h"

alx_plan_config alx_engine_plan_config(const alx_engine_config *config, alx_mode mode, int64_t batch)
{
    alx_chooser chooser = config->chooser;
    chooser.threads = config->threads;
    return (alx_plan_config){.mode = mode,
                             .batch = batch,
                             .type = config->type,
                             .exact = config->exact,
                             .mixed = config->mixed,
                             .halves = config->training && config->type == ALX_BF16,
                             .chooser = chooser,
                             .accumulate = config->accumulate,
                             .fleeting = alx_engine_is_fleeting(config),
                             .loss = {config->smoothing, config->class_weights},
                             .kept = config->kept,
                             .kept_count = config->kept_count};
}

bool alx_engine_is_fleeting(const alx_engine_config *config)
{
    return config->training && config->fleeting && !config->accumulate;
}

size_t alx_engine_gradient_bytes(const alx_params *params, const alx_engine_config *config)
{
    if (!config->training || alx_engine_is_fleeting(config)) return 0;
    return (size_t)params->trainable_span * sizeof(float);
}

alx_status alx_engine_input_bytes(size_t bytes[ALX_INPUT_COUNT], const alx_graph *graph,
                                  const alx_engine_config *config, alx_error *err)
{
    const alx_shape images = alx_shape_batched(alx_graph_shape(graph, -1), config->max_batch);
    const size_t batch = (size_t)config->max_batch;
    int64_t count;
    ALX_TRY(alx_shape_count(&count, &images, err));
    bytes[ALX_INPUT_IMAGES] = (size_t)count * sizeof(float);
    bytes[ALX_INPUT_LABELS] = batch * sizeof(int32_t);
    bytes[ALX_INPUT_OTHERS] = config->mixed ? batch * sizeof(int32_t) : 0;
    bytes[ALX_INPUT_SHARES] = config->mixed ? batch * sizeof(float) : 0;
    return ALX_OK;
}

static alx_status add_plan(alx_engine_need *need, const alx_params *params, const alx_plan_config *config,
                           alx_error *err)
{
    alx_plan *plan;
    ALX_TRY(alx_plan_create(&plan, params, config, err));
    if (plan->arena_bytes > need->arena) need->arena = plan->arena_bytes;
    need->packed += plan->packed_bytes;
    if (plan->uses_halves) need->halves = alx_halves_bytes(params);
    alx_plan_destroy(plan);
    return ALX_OK;
}

alx_status alx_engine_measure(alx_engine_need *need, const alx_params *params, const alx_engine_config *config,
                              int count, const alx_plan_key *plans, alx_error *err)
{
    size_t inputs[ALX_INPUT_COUNT];
    *need = (alx_engine_need){.gradients = alx_engine_gradient_bytes(params, config)};
    ALX_TRY(alx_engine_input_bytes(inputs, params->graph, config, err));
    for (int i = 0; i < ALX_INPUT_COUNT; i++) need->inputs += inputs[i];
    const int threads = omp_get_max_threads(); /* oneDNN's scratch depends on them */
    alx_status status = ALX_OK;
    omp_set_num_threads(config->threads);
    for (int i = 0; i < count && !status; i++) {
        if (plans[i].batch == 0) continue;
        const alx_plan_config plan = alx_engine_plan_config(config, plans[i].mode, plans[i].batch);
        status = add_plan(need, params, &plan, err);
    }
    omp_set_num_threads(threads);
    need->total = need->inputs + need->gradients + need->arena + need->packed + need->halves;
    return status;
}
