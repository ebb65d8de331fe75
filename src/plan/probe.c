#include "plan/probe.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clones.h"
#include "ops/op.h"
#include "plan/plan.h"

alx_status alx_probe_create(alx_probe **out, const alx_graph *graph, alx_error *err)
{
    *out = NULL;
    alx_probe *probe = alx_calloc(1, sizeof *probe, err);
    if (!probe) return ALX_NO_MEMORY;
    probe->layer_count = graph->spec.layer_count;
    probe->param_count = graph->param_count;
    probe->layers = alx_calloc((size_t)probe->layer_count, sizeof *probe->layers, err);
    probe->params = probe->layers ? alx_calloc((size_t)probe->param_count, sizeof *probe->params, err) : NULL;
    if (!probe->params) {
        alx_probe_destroy(probe);
        return ALX_NO_MEMORY;
    }
    *out = probe;
    return ALX_OK;
}

void alx_probe_destroy(alx_probe *probe)
{
    if (!probe) return;
    free(probe->layers);
    free(probe->params);
    free(probe);
}

/* ---- Sums ---- */

typedef struct sums {
    int64_t count, zeros, bad;
    double sum, squares;
    float min, max;
} sums;

static const sums no_sums = {.min = INFINITY, .max = -INFINITY};

enum { LANES = 16 };

/* Sums side by side, in an order that does not depend on the machine. */
typedef struct lanes {
    double sum[LANES], squares[LANES];
    float min[LANES], max[LANES];
    int32_t zeros[LANES], bad[LANES];
} lanes;

ALX_CLONES("avx512f", "avx2", "default")
static void add_blocks(lanes *l, const float *values, int64_t blocks)
{
    for (int64_t i = 0; i < blocks; i++)
        for (int k = 0; k < LANES; k++) {
            const float x = values[i * LANES + k];
            const bool good = fabsf(x) <= FLT_MAX;
            const double v = good ? (double)x : 0.0;
            l->sum[k] += v;
            l->squares[k] += v * v;
            l->zeros[k] += x == 0.0f;
            l->bad[k] += !good;
            l->min[k] = good && x < l->min[k] ? x : l->min[k];
            l->max[k] = good && x > l->max[k] ? x : l->max[k];
        }
}

static void add_values(sums *s, const float *values, int64_t count)
{
    enum { MOST = 1 << 20 }; /* values whose lanes cannot overflow their counters */
    for (int64_t at = 0; at < count; at += MOST) {
        const int64_t n = count - at < MOST ? count - at : MOST, blocks = n / LANES, rest = n - blocks * LANES;
        lanes l = {0};
        float last[LANES];
        for (int k = 0; k < LANES; k++) l.min[k] = INFINITY, l.max[k] = -INFINITY;
        add_blocks(&l, values + at, blocks);
        /* What is left over as a block of its own, filled up with a value that is taken out again. */
        for (int k = 0; k < LANES; k++) last[k] = k < rest ? values[at + blocks * LANES + k] : NAN;
        if (rest > 0) add_blocks(&l, last, 1);
        for (int k = 0; k < LANES; k++) {
            s->sum += l.sum[k];
            s->squares += l.squares[k];
            s->zeros += l.zeros[k];
            s->bad += l.bad[k];
            if (l.min[k] < s->min) s->min = l.min[k];
            if (l.max[k] > s->max) s->max = l.max[k];
        }
        if (rest > 0) s->bad -= LANES - rest;
        s->count += n;
    }
}

static void merge(sums *s, const sums *other)
{
    s->count += other->count;
    s->zeros += other->zeros;
    s->bad += other->bad;
    s->sum += other->sum;
    s->squares += other->squares;
    if (other->min < s->min) s->min = other->min;
    if (other->max > s->max) s->max = other->max;
}

static double mean_of(const sums *s)
{
    return s->count > s->bad ? s->sum / (double)(s->count - s->bad) : NAN;
}

static double variance_of(const sums *s)
{
    if (s->count == s->bad) return NAN;
    if (s->min == s->max) return 0.0; /* what rounding leaves is no variance */
    const double mean = mean_of(s), variance = s->squares / (double)(s->count - s->bad) - mean * mean;
    return variance > 0.0 ? variance : 0.0;
}

