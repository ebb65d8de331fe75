#include "base/yaml.h"

#include <assert.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/file.h"
#include "base/text.h"

/* A map or list that is still open.  Its children wait in a linked list until their number is known. */
typedef struct open_node {
    alx_yaml *node;
    struct child *first, **next;
    const char *key; /* of the value that comes next; NULL: a key comes next */
    int key_line, key_column;
} open_node;

typedef struct child {
    alx_yaml *node;
    struct child *next;
} child;

/* An explicit stack: a file cannot make us recurse. */
typedef struct builder {
    alx_arena *arena;
    const char *file, *text;
    size_t length;
    alx_yaml *root;
    open_node open[ALX_YAML_MAX_DEPTH];
    int depth, nodes, documents;
    alx_error *err;
} builder;

/* ---- Messages ---- */

/* "file:line:column: " as the message's start. */
static alx_status add_place(alx_error *err, alx_status status, const char *file, int line, int column)
{
    if (!file) return status;
    alx_printable name;
    return alx_where(err, status, "%s:%d:%d", alx_text_printable(file, name), line, column);
}

alx_status alx_yaml_fail(const alx_yaml *node, alx_error *err, alx_status status, const char *format, ...)
{
    alx_error own; /* err may be NULL, and its message may be among the arguments */
    va_list args;
    va_start(args, format);
    vsnprintf(own.message, sizeof own.message, format, args);
    va_end(args);
    alx_fail(err, status, "%s", own.message);
    return add_place(err, status, node->file, node->line, node->column);
}

static alx_status fail_at(const builder *b, yaml_mark_t mark, const char *message)
{
    int line = (int)mark.line + 1, column = (int)mark.column + 1;
    if (!b->file) return alx_fail(b->err, ALX_BAD_DATA, "line %d, column %d: %s", line, column, message);
    alx_fail(b->err, ALX_BAD_DATA, "%s", message);
    return add_place(b->err, ALX_BAD_DATA, b->file, line, column);
}

/* People indent with tabs; YAML's own words for that do not help them. */
static bool find_tab_indent(const builder *b, size_t first, size_t last, yaml_mark_t *mark)
{
    const char *at = b->text, *end = b->text + b->length;
    for (size_t line = 0; line <= last && at < end; line++) {
        const char *start = at;
        while (at < end && *at == ' ') at++;
        *mark = (yaml_mark_t){.line = line, .column = (size_t)(at - start)};
        if (line >= first && at < end && *at == '\t') return true;
        while (at < end && *at != '\n') at++;
        at += at < end;
    }
    return false;
}

static alx_status fail_syntax(const builder *b, const yaml_parser_t *parser)
{
    if (parser->error == YAML_MEMORY_ERROR) return alx_fail(b->err, ALX_NO_MEMORY, "out of memory while reading YAML");
    /* The reader's complaints about bytes carry no mark. */
    yaml_mark_t mark = parser->error == YAML_READER_ERROR ? parser->mark : parser->problem_mark;
    yaml_mark_t tab;
    size_t first = parser->context ? parser->context_mark.line : mark.line;
    if (parser->error != YAML_READER_ERROR && find_tab_indent(b, first, mark.line, &tab))
        return fail_at(b, tab, "this line is indented with a tab; use spaces");
    char message[256];
    snprintf(message, sizeof message, "not valid YAML: %s%s%s", parser->problem ? parser->problem : "unknown problem",
             parser->context ? " " : "", parser->context ? parser->context : "");
    return fail_at(b, mark, message);
}

/* ---- Building ---- */

static alx_status add_node(builder *b, const yaml_event_t *event, alx_yaml_kind kind, alx_yaml **out)
{
    if (++b->nodes > ALX_YAML_MAX_NODES) return fail_at(b, event->start_mark, "more than 100,000 values in one file");
    alx_yaml *node = alx_arena_alloc(b->arena, 1, sizeof *node, b->err);
    if (!node) return ALX_NO_MEMORY;
    node->kind = kind;
    node->file = b->file;
    node->line = (int)event->start_mark.line + 1;
    node->column = (int)event->start_mark.column + 1;
    *out = node;
    if (b->depth == 0) {
        b->root = node;
        return ALX_OK;
    }
    open_node *parent = &b->open[b->depth - 1];
    child *link = alx_arena_alloc(b->arena, 1, sizeof *link, b->err);
    if (!link) return ALX_NO_MEMORY;
    link->node = node;
    *parent->next = link;
    parent->next = &link->next;
    parent->node->count++;
    node->key = parent->key;
    node->key_line = parent->key_line;
    node->key_column = parent->key_column;
    parent->key = NULL;
    return ALX_OK;
}

static bool expects_key(const builder *b)
{
    const open_node *top = b->depth ? &b->open[b->depth - 1] : NULL;
    return top && top->node->kind == ALX_YAML_MAP && !top->key;
}

