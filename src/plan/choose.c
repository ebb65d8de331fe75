#include "plan/choose.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "ops/conv_ways.h"
#include "plan/plan.h"

/* "train f32 38x3x227x227 images, 96 of 11x11 strides 4x4 padding 0,0,0,0 groups 1, bias, relu, 2 threads" */
static void write_key(alx_choice_key key, const alx_program *program, const alx_op *op, int64_t batch, int threads)
{
    const alx_conv_attr *a = &op->attr.conv;
    const int64_t *x = alx_value_shape(program, op->inputs[0])->dims,
                  *y = alx_value_shape(program, op->outputs[0])->dims;
    const alx_shape *w = alx_value_shape(program, op->inputs[1]);
    const int64_t *kernel = w->dims + w->rank - 2;
    snprintf(key, ALX_CHOICE_KEY,
             "%s %s %" PRId64 "x%" PRId64 "x%" PRId64 "x%" PRId64 "%s, %" PRId64 " of %" PRId64 "x%" PRId64
             " strides %" PRId64 "x%" PRId64 " padding %" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64 " groups %" PRId64
             "%s%s, %d threads",
             program->mode == ALX_MODE_TRAIN ? "train" : "infer", program->type == ALX_BF16 ? "bf16" : "f32", batch,
             x[1], x[2], x[3], program->values[op->inputs[0]].kind == ALX_VALUE_INPUT ? " images" : "", y[1], kernel[0],
             kernel[1], a->stride[0], a->stride[1], a->pad_begin[0], a->pad_begin[1], a->pad_end[0], a->pad_end[1],
             a->groups, op->inputs[2] != ALX_NO_VALUE ? ", bias" : "", op->relu ? ", relu" : "", threads);
}

/* Whether there is more than one way for it. */
static bool is_open(const alx_program *program, const alx_op *op)
{
    if (program->exact) return false;
    if (alx_pass_can_fold(program, op)) return true;
    for (alx_conv_way way = ALX_CONV_DIRECT + 1; way < ALX_CONV_WAYS; way++)
        for (alx_conv_direction d = 0; d < ALX_CONV_DIRECTIONS; d++)
            if (alx_conv_way_can(program, op, way, d)) return true;
    return false;
}

/* What a file says may be of another time. */
static bool is_possible(const alx_conv_choice *choice, const alx_program *program, const alx_op *op)
{
    if (choice->fold == ALX_FOLD_YES) return alx_pass_can_fold(program, op);
    for (alx_conv_direction d = 0; d < ALX_CONV_DIRECTIONS; d++)
        if (choice->ways[d] != ALX_CONV_USUAL && !alx_conv_way_can(program, op, choice->ways[d], d)) return false;
    return true;
}

static alx_status measure(alx_chosen *chosen, const alx_chooser *chooser, const alx_program *program, const alx_op *op,
                          int64_t batch, alx_error *err)
{
    alx_tuner *tuner = chooser->user;
    const double began = alx_clock();
    ALX_TRY(alx_choose_measure(chosen, chooser, program, op, batch, err));
    chosen->fresh = chosen->time_count > 0;
    tuner->measured += chosen->fresh;
    tuner->seconds += alx_clock() - began;
    return alx_choices_add(&tuner->choices, chosen, err);
}

static alx_status choose(alx_conv_choice *choice, const alx_chooser *chooser, const alx_program *program,
                         const alx_op *op, alx_error *err)
{
    alx_tuner *tuner = chooser->user;
    *choice = (alx_conv_choice){0};
    if (!is_open(program, op)) return ALX_OK;
    const int64_t batch = alx_choose_batch(program, op, chooser->threads);
    alx_choice_key key;
    write_key(key, program, op, batch, chooser->threads);
    alx_chosen *known = alx_choices_find(&tuner->choices, key);
    if (!known || !is_possible(&known->choice, program, op)) {
        if (!tuner->measures || !chooser->memory) return ALX_OK;
        alx_chosen chosen = {.key = key};
        ALX_TRY(measure(&chosen, chooser, program, op, batch, err));
        known = alx_choices_find(&tuner->choices, key);
    }
    known->asked = true;
    known->batch = batch;
    *choice = known->choice;
    choice->reasons = known;
    return ALX_OK;
}

alx_chooser alx_tuner_chooser(alx_tuner *tuner)
{
    return (alx_chooser){.choose = choose, .user = tuner};
}

alx_status alx_tuner_begin(alx_tuner *tuner, char **complaint, const char *folder, alx_error *err)
{
    *complaint = NULL;
    tuner->measures = true;
    return folder ? alx_choices_load(&tuner->choices, complaint, folder, err) : ALX_OK;
}

alx_status alx_tuner_remember(alx_tuner *tuner, const char *folder, alx_error *err)
{
    bool fresh = false;
    for (int i = 0; i < tuner->choices.count; i++) fresh |= tuner->choices.list[i]->fresh;
    if (!folder || !fresh) return ALX_OK;
    ALX_TRY(alx_choices_save(&tuner->choices, folder, err));
    for (int i = 0; i < tuner->choices.count; i++) tuner->choices.list[i]->fresh = false;
    return ALX_OK;
}

void alx_tuner_finish(alx_tuner *tuner)
{
    alx_choices_finish(&tuner->choices);
    *tuner = (alx_tuner){0};
}
