/* report/event_file and report/histogram.  What is written is read back by tests/cli/read_events.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "report/event_file.h"
#include "unit/temp_folder.h"

/* ---- Histograms ---- */

static void fill(alx_histogram *h, const float *values, int count)
{
    alx_histogram_init(h);
    for (int i = 0; i < count; i += 7) alx_histogram_look(h, values + i, count - i < 7 ? count - i : 7);
    for (int i = 0; i < count; i += 5) alx_histogram_count(h, values + i, count - i < 5 ? count - i : 5);
}

static void histograms_count(void **state)
{
    (void)state;
    float values[1000];
    double sum = 0, squares = 0;
    for (int i = 0; i < 1000; i++) {
        values[i] = (float)(i * 7919 % 1000) / 250.0F - 1.5F; /* -1.5 to 2.496, evenly */
        sum += (double)values[i];
        squares += (double)values[i] * (double)values[i];
    }
    alx_histogram h;
    fill(&h, values, 1000);
    assert_int_equal(h.count, 1000);
    assert_int_equal(alx_histogram_size(&h), ALX_HISTOGRAM_BUCKETS);
    assert_true(h.least == -1.5 && h.most == (double)(999.0F / 250.0F - 1.5F) && h.sum == sum && h.squares == squares);
    double low = h.least;
    for (int b = 0; b < ALX_HISTOGRAM_BUCKETS; b++) {
        const double high = alx_histogram_limit(&h, b);
        int inside = 0;
        for (int i = 0; i < 1000; i++)
            inside += (double)values[i] >= low && ((double)values[i] < high || b == ALX_HISTOGRAM_BUCKETS - 1);
        assert_true(high > low);
        assert_int_equal(h.buckets[b], inside);
        low = high;
    }
    assert_true(low == h.most);
}

static void histograms_of_few_values(void **state)
{
    (void)state;
    const float odd[] = {NAN, INFINITY, 3, -INFINITY, -NAN}, same[] = {0.25F, 0.25F}, ends[] = {-3.4e38F, 3.4e38F, 0},
                tiny[] = {1e-45F, 0};
    alx_histogram h;
    fill(&h, odd, 5);
    assert_true(h.count == 1 && h.sum == 3 && h.squares == 9 && h.least == 3 && h.most == 3);
    assert_true(alx_histogram_size(&h) == 1 && h.buckets[0] == 1 && alx_histogram_limit(&h, 0) == 3);
    fill(&h, odd, 2);
    assert_int_equal(alx_histogram_size(&h), 0);
    fill(&h, same, 2);
    assert_true(alx_histogram_size(&h) == 1 && h.buckets[0] == 2);
    fill(&h, ends, 3);
    assert_true(h.buckets[0] == 1 && h.buckets[ALX_HISTOGRAM_BUCKETS - 1] == 1);
    fill(&h, tiny, 2);
    assert_true(h.buckets[0] == 1 && h.buckets[ALX_HISTOGRAM_BUCKETS - 1] == 1);
}

/* ---- Files ---- */

static int make_folder(void **state)
{
    static temp_path folder;
    temp_folder_make(folder);
    *state = folder;
    return 0;
}

static int remove_folder(void **state)
{
    temp_folder_remove(*state);
    return 0;
}

/* Bit by bit, as it is defined. */
static uint32_t crc32c(const unsigned char *bytes, size_t count)
{
    uint32_t crc = ~0U;
    for (size_t i = 0; i < count; i++) {
        crc ^= bytes[i];
        for (int k = 0; k < 8; k++) crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78U : 0);
    }
    return ~crc;
}

static void checksums_are_castagnoli(void **state)
{
    (void)state;
    unsigned char bytes[256];
    for (int i = 0; i < 256; i++) bytes[i] = (unsigned char)i;
    assert_int_equal(crc32c((const unsigned char *)"123456789", 9),
                     0xe3069283U); /* every list of check values has it */
    for (size_t count = 0; count <= 256; count++) {
        const uint32_t crc = crc32c(bytes, count);
        assert_int_equal(alx_event_checksum(bytes, count), (crc >> 15 | crc << 17) + 0xa282ead8U);
    }
}

