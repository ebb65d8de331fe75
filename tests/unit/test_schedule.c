/* Learning rates against PyTorch's schedulers, and which epoch is best. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "train/monitor.h"

/* As in make_schedule.py. */
enum { EPOCHS = 8, STEPS = 5, RESULTS = 14 };
static const double rate = 0.1;

#define NONE .decay_factor = 0.1, .decay_epochs = 30, .plateau_patience = 5
static const struct {
    const char *name;
    alx_schedule_config config;
    double min_delta;
} known[] = {
    {"constant", {.kind = ALX_SCHEDULE_CONSTANT, NONE}, 0},
    {"step", {.kind = ALX_SCHEDULE_STEP, .decay_factor = 0.1, .decay_epochs = 3}, 0},
    {"exponential", {.kind = ALX_SCHEDULE_EXPONENTIAL, .decay_factor = 0.7, .decay_epochs = 1}, 0},
    {"cosine", {.kind = ALX_SCHEDULE_COSINE, NONE}, 0},
    {"cosine-floor", {.kind = ALX_SCHEDULE_COSINE, NONE, .min_learning_rate = 0.01}, 0},
    {"one_cycle", {.kind = ALX_SCHEDULE_ONE_CYCLE, NONE}, 0},
    {"constant-warmup", {.kind = ALX_SCHEDULE_CONSTANT, NONE, .warmup_epochs = 2}, 0},
    {"cosine-warmup", {.kind = ALX_SCHEDULE_COSINE, NONE, .warmup_epochs = 2}, 0},
    {"plateau", {.kind = ALX_SCHEDULE_PLATEAU, .decay_factor = 0.5, .plateau_patience = 2}, 0},
    {"plateau-delta",
     {.kind = ALX_SCHEDULE_PLATEAU, .decay_factor = 0.5, .plateau_patience = 3, .min_learning_rate = 0.03},
     0.02},
};

static void near(const char *name, int at, double got, double wanted)
{
    if (!(fabs(got - wanted) <= 1e-10)) fail_msg("%s, %d: %.12g, not %.12g", name, at, got, wanted);
}

static double number(FILE *file)
{
    double value;
    assert_int_equal(fscanf(file, "%lf", &value), 1);
    return value;
}

static void check_steps(const char *name, const alx_schedule_config *config, FILE *file)
{
    for (int s = 0; s < EPOCHS * STEPS; s++) {
        const alx_schedule_place place = {.step = s, .steps_per_epoch = STEPS, .epochs = EPOCHS};
        near(name, s, alx_schedule_rate(config, rate, &place), number(file));
    }
}

static void check_plateau(const char *name, const alx_train_config *config, FILE *file)
{
    alx_standing standing = {.best = INFINITY, .reference = INFINITY};
    for (int e = 1; e <= RESULTS; e++) {
        const alx_epoch_result result = {.loss = 9, .val_loss = number(file)};
        alx_monitor_observe(&standing, config, &result, e);
        const alx_schedule_place place = {
            .step = e, .steps_per_epoch = 1, .epochs = RESULTS, .plateau_drops = standing.plateau_drops};
        near(name, e, alx_schedule_rate(&config->schedule, rate, &place), number(file));
    }
}

static void rates_match_pytorch(void **unused)
{
    (void)unused;
    FILE *file = fopen(FIXTURES "/schedule.txt", "r");
    assert_non_null(file);
    char name[64];
    size_t rows = 0;
    for (; fscanf(file, "%63s", name) == 1; rows++) {
        size_t k = 0;
        while (k < sizeof known / sizeof known[0] && strcmp(known[k].name, name) != 0) k++;
        assert_true(k < sizeof known / sizeof known[0]);
        const alx_train_config config = {.schedule = known[k].config, .min_delta = known[k].min_delta};
        if (config.schedule.kind == ALX_SCHEDULE_PLATEAU)
            check_plateau(name, &config, file);
        else
            check_steps(name, &config.schedule, file);
    }
    fclose(file);
    assert_int_equal(rows, sizeof known / sizeof known[0]);
}

