/* One pass over a safetensors file: every wanted value once, in whole units, and the hash of all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <omp.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/bf16.h"
#include "safetensors_fixture.h"

/* Of several pieces, of one, and of none; in every type that floats are made of, and one that they are not. */
static const struct {
    const char *name;
    alx_st_type type;
    int64_t rows, width, unit;
} tensors[] = {
    {"long", ALX_ST_F32, 1001, 700, 3 * 700}, {"halves", ALX_ST_BF16, 300, 5000, 5000},
    {"wide", ALX_ST_F32, 2, 400000, 400000}, /* a unit is more than a piece would be */
    {"unwanted", ALX_ST_F32, 300, 1000, 0},   {"ieee", ALX_ST_F16, 7, 9, 9},
    {"doubles", ALX_ST_F64, 50, 3, 6},        {"whole", ALX_ST_I64, 3, 3, 0},
    {"empty", ALX_ST_F32, 0, 4, 4},           {"one", ALX_ST_F32, 1, 1, 1},
};
enum { TENSORS = sizeof tensors / sizeof *tensors };

static int64_t items(int tensor)
{
    return tensors[tensor].rows * tensors[tensor].width;
}

static float value_at(int tensor, int64_t i)
{
    return (float)((tensor * 7 + i * 13) % 509) - 254.0f; /* exact in every type but BF16 and F16 above 8 bits */
}

static void write_file(const char *path)
{
    alx_safetensors_writer *w = NULL;
    assert_int_equal(alx_safetensors_create(&w, path, NULL), ALX_OK);
    for (int t = 0; t < TENSORS; t++)
        assert_int_equal(alx_safetensors_declare(w, tensors[t].name, tensors[t].type, 2,
                                                 (int64_t[]){tensors[t].rows, tensors[t].width}, NULL),
                         ALX_OK);
    for (int t = 0; t < TENSORS; t++) {
        const size_t item = alx_st_type_size(tensors[t].type), size = (size_t)items(t) * item;
        char *data = calloc(size + 1, 1);
        assert_non_null(data);
        for (int64_t i = 0; i < items(t); i++) {
            const float value = value_at(t, i);
            const double wide = (double)value;
            const uint16_t half = alx_bf16_from_float(value), ieee = (uint16_t)(0x3c00 + i); /* from 1 upwards */
            const void *const forms[] = {
                [ALX_ST_F32] = &value, [ALX_ST_BF16] = &half, [ALX_ST_F16] = &ieee, [ALX_ST_F64] = &wide};
            if (tensors[t].type <= ALX_ST_F64) memcpy(data + (size_t)i * item, forms[tensors[t].type], item);
        }
        assert_int_equal(alx_safetensors_write(w, data, size, NULL), ALX_OK);
        free(data);
    }
    assert_int_equal(alx_safetensors_finish(w, NULL), ALX_OK);
    alx_safetensors_writer_destroy(w);
}

typedef struct taken {
    float *values[TENSORS];
    uint8_t *times[TENSORS];
    bool broken; /* a unit was cut */
} taken;

static int64_t unit_of(void *user, int tensor)
{
    (void)user;
    return tensors[tensor].unit;
}

static void take(void *user, int tensor, int64_t first, int64_t count, const float *values)
{
    taken *all = user;
    const int64_t unit = tensors[tensor].unit;
    if (unit == 0 || first % unit != 0 || (count % unit != 0 && first + count != items(tensor))) all->broken = true;
    for (int64_t i = 0; i < count; i++) {
        all->values[tensor][first + i] = values[i];
        all->times[tensor][first + i]++;
    }
}

