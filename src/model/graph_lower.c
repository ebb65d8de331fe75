/* From a network to the ops of its forward pass. */
#include "model/graph.h"

/* Whether the output of layer `index`, before a softmax of its own, is what the final softmax alone reads: the last
 * layer's, or the one's in front of a last `activation: softmax`. */
static bool makes_logits(const alx_graph *graph, int index)
{
    int last = graph->spec.layer_count - 1;
    if (index == last) return true;
    const alx_spec_layer *end = &graph->spec.layers[last];
    if (graph->layers[last].param_count > 0 || end->input_count != 1 || end->inputs[0] != index) return false;
    for (int i = index + 1; i < last; i++)
        for (int k = 0; k < graph->spec.layers[i].input_count; k++)
            if (graph->spec.layers[i].inputs[k] == index) return false;
    return true;
}

static alx_status lower_params(const alx_graph *graph, int index, alx_program *program,
                               alx_value values[ALX_MAX_LAYER_PARAMS], alx_error *err)
{
    const alx_graph_layer *layer = &graph->layers[index];
    for (int i = 0; i < layer->param_count; i++) {
        int param = layer->first_param + i;
        const alx_param_decl *decl = &graph->params[param].decl;
        const int64_t *d = decl->shape.dims;
        alx_shape shape = decl->shape;
        if (decl->groups > 1) shape = ALX_SHAPE(decl->groups, d[0] / decl->groups, d[1], d[2], d[3]);
        ALX_TRY(alx_program_param(&values[i], program, param, &shape, decl->trainable, err));
    }
    return ALX_OK;
}

/* outputs[i + 1] is the value of layer i, outputs[0] the input. */
static alx_status lower_layer(const alx_graph *graph, int index, alx_program *program, alx_value *outputs,
                              alx_error *err)
{
    const alx_spec_layer *layer = &graph->spec.layers[index];
    alx_value inputs[ALX_MAX_INPUTS], params[ALX_MAX_LAYER_PARAMS];
    for (int i = 0; i < layer->input_count; i++) inputs[i] = outputs[layer->inputs[i] + 1];
    ALX_TRY(lower_params(graph, index, program, params, err));
    alx_lower_args args = {.program = program,
                           .input_count = layer->input_count,
                           .inputs = inputs,
                           .params = params,
                           .frozen = graph->layers[index].frozen,
                           .last = index == graph->spec.layer_count - 1,
                           .logits = makes_logits(graph, index)};
    program->layer = index;
    alx_status status = layer->cls->lower(layer->config, &args, &outputs[index + 1], err);
    return status ? alx_where(err, status, "%s", layer->name) : ALX_OK;
}

alx_status alx_graph_lower(const alx_graph *graph, alx_program *program, alx_error *err)
{
    int count = graph->spec.layer_count;
    alx_value *outputs = alx_arena_alloc(&program->arena, (size_t)count + 1, sizeof *outputs, err);
    if (!outputs) return ALX_NO_MEMORY;
    /* Images come in f32 whatever the program computes in. */
    alx_value_info input = {.kind = ALX_VALUE_INPUT,
                            .shape = alx_shape_batched(&graph->input, program->batch),
                            .type = ALX_F32,
                            .param = ALX_INPUT_IMAGES};
    alx_status status = alx_program_add_value(&outputs[0], program, &input, err);
    for (int i = 0; i < count && !status; i++) status = lower_layer(graph, i, program, outputs, err);
    if (!status) program->logits = outputs[count];
    program->outputs = outputs;
    return status;
}
