/* /v1/interactions/{event_id} and /v1/impressions; posting interactions is in batch.c */
#include "server/resources/common.h"
#include "server/resources/resources.h"

static enum status apply_retract(struct request *request, struct store *store, struct error *reterr)
{
    return store_retract_event(store, request->values[0], clock_now_ms(), reterr);
}

enum handled delete_interaction(struct request *request)
{
    return write_then(request, apply_retract, reply_empty);
}

static enum status apply_impression(struct request *request, struct store *store,
                                    struct error *reterr)
{
    return store_add_impression(store, request->state, clock_now_ms(), reterr);
}

static void answer_impression(struct request *request)
{
    const struct impression_record *impression = request->state;
    buffer_printf(reply_json(request, 200), "{\"accepted\":%u}", impression->n_items);
}

enum handled post_impression(struct request *request)
{
    struct impression_record *impression = request->state =
        request_zalloc(request, sizeof *impression);
    json_t *body = impression ? request_json(request) : NULL;
    if (!body)
        return HANDLED;
    struct error err = {0};
    enum status status = impression_from_json(body, "", &request->arena, impression, &err);
    json_decref(body);
    if (status == STATUS_OK)
        status = impression_check(impression, clock_now_ms(), &err);
    if (status != STATUS_OK) {
        reply_error(request, &err);
        return HANDLED;
    }
    return write_then(request, apply_impression, answer_impression);
}
