/* What these catch: an entry that points to what its reader has forgotten, entries that come in
 * another order or twice, a last chunk that is lost, a producer that waits for nobody. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "data/import_queue.h"

enum { MANY = 20 * IMPORT_CHUNK_ENTRIES + 7 };

/* Everything an entry points to lives in the caller's frame and is overwritten by the next one. */
static enum status add_event(struct import_queue *queue, unsigned line)
{
    char user[16], file[16], id[16];
    snprintf(user, sizeof user, "u%u", line);
    snprintf(file, sizeof file, "file%u", line / 1000);
    snprintf(id, sizeof id, "e%u", line);
    struct import_entry entry = {
        .kind = IMPORT_EVENT,
        .place = {.file = file, .line = line},
        .event = {.user = user, .item = "i", .type = "view", .event_id = id, .position = -1}};
    const enum status status = import_queue_add(queue, &entry);
    memset(user, 'x', sizeof user - 1);
    memset(file, 'x', sizeof file - 1);
    memset(id, 'x', sizeof id - 1);
    return status;
}

static void *add_many(void *context)
{
    struct import_queue *queue = context;
    unsigned added = 0;
    while (added < MANY && add_event(queue, added) == STATUS_OK)
        added++;
    import_queue_finish(queue);
    return NULL;
}

static void entries_come_whole_and_in_order(void **state)
{
    (void)state;
    struct import_queue *queue = import_queue_new();
    assert_non_null(queue);
    pthread_t producer;
    assert_int_equal(pthread_create(&producer, NULL, add_many, queue), 0);
    const struct import_chunk *chunk;
    unsigned line = 0;
    while ((chunk = import_queue_take(queue)))
        for (size_t i = 0; i < chunk->n; i++, line++) {
            char text[16];
            const struct import_entry *entry = &chunk->entries[i];
            assert_int_equal(entry->kind, IMPORT_EVENT);
            assert_int_equal(entry->place.line, line);
            snprintf(text, sizeof text, "file%u", line / 1000);
            assert_string_equal(entry->place.file, text);
            snprintf(text, sizeof text, "u%u", line);
            assert_string_equal(entry->event.user, text);
            snprintf(text, sizeof text, "e%u", line);
            assert_string_equal(entry->event.event_id, text);
            assert_null(entry->event.session);
        }
    pthread_join(producer, NULL);
    assert_int_equal(line, MANY);
    import_queue_free(queue);
}

static void a_producer_ends_when_nobody_takes_more(void **state)
{
    (void)state;
    struct import_queue *queue = import_queue_new();
    assert_non_null(queue);
    pthread_t producer;
    assert_int_equal(pthread_create(&producer, NULL, add_many, queue), 0);
    assert_non_null(import_queue_take(queue));
    import_queue_close(queue);
    pthread_join(producer, NULL); /* hangs with a producer that waits for room */
    assert_int_equal(add_event(queue, 0), STATUS_CANCELLED);
    import_queue_free(queue);
}

static void items_users_and_faults_are_copied_with_all_they_have(void **state)
{
    (void)state;
    struct import_queue *queue = import_queue_new();
    assert_non_null(queue);
    char text[] = "text";
    const char *categories[] = {text, text};
    float vector[] = {1, -2};
    struct error why = {.status = STATUS_MALFORMED, .text = "why"};
    struct import_entry entry = {.kind = IMPORT_ITEM,
                                 .place = {.file = text, .line = 1},
                                 .item = {.id = text,
                                          .attributes = text,
                                          .title = text,
                                          .categories = categories,
                                          .n_categories = 2,
                                          .vector = vector,
                                          .n_vector = 2}};
    assert_int_equal(import_queue_add(queue, &entry), STATUS_OK);
    entry = (struct import_entry){.kind = IMPORT_USER,
                                  .place = {.file = text, .line = 2},
                                  .user = {.id = text, .attributes = text}};
    assert_int_equal(import_queue_add(queue, &entry), STATUS_OK);
    entry = (struct import_entry){
        .kind = IMPORT_BROKEN, .place = {.file = text, .line = 3}, .why = &why};
    assert_int_equal(import_queue_add(queue, &entry), STATUS_OK);
    memset(text, 'x', sizeof text - 1);
    memset(vector, 0, sizeof vector);
    memset(categories, 0, sizeof categories);
    memset(&why, 0, sizeof why);
    import_queue_finish(queue);
    const struct import_chunk *chunk = import_queue_take(queue);
    assert_non_null(chunk);
    assert_int_equal(chunk->n, 3);
    const struct item_record *item = &chunk->entries[0].item;
    assert_string_equal(item->id, "text");
    assert_string_equal(item->title, "text");
    assert_string_equal(item->categories[1], "text");
    assert_null(item->group_id);
    assert_true(item->vector[0] == 1 && item->vector[1] == -2);
    assert_string_equal(chunk->entries[1].user.attributes, "text");
    assert_string_equal(chunk->entries[2].why->text, "why");
    assert_string_equal(chunk->entries[2].place.file, "text");
    assert_null(import_queue_take(queue));
    import_queue_free(queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_come_whole_and_in_order),
        cmocka_unit_test(a_producer_ends_when_nobody_takes_more),
        cmocka_unit_test(items_users_and_faults_are_copied_with_all_they_have),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