static const char no_anchors[] = "anchors (&name) are not taken; write the value out wherever it is used";
static const char no_tags[] = "tags (!name) are not taken; leave the tag out, or quote the text";

static alx_status on_scalar(builder *b, const yaml_event_t *event)
{
    const char *value = (const char *)event->data.scalar.value;
    if (event->data.scalar.anchor) return fail_at(b, event->start_mark, no_anchors);
    if (event->data.scalar.tag) return fail_at(b, event->start_mark, no_tags);
    if (strlen(value) != event->data.scalar.length)
        return fail_at(b, event->start_mark, "a text with a zero byte is not taken; leave the byte out");
    char *copy = alx_arena_strdup(b->arena, value, b->err);
    if (!copy) return ALX_NO_MEMORY;
    if (expects_key(b)) {
        open_node *top = &b->open[b->depth - 1];
        if (!*copy) return fail_at(b, event->start_mark, "a key is missing before the colon");
        top->key = copy;
        top->key_line = (int)event->start_mark.line + 1;
        top->key_column = (int)event->start_mark.column + 1;
        return ALX_OK;
    }
    alx_yaml *node;
    ALX_TRY(add_node(b, event, ALX_YAML_SCALAR, &node));
    node->scalar = copy;
    node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    return ALX_OK;
}

static alx_status on_open(builder *b, const yaml_event_t *event, alx_yaml_kind kind)
{
    bool map = kind == ALX_YAML_MAP;
    if (map ? event->data.mapping_start.anchor : event->data.sequence_start.anchor)
        return fail_at(b, event->start_mark, no_anchors);
    if (map ? event->data.mapping_start.tag : event->data.sequence_start.tag)
        return fail_at(b, event->start_mark, no_tags);
    if (expects_key(b)) return fail_at(b, event->start_mark, "a key must be a plain word, not a list or a map");
    if (b->depth == ALX_YAML_MAX_DEPTH) return fail_at(b, event->start_mark, "nested deeper than 32 levels");
    alx_yaml *node;
    ALX_TRY(add_node(b, event, kind, &node));
    open_node *top = &b->open[b->depth++];
    *top = (open_node){.node = node};
    top->next = &top->first;
    return ALX_OK;
}

static int by_key(const void *left, const void *right)
{
    const alx_yaml *a = *(alx_yaml *const *)left, *b = *(alx_yaml *const *)right;
    int order = strcmp(a->key, b->key);
    if (order) return order;
    if (a->key_line != b->key_line) return a->key_line < b->key_line ? -1 : 1;
    return a->key_column < b->key_column ? -1 : a->key_column > b->key_column;
}

static alx_status fail_twice(const builder *b, const alx_yaml *first, const alx_yaml *second)
{
    alx_printable name;
    alx_fail(b->err, ALX_BAD_DATA, "%s is given twice; line %d has it too", alx_text_printable(second->key, name),
             first->key_line);
    return add_place(b->err, ALX_BAD_DATA, b->file, second->key_line, second->key_column);
}

/* Sorted, because comparing each key with each would let a megabyte of keys take minutes. */
static alx_status check_keys(const builder *b, const alx_yaml *map)
{
    if (map->count < 2) return ALX_OK;
    alx_yaml **sorted = alx_calloc((size_t)map->count, sizeof *sorted, b->err);
    if (!sorted) return ALX_NO_MEMORY;
    memcpy(sorted, map->children, (size_t)map->count * sizeof *sorted);
    qsort(sorted, (size_t)map->count, sizeof *sorted, by_key);
    alx_status status = ALX_OK;
    for (int i = 1; i < map->count && !status; i++)
        if (strcmp(sorted[i - 1]->key, sorted[i]->key) == 0) status = fail_twice(b, sorted[i - 1], sorted[i]);
    free(sorted);
    return status;
}

static alx_status on_close(builder *b)
{
    assert(b->depth > 0); /* libyaml reports an end for each beginning */
    open_node *top = &b->open[--b->depth];
    alx_yaml *node = top->node;
    node->children = alx_arena_alloc(b->arena, (size_t)node->count + 1, sizeof *node->children, b->err);
    if (!node->children) return ALX_NO_MEMORY;
    int i = 0;
    for (const child *link = top->first; link; link = link->next) node->children[i++] = link->node;
    return node->kind == ALX_YAML_MAP ? check_keys(b, node) : ALX_OK;
}

static alx_status on_event(builder *b, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        if (++b->documents == 1) return ALX_OK;
        return fail_at(b, event->start_mark,
                       "a second document (---) in one file is not taken; put it in a file of its own");
    case YAML_ALIAS_EVENT:
        return fail_at(b, event->start_mark, "aliases (*name) are not taken; write the value out, or quote the text");
    case YAML_SCALAR_EVENT: return on_scalar(b, event);
    case YAML_SEQUENCE_START_EVENT: return on_open(b, event, ALX_YAML_LIST);
    case YAML_MAPPING_START_EVENT: return on_open(b, event, ALX_YAML_MAP);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT: return on_close(b);
    default: return ALX_OK; /* the start and end of the stream, the end of a document */
    }
}

