/* Any bytes as the file of choices: never more than it says, and what was read can be recorded and read again. */
#include <stdlib.h>
#include <string.h>

#include "plan/choices.h"
#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    alx_choices choices = {0}, again = {0};
    alx_text first = {0}, second = {0};
    char *complaint, *text = malloc(size + 1);
    int left_out;
    require(text != NULL);
    if (size) memcpy(text, data, size);
    text[size] = '\0';
    require(!alx_choices_parse(&choices, &complaint, text, size, "m", NULL));
    require(!alx_choices_read_record(&choices, &left_out, text, NULL));
    for (int i = 0; i < choices.count; i++) {
        require(choices.list[i]->time_count <= ALX_CHOICE_TIMES);
        choices.list[i]->asked = true;
    }
    require(!alx_choices_record(&first, &choices, NULL));
    require(!alx_choices_read_record(&again, &left_out, first.data, NULL) && !left_out);
    require(again.count == choices.count);
    for (int i = 0; i < again.count; i++) again.list[i]->asked = true;
    require(!alx_choices_record(&second, &again, NULL));
    require(strcmp(first.data, second.data) == 0);
    free(complaint);
    free(text);
    alx_choices_finish(&choices);
    alx_choices_finish(&again);
    alx_text_finish(&first);
    alx_text_finish(&second);
    return 0;
}
