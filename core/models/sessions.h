#pragma once
/* Sessions as `sessionknn` holds them: those of the fit, by recency, and those that came after. */
#include "models/model.h"

enum { SESSION_ITEMS_MAX = 500 /* in one session after the fit; further ones are left out */ };

#define SESSION_BEGINS (UINT32_C(1) << 31)
#define SESSION_ITEM   (SESSION_BEGINS - 1)

/* A row of the file: see models/sessionknn.h. */
struct session_row {
    uint32_t code, age_s;
};

/* Made of the rows, at the fit and at loading. Item lists are cut to the newest sessions. */
struct session_index {
    uint32_t n_sessions;
    uint64_t *starts;      /* [n_sessions + 1] of sessions by age, into rows_of */
    uint32_t *users;       /* [n_sessions] whose */
    uint32_t *items;       /* items of the sessions, newest session first */
    uint64_t *item_starts; /* [n_items + 1] */
    uint32_t *sessions;    /* of each item, newest first */
    uint32_t *counts;      /* [n_items] sessions with the item, all of them */
};

enum status session_index_make(const uint64_t *user_starts, const struct session_row *rows,
                               uint32_t n_users, uint32_t n_items, uint32_t recent,
                               struct session_index *ret_index);
void session_index_free(struct session_index *index);

/* What came after the fit. */
struct live_session {
    uint32_t user, n, capacity;
    int64_t last_ms;
    uint32_t *items;
};

struct session_list {
    uint32_t *sessions; /* rising: the newest last */
    uint32_t n, capacity;
};

struct overlay {
    struct live_session *sessions;
    uint32_t n, capacity;
    struct session_list *of_items; /* [n_items] */
    uint32_t n_items;
    uint32_t *slots; /* open addressing by user: 1 + its newest session; 0: free */
    uint32_t n_slots, n_used;
    uint32_t *dead; /* [n_dead] users whose sessions count no more, those of the fit among them */
    uint32_t n_dead, dead_capacity;
    uint64_t bytes;
};

bool sessions_overlay_is_dead(const struct overlay *overlay, uint32_t user);

enum status sessions_overlay_new(const struct model *model, struct overlay **ret_overlay);
void sessions_overlay_free(struct overlay *overlay);
enum status sessions_overlay_event(struct overlay *overlay, uint32_t user, uint32_t item,
                                   double weight, int64_t time_ms);
enum status sessions_overlay_forget(struct overlay *overlay, uint32_t user);
uint64_t sessions_overlay_bytes(const struct overlay *overlay);