/* Positive, finite and never above learning_rate, for runs of one step and warm-up of a part of it too. */
static void rates_stay_in_bounds(void **unused)
{
    (void)unused;
    for (int kind = ALX_SCHEDULE_CONSTANT; kind <= ALX_SCHEDULE_PLATEAU; kind++)
        for (int steps = 1; steps <= 4; steps++)
            for (int epochs = 1; epochs <= 4; epochs++)
                for (int warm = 0; warm <= 4; warm++) {
                    const alx_schedule_config config = {.kind = kind, NONE, .warmup_epochs = warm / 4.0 * epochs};
                    for (int s = 0; s < steps * epochs + 3; s++) { /* a few past the end */
                        const alx_schedule_place place = {.step = s, .steps_per_epoch = steps, .epochs = epochs};
                        double r = alx_schedule_rate(&config, rate, &place);
                        if (!(r >= 0 && r <= rate * (1 + 1e-12))) fail_msg("kind %d, step %d: %g", kind, s, r);
                    }
                }
}

static void warm_up_multiplies_every_schedule(void **unused)
{
    (void)unused;
    const alx_schedule_config steps = {.kind = ALX_SCHEDULE_STEP,
                                       .decay_factor = 0.5,
                                       .decay_epochs = 1,
                                       .warmup_epochs = 1.5,
                                       .min_learning_rate = 0.04};
    alx_schedule_place place = {.step = 0, .steps_per_epoch = 4, .epochs = 5}; /* six steps of warm-up */
    near("first", 0, alx_schedule_rate(&steps, rate, &place), 0.1 / 6);
    place.step = 3;
    near("line", 3, alx_schedule_rate(&steps, rate, &place), 0.1 * 4 / 6);
    place.step = 4;
    near("dropped", 4, alx_schedule_rate(&steps, rate, &place), 0.05 * 5 / 6);
    place.step = 8;
    near("floor", 8, alx_schedule_rate(&steps, rate, &place), 0.04);
}

/* ---- The monitor ---- */

typedef struct history {
    alx_standing standing;
    int64_t epoch;
    bool best;
} history;

static void see(history *h, const alx_train_config *config, double loss, double accuracy)
{
    const alx_epoch_result result = {.loss = 5, .accuracy = 0.5, .val_loss = loss, .val_accuracy = accuracy};
    h->best = alx_monitor_observe(&h->standing, config, &result, ++h->epoch);
}

static void patience_counts_epochs_without_improvement(void **unused)
{
    (void)unused;
    const alx_train_config config = {.patience = 2, .min_delta = 0.1};
    history h = {.standing = {.best = INFINITY, .reference = INFINITY}};
    see(&h, &config, 1.0, 0.5);
    assert_true(h.best && h.standing.wait == 0);
    see(&h, &config, 0.95, 0.5); /* the best, but not by min_delta */
    assert_true(h.best && h.standing.wait == 1 && !alx_monitor_ended(&h.standing, &config));
    see(&h, &config, 0.85, 0.5); /* together they are enough */
    assert_true(h.best && h.standing.wait == 0);
    see(&h, &config, 0.85, 0.9);
    assert_false(h.best); /* the first on a tie */
    assert_false(alx_monitor_ended(&h.standing, &config));
    see(&h, &config, 0.86, 0.9);
    assert_true(alx_monitor_ended(&h.standing, &config));
    assert_int_equal(h.standing.best_epoch, 3);
    const alx_train_config endless = {.patience = 0};
    assert_false(alx_monitor_ended(&h.standing, &endless));
}

static void the_monitor_may_be_the_accuracy(void **unused)
{
    (void)unused;
    const alx_train_config config = {.monitor = ALX_MONITOR_ACCURACY};
    history h = {.standing = {.best = INFINITY, .reference = INFINITY}};
    see(&h, &config, 1.0, 0.5);
    see(&h, &config, 2.0, 0.75); /* a larger loss */
    assert_true(h.best && h.standing.best_epoch == 2);
    see(&h, &config, 0.1, 0.7);
    assert_false(h.best);
    assert_string_equal(alx_monitor_name(&config, true), "val_accuracy");
    assert_string_equal(alx_monitor_name(&config, false), "accuracy");
    const alx_epoch_result training_alone = {.loss = 3, .accuracy = 0.25, .val_loss = NAN, .val_accuracy = NAN};
    assert_true(alx_monitor_value(&config, &training_alone) == 0.25);
    const alx_train_config loss = {.monitor = ALX_MONITOR_LOSS};
    assert_true(alx_monitor_value(&loss, &training_alone) == 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rates_match_pytorch),
        cmocka_unit_test(rates_stay_in_bounds),
        cmocka_unit_test(warm_up_multiplies_every_schedule),
        cmocka_unit_test(patience_counts_epochs_without_improvement),
        cmocka_unit_test(the_monitor_may_be_the_accuracy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
