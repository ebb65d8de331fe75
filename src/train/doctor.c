#include "train/doctor.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "train/diagnosis.h"

/* A rate from which the course AlexNet starts smoothly; Adam's default spikes to a loss of 20-35 at step 2. */
static const double gentle_rate = 1e-4;

const char *alx_doctor_number(double value, char buffer[32])
{
    snprintf(buffer, 32, "%.3g", value);
    return isfinite(value) ? alx_text_number(strtod(buffer, NULL), buffer) : buffer;
}

double alx_doctor_reach(double p, int64_t count)
{
    return count > 0 ? p + 2.0 * sqrt(p * (1.0 - p) / (double)count) : 1.0;
}

/* ---- Moments ---- */

static bool sits_at_guess(const alx_epoch_result *result, double guess)
{
    return fabs(result->loss - guess) <= 0.01 * guess;
}

static bool trains_at_chance(const alx_case *c, const alx_epoch_result *result)
{
    return result->accuracy <= alx_doctor_reach(c->train_chance, c->train_count);
}

/* Half of the way from guessing to knowing all. */
static double halfway(double chance)
{
    return (1.0 + chance) / 2.0;
}

/* Steps in which a healthy network may still sit at guessing: the course AlexNet does for 40 at Adam 1e-4. */
enum { PATIENCE = 60 };

static bool is_stuck(const alx_case *c, int64_t epoch)
{
    const alx_epoch_result *result = &c->history[epoch - 1];
    if (epoch < 2 || epoch * c->epoch_steps < PATIENCE || !trains_at_chance(c, result)) return false;
    return result->loss >= 0.99 * c->guess || result->one_class;
}

/* Training is past halfway and validation cannot be told from chance, although it has images enough to tell. */
static bool validates_at_chance(const alx_case *c, int64_t epoch)
{
    if (epoch < 1 || c->validation_count == 0) return false;
    const alx_epoch_result *result = &c->history[epoch - 1];
    const double reach = alx_doctor_reach(c->chance, c->validation_count);
    if (!(result->accuracy >= halfway(c->train_chance)) || reach >= halfway(c->chance)) return false;
    return result->one_class || (result->val_loss > c->guess && result->val_accuracy <= reach);
}

/* Two epochs in a row: one bad evaluation is no finding. */
static bool learns_by_heart(const alx_case *c, int64_t epoch)
{
    return epoch >= 2 && validates_at_chance(c, epoch) && validates_at_chance(c, epoch - 1);
}

alx_moment alx_doctor_moment(const alx_case *c)
{
    const int64_t last = c->epochs;
    if (last < 1) return ALX_MOMENT_NONE;
    if (last == 1) return trains_at_chance(c, &c->history[0]) ? ALX_MOMENT_FIRST_EPOCH : ALX_MOMENT_NONE;
    if (is_stuck(c, last) && !is_stuck(c, last - 1)) return ALX_MOMENT_STALL;
    if (learns_by_heart(c, last) && !learns_by_heart(c, last - 1)) return ALX_MOMENT_VALIDATION;
    return ALX_MOMENT_NONE;
}

bool alx_doctor_jumped(double loss, double guess, double start)
{
    /* Small networks with batch normalisation were seen at 6 (guessing: 0.69) and learned. */
    return loss > 8.0 * guess && !(loss <= 2.0 * start);
}

/* ---- Words ---- */

static void say_epochs(alx_text *text, const alx_case *c)
{
    const alx_epoch_result *last = &c->history[c->epochs - 1];
    const bool at_guess = sits_at_guess(last, c->guess);
    alx_text_printf(text, "after %" PRId64 " epoch%s ", c->epochs, c->epochs == 1 ? "" : "s");
    if (last->one_class && !at_guess)
        alx_text_add(text, "every validation image is given the same class: ");
    else
        alx_text_printf(text, "the loss is %.4f, %s that of guessing among %d classes (%.4f): ", last->loss,
                        at_guess                ? "about"
                        : last->loss > c->guess ? "above"
                                                : "near",
                        c->classes, c->guess);
}

