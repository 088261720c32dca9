#include "data/import_queue.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { RING = 8 };

/* Chunks [taken, passed) of the endless sequence are full; the producer fills `passed` when it lies
 * within the ring, and the consumer holds `taken` until it asks for the next one. */
struct import_queue {
    struct import_chunk chunks[RING];
    pthread_mutex_t mutex;
    pthread_cond_t has_room, has_chunk;
    size_t passed, taken;
    bool is_finished, is_closed;
    bool is_refused; /* the producer's: what it had was not taken */
    bool holds;      /* the consumer's */
};

struct import_queue *import_queue_new(void)
{
    struct import_queue *queue = calloc(1, sizeof *queue);
    if (!queue)
        return NULL;
    pthread_mutex_init(&queue->mutex, NULL);
    pthread_cond_init(&queue->has_room, NULL);
    pthread_cond_init(&queue->has_chunk, NULL);
    return queue;
}

void import_queue_free(struct import_queue *queue)
{
    if (!queue)
        return;
    for (size_t i = 0; i < RING; i++)
        arena_free(&queue->chunks[i].arena);
    pthread_cond_destroy(&queue->has_chunk);
    pthread_cond_destroy(&queue->has_room);
    pthread_mutex_destroy(&queue->mutex);
    free(queue);
}

/* ---- copies ---- */

/* In place: the copy points into the arena. NULL stays NULL. */
static bool keep_text(struct arena *arena, const char **text)
{
    if (*text)
        *text = arena_strndup(arena, *text, strlen(*text));
    return *text != NULL;
}

static bool keep_texts(struct arena *arena, const char **const *texts, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (*texts[i] && !keep_text(arena, texts[i]))
            return false;
    return true;
}

static bool keep_user(struct arena *arena, struct user_record *user)
{
    const char **const texts[] = {&user->id, &user->attributes};
    return keep_texts(arena, texts, sizeof texts / sizeof *texts);
}

static bool keep_event(struct arena *arena, struct event_record *event)
{
    const char **const texts[] = {&event->user,    &event->session,  &event->item,
                                  &event->type,    &event->currency, &event->order_id,
                                  &event->context, &event->event_id, &event->recommendation_id};
    return keep_texts(arena, texts, sizeof texts / sizeof *texts);
}

static bool keep_categories(struct arena *arena, struct item_record *item)
{
    const char **copies = arena_alloc(arena, item->n_categories * sizeof *copies);
    for (uint32_t i = 0; copies && i < item->n_categories; i++) {
        copies[i] = item->categories[i];
        if (!keep_text(arena, &copies[i]))
            return false;
    }
    item->categories = copies;
    return copies != NULL;
}

static bool keep_vector(struct arena *arena, struct item_record *item)
{
    float *copy = arena_alloc(arena, item->n_vector * sizeof *copy);
    if (copy)
        memcpy(copy, item->vector, item->n_vector * sizeof *copy);
    item->vector = copy;
    return copy != NULL;
}

static bool keep_item(struct arena *arena, struct item_record *item)
{
    const char **const texts[] = {&item->id, &item->attributes, &item->title, &item->currency,
                                  &item->group_id};
    return keep_texts(arena, texts, sizeof texts / sizeof *texts) &&
           (!item->n_categories || keep_categories(arena, item)) &&
           (!item->n_vector || keep_vector(arena, item));
}

static bool keep_why(struct arena *arena, struct import_entry *entry)
{
    struct error *copy = arena_alloc(arena, sizeof *copy);
    if (copy)
        *copy = *entry->why;
    entry->why = copy;
    return copy != NULL;
}

/* Mostly the file of the entry before. */
static bool keep_place(struct import_chunk *chunk, struct reader_place *place)
{
    const char *before = chunk->n ? chunk->entries[chunk->n - 1].place.file : NULL;
    if (before && strcmp(before, place->file) == 0) {
        place->file = before;
        return true;
    }
    return keep_text(&chunk->arena, &place->file);
}

static bool keep_entry(struct import_chunk *chunk, struct import_entry *entry)
{
    if (!keep_place(chunk, &entry->place))
        return false;
    switch (entry->kind) {
    case IMPORT_USER:
        return keep_user(&chunk->arena, &entry->user);
    case IMPORT_ITEM:
        return keep_item(&chunk->arena, &entry->item);
    case IMPORT_EVENT:
        return keep_event(&chunk->arena, &entry->event);
    case IMPORT_BROKEN:
        break;
    }
    return keep_why(&chunk->arena, entry);
}

/* ---- the producer ---- */

/* Under the mutex: passes the chunk on and waits for an empty one. False: nobody takes it. */
static bool pass_on(struct import_queue *queue)
{
    queue->passed++;
    pthread_cond_signal(&queue->has_chunk);
    while (!queue->is_closed && queue->passed - queue->taken == RING)
        pthread_cond_wait(&queue->has_room, &queue->mutex);
    if (queue->is_closed)
        return false;
    struct import_chunk *chunk = &queue->chunks[queue->passed % RING];
    chunk->n = 0;
    arena_reset(&chunk->arena);
    return true;
}

enum status import_queue_add(struct import_queue *queue, const struct import_entry *entry)
{
    struct import_chunk *chunk = &queue->chunks[queue->passed % RING];
    struct import_entry copy = *entry;
    if (queue->is_refused)
        return STATUS_CANCELLED;
    if (!keep_entry(chunk, &copy))
        return STATUS_NO_MEMORY;
    chunk->entries[chunk->n++] = copy;
    if (chunk->n < IMPORT_CHUNK_ENTRIES && chunk->arena.used < IMPORT_CHUNK_BYTES)
        return STATUS_OK;
    pthread_mutex_lock(&queue->mutex);
    queue->is_refused = !pass_on(queue);
    pthread_mutex_unlock(&queue->mutex);
    return queue->is_refused ? STATUS_CANCELLED : STATUS_OK;
}

void import_queue_finish(struct import_queue *queue)
{
    pthread_mutex_lock(&queue->mutex);
    if (!queue->is_refused && queue->chunks[queue->passed % RING].n)
        queue->passed++;
    queue->is_finished = true;
    pthread_cond_signal(&queue->has_chunk);
    pthread_mutex_unlock(&queue->mutex);
}

/* ---- the consumer ---- */

const struct import_chunk *import_queue_take(struct import_queue *queue)
{
    pthread_mutex_lock(&queue->mutex);
    if (queue->holds) {
        queue->taken++;
        queue->holds = false;
        pthread_cond_signal(&queue->has_room);
    }
    while (queue->taken == queue->passed && !queue->is_finished)
        pthread_cond_wait(&queue->has_chunk, &queue->mutex);
    queue->holds = queue->taken < queue->passed;
    const struct import_chunk *chunk = queue->holds ? &queue->chunks[queue->taken % RING] : NULL;
    pthread_mutex_unlock(&queue->mutex);
    return chunk;
}

void import_queue_close(struct import_queue *queue)
{
    pthread_mutex_lock(&queue->mutex);
    queue->is_closed = true;
    pthread_cond_signal(&queue->has_room);
    pthread_mutex_unlock(&queue->mutex);
}
