/* Any bytes as a table.  The first byte chooses: g a table in GB18030, s one with semicolons, anything else one with
 * commas. */
#include <stdlib.h>
#include <string.h>

#include "data/rows.h"
#include "fuzz/fuzz.h"

/* Lines ascend, and every text is there and UTF-8. */
static void check_rows(const alx_rows *rows)
{
    for (int64_t i = 0; i < rows->count; i++) {
        const alx_row *row = &rows->rows[i];
        require(row->line >= 1 && (i == 0 || row->line > rows->rows[i - 1].line));
        require(row->path && row->label && alx_text_is_utf8(row->path, strlen(row->path)));
        require(row->group && *row->group);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) return 0;
    const char kind = (char)data[0];
    const alx_source_config config = {
        .root = "", .path = "path", .separator = kind == 's' ? ";" : "", .label = {"label", "", {0}}};
    alx_rows rows = {0};
    alx_error err = {0};
    char *text = NULL;
    size_t length = 0;
    alx_status status = alx_text_file_decode(&text, &length, data + 1, size - 1, "t.csv",
                                             kind == 'g' ? ALX_ENCODING_GB18030 : ALX_ENCODING_UTF8, &err);
    require(status || (strlen(text) == length && alx_text_is_utf8(text, length)));
    if (!status) status = alx_rows_read_table(&rows, text, length, "t.csv", &config, "person", &err);
    if (status) require_refusal(status, &err);
    if (!status) check_rows(&rows);
    alx_rows_finish(&rows);
    free(text);
    return 0;
}
