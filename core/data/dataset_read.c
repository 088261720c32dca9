#include <inttypes.h>

#include "data/dataset.h"
#include "data/store.h"

/* Both passes read in short transactions, so events may go between them (an erasure) or move to
 * another user (a merge): the builder leaves out what it has not counted and closes the gaps. What
 * changed has a seq above the one asked for, so Live brings it in. */
struct reading {
    struct dataset_builder *builder;
    const struct observer *observer;
    uint64_t done, expected; /* rows, of both passes */
    bool adding;
};

static enum status read_rows(void *context, const struct event_row *rows, size_t n)
{
    struct reading *reading = context;
    if (observer_stops(reading->observer))
        return STATUS_CANCELLED;
    for (size_t i = 0; i < n; i++) {
        const struct event_row *row = &rows[i];
        if (reading->adding) {
            dataset_builder_add(reading->builder, row->user, row->item, row->type, row->time_ms,
                                row->value);
            continue;
        }
        const enum status status = dataset_builder_count(reading->builder, row->user, row->item);
        if (status != STATUS_OK)
            return status;
    }
    reading->done += n;
    if (reading->done < reading->expected)
        observe_progress(reading->observer, "reading events",
                         (double)reading->done / (double)reading->expected);
    return STATUS_OK;
}

static enum status read_passes(struct store *store, uint64_t seq, struct reading *reading,
                               struct error *reterr)
{
    struct store_counts counts;
    enum status status = store_count(store, &counts, reterr);
    if (status != STATUS_OK)
        return status;
    reading->expected = 2 * counts.events + 1;
    status = store_read_events(store, 0, seq, read_rows, reading, reterr);
    if (status != STATUS_OK)
        return status;
    if (dataset_builder_fill(reading->builder) != STATUS_OK)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory for %" PRIu64 " events",
                         reading->done);
    reading->adding = true;
    return store_read_events(store, 0, seq, read_rows, reading, reterr);
}

enum status dataset_read(struct store *store, uint64_t seq, const struct event_types *types,
                         const struct observer *observer, struct dataset **ret_dataset,
                         struct error *reterr)
{
    struct idmap users = {0}, items = {0};
    struct reading reading = {.observer = observer};
    enum status status = dataset_builder_new(types, &reading.builder);
    if (status != STATUS_OK)
        return error_set(reterr, status, "out of memory for a data set");
    status = read_passes(store, seq, &reading, reterr);
    if (status == STATUS_OK)
        status = store_read_ids(store, &users, &items, reterr);
    if (status == STATUS_OK) {
        status = dataset_builder_finish(reading.builder, &users, &items, ret_dataset);
        reading.builder = NULL;
    }
    dataset_builder_free(reading.builder);
    if (status == STATUS_OK)
        (*ret_dataset)->seq = seq;
    else if (reterr && reterr->status != status)
        error_set(reterr, status, "%s while reading events", status_name(status));
    idmap_free(&users);
    idmap_free(&items);
    return status;
}
