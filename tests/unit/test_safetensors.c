/* Safetensors: what is written reads back, and a failed writer leaves the old file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "safetensors_fixture.h"

/* ---- Round trips ---- */

static void test_round_trip(void **state)
{
    const place *here = *state;
    write_small(here->file);
    alx_safetensors *file = NULL;
    alx_error err = {0};
    if (alx_safetensors_open(&file, here->file, &err)) fail_msg("%s", err.message);
    assert_int_equal(alx_safetensors_verify(file, NULL), ALX_OK);
    assert_int_equal(alx_safetensors_count(file), 4);
    assert_string_equal(alx_safetensors_tensor(file, 0)->name, "z.kernel");
    assert_null(alx_safetensors_tensor(file, 4));
    assert_null(alx_safetensors_tensor(file, -1));
    assert_string_equal(alx_safetensors_metadata(file, "classes"), "[\"隶书\", \"a\\\"b\"]");
    assert_null(alx_safetensors_metadata(file, "nothing"));
    const alx_st_tensor *tensor = alx_safetensors_find(file, "z.kernel");
    assert_int_equal(tensor->type, ALX_ST_F32);
    assert_int_equal(tensor->rank, 2);
    assert_int_equal(tensor->dims[1], 3);
    assert_int_equal(tensor->size, sizeof kernel);
    float values[6];
    assert_int_equal(alx_safetensors_read_f32(file, tensor, values, NULL), ALX_OK);
    assert_memory_equal(values, kernel, sizeof kernel);
    assert_int_equal(alx_safetensors_read(file, alx_safetensors_find(file, "a.bias"), values, NULL), ALX_OK);
    assert_memory_equal(values, bias, sizeof bias);
    int64_t step = 0;
    tensor = alx_safetensors_find(file, "step");
    assert_int_equal(tensor->rank, 0);
    assert_int_equal(alx_safetensors_read(file, tensor, &step, NULL), ALX_OK);
    assert_int_equal(step, 42);
    assert_int_equal(alx_safetensors_read_f32(file, tensor, values, &err), ALX_BAD_DATA);
    tensor = alx_safetensors_find(file, "empty");
    assert_int_equal(tensor->size, 0);
    assert_int_equal(alx_safetensors_read(file, tensor, NULL, NULL), ALX_OK);
    assert_null(alx_safetensors_find(file, "kernel"));
    alx_safetensors_close(file);
    alx_safetensors_close(NULL);
}

static void test_bytes(void **state)
{
    const place *here = *state;
    write_small(here->file);
    write_small(here->other);
    size_t count, again;
    uint8_t *first = read_all(here->file, &count), *second = read_all(here->other, &again);
    assert_int_equal(count, again);
    assert_memory_equal(first, second, count);
    uint64_t length;
    memcpy(&length, first, sizeof length);
    assert_int_equal((8 + length) % 64, 0);
    assert_int_equal(count, 8 + length + sizeof kernel + sizeof bias + sizeof(int64_t));
    static const char start[] = "{\"__metadata__\":{\"hash\":\"xxh3\",\"xxh3\":\"";
    assert_memory_equal(first + 8, start, sizeof start - 1);
    static const char rest[] = "\",\"classes\":\"[\\\"隶书\\\", \\\"a\\\\\\\"b\\\"]\",\"model\":\"name: x\\n\"},"
                               "\"z.kernel\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]},"
                               "\"a.bias\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[24,32]},"
                               "\"step\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[32,40]},"
                               "\"empty\":{\"dtype\":\"F32\",\"shape\":[0,7],\"data_offsets\":[40,40]}} ";
    assert_memory_equal(first + 8 + sizeof start - 1 + 16, rest, sizeof rest - 1);
    assert_memory_equal(first + 8 + length, kernel, sizeof kernel);
    free(first);
    free(second);
}

static void test_no_tensors(void **state)
{
    const place *here = *state;
    alx_safetensors_writer *w = NULL;
    assert_int_equal(alx_safetensors_create(&w, here->file, NULL), ALX_OK);
    assert_int_equal(alx_safetensors_finish(w, NULL), ALX_OK);
    alx_safetensors_writer_destroy(w);
    alx_safetensors *file = NULL;
    assert_int_equal(alx_safetensors_open(&file, here->file, NULL), ALX_OK);
    assert_int_equal(alx_safetensors_count(file), 0);
    assert_null(alx_safetensors_find(file, "x"));
    assert_int_equal(alx_safetensors_verify(file, NULL), ALX_OK);
    alx_safetensors_close(file);
}

