/* The engine's promises: same bits, true partial batches, plans that do not disturb each other, modes that agree, the
 * caller's OpenMP setting kept.  Memory is the matter of test_engine_memory.c. */
#include "engine_net.h"

#include <omp.h>
#include <pthread.h>

/* ---- Same bits ---- */

static results train_once(const char *yaml, int threads, alx_dtype type)
{
    net n = open_net_as(yaml, threads, type);
    run(&n, ALX_MODE_TRAIN, BATCH, 0);
    results r = copy_results(&n, BATCH);
    close_net(&n);
    return r;
}

static void test_same_bits(void **state)
{
    (void)state;
    for (alx_dtype type = ALX_F32; type <= last_type(); type++) {
        results a = train_once(whole, 2, type), b = train_once(whole, 2, type);
        assert_same_bits(&a, &b);
        free_results(&a);
        free_results(&b);
    }
}

/* Masks do not depend on who draws them. */
static void test_threads_agree(void **state)
{
    (void)state;
    results a = train_once(dropped, 1, ALX_F32), b = train_once(dropped, 2, ALX_F32);
    assert_near(a.losses, b.losses, BATCH, 1e-5f);
    assert_near(a.gradients, b.gradients, (int)(a.gradients_bytes / sizeof(float)), 1e-5f);
    free_results(&a);
    free_results(&b);
}

/* Plans of other batches and modes, built and run in between, share the memory and change nothing. */
static void test_other_plans(void **state)
{
    (void)state;
    net n = open_net(dropped, 2);
    run(&n, ALX_MODE_TRAIN, 2, 0);
    results small = copy_results(&n, 2);
    run(&n, ALX_MODE_TRAIN, BATCH, 0); /* the arena grows */
    results large = copy_results(&n, BATCH);
    run(&n, ALX_MODE_PREDICT, 1, 0);
    run(&n, ALX_MODE_EVALUATE, 5, 0);
    run(&n, ALX_MODE_TRAIN, BATCH, 0);
    results again = copy_results(&n, BATCH);
    assert_same_bits(&large, &again);
    run(&n, ALX_MODE_TRAIN, 2, 0);
    results small_again = copy_results(&n, 2);
    assert_same_bits(&small, &small_again);
    free_results(&small);
    free_results(&small_again);
    free_results(&large);
    free_results(&again);
    close_net(&n);
}

/* ---- Batches ---- */

/* An image's loss is its own: alone, in a part, in the whole; dropout follows its slot in the global batch. */
static void test_parts_of_a_batch(void **state)
{
    (void)state;
    static const struct {
        int first, count;
    } parts[] = {{0, 3}, {3, 4}, {7, 1}};
    net n = open_net(dropped, 2);
    run(&n, ALX_MODE_TRAIN, BATCH, 0);
    results all = copy_results(&n, BATCH);
    int64_t span = n.params->trainable_span;
    float *sum = calloc((size_t)span, sizeof *sum);
    assert_non_null(sum);
    for (int p = 0; p < 3; p++) {
        int first = parts[p].first, count = parts[p].count;
        set_images(n.engine, first, count);
        run(&n, ALX_MODE_TRAIN, count, (uint32_t)first);
        results part = copy_results(&n, count);
        assert_near(part.losses, all.losses + first, count, 1e-5f);
        assert_near(part.probabilities, all.probabilities + first * CLASSES, count * CLASSES, 1e-5f);
        for (int64_t i = 0; i < span; i++) sum[i] += part.gradients[i] * (float)count / BATCH;
        free_results(&part);
    }
    assert_near(sum, all.gradients, (int)span, 1e-5f); /* the gradient is of the mean */
    free(sum);
    free_results(&all);
    close_net(&n);
}

/* ---- Mixed images ---- */

static results train_mixed(const float *shares, const float *class_weights, int shift, float smoothing)
{
    net n = open_params(dropped);
    alx_error err;
    alx_engine_config config = config_of(2);
    config.mixed = true;
    config.smoothing = smoothing;
    config.class_weights = class_weights;
    must(alx_engine_create(&n.engine, n.params, &config, &err), &err);
    set_images(n.engine, 0, BATCH);
    for (int i = 0; i < BATCH; i++) {
        alx_engine_others(n.engine)[i] = (i + shift) % CLASSES;
        alx_engine_shares(n.engine)[i] = shares[i];
    }
    run(&n, ALX_MODE_TRAIN, BATCH, 0);
    results r = copy_results(&n, BATCH);
    close_net(&n);
    return r;
}

