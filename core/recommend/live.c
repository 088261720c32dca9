#include "recommend/live.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/lock.h"
#include "recommend/activity.h"
#include "recommend/history.h"
#include "recommend/idtable.h"
#include "recommend/list_cache.h"
#include "recommend/live_batch.h"
#include "recommend/live_facts.h"
#include "recommend/tail.h"

/* The catalogue's reference time stays this far behind, so that a request that looked at the clock
 * a moment before the writer still finds its answer in the bitmap. */
enum { BEHIND_MS = 1000 };

struct live {
    struct live_base base;
    pthread_rwlock_t lock; /* over all below, but for seq */
    _Atomic uint64_t seq;
    struct catalogue *catalogue;
    struct idtable users, sessions; /* after S */
    struct tail tail;
    struct activity *activity; /* [n_activity] of items, where there is a ranker */
    uint32_t n_activity;
    struct live_facts facts;
    struct overlay **overlays; /* [base.n_models] NULL: the model has none */
    uint64_t n_events;
    uint32_t n_users; /* in the store */
    uint64_t gains;
    /* The writer's own: users whose past is to be read again. */
    uint32_t *pending;
    size_t n_pending, pending_capacity;
    bool keys_changed; /* and not yet told */
};

static enum status make_overlays(struct live *live)
{
    live->overlays = calloc(live->base.n_models + 1, sizeof *live->overlays);
    if (!live->overlays)
        return STATUS_NO_MEMORY;
    for (size_t i = 0; i < live->base.n_models; i++) {
        const struct model *model = live->base.models[i];
        if (model->class->overlay_new &&
            model->class->overlay_new(model, &live->overlays[i]) != STATUS_OK)
            return STATUS_NO_MEMORY;
    }
    return STATUS_OK;
}

static enum status copy_activity(struct live *live)
{
    const size_t size = (size_t)live->base.n_items * sizeof *live->activity;
    if (!live->base.ranker || size == 0)
        return STATUS_OK;
    live->activity = malloc(size);
    if (live->activity)
        memcpy(live->activity, live->base.activity, size);
    live->n_activity = live->activity ? live->base.n_items : 0;
    return live->activity ? STATUS_OK : STATUS_NO_MEMORY;
}

enum status live_new(const struct live_base *base, struct catalogue *catalogue,
                     struct live **ret_live, struct error *reterr)
{
    struct live *live = calloc(1, sizeof *live);
    if (!live || lock_init_writers_first(&live->lock) != 0) {
        free(live);
        catalogue_free(catalogue);
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory for the live changes");
    }
    live->base = *base;
    live->catalogue = catalogue;
    atomic_init(&live->seq, base->seq);
    if (live_facts_start(&live->facts, live->base.ranker, live->catalogue) != STATUS_OK ||
        make_overlays(live) != STATUS_OK || copy_activity(live) != STATUS_OK) {
        live_free(live);
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory for the live changes");
    }
    *ret_live = live;
    return STATUS_OK;
}

void live_free(struct live *live)
{
    if (!live)
        return;
    pthread_rwlock_destroy(&live->lock);
    catalogue_free(live->catalogue);
    idtable_free(&live->users);
    idtable_free(&live->sessions);
    tail_free(&live->tail);
    for (size_t i = 0; live->overlays && i < live->base.n_models; i++)
        if (live->overlays[i])
            live->base.models[i]->class->overlay_free(live->overlays[i]);
    free(live->overlays);
    free(live->pending);
    free(live->activity);
    live_facts_free(&live->facts);
    free(live);
}

uint64_t live_seq(struct live *live)
{
    return atomic_load(&live->seq);
}

/* ---- applying changes; the lock is held for writing ---- */

static uint32_t find_base_user(const struct live *live, const char *id)
{
    return idmap_find(live->base.user_ids, id, strlen(id));
}

static enum status apply_user(struct live *live, const struct change *change)
{
    if (facts_put(live->facts.users, change->number, change->attributes, NULL, 0) != STATUS_OK)
        return STATUS_NO_MEMORY;
    if (!change->id || find_base_user(live, change->id) == change->number)
        return STATUS_OK;
    return idtable_put(&live->users, change->id, change->number, NULL);
}

