#include "recommend/tail.h"

#include <stdlib.h>
#include <string.h>

#include "recommend/told.h"

#define FREE_SLOT UINT32_MAX

enum { USERS_MIN = 32, SLOTS_MIN = 64, TOUCHES_MIN = 4 };

/* ---- users by number ---- */

static uint32_t *find_slot(const struct tail *tail, uint32_t user)
{
    const uint32_t mask = tail->n_slots - 1;
    uint32_t at = (user * UINT32_C(0x9e3779b1) >> 7) & mask;
    while (tail->slots[at] != FREE_SLOT && tail->users[tail->slots[at]].number != user)
        at = (at + 1) & mask;
    return &tail->slots[at];
}

const struct tail_user *tail_find(const struct tail *tail, uint32_t user)
{
    if (tail->n_slots == 0)
        return NULL;
    const uint32_t place = *find_slot(tail, user);
    return place == FREE_SLOT ? NULL : &tail->users[place];
}

static enum status grow_users(struct tail *tail)
{
    if (tail->n_users < tail->users_capacity)
        return STATUS_OK;
    const uint32_t capacity = tail->users_capacity ? 2 * tail->users_capacity : USERS_MIN;
    struct tail_user *users = realloc(tail->users, sizeof *users * capacity);
    if (!users)
        return STATUS_NO_MEMORY;
    tail->users = users;
    tail->users_capacity = capacity;
    return STATUS_OK;
}

static enum status grow_slots(struct tail *tail)
{
    if ((uint64_t)(tail->n_users + 1) * 3 <= (uint64_t)tail->n_slots * 2)
        return STATUS_OK;
    const uint32_t n_slots = tail->n_slots ? 2 * tail->n_slots : SLOTS_MIN;
    uint32_t *slots = malloc(sizeof *slots * n_slots);
    if (!slots)
        return STATUS_NO_MEMORY;
    memset(slots, 0xff, sizeof *slots * n_slots);
    free(tail->slots);
    tail->slots = slots;
    tail->n_slots = n_slots;
    for (uint32_t i = 0; i < tail->n_users; i++)
        *find_slot(tail, tail->users[i].number) = i;
    return STATUS_OK;
}

/* The user's place, made if need be. */
static enum status find_or_make(struct tail *tail, uint32_t user, struct tail_user **ret_user)
{
    if (grow_users(tail) != STATUS_OK || grow_slots(tail) != STATUS_OK)
        return STATUS_NO_MEMORY;
    uint32_t *slot = find_slot(tail, user);
    if (*slot == FREE_SLOT) {
        *slot = tail->n_users;
        tail->users[tail->n_users++] = (struct tail_user){.number = user};
    }
    *ret_user = &tail->users[*slot];
    return STATUS_OK;
}

/* ---- one user's touches ---- */

/* Where the touch is or would go. */
static uint32_t touch_place(const struct tail_user *user, const struct touch *touch)
{
    uint32_t low = 0, high = user->n;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (touch_compare(&user->touches[middle], touch) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static enum status insert(struct tail *tail, struct tail_user *user, uint32_t place,
                          const struct touch *touch)
{
    if (user->n == user->capacity) {
        const uint32_t capacity = user->capacity ? 2 * user->capacity : TOUCHES_MIN;
        struct touch *touches = realloc(user->touches, sizeof *touches * capacity);
        if (!touches)
            return STATUS_NO_MEMORY;
        tail->touches_capacity += capacity - user->capacity;
        user->touches = touches;
        user->capacity = capacity;
    }
    memmove(user->touches + place + 1, user->touches + place,
            sizeof *user->touches * (user->n - place));
    user->touches[place] = *touch;
    user->n++;
    return STATUS_OK;
}

enum status tail_add(struct tail *tail, const struct event_types *types,
                     const struct signal_frame *frame, const struct event_row *row)
{
    struct tail_user *user;
    if (find_or_make(tail, row->user, &user) != STATUS_OK)
        return STATUS_NO_MEMORY;
    if (user->dead)
        return STATUS_OK;
    struct touch touch = {.item = row->item, .type = row->type};
    touch_add(&touch, types, frame, row->time_ms, row->value);
    const uint32_t place = touch_place(user, &touch);
    if (place < user->n && touch_compare(&user->touches[place], &touch) == 0)
        user->touches[place] = touch_join(&user->touches[place], &touch, types);
    else if (insert(tail, user, place, &touch) != STATUS_OK)
        return STATUS_NO_MEMORY;
    user->seq = row->seq;
    return STATUS_OK;
}

static void give_touches(struct tail *tail, struct tail_user *user, struct touch *touches,
                         uint32_t n)
{
    tail->touches_capacity += (uint64_t)n - user->capacity;
    free(user->touches);
    user->touches = touches;
    user->n = user->capacity = n;
}

enum status tail_replace(struct tail *tail, uint32_t number, uint64_t seq, struct touch *touches,
                         uint32_t n)
{
    struct tail_user *user;
    if (find_or_make(tail, number, &user) != STATUS_OK) {
        free(touches);
        return STATUS_NO_MEMORY;
    }
    give_touches(tail, user, touches, n);
    user->replaced = true;
    user->marked = false;
    user->seq = seq;
    return STATUS_OK;
}

enum status tail_mark(struct tail *tail, uint32_t number, bool *ret_new)
{
    struct tail_user *user;
    if (find_or_make(tail, number, &user) != STATUS_OK)
        return STATUS_NO_MEMORY;
    *ret_new = !user->marked;
    user->marked = true;
    return STATUS_OK;
}

enum status tail_kill(struct tail *tail, uint32_t number, uint64_t seq)
{
    struct tail_user *user;
    if (find_or_make(tail, number, &user) != STATUS_OK)
        return STATUS_NO_MEMORY;
    give_touches(tail, user, NULL, 0);
    user->dead = user->replaced = true;
    user->marked = false;
    user->seq = seq;
    return STATUS_OK;
}

/* ---- asking ---- */

enum status tail_join(const struct tail_user *user, const struct event_types *types,
                      const struct touch *before, size_t n_before, struct arena *arena,
                      const struct touch **ret_touches, size_t *ret_n)
{
    if (user->replaced || n_before == 0) {
        *ret_touches = user->touches;
        *ret_n = user->n;
        return STATUS_OK;
    }
    return touches_join(types, before, n_before, user->touches, user->n, arena, ret_touches, ret_n);
}

uint64_t tail_bytes(const struct tail *tail)
{
    return tail->touches_capacity * sizeof(struct touch) +
           (uint64_t)tail->users_capacity * sizeof *tail->users +
           (uint64_t)tail->n_slots * sizeof *tail->slots;
}

void tail_free(struct tail *tail)
{
    for (uint32_t i = 0; i < tail->n_users; i++)
        free(tail->users[i].touches);
    free(tail->users);
    free(tail->slots);
    *tail = (struct tail){0};
}