/* Larger than a chunk of the parallel read and than the hash's buffer. */
static void test_large_tensor(void **state)
{
    const place *here = *state;
    enum { COUNT = 5 * 1000 * 1000 + 3 };
    float *values = malloc(COUNT * sizeof *values), *read = malloc(COUNT * sizeof *read);
    for (int i = 0; i < COUNT; i++) values[i] = (float)i * 0.5f;
    alx_safetensors_writer *w = NULL;
    assert_int_equal(alx_safetensors_create(&w, here->file, NULL), ALX_OK);
    assert_int_equal(alx_safetensors_declare(w, "x", ALX_ST_F32, 1, (int64_t[]){COUNT}, NULL), ALX_OK);
    assert_int_equal(alx_safetensors_write(w, values, COUNT * sizeof *values, NULL), ALX_OK);
    assert_int_equal(alx_safetensors_finish(w, NULL), ALX_OK);
    alx_safetensors_writer_destroy(w);
    alx_safetensors *file = NULL;
    alx_error err = {0};
    assert_int_equal(alx_safetensors_open(&file, here->file, NULL), ALX_OK);
    assert_int_equal(alx_safetensors_verify(file, NULL), ALX_OK);
    assert_int_equal(alx_safetensors_read(file, alx_safetensors_tensor(file, 0), read, NULL), ALX_OK);
    assert_memory_equal(values, read, COUNT * sizeof *values);
    /* Cut while it is open: an error, not a crash and not zeros. */
    assert_int_equal(truncate(here->file, 10 * 1000 * 1000), 0);
    assert_int_equal(alx_safetensors_read(file, alx_safetensors_tensor(file, 0), read, &err), ALX_BAD_DATA);
    assert_non_null(strstr(err.message, "it was cut"));
    assert_int_equal(alx_safetensors_verify(file, NULL), ALX_BAD_DATA);
    alx_safetensors_close(file);
    free(values);
    free(read);
}

/* ---- Types ---- */

static void test_half_floats(void **state)
{
    (void)state;
    static const uint16_t f16[] = {0x0000, 0x8000, 0x3c00, 0xc000, 0x7bff, 0x0400,
                                   0x0001, 0x03ff, 0x8001, 0x7c00, 0xfc00, 0x3555};
    static const float f16_values[] = {0.0f,     -0.0f,      1,         -2,       65504,     0x1p-14f,
                                       0x1p-24f, 0x3ffp-24f, -0x1p-24f, INFINITY, -INFINITY, 0.333251953125f};
    static const uint16_t bf16[] = {0x3f80, 0xc000, 0x7f80, 0x0001, 0x3eab};
    static const float bf16_values[] = {1, -2, INFINITY, 0x1p-133f, 0.333984375f};
    static const double f64[] = {1.0 / 3, -1e300};
    enum { H = sizeof f16, B = sizeof bf16, D = sizeof f64 };
    bytes b = make("{" T("h", "F16", "[12]", "0", "24") "," T("b", "BF16", "[5]", "24", "34") "," T("d", "F64", "[2]",
                                                                                                    "34", "50") "}",
                   50);
    memcpy(b.data + b.count - 50, f16, H);
    memcpy(b.data + b.count - 50 + H, bf16, B);
    memcpy(b.data + b.count - 50 + H + B, f64, D);
    alx_safetensors *file = NULL;
    assert_int_equal(alx_safetensors_open_bytes(&file, b.data, b.count, NULL), ALX_OK);
    float values[12];
    assert_int_equal(alx_safetensors_read_f32(file, alx_safetensors_find(file, "h"), values, NULL), ALX_OK);
    assert_memory_equal(values, f16_values, sizeof f16_values);
    assert_int_equal(alx_safetensors_read_f32(file, alx_safetensors_find(file, "b"), values, NULL), ALX_OK);
    assert_memory_equal(values, bf16_values, sizeof bf16_values);
    assert_int_equal(alx_safetensors_read_f32(file, alx_safetensors_find(file, "d"), values, NULL), ALX_OK);
    assert_true(values[0] == (float)(1.0 / 3) && isinf(values[1]) && values[1] < 0);
    alx_safetensors_close(file);
    /* NaN stays NaN. */
    b = make("{" T("h", "F16", "[1]", "0", "2") "}", 2);
    memcpy(b.data + b.count - 2, (uint16_t[]){0x7e01}, 2);
    assert_int_equal(alx_safetensors_open_bytes(&file, b.data, b.count, NULL), ALX_OK);
    assert_int_equal(alx_safetensors_read_f32(file, alx_safetensors_tensor(file, 0), values, NULL), ALX_OK);
    assert_true(isnan(values[0]));
    alx_safetensors_close(file);
}

