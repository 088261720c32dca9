/* /v1/items */
#include <string.h>

#include "server/resources/common.h"
#include "server/resources/resources.h"

struct item_write {
    struct item_record item;
    json_t *patch; /* PATCH: owned until applied */
    uint32_t number;
    bool created;
};

static void answer_item(struct request *request)
{
    const struct item_write *w = request->state;
    item_to_json(&w->item, reply_json(request, w->created ? 201 : 200));
}

static enum status apply_put(struct request *request, struct store *store, struct error *reterr)
{
    struct item_write *w = request->state;
    const enum status status =
        store_put_item(store, &w->item, clock_now_ms(), &w->number, &w->created, reterr);
    if (status != STATUS_OK)
        return status;
    return store_get_item(store, w->item.id, &request->arena, &w->item, &w->number, reterr);
}

enum handled put_item(struct request *request)
{
    struct item_write *w = request->state = request_zalloc(request, sizeof *w);
    json_t *body = w ? request_json(request) : NULL;
    if (!body)
        return HANDLED;
    struct error err = {0};
    const enum status status =
        item_from_json(body, request->values[0], "", &request->arena, &w->item, &err);
    json_decref(body);
    if (status != STATUS_OK) {
        reply_error(request, &err);
        return HANDLED;
    }
    return write_then(request, apply_put, answer_item);
}

static enum status apply_patch(struct request *request, struct store *store, struct error *reterr)
{
    struct item_write *w = request->state;
    struct buffer text = {0};
    json_t *merged = NULL;
    enum status status =
        store_get_item(store, request->values[0], &request->arena, &w->item, &w->number, reterr);
    if (status == STATUS_OK) {
        item_to_json(&w->item, &text);
        status = merge_patch(&text, w->patch, &merged, reterr);
    }
    if (status == STATUS_OK)
        status = item_from_json(merged, request->values[0], "", &request->arena, &w->item, reterr);
    if (status == STATUS_OK)
        status = apply_put(request, store, reterr);
    json_decref(merged);
    json_decref(w->patch);
    w->patch = NULL;
    buffer_free(&text);
    return status;
}

enum handled patch_item(struct request *request)
{
    struct item_write *w = request->state = request_zalloc(request, sizeof *w);
    if (!w || !(w->patch = request_json(request)))
        return HANDLED;
    const enum handled handled = write_then(request, apply_patch, answer_item);
    if (handled == HANDLED)
        json_decref(w->patch);
    return handled;
}

static enum status apply_delete(struct request *request, struct store *store, struct error *reterr)
{
    return store_delete_item(store, request->values[0], request_flag(request, "purge"),
                             clock_now_ms(), reterr);
}

enum handled delete_item(struct request *request)
{
    return write_then(request, apply_delete, reply_empty);
}

static enum status read_item(struct request *request, struct store *store, struct error *reterr)
{
    struct item_record item;
    uint32_t number;
    const enum status status =
        store_get_item(store, request->values[0], &request->arena, &item, &number, reterr);
    if (status == STATUS_OK)
        item_to_json(&item, reply_json(request, 200));
    return status;
}

enum handled get_item(struct request *request)
{
    return read_store(request, read_item);
}

static enum status print_item(void *context, uint32_t number, const struct item_record *item)
{
    struct page *page = context;
    page_next(page, (uint64_t)number + 1);
    item_to_json(item, page->out);
    return STATUS_OK;
}

static enum status read_items(struct request *request, struct store *store, struct error *reterr)
{
    struct page page;
    uint64_t from;
    if (!page_open(request, "items", 0, &page, &from))
        return STATUS_OK;
    const enum status status =
        from >= NUMBER_NONE
            ? STATUS_OK
            : store_list_items(store, (uint32_t)from, page.limit, print_item, &page, reterr);
    page_close(&page);
    return status;
}

enum handled list_items(struct request *request)
{
    return read_store(request, read_items);
}

static enum status read_item_events(struct request *request, struct store *store,
                                    struct error *reterr)
{
    struct item_record item;
    uint32_t number;
    const enum status status =
        store_get_item(store, request->values[0], &request->arena, &item, &number, reterr);
    return status == STATUS_OK
               ? page_of_events(request, store, store_list_item_events, number, reterr)
               : status;
}

enum handled list_item_interactions(struct request *request)
{
    return read_store(request, read_item_events);
}
