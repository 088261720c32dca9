#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "models/baskets.h"
#include "models/sessions.h"

enum { SLOTS_MIN = 64 };

enum status sessions_overlay_new(const struct model *model, struct overlay **ret_overlay)
{
    struct overlay *overlay = calloc(1, sizeof *overlay);
    if (!overlay)
        return STATUS_NO_MEMORY;
    /* Items past the model's are not scored, so their sessions need not be found. */
    overlay->of_items = calloc((size_t)model->n_items + 1, sizeof *overlay->of_items);
    if (!overlay->of_items) {
        free(overlay);
        return STATUS_NO_MEMORY;
    }
    overlay->n_items = model->n_items;
    *ret_overlay = overlay;
    return STATUS_OK;
}

void sessions_overlay_free(struct overlay *overlay)
{
    if (!overlay)
        return;
    for (uint32_t s = 0; s < overlay->n; s++)
        free(overlay->sessions[s].items);
    for (uint32_t i = 0; i < overlay->n_items; i++)
        free(overlay->of_items[i].sessions);
    free(overlay->sessions);
    free(overlay->of_items);
    free(overlay->slots);
    free(overlay->dead);
    free(overlay);
}

uint64_t sessions_overlay_bytes(const struct overlay *overlay)
{
    return sizeof *overlay + overlay->bytes + overlay->n_slots * sizeof *overlay->slots +
           overlay->capacity * sizeof *overlay->sessions +
           (uint64_t)overlay->n_items * sizeof *overlay->of_items;
}

/* ---- the newest session of a user ---- */

static uint32_t *slot_of(const struct overlay *overlay, uint32_t user)
{
    uint32_t at = user * UINT32_C(2654435769) & (overlay->n_slots - 1);
    while (overlay->slots[at] && overlay->sessions[overlay->slots[at] - 1].user != user)
        at = (at + 1) & (overlay->n_slots - 1);
    return &overlay->slots[at];
}

static enum status make_slots(struct overlay *overlay)
{
    if (2 * overlay->n_used < overlay->n_slots)
        return STATUS_OK;
    struct overlay grown = *overlay;
    grown.n_slots = overlay->n_slots ? 2 * overlay->n_slots : SLOTS_MIN;
    grown.slots = calloc(grown.n_slots, sizeof *grown.slots);
    if (!grown.slots)
        return STATUS_NO_MEMORY;
    for (uint32_t i = 0; i < overlay->n_slots; i++)
        if (overlay->slots[i])
            *slot_of(&grown, overlay->sessions[overlay->slots[i] - 1].user) = overlay->slots[i];
    free(overlay->slots);
    *overlay = grown;
    return STATUS_OK;
}

static bool goes_on(const struct live_session *session, int64_t time_ms)
{
    if (time_ms == TIME_UNKNOWN || session->last_ms == TIME_UNKNOWN)
        return time_ms == session->last_ms;
    const int64_t pause = time_ms - session->last_ms;
    return pause <= SESSION_PAUSE_MS && pause >= -SESSION_PAUSE_MS;
}

static enum status open_session(struct overlay *overlay, uint32_t user, int64_t time_ms,
                                struct live_session **ret_session)
{
    enum status status = make_slots(overlay);
    if (status != STATUS_OK)
        return status;
    uint32_t *slot = slot_of(overlay, user);
    if (*slot && goes_on(&overlay->sessions[*slot - 1], time_ms)) {
        *ret_session = &overlay->sessions[*slot - 1];
        return STATUS_OK;
    }
    if (overlay->n == overlay->capacity) {
        const uint32_t capacity = overlay->capacity ? 2 * overlay->capacity : 64;
        struct live_session *grown = realloc(overlay->sessions, (size_t)capacity * sizeof *grown);
        if (!grown)
            return STATUS_NO_MEMORY;
        overlay->sessions = grown;
        overlay->capacity = capacity;
    }
    overlay->n_used += *slot == 0;
    overlay->sessions[overlay->n++] = (struct live_session){.user = user, .last_ms = time_ms};
    *slot = overlay->n;
    *ret_session = &overlay->sessions[overlay->n - 1];
    return STATUS_OK;
}

/* ---- events ---- */

/* Room for one more. */
static enum status grow(struct overlay *overlay, uint32_t **numbers, uint32_t n, uint32_t *capacity)
{
    if (n < *capacity)
        return STATUS_OK;
    const uint32_t room = *capacity ? 2 * *capacity : 4;
    uint32_t *grown = realloc(*numbers, room * sizeof *grown);
    if (!grown)
        return STATUS_NO_MEMORY;
    overlay->bytes += (room - *capacity) * sizeof *grown;
    *numbers = grown;
    *capacity = room;
    return STATUS_OK;
}

enum status sessions_overlay_event(struct overlay *overlay, uint32_t user, uint32_t item,
                                   double weight, int64_t time_ms)
{
    struct live_session *session;
    if (!(weight > 0) || item >= overlay->n_items)
        return STATUS_OK;
    enum status status = open_session(overlay, user, time_ms, &session);
    if (status != STATUS_OK)
        return status;
    if (time_ms > session->last_ms)
        session->last_ms = time_ms;
    for (uint32_t k = 0; k < session->n; k++)
        if (session->items[k] == item)
            return STATUS_OK;
    if (session->n == SESSION_ITEMS_MAX)
        return STATUS_OK;
    struct session_list *list = &overlay->of_items[item];
    status = grow(overlay, &session->items, session->n, &session->capacity);
    if (status == STATUS_OK)
        status = grow(overlay, &list->sessions, list->n, &list->capacity);
    if (status != STATUS_OK)
        return status;
    session->items[session->n++] = item;
    list->sessions[list->n++] = (uint32_t)(session - overlay->sessions);
    return STATUS_OK;
}

bool sessions_overlay_is_dead(const struct overlay *overlay, uint32_t user)
{
    for (uint32_t i = 0; i < overlay->n_dead; i++)
        if (overlay->dead[i] == user)
            return true;
    return false;
}

/* Its sessions stay, without items: lists of items may name them. */
enum status sessions_overlay_forget(struct overlay *overlay, uint32_t user)
{
    const enum status status =
        grow(overlay, &overlay->dead, overlay->n_dead, &overlay->dead_capacity);
    if (status != STATUS_OK)
        return status;
    if (!sessions_overlay_is_dead(overlay, user))
        overlay->dead[overlay->n_dead++] = user;
    for (uint32_t s = 0; s < overlay->n; s++) {
        struct live_session *session = &overlay->sessions[s];
        if (session->user != user)
            continue;
        if (session->items)
            memset(session->items, 0, session->n * sizeof *session->items);
        session->n = 0;
    }
    return STATUS_OK;
}
