/* Any bytes through the YAML parser; each scalar must survive being written and read again. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/yaml.h"
#include "fuzz/fuzz.h"

static void check_scalar(const char *scalar)
{
    alx_arena arena = {0};
    alx_text text = {0};
    alx_yaml *again = NULL;
    alx_yaml_add_scalar(&text, scalar);
    if (alx_yaml_parse(&again, &arena, text.data, text.length, NULL, NULL)) abort();
    if (again->kind != ALX_YAML_SCALAR || strcmp(again->scalar, scalar) != 0) abort();
    alx_text_finish(&text);
    alx_arena_finish(&arena);
}

static void walk(const alx_yaml *node, int depth)
{
    if (depth > ALX_YAML_MAX_DEPTH || node->line < 1 || node->column < 1) abort();
    if (node->kind == ALX_YAML_SCALAR) check_scalar(node->scalar);
    for (int i = 0; i < node->count; i++) {
        const alx_yaml *child = node->children[i];
        if ((node->kind == ALX_YAML_MAP) != (child->key != NULL)) abort();
        if (child->key && alx_yaml_get(node, child->key) != child) abort(); /* keys are unique */
        walk(child, depth + 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    alx_arena arena = {0};
    alx_yaml *root = NULL;
    alx_error err = {0};
    alx_status status = alx_yaml_parse(&root, &arena, (const char *)data, size, "fuzz.yaml", &err);
    require(!root == (status != ALX_OK));
    if (status) require_refusal(status, &err);
    if (root) walk(root, 0);
    alx_arena_finish(&arena);
    return 0;
}
