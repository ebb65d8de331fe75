/* The diagnoses: what has to be seen, what is said about it, what people do.  docs/doctor.md shows each with an
 * example.  Thresholds leave room: a healthy run must never meet one. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "train/diagnosis.h"

/* Sizes are root mean squares. */
static const double LARGE_INPUT = 10.0;  /* scaled images have 0.2 to 2 */
static const double SMALL_INPUT = 0.01;  /* of the largest value; images that are scaled twice reach 0.004 */
static const double LARGE_GAIN = 10.0;   /* a layer's output over its input: Glorot's and He's weights give 0.2 to 2 */
static const double SMALL_GAIN = 0.01;   /* the same */
static const double BAD_START = 2.0;     /* loss over that of guessing: networks begin at 1 to 1.5 */
static const double LARGE_SCORES = 10.0; /* the last layer's output before the first step, where 1 is usual */
static const double LARGE_UPDATE = 0.05; /* a step's length over the tensor's: 0.001 is usual, Adam begins with more */
static const double SMALL_UPDATE = 3e-4; /* the same */
static const double GROWN = 10.0;        /* an output over what it was at the start */
static const double NO_SPREAD = 1e-5;    /* of an output, over images and places, against its size */
static const double NO_SIGNAL = 0.05;    /* p of the test */

/* ---- What several look at ---- */

static const char *name_of(const alx_case *c, int layer)
{
    return c->graph->spec.layers[layer].name;
}

static const alx_layer_statistics *read_by(const alx_case *c, const alx_probe *probe, int layer)
{
    const int from = c->graph->spec.layers[layer].inputs[0];
    return from < 0 ? &probe->input : &probe->layers[from];
}

/* The kernel of a layer that weighs its inputs: its index among the parameters; else -1. */
static int kernel_of(const alx_case *c, int layer)
{
    const alx_graph_layer *l = &c->graph->layers[layer];
    return l->param_count > 0 && c->graph->params[l->first_param].decl.fan_in > 0 ? l->first_param : -1;
}

static int last_weighing(const alx_case *c)
{
    int last = -1;
    for (int i = 0; i < c->graph->spec.layer_count; i++)
        if (kernel_of(c, i) >= 0) last = i;
    return last;
}

/* The size of a layer's output over that of its input; behind batch normalisation, which takes sizes away, where that
 * reads it.  NaN where it is not known. */
static double gain_of(const alx_case *c, const alx_probe *probe, int layer)
{
    int out = layer;
    if (layer + 1 < c->graph->spec.layer_count) {
        const alx_spec_layer *next = &c->graph->spec.layers[layer + 1];
        if (strcmp(next->cls->name, "batch_normalization") == 0 && next->inputs[0] == layer) out++;
    }
    const alx_layer_statistics *x = read_by(c, probe, layer), *y = &probe->layers[out];
    return x->count && y->count && x->size > 0.0 ? y->size / x->size : NAN;
}

/* A network that is sure of what it cannot know. */
static bool began_badly(const alx_case *c)
{
    if (!c->start) return false;
    return !(c->start->loss <= BAD_START * c->guess) ||
           !(c->start->layers[c->start->layer_count - 1].size <= LARGE_SCORES);
}

/* In front of what made it so. */
static void say_bad_start(alx_text *text, const alx_case *c)
{
    char loss[32], guess[32], size[32];
    alx_text_printf(text, "the loss begins at %s with scores of size %s, where guessing costs %s",
                    alx_doctor_number(c->start->loss, loss),
                    alx_doctor_number(c->start->layers[c->start->layer_count - 1].size, size),
                    alx_doctor_number(c->guess, guess));
}

static void say_init(alx_text *text, const alx_param_decl *kernel)
{
    static const char *const names[] = {[ALX_INIT_GLOROT_UNIFORM] = "glorot_uniform",
                                        [ALX_INIT_HE_NORMAL] = "he_normal",
                                        [ALX_INIT_NORMAL] = "normal",
                                        [ALX_INIT_CONSTANT] = "constant"};
    char value[32], he[32];
    alx_text_printf(text, "; its kernel starts as %s", names[kernel->init]);
    if (kernel->init == ALX_INIT_NORMAL || kernel->init == ALX_INIT_CONSTANT)
        alx_text_printf(text, " %s", alx_doctor_number(kernel->init_value, value));
    alx_text_printf(text, ", and sqrt(2 / fan_in) = %s would keep the size (He et al. 2015)",
                    alx_doctor_number(sqrt(2.0 / (double)kernel->fan_in), he));
}

/* ---- The images ---- */

