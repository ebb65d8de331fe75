/* Text, numbers, arenas, errors, random numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/rng.h"
#include "base/text.h"

static void test_text_grows(void **state)
{
    (void)state;
    alx_text text = {0};
    for (int i = 0; i < 1000; i++) alx_text_printf(&text, "%d,", i);
    alx_text_add(&text, "");
    alx_text_add_bytes(&text, "a\0b", 3);
    assert_int_equal(text.length, 10 * 2 + 90 * 3 + 900 * 4 + 3);
    assert_memory_equal(text.data + text.length - 3, "a\0b", 4);
    char *taken = NULL;
    assert_int_equal(alx_text_take(&taken, &text, NULL), ALX_OK);
    assert_memory_equal(taken, "0,1,2,", 6);
    free(taken);
    assert_null(text.data);
    assert_int_equal(alx_text_take(&taken, &text, NULL), ALX_OK);
    assert_string_equal(taken, "");
    free(taken);
}

static void test_text_remembers_failure(void **state)
{
    (void)state;
    alx_text text = {.failed = true};
    alx_text_add(&text, "x");
    char *taken = (char *)1;
    alx_error err = {0};
    assert_int_equal(alx_text_take(&taken, &text, &err), ALX_NO_MEMORY);
    assert_null(taken);
    assert_false(text.failed);
}

static void test_printable(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"photo.jpg", "photo.jpg"},
        {"数据/隶书 é", "数据/隶书 é"},
        {"a\nb\tc\x1b[31m", "a\\nb\\tc\\x1b[31m"},
        {"bad\xff\xc3", "bad\\xff\\xc3"},
        {"x\xe2\x80\xaegpj", "x\\xe2\\x80\\xaegpj"}, /* right-to-left override */
        {"\xc2\x85", "\\xc2\\x85"},
        {"", ""},
    };
    alx_printable buffer;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_string_equal(alx_text_printable(rows[i][0], buffer), rows[i][1]);
    /* Cut between characters, never within one. */
    for (size_t start = 0; start < 4; start++) {
        char name[1024] = "aaaa";
        for (size_t at = start; at + 4 < sizeof name; at += 3) memcpy(name + at, "书", 4);
        alx_text_printable(name, buffer);
        size_t length = strlen(buffer);
        assert_true(length < sizeof buffer && length > 240);
        assert_string_equal(buffer + length - 3, "...");
        assert_true(alx_text_is_utf8(buffer, length));
    }
}

static void test_utf8(void **state)
{
    (void)state;
    static const char *const good[] = {"", "a", "é", "书", "\xf0\x9f\x90\xb1", "\xf4\x8f\xbf\xbf", "\xed\x9f\xbf"};
    static const char *const bad[] = {"\x80",
                                      "\xc0\x80",
                                      "\xc1\xbf",
                                      "\xe0\x80\x80",
                                      "\xed\xa0\x80",
                                      "\xf0\x80\x80\x80",
                                      "\xf4\x90\x80\x80",
                                      "\xf5\x80\x80\x80",
                                      "\xe4\xb9",
                                      "\xc3("};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) assert_true(alx_text_is_utf8(good[i], strlen(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) assert_false(alx_text_is_utf8(bad[i], strlen(bad[i])));
    uint32_t code = 0;
    assert_int_equal(alx_text_decode(&code, "书x", 4), 3);
    assert_int_equal(code, 0x4e66);
    assert_int_equal(alx_text_decode(&code, "\xf0\x9f\x90\xb1", 4), 4);
    assert_int_equal(code, 0x1f431);
    assert_int_equal(alx_text_decode(&code, "书", 2), 0);
}

static void test_columns(void **state)
{
    (void)state;
    assert_int_equal(alx_text_columns("lishu"), 5);
    assert_int_equal(alx_text_columns("隶书"), 4);
    assert_int_equal(alx_text_columns("，。"), 4);
    assert_int_equal(alx_text_columns("한글"), 4);
    assert_int_equal(alx_text_columns("e\xcc\x81"), 1);
    assert_int_equal(alx_text_columns("\xf0\x9f\x90\xb1"), 2);
    assert_int_equal(alx_text_columns("━━é\xff"), 4);
}

static void test_thousands(void **state)
{
    (void)state;
    char buffer[32];
    assert_string_equal(alx_text_thousands(0, buffer), "0");
    assert_string_equal(alx_text_thousands(999, buffer), "999");
    assert_string_equal(alx_text_thousands(34944, buffer), "34,944");
    assert_string_equal(alx_text_thousands(-58289538, buffer), "-58,289,538");
    assert_string_equal(alx_text_thousands(INT64_MIN, buffer), "-9,223,372,036,854,775,808");
}

static void test_numbers_read_back(void **state)
{
    (void)state;
    char buffer[32];
    assert_string_equal(alx_text_number(0.1, buffer), "0.1");
    assert_string_equal(alx_text_number(1e-4, buffer), "0.0001");
    assert_string_equal(alx_text_number(96, buffer), "96");
    double hard[] = {1.0 / 3, 1.0 / 255, 0x1p-1074, 1.7976931348623157e308,
                     5e-324,  0.1 + 0.2, -1e22,     123456789.123456789};
    for (size_t i = 0; i < sizeof hard / sizeof hard[0]; i++) {
        double read = 0;
        assert_true(alx_text_parse_number(&read, alx_text_number(hard[i], buffer)));
        assert_true(read == hard[i]);
    }
    static const char *const bad[] = {"",   "-",  ".",   "e5",  "1e",    "1e+", "nan",   "inf",     "0x10",
                                      "1 ", " 1", "1,5", "1_0", "1e999", "--1", "1.2.3", "infinity"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        double untouched = 7;
        assert_false(alx_text_parse_number(&untouched, bad[i]));
        assert_true(untouched == 7);
    }
}

static void test_numbers_ignore_the_locale(void **state)
{
    (void)state;
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "de_DE", "fr_FR"};
    bool found = false;
    for (size_t i = 0; i < sizeof names / sizeof names[0] && !found; i++) found = setlocale(LC_NUMERIC, names[i]);
    if (!found) skip(); /* a machine without such locales */
    char buffer[32];
    double read = 0;
    bool ok = alx_text_parse_number(&read, "0.5") && strcmp(alx_text_number(0.5, buffer), "0.5") == 0;
    bool kept = localeconv()->decimal_point[0] == ',';
    setlocale(LC_NUMERIC, "C");
    assert_true(ok && kept && read == 0.5);
}