/* Loss and gradient of two labels are those of each, by its share. */
static void test_two_labels(void **state)
{
    (void)state;
    static const float weights[CLASSES] = {0.5f, 1, 2, 3};
    const float shares[BATCH] = {0.25f, 0.25f, 0.25f, 0.25f, 0.25f, 0.25f, 0.25f, 0.25f};
    const float ones[BATCH] = {1, 1, 1, 1, 1, 1, 1, 1}, zeros[BATCH] = {0};
    results mixed = train_mixed(shares, weights, 1, 0.1f), first = train_mixed(ones, weights, 1, 0.1f);
    results second = train_mixed(zeros, weights, 1, 0.1f);
    assert_true(fabsf(first.losses[0] - second.losses[0]) > 1e-2f); /* else nothing is shown */
    float losses[BATCH];
    const int span = (int)(first.gradients_bytes / sizeof(float));
    for (int i = 0; i < BATCH; i++) losses[i] = 0.25f * first.losses[i] + 0.75f * second.losses[i];
    for (int i = 0; i < span; i++) first.gradients[i] = 0.25f * first.gradients[i] + 0.75f * second.gradients[i];
    assert_near(mixed.losses, losses, BATCH, 1e-6f);
    assert_near(mixed.gradients, first.gradients, span, 1e-5f);
    free_results(&mixed);
    free_results(&first);
    free_results(&second);
    /* An image that is whole has the loss of its label, to the bit. */
    results alone = train_once(dropped, 2, ALX_F32), whole_image = train_mixed(ones, NULL, 2, 0);
    assert_same_bits(&alone, &whole_image);
    free_results(&alone);
    free_results(&whole_image);
}

/* ---- Modes ---- */

static void test_modes_agree(void **state)
{
    (void)state;
    net n = open_net(plain, 2);
    run(&n, ALX_MODE_TRAIN, BATCH, 0);
    results train = copy_results(&n, BATCH);
    run(&n, ALX_MODE_EVALUATE, BATCH, 0);
    results evaluate = copy_results(&n, BATCH);
    assert_near(train.losses, evaluate.losses, BATCH, 1e-5f);
    run(&n, ALX_MODE_PREDICT, BATCH, 0);
    assert_near(alx_engine_probabilities(n.engine), evaluate.probabilities, BATCH * CLASSES, 1e-6f);
    for (int i = 0; i < BATCH; i++) { /* the loss is that of the probability */
        float p = evaluate.probabilities[i * CLASSES + alx_engine_labels(n.engine)[i]];
        assert_true(fabsf(evaluate.losses[i] + logf(p)) < 1e-5f);
    }
    free_results(&train);
    free_results(&evaluate);
    close_net(&n);
}

/* With momentum 0 the moving statistics are the last batch's: inference then repeats the training pass. */
static void test_moving_statistics(void **state)
{
    (void)state;
    net n = open_net(NET("- conv2d: {filters: 10, kernel_size: 5, strides: 2}\n- batch_normalization: {momentum: 0}\n"
                         "- activation: {activation: relu}\n- flatten\n"),
                     2);
    run(&n, ALX_MODE_EVALUATE, BATCH, 0);
    results before = copy_results(&n, BATCH);
    run(&n, ALX_MODE_TRAIN, BATCH, 0);
    results train = copy_results(&n, BATCH);
    run(&n, ALX_MODE_EVALUATE, BATCH, 0);
    results after = copy_results(&n, BATCH);
    assert_near(train.losses, after.losses, BATCH, 1e-4f);
    assert_true(fabsf(before.losses[0] - after.losses[0]) > 1e-3f);
    assert_memory_equal(train.moving, after.moving, train.moving_bytes); /* evaluating changes none */
    free_results(&before);
    free_results(&train);
    free_results(&after);
    close_net(&n);
}

/* Packed copies of weights follow a change of version. */
static void test_new_weights(void **state)
{
    (void)state;
    net n = open_net(plain, 2), fresh = open_params(plain);
    run(&n, ALX_MODE_PREDICT, BATCH, 0);
    alx_params_init(n.params, 2);
    run(&n, ALX_MODE_PREDICT, BATCH, 0);
    alx_params_init(fresh.params, 2);
    alx_error err;
    alx_engine_config config = config_of(2);
    config.training = false;
    must(alx_engine_create(&fresh.engine, fresh.params, &config, &err), &err);
    assert_null(alx_engine_gradients(fresh.engine));
    set_images(fresh.engine, 0, BATCH);
    run(&fresh, ALX_MODE_PREDICT, BATCH, 0);
    assert_memory_equal(alx_engine_probabilities(n.engine), alx_engine_probabilities(fresh.engine),
                        BATCH * CLASSES * sizeof(float));
    close_net(&n);
    close_net(&fresh);
}

