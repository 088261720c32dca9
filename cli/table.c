#include "cli/table.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/text.h"

struct table_text {
    const struct table_column *columns;
    size_t n_columns;
    const char **cells; /* [n_cells] row after row */
    size_t n_cells, capacity;
    struct arena arena;
    bool failed;
};

struct table_text *table_new(const struct table_column *columns, size_t n_columns)
{
    assert(n_columns > 0 && n_columns <= TABLE_COLUMNS_MAX);
    struct table_text *table = calloc(1, sizeof *table);
    if (table) {
        table->columns = columns;
        table->n_columns = n_columns;
    }
    return table;
}

/* Cut after `width_max` code points, the last of which becomes an ellipsis. */
static void cut(struct buffer *text, size_t width_max)
{
    if (!width_max || utf8_count(text->data, text->size) <= width_max)
        return;
    size_t bytes = 0;
    for (size_t seen = 0; bytes < text->size; bytes++) {
        const bool starts = ((unsigned char)text->data[bytes] & 0xc0) != 0x80;
        if (starts && seen++ == width_max - 1)
            break;
    }
    text->size = bytes;
    buffer_append_text(text, "…");
}

void table_cell(struct table_text *table, const char *format, ...)
{
    if (!table)
        return;
    char small[4096];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(small, sizeof small, format, arguments);
    va_end(arguments);
    utf8_trim_partial(small);
    for (char *c = small; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            *c = '?';
    struct buffer text = {0};
    buffer_append_text(&text, small);
    cut(&text, table->columns[table->n_cells % table->n_columns].width_max);
    if (table->n_cells == table->capacity) {
        const size_t capacity = table->capacity ? 2 * table->capacity : 64;
        const char **cells = realloc(table->cells, capacity * sizeof *cells);
        table->cells = cells ? cells : table->cells;
        table->capacity = cells ? capacity : table->capacity;
        table->failed = table->failed || !cells;
    }
    const char *copy = text.failed ? NULL : arena_strndup(&table->arena, text.data, text.size);
    buffer_free(&text);
    table->failed = table->failed || !copy;
    if (!table->failed)
        table->cells[table->n_cells++] = copy;
}

static void print_cell(const char *text, size_t width, bool right, bool last, FILE *out)
{
    const size_t used = utf8_count(text, strlen(text));
    const int padding = width > used ? (int)(width - used) : 0;
    if (right)
        fprintf(out, "%*s%s", padding, "", text);
    else
        fprintf(out, "%s%*s", text, last ? 0 : padding, "");
    fputs(last ? "\n" : "  ", out);
}

static void table_free(struct table_text *table)
{
    arena_free(&table->arena);
    free(table->cells);
    free(table);
}

enum status table_print(struct table_text *table, FILE *out)
{
    if (!table)
        return STATUS_NO_MEMORY;
    if (table->failed) {
        table_free(table);
        return STATUS_NO_MEMORY;
    }
    const size_t n = table->n_columns;
    size_t widths[TABLE_COLUMNS_MAX];
    for (size_t c = 0; c < n; c++)
        widths[c] = utf8_count(table->columns[c].title, strlen(table->columns[c].title));
    for (size_t i = 0; i < table->n_cells; i++) {
        const size_t width = utf8_count(table->cells[i], strlen(table->cells[i]));
        widths[i % n] = width > widths[i % n] ? width : widths[i % n];
    }
    for (size_t c = 0; c < n; c++)
        print_cell(table->columns[c].title, widths[c], table->columns[c].right, c + 1 == n, out);
    for (size_t i = 0; i < table->n_cells; i++)
        print_cell(table->cells[i], widths[i % n], table->columns[i % n].right, i % n + 1 == n,
                   out);
    table_free(table);
    return STATUS_OK;
}
