/* cli/measures: calibration, the area under the ROC curve, thresholds; numbers from definitions, by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "cli/measures.h"

#define near(a, b) assert_true(fabs((a) - (b)) < 1e-12)

static void test_calibration(void **state)
{
    (void)state;
    cli_calibration c = {0};
    cli_calibration_take(&c, 0.95, true);
    cli_calibration_take(&c, 1, false); /* the last bin holds its upper end */
    cli_calibration_take(&c, 0.55, true);
    cli_calibration_take(&c, 0, false);
    cli_calibration_end(&c);
    near(c.count[9], 2);
    near(c.confidence[9], 0.975);
    near(c.accuracy[9], 0.5);
    near(c.confidence[5], 0.55);
    near(c.accuracy[5], 1);
    near(c.accuracy[0], 0);
    assert_true(isnan(c.accuracy[3]) && isnan(c.confidence[3]));
    near(c.error, 0.5 * 0.475 + 0.25 * 0.45 + 0.25 * 0);
}

static void test_area(void **state)
{
    (void)state;
    cli_scored s[] = {{0.2, 0}, {0.9, 1}, {0.4, 1}, {0.4, 0}, {0.7, 0}};
    cli_scored_sort(s, 5);
    near(s[0].score, 0.9);
    /* Pairs of a positive and a negative: 3 won of 0.9; of 0.4 one won, one tied, one lost. */
    near(cli_scored_area(s, 5), (3 + 1 + 0.5) / 6);
    const cli_scored alone[] = {{0.5, 1}};
    assert_true(isnan(cli_scored_area(alone, 1)));
}

static void test_sweep(void **state)
{
    (void)state;
    cli_scored s[] = {{0.9, 1}, {0.7, 0}, {0.5, 1}, {0.2, 0}};
    cli_sweep sweep;
    cli_scored_sort(s, 4);
    cli_scored_sweep(&sweep, s, 4);
    near(sweep.thresholds[50], 0.5);
    near(sweep.accuracy[50], 0.75); /* from 0.5 on, itself among them */
    near(sweep.precision[50], 2.0 / 3);
    near(sweep.recall[50], 1);
    near(sweep.accuracy[80], 0.75);
    near(sweep.precision[80], 1);
    near(sweep.recall[80], 0.5);
    near(sweep.accuracy[0], 0.5);
    near(sweep.recall[0], 1);
    assert_true(isnan(sweep.precision[100]));
    near(sweep.recall[100], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_calibration),
        cmocka_unit_test(test_area),
        cmocka_unit_test(test_sweep),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
