#include "recommend/live_batch.h"

#include <assert.h>
#include <string.h>

/* NULL stays NULL; *failed is set when memory is out. */
static const char *copy_text(struct arena *arena, const char *text, bool *failed)
{
    if (!text)
        return NULL;
    const char *copy = arena_strndup(arena, text, strlen(text));
    *failed |= !copy;
    return copy;
}

static const struct item_record *copy_item(struct arena *arena, const struct item_record *item,
                                           bool *failed)
{
    struct item_record *copy = arena_alloc(arena, sizeof *copy);
    const char **categories = arena_alloc(arena, item->n_categories * sizeof *categories);
    if (!copy || !categories) {
        *failed = true;
        return NULL;
    }
    *copy = *item;
    copy->id = copy_text(arena, item->id, failed);
    copy->attributes = copy_text(arena, item->attributes, failed);
    copy->title = copy_text(arena, item->title, failed);
    copy->currency = copy_text(arena, item->currency, failed);
    copy->group_id = copy_text(arena, item->group_id, failed);
    for (uint32_t i = 0; i < item->n_categories; i++)
        categories[i] = copy_text(arena, item->categories[i], failed);
    copy->categories = categories;
    if (item->n_vector) {
        float *vector = arena_alloc(arena, item->n_vector * sizeof *vector);
        if (vector)
            memcpy(vector, item->vector, item->n_vector * sizeof *vector);
        *failed |= !vector;
        copy->vector = vector;
    }
    return copy;
}

enum status live_batch_add(struct live_batch *batch, const struct change *change)
{
    assert(!live_batch_is_full(batch));
    bool failed = false;
    struct change copy = *change;
    copy.id = copy_text(&batch->texts, change->id, &failed);
    copy.attributes = copy_text(&batch->texts, change->attributes, &failed);
    if (change->item)
        copy.item = copy_item(&batch->texts, change->item, &failed);
    if (failed)
        return STATUS_NO_MEMORY;
    batch->changes[batch->n++] = copy;
    return STATUS_OK;
}

void live_batch_clear(struct live_batch *batch)
{
    batch->n = 0;
    arena_reset(&batch->texts);
}

void live_batch_free(struct live_batch *batch)
{
    batch->n = 0;
    arena_free(&batch->texts);
}
