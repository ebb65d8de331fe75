/* What becomes of gradients and weights in a step: accumulated, clipped, averaged. */
#include "unit/training_fixture.h"

/* ---- Accumulated gradients ---- */

/* Dropout draws too. */
static void batches_add_up_to_a_large_one(void **state)
{
    (void)state;
    alx_recipe *recipe = make_quick_recipe();
    witness large = {0}, parts = {0};
    forget_statistics();
    const key keys[] = {{"optimizer", "sgd"}, {"momentum", "0.9"}, {"batch_size", "32"}, {0}};
    set_all(recipe, keys);
    train(recipe, "large", &large);
    const key cut[] = {{"batch_size", "8"}, {"gradient_accumulation_steps", "4"}, {0}};
    set_all(recipe, cut);
    train(recipe, "parts", &parts);
    assert_int_equal(large.steps, 3 * 2); /* 42 images: 32 and 10; in parts 8 8 8 8 and 8 2 */
    assert_int_equal(parts.steps, large.steps);
    assert_true(distance("parts", "", "large", "") < 1e-5);
    assert_true(fabs(metric("parts", 3, LOSS) - metric("large", 3, LOSS)) < 1e-5);
    set(recipe, "gradient_accumulation_steps", "3");
    train_quietly(recipe, "fewer");
    assert_true(distance("fewer", "", "large", "") > 1e-3);
    alx_recipe_destroy(recipe);
}

/* ---- Clipping ---- */

/* One step of SGD from the same start at a rate of 1: its length is that of the gradient. */
static void gradients_are_clipped(void **state)
{
    (void)state;
    alx_recipe *recipe = make_quick_recipe();
    const key one_step[] = {{"optimizer", "sgd"}, {"batch_size", "64"}, {"epochs", "1"}, {"learning_rate", "0"}, {0}};
    set_all(recipe, one_step);
    forget_statistics();
    train_quietly(recipe, "start");
    set(recipe, "learning_rate", "1");
    const struct {
        const char *key, *value, *run;
    } runs[] = {{"clip_norm", "1e9", "free"}, {"clip_norm", "0.01", "norm"}, {"clip_value", "0.001", "value"}};
    double norms[3], most[3];
    for (int r = 0; r < 3; r++) {
        set(recipe, runs[r].key, runs[r].value);
        train_quietly(recipe, runs[r].run);
        int64_t count;
        float *before = weights_of("start", "last.safetensors", "", &count);
        float *after = weights_of(runs[r].run, "last.safetensors", "", &count);
        norms[r] = most[r] = 0;
        for (int64_t i = 0; i < count; i++) {
            const double step = (double)after[i] - (double)before[i];
            norms[r] += step * step;
            most[r] = fmax(most[r], fabs(step));
        }
        norms[r] = sqrt(norms[r]);
        set(recipe, runs[r].key, "0");
        free(before);
        free(after);
    }
    assert_true(norms[0] > 0.1 && most[0] > 0.01);
    assert_true(fabs(norms[1] - 0.01) < 1e-5);
    assert_true(fabs(most[2] - 0.001) < 1e-6 && norms[2] > 0.001);
    alx_recipe_destroy(recipe);
}

/* ---- Averages ---- */

/* The average of a run is that of its weights after every step, computed here in double. */
typedef struct follower {
    alx_trainer *trainer;
    double *mean; /* (span) */
    double decay;
    int64_t steps;
    double worst; /* at the end of an epoch, relative to the largest */
} follower;

