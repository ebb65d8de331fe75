#define _GNU_SOURCE /* memmem */
/* A person's YAML with a comment behind every line: shape, parameter arithmetic, purpose. */
#include <stdlib.h>
#include <string.h>

#include "layers/explain.h"
#include "model/explain.h"

enum { WIDEST_CODE = 100 /* columns: comments behind longer lines do not stand below the others */ };

#define SEPARATOR " | " /* between our words and a person's own */

/* One line of the text. */
typedef struct line {
    const char *code; /* in the text, without trailing spaces */
    size_t code_length;
    const char *own; /* what a person wrote behind it, or NULL */
    size_t own_length;
    bool blank;       /* no code: an empty line or a comment, which stays as it is */
    alx_text comment; /* ours */
} line;

typedef struct annotation {
    const alx_graph *graph;
    alx_language language;
    alx_explained_layer *layers;
    alx_arena arena; /* of the parsed YAML */
    int count;
    line *lines;
} annotation;

/* ---- Comments that are there already ---- */

static bool begins(const char *text, size_t length, const char *with, size_t with_length)
{
    return with_length > 0 && length >= with_length && memcmp(text, with, with_length) == 0;
}

/* "55x55x96: " or "9,216: " */
static bool begins_with_shape(const char *text, size_t length)
{
    size_t i = 0;
    while (i < length && strchr("0123456789,x", text[i])) i++;
    return i > 0 && i < length && text[i] == ':';
}

/* Where a comment of ours may end: at its end, in front of another part, or of what a person wrote. */
static bool ends_part(const char *text, size_t length)
{
    static const char *const ends[] = {"; ", "；", ", ", "，", SEPARATOR};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (begins(text, length, ends[i], strlen(ends[i]))) return true;
    return length == 0;
}

/* Whether text begins with the phrase, whatever stands for its {names}. */
static bool is_phrase(const char *text, size_t length, const char *phrase)
{
    size_t literal = strcspn(phrase, "{");
    if (!begins(text, length, phrase, literal)) return false;
    const char *end = text + length, *at = text + literal;
    for (phrase += literal; *phrase == '{'; phrase += literal) {
        phrase += strcspn(phrase, "}") + 1;
        literal = strcspn(phrase, "{");
        if (literal == 0) /* a {name} at the end: up to where the part ends */
            while (!ends_part(at, (size_t)(end - at))) at++;
        else if ((at = memmem(at, (size_t)(end - at), phrase, literal)))
            at += literal;
        else
            return false;
    }
    return ends_part(at, (size_t)(end - at));
}

static bool begins_with_phrase(const char *text, size_t length)
{
    for (int p = ALX_PHRASE_START_NORMAL; p <= ALX_PHRASE_COMMENT_LAYERS_FROM; p++)
        for (int language = ALX_ENGLISH; language <= ALX_CHINESE; language++)
            if (is_phrase(text, length, alx_phrase_text((alx_phrase)p, (alx_language)language))) return true;
    return false;
}

static bool begins_with_option_help(const char *text, size_t length)
{
    for (const alx_layer_class *const *cls = alx_layer_classes; *cls; cls++)
        for (const alx_option *option = (*cls)->options; option->name; option++)
            for (int language = ALX_ENGLISH; language <= ALX_CHINESE; language++)
                if (is_phrase(text, length, option->help[language])) return true;
    return false;
}

/* The part of a comment that a person wrote: all of it, or what stands behind the separator. */
static void find_own(line *l, const char *comment, size_t length)
{
    while (length && (*comment == '#' || *comment == ' ')) comment++, length--;
    if (length == 0) return;
    l->own = comment;
    l->own_length = length;
    if (!begins_with_shape(comment, length) && !begins_with_phrase(comment, length) &&
        !begins_with_option_help(comment, length))
        return;
    const char *bar = memmem(comment, length, SEPARATOR, sizeof SEPARATOR - 1);
    l->own = bar ? bar + sizeof SEPARATOR - 1 : NULL;
    l->own_length = bar ? length - (size_t)(l->own - comment) : 0;
}

/* Whether a scalar may begin at text[i]: nothing but spaces behind the line's beginning or a sign of YAML's. */
static bool begins_scalar(const char *text, size_t i)
{
    while (i > 0 && strchr(" \t", text[i - 1])) i--;
    return i == 0 || strchr("[{,:-?", text[i - 1]);
}

/* The quote that closes the one at text[i], or i where the line has none: then it quotes nothing. */
static size_t find_close(const char *text, size_t length, size_t i)
{
    for (size_t k = i + 1; k < length; k++) {
        if (text[k] == '\\' && text[i] == '"')
            k++;
        else if (text[k] == text[i])
            return k;
    }
    return i;
}

/* Where the comment of a line begins ('#' behind a space and outside quotes), or its length. */
static size_t find_comment(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '#' && (i == 0 || strchr(" \t", text[i - 1]))) return i;
        if ((text[i] == '"' || text[i] == '\'') && begins_scalar(text, i)) i = find_close(text, length, i);
    }
    return length;
}

static size_t without_spaces(const char *text, size_t length)
{
    while (length && strchr(" \t", text[length - 1])) length--;
    return length;
}