static bool input_not_finite(alx_text *text, const alx_case *c)
{
    if (!c->probe || c->probe->input.bad == 0) return false;
    alx_text_printf(text, "%" PRId64 " of %" PRId64 " values of the images are not finite once they are scaled",
                    c->probe->input.bad, c->probe->input.count);
    return true;
}

static bool input_constant(alx_text *text, const alx_case *c)
{
    if (!c->probe || c->probe->input.count == 0 || c->probe->input.sd > 0.0) return false;
    char value[32];
    alx_text_printf(text, "every value of the images of a batch is %s: there is nothing to see in them",
                    alx_doctor_number(c->probe->input.mean, value));
    return true;
}

static void say_scaling(alx_text *text, const alx_case *c)
{
    char size[32], min[32], max[32], rescale[32];
    const alx_layer_statistics *x = &c->probe->input;
    alx_text_printf(text,
                    "the images reach the network as values from %s to %s (root mean square %s), with data.rescale %s",
                    alx_doctor_number((double)x->min, min), alx_doctor_number((double)x->max, max),
                    alx_doctor_number(x->size, size), alx_doctor_number(c->preprocess->rescale, rescale));
}

static bool input_large(alx_text *text, const alx_case *c)
{
    if (!c->probe || !(c->probe->input.size > LARGE_INPUT) || !began_badly(c)) return false;
    say_scaling(text, c);
    alx_text_add(text, "; ");
    say_bad_start(text, c);
    return true;
}

static bool input_small(alx_text *text, const alx_case *c)
{
    if (!c->probe || c->probe->input.count == 0) return false;
    const alx_layer_statistics *x = &c->probe->input;
    if (!(fmax(fabs((double)x->min), fabs((double)x->max)) < SMALL_INPUT)) return false;
    say_scaling(text, c);
    return true;
}

/* ---- The start ---- */

static bool dead_relu(alx_text *text, const alx_case *c)
{
    for (int i = 0; c->probe && i < c->probe->layer_count; i++) {
        const alx_layer_statistics *y = &c->probe->layers[i];
        if (!y->rectified || y->count == 0 || y->dead < y->units) continue;
        alx_text_printf(text,
                        "%s is dead: its ReLU gives 0 for all %" PRId64
                        " units on every image of a batch, and no gradient passes it",
                        name_of(c, i), y->units);
        const alx_graph_layer *layer = &c->graph->layers[i];
        char mean[32];
        if (kernel_of(c, i) >= 0 && layer->param_count > 1 && c->probe->params[layer->first_param + 1].mean < 0.0)
            alx_text_printf(text, " (its biases have mean %s)",
                            alx_doctor_number(c->probe->params[layer->first_param + 1].mean, mean));
        return true;
    }
    return false;
}

static bool init_equal(alx_text *text, const alx_case *c)
{
    for (int i = 0; c->probe && i < last_weighing(c); i++) {
        const int kernel = kernel_of(c, i);
        if (kernel < 0 || c->probe->params[kernel].count < 2 || c->probe->params[kernel].sd > 0.0) continue;
        char value[32];
        alx_text_printf(text,
                        "every weight of %s is %s: its units compute the same, get the same gradient and stay copies "
                        "of each other",
                        c->graph->params[kernel].name, alx_doctor_number(c->probe->params[kernel].mean, value));
        return true;
    }
    return false;
}

static void say_gain(alx_text *text, const alx_case *c, int layer)
{
    char in[32], out[32];
    alx_text_printf(text, "%s makes values of size %s out of %s", name_of(c, layer),
                    alx_doctor_number(c->start->layers[layer].size, out),
                    alx_doctor_number(read_by(c, c->start, layer)->size, in));
    say_init(text, &c->graph->params[kernel_of(c, layer)].decl);
}

static bool init_large(alx_text *text, const alx_case *c)
{
    if (!began_badly(c)) return false;
    for (int i = 0; i < c->start->layer_count; i++) {
        /* Within a unit: a bias of 1, as AlexNet's, is no gain. */
        if (kernel_of(c, i) < 0 || !(gain_of(c, c->start, i) > LARGE_GAIN)) continue;
        if (!(c->start->layers[i].spread > LARGE_GAIN * read_by(c, c->start, i)->size)) continue;
        char loss[32], guess[32];
        alx_text_printf(text,
                        "the loss begins at %s, where guessing costs %s: ", alx_doctor_number(c->start->loss, loss),
                        alx_doctor_number(c->guess, guess));
        say_gain(text, c, i);
        return true;
    }
    return false;
}

/* The last layer may start small: then the network begins with guessing. */
static bool init_small(alx_text *text, const alx_case *c)
{
    for (int i = 0; c->start && i < last_weighing(c); i++) {
        if (kernel_of(c, i) < 0 || !(gain_of(c, c->start, i) < SMALL_GAIN)) continue;
        say_gain(text, c, i);
        return true;
    }
    return false;
}

