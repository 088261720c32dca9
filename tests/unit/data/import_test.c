/* What these catch: an import that doubles what is there, a broken line that takes others with it,
 * a dry run that writes, an export that does not read back. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "data/import.h"
#include "data/store_internal.h"

#include "unit/data/readers/collect.h"

struct fixture {
    char folder[64], path[PATH_BYTES_MAX];
    struct store *store;
    struct event_types types;
};

static void open_store(struct fixture *f)
{
    struct error err = {0};
    make_folder(f->folder);
    event_types_init(&f->types);
    if (store_open(f->folder, STORE_WRITE, &f->store, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    assert_int_equal(store_begin(f->store, NULL), STATUS_OK);
    assert_int_equal(store_bind_types(f->store, &f->types, NULL), STATUS_OK);
    assert_int_equal(store_commit(f->store, NULL), STATUS_OK);
}

static void close_store(struct fixture *f)
{
    store_close(f->store);
    assert_int_equal(folder_remove(f->folder, NULL), STATUS_OK);
}

static struct import_job job_of(struct fixture *f, const char *format)
{
    return (struct import_job){.reader = reader_class_find(format, NULL),
                               .settings = plain_settings(),
                               .store = f->store,
                               .types = &f->types};
}

/* Imports `text` as a file, `times` times in one job. */
static enum status import_text(struct fixture *f, const struct import_job *job, const char *text,
                               size_t times, struct import_result *result, struct error *reterr)
{
    write_bytes(f->folder, "in", text, strlen(text));
    assert_int_equal(path_join(f->path, f->folder, "in"), STATUS_OK);
    const char *const paths[] = {f->path, f->path};
    assert_true(times <= 2);
    return import_paths(job, paths, times, result, reterr);
}

static uint64_t events_in(struct fixture *f)
{
    struct store_counts counts;
    assert_int_equal(store_count(f->store, &counts, NULL), STATUS_OK);
    return counts.events;
}

static void the_same_file_twice_changes_nothing(void **state)
{
    (void)state;
    struct fixture f;
    struct import_result result;
    open_store(&f);
    struct import_job job = job_of(&f, "csv");
    const char *text = "user,item,type\nu,a,view\nu,a,view\nu,b,view\nu,a,view\n";
    assert_int_equal(import_text(&f, &job, text, 1, &result, NULL), STATUS_OK);
    assert_int_equal(result.events, 4); /* equal lines are several events */
    assert_int_equal(result.duplicates, 0);
    assert_int_equal(import_text(&f, &job, text, 1, &result, NULL), STATUS_OK);
    assert_int_equal(result.events, 0);
    assert_int_equal(result.duplicates, 4);
    assert_int_equal(import_text(&f, &job, text, 2, &result, NULL), STATUS_OK);
    assert_int_equal(result.duplicates, 8);
    text = "user,item,type\nu,b,view\nu,a,view\nu,a,view\nu,a,view\nu,a,view\n";
    assert_int_equal(import_text(&f, &job, text, 1, &result, NULL), STATUS_OK);
    assert_int_equal(result.events, 1); /* in another order, and one more */
    assert_int_equal(events_in(&f), 5);
    close_store(&f);
}

