#include "train/profile_ways.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ops/conv_ways.h"

/* A convolution of the plan and what was measured of it; reasons may be NULL. */
typedef struct conv {
    const alx_op *op;
    const alx_chosen *reasons;
    bool folded, runs[ALX_CONV_DIRECTIONS];
} conv;

static conv look_at(const alx_program *program, const alx_op *op)
{
    conv c = {.op = op, .reasons = op->choice.reasons};
    for (int i = 0; i < program->op_count; i++) {
        const alx_op *other = program->ops[i];
        if (other == op) c.runs[ALX_CONV_FORWARD] = true;
        if (!strcmp(other->cls->name, "fold_kernel") && other->outputs[0] == op->inputs[1]) c.folded = true;
        if (other->forward != op) continue;
        const bool data = other->inputs[1] == op->inputs[1]; /* (dy, w), where that of weights reads (dy, x) */
        c.runs[data ? ALX_CONV_BACKWARD_DATA : ALX_CONV_BACKWARD_WEIGHTS] = true;
    }
    return c;
}

static alx_status add(alx_profile_way *way, alx_arena *arena, const alx_profile_way *like, bool folded,
                      alx_conv_way how, alx_error *err)
{
    alx_way_text text;
    *way = *like;
    way->way = alx_arena_strdup(arena, alx_way_name(folded, how, text), err);
    return way->way ? ALX_OK : ALX_NO_MEMORY;
}

static int faster_first(const void *a, const void *b)
{
    const double x = ((const alx_profile_way *)a)->seconds, y = ((const alx_profile_way *)b)->seconds;
    return (x > y) - (x < y);
}

/* One direction of a convolution: the way that is taken, and the others that were measured. */
static alx_status add_direction(alx_profile_way *ways, int *count, alx_arena *arena, const conv *c,
                                const alx_profile_way *like, const alx_program *program, alx_conv_direction d,
                                alx_error *err)
{
    const alx_conv_way taken = alx_conv_way_of(program, c->op, d);
    const int first = *count;
    bool listed = false;
    for (int i = 0; c->reasons && i < c->reasons->time_count; i++) {
        const alx_conv_time *t = &c->reasons->times[i];
        if (t->direction != d) continue;
        alx_profile_way one = *like;
        one.seconds = t->seconds;
        one.batch_size = (int)c->reasons->batch;
        one.chosen = t->folded == c->folded && t->way == taken;
        listed |= one.chosen != 0;
        ALX_TRY(add(&ways[(*count)++], arena, &one, t->folded, t->way, err));
    }
    qsort(ways + first, (size_t)(*count - first), sizeof *ways, faster_first);
    if (listed) return ALX_OK;
    alx_profile_way one = *like;
    one.chosen = 1;
    return add(&ways[(*count)++], arena, &one, c->folded, taken, err);
}

alx_status alx_profile_list_ways(alx_profile_way **ways, int *count, alx_arena *arena, const alx_graph *graph,
                                 const alx_plan *plan, alx_error *err)
{
    const alx_program *program = &plan->program;
    size_t most = 0;
    *count = 0;
    for (int i = 0; i < program->forward_count; i++)
        if (program->ops[i]->cls == &alx_op_class_conv) most += ALX_CHOICE_TIMES + ALX_CONV_DIRECTIONS;
    *ways = alx_arena_alloc(arena, most + 1, sizeof **ways, err);
    if (!*ways) return ALX_NO_MEMORY;
    for (int i = 0; i < program->forward_count; i++) {
        if (program->ops[i]->cls != &alx_op_class_conv) continue;
        const conv c = look_at(program, program->ops[i]);
        alx_profile_way like = {.layer = c.op->layer, .seconds = NAN};
        like.name = alx_arena_strdup(arena, graph->spec.layers[like.layer].name, err);
        if (!like.name) return ALX_NO_MEMORY;
        for (alx_conv_direction d = 0; d < ALX_CONV_DIRECTIONS; d++) {
            like.direction = alx_conv_direction_name(d);
            if (c.runs[d]) ALX_TRY(add_direction(*ways, count, arena, &c, &like, program, d, err));
        }
    }
    return ALX_OK;
}
