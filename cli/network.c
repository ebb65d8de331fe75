#include "cli/network.h"

#include <string.h>

#include "cli/output.h"

bool cli_begin_network(const cli_call *call, void *config, const long long *classes, alx_network **network,
                       alx_language *language, int *exit_code)
{
    cli_arguments arguments = {0};
    alx_error err = {0};
    *network = NULL;
    if (!cli_begin(call, &arguments, config, exit_code)) return false;
    *language = arguments.language ? (alx_language)(arguments.language - 1) : call->language;
    const char *source = arguments.operand_count == 1 ? arguments.operands[0] : NULL;
    const char *name = call->command->name;
    cli_arguments_finish(&arguments);
    if (!source)
        *exit_code = cli_usage_error("%s takes one network: alexnet %s alexnet", name, name);
    else if (alx_network_open(network, source, (int)*classes, &err))
        *exit_code = cli_error(&err);
    return *network != NULL;
}

const char *cli_precision_name(alx_precision precision)
{
    return precision == ALX_PRECISION_BF16 ? "bf16" : "f32";
}

/* ---- JSON ---- */

typedef struct entry {
    const char *key;
    uint64_t value;
} entry;

static json_t *entries_json(const entry *entries, size_t count)
{
    json_t *object = json_object();
    for (size_t i = 0; i < count; i++)
        json_object_set_new(object, entries[i].key, json_integer((json_int_t)entries[i].value));
    return object;
}

json_t *cli_json_layer_bytes(const alx_layer_account *a)
{
    const entry bytes[] = {{"outputs", a->output_bytes},
                           {"output_gradients", a->output_gradient_bytes},
                           {"weights", a->weight_bytes},
                           {"gradients", a->gradient_bytes},
                           {"optimizer", a->state_bytes}};
    return entries_json(bytes, sizeof bytes / sizeof *bytes);
}

json_t *cli_json_memory(const alx_training_memory *m)
{
    const entry bytes[] = {{"weights", m->weights}, {"gradients", m->gradients}, {"optimizer", m->state},
                           {"average", m->average}, {"images", m->images},       {"arena", m->arena},
                           {"packed", m->packed},   {"total", m->total}};
    return entries_json(bytes, sizeof bytes / sizeof *bytes);
}
