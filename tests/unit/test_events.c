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

static int buckets_of(alx_histogram *h, const float *values, int count,
                      alx_histogram_bucket buckets[ALX_HISTOGRAM_BUCKETS])
{
    alx_histogram_init(h);
    alx_histogram_add(h, values, count);
    return alx_histogram_buckets(h, buckets);
}

/* Every value lies in the bucket that counts it, and buckets lie side by side. */
static void assert_counted(const float *values, int count, int most)
{
    static alx_histogram h;
    alx_histogram_bucket buckets[ALX_HISTOGRAM_BUCKETS];
    const int used = buckets_of(&h, values, count, buckets);
    assert_in_range(used, 1, most);
    int64_t sum = 0;
    for (int b = 0; b < used; b++) {
        int inside = 0;
        const double low = buckets[b].low, high = buckets[b].high;
        for (int i = 0; i < count; i++) {
            const double v = (double)values[i];
            /* An edge belongs to what is larger in size. */
            inside += low < 0 && high > 0    ? v > low && v < high
                      : high <= 0 && low < 0 ? v > low && v <= high
                                             : v >= low && v < high;
        }
        if (inside != buckets[b].count)
            fail_msg("bucket %d, %g to %g: %lld, not %d", b, low, high, (long long)buckets[b].count, inside);
        assert_true(low < high && (b == 0 || buckets[b - 1].high == low));
        sum += buckets[b].count;
    }
    assert_true(buckets[0].count && buckets[used - 1].count);
    assert_int_equal(sum, count);
    assert_int_equal(h.count, count);
}

static void histograms_count(void **state)
{
    (void)state;
    static float values[4000];
    uint32_t x = 1;
    for (int i = 0; i < 4000; i++) {
        x = x * 1664525 + 1013904223;
        const double u = (double)(x >> 8) / 16777216 - 0.5;
        values[i] = (float)(u * fabs(u) * exp(20 * (double)((x >> 4) % 1000) / 1000) * 1e-7);
    }
    assert_counted(values, 4000, ALX_HISTOGRAM_BUCKETS);
    assert_counted(values, 1, 1);
    const float same[] = {0.25F, 0.25F}, zero[] = {0, -0.0F, 0}, powers[] = {1, 2, 4, 8, -1, 1.125F, 1.1249999F};
    assert_counted(same, 2, 1);
    assert_counted(zero, 3, 1);
    assert_counted(powers, 7, 8 * 4 * 2 + 200);
    const float ends[] = {3.4e38F, -3.4e38F, 1e-45F}, tiny[] = {1e-45F, -1e-44F, 1e-40F};
    assert_counted(ends, 3, ALX_HISTOGRAM_BUCKETS);
    assert_counted(tiny, 3, ALX_HISTOGRAM_BUCKETS);
}

static void histograms_leave_out_what_is_no_number(void **state)
{
    (void)state;
    static alx_histogram h;
    alx_histogram_bucket buckets[ALX_HISTOGRAM_BUCKETS];
    const float values[] = {NAN, INFINITY, 3, -INFINITY, -NAN};
    assert_int_equal(buckets_of(&h, values, 5, buckets), 1);
    assert_true(h.count == 1 && h.sum == 3 && h.squares == 9 && h.least == 3 && h.most == 3);
    assert_int_equal(buckets_of(&h, values, 2, buckets), 0);
    assert_int_equal(buckets_of(&h, values, 0, buckets), 0);
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

static void checksums_are_castagnoli(void **state)
{
    (void)state;
    const uint32_t crc = 0xe3069283U; /* of these digits: RFC 3720, and every list of check values */
    assert_int_equal(alx_event_checksum((const unsigned char *)"123456789", 9), (crc >> 15 | crc << 17) + 0xa282ead8U);
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
    static alx_histogram h;
    alx_event_file events;
    assert_int_equal(alx_event_file_create(&events, folder, 3, NULL), ALX_OK);
    char *path = strdup(events.path);
    alx_event_file_scalar(&events, 3, "epoch_loss", 0.5);
    alx_event_file_scalar(&events, 4, "epoch_loss", 0.25);
    const float values[] = {1, 2, -3};
    alx_histogram_init(&h);
    alx_histogram_add(&h, values, 3);
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
        cmocka_unit_test(histograms_leave_out_what_is_no_number),
        cmocka_unit_test(checksums_are_castagnoli),
        cmocka_unit_test_setup_teardown(last_step_is_found, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(damage_is_survived, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(full_disk_is_told, make_folder, remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
