/* An inspected data set as text and as JSON. */
#ifndef ALX_CLI_CHECK_PRINT_H
#define ALX_CLI_CHECK_PRINT_H

#include "alexnet.h"

typedef struct cli_checked {
    const alx_inspection *inspection;
    const char *source; /* as the person named it */
    alx_language language;
    long long examples; /* of each finding, in the text */
} cli_checked;

/* Both return the exit code of printing. */
int cli_check_text(const cli_checked *c);
int cli_check_json(const cli_checked *c);

#endif