static void clear_units(sums *parts, int64_t units)
{
    for (int64_t u = 0; u < units; u++) parts[u] = no_sums;
}

/* values: (images, units, places).  Each unit is summed by itself: the same bits for any number of threads. */
static void add_units(sums *parts, const float *values, int64_t images, int64_t units, int64_t places, int threads)
{
#pragma omp parallel for schedule(static) num_threads(threads)
    for (int64_t u = 0; u < units; u++)
        for (int64_t n = 0; n < images; n++) add_values(&parts[u], values + (n * units + u) * places, places);
}

static alx_layer_statistics statistics_of(const sums *parts, int64_t units)
{
    sums all = no_sums;
    double within = 0.0;
    int64_t seen = 0, dead = 0;
    for (int64_t u = 0; u < units; u++) {
        merge(&all, &parts[u]);
        dead += parts[u].zeros == parts[u].count;
        if (parts[u].count == parts[u].bad) continue;
        within += variance_of(&parts[u]);
        seen++;
    }
    return (alx_layer_statistics){.count = all.count,
                                  .bad = all.bad,
                                  .zeros = all.zeros,
                                  .mean = mean_of(&all),
                                  .sd = sqrt(variance_of(&all)),
                                  .size = all.count > all.bad ? sqrt(all.squares / (double)(all.count - all.bad)) : NAN,
                                  .min = all.min,
                                  .max = all.max,
                                  .spread = seen ? sqrt(within / (double)seen) : NAN,
                                  .units = units,
                                  .dead = dead};
}

enum { CHUNK = 65536 };

/* The same sums over fixed chunks, for tensors in the order of the store. */
static void reduce_span(sums *out, const float *values, int64_t count, sums *parts, int threads)
{
    const int64_t chunks = (count + CHUNK - 1) / CHUNK;
#pragma omp parallel for schedule(static) num_threads(threads)
    for (int64_t i = 0; i < chunks; i++) {
        parts[i] = no_sums;
        add_values(&parts[i], values + i * CHUNK, i + 1 < chunks ? CHUNK : count - i * CHUNK);
    }
    *out = no_sums;
    for (int64_t i = 0; i < chunks; i++) merge(out, &parts[i]);
}

/* ---- Layers in a plan ---- */

/* What a layer's output is called in a plan, and when it is there. */
typedef struct place {
    const alx_op *op; /* the last of the layer; NULL: it has none of its own */
    int step;         /* behind which its output stands; -1: none, it is another's memory */
} place;

static void find_places(place *places, int count, const alx_plan *plan)
{
    for (int i = 0; i < count; i++) places[i] = (place){NULL, -1};
    const alx_program *program = &plan->program;
    for (int i = 0; i < program->forward_count; i++)
        if (program->ops[i]->layer >= 0) places[program->ops[i]->layer].op = program->ops[i];
    for (int i = 0; i < plan->build.step_count; i++) {
        const alx_step *step = &plan->build.steps[i];
        if (!step->backward && step->layer >= 0) places[step->layer].step = i;
    }
}

static bool is_rectified(const alx_op *op)
{
    return op->relu || (op->cls == &alx_op_class_eltwise && op->attr.eltwise.kind == ALX_RELU);
}

/* ---- One pass ---- */

typedef struct pass {
    alx_engine *engine;
    alx_params *params; /* with a probe */
    const alx_plan *plan;
    alx_dnn *dnn;   /* of the conversions */
    place *places;  /* (layers) */
    int wanted;     /* one layer, or -1: all */
    float *scratch; /* (scratch_bytes): images of an output in f32, and what the conversion needs behind them */
    size_t scratch_bytes;
    sums *parts; /* most units or chunks */
    int threads;
    alx_probe *probe;      /* to fill, or NULL */
    const alx_watch *eyes; /* of the caller, or NULL */
    float *out;            /* of the one layer, or NULL */
} pass;

/* Some images of an output: where they lie, and how they become plain f32. */
typedef struct slice {
    int64_t images;
    const alx_md *from, *to;
    alx_call *call; /* NULL: they are plain f32 */
} slice;

/* Images are converted a few at a time, so that a look at a layer does not take another layer's memory. */
enum { SLICE_BYTES = 16 << 20 };