/* The bytes of the line break that text begins with, as YAML 1.1 has them: LF, CR, CR LF, NEL, LS, PS; 0: none. */
static size_t break_length(const char *text)
{
    if (text[0] == '\r') return text[1] == '\n' ? 2 : 1;
    if (text[0] == '\n') return 1;
    if (strncmp(text, "\xC2\x85", 2) == 0) return 2;
    return strncmp(text, "\xE2\x80\xA8", 3) == 0 || strncmp(text, "\xE2\x80\xA9", 3) == 0 ? 3 : 0;
}

static size_t line_length(const char *text)
{
    size_t length = 0;
    while (text[length] && break_length(text + length) == 0) length++;
    return length;
}

static alx_status split_lines(annotation *a, const char *yaml, alx_error *err)
{
    size_t count = 1;
    for (const char *c = yaml; *c; c++) count += break_length(c) > 0;
    a->lines = alx_calloc(count, sizeof *a->lines, err);
    if (!a->lines) return ALX_NO_MEMORY;
    for (const char *at = yaml; *at;) {
        line *l = &a->lines[a->count++];
        const size_t length = line_length(at), comment = find_comment(at, length);
        l->code = at;
        l->code_length = without_spaces(at, comment);
        l->blank = l->code_length == 0;
        if (l->blank)
            l->code_length = without_spaces(at, length);
        else
            find_own(l, at + comment, without_spaces(at + comment, length - comment));
        at += length + break_length(at + length);
    }
    return ALX_OK;
}

/* ---- What is said ---- */

static alx_text *comment_at(annotation *a, int number)
{
    return number >= 1 && number <= a->count ? &a->lines[number - 1].comment : NULL;
}

/* Behind what the line's comment says already. */
static void add_part(const annotation *a, alx_text *comment, const char *part)
{
    if (!comment || !part || !*part) return;
    if (comment->length) alx_text_add(comment, a->language == ALX_CHINESE ? "；" : "; ");
    alx_text_add(comment, part);
}

/* "55x55x96: (227 - 11) / 4 + 1 = 55; (11*11*3 + 1) * 96 = 34,944" */
static void add_arithmetic(const annotation *a, alx_text *comment, int index)
{
    const alx_shape *shape = alx_graph_shape(a->graph, index);
    const alx_text *formula = &a->layers[index].formula, *side = &a->layers[index].side;
    char text[64], number[32];
    if (!comment) return;
    if (comment->length) alx_text_add(comment, " / "); /* several layers on a line */
    alx_text_add(comment, shape->rank == 3 ? alx_shape_text(shape, text) : alx_text_thousands(shape->dims[0], number));
    alx_text_add(comment, ": ");
    if (side->length) alx_text_printf(comment, "%s%s", side->data, a->language == ALX_CHINESE ? "；" : "; ");
    if (formula->length)
        alx_text_printf(comment, "%s = %s", formula->data,
                        alx_text_thousands(a->graph->layers[index].parameters, number));
    else
        alx_say(comment, BRIEF_NO_PARAMETERS, a->language);
}

/* Help of the options that begin on a line. */
static void add_help(annotation *a, const alx_layer_class *cls, const alx_yaml *options, int number)
{
    for (int i = 0; options && i < options->count; i++) {
        const alx_yaml *given = options->children[i];
        if (given->key_line != number) continue;
        for (const alx_option *row = cls->options; row->name; row++)
            if (alx_text_same_name(row->name, given->key)) add_part(a, comment_at(a, number), row->help[a->language]);
    }
}

static bool begins_options(const alx_yaml *options, int number)
{
    for (int i = 0; options && i < options->count; i++)
        if (options->children[i]->key_line == number) return true;
    return false;
}

/* The first line has the arithmetic.  What else there is to say stands behind it too, or, where options go on over
 * further lines, on those; lines that are left get their options' help. */
static void annotate_layer(annotation *a, int index, const alx_yaml *item, int end)
{
    const alx_explained_layer *layer = &a->layers[index];
    const alx_yaml *options = item->kind == ALX_YAML_MAP && item->count ? item->children[0] : NULL;
    if (options && options->kind != ALX_YAML_MAP) options = NULL;
    const char *parts[] = {layer->brief.data, layer->start.data};
    int next = 0, last = item->line;
    add_arithmetic(a, comment_at(a, item->line), index);
    for (int number = item->line + 1; begins_options(options, item->line) && number < end; number++) {
        if (a->lines[number - 1].blank) continue;
        last = number;
        if (next < 2 && parts[next] && *parts[next])
            add_part(a, comment_at(a, number), parts[next++]);
        else
            add_help(a, a->graph->spec.layers[index].cls, options, number);
    }
    for (; next < 2; next++) add_part(a, comment_at(a, last), parts[next]);
    for (int number = item->line + 1; last == item->line && number < end; number++)
        add_help(a, a->graph->spec.layers[index].cls, options, number);
}

static bool has_branches(const alx_graph *graph)
{
    for (int i = 0; i < graph->spec.layer_count; i++)
        if (graph->spec.layers[i].input_count != 1 || graph->spec.layers[i].inputs[0] != i - 1) return true;
    return false;
}

