/* report/progress and report/table. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "report/progress.h"
#include "report/table.h"

/* ---- Progress ---- */

static double now;

static double fixed_clock(void)
{
    return now;
}

typedef struct capture {
    FILE *file;
    char *text;
    size_t size;
    alx_progress progress;
} capture;

static void capture_init(capture *c, bool terminal, int columns)
{
    *c = (capture){0};
    c->file = open_memstream(&c->text, &c->size);
    assert_non_null(c->file);
    alx_progress_init(&c->progress, c->file);
    assert_false(c->progress.terminal);
    c->progress.terminal = terminal;
    c->progress.columns = columns;
    c->progress.clock = fixed_clock;
    now = 1000;
}

static void capture_finish(capture *c)
{
    fclose(c->file);
    free(c->text);
}

static const alx_event BLANK = {
    .struct_size = sizeof(alx_event), .epochs = 10, .steps = 40, .val_loss = NAN, .val_accuracy = NAN};

static void say(capture *c, alx_event_kind kind, const char *text)
{
    alx_event event = BLANK;
    event.kind = kind;
    event.text = text;
    alx_progress_event(&event, &c->progress);
}

/* Epoch 4 of the course, 0.88 s a step, from step `first` to step `last`. */
static void run_steps(capture *c, int first, int last)
{
    alx_event event = BLANK;
    event.epoch = 4;
    event.kind = ALX_EVENT_EPOCH;
    event.step = first;
    alx_progress_event(&event, &c->progress);
    event.kind = ALX_EVENT_STEP;
    event.loss = 0.3656;
    event.accuracy = 0.8156;
    for (event.step = first + 1; event.step <= last; event.step++) {
        event.seconds = 0.88 * (double)(event.step - first);
        now += 0.88;
        alx_progress_event(&event, &c->progress);
    }
}

static void end_epoch(capture *c, double seconds, double val_accuracy, double val_loss)
{
    alx_event event = BLANK;
    event.kind = ALX_EVENT_EPOCH_END;
    event.epoch = 4;
    event.step = 40;
    event.seconds = seconds;
    event.loss = 0.3656;
    event.accuracy = 0.8156;
    event.val_accuracy = val_accuracy;
    event.val_loss = val_loss;
    alx_progress_event(&event, &c->progress);
}

/* What a terminal shows after the output: \r goes back, characters overwrite, spaces
 * at the end of a line cannot be seen.  The result lasts until the next call. */
static const char *screen(const char *output)
{
    enum { WIDTH = 400, BEHIND_WIDE = 1 };
    static char shown[1 << 16];
    char cells[WIDTH][5] = {{0}};
    size_t used = 0;
    int column = 0;
    for (const char *at = output;; at++) {
        if (*at == '\n' || *at == '\0') {
            int end = WIDTH;
            while (end > 0 && (cells[end - 1][0] == '\0' || strcmp(cells[end - 1], " ") == 0)) end--;
            for (int i = 0; i < end; i++) {
                if (*cells[i] == BEHIND_WIDE) continue;
                used += (size_t)sprintf(shown + used, "%s", *cells[i] ? cells[i] : " ");
            }
            if (*at == '\0') break;
            shown[used++] = '\n';
            memset(cells, 0, sizeof cells);
            column = 0;
        } else if (*at == '\r') {
            column = 0;
        } else {
            assert_true(column < WIDTH);
            int length = 1;
            while ((at[length] & 0xC0) == 0x80) length++;
            snprintf(cells[column], 5, "%.*s", length, at);
            bool wide = alx_table_width(cells[column++]) == 2;
            if (wide) cells[column++][0] = BEHIND_WIDE;
            at += length - 1;
        }
    }
    shown[used] = '\0';
    return shown;
}

static int count_of(const char *text, char c)
{
    int count = 0;
    for (; *text; text++) count += *text == c;
    return count;
}