static void follow(const alx_event *event, void *user)
{
    follower *f = user;
    if (!f->trainer) return; /* it is being made */
    const alx_params *params = f->trainer->params;
    if (event->kind == ALX_EVENT_START) {
        f->mean = malloc((size_t)params->span * sizeof *f->mean);
        for (int64_t i = 0; i < params->span; i++) f->mean[i] = (double)params->data[i];
    }
    if (event->kind == ALX_EVENT_STEP) {
        const double t = (double)++f->steps, d = fmin(f->decay, (1 + t) / (10 + t));
        for (int64_t i = 0; i < params->span; i++) f->mean[i] = d * f->mean[i] + (1 - d) * (double)params->data[i];
    }
    if (event->kind != ALX_EVENT_EPOCH_END) return;
    double largest = 0, most = 0;
    for (int64_t i = 0; i < params->span; i++) {
        largest = fmax(largest, fabs(f->mean[i]));
        most = fmax(most, fabs(f->mean[i] - (double)f->trainer->average[i]));
    }
    f->worst = fmax(f->worst, most / largest);
}

static void the_average_follows_the_weights(void **state)
{
    (void)state;
    alx_recipe *recipe = make_quick_recipe();
    alx_error err;
    set(recipe, "ema", "0.9");
    follower f = {.decay = 0.9};
    alx_run_config config;
    alx_run_config_init(&config);
    config.out = at("run");
    config.on_event = follow;
    config.user = &f;
    expect(ALX_OK, alx_trainer_create(&f.trainer, recipe, &config, &err), &err);
    expect(ALX_OK, alx_trainer_run(f.trainer, &err), &err);
    alx_trainer_destroy(f.trainer);
    free(f.mean);
    assert_int_equal(f.steps, 18);
    assert_true(f.worst < 1e-5);
    assert_true(has_tensor(at("run"), "last.safetensors", "ema.batch_normalization_1.moving_mean"));
    assert_false(has_tensor(at("run"), "best.safetensors", "ema."));
    assert_true(distance("run", "ema.", "run", "") > 1e-3);
    alx_recipe_destroy(recipe);
}

static double loss_of(const char *run, const char *data)
{
    alx_model *model;
    alx_session *session;
    alx_dataset *dataset;
    alx_evaluation *evaluation;
    alx_session_config config;
    alx_error err;
    alx_session_config_init(&config);
    expect(ALX_OK, alx_model_open(&model, at(run), &err), &err);
    expect(ALX_OK, alx_session_create(&session, model, &config, &err), &err);
    expect(ALX_OK, alx_dataset_open_for(&dataset, model, at(data), &err), &err);
    expect(ALX_OK, alx_evaluate(&evaluation, session, dataset, 0, NULL, NULL, &err), &err);
    const double loss = alx_evaluation_loss(evaluation);
    alx_evaluation_destroy(evaluation);
    alx_dataset_destroy(dataset);
    alx_session_destroy(session);
    alx_model_destroy(model);
    return loss;
}

/* The mean loss over the validation images with the averaged weights and these moving statistics. */
static double loss_with(const alx_trainer *t, const float *statistics)
{
    const alx_params *params = t->params;
    const int64_t first = params->trainable_span, moving = params->span - first;
    memcpy(params->data, t->average, (size_t)first * sizeof(float));
    memcpy(params->data + first, statistics, (size_t)moving * sizeof(float));
    t->params->version++;
    double sum = 0;
    alx_error err;
    const int64_t n = t->data.validation.count;
    for (int64_t i = 0; i < n; i++) {
        int64_t order[8];
        for (int k = 0; k < 8; k++) order[k] = i;
        expect(ALX_OK,
               alx_loader_fill(t->data.validation_loader, order, 8, 0, 0, 0, alx_engine_images(t->engine),
                               alx_engine_labels(t->engine), &err),
               &err);
        expect(ALX_OK, alx_engine_run(t->engine, ALX_MODE_EVALUATE, t->val_batch, NULL, &err), &err);
        sum += (double)alx_engine_losses(t->engine)[0];
    }
    return sum / (double)n;
}

/* The moving statistics of the averaged network as its own training images have them: batches run through it, its
 * weights left alone, until the moving statistics have forgotten where they began. */
