/* One batch by heart: whether data, network and rate can learn anything at all. */
#include <math.h>

#include "base/rng.h"
#include "train/rehearsal.h"

enum { STEPS = 100, LAST = 10 };
static const double low_loss = 0.01, nearly_all = 0.99;

/* The last step's figures where they leave no doubt, else those of the last ten, in which dropout's draws even out. */
static void judge(alx_overfit_result *result, const alx_sums *last, const alx_sums sums[LAST])
{
    result->loss = alx_sums_loss(last);
    result->accuracy = alx_sums_accuracy(last);
    result->learned = result->loss < low_loss;
    if (result->learned) return;
    alx_sums all = {0};
    for (int i = 0; i < LAST; i++) {
        all.loss += sums[i].loss;
        all.correct += sums[i].correct;
        all.count += sums[i].count;
    }
    result->loss = alx_sums_loss(&all);
    result->accuracy = alx_sums_accuracy(&all);
    result->learned = isfinite(result->loss) && result->accuracy >= nearly_all;
}

static alx_status learn(alx_overfit_result *result, alx_trainer *t, alx_error *err)
{
    alx_sums sums[LAST] = {{0}}, *here = sums; /* of the last steps, in a circle */
    bool more = true;
    *result = (alx_overfit_result){.images = t->batch};
    alx_rng_permute(t->order, t->data.train.count, (uint64_t)t->recipe->train.seed, ALX_RNG_ORDER, 0, 0);
    while (more && result->steps < STEPS) {
        const alx_rehearsal_step step = {.images = t->order, .n = t->batch, .step = result->steps + 1, .steps = STEPS};
        here = &sums[result->steps % LAST];
        ALX_TRY(alx_rehearse(t, &step, here, err));
        const double loss = alx_sums_loss(here);
        if (result->steps++ == 0) result->first_loss = loss;
        more = isfinite(loss) && loss >= low_loss;
    }
    judge(result, here, sums);
    return ALX_OK;
}

alx_status alx_overfit_batch(alx_overfit_result *result, const alx_recipe *recipe, const alx_run_config *config,
                             alx_error *err)
{
    struct alx_recipe *plain;
    alx_trainer *t;
    ALX_TRY(alx_recipe_copy(&plain, recipe, err));
    /* What keeps a network from learning by heart; dropout is the network's own. */
    plain->augment = (alx_augment_list){0};
    plain->train.label_smoothing = 0;
    plain->root = recipe->root; /* for messages */
    alx_status status = alx_trainer_create_bare(&t, plain, config, err);
    if (!status) status = learn(result, t, err);
    alx_trainer_destroy(t);
    alx_recipe_destroy(plain);
    return status;
}
