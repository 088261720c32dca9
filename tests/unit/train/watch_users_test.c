/* What these catch: a guest or an erased user in the picture, the category of somebody else, more
 * users than were asked for, pictures that outlive their snapshot or the wish for them. */
#include "train/watch_users.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "data/settings.h"
#include "support/test.h"
#include "train/watch_points.h"
#include "train_support.h"

enum { USERS = 40, ITEMS = 50, GROUPS = 10, BYTES = 1 << 20 };

static struct planted_store planted;

/* Items of the group that user u likes have the category "g<u % 10>". */
static void label_items(void)
{
    assert_int_equal(store_begin(planted.store, NULL), STATUS_OK);
    for (unsigned i = 0; i < ITEMS; i++) {
        char id[16], category[16];
        const char *categories[] = {category, "of all"};
        struct item_record record = item_record_empty();
        uint32_t number;
        bool created;
        snprintf(id, sizeof id, "i%u", i);
        snprintf(category, sizeof category, "g%u", i % GROUPS);
        record.id = id;
        record.categories = categories;
        record.n_categories = 2;
        assert_int_equal(store_put_item(planted.store, &record, 2000, &number, &created, NULL),
                         STATUS_OK);
    }
    assert_int_equal(store_commit(planted.store, NULL), STATUS_OK);
}

/* More active than any user. */
static void plant_guest(void)
{
    assert_int_equal(store_begin(planted.store, NULL), STATUS_OK);
    for (unsigned i = 0; i < ITEMS; i++) {
        char id[16];
        struct event_result result;
        snprintf(id, sizeof id, "i%u", i);
        const struct event_record event = {.session = "the guest",
                                           .item = id,
                                           .type = "like",
                                           .time_ms = INT64_C(1000000000000) + i,
                                           .rating = NAN,
                                           .quantity = NAN,
                                           .price = NAN,
                                           .progress = NAN,
                                           .position = -1};
        assert_int_equal(store_add_event(planted.store, &planted.types, &event, false,
                                         2000000000000, &result, NULL),
                         STATUS_OK);
    }
    assert_int_equal(store_commit(planted.store, NULL), STATUS_OK);
}

static void train(uint32_t version, const char *model)
{
    struct settings settings;
    assert_int_equal(settings_init(&settings), STATUS_OK);
    settings_set(&settings, "models.retrievers", model, "--set", NULL);
    settings_set(&settings, "models.ials.dimensions", "4", "--set", NULL);
    settings_set(&settings, "models.ials.epochs", "2", "--set", NULL);
    planted_round(&planted, &settings, version);
    settings_free(&settings);
}

static int setup(void **state)
{
    planted_store_make(&planted);
    plant(&planted, 0, USERS, ITEMS, 12, 1);
    label_items();
    plant_guest();
    train(1, "ials");
    return temp_folder_setup(state);
}

static int teardown(void **state)
{
    planted_store_free(&planted);
    return temp_folder_teardown(state);
}

static struct board *open_board(const char *logdir)
{
    struct board *board;
    assert_int_equal(board_open(logdir, &board, NULL), STATUS_OK);
    return board;
}

static struct buffer metadata(const char *logdir)
{
    return file_bytes(in_folder(logdir, "users-000001/metadata.tsv"));
}

static void the_most_active_users_are_shown_with_what_they_like(void **state)
{
    struct board *board = open_board(*state);
    assert_int_equal(watch_users(board, planted.snapshots, 1, 20, BYTES, NULL), STATUS_OK);
    struct buffer text = metadata(*state),
                  rows = file_bytes(in_folder(*state, "users-000001/tensors.tsv"));
    unsigned n = 0, user, group, items, before = ITEMS;
    char *line = strtok(text.data, "\n");
    assert_string_equal(line, "user\tcategory\titems");
    while ((line = strtok(NULL, "\n"))) {
        assert_int_equal(sscanf(line, "u%u\tg%u\t%u", &user, &group, &items), 3);
        assert_int_equal(user % GROUPS, group);
        assert_true(items <= before && items > 0);
        before = items;
        n++;
    }
    assert_int_equal(n, 20);
    size_t lines = 0;
    for (size_t i = 0; i < rows.size; i++)
        lines += rows.data[i] == '\n';
    assert_int_equal(lines, 20);
    buffer_free(&text);
    buffer_free(&rows);
    board_close(board);
}

