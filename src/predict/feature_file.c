/* Features as NumPy and pandas read them: .npy with a .csv beside it, or .csv alone.
 *
 * The format of .npy: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"

enum { HEADER = 128, FLUSH = 1 << 20 }; /* bytes: of the array's header, a multiple of 64; of rows that wait */

struct alx_feature_file {
    int64_t size, count;
    bool with_array;
    alx_atomic_file table, array;
    alx_text rows; /* of the table, not yet written */
};

/* ---- The array ---- */

/* Its length is fixed, so that the number of rows can be filled in at the end. */
static void make_header(char header[HEADER], int64_t count, int64_t size)
{
    static const char magic[] = "\x93NUMPY\x01"; /* and a 0: version 1.0 */
    char dictionary[HEADER];
    const int length =
        snprintf(dictionary, sizeof dictionary,
                 "{'descr': '<f4', 'fortran_order': False, 'shape': (%" PRId64 ", %" PRId64 "), }", count, size);
    memset(header, ' ', HEADER);
    memcpy(header, magic, sizeof magic);
    header[8] = HEADER - 10; /* of what follows, little-endian */
    header[9] = 0;
    memcpy(header + 10, dictionary, (size_t)length);
    header[HEADER - 1] = '\n';
}

/* ---- The table ---- */

static void add_columns(alx_feature_file *file)
{
    alx_text_add(&file->rows, "path,label");
    for (int64_t i = 0; i < file->size && !file->with_array; i++) alx_text_printf(&file->rows, ",f%" PRId64, i);
    alx_text_add(&file->rows, "\n");
}

static alx_status flush(alx_feature_file *file, alx_error *err)
{
    if (file->rows.failed) return alx_fail(err, ALX_NO_MEMORY, "out of memory");
    ALX_TRY(alx_atomic_write(&file->table, file->rows.data, file->rows.length, err));
    file->rows.length = 0;
    return ALX_OK;
}

/* ---- Both ---- */

static bool ends_in(const char *path, const char *ending)
{
    const size_t length = strlen(path), tail = strlen(ending);
    return length > tail && strcmp(path + length - tail, ending) == 0;
}

static alx_status open_files(alx_feature_file *file, const char *path, alx_error *err)
{
    char header[HEADER], *table = alx_strdup(path, err);
    if (!table) return ALX_NO_MEMORY;
    if (file->with_array) strcpy(table + strlen(table) - 4, ".csv");
    alx_status status = alx_atomic_open(&file->table, table, err);
    free(table);
    if (status || !file->with_array) return status;
    ALX_TRY(alx_atomic_open(&file->array, path, err));
    make_header(header, 0, file->size);
    return alx_atomic_write(&file->array, header, HEADER, err);
}

alx_status alx_feature_file_create(alx_feature_file **file, const char *path, int64_t size, alx_error *err)
{
    *file = NULL;
    alx_printable shown;
    const bool with_array = ends_in(path, ".npy");
    if (!with_array && !ends_in(path, ".csv"))
        return alx_fail(err, ALX_USAGE, "%s: the name must end in one of: .npy, .csv", alx_text_printable(path, shown));
    alx_feature_file *made = alx_calloc(1, sizeof *made, err);
    if (!made) return ALX_NO_MEMORY;
    *made = (alx_feature_file){.size = size, .with_array = with_array, .table = {.fd = -1}, .array = {.fd = -1}};
    const alx_status status = open_files(made, path, err);
    if (status) {
        alx_feature_file_destroy(made);
        return status;
    }
    add_columns(made);
    *file = made;
    return ALX_OK;
}

alx_status alx_feature_file_add(alx_feature_file *file, const char *path, const char *label, const float *values,
                                alx_error *err)
{
    alx_text_add_csv(&file->rows, path);
    alx_text_add(&file->rows, ",");
    alx_text_add_csv(&file->rows, label);
    if (!file->with_array) alx_text_add_floats(&file->rows, values, file->size);
    alx_text_add(&file->rows, "\n");
    file->count++;
    if (file->with_array) ALX_TRY(alx_atomic_write(&file->array, values, (size_t)file->size * sizeof *values, err));
    return file->rows.failed || file->rows.length >= FLUSH ? flush(file, err) : ALX_OK;
}

/* The file that was named comes last: where it is, the other one is. */
alx_status alx_feature_file_finish(alx_feature_file *file, alx_error *err)
{
    char header[HEADER];
    ALX_TRY(flush(file, err));
    if (file->with_array) {
        make_header(header, file->count, file->size);
        ALX_TRY(alx_atomic_write_at(&file->array, header, HEADER, 0, err));
    }
    ALX_TRY(alx_atomic_commit(&file->table, err));
    return file->with_array ? alx_atomic_commit(&file->array, err) : ALX_OK;
}

void alx_feature_file_destroy(alx_feature_file *file)
{
    if (!file) return;
    alx_atomic_abort(&file->table);
    alx_atomic_abort(&file->array);
    alx_text_finish(&file->rows);
    free(file);
}
