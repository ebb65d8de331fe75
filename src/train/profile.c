/* Where the time of a training step goes: real steps on random images, every step of the plan timed. */
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/config.h"
#include "base/memory.h"
#include "base/rng.h"
#include "model/network.h"
#include "plan/engine.h"
#include "plan/micro_batch.h"
#include "plan/plan.h"
#include "train/param_groups.h"
#include "train/profile_peak.h"
#include "train/profile_ways.h"

enum { WARM_UP = 2, SEED = 0, MAX_THREADS = 1024, MAX_BATCH = 65536, MAX_STEPS = 10000 };

static const double PEAK_SECONDS = 1.0; /* that seeking the peak may take */

struct alx_profile {
    alx_arena arena; /* rows and their texts: nothing of the network or the engine is kept */
    int row_count;
    alx_profile_row *rows;
    int way_count;
    alx_profile_way *ways;
    double step_seconds, peak;
    alx_precision precision;
    int threads, at_once;
    uint64_t memory;
};

void alx_profile_config_init(alx_profile_config *config)
{
    *config = (alx_profile_config){.struct_size = sizeof *config,
                                   .batch_size = 32,
                                   .steps = 10,
                                   .precision = ALX_PRECISION_AUTO,
                                   .threads = 0,
                                   .exact = 0,
                                   .optimizer_states = 2,
                                   .autotune = 0,
                                   .cache_dir = NULL};
}

static alx_status check_number(const char *name, int value, int least, int most, alx_error *err)
{
    if (value >= least && value <= most) return ALX_OK;
    return alx_fail(err, ALX_USAGE, "%s is %d; give %d to %d", name, value, least, most);
}

static alx_status read_config(alx_profile_config *out, const alx_profile_config *config, alx_error *err)
{
    alx_profile_config_init(out);
    ALX_TRY(alx_config_copy(out, sizeof *out, config, "alx_profile_config", err));
    ALX_TRY(check_number("batch_size", out->batch_size, 1, MAX_BATCH, err));
    ALX_TRY(check_number("steps", out->steps, 1, MAX_STEPS, err));
    ALX_TRY(check_number("threads", out->threads, 0, MAX_THREADS, err));
    ALX_TRY(check_number("optimizer_states", out->optimizer_states, 0, 2, err));
    if (!out->threads) out->threads = omp_get_num_procs();
    return ALX_OK;
}

/* ---- Running ---- */

/* What a profile takes while it runs. */
typedef struct work {
    alx_profile_config config; /* batch_size: images at once */
    uint64_t memory;
    const alx_graph *graph;
    alx_dtype type;
    alx_params *params;
    alx_tuner tuner;
    alx_engine *engine;
    const alx_plan *plan;
    alx_peak *peak;
    alx_optimizer_config optimizer;
    alx_param_groups groups;
    float *state[2]; /* (params->trainable_span) each */
    size_t state_bytes;
    int step_count;  /* of the plan */
    double *seconds; /* (config.steps, step_count) */
    double *updates; /* (config.steps): of the optimizer */
    int64_t step;    /* the optimizer's, from 1 */
    double update;   /* seconds that it took so far */
    double *wholes;  /* (config.steps): of everything */
    double *column;  /* (config.steps): for a median */
    double *medians; /* (step_count) */
} work;

static void finish_work(work *w)
{
    alx_peak_destroy(w->peak);
    alx_engine_destroy(w->engine);
    alx_tuner_finish(&w->tuner);
    for (int i = 0; i < 2; i++) alx_memory_release(w->state[i], w->state_bytes);
    alx_param_groups_finish(&w->groups);
    alx_params_destroy(w->params);
    free(w->seconds);
    free(w->updates);
    free(w->wholes);
    free(w->column);
    free(w->medians);
}

/* Uniform in [0, 1), as images that rescale 1/255 made; labels at random. */
static void fill_batch(const work *w)
{
    const int64_t pixels = alx_shape_elements(alx_graph_shape(w->graph, -1));
    float *images = alx_engine_images(w->engine);   /* (batch_size, C, H, W) */
    int32_t *labels = alx_engine_labels(w->engine); /* (batch_size) */
#pragma omp parallel for schedule(static) num_threads(w->config.threads)
    for (int n = 0; n < w->config.batch_size; n++) {
        float *image = images + n * pixels;
        for (int64_t i = 0; i < pixels; i += 4) {
            alx_rng4 draw = alx_rng_draw(SEED, ALX_RNG_PROFILE, 0, (uint32_t)n, (uint32_t)(i / 4));
            for (int k = 0; k < 4 && i + k < pixels; k++) image[i + k] = alx_rng_unit(draw.v[k]);
        }
        alx_rng4 draw = alx_rng_draw(SEED, ALX_RNG_PROFILE, 1, (uint32_t)n, 0);
        labels[n] = (int32_t)(draw.v[0] % (uint32_t)w->graph->spec.classes);
    }
}