static alx_status stream(taken *all, const char *path, bool verify, alx_error *err)
{
    alx_safetensors *file = NULL;
    assert_int_equal(alx_safetensors_open(&file, path, NULL), ALX_OK);
    *all = (taken){0};
    for (int t = 0; t < TENSORS; t++) {
        all->values[t] = calloc((size_t)items(t) + 1, sizeof(float));
        all->times[t] = calloc((size_t)items(t) + 1, 1);
        assert_true(all->values[t] && all->times[t]);
    }
    const alx_st_taker taker = {unit_of, take, all};
    alx_status status = alx_safetensors_stream(file, &taker, verify, err);
    alx_safetensors_close(file);
    return status;
}

static void forget(taken *all)
{
    for (int t = 0; t < TENSORS; t++) {
        free(all->values[t]);
        free(all->times[t]);
    }
}

static void check(const taken *all, const char *path)
{
    alx_safetensors *file = NULL;
    assert_int_equal(alx_safetensors_open(&file, path, NULL), ALX_OK);
    assert_false(all->broken);
    for (int t = 0; t < TENSORS; t++) {
        for (int64_t i = 0; i < items(t); i++)
            if (all->times[t][i] != (tensors[t].unit > 0))
                fail_msg("%s: value %lld comes %d times", tensors[t].name, (long long)i, all->times[t][i]);
        if (tensors[t].unit == 0) continue;
        float *values = calloc((size_t)items(t) + 1, sizeof *values);
        assert_non_null(values);
        assert_int_equal(alx_safetensors_read_f32(file, alx_safetensors_tensor(file, t), values, NULL), ALX_OK);
        assert_memory_equal(values, all->values[t], (size_t)items(t) * sizeof *values);
        if (tensors[t].type == ALX_ST_F32)
            for (int64_t i = 0; i < items(t); i++) assert_true(values[i] == value_at(t, i));
        free(values);
    }
    alx_safetensors_close(file);
}

static void test_every_value_once(void **state)
{
    const place *here = *state;
    const int threads = omp_get_max_threads();
    write_file(here->file);
    for (int team = 1; team <= 4; team *= 2)
        for (int verify = 0; verify < 2; verify++) {
            taken all;
            alx_error err;
            omp_set_num_threads(team);
            if (stream(&all, here->file, verify, &err)) fail_msg("%s", err.message);
            check(&all, here->file);
            forget(&all);
        }
    omp_set_num_threads(threads);
}

/* Wherever a bit flips, in what is wanted or not, the hash of the pass tells; without it nobody does. */
static void test_damage_is_found_on_the_way(void **state)
{
    const place *here = *state;
    write_file(here->file);
    size_t count;
    uint8_t *whole = read_all(here->file, &count);
    const size_t data = count - 8, header = 300;
    for (size_t at = header; at < count; at += data / 11) {
        if (at > header && at < 2000) continue; /* the header's own text is the parser's matter */
        taken all;
        alx_error err = {0};
        whole[at == header ? count - 1 : at] ^= 0x10;
        assert_int_equal(alx_file_write(here->other, whole, count, NULL), ALX_OK);
        assert_int_equal(stream(&all, here->other, true, &err), ALX_BAD_DATA);
        assert_non_null(strstr(err.message, "do not match its hash"));
        forget(&all);
        assert_int_equal(stream(&all, here->other, false, &err), ALX_OK);
        forget(&all);
        whole[at == header ? count - 1 : at] ^= 0x10;
    }
    free(whole);
}

static int64_t all_wanted(void *user, int tensor)
{
    (void)user, (void)tensor;
    return 1;
}

static void test_whole_numbers_are_refused(void **state)
{
    const place *here = *state;
    write_file(here->file);
    alx_safetensors *file = NULL;
    alx_error err = {0};
    assert_int_equal(alx_safetensors_open(&file, here->file, NULL), ALX_OK);
    const alx_st_taker taker = {all_wanted, take, NULL};
    assert_int_equal(alx_safetensors_stream(file, &taker, true, &err), ALX_BAD_DATA);
    assert_non_null(strstr(err.message, "whole: holds whole numbers"));
    alx_safetensors_close(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_every_value_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_damage_is_found_on_the_way, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_whole_numbers_are_refused, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
