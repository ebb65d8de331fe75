/* The engine's promises: same bits, true partial batches, plans that do not disturb each other, modes that agree, no
 * allocation within a step, memory refused in time, the caller's OpenMP setting kept.
 *
 * The linker sends this program's calls of malloc and its kin, those of the library among them, through the functions
 * below (-Wl,--wrap=malloc ...); oneDNN's own stay where they are. */
#include <math.h>
#include <omp.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "plan/engine.h"

enum { CLASSES = 4, SIDE = 24, BATCH = 8 };

/* ---- Counting allocations ---- */

static atomic_int allocations, mappings;
static atomic_bool counting;

/* Weak, so that a build without --wrap links; test_no_allocations then fails. */
#define REAL(name) extern __typeof__(name) __real_##name __attribute__((weak))
REAL(malloc);
REAL(calloc);
REAL(realloc);
REAL(aligned_alloc);
REAL(posix_memalign);
REAL(mmap);
__typeof__(malloc) __wrap_malloc;
__typeof__(calloc) __wrap_calloc;
__typeof__(realloc) __wrap_realloc;
__typeof__(aligned_alloc) __wrap_aligned_alloc;
__typeof__(posix_memalign) __wrap_posix_memalign;
__typeof__(mmap) __wrap_mmap;

static void count_allocation(void)
{
    if (counting) allocations++;
}

void *__wrap_malloc(size_t size)
{
    count_allocation();
    return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    count_allocation();
    return __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    count_allocation();
    return __real_realloc(old, size);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    count_allocation();
    return __real_aligned_alloc(alignment, size);
}

int __wrap_posix_memalign(void **memory, size_t alignment, size_t size)
{
    count_allocation();
    return __real_posix_memalign(memory, alignment, size);
}

void *__wrap_mmap(void *address, size_t length, int protection, int flags, int file, off_t offset)
{
    count_allocation();
    if (counting) mappings++;
    return __real_mmap(address, length, protection, flags, file, offset);
}

static int allocations_of(void (*call)(void *), void *argument)
{
    allocations = mappings = 0;
    counting = true;
    call(argument);
    counting = false;
    return allocations;
}

static void allocate_once(void *argument)
{
    void *volatile memory = malloc(16);
    free(memory);
    (void)argument;
}

/* ---- Networks ---- */

#define NET(...)                                                                                                       \
    "classes: 4\ninput: [24, 24, 3]\nlayers:\n" __VA_ARGS__ "- dense: {units: classes, activation: softmax}\n"
#define STEM "- conv2d: {name: stem, filters: 10, kernel_size: 5, strides: 2, activation: relu}\n"
#define BODY                                                                                                           \
    "- max_pooling2d: {name: p, pool_size: 3, strides: 2, padding: same}\n"                                            \
    "- conv2d: {name: a, from: p, filters: 10, kernel_size: 3, padding: same}\n"                                       \
    "- lrn: {name: n}\n"                                                                                               \
    "- add: {name: s, from: [p, n, p]}\n"                                                                              \
    "- concatenate: {from: [s, a]}\n"                                                                                  \
    "- conv2d: {filters: 32, kernel_size: 3, padding: same, groups: 2, activation: tanh}\n"                            \
    "- average_pooling2d\n- flatten\n"
#define DROP  "- dropout: {rate: 0.25}\n- conv2d: {filters: 10, kernel_size: 3, padding: same, activation: tanh}\n"
#define DENSE "- dense: {units: 64, activation: relu}\n"

/* Every op between them; `plain` has neither dropout nor batch normalisation, so that training computes what
 * inference does. */
static const char plain[] = NET(STEM BODY DENSE);
static const char dropped[] = NET(STEM DROP BODY DENSE "- dropout: {rate: 0.5}\n");
static const char whole[] =
    NET(STEM "- batch_normalization\n- activation: {activation: gelu}\n" DROP BODY DENSE
             "- dropout: {rate: 0.5}\n- batch_normalization\n- activation: {activation: softmax}\n");

typedef struct net {
    alx_graph *graph;
    alx_params *params;
    alx_engine *engine;
} net;

static void must(alx_status status, const alx_error *err)
{
    if (status) fail_msg("%s", err->message);
}

static alx_engine_config config_of(int threads)
{
    return (alx_engine_config){.threads = threads, .max_batch = BATCH, .training = true};
}

static net open_params(const char *yaml)
{
    net n = {0};
    alx_error err;
    alx_spec spec = {0};
    must(alx_spec_parse(&spec, yaml, strlen(yaml), NULL, 0, &err), &err);
    must(alx_graph_create(&n.graph, &spec, &err), &err);
    must(alx_params_create(&n.params, n.graph, true, &err), &err);
    alx_params_init(n.params, 1);
    return n;
}

enum { PIXELS = SIDE * SIDE * 3 };