static unsigned char *read_bytes(const char *path, size_t *count)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    unsigned char *bytes = malloc(1 << 20);
    *count = fread(bytes, 1, 1 << 20, file);
    fclose(file);
    return bytes;
}

/* A file with scalars of steps 3 and 4 and a histogram of step 4; the caller frees its path. */
static char *write_file(const char *folder)
{
    alx_histogram h;
    alx_event_file events;
    assert_int_equal(alx_event_file_create(&events, folder, 3, NULL), ALX_OK);
    char *path = strdup(events.path);
    alx_event_file_scalar(&events, 3, "epoch_loss", 0.5);
    alx_event_file_scalar(&events, 4, "epoch_loss", 0.25);
    const float values[] = {1, 2, -3};
    fill(&h, values, 3);
    alx_event_file_histogram(&events, 4, "conv2d_1/kernel/histogram", &h);
    assert_int_equal(alx_event_file_flush(&events, NULL), ALX_OK);
    alx_event_file_finish(&events);
    return path;
}

static void last_step_is_found(void **state)
{
    const char *folder = *state;
    char sub[512];
    snprintf(sub, sizeof sub, "%s/a/b", folder);
    assert_int_equal(alx_event_folder_last_step(sub), 0);
    char *path = write_file(sub), *second = write_file(sub); /* within one second */
    assert_string_not_equal(path, second);
    assert_int_equal(alx_event_folder_last_step(sub), 4);
    alx_event_folder_clear(sub);
    assert_int_equal(alx_event_folder_last_step(sub), 0);
    free(second);
    free(path);
}

/* Whatever becomes of a file, reading stays within it and finds nothing that was not written. */
static void damage_is_survived(void **state)
{
    const char *folder = *state;
    char *path = write_file(folder);
    size_t count;
    unsigned char *bytes = read_bytes(path, &count);
    assert_int_equal(alx_event_last_step(bytes, count), 4);
    int64_t before = 0;
    size_t scalars = 0; /* bytes up to the end of step 4's scalar */
    for (size_t cut = 0; cut <= count; cut++) {
        unsigned char *part = malloc(cut + 1);
        memcpy(part, bytes, cut);
        const int64_t step = alx_event_last_step(part, cut);
        assert_true(step >= before && (step == 0 || step == 3 || step == 4));
        if (step == 4 && before == 3) scalars = cut;
        before = step;
        free(part);
    }
    assert_true(scalars > 0);
    for (size_t i = 0; i < count; i++) {
        bytes[i] ^= 0x41;
        const int64_t step = alx_event_last_step(bytes, count);
        if ((step == 4) != (i >= scalars)) fail_msg("step %lld at byte %zu", (long long)step, i);
        bytes[i] ^= 0x41;
    }
    free(bytes);
    free(path);
}

/* A disk that is full: told once, and nothing more is written. */
static void full_disk_is_told(void **state)
{
    const char *folder = *state;
    struct rlimit old, small;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    signal(SIGXFSZ, SIG_IGN);
    small = old;
    small.rlim_cur = 2000;
    alx_event_file events;
    alx_error err = {0};
    assert_int_equal(alx_event_file_create(&events, folder, 1, NULL), ALX_OK);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    for (int i = 0; i < 1000; i++) alx_event_file_scalar(&events, 1, "epoch_loss", i);
    const alx_status status = alx_event_file_flush(&events, &err);
    setrlimit(RLIMIT_FSIZE, &old);
    assert_int_equal(status, ALX_IO);
    if (!strstr(err.message, "cannot be written: File too large")) fail_msg("%s", err.message);
    assert_null(events.file);
    alx_event_file_scalar(&events, 2, "epoch_loss", 1);
    assert_int_equal(alx_event_file_flush(&events, NULL), ALX_OK);
    alx_event_file_finish(&events);
    assert_int_equal(alx_event_folder_last_step(folder), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(histograms_count),
        cmocka_unit_test(histograms_of_few_values),
        cmocka_unit_test(checksums_are_castagnoli),
        cmocka_unit_test_setup_teardown(last_step_is_found, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(damage_is_survived, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(full_disk_is_told, make_folder, remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
