/* What a source is, told by what it is; and tables and list files as a whole. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "data/idx.h"
#include "data/rows.h"

static bool is_table(const char *path)
{
    const char *dot = strrchr(alx_file_name(path), '.');
    return dot && (strcasecmp(dot, ".csv") == 0 || strcasecmp(dot, ".tsv") == 0);
}

static alx_status read_rows(alx_rows *rows, const char *path, bool table, const alx_source_config *config,
                            const char *group, alx_error *err)
{
    char *text;
    size_t length;
    ALX_TRY(alx_text_file_read(&text, &length, path, (alx_encoding)config->encoding, err));
    alx_status status = table ? alx_rows_read_table(rows, text, length, path, config, group, err)
                              : alx_rows_read_list(rows, text, length, path, err);
    free(text);
    return status;
}

static alx_status open_text(alx_sample_list *list, const char *path, bool table, const alx_source_config *config,
                            const char *group, alx_error *err)
{
    alx_rows rows = {0};
    char *folder = NULL;
    alx_status status = read_rows(&rows, path, table, config, group, err);
    if (!status && !*config->root) { /* beside the table; "" where its own path has no folder: names stay short */
        folder = strchr(path, '/') ? alx_file_folder(path, err) : alx_strdup("", err);
        if (!folder) status = ALX_NO_MEMORY;
    }
    if (!status) status = alx_rows_to_samples(list, &rows, path, folder ? folder : config->root, config, err);
    free(folder);
    alx_rows_finish(&rows);
    return status;
}

static alx_status open_folder(alx_sample_list *list, const char *path, const alx_source_config *config, alx_error *err)
{
    ALX_TRY(alx_source_folder(list, path, err));
    const alx_texts *classes = &config->classes;
    if (!classes->count) return ALX_OK;
    return alx_sample_list_match(list, path, "data.classes", classes->values, classes->count, err);
}

alx_status alx_source_open(alx_sample_list *list, const char *path, bool table, const alx_source_config *config,
                           const char *group, alx_error *err)
{
    *list = (alx_sample_list){0};
    const bool folder = !table && alx_file_is_folder(path);
    const bool idx = !table && !folder && alx_idx_is(path);
    table = table || (!folder && !idx && is_table(path));
    alx_printable name;
    if (config->classes.count == 1)
        return alx_fail(err, ALX_USAGE,
                        "data.classes lists the names of all classes in order, and \"%s\" is one alone; the number of "
                        "classes belongs at the top of a recipe",
                        alx_text_printable(config->classes.values[0], name));
    if (!alx_file_exists(path))
        return alx_fail(err, ALX_IO, "%s: no such folder or file of images", alx_text_printable(path, name));
    if (*group && !table)
        return alx_fail(err, ALX_USAGE, "data.split.group is a column of a table, and %s is none; leave it out",
                        alx_text_printable(path, name));
    alx_status status = folder ? open_folder(list, path, config, err)
                        : idx  ? alx_source_idx(list, path, config, err)
                               : open_text(list, path, table, config, group, err);
    if (status) alx_sample_list_finish(list);
    return status;
}
