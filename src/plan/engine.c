#include "plan/engine.h"

#include <assert.h>
#include <inttypes.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "plan/plan.h"

struct alx_engine {
    alx_params *params;
    alx_engine_config config;
    float *class_weights; /* a copy */
    alx_plan *plans;
    const alx_plan *last; /* the plan of the last run: where results lie */
    void *arena;
    size_t arena_bytes;
    void *inputs[ALX_INPUT_COUNT]; /* by alx_input; those of mixed images may be NULL */
    size_t input_bytes[ALX_INPUT_COUNT];
    float *gradients;
    size_t gradients_bytes;
    alx_halves *halves; /* made with the first plan that reads them */
};

/* The caller's OpenMP setting, put back at the end of each call. */
typedef struct team {
    int threads;
} team;

static team team_enter(const alx_engine *engine)
{
    team before = {omp_get_max_threads()};
    omp_set_num_threads(engine->config.threads);
    return before;
}

static void team_leave(team before)
{
    omp_set_num_threads(before.threads);
}

alx_status alx_engine_resolve_precision(alx_dtype *type, alx_precision precision, alx_error *err)
{
    alx_cpu cpu = alx_dnn_cpu();
    *type = precision == ALX_PRECISION_BF16 || (precision == ALX_PRECISION_AUTO && cpu.bf16) ? ALX_BF16 : ALX_F32;
    if (*type == ALX_BF16 && !cpu.bf16_emulated)
        return alx_fail(err, ALX_UNSUPPORTED,
                        "bf16 needs a processor with AVX-512, which this one has not; use precision f32");
    return ALX_OK;
}

/* ---- Memory ---- */

static alx_status check_memory(const alx_engine *engine, uint64_t more, alx_error *err)
{
    uint64_t limit = engine->config.memory_limit, used = alx_engine_memory(engine);
    uint64_t available = alx_memory_available();
    bool over_limit = limit && used + more > limit;
    if (!over_limit && more <= available) return ALX_OK;
    const double mib = 1024.0 * 1024.0;
    return alx_fail(err, ALX_NO_MEMORY,
                    "batch %" PRId64 " needs %.0f MiB more memory (%.0f MiB in all) and %.0f MiB are free; "
                    "use a smaller batch_size, a smaller input, or another network",
                    engine->config.max_batch, (double)more / mib, (double)(used + more) / mib,
                    (double)(over_limit ? limit - (used < limit ? used : limit) : available) / mib);
}

static alx_status reserve(void **memory, const alx_engine *engine, size_t bytes, alx_error *err)
{
    *memory = alx_memory_reserve(bytes, engine->config.threads);
    return *memory ? ALX_OK : alx_fail(err, ALX_NO_MEMORY, "out of memory: %zu bytes", bytes);
}

uint64_t alx_engine_memory(const alx_engine *engine)
{
    uint64_t bytes = engine->arena_bytes;
    for (int i = 0; i < ALX_INPUT_COUNT; i++) bytes += engine->inputs[i] ? engine->input_bytes[i] : 0;
    if (engine->gradients) bytes += engine->gradients_bytes;
    if (engine->halves) bytes += engine->halves->bytes;
    for (const alx_plan *plan = engine->plans; plan; plan = plan->next) bytes += plan->packed ? plan->packed_bytes : 0;
    return bytes;
}

/* ---- Binding steps to memory ---- */

/* Whose slots. */
typedef struct owner {
    const alx_engine *engine;
    const alx_plan *plan;
} owner;

static void *slot_at(const void *user, const alx_slot *slot)
{
    const alx_engine *engine = ((const owner *)user)->engine;
    const alx_plan *plan = ((const owner *)user)->plan;
    const alx_param *list = engine->params->list;
    switch (slot->kind) {
    case ALX_SLOT_ARENA: return (char *)engine->arena + slot->offset;
    case ALX_SLOT_PACKED: return (char *)plan->packed + slot->offset;
    case ALX_SLOT_PARAM: return engine->params->data + list[slot->param].offset;
    case ALX_SLOT_HALF: return alx_halves_of(engine->halves, slot->param);
    case ALX_SLOT_GRADIENT: return engine->gradients + list[slot->param].offset;
    case ALX_SLOT_INPUT: return engine->inputs[slot->param];
    case ALX_SLOT_ALIAS: break;
    }
    return NULL;
}

void *alx_engine_slot(const alx_engine *engine, const alx_plan *plan, int index)
{
    const owner whose = {engine, plan};
    return alx_steps_slot(&plan->build, &(alx_slot_memory){slot_at, &whose}, index);
}

