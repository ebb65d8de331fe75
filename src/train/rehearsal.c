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
    const alx_step_images images = {.images = step->images,
                                    .count = step->n,
                                    .augment = step->augment,
                                    .epoch = step->epoch,
                                    .step = step->step - 1};
    alx_sums_clear(sums);
    const alx_status status = alx_trainer_learn(t, &images, config->optimizer.learning_rate, step->step, sums, err);
    if (status && status != ALX_DIVERGED) return status;
    tell(t, step, sums);
    return ALX_OK;
}