static void guests_are_left_out(void **state)
{
    struct board *board = open_board(*state);
    assert_int_equal(watch_users(board, planted.snapshots, 1, 100, BYTES, NULL), STATUS_OK);
    struct buffer text = metadata(*state);
    size_t lines = 0;
    for (size_t i = 0; i < text.size; i++)
        lines += text.data[i] == '\n';
    assert_int_equal(lines, USERS + 1);
    assert_null(strstr(text.data, "guest"));
    buffer_free(&text);
    board_close(board);
}

static void who_is_erased_from_the_snapshot_is_in_no_picture_of_it(void **state)
{
    struct board *board = open_board(*state);
    struct snapshot *snapshot;
    assert_int_equal(snapshot_load(planted.snapshots, 1, &snapshot, NULL), STATUS_OK);
    const uint32_t user = idmap_find(&snapshot->user_ids, "u7", 2);
    snapshot_release(snapshot);
    assert_int_equal(snapshot_erase_users(planted.snapshots, 1, &user, 1, NULL), STATUS_OK);
    assert_int_equal(watch_users(board, planted.snapshots, 1, 100, BYTES, NULL), STATUS_OK);
    struct buffer text = metadata(*state);
    assert_null(strstr(text.data, "u7\t"));
    assert_non_null(strstr(text.data, "u8\t"));
    buffer_free(&text);
    assert_int_equal(watch_users_forget(*state, 1, NULL), STATUS_OK);
    assert_int_equal(access(in_folder(*state, "users-000001"), F_OK), -1);
    assert_int_equal(watch_users_forget(*state, 1, NULL), STATUS_OK);
    board_close(board);
}

static void pictures_go_with_their_snapshots(void **state)
{
    static const uint32_t stored[] = {4, 1};
    struct board *board = open_board(*state);
    assert_int_equal(watch_users(board, planted.snapshots, 1, 10, BYTES, NULL), STATUS_OK);
    /* half a run, as a kill leaves it, and what is none of ours */
    assert_int_equal(mkdir(in_folder(*state, "users-000003"), 0700), 0);
    assert_int_equal(mkdir(in_folder(*state, "items-000003"), 0700), 0);
    assert_int_equal(mkdir(in_folder(*state, "users-churn"), 0700), 0);
    assert_int_equal(mkdir(in_folder(*state, "users-"), 0700), 0);
    assert_int_equal(watch_users_keep(*state, stored, 2, NULL), STATUS_OK);
    assert_int_equal(access(in_folder(*state, "users-000003"), F_OK), -1);
    assert_int_equal(access(in_folder(*state, "users-000001/metadata.tsv"), F_OK), 0);
    assert_int_equal(access(in_folder(*state, "items-000003"), F_OK), 0);
    assert_int_equal(watch_users_keep(*state, NULL, 0, NULL), STATUS_OK);
    assert_int_equal(access(in_folder(*state, "users-000001"), F_OK), -1);
    assert_int_equal(access(in_folder(*state, "users-churn"), F_OK), 0); /* somebody's fit */
    assert_int_equal(access(in_folder(*state, "users-"), F_OK), 0);
    assert_int_equal(watch_users_keep(in_folder(*state, "missing"), NULL, 0, NULL), STATUS_OK);
    board_close(board);
}

static void nobody_is_shown_unless_asked_for(void **state)
{
    struct board *board = open_board(*state);
    train(2, "popular"); /* has no vectors */
    assert_int_equal(watch_users(board, planted.snapshots, 2, 20, BYTES, NULL), STATUS_OK);
    assert_int_equal(watch_users(board, planted.snapshots, 7, 20, BYTES, NULL), STATUS_OK);
    assert_int_equal(watch_users(NULL, planted.snapshots, 1, 20, BYTES, NULL), STATUS_OK);
    assert_int_equal(access(in_folder(*state, "users-000002"), F_OK), -1);
    assert_int_equal(watch_users(board, planted.snapshots, 1, 20, BYTES, NULL), STATUS_OK);
    assert_int_equal(access(in_folder(*state, "users-000001"), F_OK), 0);
    assert_int_equal(watch_users(board, planted.snapshots, 1, 0, BYTES, NULL), STATUS_OK);
    assert_int_equal(access(in_folder(*state, "users-000001"), F_OK), -1);
    board_close(board);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_most_active_users_are_shown_with_what_they_like, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(guests_are_left_out, setup, teardown),
        cmocka_unit_test_setup_teardown(who_is_erased_from_the_snapshot_is_in_no_picture_of_it,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(pictures_go_with_their_snapshots, setup, teardown),
        cmocka_unit_test_setup_teardown(nobody_is_shown_unless_asked_for, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
