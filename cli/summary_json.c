/* A summary as JSON. */
#include "cli/network.h"
#include "cli/output.h"
#include "cli/summary.h"

/* The keys of `alexnet explain --format json`. */
static void add_account(json_t *layer, const cli_summarized *s, int index)
{
    alx_layer_account a;
    alx_explanation_layer(s->explanation, index, &a);
    if (s->flops) json_object_set_new(layer, "multiply_adds", json_integer(a.multiply_adds));
    if (s->memory) json_object_set_new(layer, "bytes", cli_json_layer_bytes(&a));
}

static void add_totals(json_t *root, const cli_summarized *s, const cli_summary_totals *t)
{
    alx_training_memory m;
    alx_explanation_memory(s->explanation, &m);
    if (s->flops) {
        json_object_set_new(root, "multiply_adds", json_integer(t->multiply_adds));
        json_object_set_new(root, "training_multiply_adds", json_integer(t->training_multiply_adds));
    }
    if (s->memory) {
        json_object_set_new(root, "batch_size", json_integer(s->batch_size));
        json_object_set_new(root, "precision",
                            json_string(cli_precision_name(alx_explanation_precision(s->explanation))));
        json_object_set_new(root, "bytes", cli_json_memory(&m));
    }
}

static json_t *layer_json(const cli_summarized *s, int index)
{
    alx_layer_info info;
    alx_network_layer(s->network, index, &info);
    json_t *layer = json_object(), *shape = json_array(), *inputs = json_array();
    for (int i = 0; i < info.rank; i++) json_array_append_new(shape, json_integer(info.shape[i]));
    for (int i = 0; i < info.input_count; i++)
        json_array_append_new(inputs, cli_json_text(cli_summary_layer_name(s->network, info.inputs[i])));
    json_object_set_new(layer, "name", cli_json_text(info.name));
    json_object_set_new(layer, "type", cli_json_text(info.type));
    json_object_set_new(layer, "keras", cli_json_text(info.keras));
    json_object_set_new(layer, "output", shape);
    json_object_set_new(layer, "parameters", json_integer(info.parameters));
    json_object_set_new(layer, "trainable", json_integer(info.trainable));
    json_object_set_new(layer, "options", cli_json_text(info.options ? info.options : ""));
    json_object_set_new(layer, "inputs", inputs);
    if (s->explanation) add_account(layer, s, index);
    return layer;
}

int cli_summary_json(const cli_summarized *s)
{
    int size[3];
    cli_summary_totals t;
    alx_error err = {0};
    if (cli_summary_add_up(&t, s, &err)) return cli_error(&err);
    alx_network_input(s->network, size);
    json_t *root = json_object(), *input = json_array(), *layers = json_array();
    for (int i = 0; i < 3; i++) json_array_append_new(input, json_integer(size[i]));
    for (int i = 0; i < alx_network_layer_count(s->network); i++) json_array_append_new(layers, layer_json(s, i));
    json_object_set_new(root, "name", cli_json_text(alx_network_name(s->network)));
    json_object_set_new(root, "classes", json_integer(alx_network_classes(s->network)));
    json_object_set_new(root, "input", input);
    json_object_set_new(root, "layers", layers);
    json_object_set_new(root, "parameters", json_integer(t.parameters));
    json_object_set_new(root, "trainable", json_integer(t.trainable));
    json_object_set_new(root, "non_trainable", json_integer(t.parameters - t.trainable));
    if (s->explanation) add_totals(root, s, &t);
    int code = cli_print_json(root);
    putchar('\n');
    return code;
}
