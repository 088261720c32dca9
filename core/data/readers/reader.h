#pragma once
/* Importers: files of other people's formats -> user, item and event records, one after the other.
 *
 * A reader knows its format only; records go to a sink, which checks and stores them (the store, a
 * dataset, a dry run). Input is a path, a folder, `.gz` of either, or standard input ("-"); it is
 * read as a stream in bounded memory. A line is at most READER_LINE_MAX bytes.
 */
#include <stdint.h>

#include "base/arena.h"
#include "base/observer.h"
#include "base/option.h"
#include "data/records.h"

enum { READER_LINE_MAX = 1 << 20, READER_COLUMNS_MAX = 256 };

/* Where a record came from. */
struct reader_place {
    const char *file; /* as given, "-" for standard input */
    uint64_t line;    /* from 1; 0 where lines mean nothing */
};

/* The sink answers OK to go on, or a status that stops the reader, which then returns it. Records
 * are valid during the call. Any of the first three may be NULL: such records are not wanted. */
struct reader_sink {
    void *context;
    enum status (*user)(void *context, const struct reader_place *place,
                        const struct user_record *user);
    enum status (*item)(void *context, const struct reader_place *place,
                        const struct item_record *item);
    enum status (*event)(void *context, const struct reader_place *place,
                         const struct event_record *event);
    /* A broken line: count and go on with OK, or stop. `why` has the reason. */
    enum status (*broken)(void *context, const struct reader_place *place, const struct error *why);
};

struct reader_settings {
    const char *columns; /* csv: "user,item,rating,timestamp"; NULL: the header line names them */
    const char *kind;    /* csv: "users", "items", "interactions"; NULL: guessed by the columns */
    const char *type; /* type of events whose format has none: "like" for pairs; NULL: format's */
    double positive_from; /* ratings below are left out and those from it on become `type`
                             ("like"); NaN: ratings stay ratings */
    char delimiter;       /* csv; 0: comma, or tab for .tsv */
};

struct reader_class {
    const char *name; /* "movielens" */
    const char *summary;
    /* NOT_FOUND: the path does not hold this format (says what was looked for). */
    enum status (*read)(const char *path, const struct reader_settings *settings,
                        const struct reader_sink *sink, const struct observer *observer,
                        struct error *reterr);
};

extern const struct reader_class *const reader_classes[]; /* NULL at the end */
const struct reader_class *reader_class_find(const char *name, const char **ret_nearest);
