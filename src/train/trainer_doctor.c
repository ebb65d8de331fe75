/* Evidence for the doctor: batches that are looked at, layer by layer, and what he says. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/rng.h"
#include "train/signal.h"
#include "train/trainer.h"

enum { EARLY_STEPS = 20, FEATURE_BYTES = 64 << 20 };

void alx_consultation_finish(alx_consultation *doctor)
{
    alx_probe_destroy(doctor->start);
    alx_probe_destroy(doctor->now);
    free(doctor->updates);
    *doctor = (alx_consultation){0};
}

/* ---- Looking at a batch ---- */

static void permute(alx_trainer *t)
{
    alx_rng_permute(t->order, t->data.train.count, (uint64_t)t->recipe->train.seed, ALX_RNG_ORDER,
                    (uint32_t)t->run.epoch, 0);
}

/* The first batch of step `step` of the epoch that runs or comes next, as training sees it.  eyes: see alx_probe_run.
 */
static alx_status look_at(alx_probe **probe, alx_trainer *t, int64_t step, const alx_watch *eyes, alx_error *err)
{
    if (!*probe) ALX_TRY(alx_probe_create(probe, t->graph, err));
    const int64_t first = step * t->update, left = t->data.train.count - first, n = left < t->micro ? left : t->micro;
    permute(t);
    ALX_TRY(alx_trainer_fill(t, t->order + first, n, true, t->run.epoch, err));
    const alx_step_key key = {.seed = (uint64_t)t->recipe->train.seed,
                              .step = (uint32_t)(t->run.epoch * t->steps + step)};
    return alx_probe_run(*probe, t->engine, t->params, n, &key, eyes, err);
}

/* ---- How far the first step goes ---- */

enum { CHUNK = 16384, MOST_CHUNKS = 32 };

typedef struct lengths {
    double step, value; /* squared */
} lengths;

/* The step that the optimizer takes along a gradient: it takes it on a copy. */
static void add_chunk(lengths *l, const alx_trainer *t, const alx_optimizer_config *optimizer, int64_t at,
                      int64_t count, const float *gradient, float *copies)
{
    float *state[2] = {copies + CHUNK, copies + 2 * CHUNK};
    const float *values = t->params->data + at;
    memcpy(copies, values, (size_t)count * sizeof *copies);
    for (int i = 0; i < 2; i++) {
        if (t->state[i]) memcpy(state[i], t->state[i] + at, (size_t)count * sizeof *copies);
        if (!t->state[i]) state[i] = NULL;
    }
    alx_optimizer_step(optimizer, t->run.optimizer_step + 1, copies, gradient, state, NULL, count, 1);
    for (int64_t i = 0; i < count; i++) {
        const double moved = (double)copies[i] - (double)values[i];
        l->step += moved * moved;
        l->value += (double)values[i] * (double)values[i];
    }
}

/* Of a large tensor some parts, evenly spread, are enough. */
static double relative_step(const alx_trainer *t, const alx_param *param, const float *gradient, float *copies)
{
    lengths l = {0};
    alx_optimizer_config optimizer = t->recipe->train.optimizer;
    optimizer.learning_rate = t->doctor.first_rate;
    optimizer = alx_param_groups_config(&t->groups, &optimizer, param->offset);
    const int64_t chunks = (param->count + CHUNK - 1) / CHUNK, stride = (chunks + MOST_CHUNKS - 1) / MOST_CHUNKS;
    for (int64_t i = 0; i < chunks; i += stride) {
        const int64_t left = param->count - i * CHUNK;
        add_chunk(&l, t, &optimizer, param->offset + i * CHUNK, left < CHUNK ? left : CHUNK, gradient + i * CHUNK,
                  copies);
    }
    return l.value > 0.0 ? sqrt(l.step / l.value) : 0.0;
}

typedef struct updates {
    alx_trainer *t;
    float *copies; /* 3 of CHUNK floats */
} updates;

/* alx_watch.take */
static void measure_update(void *user, int param, float *gradient)
{
    const updates *u = user;
    u->t->doctor.updates[param] = relative_step(u->t, &u->t->params->list[param], gradient, u->copies);
}

/* Gradients that stay are clipped before; those that do not never are. */
static void measure_updates(updates *u)
{
    const alx_params *params = u->t->params;
    float *gradients = alx_engine_gradients(u->t->engine);
    alx_error not_finite; /* then the steps are not, either */
    if (!gradients) return;
    alx_trainer_clip(u->t, gradients, &not_finite);
    for (int i = 0; i < params->count; i++)
        if (params->list[i].trainable) measure_update(u, i, gradients + params->list[i].offset);
}

