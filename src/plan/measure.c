#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/bf16.h"
#include "base/clock.h"
#include "base/memory.h"
#include "ops/conv_ways.h"
#include "plan/plan.h"
#include "plan/steps.h"

enum { ROUNDS = 20, LEAST_ROUNDS = 3, MAX_CANDIDATES = 2 * (ALX_CONV_WAYS - 1), PARAMS = 3, ALIGNMENT = 64 };

static const double MULTIPLY_ADDS = 3e9; /* of one direction, one run: 12 ms where 500 GFLOP/s are reached */
static const double SECONDS = 0.3;       /* after which no further round begins, but for the least */
static const double WORTH = 0.97;        /* of the time of what is plainer */
static const double HOPELESS = 1.5; /* times the fastest, in every direction: after the least rounds not run again */

int64_t alx_choose_batch(const alx_program *program, const alx_op *op, int threads)
{
    const int64_t image = alx_op_multiply_adds(program, op) / program->batch;
    int64_t batch = (int64_t)(MULTIPLY_ADDS / (double)(image > 0 ? image : 1)) + 1;
    batch = (batch + threads - 1) / threads * threads;
    return batch < program->batch ? batch : program->batch;
}

/* ---- Around the convolution: values that are given, and whoever takes results ----
 *
 * A loss takes y and gives dy; what gave x takes dx.  Their steps do nothing. */

/* Slots of what is given, beside the inputs of a network. */
enum { GIVEN_X = ALX_INPUT_COUNT, GIVEN_DY, INPUTS };
/* Parameters: kernel, bias, and one that x is said to depend on. */
enum { KERNEL, BIAS, BEFORE };

static void nothing(const alx_step *step, const alx_run_context *context)
{
    (void)step, (void)context;
}

static alx_status build_given(alx_build *build, alx_op *op, alx_error *err)
{
    const alx_md *md;
    alx_step_arg arg = {ALX_ARG_DST, 0};
    ALX_TRY(alx_build_current(&md, build, op->outputs[0], err));
    ALX_TRY(alx_build_output(&arg.slot, build, op->outputs[0], md, err));
    build->slots[arg.slot].kind = ALX_SLOT_INPUT;
    build->slots[arg.slot].param = op->attr.part;
    return alx_build_kernel(build, op, nothing, 1, &arg, -1, err);
}

/* As other ops take a value: as it is, where its order is one of theirs. */
static alx_status build_taken(alx_build *build, alx_op *op, alx_error *err)
{
    const alx_md *md;
    alx_step_arg args[2] = {{ALX_ARG_SRC, 0}, {ALX_ARG_DST, 0}};
    ALX_TRY(alx_build_current(&md, build, op->inputs[0], err));
    ALX_TRY(alx_build_input(&args[0].slot, build, op->inputs[0], md, err));
    if (op->output_count) { /* the loss */
        ALX_TRY(alx_build_md(&md, build, op->outputs[0], ALX_F32, ALX_ORDER_PLAIN, err));
        ALX_TRY(alx_build_output(&args[1].slot, build, op->outputs[0], md, err));
    }
    return alx_build_kernel(build, op, nothing, 1 + op->output_count, args, -1, err);
}

static const alx_op_class class_taken = {"taken", NULL, build_taken};

static alx_status given_gradient(alx_program *program, alx_op *op, const alx_value *dy, const bool *need, alx_value *dx,
                                 alx_error *err)
{
    (void)op, (void)need, (void)dx; /* nothing flows on */
    alx_op *taken;
    return alx_op_add(&taken, program, &class_taken, 1, dy, err);
}

static const alx_op_class class_given = {"given", given_gradient, build_given};

static alx_status add_given(alx_value *value, alx_program *program, const alx_shape *shape, int slot, alx_value behind,
                            alx_error *err)
{
    alx_op *op;
    ALX_TRY(alx_op_add(&op, program, &class_given, 1, &behind, err));
    op->attr.part = slot;
    ALX_TRY(alx_op_add_output(op, program, shape, program->type, err));
    *value = op->outputs[0];
    return ALX_OK;
}