static alx_status grow_scratch(pass *p, size_t bytes, alx_error *err)
{
    if (bytes <= p->scratch_bytes) return ALX_OK;
    alx_memory_release(p->scratch, p->scratch_bytes);
    p->scratch_bytes = 0;
    p->scratch = bytes < alx_memory_available() ? alx_memory_reserve(bytes, 0) : NULL;
    if (!p->scratch) return alx_fail(err, ALX_NO_MEMORY, "a look at the layers needs %zu bytes more", bytes);
    p->scratch_bytes = bytes;
    return ALX_OK;
}

/* How many images can be converted by themselves: where the order is one of ours, in which images come one after the
 * other; else all of them. */
static alx_status slice_size(int64_t *images, pass *p, const alx_md *whole, alx_order order, alx_error *err)
{
    const alx_shape shape = alx_md_shape(whole);
    const alx_md *same;
    ALX_TRY(alx_md_create(&same, p->dnn, &shape, alx_md_type(whole), order, err));
    *images = shape.dims[0];
    if (!alx_md_equal(same, whole)) return ALX_OK;
    const int64_t fit = SLICE_BYTES / (alx_shape_elements(&shape) / shape.dims[0] * (int64_t)sizeof(float));
    if (fit < *images) *images = fit > 0 ? fit : 1;
    return ALX_OK;
}

static alx_status open_slice(slice *s, pass *p, const alx_md *whole, alx_order order, int64_t images, alx_error *err)
{
    alx_shape shape = alx_md_shape(whole);
    *s = (slice){.images = images, .from = whole};
    const bool part = images < shape.dims[0];
    shape.dims[0] = images;
    if (part) ALX_TRY(alx_md_create(&s->from, p->dnn, &shape, alx_md_type(whole), order, err));
    ALX_TRY(alx_md_create(&s->to, p->dnn, &shape, ALX_F32, ALX_ORDER_PLAIN, err));
    if (alx_md_equal(s->from, s->to)) return ALX_OK;
    alx_prim *prim;
    ALX_TRY(alx_dnn_reorder(&prim, p->dnn, s->from, s->to, err));
    const alx_md *extra = alx_prim_md(prim, ALX_ARG_SCRATCHPAD);
    const size_t bytes = (alx_md_bytes(s->to) + 63) / 64 * 64;
    ALX_TRY(grow_scratch(p, bytes + (extra ? alx_md_bytes(extra) : 0), err));
    const alx_call_arg args[] = {{ALX_ARG_FROM, s->from, NULL},
                                 {ALX_ARG_TO, s->to, p->scratch},
                                 {ALX_ARG_SCRATCHPAD, extra, (char *)p->scratch + bytes}};
    return alx_call_create(&s->call, p->dnn, prim, extra ? 3 : 2, args, err);
}

/* The slice's images as (images, units, places): where they lie, or in the scratch. */
static alx_status read_slice(const float **values, const slice *s, const pass *p, void *data, alx_error *err)
{
    *values = data;
    if (!s->call) return ALX_OK;
    *values = p->scratch;
    ALX_TRY(alx_call_bind(s->call, 0, data, err));
    return alx_call_run(s->call, err);
}

/* Goes through a layer's output, slice by slice: into p->parts, and to p->out. */
static alx_status read_output(pass *p, int slot, alx_error *err)
{
    const alx_md *whole = p->plan->build.slots[slot].md;
    const alx_order order = alx_md_channel_block(whole) > 1 ? ALX_ORDER_BLOCKED : ALX_ORDER_PLAIN;
    const alx_shape shape = alx_md_shape(whole);
    const int64_t units = shape.dims[1], size = alx_shape_elements(&shape) / shape.dims[0];
    char *data = alx_engine_slot(p->engine, p->plan, slot);
    int64_t most;
    ALX_TRY(slice_size(&most, p, whole, order, err));
    clear_units(p->parts, units);
    slice s = {0};
    for (int64_t n = 0; n < shape.dims[0]; n += s.images) {
        const int64_t left = shape.dims[0] - n, images = left < most ? left : most;
        const float *values;
        if (images != s.images) ALX_TRY(open_slice(&s, p, whole, order, images, err));
        ALX_TRY(read_slice(&values, &s, p, data, err));
        add_units(p->parts, values, images, units, size / units, p->threads);
        if (p->out) memcpy(p->out + n * size, values, (size_t)(images * size) * sizeof *p->out);
        data += alx_md_bytes(s.from);
    }
    return ALX_OK;
}

