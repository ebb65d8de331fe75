/* What a trainer computes with: class weights, steps, the engine, and the memory of the optimizer beside it. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "plan/micro_batch.h"
#include "train/trainer.h"

/* ---- Class weights ---- */

/* n / (K n_k), as scikit-learn's "balanced": each class weighs the same in all. */
static alx_status balance(alx_trainer *t, alx_error *err)
{
    const alx_sample_list *train = &t->data.train;
    alx_numbers *weights = &t->recipe->train.class_weight;
    double *values = alx_arena_alloc(&t->recipe->arena, (size_t)train->class_count, sizeof *values, err);
    if (!values) return ALX_NO_MEMORY;
    for (int k = 0; k < train->class_count; k++) values[k] = 0.0;
    for (int64_t i = 0; i < train->count; i++) values[train->samples[i].label] += 1.0;
    for (int k = 0; k < train->class_count; k++)
        if (values[k] > 0.0) values[k] = (double)train->count / (train->class_count * values[k]);
    *weights = (alx_numbers){.count = train->class_count, .values = values};
    return ALX_OK;
}

/* And what guessing costs: ln K times the mean weight of the training images. */
static alx_status check_class_weight(alx_trainer *t, alx_error *err)
{
    const alx_numbers *given = &t->recipe->train.class_weight;
    const int classes = t->data.train.class_count;
    t->guess = log((double)classes);
    if (given->count == 0) return ALX_OK;
    if (given->count != classes)
        return alx_fail(err, ALX_USAGE,
                        "class_weight has %d numbers for %d classes; give one for each, in this order: %s, ...",
                        given->count, classes, t->data.train.class_names[0]);
    double sum = 0;
    for (int64_t i = 0; i < t->data.train.count; i++) sum += given->values[t->data.train.samples[i].label];
    if (!(sum > 0))
        return alx_fail(err, ALX_USAGE,
                        "class_weight: all are 0, so that there is nothing to learn; give at least one above 0");
    t->guess *= sum / (double)t->data.train.count;
    return ALX_OK;
}

/* A resume reads the numbers in recipe.yaml, whatever has become of images that could not be read. */
alx_status alx_trainer_resolve_class_weight(alx_trainer *t, alx_error *err)
{
    if (t->recipe->train.class_weight.choice == ALX_CLASS_WEIGHT_BALANCED) ALX_TRY(balance(t, err));
    alx_status status = check_class_weight(t, err);
    return status ? alx_recipe_where(t->recipe, "train", "class_weight", status, err) : ALX_OK;
}

/* In f32; NULL: none. */
static alx_status read_class_weights(float **weights, const alx_trainer *t, alx_error *err)
{
    const alx_numbers *given = &t->recipe->train.class_weight;
    *weights = NULL;
    if (given->count == 0) return ALX_OK;
    *weights = alx_calloc((size_t)given->count, sizeof **weights, err);
    if (!*weights) return ALX_NO_MEMORY;
    for (int k = 0; k < given->count; k++) (*weights)[k] = (float)given->values[k];
    return ALX_OK;
}

/* ---- Steps ---- */

static int64_t divide_up(int64_t count, int64_t size)
{
    return size ? (count + size - 1) / size : 0;
}

void alx_trainer_count_steps(alx_trainer *t)
{
    const int64_t wanted = t->recipe->train.batch_size;
    t->batch = t->data.train.count < wanted ? t->data.train.count : wanted;
    t->update = t->batch * t->recipe->train.gradient_accumulation_steps;
    if (t->update > t->data.train.count) t->update = t->data.train.count;
    const int64_t most = t->most_at_once ? t->most_at_once : wanted;
    t->micro = t->batch < most ? t->batch : most;
    t->val_batch = t->data.validation.count < most ? t->data.validation.count : most;
    t->steps = divide_up(t->data.train.count, t->update);
    t->val_steps = divide_up(t->data.validation.count, t->val_batch);
}

/* ---- Memory beside the engine ---- */

uint64_t alx_trainer_state_bytes(const alx_trainer *t)
{
    const uint64_t states = (uint64_t)alx_optimizer_state_count(&t->recipe->train.optimizer);
    return states * t->state_bytes + t->average_bytes;
}

