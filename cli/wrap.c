/* Paragraphs on a terminal: words and wide characters, wrapped as each language does. */
#include <string.h>

#include "cli/output.h"
#include "report/table.h"

/* The bytes of the marks that text begins with and that no line may begin with. */
static size_t closing_marks(const char *text)
{
    static const char *const marks[] = {"，", "。", "）", "；", "：", "、", "”"};
    enum { COUNT = sizeof marks / sizeof *marks };
    size_t length = 0;
    for (int i = 0; i < COUNT;) {
        bool same = !strncmp(text + length, marks[i], 3);
        length += same ? 3 : 0;
        i = same ? 0 : i + 1; /* another may follow */
    }
    return length;
}

/* The bytes of the next piece of text that may stand alone on a line: a word with
 * its space, or one wide character, with the marks that belong to it. */
static size_t next_piece(const char *text)
{
    size_t length = 0;
    while (!strncmp(text + length, "（", 3) || !strncmp(text + length, "“", 3)) length += 3; /* no line ends in one */
    if ((unsigned char)text[length] >= 0xE0) {                                               /* CJK: three bytes */
        length += 3;
        return length + closing_marks(text + length);
    }
    while (text[length] && text[length] != ' ' && (unsigned char)text[length] < 0xE0) length++;
    length += closing_marks(text + length);
    return length + (text[length] == ' ');
}

void cli_print_wrapped(FILE *file, const char *text, int column, int indent, int width)
{
    char piece[256];
    int space = 0; /* owed: no line ends in one */
    while (*text) {
        size_t length = next_piece(text);
        if (length >= sizeof piece) length = sizeof piece - 1;
        snprintf(piece, sizeof piece, "%.*s", (int)length, text);
        text += length;
        bool spaced = piece[length - 1] == ' ';
        if (spaced) piece[length - 1] = 0;
        int columns = alx_table_width(piece);
        if (column + space + columns > width && column > indent) {
            fprintf(file, "\n%*s", indent, "");
            column = indent;
            space = 0;
        }
        fprintf(file, "%*s%s", space, "", piece);
        column += space + columns;
        space = spaced;
    }
    fputc('\n', file);
}
