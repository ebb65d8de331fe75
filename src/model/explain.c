#include "model/explain.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "layers/explain.h"

/* ---- What the layers say ---- */

static void ask_layer(alx_explained_layer *layer, alx_explain *e, const alx_spec_layer *spec)
{
    spec->cls->explain(spec->config, e);
    if (e->parameters.length == 0) alx_say(&e->parameters, NONE, e->language);
    layer->texts[ALX_TOPIC_OUTPUT] = e->output;
    layer->texts[ALX_TOPIC_PARAMETERS] = e->parameters;
    layer->texts[ALX_TOPIC_PURPOSE] = e->purpose;
    layer->formula = e->formula;
    layer->side = e->side;
    layer->brief = e->brief;
    layer->start = e->start;
}

/* ---- Receptive fields ---- */

/* Sizes stay below 2^40 and windows below 2^15, so that no product of the two overflows. */
static int64_t bounded(int64_t pixels)
{
    return pixels < ALX_MAX_ELEMENTS ? pixels : ALX_MAX_ELEMENTS;
}

/* Along one side, for the input with the largest field: r + (size - 1) * j, j * stride (Araujo, Norris and Sim 2019).
 */
static void derive_field(alx_layer_account *account, const alx_graph *graph, const alx_explained_layer *layers,
                         const alx_spec_layer *spec, const alx_window *window)
{
    for (int side = 0; side < 2; side++) {
        if (window->size[side] == 0) {
            account->field[side] = graph->spec.input[side];
            continue;
        }
        for (int i = 0; i < spec->input_count; i++) {
            int from = spec->inputs[i];
            int64_t field = from < 0 ? 1 : layers[from].account.field[side];
            int64_t step = from < 0 ? 1 : layers[from].account.step[side];
            field = bounded(field + (window->size[side] - 1) * step);
            step = bounded(step * window->stride[side]);
            if (field > account->field[side]) account->field[side] = field;
            if (step > account->step[side]) account->step[side] = step;
        }
    }
}

static void say_field(alx_text *text, const alx_layer_account *a, const alx_graph *graph, const alx_shape *out,
                      alx_language language)
{
    const int *input = graph->spec.input;
    bool whole = a->step[0] == 0 && a->step[1] == 0;
    if (whole)
        alx_say(text, SEES_ALL, language);
    else if (out->rank == 1)
        alx_say(text, SEES_PLAIN, language, ALX_COUNT("height", a->field[0]), ALX_COUNT("width", a->field[1]));
    else if (a->step[0] == a->step[1])
        alx_say(text, SEES_SQUARE, language, ALX_COUNT("height", a->field[0]), ALX_COUNT("width", a->field[1]),
                ALX_COUNT("step", a->step[0]));
    else
        alx_say(text, SEES, language, ALX_COUNT("height", a->field[0]), ALX_COUNT("width", a->field[1]),
                ALX_COUNT("down", a->step[0]), ALX_COUNT("right", a->step[1]));
    if (!whole && (a->field[0] > input[0] || a->field[1] > input[1])) alx_say(text, SEES_OVER, language);
}

/* ---- Neurons and connections ---- */

/* Pairs of an output and a place of its window along one side that lie inside the input. */
static int64_t pairs_inside(const alx_window *window, int side, int64_t in, int64_t out)
{
    int64_t pairs = 0;
    for (int64_t o = 0; o < out; o++) {
        int64_t first = o * window->stride[side] - window->pad_begin[side], last = first + window->size[side] - 1;
        if (first < 0) first = 0;
        if (last >= in) last = in - 1;
        if (last >= first) pairs += last - first + 1;
    }
    return pairs;
}

static alx_status count_connections(alx_layer_account *a, const alx_explain *e, alx_error *err)
{
    const alx_window *w = &e->window;
    if (e->inputs_each == 0) return ALX_OK;
    a->neurons = a->values;
    if (__builtin_mul_overflow(a->neurons, e->inputs_each, &a->connections))
        return alx_fail(err, ALX_BAD_MODEL, "%" PRId64 " neurons with %" PRId64 " inputs each are too many to count",
                        a->neurons, e->inputs_each);
    a->multiply_adds = a->connections;
    if (w->size[0] == 0) return ALX_OK;
    const int64_t *in = e->inputs->dims, *out = e->out->dims;
    int64_t every = out[1] * w->size[0] * out[2] * w->size[1]; /* pairs, those with padding too */
    assert(every > 0);                                         /* the window has a size, and so has the output */
    int64_t inside = pairs_inside(w, 0, in[1], out[1]) * pairs_inside(w, 1, in[2], out[2]);
    a->padded = a->connections / every * (every - inside);
    return ALX_OK;
}