/* ---- Jumps and the end of numbers ---- */

/* The first layer that grew, and how far the first step went. */
static bool say_growth(alx_text *text, const alx_case *c)
{
    for (int i = 0; c->probe && c->start && i < c->probe->layer_count; i++) {
        const double now = c->probe->layers[i].size, then = c->start->layers[i].size;
        if (!(now > GROWN * then) || !(then > 0.0)) continue;
        char a[32], b[32];
        alx_text_printf(text, "the output of %s has grown to size %s (%s at the start)", name_of(c, i),
                        alx_doctor_number(now, a), alx_doctor_number(then, b));
        return true;
    }
    return false;
}

static int largest_update(const alx_case *c)
{
    int largest = -1;
    for (int i = 0; c->updates && i < c->graph->param_count; i++)
        if (c->graph->params[i].decl.fan_in > 0 && (largest < 0 || c->updates[i] > c->updates[largest])) largest = i;
    return largest;
}

static bool say_update(alx_text *text, const alx_case *c)
{
    const int largest = largest_update(c);
    if (largest < 0 || !(c->updates[largest] > LARGE_UPDATE)) return false;
    char share[32], rate[32];
    const bool whole = c->updates[largest] >= 1.0;
    alx_text_printf(text, "%sthe first step changed %s by %s%s its length at learning_rate %s",
                    text->length ? "; " : "", c->graph->params[largest].name,
                    alx_doctor_number((whole ? 1.0 : 100.0) * c->updates[largest], share), whole ? " times" : " % of",
                    alx_text_number(c->first_rate, rate));
    return true;
}

static bool weights_not_finite(alx_text *text, const alx_case *c)
{
    for (int i = 0; c->probe && i < c->probe->param_count; i++) {
        const alx_param_statistics *w = &c->probe->params[i];
        if (w->bad == 0) continue;
        alx_text_printf(text, "%s is the first with values that are not finite (%" PRId64 " of %" PRId64 ")",
                        c->graph->params[i].name, w->bad, w->count);
        say_update(text, c);
        return true;
    }
    return false;
}

static bool output_not_finite(alx_text *text, const alx_case *c)
{
    for (int i = 0; c->probe && i < c->probe->layer_count; i++) {
        const alx_layer_statistics *y = &c->probe->layers[i];
        if (y->bad == 0) continue;
        char in[32];
        alx_text_printf(text,
                        "the output of %s is the first that is not finite (%" PRId64 " of %" PRId64
                        " values); what it reads has size %s",
                        name_of(c, i), y->bad, y->count, alx_doctor_number(read_by(c, c->probe, i)->size, in));
        say_update(text, c);
        return true;
    }
    return false;
}

/* Without either, a jump is no more than a step that went too far. */
static bool exploding(alx_text *text, const alx_case *c)
{
    const bool grown = say_growth(text, c);
    return say_update(text, c) || grown;
}

/* ---- Stalls ---- */

static bool output_constant(alx_text *text, const alx_case *c)
{
    for (int i = 0; c->probe && i < c->probe->layer_count; i++) {
        const alx_layer_statistics *y = &c->probe->layers[i];
        if (y->count < 2 * y->units || !(y->spread <= NO_SPREAD * y->size)) continue;
        alx_text_printf(text, "the output of %s is the same for every image: what they show is lost there",
                        name_of(c, i));
        return true;
    }
    return false;
}

static bool rate_high(alx_text *text, const alx_case *c)
{
    return say_update(text, c);
}

static bool no_signal(alx_text *text, const alx_case *c)
{
    if (!(c->signal > NO_SIGNAL)) return false;
    char p[32];
    alx_text_printf(text,
                    "no layer is dead, but what %s reads tells the classes of validation images apart no better than "
                    "shuffled labels would (p = %s on %" PRId64 " images)",
                    name_of(c, last_weighing(c)), alx_doctor_number(c->signal, p), c->signal_images);
    return true;
}

static bool rate_low(alx_text *text, const alx_case *c)
{
    const int largest = largest_update(c);
    const double rate = c->config->optimizer.learning_rate;
    const bool low = c->first_rate > 0.0 && c->first_rate < rate; /* warm-up is meant to begin with small steps */
    if (largest < 0) return false;
    const double update = c->updates[largest] * (low ? rate / c->first_rate : 1.0);
    if (!(update < SMALL_UPDATE)) return false;
    char share[32];
    alx_text_printf(text, "%s no kernel by more than %s %% of its length, where 0.1 %% is usual",
                    low ? "a step at the full learning_rate changes" : "the first step changed",
                    alx_doctor_number(100.0 * update, share));
    return true;
}

