#include "train/doctor.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* A rate from which the course AlexNet starts smoothly; Adam's default spikes to a loss of 20-35 at step 2. */
static const double gentle_rate = 1e-4;

/* To three digits: a tenth of a rate is advice, not 1.0000000000000001e+29. */
static const char *short_number(double value, char buffer[32])
{
    snprintf(buffer, 32, "%.3g", value);
    return alx_text_number(strtod(buffer, NULL), buffer);
}

static bool sits_at_guess(const alx_epoch_result *result, double guess)
{
    return fabs(result->loss - guess) <= 0.01 * guess;
}

static bool is_stuck(const alx_case *patient, int64_t epoch)
{
    const alx_epoch_result *result = &patient->history[epoch - 1];
    return epoch >= 2 && (sits_at_guess(result, patient->guess) || result->one_class);
}

static void add_remedy(alx_text *advice, const alx_train_config *config)
{
    char rate[32], lower[32];
    double now = config->optimizer.learning_rate;
    if (now > gentle_rate)
        alx_text_printf(advice,
                        "try learning_rate %s (it is %s), or another seed (it is %" PRId64 "): some starts never leave "
                        "this plateau",
                        short_number(now / 10 > gentle_rate ? now / 10 : gentle_rate, lower),
                        alx_text_number(now, rate), config->seed);
    else
        alx_text_printf(advice,
                        "give it more epochs, look at the labels (alexnet show), try another seed (it is %" PRId64
                        "), or a network with batch normalisation such as model: starter",
                        config->seed);
}

bool alx_doctor_examine(alx_text *advice, const alx_case *patient)
{
    int64_t last = patient->epochs;
    /* Said once: again only after it had recovered. */
    if (last < 2 || !is_stuck(patient, last) || is_stuck(patient, last - 1)) return false;
    const alx_epoch_result *result = &patient->history[last - 1];
    if (sits_at_guess(result, patient->guess))
        alx_text_printf(advice, "after %" PRId64 " epochs the loss is %.4f, that of guessing among %d classes (%.4f)",
                        last, result->loss, patient->classes, patient->guess);
    else
        alx_text_printf(advice, "after %" PRId64 " epochs every validation image is given the same class", last);
    alx_text_add(advice, ": the network has learned nothing yet; ");
    add_remedy(advice, patient->config);
    return true;
}

alx_status alx_doctor_diverged(const alx_train_config *config, const char *what, int64_t epoch, int64_t step,
                               const char *folder, const char *kept, alx_error *err)
{
    char rate[32], lower[32];
    double now = config->optimizer.learning_rate;
    return alx_fail(err, ALX_DIVERGED,
                    "%s: %s at step %" PRId64 " of epoch %" PRId64 "; %s; try learning_rate %s (it is %s)%s", folder,
                    what, step, epoch, kept, short_number(now / 10, lower), alx_text_number(now, rate),
                    config->precision == ALX_PRECISION_F32 ? "" : " or precision f32");
}