static enum status forget_user(struct live *live, uint32_t user)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < live->base.n_models && status == STATUS_OK; i++) {
        const struct model_class *class = live->base.models[i]->class;
        if (live->overlays[i] && class->overlay_forget)
            status = class->overlay_forget(live->overlays[i], user);
    }
    return status;
}

static enum status apply_user_death(struct live *live, const struct change *change)
{
    const enum status status = forget_user(live, change->number);
    if (status != STATUS_OK)
        return status;
    if (change->number >= live->base.n_users)
        idtable_remove_number(&live->users, change->number);
    idtable_remove_number(&live->sessions, change->number);
    facts_clear(live->facts.users, change->number);
    if (live->base.lists)
        list_cache_forget(live->base.lists, change->number);
    return tail_kill(&live->tail, change->number, change->seq);
}

static bool is_same(struct shown_window a, struct shown_window b)
{
    return a.from_ms == b.from_ms && a.until_ms == b.until_ms;
}

/* record NULL: it is gone. */
static enum status tell_overlays(struct live *live, uint32_t item, const struct item_record *record)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < live->base.n_models && status == STATUS_OK; i++) {
        const struct model_class *class = live->base.models[i]->class;
        if (live->overlays[i] && class->overlay_item)
            status = class->overlay_item(live->overlays[i], item, record);
    }
    return status;
}

static enum status apply_item(struct live *live, const struct change *change)
{
    const uint32_t item = change->number;
    const struct shown_window before = catalogue_window(live->catalogue, item);
    enum status status = catalogue_put(live->catalogue, item, change->item);
    if (status == STATUS_OK && live->facts.items)
        status = facts_put(live->facts.items, item, change->item->attributes,
                           change->item->categories, change->item->n_categories);
    if (status == STATUS_OK)
        status = tell_overlays(live, item, change->item);
    const struct shown_window after = catalogue_window(live->catalogue, item);
    live->gains +=
        item < live->base.n_items && !is_same(after, SHOWN_NEVER) && !is_same(after, before);
    return status;
}

/* Of items after S as well. */
static enum status grow_activity(struct live *live, uint32_t item)
{
    if (item < live->n_activity)
        return STATUS_OK;
    const uint32_t n = item < UINT32_MAX / 2 ? item + item / 8 + 64 : UINT32_MAX;
    struct activity *activity = realloc(live->activity, (size_t)n * sizeof *activity);
    if (!activity)
        return STATUS_NO_MEMORY;
    memset(activity + live->n_activity, 0, (size_t)(n - live->n_activity) * sizeof *activity);
    live->activity = activity;
    live->n_activity = n;
    return STATUS_OK;
}

static enum status count_activity(struct live *live, const struct event_row *row)
{
    if (!live->base.ranker || !activity_counts(&live->base.types->of[row->type]))
        return STATUS_OK;
    const enum status status = grow_activity(live, row->item);
    if (status == STATUS_OK)
        activity_add(&live->activity[row->item], row->time_ms);
    return status;
}

/* What an event says for or against its item: of a type by value, how far it is from the middle. */
static double weight_of(const struct live *live, const struct event_row *row)
{
    const struct event_type *type = &live->base.types->of[row->type];
    if (!type->by_value)
        return type->name[0] ? type->weight : 0;
    const double above = (double)row->value - live->base.frame->scale_middle;
    return isnan(above) ? 0 : type->weight * above;
}

static enum status show_overlays(struct live *live, const struct event_row *row)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < live->base.n_models && status == STATUS_OK; i++) {
        const struct model_class *class = live->base.models[i]->class;
        if (live->overlays[i] && class->overlay_event)
            status = class->overlay_event(live->overlays[i], row->user, row->item,
                                          weight_of(live, row), row->time_ms);
    }
    return status;
}

