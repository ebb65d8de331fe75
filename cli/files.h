/* What operands stand for: image files, and data sets. */
#ifndef ALX_CLI_FILES_H
#define ALX_CLI_FILES_H

#include <stdbool.h>

#include "alexnet.h"

typedef struct cli_files {
    int count, capacity;
    char **paths;
    int missing; /* operands without an image: reported */
} cli_files;

/* Files as they are given, folders as all images below them, sorted bytewise, hidden
 * names ignored.  A folder without images and a folder that cannot be read are
 * reported to stderr and counted as missing.  False: out of memory, reported. */
bool cli_files_find(cli_files *files, char *const *operands, int count);
void cli_files_finish(cli_files *files);

/* A recipe of the data that source means: a recipe's file, or a folder, which is trained as recipes/starter.yaml says,
 * or without starter in the plainest way. */
alx_status cli_open_data(alx_recipe **recipe, const char *source, bool starter, alx_error *err);

#endif
