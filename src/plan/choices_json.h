/* One choice as JSON: for choices.c, whose record has it, and choices_file.c. */
#ifndef ALX_PLAN_CHOICES_JSON_H
#define ALX_PLAN_CHOICES_JSON_H

#include <jansson.h>

#include "plan/choices.h"

/* A new object; NULL or less than whole when memory runs out, which whoever writes it notices. */
json_t *alx_chosen_json(const alx_chosen *chosen, bool times);
/* False: it reads as no choice, or names a way that is not known here.  The key is not copied. */
bool alx_chosen_read(alx_chosen *chosen, const char *key, json_t *json);

#endif
