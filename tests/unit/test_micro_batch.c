/* memory_limit: batches in parts, with the whole batch's result, within the limit. */
#include "plan/micro_batch.h"
#include "unit/training_fixture.h"

/* What a run says of its memory. */
typedef struct said {
    alx_trainer *trainer;
    char limit[512]; /* the message that begins with memory_limit */
    bool over;       /* more was in use at a step than the limit */
    int64_t micro;
} said;

/* All that counts into the limit. */
static uint64_t in_use(const alx_trainer *t)
{
    return alx_engine_memory(t->engine) + (uint64_t)t->params->span * sizeof(float) + alx_trainer_state_bytes(t);
}

static void listen(const alx_event *event, void *user)
{
    said *s = user;
    if (event->kind == ALX_EVENT_MESSAGE && strncmp(event->text, "memory_limit", 12) == 0)
        snprintf(s->limit, sizeof s->limit, "%s", event->text);
    if (event->kind != ALX_EVENT_STEP || !s->trainer) return;
    const uint64_t limit = (uint64_t)s->trainer->recipe->train.memory_limit;
    if (limit && in_use(s->trainer) > limit) s->over = true;
    s->micro = s->trainer->micro;
}

static alx_status try_run(const alx_recipe *recipe, const char *out, said *s, alx_error *err)
{
    alx_run_config config;
    alx_run_config_init(&config);
    config.out = at(out);
    config.on_event = listen;
    config.user = s;
    ALX_TRY(alx_trainer_create(&s->trainer, recipe, &config, err));
    const alx_status status = alx_trainer_run(s->trainer, err);
    alx_trainer_destroy(s->trainer);
    s->trainer = NULL;
    return status;
}

static said run_it(const alx_recipe *recipe, const char *out)
{
    said s = {0};
    alx_error err;
    expect(ALX_OK, try_run(recipe, out, &s, &err), &err);
    assert_false(s.over);
    return s;
}

/* Large images and few weights: memory goes by the images that are computed at once, whatever else oneDNN takes. */
static alx_recipe *make_large_recipe(void)
{
    alx_recipe *recipe = make_quick_recipe();
    replace_in(at("net.yaml"), "input: [12, 12, 3]", "input: [48, 48, 3]");
    replace_in(at("net.yaml"), "pool_size: 2", "pool_size: 8");
    set(recipe, "image_size", "64");
    return recipe;
}

/* Everything that is drawn or weighed by image: dropout (in the network), augmentation, mixtures, smoothing, weights of
 * classes, an average; and a last step that is smaller. */
static alx_recipe *make_rich_recipe(void)
{
    alx_recipe *recipe = make_large_recipe();
    forget_statistics();
    const key keys[] = {{"optimizer", "sgd"},
                        {"momentum", "0.9"},
                        {"learning_rate", "0.02"},
                        {"batch_size", "32"},
                        {"precision", "f32"},
                        {"label_smoothing", "0.1"},
                        {"class_weight", "[1, 3]"},
                        {"augment", "[flip, {mixup: {alpha: 0.4}}]"},
                        {"ema", "0.9"},
                        {0}};
    set_all(recipe, keys);
    return recipe;
}

/* Bytes that a run takes with so many images at once, of several parts. */
static uint64_t need_of(alx_recipe *recipe, const char *batch)
{
    alx_trainer *t;
    alx_error err;
    const key parts[] = {{"memory_limit", "none"}, {"batch_size", batch}, {"gradient_accumulation_steps", "2"}, {0}};
    const key back[] = {{"batch_size", "32"}, {"gradient_accumulation_steps", "1"}, {0}};
    set_all(recipe, parts);
    expect(ALX_OK, alx_trainer_create_bare(&t, recipe, NULL, &err), &err);
    const uint64_t bytes = in_use(t);
    alx_trainer_destroy(t);
    set_all(recipe, back);
    return bytes;
}

static void set_bytes(alx_recipe *recipe, uint64_t bytes)
{
    alx_bytes_text text;
    set(recipe, "memory_limit", alx_text_exact_bytes((int64_t)bytes, text));
}

static void parts_make_the_whole_batch(void **state)
{
    (void)state;
    alx_recipe *recipe = make_rich_recipe();
    const said whole = run_it(recipe, "whole");
    assert_int_equal(whole.micro, 32);
    assert_string_equal(whole.limit, "");
    const uint64_t enough = need_of(recipe, "13");
    set_bytes(recipe, enough);
    const said parts = run_it(recipe, "parts");
    assert_int_equal(parts.micro, 11); /* 13 fit: three parts of 11, 11 and 10; 42 images: the last step has 10 */
    assert_non_null(strstr(parts.limit, "a batch of 32 is computed 11 images at a time"));
    assert_true(distance("parts", "", "whole", "") < 1e-5);
    assert_true(distance("parts", "ema.", "whole", "ema.") < 1e-5);
    for (int row = 1; row <= 3; row++) {
        assert_true(fabs(metric("parts", row, LOSS) - metric("whole", row, LOSS)) < 1e-5);
        assert_true(fabs(metric("parts", row, VAL_LOSS) - metric("whole", row, VAL_LOSS)) < 1e-5);
    }
    /* Less than that, and it is cut finer. */
    set_bytes(recipe, enough - 1);
    assert_true(run_it(recipe, "finer").micro <= 11);
    set(recipe, "memory_limit", "4GiB");
    const said ample = run_it(recipe, "ample");
    assert_int_equal(ample.micro, 32);
    assert_non_null(strstr(ample.limit, "memory_limit 4GiB: training takes "));
    assert_true(distance("ample", "", "whole", "") == 0);
    alx_recipe_destroy(recipe);
}

