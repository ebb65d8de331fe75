/* A small safetensors file, and headers made by hand. */
#ifndef TESTS_SAFETENSORS_FIXTURE_H
#define TESTS_SAFETENSORS_FIXTURE_H

#include <string.h>

#include "base/file.h"
#include "formats/safetensors.h"
#include "temp_folder.h"

typedef struct place {
    temp_path folder, file, other;
} place;

static inline int set_up(void **state)
{
    static place here;
    temp_folder_make(here.folder);
    snprintf(here.file, sizeof here.file, "%.480s/best.safetensors", here.folder);
    snprintf(here.other, sizeof here.other, "%.480s/other.safetensors", here.folder);
    *state = &here;
    return 0;
}

static inline int tear_down(void **state)
{
    temp_folder_remove(((place *)*state)->folder);
    return 0;
}

__attribute__((unused)) static const float kernel[6] = {1, -2, 3.5f, 0x1p-140f, 5, 6};
__attribute__((unused)) static const float bias[2] = {0.25f, -0.0f};

static inline void declare_small(alx_safetensors_writer *w)
{
    assert_int_equal(alx_safetensors_put_metadata(w, "classes", "[\"隶书\", \"a\\\"b\"]", NULL), ALX_OK);
    assert_int_equal(alx_safetensors_put_metadata(w, "model", "name: x\n", NULL), ALX_OK);
    assert_int_equal(alx_safetensors_declare(w, "z.kernel", ALX_ST_F32, 2, (int64_t[]){2, 3}, NULL), ALX_OK);
    assert_int_equal(alx_safetensors_declare(w, "a.bias", ALX_ST_F32, 1, (int64_t[]){2}, NULL), ALX_OK);
    assert_int_equal(alx_safetensors_declare(w, "step", ALX_ST_I64, 0, NULL, NULL), ALX_OK);
    assert_int_equal(alx_safetensors_declare(w, "empty", ALX_ST_F32, 2, (int64_t[]){0, 7}, NULL), ALX_OK);
}

static inline void write_small(const char *path)
{
    alx_safetensors_writer *w = NULL;
    int64_t step = 42;
    assert_int_equal(alx_safetensors_create(&w, path, NULL), ALX_OK);
    declare_small(w);
    assert_int_equal(alx_safetensors_write(w, kernel, sizeof kernel, NULL), ALX_OK);
    assert_int_equal(alx_safetensors_write(w, bias, sizeof bias, NULL), ALX_OK);
    assert_int_equal(alx_safetensors_write(w, &step, sizeof step, NULL), ALX_OK);
    assert_int_equal(alx_safetensors_write(w, NULL, 0, NULL), ALX_OK);
    assert_int_equal(alx_safetensors_finish(w, NULL), ALX_OK);
    alx_safetensors_writer_destroy(w);
}

static inline uint8_t *read_all(const char *path, size_t *count)
{
    uint8_t *bytes = NULL;
    assert_int_equal(alx_file_read(&bytes, count, path, 1 << 26, NULL), ALX_OK);
    return bytes;
}

/* ALX_OK only when the bytes open and verify. */
static inline alx_status open_and_verify(const uint8_t *data, size_t count)
{
    alx_safetensors *file = NULL;
    alx_status status = alx_safetensors_open_bytes(&file, data, count, NULL);
    if (status) return status;
    status = alx_safetensors_verify(file, NULL);
    alx_safetensors_close(file);
    return status;
}

typedef struct bytes {
    uint8_t data[4096];
    size_t count;
} bytes;

static inline bytes make(const char *json, size_t data)
{
    bytes b = {.count = 8 + strlen(json) + data};
    uint64_t length = strlen(json);
    assert_true(b.count <= sizeof b.data);
    memcpy(b.data, &length, 8);
    memcpy(b.data + 8, json, length);
    for (size_t i = 0; i < data; i++) b.data[8 + length + i] = (uint8_t)i;
    return b;
}

static inline alx_status open_hand_made(const char *json, size_t data, alx_error *err)
{
    bytes b = make(json, data);
    alx_safetensors *file = (alx_safetensors *)1;
    alx_status status = alx_safetensors_open_bytes(&file, b.data, b.count, err);
    if (status) assert_null(file);
    if (!status) alx_safetensors_close(file);
    return status;
}

#define T(name, type, shape, begin, end)                                                                               \
    "\"" name "\":{\"dtype\":\"" type "\",\"shape\":" shape ",\"data_offsets\":[" begin "," end "]}"

#endif