static alx_status loss_gradient(alx_program *program, alx_op *op, const alx_value *dy, const bool *need, alx_value *dx,
                                alx_error *err)
{
    (void)dy, (void)need;
    const alx_shape shape = *alx_value_shape(program, op->inputs[0]);
    return add_given(&dx[0], program, &shape, GIVEN_DY, ALX_NO_VALUE, err);
}

static const alx_op_class class_loss = {"loss", loss_gradient, build_taken};

/* ---- A candidate: the convolution as a program ---- */

typedef struct candidate {
    alx_conv_choice choice;
    alx_program program;
    const alx_op *conv;
    alx_dnn *dnn;
    alx_build build;
    double share; /* of the images that it is chosen for */
    size_t arena_bytes, packed_bytes;
    bool counts[ALX_CONV_DIRECTIONS]; /* directions in which it is something of its own */
    bool hopeless;
    double seconds[ALX_CONV_DIRECTIONS]; /* the least so far; HUGE_VAL: not run yet */
    double *steps;                       /* (build.step_count) */
} candidate;

static void finish_candidate(candidate *c)
{
    alx_build_finish(&c->build);
    alx_dnn_destroy(c->dnn);
    alx_program_finish(&c->program);
    free(c->steps);
}

static alx_status add_x(alx_value *x, alx_program *p, const alx_program *from, const alx_op *op, alx_error *err)
{
    alx_value_info info = from->values[op->inputs[0]];
    info.shape.dims[0] = p->batch;
    if (info.kind == ALX_VALUE_INPUT) return alx_program_add_value(x, p, &info, err);
    alx_value before;
    ALX_TRY(alx_program_param(&before, p, BEFORE, &ALX_SHAPE(1), true, err));
    return add_given(x, p, &info.shape, GIVEN_X, before, err);
}

static alx_status lower(candidate *c, const alx_program *from, const alx_op *op, int64_t batch, alx_error *err)
{
    alx_program *p = &c->program;
    alx_value x, w, b = ALX_NO_VALUE, y;
    alx_program_init(p, from->mode, from->type, from->exact, batch);
    ALX_TRY(add_x(&x, p, from, op, err));
    ALX_TRY(alx_program_param(&w, p, KERNEL, alx_value_shape(from, op->inputs[1]), true, err));
    if (op->inputs[2] != ALX_NO_VALUE)
        ALX_TRY(alx_program_param(&b, p, BIAS, alx_value_shape(from, op->inputs[2]), true, err));
    ALX_TRY(alx_op_conv(&y, p, x, w, b, &op->attr.conv, err));
    alx_op *conv = p->ops[p->op_count - 1], *loss;
    conv->relu = op->relu;
    conv->choice = c->choice;
    c->conv = conv;
    ALX_TRY(alx_pass_fold_strides(p, err));
    ALX_TRY(alx_op_add(&loss, p, &class_loss, 1, &y, err));
    ALX_TRY(alx_op_add_output(loss, p, &ALX_SHAPE(batch), ALX_F32, err));
    p->loss = loss->outputs[0];
    p->forward_count = p->op_count;
    if (p->mode == ALX_MODE_TRAIN) ALX_TRY(alx_gradient_append(p, err));
    for (int i = 0; i < p->op_count; i++) p->ops[i]->layer = i; /* steps tell by it whose they are */
    return ALX_OK;
}

static alx_status make_candidate(candidate *c, const alx_program *from, const alx_op *op, int64_t batch, alx_error *err)
{
    ALX_TRY(lower(c, from, op, batch, err));
    ALX_TRY(alx_dnn_create(&c->dnn, err));
    ALX_TRY(alx_build_program(&c->build, &c->program, c->dnn, &(alx_build_config){0}, err));
    ALX_TRY(alx_memory_plan(&c->build, &c->arena_bytes, &c->packed_bytes, err));
    c->steps = alx_calloc((size_t)c->build.step_count, sizeof *c->steps, err);
    return c->steps ? ALX_OK : ALX_NO_MEMORY;
}

/* The direction that a step's time is of; ALX_CONV_DIRECTIONS: none, as of ReLU's gradient, which is the same always.
 */
