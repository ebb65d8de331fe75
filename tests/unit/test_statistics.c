/* Intervals and tests against figures of another derivation (make_statistics.py). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "alexnet.h"

static void assert_near(double value, double wanted, const char *line)
{
    if (fabs(value - wanted) > 1e-9 * fabs(wanted)) fail_msg("%.17g, not %.17g: %s", value, wanted, line);
}

static void known_figures(void **state)
{
    (void)state;
    FILE *file = fopen(FIXTURES "/statistics.txt", "r");
    assert_non_null(file);
    char line[256];
    int wilson = 0, mcnemar = 0;
    while (fgets(line, sizeof line, file)) {
        long long a, b;
        double low, high, got[2];
        if (sscanf(line, "wilson %lld %lld %lf %lf", &a, &b, &low, &high) == 4) {
            alx_accuracy_interval(a, b, got);
            assert_near(got[0], low, line);
            assert_near(got[1], high, line);
            wilson++;
        } else if (sscanf(line, "mcnemar %lld %lld %lf", &a, &b, &low) == 3) {
            assert_near(alx_mcnemar(a, b), low, line);
            mcnemar++;
        } else {
            fail_msg("not understood: %s", line);
        }
    }
    fclose(file);
    assert_int_equal(wilson, 14);
    assert_int_equal(mcnemar, 19);
}

static void ends_and_extremes(void **state)
{
    (void)state;
    double range[2];
    alx_accuracy_interval(0, 0, range);
    assert_true(range[0] == 0 && range[1] == 1);
    /* Exactly: nobody wants to read -0.0000 or 1.0000000002. */
    for (int64_t count = 1; count < 2000; count++) {
        alx_accuracy_interval(0, count, range);
        assert_true(range[0] == 0 && range[1] > 0 && range[1] < 1);
        alx_accuracy_interval(count, count, range);
        assert_true(range[1] == 1 && range[0] > 0 && range[0] < 1);
    }
    /* Large numbers: symmetric, falling with the difference, and never outside 0..1. */
    double before = 1;
    for (int64_t d = 0; d <= 8000; d += 500) {
        const double p = alx_mcnemar(1000000 - d, 1000000 + d);
        assert_true(p > 0 && (d == 0 ? p == 1 : p < before));
        assert_true(p == alx_mcnemar(1000000 + d, 1000000 - d));
        before = p;
    }
    assert_true(alx_mcnemar(0, 100000) == 0);
}

static void holm_corrects(void **state)
{
    (void)state;
    /* Sorted 0.005 0.01 0.03 0.04 times 4 3 2 1, and never below one before. */
    const double p[] = {0.01, 0.04, 0.03, 0.005}, wanted[] = {0.03, 0.06, 0.06, 0.02};
    double adjusted[4];
    alx_holm(p, adjusted, 4);
    for (int i = 0; i < 4; i++) assert_true(fabs(adjusted[i] - wanted[i]) < 1e-15);
    alx_holm(p, adjusted, 1);
    assert_true(adjusted[0] == p[0]);
    const double equal[] = {0.5, 0.5, 0.02};
    alx_holm(equal, adjusted, 3);
    assert_true(adjusted[0] == 1 && adjusted[1] == 1 && fabs(adjusted[2] - 0.06) < 1e-15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_figures),
        cmocka_unit_test(ends_and_extremes),
        cmocka_unit_test(holm_corrects),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