static alx_status reserve(float **memory, const alx_trainer *t, size_t bytes, const char *what, alx_error *err)
{
    *memory = alx_memory_reserve(bytes, (int)t->recipe->train.threads);
    return *memory ? ALX_OK : alx_fail(err, ALX_NO_MEMORY, "out of memory: %zu bytes of %s", bytes, what);
}

static alx_status reserve_state(alx_trainer *t, alx_error *err)
{
    const int states = alx_optimizer_state_count(&t->recipe->train.optimizer);
    for (int i = 0; i < states; i++) ALX_TRY(reserve(&t->state[i], t, t->state_bytes, "optimizer state", err));
    if (t->average_bytes) ALX_TRY(reserve(&t->average, t, t->average_bytes, "averaged weights", err));
    return ALX_OK;
}

static alx_status make_groups(alx_trainer *t, alx_error *err)
{
    const alx_train_config *config = &t->recipe->train;
    const alx_map *rates = &config->rate_multipliers, *wrong;
    alx_status status = alx_param_groups_create(&t->groups, &wrong, t->params, rates, &config->decay_multipliers, err);
    if (!status || !wrong) return status;
    const char *key = wrong == rates ? "rate_multipliers" : "decay_multipliers";
    alx_where(err, status, "%s", key);
    return alx_recipe_where(t->recipe, "train", key, status, err);
}

/* ---- The engine ---- */

/* weights: of the classes, or NULL. */
static alx_engine_config engine_config(alx_trainer *t, alx_dtype type, const float *weights)
{
    const alx_train_config *config = &t->recipe->train;
    return (alx_engine_config){.threads = (int)config->threads,
                               .type = type,
                               .exact = config->exact,
                               .training = true,
                               .fleeting = !(config->clip_norm > 0.0) && !(config->clip_value > 0.0),
                               .mixed = alx_augment_mixes(&t->recipe->augment),
                               .smoothing = (float)config->label_smoothing,
                               .class_weights = weights,
                               .chooser = alx_tuner_chooser(&t->tuner)};
}

/* What stands in the way of the limit. */
static alx_status check_limit(const alx_trainer *t, const alx_micro_choice *choice, alx_error *err)
{
    alx_bytes_text limit, whole;
    const char *layer = alx_micro_batch_obstacle(t->graph);
    if (choice->micro == 0) return alx_micro_batch_refuse(choice, (uint64_t)t->recipe->train.memory_limit, err);
    if (choice->micro == t->batch || !layer || t->recipe->train.micro_batch_norm) return ALX_OK;
    return alx_fail(err, ALX_USAGE,
                    "memory_limit %s would cut a batch of %" PRId64 " into parts of %" PRId64
                    ", and %s would take its statistics of a part, which changes what is learned; give %s, a "
                    "batch_size of %" PRId64 ", or allow it with micro_batch_norm: yes",
                    alx_text_exact_bytes(t->recipe->train.memory_limit, limit), t->batch, choice->micro, layer,
                    alx_micro_batch_enough(choice->whole, whole), choice->micro);
}

static void say_limit(const alx_trainer *t, const alx_micro_choice *choice)
{
    alx_bytes_text limit;
    alx_text_exact_bytes(t->recipe->train.memory_limit, limit);
    const double mib = (double)choice->bytes * 0x1p-20;
    if (choice->micro == t->batch)
        alx_trainer_say(t, ALX_EVENT_MESSAGE, "memory_limit %s: training takes %.0f MiB", limit, mib);
    else
        alx_trainer_say(t, ALX_EVENT_MESSAGE,
                        "memory_limit %s: a batch of %" PRId64 " is computed %" PRId64
                        " images at a time and takes %.0f MiB; at once it would take %.0f MiB",
                        limit, t->batch, choice->micro, mib, (double)choice->whole * 0x1p-20);
}