static void say_work(alx_text *text, const alx_layer_account *a, const alx_explain *e)
{
    alx_text sum = {0};
    const bool row = e->out->rank == 1;
    if (!row) alx_explain_product(&sum, e->out);
    const alx_word words[] = {ALX_TEXT("sum", sum),
                              ALX_COUNT("neurons", a->neurons),
                              ALX_COUNT("values", a->values),
                              ALX_COUNT("inputs", e->inputs_each),
                              ALX_COUNT("connections", a->connections),
                              {0}};
    if (a->neurons)
        alx_phrase_add(text, row ? ALX_PHRASE_CONNECTIONS_ROW : ALX_PHRASE_CONNECTIONS, e->language, words);
    else
        alx_phrase_add(text, row ? ALX_PHRASE_VALUES_ROW : ALX_PHRASE_VALUES, e->language, words);
    if (a->padded) alx_say(text, PADDED, e->language, ALX_COUNT("padded", a->padded));
    alx_text_finish(&sum);
}

/* ---- Memory ---- */

static int bytes_of(alx_dtype type)
{
    return type == ALX_BF16 ? 2 : 4;
}

static void derive_memory(alx_layer_account *a, const alx_graph_layer *layer, const alx_explain_setting *setting)
{
    const uint64_t parameters = (uint64_t)layer->parameters, trainable = (uint64_t)layer->trainable;
    a->output_bytes = (uint64_t)a->values * (uint64_t)setting->batch * (uint64_t)bytes_of(setting->type);
    a->output_gradient_bytes = a->output_bytes;
    a->weight_bytes = parameters * sizeof(float);
    a->gradient_bytes = trainable * sizeof(float);
    a->state_bytes = trainable * sizeof(float) * (uint64_t)setting->states;
}

static uint64_t bytes_in_all(const alx_layer_account *a)
{
    return a->output_bytes + a->output_gradient_bytes + a->weight_bytes + a->gradient_bytes + a->state_bytes;
}

static void add_bytes(alx_text *text, uint64_t bytes)
{
    static const struct {
        double size;
        const char *unit;
    } units[] = {{0x1p30, "GiB"}, {0x1p20, "MiB"}, {0x1p10, "KiB"}};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if ((double)bytes >= units[i].size) {
            alx_text_printf(text, "%.1f %s", (double)bytes / units[i].size, units[i].unit);
            return;
        }
    alx_text_printf(text, "%" PRIu64 " B", bytes);
}

/* "; parameters 34,944 x 16 bytes = 546.0 KiB (value, gradient, 2 of the optimizer)" */
static void say_weight_memory(alx_text *text, const alx_layer_account *a, const alx_graph_layer *layer,
                              const alx_explain_setting *setting)
{
    static const alx_phrase terms[] = {ALX_PHRASE_TERMS_0, ALX_PHRASE_TERMS_1, ALX_PHRASE_TERMS_2};
    const int64_t fixed = layer->parameters - layer->trainable;
    alx_text weights = {0};
    if (layer->parameters == 0) return;
    add_bytes(&weights, a->weight_bytes + a->gradient_bytes + a->state_bytes);
    const alx_word words[] = {ALX_COUNT("parameters", layer->parameters),
                              ALX_COUNT("trained", layer->trainable),
                              ALX_COUNT("fixed", fixed),
                              ALX_COUNT("each", 8 + 4 * setting->states),
                              ALX_TEXT("total", weights),
                              ALX_WORD("terms", alx_phrase_text(terms[setting->states], setting->language)),
                              {0}};
    alx_phrase_add(text, fixed ? ALX_PHRASE_MIXED_MEMORY : ALX_PHRASE_WEIGHT_MEMORY, setting->language, words);
    alx_text_finish(&weights);
}

