#include "train/schedule.h"

#include <assert.h>
#include <math.h>

#define PI 3.14159265358979323846

/* Half a wave of the cosine from `start` to `end`; share 0..1. */
static double anneal(double start, double end, double share)
{
    return end + (start - end) / 2.0 * (1.0 + cos(PI * share));
}

/* PyTorch's formula: it reaches the top at step 0.3 S - 1 and the bottom at the last, S - 1. */
static double one_cycle(double most, double step, double steps)
{
    static const double rise = 0.3, first_divisor = 25.0, last_divisor = 1e4;
    const double first = most / first_divisor, top = rise * steps - 1.0, end = steps - 1.0;
    if (step <= top) return anneal(first, most, step / top);
    return anneal(most, first / last_divisor, step < end ? (step - top) / (end - top) : 1.0);
}

static double decayed(const alx_schedule_config *config, double rate, const alx_schedule_place *place, double warmup)
{
    const double epoch = (double)(place->step / place->steps_per_epoch), every = (double)config->decay_epochs;
    const double all = (double)place->steps_per_epoch * (double)place->epochs;
    const double step = fmax((double)place->step - warmup, 0.0), steps = fmax(all - warmup, 1.0);
    switch ((alx_schedule_kind)config->kind) {
    case ALX_SCHEDULE_CONSTANT: break;
    case ALX_SCHEDULE_STEP: return rate * pow(config->decay_factor, floor(epoch / every));
    case ALX_SCHEDULE_EXPONENTIAL: return rate * pow(config->decay_factor, epoch / every);
    case ALX_SCHEDULE_COSINE: return anneal(rate, config->min_learning_rate, fmin(step / steps, 1.0));
    case ALX_SCHEDULE_ONE_CYCLE: return one_cycle(rate, step, steps);
    case ALX_SCHEDULE_PLATEAU: return rate * pow(config->decay_factor, (double)place->plateau_drops);
    }
    return rate;
}

double alx_schedule_rate(const alx_schedule_config *config, double learning_rate, const alx_schedule_place *place)
{
    assert(place->steps_per_epoch >= 1 && place->step >= 0);
    const double warmup = config->warmup_epochs * (double)place->steps_per_epoch; /* in steps */
    double rate = decayed(config, learning_rate, place, warmup);
    if (alx_schedule_has_floor(config)) rate = fmax(rate, config->min_learning_rate);
    const double grown = ((double)place->step + 1.0) / warmup; /* infinite without warm-up */
    return grown < 1.0 ? rate * grown : rate;
}

bool alx_schedule_has_floor(const alx_schedule_config *config)
{
    return config->kind != ALX_SCHEDULE_CONSTANT && config->kind != ALX_SCHEDULE_ONE_CYCLE;
}

bool alx_schedule_needs_epochs(const alx_schedule_config *config)
{
    return config->kind == ALX_SCHEDULE_COSINE || config->kind == ALX_SCHEDULE_ONE_CYCLE;
}