static alx_status reserve_times(work *w, alx_error *err)
{
    const size_t steps = (size_t)w->config.steps, parts = (size_t)w->step_count;
    w->seconds = alx_calloc(steps * parts, sizeof *w->seconds, err);
    w->updates = alx_calloc(steps, sizeof *w->updates, err);
    w->wholes = alx_calloc(steps, sizeof *w->wholes, err);
    w->column = alx_calloc(steps, sizeof *w->column, err);
    w->medians = alx_calloc(parts, sizeof *w->medians, err);
    return w->seconds && w->updates && w->wholes && w->column && w->medians ? ALX_OK : ALX_NO_MEMORY;
}

/* Images at once, by the usual ways to compute convolutions. */
static alx_status keep_limit(work *w, const alx_engine_config *engine, uint64_t state, alx_error *err)
{
    const int64_t batch = w->config.batch_size;
    const alx_micro_request request = {.params = w->params,
                                       .engine = *engine,
                                       .batch = batch,
                                       .update = batch,
                                       .last = batch,
                                       .beside = (uint64_t)w->params->span * sizeof(float) + state,
                                       .limit = w->config.memory_limit};
    alx_micro_choice choice;
    ALX_TRY(alx_micro_batch_choose(&choice, &request, err));
    w->config.batch_size = (int)choice.micro;
    return choice.micro ? ALX_OK : alx_micro_batch_refuse(&choice, w->config.memory_limit, err);
}

/* As alx_trainer_create does it. */
static alx_status prepare(work *w, alx_error *err)
{
    const alx_profile_config *config = &w->config;
    char *complaint; /* what cannot be read is measured, and written anew */
    if (config->autotune) ALX_TRY(alx_tuner_begin(&w->tuner, &complaint, config->cache_dir, err));
    if (config->autotune) free(complaint);
    ALX_TRY(alx_engine_resolve_precision(&w->type, config->precision, err));
    ALX_TRY(alx_params_create(&w->params, w->graph, alx_params_prefer_tiles(), err));
    const alx_map none = {0}, *wrong;
    ALX_TRY(alx_param_groups_create(&w->groups, &wrong, w->params, &none, &none, err));
    w->state_bytes = (size_t)w->params->trainable_span * sizeof(float);
    const uint64_t state = (uint64_t)config->optimizer_states * w->state_bytes;
    alx_engine_config engine = {.threads = config->threads,
                                .type = w->type,
                                .exact = config->exact != 0,
                                .training = true,
                                .fleeting = true,
                                .chooser = alx_tuner_chooser(&w->tuner)};
    const int whole = config->batch_size;
    ALX_TRY(keep_limit(w, &engine, state, err));
    ALX_TRY(alx_optimizer_check_memory(&engine.memory_limit, state, "the optimizer's state", err));
    engine.max_batch = config->batch_size;
    engine.accumulate = config->batch_size < whole;
    ALX_TRY(alx_engine_create(&w->engine, w->params, &engine, err));
    ALX_TRY(alx_engine_prepare(w->engine, ALX_MODE_TRAIN, config->batch_size, err));
    (void)alx_tuner_remember(&w->tuner, config->cache_dir, NULL); /* or it is measured again next time */
    w->memory = alx_engine_memory(w->engine) + (uint64_t)w->params->span * sizeof(float) + state;
    w->plan = alx_engine_plan(w->engine, ALX_MODE_TRAIN, config->batch_size);
    w->step_count = w->plan->build.step_count;
    for (int i = 0; i < config->optimizer_states; i++) {
        w->state[i] = alx_memory_reserve(w->state_bytes, config->threads);
        if (!w->state[i])
            return alx_fail(err, ALX_NO_MEMORY, "out of memory: %zu bytes of optimizer state", w->state_bytes);
    }
    w->optimizer = (alx_optimizer_config){.kind = config->optimizer_states == 2 ? ALX_ADAM : ALX_SGD,
                                          .learning_rate = 1e-4,
                                          .beta_1 = 0.9,
                                          .beta_2 = 0.999,
                                          .epsilon = 1e-7,
                                          .momentum = config->optimizer_states == 1 ? 0.9 : 0.0};
    alx_params_init(w->params, SEED);
    w->params->version++;
    fill_batch(w);
    return reserve_times(w, err);
}

