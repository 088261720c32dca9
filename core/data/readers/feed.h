#pragma once
/* What every reader does between its lines and the sink: places, broken lines, progress, stopping,
 * one arena a record. Private to data/readers. */
#include "data/readers/reader.h"
#include "data/readers/source.h"

struct feed {
    const struct reader_settings *settings;
    const struct reader_sink *sink;
    const struct observer *observer;
    struct source *source;
    struct reader_place place;
    struct arena arena; /* of the present record */
    uint64_t records;   /* begun so far */
};

/* Opens `path`, whose text must outlive the feed. */
enum status feed_open(struct feed *feed, const char *path, const struct reader_settings *settings,
                      const struct reader_sink *sink, const struct observer *observer,
                      struct error *reterr);

/* Closes it and gives `status`, or the source's failure if that is why reading ended. */
enum status feed_close(struct feed *feed, enum status status, struct error *reterr);

/* Begins the record of that line: empties the arena, tells progress. CANCELLED when the observer
 * says stop. */
enum status feed_begin(struct feed *feed, uint64_t line, struct error *reterr);

/* The next line that is neither empty nor broken as text (too long, NUL bytes; with `utf8` also
 * what is not UTF-8): such go to the sink. *ret_line.bytes is NULL at the end. */
enum status feed_line(struct feed *feed, bool utf8, struct source_line *ret_line,
                      struct error *reterr);

/* Hands a record, or the reason why there is none, to the sink. */
enum status feed_user(struct feed *feed, const struct user_record *user);
enum status feed_item(struct feed *feed, const struct item_record *item);
enum status feed_event(struct feed *feed, struct event_record *event);
enum status feed_broken(struct feed *feed, const struct error *why);

/* For line-based formats: reads `path` line by line; `line` gives each to the sink by the functions
 * above, or returns MALFORMED, OUT_OF_RANGE, NOT_FOUND or TOO_LARGE with the reason to have it
 * reported as broken. Statuses of the sink must be told apart from these: `*ret_sent` is set once
 * the sink has been called. */
typedef enum status (*feed_each_line)(struct feed *feed, const struct source_line *line,
                                      bool *ret_sent, struct error *reterr);
enum status feed_lines(const char *path, bool utf8, feed_each_line each,
                       const struct reader_settings *settings, const struct reader_sink *sink,
                       const struct observer *observer, struct error *reterr);
