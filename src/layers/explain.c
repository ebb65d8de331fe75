#include "layers/explain.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ---- Phrases ---- */

static const char *const phrases[ALX_PHRASE_COUNT][2] = {
#define PHRASE(name, english, chinese) [ALX_PHRASE_##name] = {english, chinese},
#include "layers/phrases.inc"
#undef PHRASE
};

const char *alx_phrase_text(alx_phrase phrase, alx_language language)
{
    return phrases[phrase][language];
}

static const alx_word *find_word(const alx_word *words, const char *name, size_t length)
{
    for (; words->name; words++)
        if (strlen(words->name) == length && !strncmp(words->name, name, length)) return words;
    assert(words->name); /* a phrase names a word that its caller does not give */
    return words;
}

/* "{name}" or "{name:one|many}", from behind the brace to in front of the closing one. */
static void add_placeholder(alx_text *text, const char *inside, size_t length, const alx_word *words)
{
    const char *colon = memchr(inside, ':', length);
    const alx_word *word = find_word(words, inside, colon ? (size_t)(colon - inside) : length);
    if (!word->text && word->number == ALX_FAILED_TEXT) text->failed = true;
    if (!colon) {
        char number[32];
        alx_text_add(text, word->text ? word->text : alx_text_thousands(word->number, number));
        return;
    }
    const char *end = inside + length, *bar = memchr(colon, '|', (size_t)(end - colon));
    assert(bar);
    if (word->number == 1)
        alx_text_add_bytes(text, colon + 1, (size_t)(bar - colon - 1));
    else
        alx_text_add_bytes(text, bar + 1, (size_t)(end - bar - 1));
}

void alx_phrase_add(alx_text *text, alx_phrase phrase, alx_language language, const alx_word *words)
{
    const char *at = phrases[phrase][language];
    for (const char *open; (open = strchr(at, '{'));) {
        const char *close = strchr(open, '}');
        assert(close);
        alx_text_add_bytes(text, at, (size_t)(open - at));
        add_placeholder(text, open + 1, (size_t)(close - open - 1), words);
        at = close + 1;
    }
    alx_text_add(text, at);
}

/* ---- Shapes ---- */

void alx_explain_shape(alx_text *text, const alx_shape *shape)
{
    char sizes[64], number[32];
    if (shape->rank == 3)
        alx_text_add(text, alx_shape_text(shape, sizes));
    else
        alx_text_add(text, alx_text_thousands(shape->dims[0], number));
}

void alx_explain_product(alx_text *text, const alx_shape *shape)
{
    const int64_t *d = shape->dims;
    alx_text_printf(text, "%" PRId64 " x %" PRId64 " x %" PRId64, d[1], d[2], d[0]);
}

void alx_explain_each_place(alx_explain *e)
{
    alx_text shape = {0};
    e->window = (alx_window){.size = {1, 1}, .stride = {1, 1}};
    alx_explain_shape(&shape, e->out);
    alx_say(&e->output, SAME_SHAPE, e->language, ALX_TEXT("shape", shape));
    alx_text_finish(&shape);
}

/* ---- Windows ---- */

/* 54.25, 13.5, 18.33 */
static void add_exact(alx_text *text, int64_t room, int64_t stride)
{
    char digits[48];
    snprintf(digits, sizeof digits, "%.2f", (double)room / (double)stride + 1);
    size_t length = strlen(digits);
    while (digits[length - 1] == '0') digits[--length] = 0;
    alx_text_add(text, digits);
}

/* What is left of the input, padding included, when the first window is taken away. */
static int64_t room_of(const alx_explain *e, int side)
{
    const alx_window *w = &e->window;
    return e->inputs->dims[1 + side] + w->pad_begin[side] + w->pad_end[side] - w->size[side];
}

/* "(224 + 2 + 2 - 11) / 4 + 1" */
static void add_formula(alx_text *text, const alx_explain *e, int side)
{
    const alx_window *w = &e->window;
    const int64_t begin = w->pad_begin[side], end = w->pad_end[side], stride = w->stride[side];
    alx_text_printf(text, stride > 1 ? "(%" PRId64 : "%" PRId64, e->inputs->dims[1 + side]);
    if (begin) alx_text_printf(text, " + %" PRId64, begin);
    if (end) alx_text_printf(text, " + %" PRId64, end);
    alx_text_printf(text, " - %" PRId64, w->size[side]);
    if (stride > 1) alx_text_printf(text, ") / %" PRId64, stride);
    alx_text_add(text, " + 1");
}

/* "(224 + 2 + 2 - 11) / 4 + 1 = 55.25, rounded down: 55 (...)" of one side */
static void add_sum(alx_text *text, const alx_explain *e, int side)
{
    const int64_t stride = e->window.stride[side], end = e->window.pad_end[side];
    const int64_t room = room_of(e, side), left = room % stride;
    char size[32];
    snprintf(size, sizeof size, "%" PRId64, room / stride + 1);
    add_formula(text, e, side);
    if (left == 0) {
        alx_text_printf(text, " = %s", size);
        return;
    }
    alx_text exact = {0};
    add_exact(&exact, room, stride);
    alx_say(text, ROUNDED, e->language, ALX_TEXT("exact", exact), ALX_WORD("size", size));
    alx_text_finish(&exact);
    if (left > end)
        alx_say(text, UNSEEN, e->language, ALX_COUNT("pixels", left - end));
    else
        alx_say(text, UNSEEN_PADDING, e->language);
}