static void test_sizes(void **state)
{
    (void)state;
    uint64_t size = 0;
    assert_true(alx_st_tensor_bytes(&size, 4, 3, (int64_t[]){2, 3, 5}));
    assert_int_equal(size, 120);
    assert_true(alx_st_tensor_bytes(&size, 8, 0, NULL));
    assert_int_equal(size, 8);
    assert_false(alx_st_tensor_bytes(&size, 4, 2, (int64_t[]){INT64_MAX, 2}));
    assert_false(alx_st_tensor_bytes(&size, 4, 1, (int64_t[]){-1}));
    assert_string_equal(alx_st_type_name(ALX_ST_BF16), "BF16");
    assert_null(alx_st_type_name(ALX_ST_OTHER));
    assert_int_equal(alx_st_type_size(ALX_ST_F64), 8);
}

/* ---- The writer ---- */

/* In parts, the file is the same; a part that passes the tensor's end and a tensor that lacks one are refused. */
static void test_parts(void **state)
{
    const place *here = *state;
    int64_t step = 42;
    size_t count, again;
    write_small(here->file);
    uint8_t *whole = read_all(here->file, &count);
    alx_safetensors_writer *w = NULL;
    assert_int_equal(alx_safetensors_create(&w, here->file, NULL), ALX_OK);
    declare_small(w);
    assert_int_equal(alx_safetensors_write(w, kernel, 8, NULL), ALX_OK);
    assert_int_equal(alx_safetensors_write(w, kernel, sizeof kernel, NULL), ALX_FAILED);
    alx_safetensors_writer_destroy(w);
    assert_int_equal(alx_safetensors_create(&w, here->file, NULL), ALX_OK);
    declare_small(w);
    assert_int_equal(alx_safetensors_write(w, kernel, 8, NULL), ALX_OK);
    assert_int_equal(alx_safetensors_write(w, (const char *)kernel + 8, sizeof kernel - 8, NULL), ALX_OK);
    assert_int_equal(alx_safetensors_write(w, bias, sizeof bias, NULL), ALX_OK);
    assert_int_equal(alx_safetensors_write(w, &step, sizeof step, NULL), ALX_OK);
    assert_int_equal(alx_safetensors_write(w, NULL, 0, NULL), ALX_OK);
    assert_int_equal(alx_safetensors_finish(w, NULL), ALX_OK);
    alx_safetensors_writer_destroy(w);
    uint8_t *parts = read_all(here->file, &again);
    assert_int_equal(count, again);
    assert_memory_equal(whole, parts, count);
    free(whole);
    free(parts);
}

static void test_unfinished_leaves_the_old(void **state)
{
    const place *here = *state;
    write_small(here->file);
    alx_safetensors_writer *w = NULL;
    assert_int_equal(alx_safetensors_create(&w, here->file, NULL), ALX_OK);
    declare_small(w);
    assert_int_equal(alx_safetensors_write(w, kernel, sizeof kernel, NULL), ALX_OK);
    alx_safetensors_writer_destroy(w);
    alx_safetensors_writer_destroy(NULL);
    size_t count;
    uint8_t *data = read_all(here->file, &count);
    assert_int_equal(open_and_verify(data, count), ALX_OK);
    free(data);
    assert_int_equal(temp_folder_entries(here->folder), 1);
}

