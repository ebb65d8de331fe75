/* Any bytes as weights that two networks start from: refused with a message, or every tensor that is taken has the
 * shape of its parameter. */
#include <stdlib.h>
#include <string.h>

#include "model/transfer.h"
#include "fuzz/fuzz.h"

/* The networks of seeds_model.c. */
static const char *const nets[] = {
    "name: a\nclasses: 3\ninput: [1, 1, 3]\nlayers:\n  - flatten:\n  - dense: {units: classes, activation: softmax}\n",
    "name: b\nclasses: 3\ninput: [2, 2, 3]\nlayers:\n  - conv2d: {filters: 2, kernel_size: 1, activation: relu}\n"
    "  - batch_normalization:\n  - global_average_pooling2d:\n  - dense: {units: classes, activation: softmax}\n",
};

static void start(const char *yaml, const alx_safetensors *file)
{
    alx_graph *graph;
    alx_params *params;
    alx_transfer transfer;
    alx_error err = {0};
    require(!alx_graph_parse(&graph, yaml, NULL, 0, NULL) && !alx_params_create(&params, graph, false, NULL));
    alx_status status = alx_transfer_create(&transfer, graph, file, &err);
    if (!status) {
        int taken = 0;
        for (int i = 0; i < graph->param_count; i++) {
            if (!transfer.from[i]) continue;
            require(alx_transfer_fits(transfer.from[i], &graph->params[i]));
            taken++;
        }
        require(taken == transfer.taken && taken + (transfer.afresh ? 2 : 0) == graph->param_count);
        status = alx_transfer_apply(&transfer, params, file, &err);
    }
    if (status) require_refusal(status, &err);
    alx_transfer_finish(&transfer);
    alx_params_destroy(params);
    alx_graph_destroy(graph);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    alx_safetensors *file;
    if (alx_safetensors_open_bytes(&file, data, size, NULL)) return 0;
    for (size_t i = 0; i < sizeof nets / sizeof nets[0]; i++) start(nets[i], file);
    alx_safetensors_close(file);
    return 0;
}