/* For a comment: "(227 - 11) / 4 + 1 = 55", or " = 55.25 -> 55". */
static void add_side(alx_explain *e)
{
    const int64_t stride = e->window.stride[0], room = room_of(e, 0);
    if (stride == 1) return;
    add_formula(&e->side, e, 0);
    alx_text_add(&e->side, " = ");
    if (room % stride) {
        add_exact(&e->side, room, stride);
        alx_text_add(&e->side, " -> ");
    }
    alx_text_printf(&e->side, "%" PRId64, room / stride + 1);
}

static bool same_sides(const alx_explain *e)
{
    const alx_window *w = &e->window;
    return e->inputs->dims[1] == e->inputs->dims[2] && w->size[0] == w->size[1] && w->stride[0] == w->stride[1] &&
           w->pad_begin[0] == w->pad_begin[1] && w->pad_end[0] == w->pad_end[1];
}

/* What 'same' chose. */
static void add_same(alx_explain *e, bool border)
{
    static const alx_phrase phrases_of[2][2] = {{ALX_PHRASE_SAME_ZEROS_EACH, ALX_PHRASE_SAME_ZEROS},
                                                {ALX_PHRASE_SAME_BORDER_EACH, ALX_PHRASE_SAME_BORDER}};
    const alx_window *w = &e->window;
    const int64_t *begin = w->pad_begin, *end = w->pad_end;
    const alx_word words[] = {ALX_COUNT("top", begin[0]),
                              ALX_COUNT("bottom", end[0]),
                              ALX_COUNT("left", begin[1]),
                              ALX_COUNT("right", end[1]),
                              {0}};
    bool alike = begin[0] == begin[1] && end[0] == end[1];
    if (begin[0] + begin[1] + end[0] + end[1] == 0)
        alx_say(&e->output, SAME_NOTHING, e->language);
    else
        alx_phrase_add(&e->output, phrases_of[border][alike], e->language, words);
}

void alx_explain_window(alx_explain *e, bool same, bool border)
{
    alx_text height = {0}, width = {0};
    add_sum(&height, e, 0);
    if (same_sides(e)) {
        add_side(e);
        alx_say(&e->output, SIDES, e->language, ALX_TEXT("sum", height));
    } else {
        add_sum(&width, e, 1);
        alx_say(&e->output, HEIGHT_WIDTH, e->language, ALX_TEXT("height", height), ALX_TEXT("width", width));
    }
    if (same) add_same(e, border);
    alx_text_finish(&height);
    alx_text_finish(&width);
}

/* ---- Activations and initial weights ---- */

const char *alx_activation_name(alx_activation activation)
{
    for (const alx_choice *c = alx_activation_choices; c->name; c++)
        if (c->value == (int64_t)activation) return c->name;
    return "";
}

void alx_explain_activation(alx_explain *e, alx_activation activation)
{
    const char *name = alx_activation_name(activation);
    switch (activation) {
    case ALX_ACTIVATION_LINEAR: break;
    case ALX_ACTIVATION_RELU:
        alx_say(&e->purpose, RELU, e->language);
        alx_say(&e->brief, BRIEF_RELU, e->language);
        break;
    case ALX_ACTIVATION_SOFTMAX:
        alx_say(&e->purpose, TO_PROBABILITIES, e->language);
        alx_say(&e->brief, BRIEF_SOFTMAX, e->language);
        break;
    case ALX_ACTIVATION_TANH:
    case ALX_ACTIVATION_SIGMOID:
    case ALX_ACTIVATION_LEAKY_RELU:
    case ALX_ACTIVATION_GELU:
        alx_say(&e->purpose, OTHER_ACTIVATION, e->language, ALX_WORD("activation", name));
        alx_say(&e->brief, BRIEF_ACTIVATION, e->language, ALX_WORD("activation", name));
        break;
    }
}

void alx_explain_weights(alx_explain *e, bool bias, int64_t outputs, alx_phrase many)
{
    const int64_t each = e->inputs_each + bias;
    const alx_word words[] = {{"each", each, NULL}, {"filters", outputs, NULL}, {"total", each * outputs, NULL}, {0}};
    alx_phrase_add(&e->parameters, bias ? ALX_PHRASE_ADDS_BIAS : ALX_PHRASE_NO_BIAS, e->language, words);
    alx_phrase_add(&e->parameters, many, e->language, words);
}

void alx_explain_start(alx_explain *e, const alx_weight_options *weights)
{
    char value[32];
    snprintf(value, sizeof value, "%g", weights->initializer_value);
    switch ((alx_init_kind)weights->kernel_initializer) {
    case ALX_INIT_GLOROT_UNIFORM: break; /* the usual way */
    case ALX_INIT_HE_NORMAL: alx_say(&e->start, START_HE, e->language); break;
    case ALX_INIT_NORMAL: alx_say(&e->start, START_NORMAL, e->language, ALX_WORD("value", value)); break;
    case ALX_INIT_CONSTANT: alx_say(&e->start, START_CONSTANT, e->language, ALX_WORD("value", value)); break;
    }
    if (!weights->use_bias || (weights->bias_value == 0 && e->start.length == 0)) return;
    if (e->start.length) alx_text_add(&e->start, e->language == ALX_CHINESE ? "，" : ", ");
    snprintf(value, sizeof value, "%g", weights->bias_value);
    alx_say(&e->start, START_BIAS, e->language, ALX_WORD("value", value));
}