/* Image i of the set: the same wherever in a batch it lies. */
static void set_images(alx_engine *engine, int first, int count)
{
    float *pixels = alx_engine_images(engine); /* (batch, 3, SIDE, SIDE) */
    for (int n = 0; n < count; n++) {
        uint32_t noise = 1 + (uint32_t)(first + n) * 7919u;
        for (int i = 0; i < PIXELS; i++) {
            noise = noise * 1664525u + 1013904223u; /* Numerical Recipes */
            pixels[n * PIXELS + i] = (float)(noise >> 8) * 0x1p-24f;
        }
        alx_engine_labels(engine)[n] = (first + n) % CLASSES;
    }
}

static net open_net(const char *yaml, int threads)
{
    net n = open_params(yaml);
    alx_error err;
    alx_engine_config config = config_of(threads);
    must(alx_engine_create(&n.engine, n.params, &config, &err), &err);
    set_images(n.engine, 0, BATCH);
    return n;
}

static void close_net(net *n)
{
    alx_engine_destroy(n->engine);
    alx_params_destroy(n->params);
    alx_graph_destroy(n->graph);
}

static void run(const net *n, alx_mode mode, int batch, uint32_t first_slot)
{
    alx_error err;
    alx_step_key key = {.seed = 3, .step = 12, .first_slot = first_slot};
    must(alx_engine_run(n->engine, mode, batch, &key, &err), &err);
}

/* Copies of what a run left. */
typedef struct results {
    float losses[BATCH], probabilities[BATCH * CLASSES];
    float *gradients; /* (trainable_span) */
    float *moving;    /* the rest of the span */
    size_t gradients_bytes, moving_bytes;
} results;

static results copy_results(const net *n, int batch)
{
    results r = {.gradients_bytes = (size_t)n->params->trainable_span * sizeof(float)};
    r.moving_bytes = (size_t)n->params->span * sizeof(float) - r.gradients_bytes;
    r.gradients = malloc(r.gradients_bytes);
    r.moving = malloc(r.moving_bytes + 1);
    assert_true(r.gradients && r.moving);
    memcpy(r.losses, alx_engine_losses(n->engine), (size_t)batch * sizeof(float));
    memcpy(r.probabilities, alx_engine_probabilities(n->engine), (size_t)batch * CLASSES * sizeof(float));
    memcpy(r.gradients, alx_engine_gradients(n->engine), r.gradients_bytes);
    memcpy(r.moving, n->params->data + n->params->trainable_span, r.moving_bytes);
    return r;
}

static void free_results(results *r)
{
    free(r->gradients);
    free(r->moving);
}

static void assert_same_bits(const results *a, const results *b)
{
    assert_memory_equal(a->losses, b->losses, sizeof a->losses);
    assert_memory_equal(a->probabilities, b->probabilities, sizeof a->probabilities);
    assert_memory_equal(a->gradients, b->gradients, a->gradients_bytes);
    assert_memory_equal(a->moving, b->moving, a->moving_bytes);
}

static void assert_near(const float *a, const float *b, int count, float tolerance)
{
    for (int i = 0; i < count; i++)
        if (!(fabsf(a[i] - b[i]) <= tolerance)) fail_msg("[%d]: %.9g against %.9g", i, (double)a[i], (double)b[i]);
}

/* ---- Same bits ---- */

static results train_once(const char *yaml, int threads)
{
    net n = open_net(yaml, threads);
    run(&n, ALX_MODE_TRAIN, BATCH, 0);
    results r = copy_results(&n, BATCH);
    close_net(&n);
    return r;
}

static void test_same_bits(void **state)
{
    (void)state;
    results a = train_once(whole, 2), b = train_once(whole, 2);
    assert_same_bits(&a, &b);
    free_results(&a);
    free_results(&b);
}

