/* An explanation as JSON: every number, and the same sentences as in the text. */
#include <stdlib.h>

#include "cli/explain_print.h"
#include "cli/network.h"
#include "cli/output.h"

static const char *const topic_keys[ALX_TOPIC_COUNT] = {
    [ALX_TOPIC_OUTPUT] = "output",   [ALX_TOPIC_FIELD] = "sees",    [ALX_TOPIC_PARAMETERS] = "parameters",
    [ALX_TOPIC_WORK] = "work",       [ALX_TOPIC_MEMORY] = "memory", [ALX_TOPIC_PURPOSE] = "purpose",
    [ALX_TOPIC_HISTORY] = "alexnet",
};

typedef struct entry {
    const char *key;
    int64_t value;
} entry;

static void set_numbers(json_t *object, const entry *entries, size_t count)
{
    for (size_t i = 0; i < count; i++) json_object_set_new(object, entries[i].key, json_integer(entries[i].value));
}
#define SET_NUMBERS(object, entries) set_numbers(object, entries, sizeof entries / sizeof *entries)

static json_t *pair(const int64_t values[2])
{
    json_t *list = json_array();
    for (int i = 0; i < 2; i++) json_array_append_new(list, json_integer(values[i]));
    return list;
}

static json_t *layer_json(const cli_explained *e, int index)
{
    alx_layer_info info;
    alx_layer_account a;
    alx_network_layer(e->network, index, &info);
    alx_explanation_layer(e->explanation, index, &a);
    json_t *layer = json_object(), *shape = json_array(), *text = json_object();
    for (int i = 0; i < info.rank; i++) json_array_append_new(shape, json_integer(info.shape[i]));
    json_object_set_new(layer, "name", cli_json_text(info.name));
    json_object_set_new(layer, "type", cli_json_text(info.type));
    json_object_set_new(layer, "keras", cli_json_text(info.keras));
    json_object_set_new(layer, "output", shape);
    const entry numbers[] = {
        {"parameters", info.parameters},
        {"trainable", info.trainable},
        {"values", a.values},
        {"neurons", a.neurons},
        {"connections", a.connections},
        {"padded", a.padded},
        {"multiply_adds", a.multiply_adds},
    };
    SET_NUMBERS(layer, numbers);
    json_object_set_new(layer, "field", pair(a.field));
    json_object_set_new(layer, "step", pair(a.step));
    json_object_set_new(layer, "bytes", cli_json_layer_bytes(&a));
    for (int t = 0; t < ALX_TOPIC_COUNT; t++) {
        const char *words = alx_explanation_text(e->explanation, index, (alx_topic)t);
        if (words) json_object_set_new(text, topic_keys[t], cli_json_text(words));
    }
    json_object_set_new(layer, "text", text);
    return layer;
}

static json_t *total_json(const cli_explained *e)
{
    int64_t parameters = 0, trainable = 0;
    alx_layer_account sum;
    for (int i = 0; i < alx_network_layer_count(e->network); i++) {
        alx_layer_info info;
        alx_network_layer(e->network, i, &info);
        parameters += info.parameters;
        trainable += info.trainable;
    }
    alx_explanation_total(e->explanation, &sum);
    alx_training_memory m;
    alx_explanation_memory(e->explanation, &m);
    json_t *total = json_object();
    const entry numbers[] = {
        {"parameters", parameters},
        {"trainable", trainable},
        {"non_trainable", parameters - trainable},
        {"optimizer_state", sum.gradient_bytes ? trainable * (int64_t)(sum.state_bytes / sum.gradient_bytes) : 0},
        {"neurons", sum.neurons},
        {"connections", sum.connections},
        {"padded", sum.padded},
        {"multiply_adds", sum.multiply_adds},
    };
    SET_NUMBERS(total, numbers);
    json_object_set_new(total, "bytes", cli_json_memory(&m));
    json_object_set_new(total, "at_once", json_integer(m.at_once));
    return total;
}

int cli_explain_json(const cli_explained *e)
{
    int size[3];
    alx_network_input(e->network, size);
    json_t *root = json_object(), *input = json_array(), *layers = json_array(), *notes = json_array();
    for (int i = 0; i < 3; i++) json_array_append_new(input, json_integer(size[i]));
    for (int i = 0; i < alx_network_layer_count(e->network); i++)
        if (e->layer < 0 || e->layer == i) json_array_append_new(layers, layer_json(e, i));
    for (int i = 0; alx_explanation_note(e->explanation, i); i++)
        json_array_append_new(notes, cli_json_text(alx_explanation_note(e->explanation, i)));
    json_object_set_new(root, "name", cli_json_text(alx_network_name(e->network)));
    json_object_set_new(root, "classes", json_integer(alx_network_classes(e->network)));
    json_object_set_new(root, "input", input);
    json_object_set_new(root, "batch_size", json_integer(e->batch_size));
    json_object_set_new(root, "precision", json_string(cli_precision_name(alx_explanation_precision(e->explanation))));
    json_object_set_new(root, "layers", layers);
    json_object_set_new(root, "total", total_json(e));
    json_object_set_new(root, "notes", notes);
    int code = cli_print_json(root);
    putchar('\n');
    return code;
}
