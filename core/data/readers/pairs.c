/* `user item item …` a line, divided by spaces or tabs: what somebody liked, times unknown. */
#include <string.h>

#include "data/readers/feed.h"

/* The next word of the line from *at on, copied; NULL at the end. Sets *failed without memory. */
static const char *take_word(const char **at, struct arena *arena, bool *failed)
{
    *at += strspn(*at, " \t");
    const size_t length = strcspn(*at, " \t");
    if (length == 0)
        return NULL;
    const char *word = arena_strndup(arena, *at, length);
    *failed = !word;
    *at += length;
    return word;
}

static enum status read_line(struct feed *feed, const struct source_line *line, bool *ret_sent,
                             struct error *reterr)
{
    const char *at = line->bytes, *word;
    bool failed = false;
    struct event_record event = event_record_empty();
    event.type = feed->settings->type ? feed->settings->type : "like";
    event.time_is_unknown = true;
    event.user = take_word(&at, &feed->arena, &failed);
    if (!event.user && !failed)
        return STATUS_OK; /* only spaces */
    while (!failed && (word = take_word(&at, &feed->arena, &failed))) {
        event.item = word;
        *ret_sent = true;
        struct event_record copy = event;
        const enum status status = feed_event(feed, &copy);
        if (status != STATUS_OK)
            return status;
    }
    if (failed) {
        *ret_sent = false;
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory");
    }
    return STATUS_OK; /* a user without items teaches nothing and is no fault */
}

static enum status read_pairs(const char *path, const struct reader_settings *settings,
                              const struct reader_sink *sink, const struct observer *observer,
                              struct error *reterr)
{
    return feed_lines(path, true, read_line, settings, sink, observer, reterr);
}

extern const struct reader_class pairs_reader;
const struct reader_class pairs_reader = {
    .name = "pairs",
    .summary = "lines of 'user item item …', times unknown",
    .read = read_pairs,
};
