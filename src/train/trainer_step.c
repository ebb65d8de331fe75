/* The steps of a run: batches make a gradient, the gradient an update of the weights. */
#include <math.h>

#include "train/span.h"
#include "train/trainer.h"

/* ---- The learning rate ---- */

static double rate_at(const alx_trainer *t, int64_t step)
{
    const alx_train_config *config = &t->recipe->train;
    const alx_schedule_place place = {.step = step,
                                      .steps_per_epoch = t->steps,
                                      .epochs = config->epochs,
                                      .plateau_drops = t->run.standing.plateau_drops};
    return alx_schedule_rate(&config->schedule, config->optimizer.learning_rate, &place);
}

double alx_trainer_rate(const alx_trainer *t)
{
    if (t->steps == 0) return t->recipe->train.optimizer.learning_rate; /* the data are not read yet */
    return rate_at(t, t->run.global_step ? t->run.global_step - 1 : 0);
}

/* ---- Gradients and updates ---- */

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

alx_status alx_trainer_fill(alx_trainer *t, const int64_t *images, int64_t count, bool augment, int64_t epoch,
                            alx_error *err)
{
    const uint64_t seed = (uint64_t)t->recipe->train.seed;
    int32_t *labels = alx_engine_labels(t->engine), *others = alx_engine_others(t->engine);
    ALX_TRY(alx_loader_fill(t->data.train_loader, images, (int)count, augment, seed, (uint32_t)epoch,
                            alx_engine_images(t->engine), labels, err));
    if (others)
        alx_loader_mix_labels(t->data.train_loader, images, (int)count, augment, seed, (uint32_t)epoch, labels, others,
                              alx_engine_shares(t->engine));
    return ALX_OK;
}

/* Of the images behind `first`, as many as a batch has. */
static void read_ahead(const alx_loader *loader, const int64_t *images, int64_t first, int64_t batch, int64_t count)
{
    const int64_t left = least(batch, count - first);
    if (left > 0) alx_loader_read_ahead(loader, images + first, (int)left);
}

/* An update of the weights: how far along the gradient. */
typedef struct update {
    alx_trainer *t;
    alx_optimizer_config optimizer;
    int64_t step;       /* the optimizer's, from 1 */
    int64_t images;     /* of the batch whose gradients are taken */
    bool begun, finite; /* the first gradient was taken; the loss that they are of is a number */
} update;

static bool is_finite(const float *losses, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        if (!isfinite(losses[i])) return false;
    return true;
}

/* alx_watch.take: a parameter's gradient becomes its step, unless the loss is none to learn from. */
static void take(void *user, int param, float *gradient)
{
    update *u = user;
    alx_trainer *t = u->t;
    if (!u->begun) u->finite = is_finite(alx_engine_losses(t->engine), u->images);
    u->begun = true;
    if (!u->finite) return;
    alx_param_groups_step_tensor(&t->groups, &u->optimizer, u->step, t->params, param, gradient, t->state,
                                 alx_engine_halves(t->engine), (int)t->recipe->train.threads);
}

/* Runs `count` images from place `slot` of a step on, whose gradient joins that of the images before.  A step's draws
 * do not depend on how it is cut. */
static alx_status run_part(update *u, const alx_step_images *s, int64_t slot, int64_t count, alx_sums *sums,
                           alx_error *err)
{
    alx_trainer *t = u->t;
    const uint64_t seed = (uint64_t)t->recipe->train.seed;
    ALX_TRY(alx_trainer_fill(t, s->images + slot, count, s->augment, s->epoch, err));
    read_ahead(t->data.train_loader, s->images, slot + count, t->micro, s->count + s->next);
    const alx_step_key key = {.seed = seed, .step = (uint32_t)s->step, .first_slot = (uint32_t)slot, .whole = s->count};
    u->images = count;
    ALX_TRY(alx_engine_run_watched(t->engine, ALX_MODE_TRAIN, count, &key, &(alx_watch){.take = take, .user = u}, err));
    alx_sums_add(sums, count, t->graph->spec.classes, alx_engine_losses(t->engine), alx_engine_probabilities(t->engine),
                 alx_engine_labels(t->engine));
    return ALX_OK;
}