static void broken_records_are_counted_and_the_first_is_shown(void **state)
{
    (void)state;
    struct fixture f;
    struct import_result result;
    open_store(&f);
    struct import_job job = job_of(&f, "ndjson");
    const char *text = "{\"user\":\"u\",\"item\":\"a\",\"type\":\"view\"}\n"
                       "{\"user\":\"u\",\"item\":\"a\",\"type\":\"veiw\"}\n"
                       "{\"user\":\"u\",\"item\":\"a\",\"type\":\"view\",\"rating\":1e9}\n"
                       "{\"user\":\"u\",\"item\":\"a\",\"type\":\"view\","
                       "\"timestamp\":\"9999-01-01T00:00:00Z\"}\n"
                       "{\"id\":\"u\",\"attributes\":{\"age\":5}}\n"
                       "{\"id\":\"v\",\"attributes\":{\"age\":\"5\"}}\n"
                       "{\"user\":\"u\",\"item\":\"b\",\"type\":\"view\"}\n";
    assert_int_equal(import_text(&f, &job, text, 1, &result, NULL), STATUS_OK);
    assert_int_equal(result.events, 2);
    assert_int_equal(result.users, 1);
    assert_int_equal(result.broken, 4); /* type, rating, far future, another type of attribute */
    assert_non_null(strstr(result.first[0].pointer, "/in:2"));
    assert_non_null(strstr(result.first[0].text, "veiw"));
    assert_non_null(strstr(result.first[3].pointer, "/in:"));
    assert_string_equal(result.first[4].text, "");
    struct arena arena = {0};
    struct user_record user;
    uint32_t number;
    assert_int_equal(store_get_user(f.store, "v", &arena, &user, &number, NULL), STATUS_NOT_FOUND);
    arena_free(&arena);
    close_store(&f);
}

static void stopping_keeps_what_came_before_the_broken_line(void **state)
{
    (void)state;
    struct fixture f;
    struct import_result result;
    struct error err = {0};
    open_store(&f);
    struct import_job job = job_of(&f, "csv");
    job.stop_on_error = true;
    assert_int_equal(
        import_text(&f, &job, "user,item,type\nu,a,view\nu\nu,b,view\n", 1, &result, &err),
        STATUS_MALFORMED);
    assert_non_null(strstr(err.pointer, "/in:3"));
    assert_int_equal(events_in(&f), 1);
    job.stop_on_error = false; /* the same again goes on from there */
    assert_int_equal(
        import_text(&f, &job, "user,item,type\nu,a,view\nu\nu,b,view\n", 1, &result, &err),
        STATUS_OK);
    assert_int_equal(result.events, 1);
    assert_int_equal(result.duplicates, 1);
    close_store(&f);
}