/* The first line behind `number` on which something else than a layer begins. */
static int end_of(const annotation *a, const alx_yaml *root, const alx_yaml *layers, int index)
{
    int number = layers->children[index]->line;
    int end = index + 1 < layers->count ? layers->children[index + 1]->line : a->count + 1;
    for (int i = 0; i < root->count; i++)
        if (root->children[i]->key_line > number && root->children[i]->key_line < end)
            end = root->children[i]->key_line;
    return end;
}

static void annotate_all(annotation *a, const alx_yaml *root)
{
    const struct {
        const char *key;
        alx_phrase phrase;
    } rows[] = {
        {"name", ALX_PHRASE_COMMENT_NAME},
        {"classes", ALX_PHRASE_COMMENT_CLASSES},
        {"input", a->graph->spec.input[2] == 3 ? ALX_PHRASE_COMMENT_INPUT_RGB : ALX_PHRASE_COMMENT_INPUT},
        {"layers", has_branches(a->graph) ? ALX_PHRASE_COMMENT_LAYERS_FROM : ALX_PHRASE_COMMENT_LAYERS},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const alx_yaml *node = alx_yaml_get(root, rows[i].key);
        if (node) add_part(a, comment_at(a, node->key_line), alx_phrase_text(rows[i].phrase, a->language));
    }
    const alx_yaml *layers = alx_yaml_get(root, "layers");
    for (int i = 0; layers && i < layers->count; i++)
        annotate_layer(a, i, layers->children[i], end_of(a, root, layers, i));
}

/* ---- The text ---- */

static int code_columns(const line *l)
{
    char code[512];
    size_t length = l->code_length < sizeof code - 1 ? l->code_length : sizeof code - 1;
    memcpy(code, l->code, length);
    code[length] = 0;
    return alx_text_columns(code);
}

static void write_lines(alx_text *out, const annotation *a)
{
    int column = 0;
    for (int i = 0; i < a->count; i++) {
        const line *l = &a->lines[i];
        int columns = l->comment.length || l->own ? code_columns(l) : 0;
        if (columns > column && columns <= WIDEST_CODE) column = columns;
    }
    for (int i = 0; i < a->count; i++) {
        const line *l = &a->lines[i];
        alx_text_add_bytes(out, l->code, l->code_length);
        if (l->comment.failed) out->failed = true;
        if (l->comment.length || l->own) {
            for (int c = code_columns(l); c < column; c++) alx_text_add(out, " ");
            alx_text_add(out, "  # ");
            if (l->comment.length) alx_text_add(out, l->comment.data);
            if (l->comment.length && l->own) alx_text_add(out, SEPARATOR);
            alx_text_add_bytes(out, l->own, l->own_length);
        }
        alx_text_add(out, "\n");
    }
}

/* A comment must not change the network: the lines were cut by a simpler reader than YAML's. */
static alx_status check_same(const char *yaml, const char *annotated, int classes, alx_error *err)
{
    const char *const sources[2] = {yaml, annotated};
    alx_text texts[2] = {{0}};
    alx_status status = ALX_OK;
    for (int i = 0; i < 2 && !status; i++) {
        alx_spec spec = {0};
        status = alx_spec_parse(&spec, sources[i], strlen(sources[i]), NULL, classes, err);
        if (!status) alx_spec_write(&texts[i], &spec);
        if (!status && texts[i].failed) status = alx_fail(err, ALX_NO_MEMORY, "out of memory");
        alx_spec_finish(&spec);
    }
    /* What was read once, and is refused or another network with comments, has text that runs over lines. */
    if (status != ALX_NO_MEMORY && (status || strcmp(texts[0].data, texts[1].data) != 0))
        status = alx_fail(err, ALX_BAD_MODEL,
                          "this YAML is written in a way that cannot be commented line by line; "
                          "put each layer, and each text in quotes, on a line of its own");
    for (int i = 0; i < 2; i++) alx_text_finish(&texts[i]);
    return status;
}

alx_status alx_graph_annotate(char **out, const alx_graph *graph, const char *yaml, alx_language language,
                              alx_error *err)
{
    *out = NULL;
    annotation a = {.graph = graph, .language = language};
    const alx_explain_setting setting = {.language = language, .batch = 1, .type = ALX_F32};
    alx_text text = {0};
    alx_yaml *root;
    alx_status status = alx_graph_explain(&a.layers, graph, &setting, err);
    if (!status) status = alx_yaml_parse(&root, &a.arena, yaml, strlen(yaml), NULL, err);
    if (!status) status = split_lines(&a, yaml, err);
    if (!status) {
        annotate_all(&a, root);
        write_lines(&text, &a);
        status = alx_text_take(out, &text, err);
    }
    if (!status && (status = check_same(yaml, *out, graph->spec.classes, err))) {
        free(*out);
        *out = NULL;
    }
    for (int i = 0; i < a.count; i++) alx_text_finish(&a.lines[i].comment);
    free(a.lines);
    alx_arena_finish(&a.arena);
    alx_explained_destroy(a.layers, graph);
    return status;
}
