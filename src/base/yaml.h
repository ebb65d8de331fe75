/* YAML as a tree with marks.  The subset that people write: block and flow
 * mappings, sequences and scalars.  Aliases, anchors, tags, several documents and
 * duplicate keys are refused, each with its line. */
#ifndef ALX_BASE_YAML_H
#define ALX_BASE_YAML_H

#include <stdbool.h>

#include "base/arena.h"

typedef enum alx_yaml_kind { ALX_YAML_SCALAR, ALX_YAML_LIST, ALX_YAML_MAP } alx_yaml_kind;

typedef struct alx_yaml {
    alx_yaml_kind kind;
    bool quoted;        /* a scalar written in quotes is text, never a number */
    const char *file;   /* for messages; NULL when it came from no file */
    int line, column;   /* from 1 */
    const char *scalar; /* SCALAR: its text; MAP and LIST: NULL */
    const char *key;    /* the key of this node in its map, else NULL */
    int key_line, key_column;
    int count; /* children of MAP and LIST */
    struct alx_yaml **children;
} alx_yaml;

/* Limits that hold against hostile files. */
enum { ALX_YAML_MAX_BYTES = 1 << 20, ALX_YAML_MAX_DEPTH = 32, ALX_YAML_MAX_NODES = 100000 };

/* Everything, the strings too, lives in arena.  file may be NULL. */
alx_status alx_yaml_parse(alx_yaml **root, alx_arena *arena, const char *text, size_t length, const char *file,
                          alx_error *err);
alx_status alx_yaml_read(alx_yaml **root, alx_arena *arena, const char *path, alx_error *err);

/* The child of a map by key, or NULL. */
const alx_yaml *alx_yaml_get(const alx_yaml *map, const char *key);
/* Fails with the place in front: "alexnet.yaml:7:5: ...". */
alx_status alx_yaml_fail(const alx_yaml *node, alx_error *err, alx_status status, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* s as a YAML scalar: plain where that reads back as the same text, else quoted. */
struct alx_text;
void alx_yaml_add_scalar(struct alx_text *text, const char *s);

#endif