static void test_nearest(void **state)
{
    (void)state;
    static const char *const names[] = {"filters", "kernel_size", "strides", "padding", "lr"};
    assert_string_equal(alx_text_nearest("filter", names, 5), "filters");
    assert_string_equal(alx_text_nearest("kernel-size", names, 5), "kernel_size");
    assert_string_equal(alx_text_nearest("KernelSize", names, 5), "kernel_size");
    assert_string_equal(alx_text_nearest("stirdes", names, 5), "strides"); /* a swap is one mistake */
    assert_null(alx_text_nearest("zebra", names, 5));
    assert_null(alx_text_nearest("xy", names, 5));
    assert_null(alx_text_nearest("", names, 5));
    assert_null(alx_text_nearest("filters", names, 0));
    char endless[5000];
    memset(endless, 'f', sizeof endless - 1);
    endless[sizeof endless - 1] = '\0';
    assert_null(alx_text_nearest(endless, names, 5));
    assert_true(alx_text_same_name("batch-size", "batch_size"));
    assert_false(alx_text_same_name("batch", "batch_size"));
    assert_false(alx_text_same_name("batch_size", "batch"));
}

static void test_arena(void **state)
{
    (void)state;
    alx_arena arena = {0};
    for (size_t size = 0; size < 70000; size = size * 3 + 1) {
        unsigned char *memory = alx_arena_alloc(&arena, size, 1, NULL);
        assert_non_null(memory);
        assert_int_equal((uintptr_t)memory % 16, 0);
        for (size_t i = 0; i < size; i++) assert_int_equal(memory[i], 0);
        memset(memory, 0xff, size);
    }
    assert_string_equal(alx_arena_strdup(&arena, "name", NULL), "name");
    assert_string_equal(alx_arena_printf(&arena, NULL, "conv2d_%d", 3), "conv2d_3");
    alx_error err = {0};
    assert_null(alx_arena_alloc(&arena, SIZE_MAX / 2, 3, &err));
    assert_int_equal(err.status, ALX_NO_MEMORY);
    alx_arena_finish(&arena);
    alx_arena_finish(&arena);
}

static void test_errors(void **state)
{
    (void)state;
    alx_error err = {0};
    assert_int_equal(alx_fail(&err, ALX_BAD_DATA, "no file %s", "x.jpg"), ALX_BAD_DATA);
    assert_int_equal(alx_where(&err, ALX_BAD_DATA, "faces.csv:%d", 17), ALX_BAD_DATA);
    assert_string_equal(err.message, "faces.csv:17: no file x.jpg");
    assert_int_equal(alx_fail(NULL, ALX_IO, "x"), ALX_IO);
    assert_int_equal(alx_where(NULL, ALX_IO, "x"), ALX_IO);
    for (int i = 0; i < 100; i++) alx_where(&err, ALX_IO, "a place with a long name");
    assert_true(strlen(err.message) < sizeof err.message);
    assert_int_equal(alx_status_exit_code(ALX_DIVERGED), 4);
    assert_string_equal(alx_status_text(ALX_USAGE), "wrong usage");
    assert_null(alx_realloc(NULL, SIZE_MAX / 2, 3, &err));
    assert_int_equal(err.status, ALX_NO_MEMORY);
}