static enum status apply_event(struct live *live, const struct event_row *row)
{
    enum status status = count_activity(live, row);
    if (status == STATUS_OK)
        status = show_overlays(live, row);
    if (status != STATUS_OK)
        return status;
    live->n_events++;
    return tail_add(&live->tail, live->base.types, live->base.frame, row);
}

static enum status add_pending(struct live *live, uint32_t user)
{
    if (live->n_pending == live->pending_capacity) {
        const size_t capacity = live->pending_capacity ? 2 * live->pending_capacity : 16;
        uint32_t *pending = realloc(live->pending, sizeof *pending * capacity);
        if (!pending)
            return STATUS_NO_MEMORY;
        live->pending = pending;
        live->pending_capacity = capacity;
    }
    bool new;
    const enum status status = tail_mark(&live->tail, user, &new);
    if (status == STATUS_OK && new)
        live->pending[live->n_pending++] = user;
    return status;
}

static enum status apply(struct live *live, const struct change *change)
{
    switch (change->kind) {
    case CHANGE_EVENT:
        return apply_event(live, &change->event);
    case CHANGE_USER:
        return apply_user(live, change);
    case CHANGE_USER_EVENTS:
        return add_pending(live, change->number);
    case CHANGE_USER_DEATH:
        return apply_user_death(live, change);
    case CHANGE_ITEM:
        return apply_item(live, change);
    case CHANGE_ITEM_DEATH:
        catalogue_remove(live->catalogue, change->number);
        facts_clear(live->facts.items, change->number);
        return tell_overlays(live, change->number, NULL);
    case CHANGE_SESSION:
        return idtable_put(&live->sessions, change->id, change->number, NULL);
    case CHANGE_KEY:
        live->keys_changed = true;
        return STATUS_OK;
    }
    return STATUS_OK;
}

/* ---- catching up ---- */

struct catching_up {
    struct live *live;
    struct live_batch batch;
    struct error *reterr;
};

static enum status out_of_memory(struct error *reterr)
{
    return error_set(reterr, STATUS_NO_MEMORY, "out of memory for the live changes");
}

static enum status apply_batch(struct catching_up *up)
{
    struct live *live = up->live;
    enum status status = STATUS_OK;
    pthread_rwlock_wrlock(&live->lock);
    for (size_t i = 0; i < up->batch.n && status == STATUS_OK; i++) {
        status = apply(live, &up->batch.changes[i]);
        if (status == STATUS_OK)
            atomic_store(&live->seq, up->batch.changes[i].seq);
    }
    pthread_rwlock_unlock(&live->lock);
    live_batch_clear(&up->batch);
    return status == STATUS_OK ? status : out_of_memory(up->reterr);
}

static enum status on_change(void *context, const struct change *change)
{
    struct catching_up *up = context;
    if (live_batch_is_full(&up->batch)) {
        const enum status status = apply_batch(up);
        if (status != STATUS_OK)
            return status;
    }
    const enum status status = live_batch_add(&up->batch, change);
    return status == STATUS_OK ? status : out_of_memory(up->reterr);
}

static enum status on_rows(void *context, const struct event_row *rows, size_t n)
{
    return history_add(context, rows, n);
}

/* All changes up to the present seq have been applied, so that what the store has of the user up to
 * it is the user's whole past. */
static enum status read_again(struct live *live, struct store *store, uint32_t user,
                              struct error *reterr)
{
    struct history history = {.keep = live->base.types->max_per_user, .types = live->base.types};
    struct touch *touches;
    uint32_t n;
    const uint64_t seq = live_seq(live);
    enum status status = store_read_user_events(store, user, seq, on_rows, &history, reterr);
    if (status == STATUS_OK)
        status = history_fold(&history, live->base.frame, &touches, &n);
    history_free(&history);
    if (status == STATUS_OK) {
        pthread_rwlock_wrlock(&live->lock);
        status = tail_replace(&live->tail, user, seq, touches, n);
        pthread_rwlock_unlock(&live->lock);
    }
    return status == STATUS_NO_MEMORY ? out_of_memory(reterr) : status;
}

