/* Choices as text, in a run's record, and in a file that processes share. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <math.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "plan/choices.h"
#include "unit/temp_folder.h"

static temp_path root;

static int set_up(void **state)
{
    (void)state;
    temp_folder_make(root);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    temp_folder_remove(root);
    return 0;
}

static const char *file_path(void)
{
    static char path[1024];
    snprintf(path, sizeof path, "%s/" ALX_CHOICES_FILE, root);
    return path;
}

static void write_text(const char *text, size_t bytes)
{
    alx_error err;
    if (alx_file_write(file_path(), text, bytes, &err)) fail_msg("%s", err.message);
}

/* ---- Choices ---- */

static void add(alx_choices *choices, const char *key, bool folded, alx_conv_way way)
{
    alx_chosen chosen = {.key = key, .asked = true, .fresh = true, .time_count = 3};
    chosen.choice =
        (alx_conv_choice){.fold = folded ? ALX_FOLD_YES : ALX_FOLD_NO,
                          .ways = {[ALX_CONV_FORWARD] = way, [ALX_CONV_BACKWARD_WEIGHTS] = ALX_CONV_DIRECT}};
    chosen.times[0] = (alx_conv_time){ALX_CONV_FORWARD, folded, way, 1.25e-3};
    chosen.times[1] = (alx_conv_time){ALX_CONV_FORWARD, !folded, ALX_CONV_DIRECT, 2e-3};
    chosen.times[2] = (alx_conv_time){ALX_CONV_BACKWARD_WEIGHTS, folded, ALX_CONV_DIRECT, 5e-4};
    assert_int_equal(alx_choices_add(choices, &chosen, NULL), ALX_OK);
}

static void assert_same(const alx_choices *a, const alx_choices *b, bool times)
{
    assert_int_equal(a->count, b->count);
    for (int i = 0; i < a->count; i++) {
        const alx_chosen *x = a->list[i], *y = alx_choices_find(b, x->key);
        assert_non_null(y);
        assert_int_equal(x->choice.fold, y->choice.fold);
        assert_memory_equal(x->choice.ways, y->choice.ways, sizeof x->choice.ways);
        assert_int_equal(y->time_count, times ? x->time_count : 0);
        for (int k = 0; k < y->time_count; k++) {
            int found = 0;
            for (int m = 0; m < x->time_count; m++)
                found += x->times[m].direction == y->times[k].direction && x->times[m].way == y->times[k].way &&
                         x->times[m].folded == y->times[k].folded &&
                         fabs(x->times[m].seconds - y->times[k].seconds) < 1e-9;
            assert_int_equal(found, 1);
        }
    }
}

static void a_list_has_each_key_once(void **state)
{
    (void)state;
    alx_choices c = {0};
    char key[32];
    for (int i = 0; i < 100; i++) {
        snprintf(key, sizeof key, "key %d", i % 50);
        add(&c, key, false, i < 50 ? ALX_CONV_DIRECT : ALX_CONV_ONEDNN_WINOGRAD);
    }
    assert_int_equal(c.count, 50);
    assert_int_equal(alx_choices_find(&c, "key 7")->choice.ways[ALX_CONV_FORWARD], ALX_CONV_ONEDNN_WINOGRAD);
    assert_null(alx_choices_find(&c, "key"));
    alx_choices_finish(&c);
}

static void a_record_reads_back(void **state)
{
    (void)state;
    alx_choices c = {0}, again = {0};
    alx_text text = {0}, second = {0};
    int left_out;
    add(&c, "b \"quoted\"", true, ALX_CONV_ONEDNN_WINOGRAD);
    add(&c, "a", false, ALX_CONV_DIRECT);
    const alx_chosen usual = {.key = "no memory to measure", .asked = true};
    assert_int_equal(alx_choices_add(&c, &usual, NULL), ALX_OK);
    assert_int_equal(alx_choices_record(&text, &c, NULL), ALX_OK);
    assert_string_equal(text.data, "{\"a\":{\"backward_weights\":\"direct\",\"forward\":\"direct\"},"
                                   "\"b \\\"quoted\\\"\":{\"backward_weights\":\"fold+direct\","
                                   "\"forward\":\"fold+onednn-winograd\"},\"no memory to measure\":{}}");
    assert_int_equal(alx_choices_read_record(&again, &left_out, text.data, NULL), ALX_OK);
    assert_int_equal(left_out, 0);
    assert_same(&c, &again, false);
    for (int i = 0; i < again.count; i++) again.list[i]->asked = i < 2; /* what no plan asks for is not recorded */
    assert_int_equal(alx_choices_record(&second, &again, NULL), ALX_OK);
    assert_null(strstr(second.data, "no memory"));
    alx_text_finish(&text);
    alx_text_finish(&second);
    alx_choices_finish(&c);
    alx_choices_finish(&again);
}