static void test_log_has_a_line_per_epoch(void **state)
{
    (void)state;
    capture c;
    capture_init(&c, false, 0);
    say(&c, ALX_EVENT_START, "runs/1");
    say(&c, ALX_EVENT_WARNING, "the loss does not fall");
    say(&c, ALX_EVENT_MESSAGE, "found 8000 images");
    run_steps(&c, 0, 40);
    end_epoch(&c, 35.4, 0.9857, 0.0147);
    run_steps(&c, 0, 40);
    end_epoch(&c, 110, NAN, NAN);
    say(&c, ALX_EVENT_END, "done");
    alx_progress_count(3, 10, &c.progress);
    alx_progress_finish(&c.progress);
    assert_string_equal(c.text, "runs/1: 10 epochs of 40 steps\n"
                                "warning: the loss does not fall\n"
                                "found 8000 images\n"
                                "Epoch 4/10: 40/40 ━━━━━━━━━━━━━━━━━━━━ 35s 880ms/step - accuracy: 0.8156 - loss: "
                                "0.3656 - val_accuracy: 0.9857 - val_loss: 0.0147\n"
                                "Epoch 4/10: 40/40 ━━━━━━━━━━━━━━━━━━━━ 110s 880ms/step - accuracy: 0.8156 - loss: "
                                "0.3656\n"
                                "done\n");
    capture_finish(&c);
}

/* The learning rate stands at the end of an epoch's line once it has changed, and from then on. */
static void test_a_rate_that_moves_is_shown(void **state)
{
    (void)state;
    static const double rates[] = {0.01, 0.01, 0.0005, 0.01};
    capture c;
    capture_init(&c, false, 0);
    for (int e = 0; e < 4; e++) {
        alx_event event = BLANK;
        event.kind = ALX_EVENT_STEP;
        event.step = 1;
        event.learning_rate = rates[e];
        alx_progress_event(&event, &c.progress);
        event.kind = ALX_EVENT_EPOCH_END;
        alx_progress_event(&event, &c.progress);
    }
    fflush(c.file);
    const char *first = strstr(c.text, "learning_rate");
    assert_non_null(first);
    assert_int_equal(strncmp(first, "learning_rate: 5.0000e-04\n", 26), 0);
    const char *second = strstr(first + 1, "learning_rate");
    assert_non_null(second);
    assert_string_equal(second, "learning_rate: 0.0100\n");
    capture_finish(&c);
}

static void test_terminal_redraws_one_line(void **state)
{
    (void)state;
    capture c;
    capture_init(&c, true, 100);
    run_steps(&c, 0, 12);
    assert_string_equal(screen(c.text), "Epoch 4/10\n12/40 ━━━━━━────────────── 25s 880ms/step - accuracy: 0.8156 - "
                                        "loss: 0.3656");
    say(&c, ALX_EVENT_WARNING, "hot");
    assert_string_equal(screen(c.text), "Epoch 4/10\nwarning: hot\n");
    end_epoch(&c, 35.4, 0.9857, 0.0147);
    say(&c, ALX_EVENT_END, NULL);
    assert_string_equal(screen(c.text),
                        "Epoch 4/10\nwarning: hot\n40/40 ━━━━━━━━━━━━━━━━━━━━ 35s 880ms/step - accuracy: "
                        "0.8156 - loss: 0.3656 - val_accuracy: 0.9857 - val_loss: 0.0147\n");
    assert_null(strchr(c.text, '\033'));
    capture_finish(&c);
}

static void test_redraws_are_rare(void **state)
{
    (void)state;
    capture c;
    capture_init(&c, true, 100);
    alx_event event = BLANK;
    event.kind = ALX_EVENT_STEP;
    event.steps = 1000;
    for (event.step = 1; event.step <= 1000; event.step++, now += 0.001) alx_progress_event(&event, &c.progress);
    int draws = count_of(c.text, '\r');
    assert_in_range(draws, 10, 12);                        /* the first, one each 0.1 s of the second, the last */
    assert_non_null(strstr(screen(c.text), "1000/1000 ")); /* the last step is always shown */
    capture_finish(&c);
}

static void test_live_line_fits(void **state)
{
    (void)state;
    for (int columns = 10; columns <= 120; columns++) {
        capture c;
        capture_init(&c, true, columns);
        c.progress.label = "评估";
        run_steps(&c, 0, 12);
        const char *line = strchr(screen(c.text), '\n') + 1;
        assert_true(alx_table_width(line) < columns);
        assert_int_equal(strncmp(line, "12/40 ", 6), 0);
        alx_progress_count(7, 9, &c.progress);
        line = strrchr(screen(c.text), '\n') + 1;
        assert_true(alx_table_width(line) < columns);
        capture_finish(&c);
    }
}