alx_status alx_trainer_clip(const alx_trainer *t, float *gradient, alx_error *err)
{
    const alx_train_config *config = &t->recipe->train;
    const int64_t span = t->params->trainable_span;
    const int threads = (int)config->threads;
    if (config->clip_value > 0.0) alx_span_clamp(gradient, config->clip_value, span, threads);
    if (!(config->clip_norm > 0.0)) return ALX_OK;
    const double norm = alx_span_norm(gradient, span, threads);
    if (!isfinite(norm)) return alx_fail(err, ALX_DIVERGED, "the gradient is not a finite number");
    if (norm > config->clip_norm) alx_span_scale(gradient, config->clip_norm / norm, span, threads);
    return ALX_OK;
}

alx_status alx_trainer_learn(alx_trainer *t, const alx_step_images *s, double learning_rate, int64_t optimizer_step,
                             alx_sums *sums, alx_error *err)
{
    const alx_train_config *config = &t->recipe->train;
    update u = {.t = t, .optimizer = config->optimizer, .step = optimizer_step};
    u.optimizer.learning_rate = learning_rate;
    for (int64_t slot = 0; slot < s->count; slot += t->micro)
        ALX_TRY(run_part(&u, s, slot, least(t->micro, s->count - slot), sums, err));
    if (!isfinite(sums->loss)) return alx_fail(err, ALX_DIVERGED, "the loss is not a finite number");
    float *gradient = alx_engine_gradients(t->engine);
    if (!gradient) return ALX_OK; /* each was taken while there was one */
    ALX_TRY(alx_trainer_clip(t, gradient, err));
    alx_param_groups_step(&t->groups, &u.optimizer, optimizer_step, t->params, gradient, t->state,
                          alx_engine_halves(t->engine), (int)config->threads);
    return ALX_OK;
}

/* ---- Steps ---- */

/* The average's decay grows from 2/11 on, so that it soon forgets the random start (TensorFlow's
 * ExponentialMovingAverage with num_updates). */
static void move_average(alx_trainer *t)
{
    const alx_train_config *config = &t->recipe->train;
    const double done = (double)t->run.global_step, grown = (1.0 + done) / (10.0 + done);
    if (t->average)
        alx_span_average(t->average, t->params->data, fmin(config->ema, grown), t->params->span, (int)config->threads);
}

alx_status alx_trainer_train_step(alx_trainer *t, alx_error *err)
{
    alx_run_state *run = &t->run;
    const int64_t first = run->step * t->update, images = least(t->update, t->data.train.count - first);
    const double rate = rate_at(t, run->global_step);
    const alx_step_images all = {.images = t->order + first,
                                 .count = images,
                                 .next = t->data.train.count - first - images,
                                 .augment = true,
                                 .epoch = run->epoch,
                                 .step = run->global_step};
    alx_error why = {0};
    const alx_status status = alx_trainer_learn(t, &all, rate, run->optimizer_step + 1, &run->train, &why);
    if (status && status != ALX_DIVERGED) {
        *err = why;
        return status;
    }
    run->step++;
    run->global_step++;
    run->optimizer_step++;
    if (status) return alx_trainer_diverged(t, why.message, err);
    move_average(t);
    alx_trainer_emit(t, ALX_EVENT_STEP);
    alx_trainer_examine_step(t, (images - 1) % t->micro + 1);
    return ALX_OK;
}

alx_status alx_trainer_validation_step(alx_trainer *t, alx_error *err)
{
    alx_run_state *run = &t->run;
    const int64_t first = run->val_step * t->val_batch, n = least(t->val_batch, t->data.validation.count - first);
    ALX_TRY(alx_loader_fill(t->data.validation_loader, t->order + first, (int)n, 0, 0, 0, alx_engine_images(t->engine),
                            alx_engine_labels(t->engine), err));
    read_ahead(t->data.validation_loader, t->order, first + n, t->val_batch, t->data.validation.count);
    /* A last, smaller batch runs in the full one's plan, which has packed weights already; images are independent of
     * each other here, and what stands behind the first n is not looked at. */
    ALX_TRY(alx_engine_run(t->engine, ALX_MODE_EVALUATE, t->val_batch, NULL, err));
    alx_sums_add(&run->validation, n, t->graph->spec.classes, alx_engine_losses(t->engine),
                 alx_engine_probabilities(t->engine), alx_engine_labels(t->engine));
    run->val_step++;
    alx_trainer_emit(t, ALX_EVENT_VALIDATE);
    return ALX_OK;
}
