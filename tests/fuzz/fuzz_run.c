/* Any bytes as a checkpoint's run state: refused with a message, or written again as what reads as the same. */
#include <stdlib.h>
#include <string.h>

#include "train/run_state.h"
#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    require(text != NULL);
    if (size) memcpy(text, data, size);
    text[size] = '\0';
    alx_run_state run, again;
    alx_text first = {0}, second = {0};
    alx_error err = {0};
    alx_status status = alx_run_state_read(&run, text, &err);
    if (status) require_refusal(status, &err);
    require(status || run.epoch >= 0);
    if (!status) {
        alx_run_state_write(&first, &run);
        require(!alx_run_state_read(&again, first.data, &err));
        alx_run_state_write(&second, &again);
        require(strcmp(first.data, second.data) == 0);
        alx_run_state_finish(&again);
    }
    alx_run_state_finish(&run);
    alx_text_finish(&first);
    alx_text_finish(&second);
    free(text);
    return 0;
}
