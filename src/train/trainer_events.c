/* What a trainer tells its caller. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/clock.h"
#include "train/trainer.h"

static alx_event event_of(const alx_trainer *t, alx_event_kind kind)
{
    const alx_run_state *run = &t->run;
    bool validating = kind == ALX_EVENT_VALIDATE, done = kind == ALX_EVENT_EPOCH_END;
    bool whole = kind == ALX_EVENT_START || kind == ALX_EVENT_END;
    alx_event event = {.struct_size = sizeof event,
                       .kind = kind,
                       .epochs = (int)t->recipe->train.epochs,
                       .epoch = (int)(run->epoch + (done || kind == ALX_EVENT_END ? 0 : 1)),
                       .step = validating ? run->val_step
                               : done     ? t->steps
                                          : run->step,
                       .steps = validating ? t->val_steps : t->steps,
                       .loss = alx_sums_loss(&run->train),
                       .accuracy = alx_sums_accuracy(&run->train),
                       .val_loss = alx_sums_loss(&run->validation),
                       .val_accuracy = alx_sums_accuracy(&run->validation),
                       .seconds = alx_clock() - (whole ? t->began : t->epoch_began),
                       .learning_rate = alx_trainer_rate(t),
                       .trainer = t};
    if (done) event.seconds = t->epoch_seconds;
    /* At an epoch's end its sums have become a row of the history. */
    if ((done || kind == ALX_EVENT_END) && run->epoch > 0) {
        const alx_epoch_result *result = &run->history[run->epoch - 1];
        event.loss = result->loss;
        event.accuracy = result->accuracy;
        event.val_loss = result->val_loss;
        event.val_accuracy = result->val_accuracy;
        event.best = run->standing.best_epoch == run->epoch;
        event.learning_rate = result->learning_rate;
    }
    return event;
}

void alx_trainer_emit(const alx_trainer *t, alx_event_kind kind)
{
    if (!t->on_event) return;
    alx_event event = event_of(t, kind);
    t->on_event(&event, t->user);
}

void alx_trainer_say(const alx_trainer *t, alx_event_kind kind, const char *format, ...)
{
    if (!t->on_event) return;
    char text[4096];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    alx_event event = event_of(t, kind);
    event.text = text;
    t->on_event(&event, t->user);
}
