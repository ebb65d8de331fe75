/* Safetensors: nothing unsound is taken: hostile headers, every truncation, every changed byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "safetensors_fixture.h"

/* ---- Headers ---- */

static void test_sound_headers(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        size_t data;
    } rows[] = {
        {"{}", 0},
        {"{}   \n", 0},
        {"{\"__metadata__\":{}}", 0},
        {"{" T("a", "F32", "[2]", "0", "8") "}", 8},
        {"{ " T("b", "F32", "[1]", "4", "8") " , " T("a", "I8", "[2,2]", "0", "4") ",\"__metadata__\":{\"k\":\"v\"}}",
         8},
        {"{" T("a", "F32", "[]", "0", "4") "," T("e", "F32", "[0]", "4", "4") "," T("f", "U8", "[1]", "4", "5") "}", 5},
        {"{\"a\":{\"shape\":[1],\"data_offsets\":[0,2],\"dtype\":\"BF16\"}}", 2},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        alx_error err = {0};
        if (open_hand_made(rows[i].json, rows[i].data, &err)) fail_msg("%s: %s", rows[i].json, err.message);
    }
}

static void test_unsound_headers(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        size_t data;
        const char *message;
    } rows[] = {
        {"", 0, "does not begin with {"},
        {"[]", 0, "does not begin with {"},
        {" {}", 0, "does not begin with {"},
        {"{", 0, "its header"},
        {"{}x", 0, "its header"},
        {"{}", 1, "bytes behind the last tensor"},
        {"{" T("a", "F32", "[2]", "0", "8") "}", 9, "bytes behind the last tensor"},
        {"{" T("a", "F32", "[2]", "0", "8") "}", 7, "behind the end of the file"},
        {"{" T("a", "F32", "[2]", "0", "8") "," T("a", "F32", "[2]", "0", "8") "}", 8, "duplicate"},
        {"{" T("a", "F32", "[2]", "0", "8") "," T("\\u0061", "F32", "[2]", "0", "8") "}", 8, "duplicate"},
        {"{\"__metadata__\":{\"k\":\"1\",\"k\":\"2\"}}", 0, "duplicate"},
        {"{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4, "duplicate"},
        {"{" T("a", "F32", "[2]", "0", "8") "," T("b", "F32", "[2]", "0", "8") "}", 8, "overlaps"},
        {"{" T("a", "F32", "[2]", "0", "8") "," T("b", "F32", "[2]", "4", "12") "}", 12, "overlaps"},
        {"{" T("a", "F32", "[2]", "0", "8") "," T("b", "F32", "[1]", "12", "16") "}", 16, "a hole"},
        {"{" T("a", "F32", "[2]", "4", "12") "}", 12, "a hole"},
        {"{" T("a", "F32", "[2]", "0", "4") "}", 4, "do not match its shape"},
        {"{" T("a", "F32", "[2]", "8", "0") "}", 8, "impossible data_offsets"},
        {"{" T("a", "F32", "[2]", "-8", "0") "}", 8, "impossible data_offsets"},
        {"{" T("a", "F32", "[2]", "0.0", "8.0") "}", 8, "impossible data_offsets"},
        {"{" T("a", "F32", "[2]", "9223372036854775800", "9223372036854775807") "}", 8, "do not match its shape"},
        {"{" T("a", "F32", "[2]", "9223372036854775799", "9223372036854775807") "}", 8, "behind the end"},
        {"{" T("a", "F32", "[2]", "18446744073709551616", "8") "}", 8, "its header"},
        {"{" T("a", "F32", "[-2]", "0", "8") "}", 8, "an impossible shape"},
        {"{" T("a", "F32", "[-1,-2]", "0", "8") "}", 8, "an impossible shape"},
        {"{" T("a", "F32", "[4611686018427387904,4]", "0", "0") "}", 0, "an impossible shape"},
        {"{" T("a", "F32", "[4294967296,4294967296]", "0", "0") "}", 0, "an impossible shape"},
        {"{" T("a", "F32", "[4294967296,4294967296,0]", "0", "0") "}", 0, "an impossible shape"},
        {"{" T("a", "F32", "[2.0]", "0", "8") "}", 8, "a dimension is not a whole number"},
        {"{" T("a", "F32", "[\"2\"]", "0", "8") "}", 8, "a dimension is not a whole number"},
        {"{" T("a", "F32", "[1,1,1,1,1,1,1,1,2]", "0", "8") "}", 8, "more than 8 dimensions"},
        {"{" T("a", "F31", "[2]", "0", "8") "}", 8, "its type is not known"},
        {"{" T("a", "f32", "[2]", "0", "8") "}", 8, "its type is not known"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}", 4, "needs dtype"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4],\"x\":1}}", 4, "needs dtype"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4,4]}}", 4, "needs dtype"},
        {"{\"a\":{\"dtype\":4,\"shape\":[1],\"data_offsets\":[0,4]}}", 4, "needs dtype"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":1,\"data_offsets\":[0,4]}}", 4, "needs dtype"},
        {"{\"a\":[]}", 0, "needs dtype"},
        {"{\"a\":null}", 0, "needs dtype"},
        {"{\"__metadata__\":[]}", 0, "metadata is not a map"},
        {"{\"__metadata__\":null}", 0, "metadata is not a map"},
        {"{\"__metadata__\":{\"k\":1}}", 0, "other than text"},
        {"{\"__metadata__\":{\"hash\":\"xxh3\"}}", 0, "its xxh3 is missing"},
        {"{\"a\xff\":1}", 0, "its header"},
        {"{\"a\\u0000\":1}", 0, "its header"},
        {"{\"a\\\n\":1}", 0, "its header: invalid escape near '\"a\\\\n'"},
        {"{\"a\":[[[[[[]]]]]]}", 0, "too many values"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        alx_error err = {0};
        if (open_hand_made(rows[i].json, rows[i].data, &err) != ALX_BAD_DATA) fail_msg("taken: %s", rows[i].json);
        if (!strstr(err.message, rows[i].message)) fail_msg("\"%s\" is not in \"%s\"", rows[i].message, err.message);
        if (strchr(err.message, '\n')) fail_msg("two lines: %s", err.message);
    }
}

