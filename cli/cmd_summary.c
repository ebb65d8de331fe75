/* alexnet summary MODEL: the table that Keras' model.summary() prints. */
#include <string.h>

#include "cli/commands.h"
#include "cli/output.h"
#include "report/table.h"

typedef struct config {
    int json;
    long long classes;
} config;

const cli_option cli_summary_options[] = {
    {"classes",
     0,
     CLI_INT,
     offsetof(config, classes),
     "N",
     2,
     1000000,
     {"number of classes (default: the one that the network states)", "类别个数（默认为网络自己写明的）"}},
    {"json", 0, CLI_FLAG, offsetof(config, json), NULL, 0, 0, {"print JSON", "以 JSON 输出"}},
    {0},
};

typedef struct totals {
    int64_t parameters, trainable;
} totals;

static const char input_name[] = "input_1";

static void print_shape(char text[96], int rank, const int64_t *shape)
{
    int length = snprintf(text, 96, "(None");
    for (int i = 0; i < rank && length < 96; i++)
        length += snprintf(text + length, (size_t)(96 - length), ", %lld", (long long)shape[i]);
    snprintf(text + length, (size_t)(96 - length), ")");
}

static const char *layer_name(const alx_network *network, int index)
{
    if (index < 0) return input_name;
    alx_layer_info info;
    alx_network_layer(network, index, &info);
    return info.name;
}

/* Some layer reads another one than its predecessor. */
static bool has_branches(const alx_network *network)
{
    for (int i = 0; i < alx_network_layer_count(network); i++) {
        alx_layer_info info;
        alx_network_layer(network, i, &info);
        if (info.input_count != 1 || info.inputs[0] != i - 1) return true;
    }
    return false;
}

static void add_name(alx_table *table, const char *name, const char *format)
{
    cli_name_text text;
    alx_table_cell(table, format, cli_name(name, text));
}

/* One layer; where it reads several, each further one has a line of its own, as in Keras' graphs. */
static void add_layer(alx_table *table, const alx_network *network, int index, bool branches)
{
    char shape[96], count[32], format[96];
    alx_layer_info info;
    alx_network_layer(network, index, &info);
    print_shape(shape, info.rank, info.shape);
    snprintf(format, sizeof format, "%%s (%s)", info.keras);
    add_name(table, info.name, format);
    alx_table_cell(table, "%s", shape);
    alx_table_cell(table, "%s", cli_thousands(info.parameters, count));
    for (int i = 0; branches && i < info.input_count; i++) {
        for (int j = 0; i && j < 3; j++) alx_table_cell(table, "%s", "");
        add_name(table, layer_name(network, info.inputs[i]), "%s[0][0]");
    }
}

static alx_status print_table(const alx_network *network, alx_error *err)
{
    alx_table table;
    char shape[96];
    int size[3];
    bool branches = has_branches(network);
    alx_table_init(&table, "Layer (type)", ALX_TABLE_LEFT, "Output Shape", ALX_TABLE_LEFT, "Param #", ALX_TABLE_RIGHT,
                   branches ? "Connected to" : NULL, ALX_TABLE_LEFT, NULL);
    alx_network_input(network, size);
    print_shape(shape, 3, (int64_t[]){size[0], size[1], size[2]});
    alx_table_cell(&table, "%s (InputLayer)", input_name);
    alx_table_cell(&table, "%s", shape);
    alx_table_cell(&table, "0");
    if (branches) alx_table_cell(&table, "%s", "");
    for (int i = 0; i < alx_network_layer_count(network); i++) add_layer(&table, network, i, branches);
    alx_status status = alx_table_print(&table, stdout, err);
    alx_table_finish(&table);
    return status;
}

static totals add_up(const alx_network *network)
{
    totals t = {0};
    for (int i = 0; i < alx_network_layer_count(network); i++) {
        alx_layer_info info;
        alx_network_layer(network, i, &info);
        t.parameters += info.parameters;
        t.trainable += info.trainable;
    }
    return t;
}

static int print_text(const alx_network *network)
{
    printf("Model: \"");
    cli_print_name(stdout, alx_network_name(network));
    printf("\"\n");
    alx_error err = {0};
    if (print_table(network, &err)) return cli_error(&err);
    totals t = add_up(network);
    char number[32];
    printf("Total params: %s\n", cli_thousands(t.parameters, number));
    printf("Trainable params: %s\n", cli_thousands(t.trainable, number));
    printf("Non-trainable params: %s\n", cli_thousands(t.parameters - t.trainable, number));
    return CLI_DONE;
}

static json_t *layer_json(const alx_network *network, int index)
{
    alx_layer_info info;
    alx_network_layer(network, index, &info);
    json_t *layer = json_object(), *shape = json_array(), *inputs = json_array();
    for (int i = 0; i < info.rank; i++) json_array_append_new(shape, json_integer(info.shape[i]));
    for (int i = 0; i < info.input_count; i++)
        json_array_append_new(inputs, cli_json_text(layer_name(network, info.inputs[i])));
    json_object_set_new(layer, "name", cli_json_text(info.name));
    json_object_set_new(layer, "type", cli_json_text(info.type));
    json_object_set_new(layer, "keras", cli_json_text(info.keras));
    json_object_set_new(layer, "output", shape);
    json_object_set_new(layer, "parameters", json_integer(info.parameters));
    json_object_set_new(layer, "trainable", json_integer(info.trainable));
    json_object_set_new(layer, "options", cli_json_text(info.options ? info.options : ""));
    json_object_set_new(layer, "inputs", inputs);
    return layer;
}

static int print_json(const alx_network *network)
{
    int size[3];
    alx_network_input(network, size);
    json_t *root = json_object(), *input = json_array(), *layers = json_array();
    for (int i = 0; i < 3; i++) json_array_append_new(input, json_integer(size[i]));
    for (int i = 0; i < alx_network_layer_count(network); i++) json_array_append_new(layers, layer_json(network, i));
    totals t = add_up(network);
    json_object_set_new(root, "name", cli_json_text(alx_network_name(network)));
    json_object_set_new(root, "classes", json_integer(alx_network_classes(network)));
    json_object_set_new(root, "input", input);
    json_object_set_new(root, "layers", layers);
    json_object_set_new(root, "parameters", json_integer(t.parameters));
    json_object_set_new(root, "trainable", json_integer(t.trainable));
    json_object_set_new(root, "non_trainable", json_integer(t.parameters - t.trainable));
    int code = cli_print_json(root);
    putchar('\n');
    return code;
}

int cli_summary(const cli_call *call)
{
    config c = {0};
    cli_arguments arguments = {0};
    int code;
    if (!cli_begin(call, &arguments, &c, &code)) return code;
    const char *source = arguments.operand_count == 1 ? arguments.operands[0] : NULL;
    cli_arguments_finish(&arguments);
    if (!source) return cli_usage_error("summary takes one network: alexnet summary models/alexnet.yaml");
    alx_network *network;
    alx_error err = {0};
    if (alx_network_open(&network, source, (int)c.classes, &err)) return cli_error(&err);
    code = c.json ? print_json(network) : print_text(network);
    alx_network_destroy(network);
    return code;
}