/* Batches that are accumulated anyway are cut on. */
static void accumulated_batches_are_cut(void **state)
{
    (void)state;
    alx_recipe *recipe = make_rich_recipe();
    set(recipe, "batch_size", "10");
    set(recipe, "gradient_accumulation_steps", "3");
    run_it(recipe, "whole");
    const uint64_t enough = need_of(recipe, "4");
    set(recipe, "batch_size", "10");
    set(recipe, "gradient_accumulation_steps", "3");
    set_bytes(recipe, enough);
    assert_int_equal(run_it(recipe, "parts").micro, 4);
    assert_true(distance("parts", "", "whole", "") < 1e-5);
    alx_recipe_destroy(recipe);
}

/* Where more images validate than there are to train with, no more are computed at once. */
static void validation_counts(void **state)
{
    (void)state;
    alx_recipe *recipe = make_rich_recipe();
    alx_trainer *t;
    alx_error err;
    const key swapped[] = {{"data.train", at("validation")},
                           {"data.validation", at("train")},
                           {"batch_size", "64"},
                           {"epochs", "1"},
                           {"memory_limit", "1GiB"},
                           {0}};
    set_all(recipe, swapped);
    expect(ALX_OK, alx_trainer_create_bare(&t, recipe, NULL, &err), &err);
    assert_int_equal(t->val_batch, 18);
    const uint64_t enough = in_use(t);
    alx_trainer_destroy(t);
    set_bytes(recipe, enough);
    assert_int_equal(run_it(recipe, "whole").micro, 18);
    set_bytes(recipe, enough - 1);
    said s = {0}; /* it is cut, or refused where parts, whose gradients are summed, take no less */
    const alx_status status = try_run(recipe, "parts", &s, &err);
    assert_true(status == ALX_USAGE || (status == ALX_OK && s.micro < 18));
    alx_recipe_destroy(recipe);
}

static void the_least_is_named_and_enough(void **state)
{
    (void)state;
    alx_recipe *recipe = make_rich_recipe();
    alx_error err;
    said s = {0};
    set(recipe, "memory_limit", "100KiB");
    expect(ALX_USAGE, try_run(recipe, "run", &s, &err), &err);
    expect_words(err.message, "memory_limit 100KiB is too little: one image at a time takes ");
    char least[32];
    const char *from = strstr(err.message, "takes ") + strlen("takes ");
    snprintf(least, sizeof least, "%.*s", (int)strcspn(from, ";"), from);
    set(recipe, "memory_limit", least);
    assert_true(run_it(recipe, "least").micro >= 1);
    alx_recipe_destroy(recipe);
}

static void batch_statistics_are_not_cut_unasked(void **state)
{
    (void)state;
    alx_recipe *recipe = make_large_recipe();
    alx_error err;
    said s = {0};
    const key keys[] = {{"batch_size", "32"}, {"precision", "f32"}, {0}};
    set_all(recipe, keys);
    const uint64_t enough = need_of(recipe, "9");
    set_bytes(recipe, enough);
    expect(ALX_USAGE, try_run(recipe, "run", &s, &err), &err);
    expect_words(err.message, "would cut a batch of 32 into parts of 8, and batch_normalization_1 would take its");
    expect_words(err.message, "micro_batch_norm: yes");
    set(recipe, "micro_batch_norm", "yes");
    assert_int_equal(run_it(recipe, "asked").micro, 8);
    /* Frozen, its statistics are of no batch. */
    set(recipe, "micro_batch_norm", "no");
    set(recipe, "freeze", "[batch_norm*]");
    assert_true(run_it(recipe, "frozen").micro < 32);
    /* The whole batch fits: nothing to refuse. */
    set(recipe, "freeze", "[]");
    set(recipe, "memory_limit", "1GiB");
    assert_int_equal(run_it(recipe, "fits").micro, 32);
    alx_recipe_destroy(recipe);
}

/* A run goes on with another limit, also out of the middle of validation. */
static void a_run_resumes_with_another_limit(void **state)
{
    (void)state;
    alx_recipe *recipe = make_rich_recipe();
    set(recipe, "data.validation", at("train")); /* 42 images: two steps of 32 */
    run_it(recipe, "whole");
    const uint64_t enough = need_of(recipe, "13");
    for (int validating = 0; validating < 2; validating++) {
        const char *out = validating ? "validating" : "training";
        witness w = {.stop_after_steps = validating ? 0 : 3, .stop_after_val_steps = validating}, rest = {0};
        alx_error err;
        set(recipe, "memory_limit", "none");
        expect(ALX_INTERRUPTED, run_recipe(recipe, at(out), &w, &err), &err);
        alx_bytes_text limit;
        char text[64];
        snprintf(text, sizeof text, "memory_limit=%s", alx_text_exact_bytes((int64_t)enough, limit));
        const char *const keys[] = {text};
        expect(ALX_OK, resume(at(out), keys, 1, &rest, &err), &err);
        expect_words(rest.said, "a batch of 32 is computed 11 images at a time");
        assert_true(distance(out, "", "whole", "") < 1e-5);
        assert_true(fabs(metric(out, 3, VAL_LOSS) - metric("whole", 3, VAL_LOSS)) < 1e-5);
    }
    alx_recipe_destroy(recipe);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(validation_counts),
        TEST(parts_make_the_whole_batch),
        TEST(accumulated_batches_are_cut),
        TEST(the_least_is_named_and_enough),
        TEST(batch_statistics_are_not_cut_unasked),
        TEST(a_run_resumes_with_another_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