static void damaged_records(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int known, left_out;
    } cases[] = {
        {"{}", 0, 0},
        {"", 0, 1},
        {"[]", 0, 1},
        {"{\"a\":", 0, 1},
        {"{\"a\":{\"forward\":\"abacus\"},\"b\":{\"forward\":\"direct\"}}", 1, 1},
        {"{\"a\":{\"forward\":7}}", 0, 1},
        {"{\"a\":{\"forward\":\"usual\"}}", 0, 1},
        {"{\"a\":[\"direct\"]}", 0, 1},
        {"{\"a\":{\"forward\":\"fold+direct\",\"backward_weights\":\"direct\"}}", 0, 1}, /* folded one way alone */
        {"{\"a\":{\"forward\":\"direct\"},\"a\":{}}", 0, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        alx_choices c = {0};
        int left_out;
        assert_int_equal(alx_choices_read_record(&c, &left_out, cases[i].text, NULL), ALX_OK);
        if (c.count != cases[i].known || left_out != cases[i].left_out)
            fail_msg("%s: %d known, %d left out", cases[i].text, c.count, left_out);
        alx_choices_finish(&c);
    }
}

/* ---- The file ---- */

static void load(alx_choices *c, bool complains)
{
    alx_error err;
    char *complaint;
    if (alx_choices_load(c, &complaint, root, &err)) fail_msg("%s", err.message);
    if (complains != (complaint != NULL)) fail_msg("complaint: %s", complaint ? complaint : "none");
    free(complaint);
}

static void save(const alx_choices *c)
{
    alx_error err;
    if (alx_choices_save(c, root, &err)) fail_msg("%s", err.message);
}

static void a_file_reads_back(void **state)
{
    (void)state;
    alx_choices c = {0}, again = {0}, more = {0};
    load(&again, false); /* there is none yet */
    assert_int_equal(again.count, 0);
    add(&c, "a", true, ALX_CONV_ONEDNN_WINOGRAD);
    save(&c);
    add(&more, "b", false, ALX_CONV_DIRECT);
    add(&more, "known already", false, ALX_CONV_DIRECT);
    more.list[1]->fresh = false;
    save(&more);
    add(&c, "b", false, ALX_CONV_DIRECT);
    load(&again, false);
    assert_same(&c, &again, true);
    /* What a run has recorded stands above what the file says. */
    alx_choices mine = {0};
    add(&mine, "a", false, ALX_CONV_DIRECT);
    load(&mine, false);
    assert_int_equal(mine.count, 2);
    assert_int_equal(alx_choices_find(&mine, "a")->choice.ways[ALX_CONV_FORWARD], ALX_CONV_DIRECT);
    alx_choices_finish(&c);
    alx_choices_finish(&again);
    alx_choices_finish(&more);
    alx_choices_finish(&mine);
}

static void other_machines_keep_theirs(void **state)
{
    (void)state;
    static const char text[] =
        "{\"version\":1,\"machines\":{\"another\":{\"a\":{\"forward\":\"direct\",\"microseconds\":"
        "{\"forward\":{\"direct\":3.0}}}}}}";
    alx_choices c = {0}, theirs = {0};
    char *complaint;
    uint8_t *bytes;
    size_t count;
    write_text(text, sizeof text - 1);
    load(&c, false);
    assert_int_equal(c.count, 0);
    add(&c, "b", false, ALX_CONV_DIRECT);
    save(&c);
    assert_int_equal(alx_file_read(&bytes, &count, file_path(), 1 << 20, NULL), ALX_OK);
    assert_int_equal(alx_choices_parse(&theirs, &complaint, (char *)bytes, count, "another", NULL), ALX_OK);
    assert_null(complaint);
    assert_int_equal(theirs.count, 1);
    assert_int_equal(theirs.list[0]->times[0].seconds * 1e6 + 0.5, 3);
    free(bytes);
    alx_choices_finish(&c);
    alx_choices_finish(&theirs);
}

#define MINE(entries) "{\"version\":1,\"machines\":{\"m\":" entries "}}"
#define ENTRY(us)     "{\"forward\":\"direct\",\"microseconds\":{\"forward\":{\"direct\":" us "}}}"

static void damaged_files(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int known;
        bool complains;
    } cases[] = {
        {MINE("{\"a\":" ENTRY("1.5") "}"), 1, false},
        {MINE("{\"a\":" ENTRY("1") ",\"b\":{\"forward\":\"abacus\"}}"), 1, true},
        {MINE("{\"a\":" ENTRY("-1") "}"), 0, true},
        {MINE("{\"a\":" ENTRY("\"fast\"") "}"), 0, true},
        {MINE("{\"a\":{\"forward\":\"direct\"}}"), 0, true},
        {MINE("{\"a\":{}}"), 0, true},
        {MINE("[]"), 0, true},
        {MINE("{\"a\":null}"), 0, true},
        {"{\"version\":1,\"machines\":{}}", 0, false},
        {"{\"version\":2,\"machines\":{}}", 0, true},
        {"{\"version\":\"1\",\"machines\":{}}", 0, true},
        {"{\"version\":1}", 0, true},
        {"{\"version\":1,\"machines\":[]}", 0, true},
        {"{\"version\":1,\"machines\":{\"m\":{\"a\":[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]}}}", 0, true},
        {"", 0, true},
        {"null", 0, true},
        {"{\"version\":1,\"machines\":{\"m\":{", 0, true},
        {"\xff\xfe", 0, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        alx_choices c = {0};
        char *complaint;
        const size_t bytes = strlen(cases[i].text);
        assert_int_equal(alx_choices_parse(&c, &complaint, cases[i].text, bytes, "m", NULL), ALX_OK);
        if (c.count != cases[i].known || cases[i].complains != (complaint != NULL))
            fail_msg("%s: %d known, %s", cases[i].text, c.count, complaint ? complaint : "no complaint");
        free(complaint);
        alx_choices_finish(&c);
    }
}

