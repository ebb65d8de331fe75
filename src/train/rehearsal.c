#include "train/rehearsal.h"

#include <math.h>

#include "base/clock.h"

static void tell(const alx_trainer *t, const alx_rehearsal_step *step, const alx_sums *sums)
{
    if (!t->on_event) return;
    const alx_event event = {.struct_size = sizeof event,
                             .kind = ALX_EVENT_STEP,
                             .epoch = 1,
                             .epochs = 1,
                             .step = step->step,
                             .steps = step->steps,
                             .loss = alx_sums_loss(sums),
                             .accuracy = alx_sums_accuracy(sums),
                             .val_loss = NAN,
                             .val_accuracy = NAN,
                             .seconds = alx_clock() - t->began};
    t->on_event(&event, t->user);
}

alx_status alx_rehearse(alx_trainer *t, const alx_rehearsal_step *step, alx_sums *sums, alx_error *err)
{
    const alx_train_config *config = &t->recipe->train;
    if (step->step == 1) t->began = alx_clock();
    ALX_TRY(alx_trainer_fill(t, step->images, step->n, step->augment, step->epoch, err));
    const alx_step_key key = {.seed = (uint64_t)config->seed, .step = (uint32_t)(step->step - 1)};
    ALX_TRY(alx_engine_run(t->engine, ALX_MODE_TRAIN, step->n, &key, err));
    alx_sums_clear(sums);
    alx_sums_add(sums, step->n, t->graph->spec.classes, alx_engine_losses(t->engine),
                 alx_engine_probabilities(t->engine), alx_engine_labels(t->engine));
    alx_status status = ALX_OK;
    if (isfinite(sums->loss))
        status =
            alx_trainer_update(t, alx_engine_gradients(t->engine), config->optimizer.learning_rate, step->step, err);
    tell(t, step, sums);
    return status == ALX_DIVERGED ? ALX_OK : status;
}