static alx_status parse_events(builder *b, yaml_parser_t *parser)
{
    for (bool more = true; more;) {
        yaml_event_t event;
        if (!yaml_parser_parse(parser, &event)) return fail_syntax(b, parser);
        more = event.type != YAML_STREAM_END_EVENT;
        alx_status status = on_event(b, &event);
        yaml_event_delete(&event);
        if (status) return status;
    }
    if (b->root) return ALX_OK;
    return fail_at(b, (yaml_mark_t){0}, "there is nothing in it");
}

alx_status alx_yaml_parse(alx_yaml **root, alx_arena *arena, const char *text, size_t length, const char *file,
                          alx_error *err)
{
    *root = NULL;
    builder b = {.arena = arena, .text = text, .length = length, .err = err};
    if (file && !(b.file = alx_arena_strdup(arena, file, err))) return ALX_NO_MEMORY;
    if (length > ALX_YAML_MAX_BYTES) return fail_at(&b, (yaml_mark_t){0}, "more than a megabyte of YAML");
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser)) return alx_fail(err, ALX_NO_MEMORY, "out of memory while reading YAML");
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, length);
    alx_status status = parse_events(&b, &parser);
    yaml_parser_delete(&parser);
    if (!status) *root = b.root;
    return status;
}

alx_status alx_yaml_read(alx_yaml **root, alx_arena *arena, const char *path, alx_error *err)
{
    *root = NULL;
    uint8_t *bytes;
    size_t count;
    ALX_TRY(alx_file_read(&bytes, &count, path, ALX_YAML_MAX_BYTES, err));
    alx_status status = alx_yaml_parse(root, arena, (const char *)bytes, count, path, err);
    free(bytes);
    return status;
}

const alx_yaml *alx_yaml_get(const alx_yaml *map, const char *key)
{
    if (!map || map->kind != ALX_YAML_MAP) return NULL;
    for (int i = 0; i < map->count; i++)
        if (strcmp(map->children[i]->key, key) == 0) return map->children[i];
    return NULL;
}

/* ---- Writing ---- */

static bool is_one_of(const char *s, const char *const *words)
{
    for (; *words; words++)
        if (strcmp(s, *words) == 0) return true;
    return false;
}

/* Stricter than YAML: plain where every reader, in block and in flow style, sees this text. */
static bool is_plain(const char *s)
{
    static const char *const reserved[] = {"~",     "null", "Null", "NULL", "true", "True", "TRUE", "false", "False",
                                           "FALSE", "yes",  "Yes",  "YES",  "no",   "No",   "NO",   "on",    "On",
                                           "ON",    "off",  "Off",  "OFF",  "y",    "Y",    "n",    "N",     NULL};
    static const char inner[] = "_./+@%=()-~^ ";
    size_t length = strlen(s);
    if (length == 0 || s[length - 1] == ' ' || is_one_of(s, reserved)) return false;
    for (size_t i = 0; i < length;) {
        uint32_t code = 0;
        int size = alx_text_decode(&code, s + i, length - i);
        bool word = (code >= '0' && code <= '9') || (code >= 'a' && code <= 'z') || (code >= 'A' && code <= 'Z') ||
                    code == '_' || code == '/' || code == '.' || (code > 0xa0 && code < 0x2000) ||
                    (code > 0x2fff && code < 0xfe00);
        if (!size || (!word && (i == 0 || code > 0x7f || !strchr(inner, (char)code)))) return false;
        i += (size_t)size;
    }
    return s[0] != '.' || strncmp(s, "...", 3) != 0; /* the end of a document */
}

void alx_yaml_add_scalar(struct alx_text *text, const char *s)
{
    if (is_plain(s)) {
        alx_text_add(text, s);
        return;
    }
    alx_text_add(text, "\"");
    size_t length = strlen(s);
    for (size_t i = 0; i < length;) {
        uint32_t code =
            0xfffd; /* YAML holds no bytes that are not UTF-8: such a byte becomes the replacement character */
        int size = alx_text_decode(&code, s + i, length - i);
        /* YAML 1.1, production 1; the line separators are escaped as well. */
        bool printable = (code >= 0x20 && code < 0x7f) || (code >= 0xa0 && code < 0x2028) ||
                         (code > 0x2029 && code < 0xfeff) || (code > 0xfeff && code < 0xfffe) || code > 0xffff;
        if (code == '"' || code == '\\')
            alx_text_printf(text, "\\%c", (char)code);
        else if (code == '\n')
            alx_text_add(text, "\\n");
        else if (!printable)
            alx_text_printf(text, "\\u%04x", (unsigned)code);
        else if (size)
            alx_text_add_bytes(text, s + i, (size_t)size);
        else
            alx_text_add(text, "\xef\xbf\xbd");
        i += size ? (size_t)size : 1;
    }
    alx_text_add(text, "\"");
}
