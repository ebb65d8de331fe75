/* The engine and memory: no allocation within a step, nothing read that was not written, too little memory said in
 * time.
 *
 * The linker sends this program's calls of malloc and its kin, those of the library among them, through the functions
 * below (-Wl,--wrap=malloc ...); oneDNN's own stay where they are. */
#include "engine_net.h"

#include <stdatomic.h>
#include <sys/mman.h>

/* ---- Counting allocations ---- */

static atomic_int allocations, mappings;
static struct {
    void *memory;
    size_t bytes;
} mapped[16]; /* by the last counted calls */
static atomic_bool counting;
static atomic_int fail_at; /* 1: the next allocation fails; 0: none */

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

static bool must_fail(void)
{
    return fail_at > 0 && --fail_at == 0;
}

void *__wrap_malloc(size_t size)
{
    count_allocation();
    return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    count_allocation();
    return must_fail() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    count_allocation();
    return must_fail() ? NULL : __real_realloc(old, size);
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
    if (must_fail()) return MAP_FAILED;
    void *memory = __real_mmap(address, length, protection, flags, file, offset);
    if (counting && mappings < 16) {
        mapped[mappings].memory = memory;
        mapped[mappings++].bytes = length;
    }
    return memory;
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

/* ---- Steps ---- */

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
    for (alx_dtype type = ALX_F32; type <= last_type(); type++) {
        net n = open_net_as(whole, 2, type);
        alx_error err;
        for (int mode = ALX_MODE_TRAIN; mode <= ALX_MODE_PREDICT; mode++) {
            must(alx_engine_prepare(n.engine, (alx_mode)mode, BATCH, &err), &err);
            must(alx_engine_prepare(n.engine, (alx_mode)mode, 3, &err), &err);
        }
        assert_int_equal(allocations_of(run_step, &n), 0);
        close_net(&n);
    }
}

typedef struct preparation {
    const net *net;
    alx_mode mode;
} preparation;

static void prepare(void *argument)
{
    const preparation *p = argument;
    alx_error err;
    must(alx_engine_prepare(p->net->engine, p->mode, BATCH, &err), &err);
}

static results run_dirty(const char *yaml, alx_mode mode, alx_dtype type, int byte)
{
    net n = open_net_as(yaml, 2, type);
    preparation p = {&n, mode};
    allocations_of(prepare, &p);
    assert_true(mappings >= 1); /* the arena and packed weights */
    for (int i = 0; i < mappings; i++) memset(mapped[i].memory, byte, mapped[i].bytes);
    run(&n, mode, BATCH, 0);
    results r = copy_results(&n, BATCH);
    close_net(&n);
    return r;
}

static void check_dirty(const char *yaml, alx_mode mode, alx_dtype type)
{
    results clean = run_dirty(yaml, mode, type, 0), dirty = run_dirty(yaml, mode, type, 0xff);
    assert_same_bits(&clean, &dirty);
    free_results(&clean);
    free_results(&dirty);
}

/* Nothing reads memory that its own run has not written, nor the padding of a last block of 10 or 20 channels: a plan
 * gives the same bits when all of it was NaN before. */
static void test_dirty_memory(void **state)
{
    (void)state;
    for (alx_dtype type = ALX_F32; type <= last_type(); type++)
        for (int mode = ALX_MODE_TRAIN; mode <= ALX_MODE_EVALUATE; mode++) {
            check_dirty(whole, (alx_mode)mode, type);
            check_dirty(dropped, (alx_mode)mode, type);
        }
}

/* ---- Limits ---- */

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
    for (int training = 0; training <= 1; training++) {
        a.config.training = training;
        a.config.memory_limit = buffer_bytes(&n) + 4096; /* room for the buffers, not for a plan as well */
        allocations_of(try_create, &a);
        assert_int_equal(mappings, 0);
        assert_int_equal(a.status, ALX_NO_MEMORY);
        assert_null(n.engine);
        assert_non_null(strstr(a.err.message, "smaller batch_size"));
    }
    close_net(&n);
}

