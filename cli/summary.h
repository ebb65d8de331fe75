/* A summary of a network as text and as JSON. */
#ifndef ALX_CLI_SUMMARY_H
#define ALX_CLI_SUMMARY_H

#include <stdbool.h>

#include "alexnet.h"

typedef struct cli_summarized {
    const alx_network *network;
    const alx_explanation *explanation; /* where one of these is asked for: */
    bool flops, memory;
    int batch_size;
    alx_language language;
} cli_summarized;

typedef struct cli_summary_totals {
    int64_t parameters, trainable;
    int64_t multiply_adds, training_multiply_adds; /* of one image; with an explanation only */
} cli_summary_totals;

/* The name of layer `index` of a network; -1 is the input. */
const char *cli_summary_layer_name(const alx_network *network, int index);
alx_status cli_summary_add_up(cli_summary_totals *totals, const cli_summarized *s, alx_error *err);

/* Return the exit code. */
int cli_summary_text(const cli_summarized *s);
int cli_summary_json(const cli_summarized *s);

#endif