static bool plateau(alx_text *text, const alx_case *c)
{
    char p[32];
    alx_text_add(text, "the network has learned nothing yet");
    if (c->signal <= NO_SIGNAL)
        alx_text_printf(text, ", although what %s reads differs between the classes (p = %s)",
                        name_of(c, last_weighing(c)), alx_doctor_number(c->signal, p));
    return true;
}

/* ---- Validation ---- */

static bool forgets_statistics(const alx_case *c)
{
    const alx_epoch_result *last = &c->history[c->epochs - 1];
    return c->as_validation < (c->train_chance + last->accuracy) / 2.0;
}

static bool moving_statistics(alx_text *text, const alx_case *c)
{
    if (!forgets_statistics(c)) return false;
    for (int i = 0; i < c->graph->spec.layer_count; i++) {
        if (strcmp(c->graph->spec.layers[i].cls->name, "batch_normalization") != 0) continue;
        alx_text_printf(text,
                        "run as validation images are, training images fare no better (%.1f %%), because the moving "
                        "statistics of %s have not settled after %" PRId64 " steps",
                        100.0 * c->as_validation, name_of(c, i), c->steps);
        return true;
    }
    return false;
}

static bool by_heart(alx_text *text, const alx_case *c)
{
    if (!(c->as_validation >= 0.0) || forgets_statistics(c)) return false;
    alx_text_add(text,
                 "the network learns its images by heart and nothing that carries over, as it does when labels do "
                 "not belong to their images (shuffled)");
    return true;
}

/* ---- The table ---- */

#define START    ALX_MOMENT_START
#define JUMP     ALX_MOMENT_JUMP
#define DIVERGED ALX_MOMENT_DIVERGED
#define STALLED  (ALX_MOMENT_FIRST_EPOCH | ALX_MOMENT_STALL)

/* clang-format off */
const alx_diagnosis alx_diagnoses[ALX_DIAGNOSES] = {
    {"input_not_finite", input_not_finite,
     "look at data.rescale, data.mean and data.std",
     START | DIVERGED, false, false},
    {"input_constant", input_constant,
     "look at the images (alexnet show), and at data.rescale, data.mean and data.std",
     START | STALLED, false, false},
    {"input_large", input_large,
     "networks start well with values of about 1: data.rescale 1/255, or data.mean and data.std",
     START | DIVERGED, false, false},
    {"input_small", input_small,
     "networks start well with values of about 1: data.rescale 1/255, once",
     START | ALX_MOMENT_STALL, false, false},
    {"dead_at_start", dead_relu, "start its biases at 0 (bias_value) and its kernel as he_normal", START, false, false},
    {"init_equal", init_equal, "start it as he_normal or glorot_uniform", START, false, false},
    {"init_large", init_large, "use kernel_initializer: he_normal", START | DIVERGED, false, false},
    {"init_small", init_small, "use kernel_initializer: he_normal", START, false, false},
    {"weights_not_finite", weights_not_finite, NULL, DIVERGED, true, false},
    {"output_not_finite", output_not_finite, NULL, DIVERGED, true, false},
    {"exploding", exploding, NULL, DIVERGED, true, false},
    {"dead_relu", dead_relu,
     "another seed: a dead layer does not come back; batch normalisation in front of it helps (Ioffe and Szegedy 2015)",
     JUMP | STALLED, true, false},
    {"output_constant", output_constant,
     "another seed, or a network with batch normalisation such as model: starter",
     STALLED, true, false},
    {"jump", exploding, "wait: some runs come back, some never do", JUMP, true, false},
    {"rate_high", rate_high, "another seed: some starts never leave this plateau", ALX_MOMENT_STALL, true, false},
    {"no_signal", no_signal,
     "look whether the labels belong to the images (alexnet show); if they do, give it more epochs or another network",
     ALX_MOMENT_STALL, false, false},
    {"rate_low", rate_low, "try a larger learning_rate, ten times this", ALX_MOMENT_STALL, false, false},
    {"plateau", plateau,
     "give it more epochs, another seed, or a network with batch normalisation such as model: starter",
     ALX_MOMENT_STALL, true, false},
    {"moving_statistics", moving_statistics,
     "wait: they settle as the weights calm down; a smaller momentum or learning_rate makes them quicker",
     ALX_MOMENT_VALIDATION, false, true},
    {"by_heart", by_heart,
     "look whether the labels belong to the images (alexnet show), in training and in validation",
     ALX_MOMENT_VALIDATION, false, false},
};
/* clang-format on */
