/* One training step of the course's AlexNet at full size against PyTorch (float64), as tests/fixtures/full_step.txt
 * keeps it: norms, random projections and sampled entries.  `./run parity` compares every entry. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "parity/case.h"

static alx_arena arena;
static case_list list;

/* Relative errors of the loss and, in L2, of each gradient and of all together. */
typedef struct limits {
    double loss, gradient, whole;
} limits;

/* Of three million ReLUs and maxima a few lie within rounding of turning, and one that turns moves the gradients before
 * it by as much.  The fixture's seed is one where none turns with AVX2 and AVX-512; other instructions, which round
 * otherwise, may meet one. */
static const double TURNED = 1e-2;

static bool may_turn(const case_param *param, double off, limits allowed)
{
    if (off <= allowed.gradient || off > TURNED || strncmp(param->name, "conv2d", 6) != 0) return false;
    print_message("  a ReLU or maximum behind %s turned on rounding\n", param->name);
    return true;
}

/* Returns |ours - reference|^2. */
static double check_gradient(const case_run *run, int param, limits allowed)
{
    const case_param *reference = &run->test->params[param];
    float *gradient = case_run_gradient(run, param, NULL);
    assert_non_null(gradient);
    case_difference d = case_compare(run->test, param, gradient);
    free(gradient);
    double off = fmax(d.distance, fmax(fabs(d.norm - reference->norm), d.sample)) / reference->norm;
    print_message("  %-16s |g| %9.4g  off %.1e\n", reference->name, d.norm, off);
    assert_true(isfinite(d.norm) && isfinite(d.sample));
    assert_true(off <= allowed.gradient || may_turn(reference, off, allowed));
    return d.distance * d.distance;
}

static void check_step(const case_mode *mode, limits allowed)
{
    const test_case *test = &list.cases[0];
    case_run run;
    alx_error err = {0};
    if (case_run_open(&run, test, mode, &err) || case_run_step(&run, &err)) fail_msg("%s", err.message);
    double loss = case_run_loss(&run);
    print_message("  loss %.8f, PyTorch %.8f\n", loss, test->loss);
    assert_true(fabs(loss - test->loss) <= allowed.loss * test->loss);
    double off = 0, norm = 0;
    for (int i = 0; i < test->param_count; i++) {
        off += check_gradient(&run, i, allowed);
        norm += test->params[i].norm * test->params[i].norm;
    }
    assert_true(sqrt(off) <= allowed.whole * sqrt(norm));
    case_run_close(&run);
}

static void test_f32_exact(void **state)
{
    (void)state;
    check_step(&(case_mode){ALX_F32, true, true, 2}, (limits){1e-5, 1e-4, 1e-3});
}

/* Winograd where oneDNN has it: its transforms cost about a digit. */
static void test_f32(void **state)
{
    (void)state;
    check_step(&(case_mode){ALX_F32, false, true, 2}, (limits){1e-4, 1e-3, 1e-3});
}

/* A relative distance of 0.14 is a cosine of 0.99.  8 bits turn so many ReLUs of a network with random weights that
 * single tensors stay at 0.97, in PyTorch too (`./run parity` prints both). */
static void test_bf16(void **state)
{
    (void)state;
    alx_dtype type;
    alx_error err;
    if (alx_engine_resolve_precision(&type, ALX_PRECISION_BF16, &err)) skip();
    check_step(&(case_mode){ALX_BF16, false, true, 2}, (limits){3e-2, 0.35, 0.14});
}

static int read_cases(void **state)
{
    (void)state;
    alx_error err;
    if (!case_list_read(&list, &arena, FIXTURES "/full_step.txt", &err) && list.count == 1) return 0;
    fprintf(stderr, "%s\n", err.message);
    return -1;
}

static int release_cases(void **state)
{
    (void)state;
    alx_arena_finish(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_f32_exact),
        cmocka_unit_test(test_f32),
        cmocka_unit_test(test_bf16),
    };
    return cmocka_run_group_tests(tests, read_cases, release_cases);
}
