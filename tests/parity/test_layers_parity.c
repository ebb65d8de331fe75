/* Every layer against PyTorch: the cases of tests/fixtures/layers.txt, in f32 exact, in f32 with whatever is faster,
 * and in bf16 where the processor has it.  CTest runs it a second time with ONEDNN_MAX_CPU_ISA=AVX2.
 *
 * PARITY_CASE=conv2d/ runs the cases whose name begins so and prints a line for each. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "parity/case.h"

/* What may differ.  f32: the demand.  bf16 keeps 8 bits of each value, and these networks are small, so that
 * little averages out: the gradient's direction is what must stay. */
typedef struct limits {
    double loss, gradient; /* relative; the gradient's in L2 */
    double cosine;         /* at least; 0 where `gradient` judges */
    double moving;         /* of moving statistics, absolute */
    double zero;           /* gradients below this share of the network's largest are judged by that one: a bias before
                              batch normalisation has none in theory, and rounding in practice */
} limits;

typedef struct way {
    const char *name;
    case_mode mode;
    limits limits;
} way;

static const way ways[] = {
    {"f32 exact", {ALX_F32, true, false, 2}, {1e-5, 1e-4, 0, 1e-5, 1e-2}},
    {"f32", {ALX_F32, false, true, 1}, {1e-5, 1e-4, 0, 1e-5, 1e-2}},
    {"bf16", {ALX_BF16, false, true, 1}, {3e-2, 0, 0.99, 2e-2, 5e-2}},
};

static alx_arena arena;
static case_list list;
static int failures;
static bool verbose;

__attribute__((format(printf, 3, 4))) static void report(const test_case *test, const way *w, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fprintf(stderr, "%s (%s): ", test->name, w->name);
    vfprintf(stderr, format, args);
    fprintf(stderr, "\n");
    va_end(args);
    failures++;
}

static void compare_value(const test_case *test, const way *w, const char *what, double ours, double reference,
                          double allowed)
{
    if (!(fabs(ours - reference) <= allowed))
        report(test, w, "%s is %.8g, PyTorch has %.8g (%.1e off, %.1e allowed)", what, ours, reference,
               fabs(ours - reference), allowed);
}

static void compare_values(const test_case *test, const way *w, const char *what, const float *ours,
                           const case_numbers *reference, double allowed)
{
    char name[160];
    for (int i = 0; i < reference->count; i++) {
        snprintf(name, sizeof name, "%s[%d]", what, i);
        compare_value(test, w, name, (double)ours[i], reference->values[i], allowed);
    }
}

static double largest_norm(const test_case *test)
{
    double largest = 0;
    for (int i = 0; i < test->param_count; i++) largest = fmax(largest, test->params[i].norm);
    return largest;
}

/* |a - b| of two vectors of length 1 with this cosine. */
static double distance_of(double cosine)
{
    return sqrt(2 * (1 - cosine));
}

static void compare_gradient(const case_run *run, const way *w, int param)
{
    const test_case *test = run->test;
    const case_param *reference = &test->params[param];
    float *gradient = case_run_gradient(run, param, NULL);
    assert_non_null(gradient);
    case_difference d = case_compare(test, param, gradient);
    free(gradient);
    double scale = fmax(reference->norm, w->limits.zero * largest_norm(test));
    if (verbose)
        printf("  %-10s %-36s |g| %.4g  off %.1e  cosine %.6f\n", w->name, reference->name, d.norm, d.distance / scale,
               d.cosine);
    if (w->limits.cosine > 0) {
        double cosine = test->bf16_cosine > 0 ? test->bf16_cosine : w->limits.cosine;
        if (!(d.distance <= distance_of(cosine) * scale))
            report(test, w, "gradient of %s: cosine %.4f, |g| %.4g, PyTorch has %.4g", reference->name, d.cosine,
                   d.norm, reference->norm);
        return;
    }
    double allowed = w->limits.gradient * scale;
    if (!(fabs(d.norm - reference->norm) <= allowed && d.distance <= allowed && d.sample <= allowed))
        report(test, w, "gradient of %s: |g| %.6g, PyTorch has %.6g; %.1e off in L2, a sample %.1e, %.1e allowed",
               reference->name, d.norm, reference->norm, d.distance, d.sample, allowed);
}

static void compare_step(const case_run *run, const way *w)
{
    const test_case *test = run->test;
    double allowed = w->limits.loss * fmax(test->loss, 1);
    compare_value(test, w, "loss", case_run_loss(run), test->loss, allowed);
    compare_values(test, w, "losses", alx_engine_losses(run->engine), &test->losses, 3 * allowed);
    compare_values(test, w, "probabilities", alx_engine_probabilities(run->engine), &test->probabilities, allowed);
    for (int i = 0; i < test->param_count; i++) {
        const case_param *p = &test->params[i];
        if (p->norm >= 0) compare_gradient(run, w, i);
        compare_values(test, w, p->name, run->params->data + run->params->list[i].offset, &p->moving, w->limits.moving);
    }
}

static void run_case(const test_case *test, const way *w)
{
    case_run run;
    alx_error err = {0};
    if (case_run_open(&run, test, &w->mode, &err)) {
        report(test, w, "%s", err.message);
        return;
    }
    if (alx_engine_run(run.engine, ALX_MODE_EVALUATE, test->batch, NULL, &err))
        report(test, w, "evaluate: %s", err.message);
    else
        compare_value(test, w, "loss in inference", case_run_loss(&run), test->evaluate,
                      w->limits.loss * fmax(test->evaluate, 1));
    if (case_run_step(&run, &err))
        report(test, w, "train: %s", err.message);
    else
        compare_step(&run, w);
    case_run_close(&run);
}

static void run_way(const way *w)
{
    const char *prefix = getenv("PARITY_CASE");
    int ran = 0, before = failures;
    for (int i = 0; i < list.count; i++) {
        if (prefix && strncmp(list.cases[i].name, prefix, strlen(prefix)) != 0) continue;
        if (verbose) printf("%s\n", list.cases[i].name);
        run_case(&list.cases[i], w);
        ran++;
    }
    assert_true(ran > 0);
    print_message("%s: %d networks against PyTorch\n", w->name, ran);
    assert_int_equal(failures - before, 0);
}

static void test_f32_exact(void **state)
{
    (void)state;
    run_way(&ways[0]);
}

static void test_f32(void **state)
{
    (void)state;
    run_way(&ways[1]);
}

static void test_bf16(void **state)
{
    (void)state;
    alx_dtype type;
    alx_error err;
    if (alx_engine_resolve_precision(&type, ALX_PRECISION_BF16, &err)) {
        print_message("%s\n", err.message);
        skip();
    }
    run_way(&ways[2]);
}

static int read_cases(void **state)
{
    (void)state;
    alx_error err;
    verbose = getenv("PARITY_CASE") != NULL;
    if (!case_list_read(&list, &arena, FIXTURES "/layers.txt", &err)) return 0;
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