/* The width is the terminal's own. */
static void test_asks_the_terminal(void **state)
{
    (void)state;
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    if (master < 0 || grantpt(master) || unlockpt(master)) skip();
    FILE *slave = fopen(ptsname(master), "w");
    if (!slave) skip();
    struct winsize size = {.ws_row = 24, .ws_col = 50};
    assert_int_equal(ioctl(master, TIOCSWINSZ, &size), 0);
    alx_progress progress;
    alx_progress_init(&progress, slave);
    assert_true(progress.terminal);
    alx_event event = BLANK;
    event.kind = ALX_EVENT_STEP;
    event.step = 12;
    event.seconds = 1;
    alx_progress_event(&event, &progress);
    char text[1024] = "";
    assert_true(read(master, text, sizeof text - 1) > 0);
    assert_int_equal(alx_table_width(screen(text)), 49);
    fclose(slave);
    close(master);
}

static void test_validation_is_shown(void **state)
{
    (void)state;
    capture c;
    capture_init(&c, true, 100);
    run_steps(&c, 0, 40);
    alx_event event = BLANK;
    event.kind = ALX_EVENT_VALIDATE;
    event.step = 7;
    event.steps = 14;
    event.seconds = 40;
    now += 1;
    alx_progress_event(&event, &c.progress);
    assert_non_null(strstr(screen(c.text), "\nvalidation 7/14 ━━━━━━━━━━────────── 40s - accuracy"));
    capture_finish(&c);
}

static void test_interrupted_line_stays(void **state)
{
    (void)state;
    capture c;
    capture_init(&c, true, 100);
    run_steps(&c, 0, 12);
    alx_progress_finish(&c.progress);
    alx_progress_finish(&c.progress);
    assert_non_null(strstr(screen(c.text), "loss: 0.3656\n"));
    assert_int_equal(count_of(c.text, '\n'), 2);
    capture_finish(&c);
}

/* A resumed epoch begins at step 30: the rate counts its own steps alone. */
static void test_resumed_epoch(void **state)
{
    (void)state;
    capture c;
    capture_init(&c, true, 100);
    run_steps(&c, 30, 35);
    assert_non_null(strstr(screen(c.text), "35/40 ━━━━━━━━━━━━━━━━━─── 4s 880ms/step"));
    capture_finish(&c);
}

static void test_one_is_singular(void **state)
{
    (void)state;
    capture c;
    capture_init(&c, false, 0);
    alx_event event = BLANK;
    event.kind = ALX_EVENT_START;
    event.text = "runs/1";
    event.epochs = 1;
    event.steps = 1;
    alx_progress_event(&event, &c.progress);
    assert_string_equal(c.text, "runs/1: 1 epoch of 1 step\n");
    capture_finish(&c);
}

static void test_numbers(void **state)
{
    (void)state;
    static const struct {
        double loss;
        const char *text;
    } losses[] = {
        {3.1e-4, "val_loss: 3.1000e-04\n"}, {1e-3, "val_loss: 0.0010\n"}, {0, "val_loss: 0.0000\n"},
        {27.5, "val_loss: 27.5000\n"},      {NAN, "val_loss: nan\n"},     {1e20, "val_loss: 1.0000e+20\n"},
        {-3e6, "val_loss: -3.0000e+06\n"},
    };
    for (size_t i = 0; i < sizeof losses / sizeof losses[0]; i++) {
        capture c;
        capture_init(&c, false, 0);
        end_epoch(&c, 1, 0.5, losses[i].loss);
        assert_non_null(strstr(c.text, losses[i].text));
        capture_finish(&c);
    }
    static const struct {
        double step; /* seconds */
        const char *text;
    } rates[] = {
        {12.34, " 8:14 12s/step"},  {1.25, " 50s 1.2s/step"}, {0.0123, " 0s 12ms/step"},
        {0.0034, " 0s 3.4ms/step"}, {5e-5, " 0s 50us/step"},  {1000, " 11:06:40 1000s/step"},
    };
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        capture c;
        capture_init(&c, true, 100);
        alx_event event = BLANK;
        event.kind = ALX_EVENT_STEP;
        event.steps = 41;
        event.step = 1;
        event.seconds = rates[i].step;
        alx_progress_event(&event, &c.progress);
        if (!strstr(screen(c.text), rates[i].text)) fail_msg("'%s' is not in '%s'", rates[i].text, screen(c.text));
        capture_finish(&c);
    }
}

