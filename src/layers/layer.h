/* Layers: what a person writes.  A layer is one file: a config struct, its option
 * table, and four functions in a const descriptor that layers/catalog.c lists.
 *
 * Shapes here are of one sample: (C, H, W) or (F). */
#ifndef ALX_LAYERS_LAYER_H
#define ALX_LAYERS_LAYER_H

#include "base/option.h"
#include "ops/program.h"

enum { ALX_MAX_INPUTS = 16, ALX_MAX_LAYER_PARAMS = 4, ALX_UNITS_CLASSES = -1, ALX_PADDING_SAME = -1 };

typedef enum alx_init_kind {
    ALX_INIT_GLOROT_UNIFORM, /* U(-a, a), a = sqrt(6 / (fan_in + fan_out)): Glorot and Bengio 2010 */
    ALX_INIT_HE_NORMAL,      /* truncated normal as Keras: sd sqrt(2 / fan_in), cut at 2 sd and rescaled: He 2015 */
    ALX_INIT_NORMAL,         /* N(0, value) */
    ALX_INIT_CONSTANT        /* value */
} alx_init_kind;

/* One tensor that a layer owns. */
typedef struct alx_param_decl {
    const char *name; /* "kernel", "bias", "gamma", ... */
    alx_shape shape;  /* canonical: conv (O, I/groups, KH, KW), dense (O, I), else (C) */
    bool trainable;
    alx_init_kind init;
    double init_value; /* NORMAL: standard deviation; CONSTANT: the value */
    int64_t fan_in, fan_out;
    int64_t groups; /* conv: above 1 the program sees (G, O/G, I/G, KH, KW), which is the same memory */
} alx_param_decl;

/* What lower() gets: the program, the input values, and the parameters' values in
 * the order of params(). */
typedef struct alx_lower_args {
    alx_program *program;
    int input_count;
    const alx_value *inputs;
    const alx_value *params;
    bool frozen; /* the layer keeps its weights; batch normalisation then computes as in prediction */
    bool last;   /* the network's last layer: its softmax is left to the caller (fused with the loss) */
    bool logits; /* only the final softmax reads its linear output: a product may keep it in f32 */
} alx_lower_args;

typedef struct alx_explain alx_explain; /* layers/explain.h */

typedef struct alx_layer_class {
    union { /* what the public catalogue shows is the beginning of the descriptor */
        struct {
            const char *name;  /* conv2d */
            const char *keras; /* Conv2D */
            const char *help[2];
        };
        alx_layer_type_info info;
    };
    const char *also; /* what others call it, separated by spaces: "Conv2d conv Convolution" */
    const alx_option *options;
    size_t config_size;
    int min_inputs, max_inputs;
    /* Checks the config against the input shapes, resolves what depends on them or on
     * the number of classes (units: classes), and gives the output shape. */
    alx_status (*shape)(void *config, int classes, const alx_shape *inputs, int count, alx_shape *out, alx_error *err);
    /* Declares the parameters; NULL when there are none. Returns how many (at most ALX_MAX_LAYER_PARAMS). */
    int (*params)(const void *config, const alx_shape *inputs, alx_param_decl *out);
    /* Appends ops; *out is the layer's output. */
    alx_status (*lower)(const void *config, const alx_lower_args *args, alx_value *out, alx_error *err);
    /* Derives shape, parameters and purpose in words, and what an output weighs and sees. */
    void (*explain)(const void *config, alx_explain *e);
    /* True when the layer ends in softmax; NULL: never. */
    bool (*is_softmax)(const void *config);
    bool mixes_images; /* in training an image's outputs depend on the other images of the batch, unless it is frozen */
} alx_layer_class;

/* The one list, ended by NULL. */
extern const alx_layer_class *const alx_layer_classes[];
const alx_layer_class *alx_layer_class_find(const char *name);
/* For did-you-mean: "Conv2D", "convolution", "maxpool" ... -> the nearest class or NULL. */
const alx_layer_class *alx_layer_class_nearest(const char *name);

#endif