/* alx_watch.take */
static void take(void *user, int param, float *gradient)
{
    work *w = user;
    const double began = alx_clock();
    alx_param_groups_step_tensor(&w->groups, &w->optimizer, w->step, w->params, param, gradient, w->state,
                                 alx_engine_halves(w->engine), w->config.threads);
    w->update += alx_clock() - began;
}

/* Gradients that have stayed, as those of parts do. */
static void update(work *w)
{
    const float *gradients = alx_engine_gradients(w->engine);
    const double began = alx_clock();
    if (!gradients) return;
    alx_param_groups_step(&w->groups, &w->optimizer, w->step, w->params, gradients, w->state,
                          alx_engine_halves(w->engine), w->config.threads);
    w->update += alx_clock() - began;
}

/* Step t = 1, 2 ... of all; the first ones are not kept. */
static alx_status run_step(work *w, int t, alx_error *err)
{
    const alx_step_key key = {.seed = SEED, .step = (uint32_t)t};
    const int kept = t > WARM_UP ? t - WARM_UP - 1 : 0;
    double *seconds = w->seconds + (size_t)kept * (size_t)w->step_count;
    const alx_watch watch = {.take = take, .user = w, .seconds = seconds};
    const double began = alx_clock();
    w->step = t;
    w->update = 0.0;
    ALX_TRY(alx_engine_run_watched(w->engine, ALX_MODE_TRAIN, w->config.batch_size, &key, &watch, err));
    update(w);
    w->updates[kept] = w->update;
    w->wholes[kept] = alx_clock() - began;
    return ALX_OK;
}

/* ---- Rows ---- */

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Of values[0], values[stride], ... */
static double median(work *w, const double *values, int stride)
{
    const int count = w->config.steps;
    for (int i = 0; i < count; i++) w->column[i] = values[(size_t)i * (size_t)stride];
    qsort(w->column, (size_t)count, sizeof *w->column, compare);
    return (w->column[(count - 1) / 2] + w->column[count / 2]) / 2;
}

/* A row while it is added up. */
typedef struct sum {
    bool there;
    alx_profile_row row;
    const alx_step *longest; /* NULL: nothing runs */
    double longest_seconds;
    const alx_md *layout; /* of the last op's result */
    bool weights;         /* which is a gradient of weights */
} sum;

/* In the order of a step: layers forward, loss, loss backward, layers backward, optimizer. */
static int row_index(int layers, int layer, bool backward)
{
    if (layer < 0) return layers + backward;
    return backward ? 2 * layers + 1 - layer : layer;
}

static void add_ops(const work *w, sum *sums)
{
    const alx_program *program = &w->plan->program;
    for (int i = 0; i < program->op_count; i++) {
        const alx_op *op = program->ops[i];
        sum *s = &sums[row_index(w->graph->spec.layer_count, op->layer, i >= program->forward_count)];
        s->there = true;
        s->row.multiply_adds += alx_op_multiply_adds(program, op);
        s->layout = alx_build_layout(&w->plan->build, op->outputs[0]);
        s->weights = program->values[op->outputs[0]].kind == ALX_VALUE_GRADIENT;
    }
}

/* Whether a step's algorithm is to be named rather than the one so far: computation before conversion, then the longer.
 */
static bool outranks(const sum *s, const alx_step *step, double seconds)
{
    if (!s->longest) return true;
    if (!step->op != !s->longest->op) return step->op != NULL;
    return seconds > s->longest_seconds;
}

static void add_steps(work *w, sum *sums)
{
    for (int i = 0; i < w->step_count; i++) {
        const alx_step *step = &w->plan->build.steps[i];
        sum *s = &sums[row_index(w->graph->spec.layer_count, step->layer, step->backward)];
        const double seconds = median(w, w->seconds + i, w->step_count);
        s->row.seconds += seconds;
        if (!step->op) s->row.conversions += seconds;
        if (!outranks(s, step, seconds)) continue;
        s->longest = step;
        s->longest_seconds = seconds;
    }
}

