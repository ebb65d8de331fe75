/* metrics.csv as the program reads it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "cli/history.h"

#define HEADER "epoch,loss,accuracy,val_loss,val_accuracy,learning_rate,seconds\n"

static cli_history parse(const char *text)
{
    cli_history history;
    alx_error err = {0};
    if (cli_history_parse(&history, text, "metrics.csv", &err)) fail_msg("%s", err.message);
    return history;
}

static void refuses(const char *text, const char *words)
{
    cli_history history;
    alx_error err = {0};
    if (!cli_history_parse(&history, text, "metrics.csv", &err)) fail_msg("accepted: %s", text);
    assert_int_equal(err.status, ALX_BAD_DATA);
    if (!strstr(err.message, words)) fail_msg("no \"%s\" in: %s", words, err.message);
    assert_int_equal(history.epochs, 0);
}

static void rows_are_read(void **state)
{
    (void)state;
    cli_history h =
        parse(HEADER "1,0.5,0.75,0.6,0.7,0.001,1.5\n2,0.4,0.8,0.3,0.9,0.001,2\n3,0.3,0.9,0.3,0.8,0.001,1\n");
    assert_int_equal(h.epochs, 3);
    assert_true(h.values[CLI_EPOCH][2] == 3 && h.values[CLI_LOSS][1] == 0.4 && h.values[CLI_VAL_ACCURACY][2] == 0.8);
    assert_int_equal(cli_history_best(&h, false), 1); /* the first on a tie */
    assert_int_equal(cli_history_best(&h, true), 1);
    assert_true(cli_history_seconds(&h) == 4.5);
    cli_history_finish(&h);
    h = parse(HEADER "1,0.5,0.75,0.3,0.7,0.001,1\n2,0.4,0.8,0.4,0.9,0.001,1\n3,0.3,0.9,0.5,0.9,0.001,1\n");
    assert_int_equal(cli_history_best(&h, false), 0);
    assert_int_equal(cli_history_best(&h, true), 1); /* what val_accuracy watches may be another epoch */
    cli_history_finish(&h);
    h = parse(HEADER);
    assert_int_equal(h.epochs, 0);
    assert_int_equal(cli_history_best(&h, false), -1);
    assert_true(isnan(cli_history_seconds(&h)));
    cli_history_finish(&h);
}

/* Columns have names, not places; what is not there is NaN. */
static void columns_are_found_by_name(void **state)
{
    (void)state;
    cli_history h = parse("seconds,note,loss,epoch\r\n1.5,warm-up,0.5,1\r\n,,0.25,2");
    assert_int_equal(h.epochs, 2);
    assert_true(h.values[CLI_LOSS][1] == 0.25 && h.values[CLI_EPOCH][1] == 2);
    assert_true(isnan(h.values[CLI_VAL_LOSS][0]) && isnan(h.values[CLI_ACCURACY][1]));
    assert_int_equal(cli_history_best(&h, false), 1); /* by the training loss */
    assert_int_equal(cli_history_best(&h, true), -1);
    assert_true(isnan(cli_history_seconds(&h)));
    cli_history_finish(&h);
}

static void damage_is_refused(void **state)
{
    (void)state;
    refuses("", "metrics.csv:1: no columns epoch and loss");
    refuses("path,rank,class\nx,1,y\n", "metrics.csv:1: no columns epoch and loss");
    refuses("epoch,loss,loss\n", "metrics.csv:1: two columns are called loss");
    refuses("epoch,loss\n1,0.5\n2\n", "metrics.csv:3: not 2 fields");
    refuses("epoch,loss\n1,0.5,7\n", "metrics.csv:2: not 2 fields");
    refuses("epoch,loss\n1,0.5\n\n2,0.4\n", "metrics.csv:3: not 2 fields");
    refuses("epoch,loss\n1,fast\n", "metrics.csv:2: loss is \"fast\", which is no number");
    refuses("epoch,loss\n1,0.5 0.6\n", "which is no number");
    char wide[400] = "epoch,loss";
    for (int i = 0; i < 63; i++) strcat(wide, ",x");
    refuses(wide, "more than 64 columns");
    char field[200] = "epoch,loss\n1,";
    memset(field + strlen(field), '7', 100);
    refuses(field, "metrics.csv:2: not 2 fields");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_read),
        cmocka_unit_test(columns_are_found_by_name),
        cmocka_unit_test(damage_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
