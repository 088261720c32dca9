#include "data/item_records.h"

#include "data/store.h"

enum { ITEMS_A_PAGE = 1000 };

struct page {
    item_records_each each;
    void *context;
    uint32_t next, seen;
};

static enum status put_item(void *context, uint32_t number, const struct item_record *record)
{
    struct page *page = context;
    page->next = number + 1;
    page->seen++;
    return page->each(page->context, number, record);
}

static enum status read_items(void *context, item_records_each each, void *each_context,
                              struct error *reterr)
{
    struct page page = {.each = each, .context = each_context};
    enum status status;
    do {
        page.seen = 0;
        status = store_list_items(context, page.next, ITEMS_A_PAGE, put_item, &page, reterr);
    } while (status == STATUS_OK && page.seen == ITEMS_A_PAGE);
    return status;
}

struct item_records store_item_records(struct store *store)
{
    return (struct item_records){.context = store, .read = read_items};
}