static void test_rng_known_answers(void **state)
{
    (void)state;
    /* Random123's kat_vectors, philox4x32 10 */
    alx_rng4 zero = alx_rng_draw(0, 0, 0, 0, 0);
    assert_int_equal(zero.v[0], 0x6627e8d5);
    assert_int_equal(zero.v[3], 0x9b00dbd8);
    alx_rng4 pi = alx_rng_draw(0x299f31d0a4093822u, 0x03707344, 0x13198a2e, 0x85a308d3, 0x243f6a88);
    assert_int_equal(pi.v[0], 0xd16cfe09);
    assert_int_equal(pi.v[1], 0x94fdcceb);
    assert_int_equal(pi.v[2], 0x5001e420);
    assert_int_equal(pi.v[3], 0x24126ea1);
}

static void test_rng_many(void **state)
{
    (void)state;
    static const struct {
        uint64_t seed;
        uint32_t purpose, step, slot, first;
    } cases[] = {{0, 0, 0, 0, 0},
                 {0x299f31d0a4093822u, 0x03707344, 0x13198a2e, 0x85a308d3, 0x243f6a88},
                 {7, ALX_RNG_DROPOUT + 512, 3, 199, 0xffffffe0u}}; /* the elements' number wraps */
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        uint32_t many[4][ALX_RNG_MANY];
        alx_rng_draw_many(many, cases[c].seed, cases[c].purpose, cases[c].step, cases[c].slot, cases[c].first);
        for (uint32_t i = 0; i < ALX_RNG_MANY; i++) {
            alx_rng4 one =
                alx_rng_draw(cases[c].seed, cases[c].purpose, cases[c].step, cases[c].slot, cases[c].first + i);
            for (int k = 0; k < 4; k++) assert_int_equal(many[k][i], one.v[k]);
        }
    }
}

static void test_rng_distributions(void **state)
{
    (void)state;
    enum { DRAWS = 20000 };
    double sum = 0, squares = 0, units = 0;
    for (uint32_t i = 0; i < DRAWS; i++) {
        alx_rng4 words = alx_rng_draw(7, ALX_RNG_INIT, 0, 0, i);
        float normal[2];
        alx_rng_normal(words.v[0], words.v[1], normal);
        sum += normal[0] + normal[1];
        squares += normal[0] * normal[0] + normal[1] * normal[1];
        float unit = alx_rng_unit(words.v[2]);
        assert_true(unit >= 0 && unit < 1);
        units += unit;
    }
    assert_true(fabs(sum / (2 * DRAWS)) < 0.02);
    assert_true(fabs(squares / (2 * DRAWS) - 1) < 0.03);
    assert_true(fabs(units / DRAWS - 0.5) < 0.01);
    float extreme[2];
    alx_rng_normal(0, 0, extreme);
    assert_true(isfinite(extreme[0]) && isfinite(extreme[1]));
    assert_true(alx_rng_unit(UINT32_MAX) < 1);
}

static void test_rng_permutes(void **state)
{
    (void)state;
    enum { COUNT = 1000 };
    int64_t order[COUNT], again[COUNT];
    bool seen[COUNT] = {0};
    alx_rng_permute(order, COUNT, 1, ALX_RNG_ORDER, 2, 0);
    alx_rng_permute(again, COUNT, 1, ALX_RNG_ORDER, 2, 0);
    assert_memory_equal(order, again, sizeof order);
    int fixed = 0;
    for (int i = 0; i < COUNT; i++) {
        assert_true(order[i] >= 0 && order[i] < COUNT && !seen[order[i]]);
        seen[order[i]] = true;
        fixed += order[i] == i;
    }
    assert_true(fixed < 10);
    alx_rng_permute(again, COUNT, 1, ALX_RNG_ORDER, 3, 0);
    assert_memory_not_equal(order, again, sizeof order);
    alx_rng_permute(order, 0, 1, ALX_RNG_ORDER, 2, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_grows),
        cmocka_unit_test(test_text_remembers_failure),
        cmocka_unit_test(test_printable),
        cmocka_unit_test(test_utf8),
        cmocka_unit_test(test_columns),
        cmocka_unit_test(test_thousands),
        cmocka_unit_test(test_numbers_read_back),
        cmocka_unit_test(test_numbers_ignore_the_locale),
        cmocka_unit_test(test_nearest),
        cmocka_unit_test(test_arena),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_rng_known_answers),
        cmocka_unit_test(test_rng_many),
        cmocka_unit_test(test_rng_distributions),
        cmocka_unit_test(test_rng_permutes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
