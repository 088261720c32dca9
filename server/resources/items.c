/* /v1/items */
#include <string.h>

#include "server/resources/kinds.h"
#include "server/resources/resources.h"

enum handled put_item(struct request *request)
{
    return put_record(request, &item_kind);
}

enum handled patch_item(struct request *request)
{
    return patch_record(request, &item_kind);
}

enum handled get_item(struct request *request)
{
    return get_record(request, &item_kind);
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

static enum status print_item(void *context, uint32_t number, const struct item_record *item)
{
    struct page *page = context;
    page_next(page, (uint64_t)number + 1);
    item_kind.print(item, page->out);
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