static alx_status bind_plan(const alx_engine *engine, alx_plan *plan, alx_error *err)
{
    const owner whose = {engine, plan};
    ALX_TRY(alx_steps_bind(&plan->build, &(alx_slot_memory){slot_at, &whose}, err));
    plan->bound_arena = engine->arena;
    return ALX_OK;
}

static alx_status grow_arena(alx_engine *engine, size_t bytes, alx_error *err)
{
    if (bytes <= engine->arena_bytes) return ALX_OK;
    alx_memory_release(engine->arena, engine->arena_bytes);
    engine->arena_bytes = 0;
    engine->last = NULL;
    /* The new one may come to lie where the old one was. */
    for (alx_plan *plan = engine->plans; plan; plan = plan->next) plan->bound_arena = NULL;
    ALX_TRY(reserve(&engine->arena, engine, bytes, err));
    engine->arena_bytes = bytes;
    return ALX_OK;
}

/* ---- Plans ---- */

/* What a plan takes on top of what is taken already. */
static uint64_t plan_growth(const alx_engine *engine, const alx_plan *plan)
{
    size_t arena = plan->arena_bytes ? plan->arena_bytes : 1;
    uint64_t bytes = arena > engine->arena_bytes ? arena - engine->arena_bytes : 0;
    if (plan->uses_halves && !engine->halves) bytes += alx_halves_bytes(engine->params);
    return bytes + (plan->packed ? 0 : plan->packed_bytes);
}

/* All or nothing: what the plan needs is checked before any of it is taken. */
static alx_status reserve_plan(alx_engine *engine, alx_plan *plan, alx_error *err)
{
    if (plan->bound_arena && plan->bound_arena == engine->arena) return ALX_OK;
    const uint64_t growth = plan_growth(engine, plan);
    if (growth > 0) ALX_TRY(check_memory(engine, growth, err));
    if (plan->packed_bytes > 0 && !plan->packed) ALX_TRY(reserve(&plan->packed, engine, plan->packed_bytes, err));
    if (plan->uses_halves && !engine->halves)
        ALX_TRY(alx_halves_create(&engine->halves, engine->params, engine->config.threads, err));
    ALX_TRY(grow_arena(engine, plan->arena_bytes ? plan->arena_bytes : 1, err));
    return bind_plan(engine, plan, err);
}

/* What may still be taken, of the limit and of the machine, when `buffers` will be too. */
static uint64_t memory_left(const alx_engine *engine, uint64_t buffers)
{
    const uint64_t limit = engine->config.memory_limit, used = alx_engine_memory(engine);
    const uint64_t available = alx_memory_available(), left = limit > used ? limit - used : 0;
    const uint64_t both = limit && left < available ? left : available;
    return both > buffers ? both - buffers : 0;
}

/* measure: choices may be measured, for which memory is taken, and given back, before the plan's own is.  The fastest
 * ways may take more memory than the rules of thumb, by which a limit is reckoned (plan/micro_batch.c): where there is
 * no room for them, those rule. */
static alx_status build_plan(alx_plan **plan, const alx_engine *engine, alx_mode mode, int64_t batch, bool measure,
                             uint64_t buffers, alx_error *err)
{
    alx_plan_config config = alx_engine_plan_config(&engine->config, mode, batch);
    config.chooser.memory = measure ? memory_left(engine, buffers) : 0;
    ALX_TRY(alx_plan_create(plan, engine->params, &config, err));
    if (!config.chooser.choose || plan_growth(engine, *plan) <= memory_left(engine, buffers)) return ALX_OK;
    alx_plan_destroy(*plan);
    config.chooser = (alx_chooser){0};
    return alx_plan_create(plan, engine->params, &config, err);
}

/* A session may meet every batch size up to its largest, and each plan has packed weights of its own: the sizes used
 * last are kept, two for full and last batches and two more. */
enum { PLANS_PER_MODE = 4 };

static void drop_oldest(alx_engine *engine, alx_mode mode)
{
    int count = 0;
    for (alx_plan **link = &engine->plans; *link; link = &(*link)->next) {
        alx_plan *plan = *link;
        if (plan->mode != mode || ++count <= PLANS_PER_MODE) continue;
        *link = plan->next;
        alx_plan_destroy(plan);
        return;
    }
}

/* Finds a plan and puts it in front: the list is in the order of last use. */
static alx_plan *recall_plan(alx_engine *engine, alx_mode mode, int64_t batch)
{
    for (alx_plan **link = &engine->plans; *link; link = &(*link)->next) {
        alx_plan *plan = *link;
        if (plan->mode != mode || plan->batch != batch) continue;
        *link = plan->next;
        plan->next = engine->plans;
        engine->plans = plan;
        return plan;
    }
    return NULL;
}

