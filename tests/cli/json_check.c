/* json_check [PLACE]: reads one JSON value from stdin, to its very end, and prints the value at PLACE, such as
 * classes.0.name: text as it is, a list or an object as its length.  Exit 1: not JSON; 3: no such place. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static json_t *step(json_t *value, const char *name)
{
    return json_is_array(value) ? json_array_get(value, (size_t)strtoull(name, NULL, 10))
                                : json_object_get(value, name);
}

int main(int argc, char **argv)
{
    json_error_t error;
    json_t *root = json_loadf(stdin, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error), *value = root;
    if (!root) return fprintf(stderr, "json_check: line %d: %s\n", error.line, error.text), 1;
    char *place = argc > 1 ? argv[1] : NULL;
    for (char *name = place ? strtok(place, ".") : NULL; name && value; name = strtok(NULL, "."))
        value = step(value, name);
    if (!value) return fprintf(stderr, "json_check: no such place\n"), 3;
    if (json_is_array(value))
        printf("%zu\n", json_array_size(value));
    else if (json_is_object(value))
        printf("%zu\n", json_object_size(value));
    else if (json_is_string(value))
        printf("%s\n", json_string_value(value));
    else
        json_dumpf(value, stdout, JSON_ENCODE_ANY), putchar('\n');
    json_decref(root);
    return 0;
}
