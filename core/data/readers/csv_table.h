#pragma once
/* The columns of a CSV file: which kind of records it holds, and what each column means.
 *
 * The header line, or the settings' columns, name the cells. Names are compared without case,
 * underscores, hyphens and spaces, so userId, user_id and "User ID" are one. A column called "-" is
 * skipped. Columns of users and items that are not known become attributes: text, unless the header
 * says NAME:number, NAME:bool or NAME:list (parts divided by |). Interactions have no attributes:
 * there an unknown column is an error. An empty cell is an absent value. Given columns may stand
 * over a file with a header: a first line that names the same columns is skipped.
 *
 * Where the kind is not given it is guessed: an item's column beside one that only items have
 * (title, categories…) makes items, any other column of interactions makes those. Users are never
 * guessed: an interactions file with a misspelt column would look like one. */
#include "base/arena.h"
#include "data/readers/reader.h"

enum cell_kind {
    CELL_WORD, /* text that never has line ends */
    CELL_TEXT,
    CELL_NUMBER,
    CELL_TIME,
    CELL_BOOL,
    CELL_POSITION,
    CELL_CATEGORIES,
    CELL_VECTOR,
};

enum { ALIASES_MAX = 6 };

struct csv_field {
    const char *names[ALIASES_MAX]; /* in lower case without _ - and space; the first is ours */
    enum cell_kind kind;
    size_t offset;
};

enum table_kind { TABLE_USERS, TABLE_ITEMS, TABLE_INTERACTIONS, TABLE_UNKNOWN };

enum attribute_type { ATTRIBUTE_TEXT, ATTRIBUTE_NUMBER, ATTRIBUTE_BOOL, ATTRIBUTE_LIST };

struct column {
    const struct csv_field *field; /* NULL: an attribute, or skipped when that has no name */
    const char *attribute;
    enum attribute_type type;
};

struct table {
    enum table_kind kind;
    size_t n_columns;
    struct column columns[READER_COLUMNS_MAX];
    struct arena arena; /* of the names */
};

/* The columns of these names (borrowed during the call) by the settings' kind, or the guessed one.
 * NOT_FOUND, OUT_OF_RANGE: a column is unknown, missing or repeated, or the kind cannot be told;
 * NO_MEMORY. Zero-initialise; arena_free its arena. */
enum status table_take_columns(struct table *table, const struct reader_settings *settings,
                               const char *const *names, size_t n, struct error *reterr);

/* The field that a column of this name has in records of that kind, or NULL. */
const struct csv_field *csv_field_find(enum table_kind kind, const char *name);