static alx_status find_plan(alx_plan **out, alx_engine *engine, alx_mode mode, int64_t batch, bool measure,
                            alx_error *err)
{
    alx_plan *plan = recall_plan(engine, mode, batch);
    if (plan) {
        *out = plan;
        return reserve_plan(engine, plan, err);
    }
    ALX_TRY(build_plan(&plan, engine, mode, batch, measure, 0, err));
    alx_status status = reserve_plan(engine, plan, err);
    if (status) {
        alx_plan_destroy(plan);
        return status;
    }
    plan->next = engine->plans;
    engine->plans = plan;
    drop_oldest(engine, mode);
    *out = plan;
    return ALX_OK;
}

alx_status alx_engine_prepare(alx_engine *engine, alx_mode mode, int64_t batch, alx_error *err)
{
    assert(batch >= 1 && batch <= engine->config.max_batch);
    assert(mode != ALX_MODE_TRAIN || engine->config.training);
    team before = team_enter(engine);
    alx_plan *plan;
    alx_status status = find_plan(&plan, engine, mode, batch, true, err);
    team_leave(before);
    return status;
}

/* ---- Life ---- */

/* The plan of the largest batch is built first, without its memory: what it will need counts, so that a batch
 * that cannot be run is refused before pages of it are touched. */
static alx_status reserve_buffers(alx_engine *engine, alx_error *err)
{
    const alx_params *params = engine->params;
    uint64_t buffers = 0;
    ALX_TRY(alx_engine_input_bytes(engine->input_bytes, params->graph, &engine->config, err));
    engine->gradients_bytes = alx_engine_gradient_bytes(params, &engine->config);
    for (int i = 0; i < ALX_INPUT_COUNT; i++) buffers += engine->input_bytes[i];
    buffers += engine->gradients_bytes;
    ALX_TRY(check_memory(engine, buffers, err));
    alx_mode mode = engine->config.training ? ALX_MODE_TRAIN : ALX_MODE_PREDICT;
    ALX_TRY(build_plan(&engine->plans, engine, mode, engine->config.max_batch, true, buffers, err));
    ALX_TRY(check_memory(engine, buffers + plan_growth(engine, engine->plans), err));
    for (int i = 0; i < ALX_INPUT_COUNT; i++)
        if (engine->input_bytes[i]) ALX_TRY(reserve(&engine->inputs[i], engine, engine->input_bytes[i], err));
    if (engine->gradients_bytes) ALX_TRY(reserve((void **)&engine->gradients, engine, engine->gradients_bytes, err));
    return ALX_OK;
}

alx_status alx_engine_create(alx_engine **out, alx_params *params, const alx_engine_config *config, alx_error *err)
{
    *out = NULL;
    assert(config->threads >= 1 && config->max_batch >= 1);
    alx_engine *engine = alx_calloc(1, sizeof *engine, err);
    if (!engine) return ALX_NO_MEMORY;
    engine->params = params;
    engine->config = *config;
    alx_status status = ALX_OK;
    if (config->class_weights) {
        size_t classes = (size_t)params->graph->spec.classes;
        engine->class_weights = alx_calloc(classes, sizeof(float), err);
        if (engine->class_weights)
            memcpy(engine->class_weights, config->class_weights, classes * sizeof(float));
        else
            status = ALX_NO_MEMORY;
        engine->config.class_weights = engine->class_weights;
    }
    team before = team_enter(engine);
    if (!status) status = reserve_buffers(engine, err);
    team_leave(before);
    if (status)
        alx_engine_destroy(engine);
    else
        *out = engine;
    return status;
}

void alx_engine_destroy(alx_engine *engine)
{
    if (!engine) return;
    for (alx_plan *plan = engine->plans; plan;) {
        alx_plan *next = plan->next;
        alx_plan_destroy(plan);
        plan = next;
    }
    alx_memory_release(engine->arena, engine->arena_bytes);
    for (int i = 0; i < ALX_INPUT_COUNT; i++) alx_memory_release(engine->inputs[i], engine->input_bytes[i]);
    alx_memory_release(engine->gradients, engine->gradients_bytes);
    alx_halves_destroy(engine->halves);
    free(engine->class_weights);
    free(engine);
}

const alx_graph *alx_engine_graph(const alx_engine *engine)
{
    return engine->params->graph;
}

