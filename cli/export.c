#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/console.h"
#include "cli/context.h"
#include "cli/report.h"

enum { PAGE = 2000 };

/* Records are gathered during a short read and written after it: a slow pipe never holds a read
 * transaction open. */
struct exporter {
    struct buffer lines;
    uint64_t last; /* number or seq of the last record seen */
    size_t seen;
};

static enum status end_line(struct exporter *exporter, uint64_t key)
{
    exporter->last = key;
    exporter->seen++;
    buffer_append_byte(&exporter->lines, '\n');
    return exporter->lines.failed ? STATUS_NO_MEMORY : STATUS_OK;
}

static enum status each_user(void *context, uint32_t number, const struct user_record *user)
{
    struct exporter *exporter = context;
    user_to_json(user, &exporter->lines);
    return end_line(exporter, number);
}

/* An item that only events name comes back with its events; as a record it would be listed. */
static enum status each_item(void *context, uint32_t number, const struct item_record *item)
{
    struct exporter *exporter = context;
    if (!item->listed) {
        exporter->last = number;
        exporter->seen++;
        return STATUS_OK;
    }
    item_to_json(item, &exporter->lines);
    return end_line(exporter, number);
}

static enum status each_event(void *context, uint64_t seq, const struct event_record *event)
{
    struct exporter *exporter = context;
    event_to_json(event, &exporter->lines);
    return end_line(exporter, seq);
}

static enum status users_page(struct store *store, struct exporter *exporter, bool first,
                              struct error *reterr)
{
    const uint32_t from = first ? 0 : (uint32_t)exporter->last + 1;
    return store_list_users(store, from, PAGE, each_user, exporter, reterr);
}

static enum status items_page(struct store *store, struct exporter *exporter, bool first,
                              struct error *reterr)
{
    const uint32_t from = first ? 0 : (uint32_t)exporter->last + 1;
    return store_list_items(store, from, PAGE, each_item, exporter, reterr);
}

static enum status events_page(struct store *store, struct exporter *exporter, bool first,
                               struct error *reterr)
{
    return store_list_events(store, first ? 0 : exporter->last, PAGE, each_event, exporter, reterr);
}

static const struct {
    const char *word;
    enum status (*page)(struct store *store, struct exporter *exporter, bool first,
                        struct error *reterr);
} kinds[] = {{"users", users_page}, {"items", items_page}, {"interactions", events_page}};

static enum status write_all(struct store *store, size_t kind, FILE *out,
                             const struct console *console, struct error *reterr)
{
    struct exporter exporter = {0};
    enum status status = STATUS_OK;
    bool first = true;
    do {
        exporter.seen = 0;
        buffer_clear(&exporter.lines);
        status = kinds[kind].page(store, &exporter, first, reterr);
        first = false;
        if (exporter.lines.failed)
            status = error_set(reterr, STATUS_NO_MEMORY, "out of memory for the export");
        if (status == STATUS_OK && exporter.lines.size &&
            fwrite(exporter.lines.data, 1, exporter.lines.size, out) != exporter.lines.size)
            status = error_set_errno(reterr, errno, "writing");
        if (status == STATUS_OK && console_stopped(console))
            status = error_set(reterr, STATUS_CANCELLED, "stopped: the export is not complete");
    } while (status == STATUS_OK && exporter.seen == PAGE);
    buffer_free(&exporter.lines);
    return status;
}

static enum status export_to(struct store *store, size_t kind, const char *path,
                             const struct console *console, struct error *reterr)
{
    if (!path || strcmp(path, "-") == 0)
        return write_all(store, kind, stdout, console, reterr);
    FILE *out = fopen(path, "we");
    if (!out)
        return error_set_errno(reterr, errno, "writing %s", path);
    enum status status = write_all(store, kind, out, console, reterr);
    if (fclose(out) != 0 && status == STATUS_OK)
        status = error_set_errno(reterr, errno, "writing %s", path);
    return status;
}

int command_export(const struct invocation *invocation)
{
    struct error err = {0};
    struct context context = {0};
    struct console console = {0};
    size_t kind = 0;
    while (strcmp(kinds[kind].word, invocation->arguments[0]) != 0)
        kind++;
    enum status status = console_open(&console, &err);
    if (status == STATUS_OK)
        status = context_open(invocation, CONTEXT_READ, &context, &err);
    if (status == STATUS_OK)
        status =
            export_to(context.store, kind, invocation_text(invocation, "output"), &console, &err);
    console_close(&console);
    context_close(&context);
    return status == STATUS_OK ? EXIT_DONE : report_failure(&err);
}