static enum status read_pending(struct live *live, struct store *store, struct error *reterr)
{
    while (live->n_pending > 0) {
        const uint32_t user = live->pending[live->n_pending - 1];
        if (tail_find(&live->tail, user)->marked) { /* and not dead by now */
            const enum status status = read_again(live, store, user, reterr);
            if (status != STATUS_OK)
                return status;
        }
        live->n_pending--;
    }
    return STATUS_OK;
}

/* Up to upto_seq; what came before a failure is applied. */
static enum status read_changes(struct catching_up *up, struct store *store, uint64_t upto_seq)
{
    struct live *live = up->live;
    if (upto_seq <= live_seq(live))
        return STATUS_OK;
    enum status status =
        store_read_changes(store, live_seq(live), upto_seq, on_change, up, up->reterr);
    if (up->batch.n > 0) {
        const enum status applied = apply_batch(up);
        status = status == STATUS_OK ? applied : status;
    }
    if (status == STATUS_OK)
        atomic_store(&live->seq, upto_seq);
    return status;
}

/* What time alone changes, and what the store counts better than we could. */
static void look_around(struct live *live, const struct store_counts *counts)
{
    pthread_rwlock_wrlock(&live->lock);
    live->n_users = (uint32_t)(counts->users + counts->guests);
    catalogue_advance(live->catalogue, clock_now_ms() - BEHIND_MS);
    pthread_rwlock_unlock(&live->lock);
}

enum status live_catch_up(struct live *live, struct store *store, bool *ret_keys_changed,
                          struct error *reterr)
{
    struct catching_up up = {.live = live, .reterr = reterr};
    struct store_counts counts;
    enum status status = live_facts_read_users(&live->facts, &live->lock, store, reterr);
    if (status == STATUS_OK)
        status = store_count(store, &counts, reterr);
    if (status == STATUS_OK)
        status = read_changes(&up, store, counts.seq);
    if (status == STATUS_OK)
        status = read_pending(live, store, reterr);
    if (status == STATUS_OK)
        look_around(live, &counts);
    live_batch_free(&up.batch);
    if (status != STATUS_OK)
        return status;
    if (ret_keys_changed) {
        *ret_keys_changed = live->keys_changed;
        live->keys_changed = false;
    }
    return STATUS_OK;
}

/* ---- views ---- */

static const struct live *live_of(const struct view *view)
{
    return ((const struct live_view *)view)->live;
}

static enum status view_touches(const struct view *view, uint32_t user, struct arena *arena,
                                const struct touch **ret_touches, size_t *ret_n, bool *ret_fresh)
{
    const struct live *live = live_of(view);
    const struct tail_user *tail = tail_find(&live->tail, user);
    const struct touch *before = NULL;
    size_t n_before = 0;
    if (user < live->base.n_users) {
        const uint64_t *starts = live->base.touch_starts;
        before = live->base.touches + starts[user];
        n_before = (size_t)(starts[user + 1] - starts[user]);
    }
    if (tail && (tail->n > 0 || tail->replaced)) {
        *ret_fresh = true;
        return tail_join(tail, view->types, before, n_before, arena, ret_touches, ret_n);
    }
    *ret_fresh = false;
    *ret_touches = before;
    *ret_n = n_before;
    return STATUS_OK;
}

static enum status view_eligible(const struct view *view, int64_t now_ms, struct bitmap *out)
{
    catalogue_eligible(live_of(view)->catalogue, now_ms, out);
    return STATUS_OK;
}

static void view_category(const struct view *view, const char *path, struct bitmap *out)
{
    catalogue_category(live_of(view)->catalogue, path, out);
}

static uint32_t view_group(const struct view *view, uint32_t item)
{
    return catalogue_group(live_of(view)->catalogue, item);
}

static int64_t view_created_ms(const struct view *view, uint32_t item)
{
    return catalogue_created_ms(live_of(view)->catalogue, item);
}

/* Everything has happened before now. */
static void view_activity(const struct view *view, uint32_t item, int64_t now_ms,
                          struct activity *ret_activity)
{
    (void)now_ms;
    const struct live *live = live_of(view);
    *ret_activity = item < live->n_activity ? live->activity[item] : (struct activity){0};
}