int alx_engine_threads(const alx_engine *engine)
{
    return engine->config.threads;
}

float *alx_engine_images(alx_engine *engine)
{
    return engine->inputs[ALX_INPUT_IMAGES];
}

int32_t *alx_engine_labels(alx_engine *engine)
{
    return engine->inputs[ALX_INPUT_LABELS];
}

int32_t *alx_engine_others(alx_engine *engine)
{
    return engine->inputs[ALX_INPUT_OTHERS];
}

float *alx_engine_shares(alx_engine *engine)
{
    return engine->inputs[ALX_INPUT_SHARES];
}

float *alx_engine_gradients(alx_engine *engine)
{
    return engine->gradients;
}

alx_halves *alx_engine_halves(const alx_engine *engine)
{
    return engine->halves;
}

/* ---- Running ---- */

/* The tensors that halves are copies of are as they were. */
static void moving_statistics_changed(const alx_engine *engine)
{
    alx_params *params = engine->params;
    const bool fresh = engine->halves && engine->halves->made_from == alx_params_stamp(params);
    params->updates++;
    if (fresh) engine->halves->made_from = alx_params_stamp(params);
}

alx_status alx_engine_run_watched(alx_engine *engine, alx_mode mode, int64_t batch, const alx_step_key *key,
                                  const alx_watch *watch, alx_error *err)
{
    assert(batch >= 1 && batch <= engine->config.max_batch);
    assert(mode != ALX_MODE_TRAIN || (engine->config.training && key));
    assert(!key || !key->whole || key->whole == batch || engine->config.accumulate);
    assert(mode != ALX_MODE_ATTRIBUTE || (engine->config.type == ALX_F32 && engine->config.kept_count > 0));
    team before = team_enter(engine);
    alx_plan *plan;
    alx_status status = find_plan(&plan, engine, mode, batch, false, err);
    if (!status) {
        alx_run_context context = {.threads = engine->config.threads, .share = 1.0f};
        if (key) {
            if (key->whole) context.share = (float)((double)batch / (double)key->whole);
            context.seed = key->seed;
            context.step = key->step;
            context.first_slot = key->first_slot;
        }
        /* What training packs is of frozen weights. */
        const uint64_t from = mode == ALX_MODE_TRAIN ? engine->params->version : alx_params_stamp(engine->params);
        if (plan->uses_halves) alx_halves_refresh(engine->halves, engine->params, engine->config.threads);
        engine->last = plan; /* a watch may look at its losses */
        status = alx_steps_run(&plan->build, &context, plan->packed_from != from, watch, err);
        if (!status) plan->packed_from = from;
        if (mode == ALX_MODE_TRAIN) moving_statistics_changed(engine);
    }
    team_leave(before);
    return status;
}

alx_status alx_engine_run(alx_engine *engine, alx_mode mode, int64_t batch, const alx_step_key *key, alx_error *err)
{
    return alx_engine_run_watched(engine, mode, batch, key, NULL, err);
}

static const float *result(const alx_engine *engine, alx_value value)
{
    const alx_plan *plan = engine->last;
    return plan ? alx_engine_slot(engine, plan, plan->build.value_slot[value]) : NULL;
}

const float *alx_engine_losses(const alx_engine *engine)
{
    return engine->last ? result(engine, engine->last->program.loss) : NULL;
}

const float *alx_engine_probabilities(const alx_engine *engine)
{
    return engine->last ? result(engine, engine->last->program.probabilities) : NULL;
}

const float *alx_engine_kept(const alx_engine *engine, int index)
{
    const alx_plan *plan = engine->last;
    assert(!plan || index < plan->program.kept_count);
    return plan ? alx_engine_slot(engine, plan, plan->build.kept[index]) : NULL;
}

const alx_plan *alx_engine_plan(const alx_engine *engine, alx_mode mode, int64_t batch)
{
    for (const alx_plan *plan = engine->plans; plan; plan = plan->next)
        if (plan->mode == mode && plan->batch == batch) return plan;
    return NULL;
}

void alx_engine_describe(alx_text *text, const alx_engine *engine, alx_mode mode, int64_t batch)
{
    const alx_plan *plan = alx_engine_plan(engine, mode, batch);
    for (int i = 0; plan && i < plan->build.step_count; i++) {
        const alx_step *step = &plan->build.steps[i];
        if (!step->op || (!step->prim && !step->algorithm) || step->layer < 0) continue;
        alx_text_printf(text, "%s %s %s\n", engine->params->graph->spec.layers[step->layer].name, step->op->cls->name,
                        alx_step_algorithm(step));
    }
}