static alx_status finish_row(alx_profile *profile, const work *w, sum *s, int index, alx_error *err)
{
    const int layers = w->graph->spec.layer_count;
    alx_profile_row *row = &profile->rows[profile->row_count];
    alx_md_text layout = "";
    *row = s->row;
    row->layer = index < layers ? index : index >= layers + 2 ? 2 * layers + 1 - index : -1;
    row->backward = index > layers;
    if (s->layout) alx_md_name(s->layout, s->weights, layout);
    const char *algorithm = !s->longest ? "" : alx_step_algorithm(s->longest);
    row->name =
        alx_arena_strdup(&profile->arena, row->layer < 0 ? "loss" : w->graph->spec.layers[row->layer].name, err);
    row->algorithm = alx_arena_strdup(&profile->arena, algorithm, err);
    row->layout = alx_arena_strdup(&profile->arena, layout, err);
    profile->row_count++;
    return row->name && row->algorithm && row->layout ? ALX_OK : ALX_NO_MEMORY;
}

static alx_status make_rows(alx_profile *profile, work *w, alx_error *err)
{
    const int layers = w->graph->spec.layer_count, most = 2 * layers + 2;
    profile->rows = alx_arena_alloc(&profile->arena, (size_t)most + 1, sizeof *profile->rows, err);
    sum *sums = profile->rows ? alx_calloc((size_t)most, sizeof *sums, err) : NULL;
    if (!sums) return ALX_NO_MEMORY;
    add_ops(w, sums);
    add_steps(w, sums);
    alx_status status = ALX_OK;
    for (int i = 0; i < most && !status; i++) /* every layer runs forward, if only inside of another */
        if (i < layers || sums[i].there) status = finish_row(profile, w, &sums[i], i, err);
    free(sums);
    profile->rows[profile->row_count++] = (alx_profile_row){
        .layer = -1, .name = "optimizer", .seconds = median(w, w->updates, 1), .algorithm = "own", .layout = ""};
    return status;
}

/* ---- The public calls ---- */

/* The peak is sought before, between and behind the steps, as neighbours on the machine come and go. */
static alx_status measure(alx_profile *profile, work *w, alx_error *err)
{
    const int threads = w->config.threads;
    const int steps = WARM_UP + w->config.steps;
    ALX_TRY(prepare(w, err));
    ALX_TRY(alx_peak_create(&w->peak, w->type, threads, err));
    for (int t = 0; t <= steps; t++) {
        if (t > 0) ALX_TRY(run_step(w, t, err));
        ALX_TRY(alx_peak_sample(w->peak, PEAK_SECONDS / (steps + 1), err));
    }
    profile->peak = alx_peak_rate(w->peak);
    profile->precision = w->type == ALX_BF16 ? ALX_PRECISION_BF16 : ALX_PRECISION_F32;
    profile->threads = threads;
    profile->at_once = w->config.batch_size;
    profile->memory = w->memory;
    profile->step_seconds = median(w, w->wholes, 1);
    ALX_TRY(make_rows(profile, w, err));
    return alx_profile_list_ways(&profile->ways, &profile->way_count, &profile->arena, w->graph, w->plan, err);
}

alx_status alx_profile_create(alx_profile **out, const alx_network *network, const alx_profile_config *config,
                              alx_error *err)
{
    *out = NULL;
    work w = {.graph = network->graph};
    ALX_TRY(read_config(&w.config, config, err));
    ALX_TRY(alx_graph_check(network->graph, err));
    alx_profile *profile = alx_calloc(1, sizeof *profile, err);
    if (!profile) return ALX_NO_MEMORY;
    alx_status status = measure(profile, &w, err);
    finish_work(&w);
    if (status)
        alx_profile_destroy(profile);
    else
        *out = profile;
    return status;
}

void alx_profile_destroy(alx_profile *profile)
{
    if (!profile) return;
    alx_arena_finish(&profile->arena);
    free(profile);
}

int alx_profile_row_get(const alx_profile *profile, int index, alx_profile_row *row)
{
    if (index < 0 || index >= profile->row_count) return 0;
    *row = profile->rows[index];
    return 1;
}

int alx_profile_way_get(const alx_profile *profile, int index, alx_profile_way *way)
{
    if (index < 0 || index >= profile->way_count) return 0;
    *way = profile->ways[index];
    return 1;
}

double alx_profile_step_seconds(const alx_profile *profile)
{
    return profile->step_seconds;
}

double alx_profile_peak(const alx_profile *profile)
{
    return profile->peak;
}

alx_precision alx_profile_precision(const alx_profile *profile)
{
    return profile->precision;
}

int alx_profile_threads(const alx_profile *profile)
{
    return profile->threads;
}

int alx_profile_at_once(const alx_profile *profile)
{
    return profile->at_once;
}

uint64_t alx_profile_memory(const alx_profile *profile)
{
    return profile->memory;
}