static void say_validation(alx_text *text, const alx_case *c)
{
    const alx_epoch_result *last = &c->history[c->epochs - 1];
    alx_text_printf(text,
                    "after %" PRId64 " epochs %.1f %% of the training images are recognised and %.1f %% of the %" PRId64
                    " validation images, which is chance (up to %.1f %%): ",
                    c->epochs, 100.0 * last->accuracy, 100.0 * last->val_accuracy, c->validation_count,
                    100.0 * alx_doctor_reach(c->chance, c->validation_count));
}

static void say_jump(alx_text *text, const alx_case *c)
{
    char loss[32], guess[32];
    alx_text_printf(text, "at step %" PRId64 " the loss is %s, where guessing costs %s: ", c->steps,
                    alx_doctor_number(c->loss, loss), alx_doctor_number(c->guess, guess));
}

static void say_symptom(alx_text *text, const alx_case *c)
{
    switch (c->moment) {
    case ALX_MOMENT_START: alx_text_add(text, "before the first step: "); break;
    case ALX_MOMENT_JUMP: say_jump(text, c); break;
    case ALX_MOMENT_FIRST_EPOCH:
    case ALX_MOMENT_STALL: say_epochs(text, c); break;
    case ALX_MOMENT_VALIDATION: say_validation(text, c); break;
    default: break;
    }
}

static double lower_rate(const alx_case *c)
{
    const double tenth = c->config->optimizer.learning_rate / 10;
    return c->moment == ALX_MOMENT_DIVERGED || tenth > gentle_rate ? tenth : gentle_rate;
}

/* Whether lowering it is any use: where nothing has diverged, not below a rate that is gentle already. */
static bool can_lower(const alx_case *c)
{
    return c->moment == ALX_MOMENT_DIVERGED || c->config->optimizer.learning_rate > gentle_rate;
}

static void say_advice(alx_text *text, const alx_case *c, const alx_diagnosis *row)
{
    char now[32], lower[32];
    const bool rate = row->rate && can_lower(c);
    if (rate || row->advice) alx_text_add(text, "; ");
    if (rate)
        alx_text_printf(text, "try learning_rate %s (it is %s)", alx_doctor_number(lower_rate(c), lower),
                        alx_text_number(c->config->optimizer.learning_rate, now));
    if (rate && row->advice) alx_text_add(text, ", or ");
    if (row->advice) alx_text_add(text, row->advice);
}

/* ---- The table ---- */

const char *alx_doctor_row_name(int row)
{
    return alx_diagnoses[row].name;
}

/* The first row that applies; what it found stands in `found`. */
static int find_row(alx_text *found, const alx_case *c)
{
    for (int i = 0; i < ALX_DIAGNOSES; i++)
        if (alx_diagnoses[i].moments & (int)c->moment && alx_diagnoses[i].find(found, c)) return i;
    return -1;
}

alx_verdict alx_doctor_examine(alx_text *advice, const alx_case *c)
{
    alx_text found = {0};
    const int row = find_row(&found, c);
    if (row >= 0) {
        say_symptom(advice, c);
        alx_text_add(advice, found.failed ? alx_diagnoses[row].name : found.data);
        say_advice(advice, c, &alx_diagnoses[row]);
    }
    alx_text_finish(&found);
    int subject = 0;
    while (row >= 0 && alx_diagnoses[subject].find != alx_diagnoses[row].find) subject++;
    return (alx_verdict){row, subject, row >= 0 && alx_diagnoses[row].note};
}

alx_status alx_doctor_diverged(const alx_case *c, const char *what, int64_t epoch, int64_t step, const char *folder,
                               const char *kept, alx_error *err)
{
    alx_printable shown;
    alx_text found = {0}, advice = {0};
    const int row = find_row(&found, c);
    static const alx_diagnosis unknown = {.rate = true};
    say_advice(&advice, c, row < 0 ? &unknown : &alx_diagnoses[row]);
    const bool say = row >= 0 && !found.failed;
    alx_status status = alx_fail(err, ALX_DIVERGED, "%s: %s at step %" PRId64 " of epoch %" PRId64 "%s%s; %s%s%s",
                                 alx_text_printable(folder, shown), what, step, epoch, say ? ": " : "",
                                 say ? found.data : "", kept, advice.failed ? "" : advice.data,
                                 c->config->precision == ALX_PRECISION_F32 ? "" : ", or precision f32");
    alx_text_finish(&found);
    alx_text_finish(&advice);
    return status;
}