static void a_store_that_fails_takes_back_the_whole_batch(void **state)
{
    (void)state;
    struct fixture f;
    struct import_result result;
    struct error err = {0};
    open_store(&f);
    assert_int_equal(sqlite3_exec(f.store->db,
                                  "CREATE TRIGGER failing BEFORE INSERT ON interactions"
                                  " WHEN new.rating = 3 BEGIN SELECT raise(ABORT, 'broken disk');"
                                  " END",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    const struct import_job job = job_of(&f, "csv");
    const char *text = "user,item,rating\nu,a,1\nu,b,2\nv,c,3\nv,d,4\n";
    assert_int_equal(import_text(&f, &job, text, 1, &result, &err), STATUS_IO);
    assert_non_null(strstr(err.text, "broken disk"));
    assert_int_equal(result.events, 0);
    assert_int_equal(events_in(&f), 0); /* and no user v without an event */
    struct arena arena = {0};
    struct user_record user;
    uint32_t number;
    assert_int_equal(store_get_user(f.store, "v", &arena, &user, &number, NULL), STATUS_NOT_FOUND);
    arena_free(&arena);
    close_store(&f);
}

static void faults_of_text_and_store_come_in_the_order_of_the_lines(void **state)
{
    (void)state;
    struct fixture f;
    struct import_result result;
    struct error err = {0};
    open_store(&f);
    struct import_job job = job_of(&f, "ndjson");
    const char *text = "{\"user\":\"u\",\"item\":\"a\",\"type\":\"view\",\"event_id\":\"1\"}\n"
                       "{\"user\":\"u\",\"item\":\"b\",\"type\":\"view\",\"event_id\":\"1\"}\n"
                       "{\"user\":\n"
                       "{\"user\":\"u\",\"item\":\"c\",\"type\":\"view\"}\n";
    assert_int_equal(import_text(&f, &job, text, 1, &result, NULL), STATUS_OK);
    assert_int_equal(result.broken, 2);
    assert_non_null(strstr(result.first[0].pointer, "/in:2")); /* only the store knows this one */
    assert_non_null(strstr(result.first[1].pointer, "/in:3"));
    job.stop_on_error = true;
    assert_int_equal(import_text(&f, &job, text, 1, &result, &err), STATUS_CONFLICT);
    assert_non_null(strstr(err.pointer, "/in:2"));
    assert_int_equal(result.broken, 1);
    close_store(&f);
}

static int refuse_commit(void *context)
{
    (void)context;
    return 1;
}

static void a_commit_that_fails_amid_the_file_ends_the_import(void **state)
{
    (void)state;
    struct fixture f;
    struct import_result result;
    struct error err = {0};
    struct buffer text = {0};
    open_store(&f);
    buffer_append_text(&text, "user,item,type\n");
    for (int i = 0; i < 5000; i++)
        buffer_append_text(&text, "u,a,view\n");
    assert_false(text.failed);
    sqlite3_commit_hook(f.store->db, refuse_commit, NULL);
    struct import_job job = job_of(&f, "csv");
    job.yields = true; /* batches of 2,000 */
    assert_int_not_equal(import_text(&f, &job, text.data, 1, &result, &err), STATUS_OK);
    assert_true(err.text[0]);
    assert_int_equal(result.events, 0);
    assert_int_equal(events_in(&f), 0);
    buffer_free(&text);
    close_store(&f);
}

static void a_dry_run_checks_and_writes_nothing(void **state)
{
    (void)state;
    struct fixture f;
    struct import_result result;
    open_store(&f);
    struct import_job job = job_of(&f, "csv");
    job.store = NULL;
    assert_int_equal(
        import_text(&f, &job, "user,item,type\nu,a,view\nu,b,veiw\n", 1, &result, NULL), STATUS_OK);
    assert_int_equal(result.events, 1);
    assert_int_equal(result.broken, 1);
    assert_int_equal(events_in(&f), 0);
    close_store(&f);
}

static void items_of_events_are_listed_when_told(void **state)
{
    (void)state;
    for (int automatic = 0; automatic < 2; automatic++) {
        struct fixture f;
        struct import_result result;
        struct store_counts counts;
        open_store(&f);
        struct import_job job = job_of(&f, "pairs");
        job.auto_items = automatic;
        assert_int_equal(import_text(&f, &job, "u a b\n", 1, &result, NULL), STATUS_OK);
        assert_int_equal(store_count(f.store, &counts, NULL), STATUS_OK);
        assert_int_equal(counts.ghost_items, automatic ? 0 : 2);
        close_store(&f);
    }
}

/* ---- export and back ---- */

static enum status line_of_user(void *context, uint32_t number, const struct user_record *user)
{
    (void)number;
    struct user_record copy = *user;
    copy.created_ms = copy.updated_ms = TIME_UNKNOWN; /* the server's own */
    user_to_json(&copy, context);
    buffer_append_byte(context, '\n');
    return STATUS_OK;
}

static enum status line_of_item(void *context, uint32_t number, const struct item_record *item)
{
    (void)number;
    struct item_record copy = *item;
    copy.created_ms = copy.updated_ms = TIME_UNKNOWN;
    if (!item->listed)
        return STATUS_OK;
    item_to_json(&copy, context);
    buffer_append_byte(context, '\n');
    return STATUS_OK;
}

static enum status line_of_event(void *context, uint64_t seq, const struct event_record *event)
{
    (void)seq;
    event_to_json(event, context);
    buffer_append_byte(context, '\n');
    return STATUS_OK;
}

static void print_store(struct fixture *f, struct buffer *out)
{
    assert_int_equal(store_list_users(f->store, 0, 1000, line_of_user, out, NULL), STATUS_OK);
    assert_int_equal(store_list_items(f->store, 0, 1000, line_of_item, out, NULL), STATUS_OK);
    assert_int_equal(store_list_events(f->store, 0, 1000, line_of_event, out, NULL), STATUS_OK);
    assert_false(out->failed);
}

static void what_a_store_gives_another_one_takes(void **state)
{
    (void)state;
    struct fixture first, second;
    struct import_result result;
    struct buffer lines = {0}, back = {0};
    open_store(&first);
    open_store(&second);
    struct import_job job = job_of(&first, "ndjson");
    const char *text =
        "{\"id\":\"u\",\"attributes\":{\"age\":33,\"tags\":[\"a\",\"é\"]}}\n"
        "{\"id\":\"i\",\"title\":\"T \\\"1\\\"\\n\",\"categories\":[\"a/b\",\"c\"],\"price\":0.1,"
        "\"currency\":\"EUR\",\"group_id\":\"g\",\"published_at\":\"2020-01-01T00:00:00.001Z\","
        "\"expires_at\":\"2120-01-01T00:00:00Z\",\"vector\":[0.1,-2,3e-9],\"available\":false,"
        "\"attributes\":{\"b\":true}}\n"
        "{\"user\":\"u\",\"item\":\"i\",\"type\":\"rating\",\"rating\":4.5,"
        "\"timestamp\":\"2021-01-01T00:00:00.5Z\",\"context\":{\"device\":\"tv\"}}\n"
        "{\"session\":\"s\",\"item\":\"ghost\",\"type\":\"view\",\"position\":0}\n"
        "{\"user\":\"u\",\"session\":\"t\",\"item\":\"i\",\"type\":\"purchase\",\"quantity\":2,"
        "\"price\":19.99,\"currency\":\"USD\",\"order_id\":\"o\",\"progress\":0.25,"
        "\"event_id\":\"mine\",\"timestamp\":\"2021-01-02T00:00:00Z\"}\n";
    assert_int_equal(import_text(&first, &job, text, 1, &result, NULL), STATUS_OK);
    assert_int_equal(result.broken, 0);
    print_store(&first, &lines);
    job = job_of(&second, "ndjson");
    assert_int_equal(import_text(&second, &job, lines.data, 1, &result, NULL), STATUS_OK);
    if (result.broken)
        fail_msg("%s: %s", result.first[0].pointer, result.first[0].text);
    assert_int_equal(result.events, 3);
    print_store(&second, &back);
    assert_string_equal(lines.data, back.data);
    job = job_of(&first, "ndjson"); /* and the first one knows its own */
    assert_int_equal(import_text(&first, &job, lines.data, 1, &result, NULL), STATUS_OK);
    assert_int_equal(result.events, 0);
    assert_int_equal(result.duplicates, 3);
    assert_int_equal(result.broken, 0);
    buffer_free(&lines);
    buffer_free(&back);
    close_store(&first);
    close_store(&second);
}

static bool always(void *context)
{
    (void)context;
    return true;
}

static void a_stopped_import_says_so(void **state)
{
    (void)state;
    struct fixture f;
    struct import_result result;
    open_store(&f);
    struct import_job job = job_of(&f, "pairs");
    const struct observer observer = {.stop = always};
    job.observer = &observer;
    assert_int_equal(import_text(&f, &job, "u a\n", 1, &result, NULL), STATUS_CANCELLED);
    assert_int_equal(events_in(&f), 0);
    close_store(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_file_twice_changes_nothing),
        cmocka_unit_test(broken_records_are_counted_and_the_first_is_shown),
        cmocka_unit_test(stopping_keeps_what_came_before_the_broken_line),
        cmocka_unit_test(a_store_that_fails_takes_back_the_whole_batch),
        cmocka_unit_test(faults_of_text_and_store_come_in_the_order_of_the_lines),
        cmocka_unit_test(a_commit_that_fails_amid_the_file_ends_the_import),
        cmocka_unit_test(a_dry_run_checks_and_writes_nothing),
        cmocka_unit_test(items_of_events_are_listed_when_told),
        cmocka_unit_test(what_a_store_gives_another_one_takes),
        cmocka_unit_test(a_stopped_import_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