static void measure_statistics(const alx_trainer *t, float *statistics)
{
    const alx_params *params = t->params;
    const int64_t first = params->trainable_span, moving = params->span - first;
    alx_error err;
    memcpy(params->data, t->average, (size_t)params->span * sizeof(float));
    for (uint32_t s = 0; s < 100; s++) {
        int64_t order[8];
        const alx_step_key step = {.seed = 9, .step = s};
        for (int k = 0; k < 8; k++) order[k] = (int64_t)(s * 8 + (uint32_t)k) * 5 % t->data.train.count;
        expect(ALX_OK,
               alx_loader_fill(t->data.train_loader, order, 8, 1, 9, s, alx_engine_images(t->engine),
                               alx_engine_labels(t->engine), &err),
               &err);
        expect(ALX_OK, alx_engine_run(t->engine, ALX_MODE_TRAIN, 8, &step, &err), &err);
    }
    memcpy(statistics, params->data + first, (size_t)moving * sizeof(float));
}

/* That the average of the moving statistics is right for the average of the weights: with the statistics measured on
 * the averaged network itself the loss is nearly the same, with those that the run began with it is not. */
static void averaged_statistics_are_those_of_the_averaged_network(void **state)
{
    (void)state;
    alx_recipe *recipe = make_quick_recipe();
    alx_trainer *t;
    alx_error err;
    replace_in(at("net.yaml"), "  - batch_normalization\n", "  - batch_normalization: {momentum: 0.9}\n");
    const key keys[] = {{"ema", "0.98"},
                        {"label_smoothing", "0.2"},
                        {"epochs", "30"},
                        {"learning_rate", "0.001"},
                        {"augment", "[flip]"},
                        {"image_size", "12"},
                        {0}};
    set_all(recipe, keys);
    alx_run_config config;
    alx_run_config_init(&config);
    config.out = at("run");
    expect(ALX_OK, alx_trainer_create(&t, recipe, &config, &err), &err);
    const int64_t moving = t->params->span - t->params->trainable_span;
    const size_t bytes = (size_t)moving * sizeof(float);
    float *began = malloc(bytes), *averaged = malloc(bytes), *measured = malloc(bytes);
    memcpy(began, t->params->data + t->params->trainable_span, bytes);
    expect(ALX_OK, alx_trainer_run(t, &err), &err);
    memcpy(averaged, t->average + t->params->trainable_span, bytes);
    measure_statistics(t, measured);
    const double with_averaged = loss_with(t, averaged), with_measured = loss_with(t, measured);
    const double with_first = loss_with(t, began);
    print_message("loss with averaged statistics %.5f, measured %.5f, first %.5f\n", with_averaged, with_measured,
                  with_first);
    assert_true(fabs(with_averaged - with_measured) < 0.005);
    assert_true(fabs(with_first - with_measured) > 0.1);
    free(began);
    free(averaged);
    free(measured);
    alx_trainer_destroy(t);
    alx_recipe_destroy(recipe);
}

/* What is validated is what is kept. */
static void the_average_is_validated_and_kept(void **state)
{
    (void)state;
    alx_recipe *recipe = make_quick_recipe();
    set(recipe, "ema", "0.9");
    set(recipe, "epochs", "1");
    train_quietly(recipe, "run");
    assert_true(fabs(loss_of("run", "validation") - metric("run", 1, VAL_LOSS)) < 1e-5);
    int64_t count;
    float *kept = weights_of("run", "best.safetensors", "", &count);
    float *average = weights_of("run", "last.safetensors", "ema.", &count);
    assert_memory_equal(kept, average, (size_t)count * sizeof *kept);
    free(kept);
    free(average);
    alx_recipe_destroy(recipe);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(batches_add_up_to_a_large_one),     TEST(gradients_are_clipped),
        TEST(the_average_follows_the_weights),   TEST(averaged_statistics_are_those_of_the_averaged_network),
        TEST(the_average_is_validated_and_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