static alx_conv_direction direction_of(const candidate *c, const alx_step *step)
{
    const alx_op *op = c->program.ops[step->layer];
    if (!step->backward) return ALX_CONV_FORWARD;
    if (op->cls == &class_taken) return ALX_CONV_BACKWARD_DATA;
    /* A conversion for ReLU's gradient is for the sake of y's layout. */
    if (!op->forward) return step->op ? ALX_CONV_DIRECTIONS : ALX_CONV_FORWARD;
    const bool data = op->forward == c->conv && op->inputs[1] == c->conv->inputs[1];
    return data ? ALX_CONV_BACKWARD_DATA : ALX_CONV_BACKWARD_WEIGHTS;
}

/* The step that computes a direction; NULL: it does not run. */
static const alx_step *main_step(const candidate *c, alx_conv_direction direction)
{
    for (int i = 0; i < c->build.step_count; i++) {
        const alx_step *step = &c->build.steps[i];
        const alx_op *op = step->op;
        if (op && (op == c->conv || op->forward == c->conv) && direction_of(c, step) == direction) return step;
    }
    return NULL;
}

/* Whether `c` does the same as `other` in this direction: oneDNN may decline. */
static bool same(const candidate *c, const candidate *other, alx_conv_direction direction)
{
    const alx_step *a = main_step(c, direction), *b = main_step(other, direction);
    return a->prim && b->prim && !strcmp(alx_prim_name(a->prim), alx_prim_name(b->prim));
}

/* ---- Their memory ---- */

typedef struct work {
    const alx_chooser *chooser;
    int count;
    candidate list[MAX_CANDIDATES];
    size_t inputs[INPUTS], params[PARAMS], gradients[PARAMS], arena, packed; /* bytes, then offsets */
    char *memory;
    size_t bytes;
} work;

static size_t *size_of(work *w, const alx_slot *slot)
{
    switch (slot->kind) {
    case ALX_SLOT_INPUT: return &w->inputs[slot->param];
    case ALX_SLOT_PARAM: return &w->params[slot->param];
    case ALX_SLOT_GRADIENT: return &w->gradients[slot->param];
    case ALX_SLOT_PACKED: return &w->packed;
    default: return &w->arena;
    }
}

static void grow(size_t *size, size_t bytes)
{
    if (bytes > *size) *size = bytes;
}

