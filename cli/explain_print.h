/* An explanation as text, as a Markdown table and as JSON. */
#ifndef ALX_CLI_EXPLAIN_PRINT_H
#define ALX_CLI_EXPLAIN_PRINT_H

#include "alexnet.h"

typedef struct cli_explained {
    const alx_network *network;
    const alx_explanation *explanation;
    alx_language language;
    int batch_size;
    int layer; /* this one alone; -1: all, and the totals */
} cli_explained;

/* 80 columns wide. */
void cli_explain_text(const cli_explained *e);
void cli_explain_markdown(const cli_explained *e);
/* Returns the exit code. */
int cli_explain_json(const cli_explained *e);

#endif
