/* A network as written: name, classes, input and a list of layers with options. */
#ifndef ALX_MODEL_SPEC_H
#define ALX_MODEL_SPEC_H

#include "base/yaml.h"
#include "layers/layer.h"

typedef struct alx_spec_layer {
    const alx_layer_class *cls;
    const char *name; /* given, or made as Keras does: conv2d_1, conv2d_2 ... */
    void *config;     /* cls->config_size bytes */
    int input_count;
    int inputs[ALX_MAX_INPUTS]; /* indices of earlier layers; -1 is the network's input */
    const char *options;        /* the options that differ from their defaults: "filters: 96, kernel_size: 11" */
    int number;                 /* of a made name: 2 in conv2d_2; 0 when the name was given */
    const alx_yaml *mark;       /* for messages; NULL when it came from no text */
} alx_spec_layer;

typedef struct alx_spec {
    alx_arena arena;
    const char *name;
    int classes;
    int input[3]; /* height, width, channels */
    int layer_count, layer_capacity;
    alx_spec_layer *layers;
} alx_spec;

/* Limits that hold against hostile files. */
enum {
    ALX_SPEC_MAX_LAYERS = 2000,
    ALX_SPEC_MAX_CLASSES = 1000000,
    ALX_SPEC_MAX_SIDE = 16384,
    ALX_SPEC_MAX_NAME = 64 /* bytes */
};

/* A zeroed spec may be finished. */
void alx_spec_finish(alx_spec *spec);
alx_status alx_spec_init(alx_spec *spec, const char *name, int height, int width, int channels, int classes,
                         alx_error *err);
/* Each checks what it sets. */
alx_status alx_spec_set_input(alx_spec *spec, int height, int width, int channels, alx_error *err);
alx_status alx_spec_set_classes(alx_spec *spec, int classes, alx_error *err);
alx_status alx_spec_set_name(alx_spec *spec, const char *name, alx_error *err);
/* From YAML text; file names it in messages and may be NULL. classes > 0 overrides. */
alx_status alx_spec_parse(alx_spec *spec, const char *text, size_t length, const char *file, int classes,
                          alx_error *err);
/* Append a layer from its options (a map or NULL); messages point to place. */
alx_status alx_spec_append(alx_spec *spec, const char *type, const alx_yaml *map, const alx_yaml *place,
                           alx_error *err);
/* Append a layer; options are YAML without the braces, `name` and `from` among them; NULL: none.  Without `from`
 * it reads the previous layer. */
alx_status alx_spec_add(alx_spec *spec, const char *type, const char *options, alx_error *err);
/* YAML that parses back to the same network; comments are not kept. */
void alx_spec_write(alx_text *text, const alx_spec *spec);

#endif