static void view_release(struct view *view)
{
    pthread_rwlock_unlock(&((struct live_view *)view)->live->lock);
}

static const struct view_class view_class = {
    .touches = view_touches,
    .eligible = view_eligible,
    .category = view_category,
    .group = view_group,
    .created_ms = view_created_ms,
    .release = view_release,
    .activity = view_activity,
};

void live_view_take(struct live *live, struct live_view *ret_view)
{
    pthread_rwlock_rdlock(&live->lock);
    const uint32_t n_items = catalogue_count(live->catalogue);
    *ret_view = (struct live_view){
        .view = {.class = &view_class,
                 .n_items = n_items > live->base.n_items ? n_items : live->base.n_items,
                 .n_groups = catalogue_groups(live->catalogue),
                 .grouped = catalogue_grouped(live->catalogue),
                 .types = live->base.types,
                 .frame = live->base.frame,
                 .models = live->base.models,
                 .n_models = live->base.n_models,
                 .retriever = live->base.retriever,
                 .rules = live->base.rules,
                 .overlays = (const struct overlay *const *)live->overlays,
                 .coarse = live->base.coarse,
                 .item_facts = live->facts.items,
                 .user_facts = live->facts.users,
                 .ranker = live->base.ranker},
        .live = live};
}

/* The number, unless its user is gone. */
static uint32_t alive(const struct live *live, uint32_t user)
{
    const struct tail_user *tail = tail_find(&live->tail, user);
    return tail && tail->dead ? NUMBER_NONE : user;
}

uint32_t live_find_user(const struct live_view *view, const char *id)
{
    const struct live *live = view->live;
    const uint32_t user = idtable_find(&live->users, id);
    return alive(live, user != NUMBER_NONE ? user : find_base_user(live, id));
}

uint32_t live_find_session(const struct live_view *view, const char *session)
{
    return alive(view->live, idtable_find(&view->live->sessions, session));
}

uint32_t live_find_item(const struct live_view *view, const char *id)
{
    return catalogue_find(view->live->catalogue, id);
}

uint64_t live_user_seq(const struct live_view *view, uint32_t user)
{
    const struct tail_user *tail = tail_find(&view->live->tail, user);
    return tail && tail->seq ? tail->seq : view->live->base.seq;
}

uint64_t live_count_touches(const struct live_view *view, uint32_t user)
{
    const struct live *live = view->live;
    const struct tail_user *tail = tail_find(&live->tail, user);
    const uint64_t *starts = live->base.touch_starts;
    const bool has_before = user < live->base.n_users && !(tail && tail->replaced);
    return (has_before ? starts[user + 1] - starts[user] : 0) + (tail ? tail->n : 0);
}

uint64_t live_generation(const struct live_view *view)
{
    return view->live->base.generation;
}

uint64_t live_gains(const struct live_view *view)
{
    return view->live->gains;
}

const struct catalogue *live_catalogue(const struct live_view *view)
{
    return view->live->catalogue;
}

static uint64_t overlays_bytes(const struct live *live)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < live->base.n_models; i++) {
        const struct model_class *class = live->base.models[i]->class;
        if (live->overlays[i] && class->overlay_bytes)
            bytes += class->overlay_bytes(live->overlays[i]);
    }
    return bytes;
}

void live_count(const struct live_view *view, struct live_counts *ret_counts)
{
    const struct live *live = view->live;
    const struct catalogue_size size = catalogue_size(live->catalogue);
    *ret_counts = (struct live_counts){
        .events = live->n_events,
        .bytes = overlays_bytes(live) + size.bytes + tail_bytes(&live->tail) +
                 idtable_bytes(&live->users) + idtable_bytes(&live->sessions) +
                 live->pending_capacity * sizeof *live->pending +
                 live->n_activity * sizeof *live->activity + facts_bytes(live->facts.items) +
                 facts_bytes(live->facts.users),
        .users = live->n_users,
        .items = size.items,
        .ghosts = size.ghosts};
}
