#include "recommend/item_bytes.h"

#include <math.h>
#include <string.h>

/* A head of fixed size, then the texts, each with its zero byte: title, group id, categories,
 * attributes. Flags say which are there. */
enum {
    HAS_TITLE = 1,
    HAS_GROUP = 2,
    HAS_CURRENCY = 4,
    HAS_PRICE = 8,
    IS_HIDDEN = 16,
    IS_AVAILABLE = 32,
    IS_LISTED = 64
};

enum { CURRENCY_LENGTH = 3 };

struct head {
    int64_t created_ms, updated_ms, published_ms, expires_ms;
    double price;
    uint16_t n_categories;
    uint8_t flags;
    char currency[CURRENCY_LENGTH + 1];
    uint8_t zero[1];
};
_Static_assert(sizeof(struct head) == 48, "the head has no padding");

static uint8_t flags_of(const struct item_record *item)
{
    return (uint8_t)((item->title ? HAS_TITLE : 0) | (item->group_id ? HAS_GROUP : 0) |
                     (item->currency ? HAS_CURRENCY : 0) | (isnan(item->price) ? 0 : HAS_PRICE) |
                     (item->hidden ? IS_HIDDEN : 0) | (item->available ? IS_AVAILABLE : 0) |
                     (item->listed ? IS_LISTED : 0));
}

static void append_text(struct buffer *out, const char *text)
{
    buffer_append(out, text, strlen(text) + 1);
}

void item_bytes_append(const struct item_record *item, struct buffer *out)
{
    struct head head = {.created_ms = item->created_ms,
                        .updated_ms = item->updated_ms,
                        .published_ms = item->published_ms,
                        .expires_ms = item->expires_ms,
                        .price = isnan(item->price) ? 0 : item->price,
                        .n_categories = (uint16_t)item->n_categories,
                        .flags = flags_of(item)};
    if (item->currency)
        strncpy(head.currency, item->currency, CURRENCY_LENGTH);
    buffer_append(out, &head, sizeof head);
    if (item->title)
        append_text(out, item->title);
    if (item->group_id)
        append_text(out, item->group_id);
    for (uint32_t i = 0; i < item->n_categories; i++)
        append_text(out, item->categories[i]);
    append_text(out, item->attributes ? item->attributes : "{}");
}

/* The text at *at, which then stands behind it; NULL when it does not end. */
static const char *read_text(const unsigned char **at, const unsigned char *end)
{
    const unsigned char *zero = memchr(*at, '\0', (size_t)(end - *at));
    if (!zero)
        return NULL;
    const char *text = (const char *)*at;
    *at = zero + 1;
    return text;
}

static bool read_texts(const struct head *head, const unsigned char *at, const unsigned char *end,
                       const char *categories[CATEGORIES_MAX], struct item_record *item)
{
    if (head->flags & HAS_TITLE && !(item->title = read_text(&at, end)))
        return false;
    if (head->flags & HAS_GROUP && !(item->group_id = read_text(&at, end)))
        return false;
    for (uint32_t i = 0; i < head->n_categories; i++)
        if (!(categories[i] = read_text(&at, end)))
            return false;
    return (item->attributes = read_text(&at, end)) && at == end;
}

enum status item_bytes_read(const unsigned char *bytes, size_t size,
                            const char *categories[CATEGORIES_MAX], struct item_record *ret_item)
{
    struct head head;
    if (size < sizeof head)
        return STATUS_CORRUPT;
    memcpy(&head, bytes, sizeof head);
    if (head.n_categories > CATEGORIES_MAX || head.currency[CURRENCY_LENGTH] != '\0')
        return STATUS_CORRUPT;
    struct item_record item = {
        .categories = categories,
        .n_categories = head.n_categories,
        .hidden = head.flags & IS_HIDDEN,
        .available = head.flags & IS_AVAILABLE,
        .listed = head.flags & IS_LISTED,
        .price = head.flags & HAS_PRICE ? head.price : (double)NAN,
        .published_ms = head.published_ms,
        .expires_ms = head.expires_ms,
        .created_ms = head.created_ms,
        .updated_ms = head.updated_ms,
    };
    if (head.flags & HAS_CURRENCY)
        item.currency = (const char *)bytes + offsetof(struct head, currency);
    if (!read_texts(&head, bytes + sizeof head, bytes + size, categories, &item))
        return STATUS_CORRUPT;
    *ret_item = item;
    return STATUS_OK;
}