static void test_full_disk_leaves_the_old(void **state)
{
    const place *here = *state;
    write_small(here->file);
    size_t count, again;
    uint8_t *before_bytes = read_all(here->file, &count);
    static const float big[8192];
    struct rlimit before, small;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 16384;
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    alx_safetensors_writer *w = NULL;
    alx_error err = {0};
    assert_int_equal(alx_safetensors_create(&w, here->file, NULL), ALX_OK);
    assert_int_equal(alx_safetensors_declare(w, "x", ALX_ST_F32, 1, (int64_t[]){8192}, NULL), ALX_OK);
    setrlimit(RLIMIT_FSIZE, &small);
    alx_status status = alx_safetensors_write(w, big, sizeof big, &err);
    setrlimit(RLIMIT_FSIZE, &before);
    signal(SIGXFSZ, handler);
    assert_int_equal(status, ALX_IO);
    assert_non_null(strstr(err.message, "the old file stays"));
    /* It cannot be talked into a file that lost a piece. */
    assert_int_equal(alx_safetensors_write(w, big, sizeof big, NULL), ALX_FAILED);
    assert_int_equal(alx_safetensors_finish(w, NULL), ALX_FAILED);
    alx_safetensors_writer_destroy(w);
    uint8_t *after = read_all(here->file, &again);
    assert_int_equal(count, again);
    assert_memory_equal(before_bytes, after, count);
    assert_int_equal(temp_folder_entries(here->folder), 1);
    free(before_bytes);
    free(after);
}

static void test_wrong_use(void **state)
{
    const place *here = *state;
    for (int wrong = 0; wrong < 11; wrong++) {
        alx_safetensors_writer *w = NULL;
        assert_int_equal(alx_safetensors_create(&w, here->file, NULL), ALX_OK);
        declare_small(w);
        alx_status status = ALX_OK;
        int64_t dims[9] = {1, 1, 1, 1, 1, 1, 1, 1, 1}, huge[] = {INT64_MAX, INT64_MAX};
        if (wrong == 0) status = alx_safetensors_write(w, kernel, sizeof kernel + 1, NULL);
        if (wrong == 1) status = alx_safetensors_finish(w, NULL);
        if (wrong == 2) status = alx_safetensors_declare(w, "z.kernel", ALX_ST_F32, 1, dims, NULL);
        if (wrong == 3) status = alx_safetensors_declare(w, "x", ALX_ST_F32, 9, dims, NULL);
        if (wrong == 4) status = alx_safetensors_declare(w, "x", ALX_ST_F32, 2, huge, NULL);
        if (wrong == 5) status = alx_safetensors_declare(w, "__metadata__", ALX_ST_F32, 1, dims, NULL);
        if (wrong == 6) status = alx_safetensors_put_metadata(w, "model", "again", NULL);
        if (wrong == 7) status = alx_safetensors_put_metadata(w, "xxh3", "mine", NULL);
        if (wrong == 8) status = alx_safetensors_put_metadata(w, "k", "\xff", NULL);
        if (wrong == 9) status = alx_safetensors_declare(w, "x", ALX_ST_OTHER, 1, dims, NULL);
        if (wrong == 10) {
            assert_int_equal(alx_safetensors_write(w, kernel, sizeof kernel, NULL), ALX_OK);
            status = alx_safetensors_declare(w, "x", ALX_ST_F32, 1, dims, NULL);
        }
        if (!status) fail_msg("wrong use %d is taken", wrong);
        assert_int_not_equal(alx_safetensors_finish(w, NULL), ALX_OK);
        alx_safetensors_writer_destroy(w);
        assert_int_equal(temp_folder_entries(here->folder), 0);
    }
}

static void test_open_failures(void **state)
{
    const place *here = *state;
    alx_safetensors *file = (alx_safetensors *)1;
    alx_error err = {0};
    assert_int_equal(alx_safetensors_open(&file, here->file, &err), ALX_IO);
    assert_null(file);
    assert_non_null(strstr(err.message, "best.safetensors: no such file"));
    assert_int_equal(alx_safetensors_open(&file, here->folder, &err), ALX_IO);
    assert_int_equal(alx_file_write(here->file, "\xff\xd8\xff\xe0 a photo", 12, NULL), ALX_OK);
    assert_int_equal(alx_safetensors_open(&file, here->file, &err), ALX_BAD_DATA);
    assert_non_null(
        strstr(err.message, "best.safetensors: not a model file; give a run folder or a .safetensors file"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_round_trip),
        TEST(test_bytes),
        TEST(test_no_tensors),
        TEST(test_large_tensor),
        TEST(test_half_floats),
        TEST(test_sizes),
        TEST(test_parts),
        TEST(test_unfinished_leaves_the_old),
        TEST(test_full_disk_leaves_the_old),
        TEST(test_wrong_use),
        TEST(test_open_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
