/* A network as YAML that parses back to the same network. */
#include "model/spec.h"

static const char *input_name(const alx_spec *spec, int index)
{
    return index < 0 ? "input" : spec->layers[index].name;
}

static void add_from(alx_text *text, const alx_spec *spec, const alx_spec_layer *layer)
{
    alx_text_add(text, "from: ");
    if (layer->input_count > 1) alx_text_add(text, "[");
    for (int i = 0; i < layer->input_count; i++) {
        if (i) alx_text_add(text, ", ");
        alx_yaml_add_scalar(text, input_name(spec, layer->inputs[i]));
    }
    if (layer->input_count > 1) alx_text_add(text, "]");
}

/* "  - conv2d: {name: stem, from: input, filters: 96, kernel_size: 11}" */
static void add_layer(alx_text *text, const alx_spec *spec, int index)
{
    const alx_spec_layer *layer = &spec->layers[index];
    bool given = layer->number == 0, previous = layer->input_count == 1 && layer->inputs[0] == index - 1;
    bool options = layer->options[0] != '\0';
    alx_text_printf(text, "  - %s", layer->cls->name);
    if (given || !previous || options) {
        alx_text_add(text, ": {");
        if (given) {
            alx_text_add(text, "name: ");
            alx_yaml_add_scalar(text, layer->name);
        }
        if (!previous) {
            if (given) alx_text_add(text, ", ");
            add_from(text, spec, layer);
        }
        if (options && (given || !previous)) alx_text_add(text, ", ");
        alx_text_add(text, layer->options);
        alx_text_add(text, "}");
    }
    alx_text_add(text, "\n");
}

void alx_spec_write(alx_text *text, const alx_spec *spec)
{
    alx_text_add(text, "name: ");
    alx_yaml_add_scalar(text, spec->name);
    alx_text_printf(text, "\nclasses: %d\ninput: [%d, %d, %d]\nlayers:\n", spec->classes, spec->input[0],
                    spec->input[1], spec->input[2]);
    for (int i = 0; i < spec->layer_count; i++) add_layer(text, spec, i);
}