static alx_status look(void *user, int step, alx_error *err)
{
    pass *p = user;
    const int layer = p->plan->build.steps[step].layer;
    if (layer < 0 || p->places[layer].step != step || (p->wanted >= 0 && p->wanted != layer)) return ALX_OK;
    const alx_op *op = p->places[layer].op;
    ALX_TRY(read_output(p, p->plan->build.value_slot[op->outputs[0]], err));
    if (!p->probe) return ALX_OK;
    p->probe->layers[layer] = statistics_of(p->parts, alx_value_shape(&p->plan->program, op->outputs[0])->dims[1]);
    p->probe->layers[layer].rectified = is_rectified(op);
    return ALX_OK;
}

static int64_t most_parts(const alx_graph *graph)
{
    int64_t most = graph->input.dims[0];
    for (int i = 0; i < graph->spec.layer_count; i++)
        if (graph->layers[i].out.dims[0] > most) most = graph->layers[i].out.dims[0];
    for (int i = 0; i < graph->param_count; i++) {
        const int64_t chunks = alx_shape_elements(&graph->params[i].decl.shape) / CHUNK + 1;
        if (chunks > most) most = chunks;
    }
    return most;
}

static alx_status begin_pass(pass *p, const alx_graph *graph, alx_mode mode, int64_t batch, alx_error *err)
{
    p->plan = alx_engine_plan(p->engine, mode, batch);
    assert(p->plan);
    p->threads = alx_engine_threads(p->engine);
    p->places = alx_calloc((size_t)graph->spec.layer_count, sizeof *p->places, err);
    p->parts = p->places ? alx_calloc((size_t)most_parts(graph), sizeof *p->parts, err) : NULL;
    if (!p->parts) return ALX_NO_MEMORY;
    find_places(p->places, graph->spec.layer_count, p->plan);
    return alx_dnn_create(&p->dnn, err);
}

static void end_pass(pass *p)
{
    alx_dnn_destroy(p->dnn);
    alx_memory_release(p->scratch, p->scratch_bytes);
    free(p->parts);
    free(p->places);
}

/* ---- The calls ---- */

/* A layer without steps of its own hands on what it reads: flatten, or a ReLU that the layer before has taken in. */
static void hand_on(alx_probe *probe, const alx_graph *graph)
{
    for (int i = 0; i < probe->layer_count; i++) {
        const alx_spec_layer *layer = &graph->spec.layers[i];
        if (probe->layers[i].count > 0 || layer->input_count != 1) continue;
        probe->layers[i] = layer->inputs[0] < 0 ? probe->input : probe->layers[layer->inputs[0]];
    }
}

static void look_at_values(alx_probe *probe, const alx_params *params, sums *parts, int threads)
{
    for (int i = 0; i < params->count; i++) {
        const alx_param *p = &params->list[i];
        sums s;
        reduce_span(&s, params->data + p->offset, p->count, parts, threads);
        probe->params[i] = (alx_param_statistics){
            .count = s.count, .bad = s.bad, .mean = mean_of(&s), .sd = sqrt(variance_of(&s)), .norm = sqrt(s.squares)};
    }
}

static void look_at_gradient(pass *p, int param, const float *gradient)
{
    alx_param_statistics *out = &p->probe->params[param];
    sums s;
    reduce_span(&s, gradient, p->params->list[param].count, p->parts, p->threads);
    out->gradient_bad = s.bad;
    out->gradient_norm = sqrt(s.squares);
}

/* alx_watch.take */
static void take(void *user, int param, float *gradient)
{
    pass *p = user;
    look_at_gradient(p, param, gradient);
    if (p->eyes && p->eyes->take) p->eyes->take(p->eyes->user, param, gradient);
}

/* Those that have stayed. */
static void look_at_gradients(pass *p)
{
    const float *gradients = alx_engine_gradients(p->engine);
    for (int i = 0; gradients && i < p->params->count; i++)
        if (p->params->list[i].trainable) look_at_gradient(p, i, gradients + p->params->list[i].offset);
}

