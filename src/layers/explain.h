/* How a layer derives its numbers in words: what its explain() is given and fills. */
#ifndef ALX_LAYERS_EXPLAIN_H
#define ALX_LAYERS_EXPLAIN_H

#include "base/text.h"
#include "layers/common.h"

/* ---- Phrases ---- */

typedef enum alx_phrase {
#define PHRASE(name, english, chinese) ALX_PHRASE_##name,
#include "layers/phrases.inc"
#undef PHRASE
    ALX_PHRASE_COUNT
} alx_phrase;

/* What stands for {name} in a phrase: a text, or the number where text is NULL.  A text that was built and for which
 * there was no memory has the number ALX_FAILED_TEXT. */
#define ALX_FAILED_TEXT INT64_MIN
typedef struct alx_word {
    const char *name;
    int64_t number;
    const char *text;
} alx_word;

/* The phrase as the table has it. */
const char *alx_phrase_text(alx_phrase phrase, alx_language language);
/* Appends the phrase; words end with a NULL name. */
void alx_phrase_add(alx_text *text, alx_phrase phrase, alx_language language, const alx_word *words);
/* clang-format off */
#define ALX_COUNT(name, number)  {name, number, NULL}
#define ALX_WORD(name, text)     {name, 0, text}
#define ALX_TEXT(name, built)    {name, ALX_FAILED_TEXT, (built).failed ? NULL : (built).data}
/* clang-format on */
/* More than any phrase has, so that zeros end the words of alx_say. */
enum { ALX_PHRASE_ROOM = 16 };
/* alx_say(&text, RELU, language) and alx_say(&text, UNITS, language, ALX_COUNT("units", 10)) */
#define alx_say(text, phrase, language, ...)                                                                           \
    alx_phrase_add(text, ALX_PHRASE_##phrase, language, (const alx_word[ALX_PHRASE_ROOM]){__VA_ARGS__})

/* ---- One layer ---- */

struct alx_explain {
    alx_language language;
    bool first; /* reads pixels: no window lies between it and the image */
    bool last;
    int input_count;
    const alx_shape *inputs; /* of one sample */
    const alx_shape *out;
    /* Filled by the layer. */
    alx_text output, parameters, purpose; /* a paragraph each */
    alx_text formula;                     /* "(11*11*3 + 1) * 96"; empty: no parameters */
    alx_text side;                        /* "(227 - 11) / 4 + 1 = 55"; empty where a stride of 1 makes it plain */
    alx_text brief, start;                /* few words; how weights start, where that is not the usual way */
    int64_t inputs_each;                  /* inputs that each output weighs; 0: it weighs none */
    alx_window window;                    /* what an output sees of the layer's input; size 0: all of it */
};

/* "height and width (227 - 11) / 4 + 1 = 55", with padding and rounding, for e->window; same: the padding was chosen
 * by 'same'; border: padding is no zeros but a border that is left out (pooling). */
void alx_explain_window(alx_explain *e, bool same, bool border);
/* "55x55x96" or "4,096" */
void alx_explain_shape(alx_text *text, const alx_shape *shape);
/* "55 x 55 x 96", the way a person multiplies an image's values. */
void alx_explain_product(alx_text *text, const alx_shape *shape);
/* Output and window of a layer that keeps its input's shape and looks at each place for itself. */
void alx_explain_each_place(alx_explain *e);
/* What the activation adds to purpose and brief. */
void alx_explain_activation(alx_explain *e, alx_activation activation);
/* The end of a sentence that began with what one output sees: bias, and how many outputs there are (many:
 * ALL_FILTERS or ALL_OUTPUTS). */
void alx_explain_weights(alx_explain *e, bool bias, int64_t outputs, alx_phrase many);
/* How weights start. */
void alx_explain_start(alx_explain *e, const alx_weight_options *weights);
/* "relu", as the tables spell it. */
const char *alx_activation_name(alx_activation activation);

#endif