/* A later plan that needs more than the limit leaves: refused, and what was there stays. */
static void test_memory_limit_later(void **state)
{
    (void)state;
    net n = open_net(plain, 2);
    run(&n, ALX_MODE_TRAIN, BATCH, 0);
    attempt a = {.net = &n, .config = config_of(2), .mode = ALX_MODE_TRAIN};
    a.config.memory_limit = alx_engine_memory(n.engine); /* exactly enough for the first */
    alx_engine_destroy(n.engine);
    try_create(&a);
    must(a.status, &a.err);
    try_prepare(&a);
    must(a.status, &a.err);
    const uint64_t before = alx_engine_memory(n.engine);
    assert_true(before == a.config.memory_limit);
    a.mode = ALX_MODE_EVALUATE; /* with packed weights of its own */
    allocations_of(try_prepare, &a);
    assert_int_equal(mappings, 0);
    assert_int_equal(a.status, ALX_NO_MEMORY);
    assert_true(alx_engine_memory(n.engine) == before);
    close_net(&n);
}

/* Each of our allocations fails in turn, from creating the engine to its first step: an error, never a plan that lacks
 * something. */
static void test_every_allocation_may_fail(void **state)
{
    (void)state;
    net n = open_params(whole);
    for (int k = 1;; k++) {
        attempt a = {.net = &n, .config = config_of(2), .mode = ALX_MODE_EVALUATE};
        fail_at = k;
        try_create(&a);
        if (!a.status) try_prepare(&a);
        bool came_to_it = fail_at == 0;
        fail_at = 0;
        alx_engine_destroy(n.engine);
        n.engine = NULL;
        if (!came_to_it) break;
        assert_int_equal(a.status, ALX_NO_MEMORY);
    }
    close_net(&n);
}

/* The same for explanations: a sentence that lacks a part is never shown. */
static void test_explanations_may_fail(void **state)
{
    (void)state;
    alx_network *network;
    alx_error err = {0};
    must(alx_network_open(&network, "alexnet", 0, &err), &err);
    for (int k = 1;; k++) {
        alx_explanation *explanation;
        char *text = NULL;
        fail_at = k;
        alx_status status = alx_explanation_create(&explanation, network, NULL, &err);
        alx_explanation_destroy(explanation);
        if (!status) status = alx_network_annotate(&text, network, ALX_ENGLISH, &err);
        bool came_to_it = fail_at == 0;
        fail_at = 0;
        alx_text_destroy(text);
        if (!came_to_it) break;
        if (status != ALX_NO_MEMORY) fail_msg("allocation %d failed, and the status is %d", k, status);
    }
    alx_network_destroy(network);
}

/* A session that meets every batch size keeps the plans of the last few alone.  The dense layer is stored in no tiles,
 * so each plan packs a copy of it. */
static void test_plans_are_let_go(void **state)
{
    (void)state;
    net n = open_net(NET("- flatten\n- dense: {units: 100}\n"), 2);
    const uint64_t copy = 100 * PIXELS * sizeof(float);
    uint64_t four = 0;
    for (int batch = 1; batch <= BATCH; batch++) {
        run(&n, ALX_MODE_PREDICT, batch, 0);
        if (batch == 4) four = alx_engine_memory(n.engine);
    }
    assert_true(four > 4 * copy);
    assert_true(alx_engine_memory(n.engine) < four + copy);
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
    assert_true(training > buffers + BATCH * 20 * 10 * 10 * sizeof(float)); /* more than the stem's output */
    run(&n, ALX_MODE_TRAIN, 2, 0);
    assert_true(alx_engine_memory(n.engine) == training); /* the arena is shared */
    close_net(&n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_allocations),   cmocka_unit_test(test_dirty_memory),
        cmocka_unit_test(test_memory_limit),     cmocka_unit_test(test_memory_limit_later),
        cmocka_unit_test(test_memory_is_told),   cmocka_unit_test(test_every_allocation_may_fail),
        cmocka_unit_test(test_plans_are_let_go), cmocka_unit_test(test_explanations_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
