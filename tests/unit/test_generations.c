/* Two generations of checkpoints: the older one is gone on from where the newer is damaged, and it is said. */
#include "train/run_result.h"
#include "unit/trainer_fixture.h"

/* Checkpoints at steps 2 and 4 of 6, and one where it is stopped. */
static void run_and_stop(const char *run, int64_t after)
{
    alx_recipe *recipe = make_recipe();
    witness w = {.stop_after_steps = after};
    alx_error err;
    set(recipe, "checkpoint_steps", "2");
    expect(after ? ALX_INTERRUPTED : ALX_OK, run_recipe(recipe, run, &w, &err), &err);
    alx_recipe_destroy(recipe);
}

static bool exists(const char *run, const char *name)
{
    char path[2048];
    snprintf(path, sizeof path, "%s/%s", run, name);
    return alx_file_exists(path);
}

/* ---- Ways to lose a file ---- */

static void flip(const char *path, const uint8_t *bytes, size_t size)
{
    uint8_t *copy = malloc(size);
    memcpy(copy, bytes, size);
    copy[size - 3] ^= 1;
    write_file(path, copy, size);
    free(copy);
}

static void cut(const char *path, const uint8_t *bytes, size_t size)
{
    write_file(path, bytes, size / 2);
}

static void empty(const char *path, const uint8_t *bytes, size_t size)
{
    (void)size;
    write_file(path, bytes, 0);
}

static void zero(const char *path, const uint8_t *bytes, size_t size)
{
    (void)bytes;
    uint8_t *zeros = calloc(size, 1);
    write_file(path, zeros, size);
    free(zeros);
}

static void lose(const char *path, const uint8_t *bytes, size_t size)
{
    (void)bytes, (void)size;
    assert_int_equal(unlink(path), 0);
}

static const struct {
    void (*damage)(const char *path, const uint8_t *bytes, size_t size);
    const char *said;
} ways[] = {{flip, "last.safetensors: not a sound safetensors file: its bytes"},
            {cut, "last.safetensors: "},
            {empty, "last.safetensors: "},
            {zero, "last.safetensors: "},
            {lose, "last.safetensors: no such file"}};
enum { WAYS = sizeof ways / sizeof *ways };

/* ---- Tests ---- */

static void the_one_before_stays(void **state)
{
    (void)state;
    run_and_stop(at("run"), 5);
    alx_saved last, previous;
    alx_error err;
    expect(ALX_OK, alx_saved_open(&last, at("run/last.safetensors"), &err), &err);
    expect(ALX_OK, alx_saved_open(&previous, at("run/previous.safetensors"), &err), &err);
    assert_int_equal(last.run.step, 5);
    assert_int_equal(previous.run.step, 4);
    alx_saved_finish(&last);
    alx_saved_finish(&previous);
    /* of use to a run that goes on */
    witness rest = {0};
    expect(ALX_OK, resume(at("run"), NULL, 0, &rest, &err), &err);
    assert_null(strstr(rest.said, "previous"));
    assert_false(exists(at("run"), "previous.safetensors"));
}

static void a_damaged_one_is_said_and_the_older_gone_on_from(void **state)
{
    (void)state;
    run_and_stop(at("whole"), 0);
    run_and_stop(at("run"), 5);
    size_t last_size, previous_size;
    uint8_t *last = slurp(at("run"), "last.safetensors", &last_size);
    uint8_t *previous = slurp(at("run"), "previous.safetensors", &previous_size);
    for (int i = 0; i < WAYS; i++) {
        alx_error err;
        witness one = {.stop_after_steps = 1}, rest = {0};
        write_file(at("run/previous.safetensors"), previous, previous_size);
        ways[i].damage(at("run/last.safetensors"), last, last_size);
        alx_run_result result;
        expect(ALX_OK, alx_run_result_read(&result, at("run"), &err), &err);
        assert_int_equal(result.epochs, 0);

        expect(ALX_INTERRUPTED, resume(at("run"), NULL, 0, &one, &err), &err);
        expect_words(one.said, ways[i].said);
        expect_words(one.said, "going on from the checkpoint before it, previous.safetensors: step 4 of epoch 1");
        /* A damaged file does not take the place of the sound one. */
        size_t size;
        uint8_t *now = slurp(at("run"), "previous.safetensors", &size);
        assert_true(size == previous_size && memcmp(now, previous, size) == 0);
        free(now);
        assert_true(one.steps == 1);

        expect(ALX_OK, resume(at("run"), NULL, 0, &rest, &err), &err);
        assert_null(strstr(rest.said, "previous"));
        assert_same_run(at("whole"), at("run"));
    }
    free(last);
    free(previous);
}

static void both_damaged_are_refused_by_name(void **state)
{
    (void)state;
    run_and_stop(at("run"), 5);
    write_file(at("run/last.safetensors"), "x", 1);
    write_file(at("run/previous.safetensors"), "y", 1);
    witness w = {0};
    alx_error err = {0};
    expect(ALX_BAD_DATA, resume(at("run"), NULL, 0, &w, &err), &err);
    expect_words(err.message, "both checkpoints are lost: ");
    expect_words(err.message, "last.safetensors: ");
    expect_words(err.message, "previous.safetensors: ");
    assert_true(exists(at("run"), "last.safetensors") && exists(at("run"), "previous.safetensors"));
}

/* A run that begins anew in a folder leaves nothing of the old one to fall back to. */
static void overwriting_removes_both(void **state)
{
    (void)state;
    run_and_stop(at("run"), 5);
    alx_recipe *recipe = make_recipe();
    alx_run_config config;
    alx_run_config_init(&config);
    config.out = at("run");
    config.overwrite = 1;
    alx_trainer *trainer;
    alx_error err;
    expect(ALX_OK, alx_trainer_create(&trainer, recipe, &config, &err), &err);
    assert_false(exists(at("run"), "last.safetensors") || exists(at("run"), "previous.safetensors"));
    alx_trainer_destroy(trainer);
    alx_recipe_destroy(recipe);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_one_before_stays),
        TEST(a_damaged_one_is_said_and_the_older_gone_on_from),
        TEST(both_damaged_are_refused_by_name),
        TEST(overwriting_removes_both),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