/* Masks do not depend on who draws them. */
static void test_threads_agree(void **state)
{
    (void)state;
    results a = train_once(dropped, 1), b = train_once(dropped, 2);
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

/* What an earlier run left in the arena is never read: not the padding of the last block of 10 channels either. */
static void test_dirty_memory(void **state)
{
    (void)state;
    net n = open_net(whole, 2);
    float *moving = n.params->data + n.params->trainable_span;
    results clean = train_once(whole, 2), start = {0};
    run(&n, ALX_MODE_EVALUATE, BATCH, 0);
    start = copy_results(&n, BATCH);
    float *pixels = alx_engine_images(n.engine), *bias = n.params->data; /* of the last layer, which comes first */
    float kept = bias[0];
    for (int i = 0; i < BATCH * PIXELS; i++) pixels[i] = NAN;
    bias[0] = NAN; /* ReLU stops the NaN of the images; this one spreads backward */
    for (int batch = BATCH; batch > 3; batch--) {
        run(&n, ALX_MODE_TRAIN, batch, 0);
        assert_true(isnan(alx_engine_losses(n.engine)[0]));
    }
    set_images(n.engine, 0, BATCH);
    memcpy(moving, start.moving, start.moving_bytes);
    bias[0] = kept;
    n.params->version++;
    run(&n, ALX_MODE_TRAIN, BATCH, 0);
    results after = copy_results(&n, BATCH);
    assert_same_bits(&clean, &after);
    free_results(&clean);
    free_results(&start);
    free_results(&after);
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

/* ---- Allocations and memory ---- */

static void run_step(void *argument)
{
    static const alx_mode modes[] = {ALX_MODE_TRAIN, ALX_MODE_EVALUATE, ALX_MODE_PREDICT};
    for (int i = 0; i < 3; i++) {
        run(argument, modes[i], BATCH, 0);
        run(argument, modes[i], 3, 0);
    }
}

static void test_no_allocations(void **state)
{
    (void)state;
    if (allocations_of(allocate_once, NULL) != 1) fail_msg("not linked with -Wl,--wrap=malloc: nothing is counted");
    alx_dtype types[] = {ALX_F32, ALX_BF16}, bf16;
    int count = alx_engine_resolve_precision(&bf16, ALX_PRECISION_BF16, NULL) ? 1 : 2;
    for (int i = 0; i < count; i++) {
        net n = open_params(whole);
        alx_error err;
        alx_engine_config config = config_of(2);
        config.type = types[i];
        must(alx_engine_create(&n.engine, n.params, &config, &err), &err);
        set_images(n.engine, 0, BATCH);
        for (int mode = ALX_MODE_TRAIN; mode <= ALX_MODE_PREDICT; mode++) {
            must(alx_engine_prepare(n.engine, (alx_mode)mode, BATCH, &err), &err);
            must(alx_engine_prepare(n.engine, (alx_mode)mode, 3, &err), &err);
        }
        assert_int_equal(allocations_of(run_step, &n), 0);
        close_net(&n);
    }
}

typedef struct attempt {
    net *net;
    alx_engine_config config;
    alx_mode mode;
    alx_status status;
    alx_error err;
} attempt;

static void try_create(void *argument)
{
    attempt *a = argument;
    a->status = alx_engine_create(&a->net->engine, a->net->params, &a->config, &a->err);
}

static void try_prepare(void *argument)
{
    attempt *a = argument;
    a->status = alx_engine_prepare(a->net->engine, a->mode, BATCH, &a->err);
}

/* Of images, labels and gradients. */
static uint64_t buffer_bytes(const net *n)
{
    return BATCH * (PIXELS * sizeof(float) + sizeof(int32_t)) + (uint64_t)n->params->trainable_span * sizeof(float);
}

/* Said before memory is taken, with the size and the remedy. */
static void test_memory_limit(void **state)
{
    (void)state;
    net n = open_params(plain);
    attempt a = {.net = &n, .config = config_of(2)};
    a.config.max_batch = 1 << 14;
    a.config.memory_limit = 50 << 20;
    allocations_of(try_create, &a);
    assert_int_equal(mappings, 0); /* of the 108 MiB of images */
    assert_int_equal(a.status, ALX_NO_MEMORY);
    assert_null(n.engine);
    assert_non_null(strstr(a.err.message, "needs 108 MiB"));
    assert_non_null(strstr(a.err.message, "smaller batch_size"));

    a.config.max_batch = BATCH;
    a.config.memory_limit = buffer_bytes(&n) + 4096; /* not enough for a plan */
    try_create(&a);
    must(a.status, &a.err);
    uint64_t before = alx_engine_memory(n.engine);
    for (int mode = ALX_MODE_TRAIN; mode <= ALX_MODE_PREDICT; mode++) {
        a.mode = (alx_mode)mode;
        allocations_of(try_prepare, &a);
        assert_int_equal(mappings, 0);
        assert_int_equal(a.status, ALX_NO_MEMORY);
        assert_non_null(strstr(a.err.message, "smaller batch_size"));
        assert_true(alx_engine_memory(n.engine) == before);
    }
    close_net(&n);
}

static void test_memory_is_told(void **state)
{
    (void)state;
    net n = open_net(plain, 2);
    uint64_t buffers = buffer_bytes(&n);
    assert_true(alx_engine_memory(n.engine) == buffers);
    run(&n, ALX_MODE_TRAIN, BATCH, 0);
    uint64_t training = alx_engine_memory(n.engine);
    assert_true(training > buffers + BATCH * 10 * 10 * 10 * sizeof(float)); /* more than the stem's output */
    run(&n, ALX_MODE_TRAIN, 2, 0);
    assert_true(alx_engine_memory(n.engine) == training); /* the arena is shared */
    close_net(&n);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_bits),         cmocka_unit_test(test_threads_agree),
        cmocka_unit_test(test_other_plans),       cmocka_unit_test(test_dirty_memory),
        cmocka_unit_test(test_parts_of_a_batch),  cmocka_unit_test(test_modes_agree),
        cmocka_unit_test(test_moving_statistics), cmocka_unit_test(test_new_weights),
        cmocka_unit_test(test_no_allocations),    cmocka_unit_test(test_memory_limit),
        cmocka_unit_test(test_memory_is_told),    cmocka_unit_test(test_openmp_is_restored),
        cmocka_unit_test(test_shared_weights),    cmocka_unit_test(test_precision),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
