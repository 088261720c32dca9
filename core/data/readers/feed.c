#include "data/readers/feed.h"

#include <math.h>
#include <string.h>

#include "base/text.h"

enum { RECORDS_BETWEEN_REPORTS = 1024 };

enum status feed_open(struct feed *feed, const char *path, const struct reader_settings *settings,
                      const struct reader_sink *sink, const struct observer *observer,
                      struct error *reterr)
{
    *feed = (struct feed){
        .settings = settings, .sink = sink, .observer = observer, .place = {.file = path}};
    return source_open(path, &feed->source, reterr);
}

enum status feed_close(struct feed *feed, enum status status, struct error *reterr)
{
    if (status == STATUS_OK)
        status = source_status(feed->source, reterr);
    source_close(feed->source);
    arena_free(&feed->arena);
    return status;
}

enum status feed_begin(struct feed *feed, uint64_t line, struct error *reterr)
{
    feed->place.line = line;
    arena_reset(&feed->arena);
    if (feed->records++ % RECORDS_BETWEEN_REPORTS != 0)
        return STATUS_OK;
    if (observer_stops(feed->observer))
        return error_set(reterr, STATUS_CANCELLED, "stopped at %s:%llu", feed->place.file,
                         (unsigned long long)line);
    observe_progress(feed->observer, "reading", source_share(feed->source));
    return STATUS_OK;
}

/* Why bytes are no text, or NULL. */
static const char *text_fault(const struct source_line *line, bool utf8)
{
    if (line->overlong)
        return "the line is longer than 1 MiB";
    if (memchr(line->bytes, '\0', line->length))
        return "the line holds a NUL byte";
    if (utf8 && !utf8_is_valid(line->bytes, line->length))
        return "the line is not valid UTF-8; convert the file, for example with iconv";
    return NULL;
}

enum status feed_line(struct feed *feed, bool utf8, struct source_line *ret_line,
                      struct error *reterr)
{
    struct source_line line;
    while (source_line(feed->source, &line)) {
        if (line.length == 0)
            continue;
        enum status status = feed_begin(feed, line.number, reterr);
        if (status != STATUS_OK)
            return status;
        const char *fault = text_fault(&line, utf8);
        if (!fault) {
            *ret_line = line;
            return STATUS_OK;
        }
        struct error why = {0};
        error_set(&why, line.overlong ? STATUS_TOO_LARGE : STATUS_MALFORMED, "%s", fault);
        status = feed_broken(feed, &why);
        if (status != STATUS_OK)
            return status;
    }
    *ret_line = (struct source_line){0};
    return STATUS_OK;
}

enum status feed_user(struct feed *feed, const struct user_record *user)
{
    return feed->sink->user ? feed->sink->user(feed->sink->context, &feed->place, user) : STATUS_OK;
}

enum status feed_item(struct feed *feed, const struct item_record *item)
{
    return feed->sink->item ? feed->sink->item(feed->sink->context, &feed->place, item) : STATUS_OK;
}

/* Ratings become likes where the settings say from which value on. */
enum status feed_event(struct feed *feed, struct event_record *event)
{
    const double positive_from = feed->settings->positive_from;
    if (!isnan(positive_from) && !isnan(event->rating)) {
        if (event->rating < positive_from)
            return STATUS_OK;
        event->type = feed->settings->type ? feed->settings->type : "like";
        event->rating = NAN;
    }
    return feed->sink->event ? feed->sink->event(feed->sink->context, &feed->place, event)
                             : STATUS_OK;
}

enum status feed_broken(struct feed *feed, const struct error *why)
{
    return feed->sink->broken ? feed->sink->broken(feed->sink->context, &feed->place, why)
                              : STATUS_OK;
}

static bool is_record_fault(enum status status)
{
    return status == STATUS_MALFORMED || status == STATUS_OUT_OF_RANGE ||
           status == STATUS_NOT_FOUND || status == STATUS_TOO_LARGE || status == STATUS_CONFLICT;
}

enum status feed_lines(const char *path, bool utf8, feed_each_line each,
                       const struct reader_settings *settings, const struct reader_sink *sink,
                       const struct observer *observer, struct error *reterr)
{
    struct feed feed;
    enum status status = feed_open(&feed, path, settings, sink, observer, reterr);
    if (status != STATUS_OK)
        return status;
    struct source_line line = {0};
    while ((status = feed_line(&feed, utf8, &line, reterr)) == STATUS_OK && line.bytes) {
        struct error why = {0};
        bool sent = false;
        status = each(&feed, &line, &sent, &why);
        if (status != STATUS_OK && !sent && is_record_fault(status))
            status = feed_broken(&feed, &why);
        else if (status != STATUS_OK && !sent && reterr)
            *reterr = why;
        if (status != STATUS_OK)
            break;
    }
    return feed_close(&feed, status, reterr);
}