static alx_status look_at_start(alx_trainer *t, alx_error *err)
{
    const size_t bytes = (size_t)3 * CHUNK * sizeof(float);
    updates u = {.t = t, .copies = alx_memory_reserve(bytes, 0)};
    if (!u.copies) return alx_fail(err, ALX_NO_MEMORY, "out of memory: %zu bytes", bytes);
    t->doctor.first_rate = alx_trainer_rate(t);
    t->doctor.updates = alx_calloc((size_t)t->params->count, sizeof *t->doctor.updates, err);
    alx_status status = t->doctor.updates ? ALX_OK : ALX_NO_MEMORY;
    const alx_watch eyes = {.take = measure_update, .user = &u};
    if (!status) status = look_at(&t->doctor.start, t, 0, &eyes, err);
    if (!status) measure_updates(&u);
    alx_memory_release(u.copies, bytes);
    return status;
}

/* ---- Images as validation runs them ---- */

/* Some images of a set, drawn at random, and what the network makes of them. */
typedef struct sample {
    const alx_sample_list *list;
    alx_loader *loader;
    int layer;
    int64_t count, size; /* images; values that the layer makes of one */
    float *features;     /* (count, size), and room for a whole last batch */
    int32_t *labels;     /* (count) */
    alx_sums sums;
} sample;

static alx_status run_sample(sample *s, alx_trainer *t, alx_error *err)
{
    alx_rng_permute(t->order, s->list->count, (uint64_t)t->recipe->train.seed, ALX_RNG_SIGNAL, 0, 0);
    for (int64_t at = 0; at < s->count; at += t->val_batch) {
        const int64_t n = s->count - at < t->val_batch ? s->count - at : t->val_batch;
        ALX_TRY(alx_loader_fill(s->loader, t->order + at, (int)n, 0, 0, 0, alx_engine_images(t->engine),
                                alx_engine_labels(t->engine), err));
        ALX_TRY(alx_probe_output(s->features + at * s->size, t->engine, s->layer, t->val_batch, err));
        memcpy(s->labels + at, alx_engine_labels(t->engine), (size_t)n * sizeof *s->labels);
        alx_sums_add(&s->sums, n, t->graph->spec.classes, alx_engine_losses(t->engine),
                     alx_engine_probabilities(t->engine), alx_engine_labels(t->engine));
    }
    return ALX_OK;
}

/* Whether there is a signal in what the last weights make of validation images (training images they may know by
 * heart); and what is recognised of training images. */
static alx_status test_sample(alx_case *c, alx_trainer *t, alx_error *err)
{
    const bool stall = c->moment == ALX_MOMENT_STALL;
    sample s = {.list = stall ? &t->data.validation : &t->data.train,
                .loader = stall ? t->data.validation_loader : t->data.train_loader,
                .layer = alx_graph_last_hidden(t->graph)};
    s.size = alx_shape_elements(alx_graph_shape(t->graph, s.layer));
    s.count = s.list->count < ALX_SIGNAL_IMAGES ? s.list->count : ALX_SIGNAL_IMAGES;
    const int64_t most = FEATURE_BYTES / (s.size * (int64_t)sizeof(float));
    if (s.count > most) s.count = most;
    if (t->val_batch == 0 || s.count < 2) return ALX_OK;
    const int64_t room = (s.count + t->val_batch - 1) / t->val_batch * t->val_batch;
    s.features = alx_calloc((size_t)(room * s.size), sizeof *s.features, err);
    s.labels = s.features ? alx_calloc((size_t)s.count, sizeof *s.labels, err) : NULL;
    alx_sums_clear(&s.sums);
    alx_status status = s.labels ? run_sample(&s, t, err) : ALX_NO_MEMORY;
    if (!status && stall)
        status = alx_signal_test(&c->signal, s.features, s.labels, s.count, s.size, (uint64_t)t->recipe->train.seed,
                                 (int)t->recipe->train.threads, err);
    if (!status && !stall) c->as_validation = alx_sums_accuracy(&s.sums);
    c->signal_images = s.count;
    free(s.features);
    free(s.labels);
    return status;
}

/* ---- The case ---- */

/* The share of the largest class; 0 of an empty list. */
static alx_status largest_share(double *share, const alx_sample_list *list, alx_error *err)
{
    int64_t *sizes = alx_sample_list_sizes(list, err), most = 0;
    if (!sizes) return ALX_NO_MEMORY;
    for (int c = 0; c < list->class_count; c++)
        if (sizes[c] > most) most = sizes[c];
    *share = list->count ? (double)most / (double)list->count : 0.0;
    free(sizes);
    return ALX_OK;
}

alx_status alx_trainer_count_chances(alx_trainer *t, alx_error *err)
{
    ALX_TRY(largest_share(&t->train_chance, &t->data.train, err));
    return largest_share(&t->chance, &t->data.validation, err);
}

