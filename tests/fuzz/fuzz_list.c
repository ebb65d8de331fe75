/* Any bytes as a list file.  The first byte chooses the encoding: g GB18030, anything else UTF-8. */
#include "data/rows.h"
#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) return 0;
    alx_rows rows = {0};
    alx_error err = {0};
    char *text = NULL;
    size_t length = 0;
    const alx_encoding encoding = data[0] == 'g' ? ALX_ENCODING_GB18030 : ALX_ENCODING_UTF8;
    alx_status status = alx_text_file_decode(&text, &length, data + 1, size - 1, "l.txt", encoding, &err);
    if (!status) status = alx_rows_read_list(&rows, text, length, "l.txt", &err);
    if (status) require_refusal(status, &err);
    for (int64_t i = 0; !status && i < rows.count; i++) {
        const alx_row *row = &rows.rows[i];
        require(row->line >= 1 && (i == 0 || row->line > rows.rows[i - 1].line));
        require(*row->path && *row->label && !row->group && alx_text_is_utf8(row->path, strlen(row->path)));
    }
    alx_rows_finish(&rows);
    free(text);
    return 0;
}