static void test_counter(void **state)
{
    (void)state;
    capture c;
    capture_init(&c, true, 100);
    c.progress.label = "评估";
    for (int done = 0; done < 10; done++, now += 2) alx_progress_count(done, 10, &c.progress);
    assert_string_equal(screen(c.text), "评估 9/10 ━━━━━━━━━━━━━━━━━━── 2s");
    alx_progress_count(10, 10, &c.progress);
    alx_progress_finish(&c.progress);
    assert_string_equal(screen(c.text), "");
    capture_finish(&c);
}

/* ---- Tables ---- */

static void test_width(void **state)
{
    (void)state;
    assert_int_equal(alx_table_width("abc"), 3);
    assert_int_equal(alx_table_width("数据/隶书"), 9);
    assert_int_equal(alx_table_width("xíng"), 4);
    assert_int_equal(alx_table_width("xi\xCC\x81ng"), 4); /* a combining accent */
    assert_int_equal(alx_table_width("𠀀ﬀ"), 3);          /* a four-byte ideograph, a narrow ligature */
    assert_int_equal(alx_table_width("\xFF\xE4\xB8"), 3); /* no UTF-8 at all, cut short */
    assert_int_equal(alx_table_width("━━"), 2);
}

static void test_table(void **state)
{
    (void)state;
    alx_table table;
    alx_table_init(&table, "类别", ALX_TABLE_LEFT, "precision", ALX_TABLE_RIGHT, "note", ALX_TABLE_LEFT, NULL);
    static const char *const rows[][3] = {{"隶书", "0.9976", ""}, {"xingkai", "", "a\nb"}, {"", "1", "end"}};
    for (int i = 0; i < 3; i++) {
        if (i == 2) alx_table_rule(&table);
        for (int j = 0; j < 3; j++) alx_table_cell(&table, "%s", rows[i][j]);
    }
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    alx_error err = {0};
    assert_int_equal(alx_table_print(&table, out, &err), ALX_OK);
    fclose(out);
    assert_string_equal(text, "━━━━━━━━━━━━━━━━━━━━━━━━\n"
                              "类别     precision  note\n"
                              "━━━━━━━━━━━━━━━━━━━━━━━━\n"
                              "隶书        0.9976\n"
                              "xingkai             a b\n"
                              "────────────────────────\n"
                              "                 1  end\n"
                              "━━━━━━━━━━━━━━━━━━━━━━━━\n");
    free(text);
    alx_table_finish(&table);
}

static void test_table_on_a_full_disk(void **state)
{
    (void)state;
    FILE *full = fopen("/dev/full", "w");
    if (!full) skip();
    setvbuf(full, NULL, _IONBF, 0);
    alx_table table;
    alx_table_init(&table, "a", ALX_TABLE_LEFT, NULL);
    alx_error err = {0};
    assert_int_equal(alx_table_print(&table, full, &err), ALX_IO);
    assert_non_null(strstr(err.message, "disk"));
    alx_table_finish(&table);
    fclose(full);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_log_has_a_line_per_epoch),
        cmocka_unit_test(test_a_rate_that_moves_is_shown),
        cmocka_unit_test(test_terminal_redraws_one_line),
        cmocka_unit_test(test_redraws_are_rare),
        cmocka_unit_test(test_live_line_fits),
        cmocka_unit_test(test_asks_the_terminal),
        cmocka_unit_test(test_validation_is_shown),
        cmocka_unit_test(test_interrupted_line_stays),
        cmocka_unit_test(test_resumed_epoch),
        cmocka_unit_test(test_one_is_singular),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_counter),
        cmocka_unit_test(test_width),
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_table_on_a_full_disk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