static void test_header_length(void **state)
{
    (void)state;
    bytes b = make("{}", 0);
    static const uint64_t lengths[] = {0, 1, 3, 1000, 16 << 20, (16 << 20) + 1, UINT64_MAX, UINT64_MAX - 7, 1ull << 63};
    alx_safetensors *file;
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        memcpy(b.data, &lengths[i], 8);
        assert_int_equal(alx_safetensors_open_bytes(&file, b.data, b.count, NULL), ALX_BAD_DATA);
        assert_null(file);
    }
    for (size_t count = 0; count < 8; count++)
        assert_int_equal(alx_safetensors_open_bytes(&file, b.data, count, NULL), ALX_BAD_DATA);
    assert_int_equal(alx_safetensors_open_bytes(&file, NULL, 0, NULL), ALX_BAD_DATA);
}

/* What is no safetensors file at all is not called a damaged one. */
static void test_foreign_file(void **state)
{
    (void)state;
    static const char yaml[] = "name: tiny\nclasses: 2\n", png[] = "\x89PNG\r\n\x1A\n\0\0\0\x0DIHDR",
                      cut[] = "\xFF\0\0\0\0\0\0\0{\"a\"", huge[] = "\0\0\0\x02\0\0\0\0{\"a\"";
    static const struct {
        const char *bytes;
        size_t count;
        const char *message;
    } rows[] = {
        {yaml, sizeof yaml - 1, "not a model file; give a run folder or a .safetensors file"},
        {png, sizeof png - 1, "not a model file; give a run folder or a .safetensors file"},
        {cut, sizeof cut - 1, "its header is longer than the file; it was cut"},
        {huge, sizeof huge - 1, "a header of more than 16 MiB"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        alx_safetensors *file;
        alx_error err = {0};
        assert_int_equal(alx_safetensors_open_bytes(&file, (const uint8_t *)rows[i].bytes, rows[i].count, &err),
                         ALX_BAD_DATA);
        if (!strstr(err.message, rows[i].message)) fail_msg("\"%s\" is not in \"%s\"", rows[i].message, err.message);
    }
}

static void test_header_of_many_values(void **state)
{
    (void)state;
    enum { LENGTH = 15 << 20 };
    uint8_t *data = malloc(8 + LENGTH);
    uint64_t length = LENGTH;
    memcpy(data, &length, 8);
    memset(data + 8, '[', LENGTH);
    data[8] = '{';
    alx_safetensors *file;
    alx_error err = {0};
    assert_int_equal(alx_safetensors_open_bytes(&file, data, 8 + LENGTH, &err), ALX_BAD_DATA);
    assert_non_null(strstr(err.message, "too many values"));
    memcpy(data + 8, "{\"a\":[", 6);
    for (size_t i = 14; i + 1 < 8 + LENGTH; i += 2) memcpy(data + i, "0,", 2);
    assert_int_equal(alx_safetensors_open_bytes(&file, data, 8 + LENGTH, &err), ALX_BAD_DATA);
    assert_non_null(strstr(err.message, "too many values"));
    free(data);
}

/* ---- Damage ---- */

static void test_every_truncation(void **state)
{
    const place *here = *state;
    write_small(here->file);
    size_t count;
    uint8_t *data = read_all(here->file, &count);
    assert_int_equal(open_and_verify(data, count), ALX_OK);
    for (size_t cut = 0; cut < count; cut++) {
        uint8_t *exact = malloc(cut + !cut); /* so that a sanitizer sees a read behind it */
        memcpy(exact, data, cut);
        if (open_and_verify(exact, cut) != ALX_BAD_DATA) fail_msg("a file cut at byte %zu is taken", cut);
        free(exact);
    }
    data = realloc(data, count + 1);
    data[count] = 0;
    assert_int_equal(open_and_verify(data, count + 1), ALX_BAD_DATA);
    free(data);
}

static void test_every_flip(void **state)
{
    const place *here = *state;
    write_small(here->file);
    size_t count;
    uint8_t *data = read_all(here->file, &count);
    for (size_t at = 0; at < count; at++) {
        for (int change = 1; change < 256; change++) {
            data[at] ^= (uint8_t)change;
            if (open_and_verify(data, count) != ALX_BAD_DATA) fail_msg("byte %zu xor %#x is taken", at, change);
            data[at] ^= (uint8_t)change;
        }
    }
    assert_int_equal(open_and_verify(data, count), ALX_OK);
    free(data);
}

static void test_hash_of_others(void **state)
{
    (void)state;
    alx_safetensors *file = NULL;
    bytes b = make("{\"__metadata__\":{\"format\":\"pt\"}," T("a", "U8", "[4]", "0", "4") "}", 4);
    assert_int_equal(open_and_verify(b.data, b.count), ALX_OK); /* no hash: passes */
    b = make("{\"__metadata__\":{\"xxh3\":\"0123456789abcdef\"}," T("a", "U8", "[4]", "0", "4") "}", 4);
    assert_int_equal(open_and_verify(b.data, b.count), ALX_BAD_DATA); /* a stale copy by another tool */
    b = make("{\"__metadata__\":{\"hash\":\"xxh3\",\"xxh3\":\"short\"}}", 0);
    assert_int_equal(open_and_verify(b.data, b.count), ALX_BAD_DATA);
    b = make("{\"__metadata__\":{\"hash\":\"xxh3\",\"xxh3\":\""
             "0123456789abcdef"
             "0\"}}",
             0);
    assert_int_equal(open_and_verify(b.data, b.count), ALX_BAD_DATA);
    assert_null(file);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_sound_headers), TEST(test_unsound_headers),       TEST(test_header_length),
        TEST(test_foreign_file),  TEST(test_header_of_many_values), TEST(test_every_truncation),
        TEST(test_every_flip),    TEST(test_hash_of_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
