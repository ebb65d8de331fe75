/* Any bytes as metrics.csv: refused with a message, or rows that can be asked. */
#include <stdlib.h>
#include <string.h>

#include "cli/history.h"
#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    if (!text) return 0;
    if (size) memcpy(text, data, size);
    text[size] = '\0';
    cli_history history;
    alx_error err = {0};
    if (cli_history_parse(&history, text, "metrics.csv", &err)) {
        require_refusal(err.status, &err);
        require(history.epochs == 0);
    } else {
        const int best = cli_history_best(&history, size & 1);
        volatile double read = cli_history_seconds(&history);
        for (int m = 0; m < CLI_METRICS; m++)
            for (int i = 0; i < history.epochs; i++) read = history.values[m][i];
        (void)read;
        require(best >= -1 && (best < 0 || best < history.epochs));
    }
    cli_history_finish(&history);
    free(text);
    return 0;
}
