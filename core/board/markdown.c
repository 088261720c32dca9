#include "board/markdown.h"

#include <string.h>

static void append_cell(struct buffer *out, const char *text)
{
    for (; *text; text++) {
        if ((unsigned char)*text < 0x20)
            buffer_append_byte(out, ' ');
        else if (*text == '<')
            buffer_append_text(out, "&lt;");
        else if (*text == '&')
            buffer_append_text(out, "&amp;");
        else if (*text == '|')
            buffer_append_text(out, "&#124;"); /* a backslash before it ends the cell anyway */
        else if (strchr("\\`*_[]#", *text))
            buffer_printf(out, "\\%c", *text);
        else
            buffer_append_byte(out, *text);
    }
}

void markdown_row(struct buffer *out, const char *const *cells, size_t n)
{
    buffer_append_byte(out, '|');
    for (size_t i = 0; i < n; i++) {
        buffer_append_byte(out, ' ');
        append_cell(out, cells[i]);
        buffer_append_text(out, " |");
    }
    buffer_append_byte(out, '\n');
}

void markdown_head(struct buffer *out, const char *const *cells, size_t n)
{
    buffer_append_byte(out, '\n'); /* a table needs an empty line before it */
    markdown_row(out, cells, n);
    buffer_append_byte(out, '|');
    for (size_t i = 0; i < n; i++)
        buffer_append_text(out, " --- |");
    buffer_append_byte(out, '\n');
}