static void say_memory(alx_text *text, const alx_layer_account *a, const alx_graph_layer *layer,
                       const alx_explain_setting *setting, uint64_t all)
{
    alx_text outputs = {0};
    char share[32];
    add_bytes(&outputs, a->output_bytes);
    alx_say(text, OUTPUT_MEMORY, setting->language, ALX_COUNT("batch", setting->batch),
            ALX_WORD("precision", setting->type == ALX_BF16 ? "bf16" : "f32"), ALX_COUNT("values", a->values),
            ALX_COUNT("width", bytes_of(setting->type)), ALX_TEXT("outputs", outputs));
    say_weight_memory(text, a, layer, setting);
    snprintf(share, sizeof share, "%.1f %%", all ? 100.0 * (double)bytes_in_all(a) / (double)all : 0.0);
    alx_say(text, SHARE, setting->language, ALX_WORD("share", share));
    alx_text_finish(&outputs);
}

/* ---- The network ---- */

static alx_status explain_layer(alx_explained_layer *layers, int index, const alx_graph *graph,
                                const alx_explain_setting *setting, alx_error *err)
{
    const alx_spec_layer *spec = &graph->spec.layers[index];
    alx_explained_layer *layer = &layers[index];
    alx_layer_account *a = &layer->account;
    alx_shape inputs[ALX_MAX_INPUTS];
    alx_explain e = {.language = setting->language,
                     .last = index == graph->spec.layer_count - 1,
                     .input_count = spec->input_count,
                     .inputs = inputs,
                     .out = alx_graph_shape(graph, index)};
    for (int i = 0; i < spec->input_count; i++) {
        const alx_layer_account *from = spec->inputs[i] < 0 ? NULL : &layers[spec->inputs[i]].account;
        inputs[i] = *alx_graph_shape(graph, spec->inputs[i]);
        e.first |= !from || (from->field[0] == 1 && from->field[1] == 1);
    }
    ask_layer(layer, &e, spec);
    a->values = alx_shape_elements(e.out);
    derive_field(a, graph, layers, spec, &e.window);
    derive_memory(a, &graph->layers[index], setting);
    alx_status status = count_connections(a, &e, err);
    if (status) return alx_where(err, status, "%s", spec->name);
    say_field(&layer->texts[ALX_TOPIC_FIELD], a, graph, e.out, setting->language);
    say_work(&layer->texts[ALX_TOPIC_WORK], a, &e);
    alx_history_layer(&layer->texts[ALX_TOPIC_HISTORY], graph, index, &e.window, setting->language);
    return ALX_OK;
}

static bool has_failed(const alx_explained_layer *layer)
{
    bool failed = layer->formula.failed || layer->side.failed || layer->brief.failed || layer->start.failed;
    for (int t = 0; t < ALX_TOPIC_COUNT; t++) failed |= layer->texts[t].failed;
    return failed;
}

alx_status alx_graph_explain(alx_explained_layer **out, const alx_graph *graph, const alx_explain_setting *setting,
                             alx_error *err)
{
    const int count = graph->spec.layer_count;
    *out = NULL;
    alx_explained_layer *layers = alx_calloc((size_t)count, sizeof *layers, err);
    if (!layers) return ALX_NO_MEMORY;
    alx_status status = ALX_OK;
    for (int i = 0; i < count && !status; i++) status = explain_layer(layers, i, graph, setting, err);
    uint64_t all = 0;
    for (int i = 0; i < count && !status; i++) all += bytes_in_all(&layers[i].account);
    for (int i = 0; i < count && !status; i++) {
        say_memory(&layers[i].texts[ALX_TOPIC_MEMORY], &layers[i].account, &graph->layers[i], setting, all);
        if (has_failed(&layers[i])) status = alx_fail(err, ALX_NO_MEMORY, "out of memory for an explanation");
    }
    if (status)
        alx_explained_destroy(layers, graph);
    else
        *out = layers;
    return status;
}

void alx_explained_destroy(alx_explained_layer *layers, const alx_graph *graph)
{
    if (!layers) return;
    for (int i = 0; i < graph->spec.layer_count; i++) {
        for (int t = 0; t < ALX_TOPIC_COUNT; t++) alx_text_finish(&layers[i].texts[t]);
        alx_text_finish(&layers[i].formula);
        alx_text_finish(&layers[i].side);
        alx_text_finish(&layers[i].brief);
        alx_text_finish(&layers[i].start);
    }
    free(layers);
}