static alx_case open_case(const alx_trainer *t, alx_moment moment)
{
    return (alx_case){.moment = moment,
                      .history = t->run.history,
                      .epochs = t->run.epoch,
                      .steps = t->run.global_step,
                      .epoch_steps = t->steps,
                      .classes = t->graph->spec.classes,
                      .guess = t->guess,
                      .train_count = t->data.train.count,
                      .validation_count = t->data.validation.count,
                      .train_chance = t->train_chance,
                      .chance = t->chance,
                      .config = &t->recipe->train,
                      .preprocess = &t->preprocess,
                      .graph = t->graph,
                      .start = t->doctor.start,
                      .updates = t->doctor.updates,
                      .first_rate = t->doctor.first_rate,
                      .loss = NAN,
                      .signal = NAN,
                      .as_validation = NAN};
}

/* What was wrong before the first step explains what comes after it; more would only be noise. */
static bool is_explained(const alx_trainer *t, const alx_case *c)
{
    return t->doctor.ill_at_start && c->moment != ALX_MOMENT_VALIDATION;
}

static void say_finding(alx_trainer *t, const alx_case *c)
{
    if (is_explained(t, c)) return;
    alx_text advice = {0};
    const alx_verdict finding = alx_doctor_examine(&advice, c);
    if (finding.row >= 0 && !t->doctor.said[finding.subject] && !advice.failed) {
        t->doctor.said[finding.subject] = true;
        t->doctor.ill_at_start |= c->moment == ALX_MOMENT_START;
        alx_trainer_say(t, finding.note ? ALX_EVENT_MESSAGE : ALX_EVENT_WARNING, "%s", advice.data);
    }
    alx_text_finish(&advice);
}

/* A run does not end because there was no memory for a look at it. */
static void say_unseen(const alx_trainer *t, const alx_error *err)
{
    alx_trainer_say(t, ALX_EVENT_MESSAGE, "the layers were not looked at: %s", err->message);
}

void alx_trainer_examine_start(alx_trainer *t)
{
    alx_error err = {0};
    if (look_at_start(t, &err)) {
        alx_consultation_finish(&t->doctor);
        say_unseen(t, &err);
        return;
    }
    alx_case c = open_case(t, ALX_MOMENT_START);
    c.probe = t->doctor.start;
    say_finding(t, &c);
}

static double mean_loss(const alx_trainer *t, int64_t images)
{
    const float *losses = alx_engine_losses(t->engine);
    double sum = 0.0;
    for (int64_t i = 0; i < images; i++) sum += (double)losses[i];
    return sum / (double)images;
}

void alx_trainer_examine_step(alx_trainer *t, int64_t images)
{
    if (t->run.global_step > EARLY_STEPS || t->doctor.jumped) return;
    alx_case c = open_case(t, ALX_MOMENT_JUMP);
    c.loss = mean_loss(t, images);
    if (!alx_doctor_jumped(c.loss, c.guess, c.start ? c.start->loss : NAN)) return;
    t->doctor.jumped = true;
    alx_error err = {0};
    if (look_at(&t->doctor.now, t, t->run.step - 1, NULL, &err))
        say_unseen(t, &err);
    else
        c.probe = t->doctor.now;
    say_finding(t, &c);
}

void alx_trainer_examine_epoch(alx_trainer *t)
{
    alx_case c = open_case(t, ALX_MOMENT_NONE);
    c.moment = alx_doctor_moment(&c);
    if (c.moment == ALX_MOMENT_NONE) return;
    alx_error err = {0};
    alx_status status = look_at(&t->doctor.now, t, 0, NULL, &err);
    if (!status) c.probe = t->doctor.now;
    if (!status && c.moment != ALX_MOMENT_FIRST_EPOCH) {
        alx_trainer_swap_average(t); /* the weights that were validated */
        status = test_sample(&c, t, &err);
        alx_trainer_swap_average(t);
    }
    if (status) say_unseen(t, &err);
    say_finding(t, &c);
}

alx_status alx_trainer_diverged(alx_trainer *t, const char *what, alx_error *err)
{
    char kept[96] = "nothing was saved yet";
    if (t->kept_epoch >= 0 && t->kept_step)
        snprintf(kept, sizeof kept, "the checkpoint at step %" PRId64 " of epoch %" PRId64 " is kept", t->kept_step,
                 t->kept_epoch + 1);
    else if (t->kept_epoch >= 0)
        snprintf(kept, sizeof kept, "the checkpoint after epoch %" PRId64 " is kept", t->kept_epoch);
    alx_case c = open_case(t, ALX_MOMENT_DIVERGED);
    alx_error unseen;
    if (!look_at(&t->doctor.now, t, t->run.step ? t->run.step - 1 : 0, NULL, &unseen)) c.probe = t->doctor.now;
    return alx_doctor_diverged(&c, what, t->run.epoch + 1, t->run.step, t->folder.path, kept, err);
}