static double mean_loss(const float *losses, int64_t count)
{
    double sum = 0.0;
    for (int64_t i = 0; i < count; i++) sum += (double)losses[i];
    return sum / (double)count;
}

/* Moving statistics, which a training pass moves; those of frozen layers stay, as their weights do. */
static bool moves(const alx_params *params, int index)
{
    const alx_graph *graph = params->graph;
    return !params->list[index].trainable && !graph->layers[graph->params[index].layer].frozen;
}

/* To kept, or back from it; how many floats they are.  kept NULL: they are counted alone. */
static int64_t copy_moving(float *kept, const alx_params *params, bool back)
{
    int64_t count = 0;
    for (int i = 0; i < params->count; i++) {
        if (!moves(params, i)) continue;
        const alx_param *param = &params->list[i];
        float *values = params->data + param->offset;
        if (kept)
            memcpy(back ? values : kept + count, back ? kept + count : values, (size_t)param->count * sizeof *kept);
        count += param->count;
    }
    return count;
}

static alx_status run_once(pass *p, int64_t batch, const alx_step_key *key, alx_error *err)
{
    alx_params *params = p->params;
    float *kept = alx_calloc((size_t)copy_moving(NULL, params, false), sizeof *kept, err);
    if (!kept) return ALX_NO_MEMORY;
    copy_moving(kept, params, false);
    const alx_watch watch = {.after = look, .take = take, .user = p};
    alx_status status = alx_engine_run_watched(p->engine, ALX_MODE_TRAIN, batch, key, &watch, err);
    copy_moving(kept, params, true);
    params->version++;
    free(kept);
    return status;
}

alx_status alx_probe_run(alx_probe *probe, alx_engine *engine, alx_params *params, int64_t batch,
                         const alx_step_key *key, const alx_watch *eyes, alx_error *err)
{
    pass p = {.engine = engine, .params = params, .wanted = -1, .probe = probe, .eyes = eyes};
    alx_status status = begin_pass(&p, params->graph, ALX_MODE_TRAIN, batch, err);
    memset(probe->layers, 0, (size_t)probe->layer_count * sizeof *probe->layers);
    if (!status) {
        const int64_t channels = params->graph->input.dims[0], pixels = alx_shape_elements(&params->graph->input);
        clear_units(p.parts, channels);
        add_units(p.parts, alx_engine_images(engine), batch, channels, pixels / channels, p.threads);
        probe->input = statistics_of(p.parts, channels);
        look_at_values(probe, params, p.parts, p.threads);
    }
    if (!status) status = run_once(&p, batch, key, err);
    if (!status) {
        hand_on(probe, params->graph);
        look_at_gradients(&p);
        probe->loss = mean_loss(alx_engine_losses(engine), batch);
    }
    end_pass(&p);
    return status;
}

/* The input that is computed last: of a sum without steps it is the one that has taken it in. */
static int last_input(const alx_graph *graph, int layer)
{
    const alx_spec_layer *l = &graph->spec.layers[layer];
    int last = l->inputs[0];
    for (int i = 1; i < l->input_count; i++)
        if (l->inputs[i] > last) last = l->inputs[i];
    return last;
}

alx_status alx_probe_output(float *out, alx_engine *engine, int layer, int64_t batch, alx_error *err)
{
    pass p = {.engine = engine, .wanted = layer, .out = out};
    const alx_graph *graph = alx_engine_graph(engine);
    /* As in hand_on: who has no steps hands on what it reads. */
    alx_status status = begin_pass(&p, graph, ALX_MODE_EVALUATE, batch, err);
    while (!status && p.wanted >= 0 && p.places[p.wanted].step < 0) p.wanted = last_input(graph, p.wanted);
    const alx_watch watch = {.after = look, .user = &p};
    if (!status) status = alx_engine_run_watched(engine, ALX_MODE_EVALUATE, batch, NULL, &watch, err);
    if (!status && p.wanted < 0) /* the images themselves */
        memcpy(out, alx_engine_images(engine), (size_t)(batch * alx_shape_elements(&graph->input)) * sizeof *out);
    end_pass(&p);
    return status;
}