static void place(size_t *size, size_t *total)
{
    const size_t bytes = (*size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    *size = *total;
    *total += bytes;
}

/* All candidates use the same memory.  packed and arena of each are its own, one behind the other: weights are packed
 * once. */
static void lay_out(work *w)
{
    for (int i = 0; i < w->count; i++) {
        const candidate *c = &w->list[i];
        for (int k = 0; k < c->build.slot_count; k++) {
            const alx_slot *slot = &c->build.slots[k];
            if (slot->kind != ALX_SLOT_ALIAS && slot->kind != ALX_SLOT_ARENA && slot->kind != ALX_SLOT_PACKED)
                grow(size_of(w, slot), slot->bytes);
        }
        grow(&w->arena, c->arena_bytes);
        w->packed += c->packed_bytes;
    }
    for (int i = 0; i < INPUTS; i++) place(&w->inputs[i], &w->bytes);
    for (int i = 0; i < PARAMS; i++) place(&w->params[i], &w->bytes);
    for (int i = 0; i < PARAMS; i++) place(&w->gradients[i], &w->bytes);
    place(&w->arena, &w->bytes);
    place(&w->packed, &w->bytes);
}

typedef struct place_of {
    work *work;
    size_t packed; /* before this candidate's */
} place_of;

static void *slot_at(const void *user, const alx_slot *slot)
{
    const place_of *p = user;
    const size_t own = slot->kind == ALX_SLOT_ARENA    ? slot->offset
                       : slot->kind == ALX_SLOT_PACKED ? p->packed + slot->offset
                                                       : 0;
    return p->work->memory + *size_of(p->work, slot) + own;
}

/* Numbers that are neither zero nor alike, nor so small that arithmetic slows down. */
static void fill(const work *w, size_t offset, size_t end, alx_dtype type)
{
    const int64_t count = (int64_t)((end - offset) / (type == ALX_BF16 ? sizeof(uint16_t) : sizeof(float)));
    void *to = w->memory + offset;
#pragma omp parallel for schedule(static) num_threads(w->chooser->threads)
    for (int64_t i = 0; i < count; i++) {
        const uint32_t noise = (uint32_t)i * 2654435761u;
        const float value = ((float)(noise >> 20) - 2047.5f) * 0x1p-12f;
        if (type == ALX_BF16)
            ((uint16_t *)to)[i] = alx_bf16_from_float(value);
        else
            ((float *)to)[i] = value;
    }
}

static alx_status bind(work *w, alx_error *err)
{
    place_of p = {w, 0};
    for (int i = 0; i < w->count; i++) {
        ALX_TRY(alx_steps_bind(&w->list[i].build, &(alx_slot_memory){slot_at, &p}, err));
        p.packed += w->list[i].packed_bytes;
    }
    return ALX_OK;
}

/* ---- Time ---- */

static alx_status run(candidate *c, const alx_chooser *chooser, bool first, alx_error *err)
{
    const alx_run_context context = {.threads = chooser->threads};
    ALX_TRY(alx_steps_run(&c->build, &context, first, &(alx_watch){.seconds = c->steps}, err));
    if (first) return ALX_OK;
    double seconds[ALX_CONV_DIRECTIONS + 1] = {0};
    for (int i = 0; i < c->build.step_count; i++) {
        const alx_step *step = &c->build.steps[i];
        /* What is made of weights takes as long for all images as for these. */
        seconds[direction_of(c, step)] += step->of_weights ? c->share * c->steps[i] : c->steps[i];
    }
    for (int d = 0; d < ALX_CONV_DIRECTIONS; d++)
        if (seconds[d] < c->seconds[d]) c->seconds[d] = seconds[d];
    return ALX_OK;
}

/* What is far behind is not run again. */
static void give_up(work *w)
{
    double best[ALX_CONV_DIRECTIONS];
    for (int d = 0; d < ALX_CONV_DIRECTIONS; d++) {
        best[d] = w->list[0].seconds[d];
        for (int i = 1; i < w->count; i++)
            if (w->list[i].seconds[d] < best[d]) best[d] = w->list[i].seconds[d];
    }
    for (int i = 1; i < w->count; i++) {
        candidate *c = &w->list[i];
        c->hopeless = true;
        for (int d = 0; d < ALX_CONV_DIRECTIONS; d++)
            if (c->counts[d] && c->seconds[d] <= HOPELESS * best[d]) c->hopeless = false;
    }
}

/* What else the machine does makes a run longer, never shorter: the least of several counts. */
static alx_status run_all(work *w, alx_error *err)
{
    for (int i = 0; i < w->count; i++) ALX_TRY(run(&w->list[i], w->chooser, true, err));
    const double began = alx_clock();
    for (int round = 1; round <= ROUNDS && (round <= LEAST_ROUNDS || alx_clock() - began < SECONDS); round++) {
        for (int i = 0; i < w->count; i++)
            if (!w->list[i].hopeless) ALX_TRY(run(&w->list[i], w->chooser, false, err));
        if (round == LEAST_ROUNDS) give_up(w);
    }
    return ALX_OK;
}

/* ---- What to compare, and what is best ---- */

static bool folded(const candidate *c)
{
    return c->choice.fold == ALX_FOLD_YES;
}

/* The plain candidate of a folding is its first one, and always counts. */
static bool is_distinct(candidate *c, const candidate *plain)
{
    bool any = false;
    const alx_conv_way way = c->choice.ways[0];
    for (alx_conv_direction d = 0; d < ALX_CONV_DIRECTIONS; d++) {
        c->counts[d] = main_step(c, d) && alx_conv_way_of(&c->program, c->conv, d) == way &&
                       (way == ALX_CONV_DIRECT || !same(c, plain, d));
        any |= c->counts[d];
    }
    return any;
}

static alx_status make_candidates(work *w, const alx_program *program, const alx_op *op, int64_t batch, alx_error *err)
{
    for (alx_conv_fold fold = ALX_FOLD_NO; fold <= ALX_FOLD_YES; fold++) {
        if (fold == ALX_FOLD_YES && !alx_pass_can_fold(program, op)) break;
        const candidate *plain = &w->list[w->count];
        for (alx_conv_way way = ALX_CONV_DIRECT; way < ALX_CONV_WAYS; way++) {
            candidate *c = &w->list[w->count];
            *c = (candidate){.choice = {.fold = fold, .ways = {way, way, way}},
                             .share = (double)batch / (double)program->batch,
                             .seconds = {HUGE_VAL, HUGE_VAL, HUGE_VAL}};
            const alx_status status = make_candidate(c, program, op, batch, err);
            if (!status && is_distinct(c, plain)) {
                w->count++;
                continue;
            }
            finish_candidate(c);
            if (status == ALX_NO_MEMORY) return status;
            if (way == ALX_CONV_DIRECT) break; /* nothing to compare with */
        }
    }
    return ALX_OK;
}

/* Of one folding: the fastest way of each direction; returns seconds of all. */
static double pick_ways(alx_conv_choice *choice, const work *w, alx_conv_fold fold)
{
    double total = 0;
    *choice = (alx_conv_choice){.fold = fold};
    for (alx_conv_direction d = 0; d < ALX_CONV_DIRECTIONS; d++) {
        double best = 0;
        for (int i = 0; i < w->count; i++) {
            const candidate *c = &w->list[i];
            if (c->choice.fold != fold || !c->counts[d]) continue;
            if (choice->ways[d] != ALX_CONV_USUAL && c->seconds[d] >= WORTH * best) continue;
            best = c->seconds[d];
            choice->ways[d] = c->choice.ways[d];
        }
        total += best;
    }
    return total;
}

static void pick(alx_chosen *chosen, const work *w)
{
    alx_conv_choice other;
    const double plain = pick_ways(&chosen->choice, w, ALX_FOLD_NO), fold = pick_ways(&other, w, ALX_FOLD_YES);
    if (other.ways[ALX_CONV_FORWARD] != ALX_CONV_USUAL && fold < WORTH * plain) chosen->choice = other;
    for (int i = 0; i < w->count; i++)
        for (alx_conv_direction d = 0; d < ALX_CONV_DIRECTIONS; d++) {
            const candidate *c = &w->list[i];
            if (c->counts[d])
                chosen->times[chosen->time_count++] = (alx_conv_time){d, folded(c), c->choice.ways[d], c->seconds[d]};
        }
}

static alx_status measure(work *w, alx_chosen *chosen, const alx_program *program, const alx_op *op, int64_t batch,
                          alx_error *err)
{
    ALX_TRY(make_candidates(w, program, op, batch, err));
    lay_out(w);
    const uint64_t available = alx_memory_available();
    if (w->count < 2 || w->bytes > w->chooser->memory || w->bytes > available) return ALX_OK;
    w->memory = alx_memory_reserve(w->bytes, w->chooser->threads);
    if (!w->memory) return ALX_OK;
    for (int i = 0; i + 1 < INPUTS; i++)
        fill(w, w->inputs[i], w->inputs[i + 1], i >= GIVEN_X ? program->type : ALX_F32);
    fill(w, w->inputs[INPUTS - 1], w->params[0], program->type);
    fill(w, w->params[0], w->gradients[0], ALX_F32);
    ALX_TRY(bind(w, err));
    ALX_TRY(run_all(w, err));
    pick(chosen, w);
    return ALX_OK;
}

alx_status alx_choose_measure(alx_chosen *chosen, const alx_chooser *chooser, const alx_program *program,
                              const alx_op *op, int64_t batch, alx_error *err)
{
    chosen->choice = (alx_conv_choice){0};
    chosen->time_count = 0;
    work *w = alx_calloc(1, sizeof *w, err);
    if (!w) return ALX_NO_MEMORY;
    w->chooser = chooser;
    const alx_status status = measure(w, chosen, program, op, batch, err);
    for (int i = 0; i < w->count; i++) finish_candidate(&w->list[i]);
    alx_memory_release(w->memory, w->bytes);
    free(w);
    return status;
}