/* Too long, and more ways than there are. */
static void large_files(void **state)
{
    (void)state;
    alx_choices c = {0};
    alx_text text = {0};
    alx_text_add(&text, "{\"version\":1,\"machines\":{\"x\":\"");
    for (int i = 0; i < ALX_CHOICES_MAX_BYTES; i++) alx_text_add(&text, "x");
    alx_text_add(&text, "\"}}");
    write_text(text.data, text.length);
    load(&c, true);
    assert_int_equal(c.count, 0);
    add(&c, "a", false, ALX_CONV_DIRECT);
    save(&c);
    alx_choices again = {0};
    load(&again, false);
    assert_same(&c, &again, true);
    alx_choices_finish(&again);
    /* What would be too long is begun anew with what is fresh. */
    char key[300];
    alx_choices many = {0};
    for (int i = 0; i < 3000; i++) {
        snprintf(key, sizeof key, "%0200d", i);
        add(&many, key, false, ALX_CONV_DIRECT);
    }
    save(&many);
    load(&again, true); /* of that much the file says nothing to a reader */
    save(&c);
    load(&again, false);
    assert_same(&c, &again, true);
    alx_text_finish(&text);
    alx_choices_finish(&c);
    alx_choices_finish(&again);
    alx_choices_finish(&many);
}

/* Two processes add theirs, over and over: the file is whole at any time, and nothing is lost. */
static void two_processes_write(void **state)
{
    (void)state;
    enum { TIMES = 20, PROCESSES = 2 };
    char key[32];
    for (int p = 0; p < PROCESSES; p++)
        if (fork() == 0) {
            for (int i = 0; i < TIMES; i++) {
                alx_choices c = {0};
                char *complaint;
                snprintf(key, sizeof key, "process %d, %d", p, i);
                if (alx_choices_load(&c, &complaint, root, NULL) || complaint) _exit(1);
                alx_chosen chosen = {.key = key, .fresh = true, .time_count = 1};
                chosen.choice.fold = ALX_FOLD_NO;
                chosen.choice.ways[ALX_CONV_FORWARD] = ALX_CONV_DIRECT;
                chosen.times[0] = (alx_conv_time){ALX_CONV_FORWARD, false, ALX_CONV_DIRECT, 1e-3};
                if (alx_choices_add(&c, &chosen, NULL) || alx_choices_save(&c, root, NULL)) _exit(2);
                alx_choices_finish(&c);
            }
            _exit(0);
        }
    for (int p = 0; p < PROCESSES; p++) {
        int status;
        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
    }
    alx_choices all = {0};
    load(&all, false);
    assert_int_equal(all.count, TIMES * PROCESSES);
    alx_choices_finish(&all);
}

static void folders_that_cannot_be_written(void **state)
{
    (void)state;
    alx_choices c = {0};
    alx_error err;
    char below[1100], *complaint;
    write_text("a file", 6);
    snprintf(below, sizeof below, "%s/below", file_path()); /* a folder below a file */
    add(&c, "a", false, ALX_CONV_DIRECT);
    assert_int_not_equal(alx_choices_save(&c, below, &err), ALX_OK);
    assert_int_equal(alx_choices_load(&c, &complaint, below, &err), ALX_OK);
    assert_null(complaint);
    alx_choices_finish(&c);
}

static void a_machine_has_a_name(void **state)
{
    (void)state;
    alx_text text = {0};
    alx_choices_machine(&text);
    assert_non_null(strstr(text.data, "oneDNN "));
    assert_true(alx_text_is_utf8(text.data, text.length));
    alx_text_finish(&text);
}

int main(void)
{
#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_has_each_key_once),
        cmocka_unit_test(a_record_reads_back),
        cmocka_unit_test(damaged_records),
        WITH_FOLDER(a_file_reads_back),
        WITH_FOLDER(other_machines_keep_theirs),
        cmocka_unit_test(damaged_files),
        WITH_FOLDER(large_files),
        WITH_FOLDER(two_processes_write),
        WITH_FOLDER(folders_that_cannot_be_written),
        cmocka_unit_test(a_machine_has_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