/* ---- The caller's threads ---- */

static void test_openmp_is_restored(void **state)
{
    (void)state;
    int before = omp_get_max_threads();
    omp_set_num_threads(5);
    net n = open_net(plain, 2);
    assert_int_equal(omp_get_max_threads(), 5);
    run(&n, ALX_MODE_TRAIN, BATCH, 0);
    assert_int_equal(omp_get_max_threads(), 5);
    alx_engine_prepare(n.engine, ALX_MODE_PREDICT, 1, NULL);
    assert_int_equal(omp_get_max_threads(), 5);
    close_net(&n);
    omp_set_num_threads(before);
}

typedef struct reader {
    alx_params *params;
    float probabilities[BATCH * CLASSES];
    alx_status status;
} reader;

/* cmocka's assertions belong to the main thread: failures are handed back. */
static void *predict_alone(void *argument)
{
    reader *r = argument;
    alx_engine *engine = NULL;
    alx_engine_config config = {.threads = 1, .max_batch = BATCH};
    r->status = alx_engine_create(&engine, r->params, &config, NULL);
    for (int i = 0; i < 20 && !r->status; i++) {
        set_images(engine, 0, BATCH);
        r->status = alx_engine_run(engine, ALX_MODE_PREDICT, BATCH, NULL, NULL);
    }
    if (!r->status) memcpy(r->probabilities, alx_engine_probabilities(engine), sizeof r->probabilities);
    alx_engine_destroy(engine);
    return NULL;
}

/* Engines of several threads share one store. */
static void test_shared_weights(void **state)
{
    (void)state;
    net n = open_params(plain);
    reader readers[3] = {{n.params, {0}, ALX_OK}, {n.params, {0}, ALX_OK}, {n.params, {0}, ALX_OK}};
    pthread_t threads[3];
    for (int i = 0; i < 3; i++) assert_int_equal(pthread_create(&threads[i], NULL, predict_alone, &readers[i]), 0);
    for (int i = 0; i < 3; i++) pthread_join(threads[i], NULL);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(readers[i].status, ALX_OK);
        assert_memory_equal(readers[i].probabilities, readers[0].probabilities, sizeof readers[0].probabilities);
    }
    assert_true(readers[0].probabilities[0] > 0);
    close_net(&n);
}

static void test_precision(void **state)
{
    (void)state;
    alx_dtype type;
    alx_error err = {0};
    assert_int_equal(alx_engine_resolve_precision(&type, ALX_PRECISION_F32, &err), ALX_OK);
    assert_int_equal(type, ALX_F32);
    assert_int_equal(alx_engine_resolve_precision(&type, ALX_PRECISION_AUTO, &err), ALX_OK);
    assert_int_equal(type, alx_dnn_cpu().bf16 ? ALX_BF16 : ALX_F32);
    alx_status status = alx_engine_resolve_precision(&type, ALX_PRECISION_BF16, &err);
    if (alx_dnn_cpu().bf16_emulated) {
        assert_int_equal(status, ALX_OK);
    } else {
        assert_int_equal(status, ALX_UNSUPPORTED);
        assert_non_null(strstr(err.message, "use precision f32"));
    }
}

/* In inference an image's result is its own: what fills the rest of the batch does not touch a bit of it. */
static void test_neighbours_do_not_matter(void **state)
{
    (void)state;
    for (alx_dtype type = ALX_F32; type <= last_type(); type++) {
        net n = open_net_as(plain, 2, type);
        float losses[2][3];
        for (int i = 0; i < 2; i++) {
            set_images(n.engine, 0, 3);
            for (int k = 3; k < BATCH; k++) set_images_at(n.engine, k, 100 * i + k);
            run(&n, ALX_MODE_EVALUATE, BATCH, 0);
            memcpy(losses[i], alx_engine_losses(n.engine), sizeof losses[i]);
        }
        assert_memory_equal(losses[0], losses[1], sizeof losses[0]);
        close_net(&n);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_neighbours_do_not_matter),
        cmocka_unit_test(test_same_bits),
        cmocka_unit_test(test_threads_agree),
        cmocka_unit_test(test_other_plans),
        cmocka_unit_test(test_parts_of_a_batch),
        cmocka_unit_test(test_two_labels),
        cmocka_unit_test(test_modes_agree),
        cmocka_unit_test(test_moving_statistics),
        cmocka_unit_test(test_new_weights),
        cmocka_unit_test(test_openmp_is_restored),
        cmocka_unit_test(test_shared_weights),
        cmocka_unit_test(test_precision),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