/* Finds how many images are computed at once, where there is a limit; *engine_limit: what it leaves for the engine. */
static alx_status keep_limit(alx_trainer *t, const alx_engine_config *engine, uint64_t *engine_limit, alx_error *err)
{
    const uint64_t limit = (uint64_t)t->recipe->train.memory_limit;
    const uint64_t beside = (uint64_t)t->params->span * sizeof(float) + alx_trainer_state_bytes(t);
    const alx_micro_request request = {.params = t->params,
                                       .engine = *engine,
                                       .batch = t->batch,
                                       .update = t->update,
                                       .last = t->data.train.count - (t->steps - 1) * t->update,
                                       .validation = t->val_batch,
                                       .beside = beside,
                                       .limit = limit};
    alx_micro_choice choice;
    *engine_limit = 0;
    if (limit == 0) return ALX_OK;
    ALX_TRY(alx_micro_batch_choose(&choice, &request, err));
    alx_status status = check_limit(t, &choice, err);
    if (status) return alx_recipe_where(t->recipe, "train", "memory_limit", status, err);
    t->most_at_once = choice.micro;
    alx_trainer_count_steps(t);
    *engine_limit = limit - beside;
    say_limit(t, &choice);
    return ALX_OK;
}

static alx_status create_engine(alx_trainer *t, alx_engine_config *engine, alx_error *err)
{
    uint64_t own;
    ALX_TRY(keep_limit(t, engine, &own, err));
    ALX_TRY(alx_optimizer_check_memory(
        &engine->memory_limit, alx_trainer_state_bytes(t),
        t->average_bytes ? "the optimizer's state, with averaged weights," : "the optimizer's state", err));
    if (own && (!engine->memory_limit || own < engine->memory_limit)) engine->memory_limit = own;
    engine->accumulate = t->update > t->micro;
    engine->max_batch = t->micro > t->val_batch ? t->micro : t->val_batch;
    ALX_TRY(alx_engine_create(&t->engine, t->params, engine, err));
    ALX_TRY(alx_engine_prepare(t->engine, ALX_MODE_TRAIN, t->micro, err));
    if (t->val_batch) ALX_TRY(alx_engine_prepare(t->engine, ALX_MODE_EVALUATE, t->val_batch, err));
    return reserve_state(t, err);
}

alx_status alx_trainer_build_engine(alx_trainer *t, alx_dtype type, alx_error *err)
{
    float *weights;
    ALX_TRY(make_groups(t, err));
    t->state_bytes = (size_t)t->params->trainable_span * sizeof(float);
    t->average_bytes = t->recipe->train.ema > 0.0 ? (size_t)t->params->span * sizeof(float) : 0;
    ALX_TRY(read_class_weights(&weights, t, err));
    alx_engine_config engine = engine_config(t, type, weights);
    alx_status status = create_engine(t, &engine, err);
    free(weights);
    return status;
}

alx_status alx_trainer_prepare(alx_trainer *t, alx_error *err)
{
    const int64_t last = t->data.train.count - (t->steps - 1) * t->update;
    const struct {
        alx_mode mode;
        int64_t batch; /* 0: as large as others */
        const char *name;
    } plans[] = {{ALX_MODE_TRAIN, t->micro, "train"},
                 {ALX_MODE_TRAIN, t->update % t->micro, "train"},
                 {ALX_MODE_TRAIN, last % t->micro, "train"},
                 {ALX_MODE_EVALUATE, t->val_batch, "evaluate"}};
    alx_text text = {0};
    char version[32];
    alx_text_printf(&text, "oneDNN %s\n", alx_engine_version(version));
    for (size_t i = 0; i < sizeof plans / sizeof plans[0]; i++) {
        if (plans[i].batch == 0 || (i == 2 && plans[i].batch == plans[1].batch)) continue;
        alx_status status = alx_engine_prepare(t->engine, plans[i].mode, plans[i].batch, err);
        if (status) {
            alx_text_finish(&text);
            return status;
        }
        alx_text_printf(&text, "%s %" PRId64 "\n", plans[i].name, plans[i].batch);
        alx_engine_describe(&text, t->engine, plans[i].mode, plans[i].batch);
    }
    return alx_text_take(&t->engine_text, &text, err);
}
