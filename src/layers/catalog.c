/* The one list of layers.  A new layer is its file and a line in LAYERS. */
#include "layers/layer.h"

#include <string.h>

#include "base/text.h"

/* In the order of `alexnet layers`. */
#define LAYERS(X)                                                                                                      \
    X(conv2d)                                                                                                          \
    X(max_pooling2d)                                                                                                   \
    X(average_pooling2d)                                                                                               \
    X(global_average_pooling2d)                                                                                        \
    X(flatten)                                                                                                         \
    X(dense)                                                                                                           \
    X(activation)                                                                                                      \
    X(batch_normalization)                                                                                             \
    X(lrn)                                                                                                             \
    X(dropout)                                                                                                         \
    X(add)                                                                                                             \
    X(concatenate)

#define DECLARE(layer) extern const alx_layer_class alx_layer_##layer;
LAYERS(DECLARE)

#define LIST(layer) &alx_layer_##layer,
const alx_layer_class *const alx_layer_classes[] = {LAYERS(LIST) NULL};

const alx_layer_class *alx_layer_class_find(const char *name)
{
    for (const alx_layer_class *const *c = alx_layer_classes; *c; c++)
        if (strcmp((*c)->name, name) == 0) return *c;
    return NULL;
}

/* Lower case without separators, so that Conv2D, conv_2d and Conv2d meet; ends where the buffer does. */
static void fold(char *out, size_t size, const char *name)
{
    size_t n = 0;
    for (; *name && n + 1 < size; name++) {
        char c = *name;
        if (c >= 'A' && c <= 'Z') c = (char)(c - 'A' + 'a');
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) out[n++] = c;
    }
    out[n] = '\0';
}

enum { MAX_SPELLINGS = 256, MAX_SPELLING = 48 };

/* Every spelling of every layer, folded, beside its class. */
typedef struct spellings {
    int count;
    char text[MAX_SPELLINGS][MAX_SPELLING];
    const char *list[MAX_SPELLINGS];
    const alx_layer_class *cls[MAX_SPELLINGS];
} spellings;

static void add_spelling(spellings *s, const alx_layer_class *cls, const char *name)
{
    if (s->count == MAX_SPELLINGS) return;
    fold(s->text[s->count], MAX_SPELLING, name);
    s->list[s->count] = s->text[s->count];
    s->cls[s->count++] = cls;
}

static void add_class(spellings *s, const alx_layer_class *cls)
{
    add_spelling(s, cls, cls->name);
    for (const char *also = cls->also; *also;) {
        char word[MAX_SPELLING] = "";
        size_t length = strcspn(also, " ");
        memcpy(word, also, length < sizeof word ? length : sizeof word - 1);
        add_spelling(s, cls, word);
        also += length;
        also += strspn(also, " ");
    }
}

const alx_layer_class *alx_layer_class_nearest(const char *name)
{
    spellings s;
    s.count = 0;
    for (const alx_layer_class *const *c = alx_layer_classes; *c; c++) add_class(&s, *c);
    char folded[MAX_SPELLING];
    fold(folded, sizeof folded, name);
    const char *nearest = alx_text_nearest(folded, s.list, s.count);
    for (int i = 0; i < s.count; i++)
        if (s.list[i] == nearest) return s.cls[i];
    return NULL;
}
