/* What these catch: a snapshot that reads back otherwise than it was written, bytes that depend on
 * threads or version, damage that loads, an erasure that leaves a trace or spoils the checksums, a
 * prune that takes the one that serves. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/test.h"
#include "train_support.h"

struct fixture {
    struct planted_store planted;
    struct dataset *dataset;
    struct model *model;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    planted_store_make(&f->planted);
    plant(&f->planted, 0, 40, 60, 12, 1);
    f->dataset = planted_dataset(&f->planted);
    f->model = fit_planted(f->dataset, "popular", NULL, NULL);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    model_free(f->model);
    dataset_free(f->dataset);
    planted_store_free(&f->planted);
    free(f);
    return 0;
}

static enum status write_with(struct fixture *f, uint32_t version, const struct observer *observer,
                              struct error *reterr)
{
    const struct model *models[] = {f->model};
    const struct snapshot_contents contents = {.dataset = f->dataset,
                                               .store = f->planted.store,
                                               .models = models,
                                               .n_models = 1,
                                               .retriever = "popular",
                                               .settings_json = "{\"seed\": 7}"};
    return snapshot_write(f->planted.snapshots, version, &contents, observer, reterr);
}

static void write_version(struct fixture *f, uint32_t version)
{
    struct error err = {0};
    if (write_with(f, version, NULL, &err) != STATUS_OK)
        fail_msg("%s", err.text);
}

static struct snapshot *load(struct fixture *f, uint32_t version)
{
    struct error err = {0};
    struct snapshot *snapshot;
    if (snapshot_load(f->planted.snapshots, version, &snapshot, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    return snapshot;
}

static const char *file_of(struct fixture *f, uint32_t version, const char *name)
{
    static char path[PATH_BYTES_MAX];
    snprintf(path, sizeof path, "%.3000s/%u/%s", f->planted.snapshots, version, name);
    return path;
}

static void what_is_written_reads_back(void **state)
{
    struct fixture *f = *state;
    write_version(f, 3);
    struct snapshot *s = load(f, 3);
    const struct dataset *d = f->dataset;
    assert_int_equal(s->seq, d->seq);
    assert_int_equal(s->version, 3);
    assert_int_equal(s->n_users, d->n_users);
    assert_int_equal(s->n_items, d->n_items);
    assert_memory_equal(&s->frame, &d->frame, sizeof s->frame);
    assert_int_equal(idmap_find(&s->user_ids, "u7", 2), idmap_find(&d->user_ids, "u7", 2));
    assert_int_equal(idmap_find(&s->item_ids, "i59", 3), idmap_find(&d->item_ids, "i59", 3));
    for (uint32_t u = 0; u < d->n_users; u++) {
        struct touch touches[64];
        const size_t n = dataset_touches(d, u, NULL, touches);
        assert_int_equal(n, s->touch_starts[u + 1] - s->touch_starts[u]);
        if (n)
            assert_memory_equal(touches, s->touches + s->touch_starts[u], n * sizeof *touches);
    }
    assert_int_equal(s->n_models, 1);
    assert_ptr_equal(s->retriever, s->models[0]);
    assert_non_null(strstr(s->manifest, "\"seed\": 7"));
    snapshot_release(s);
}

static void the_types_it_was_trained_with_come_back_exactly(void **state)
{
    struct fixture *f = *state;
    const uint8_t code = event_types_code(&f->dataset->types, "like");
    f->dataset->types.of[code].weight = 1.0 / 3;
    f->dataset->types.of[code].hides_ms = 86400000;
    f->dataset->types.half_life_ms = 12345;
    write_version(f, 1);
    struct snapshot *s = load(f, 1);
    for (int i = 1; i < EVENT_TYPES_MAX; i++) {
        const struct event_type *a = &s->types.of[i], *b = &f->dataset->types.of[i];
        assert_string_equal(a->name, b->name);
        if (!b->name[0])
            continue;
        assert_true(a->weight == b->weight && a->by_value == b->by_value);
        assert_true(a->aggregate == b->aggregate && a->hides_ms == b->hides_ms);
        assert_true(a->retention_ms == b->retention_ms);
    }
    assert_true(s->types.half_life_ms == 12345 && s->types.cap == f->dataset->types.cap);
    assert_true(s->types.max_per_user == f->dataset->types.max_per_user);
    snapshot_release(s);
}

static void the_catalogue_holds_the_stores_items(void **state)
{
    struct fixture *f = *state;
    write_version(f, 1);
    struct snapshot *s = load(f, 1);
    struct catalogue *catalogue;
    struct error err = {0};
    assert_int_equal(snapshot_catalogue(s, &catalogue, &err), STATUS_OK);
    const uint32_t number = catalogue_find(catalogue, "i5");
    assert_int_equal(number, idmap_find(&s->item_ids, "i5", 2));
    struct bitmap eligible = {0};
    assert_int_equal(bitmap_resize(&eligible, catalogue_count(catalogue)), STATUS_OK);
    catalogue_eligible(catalogue, 3000000000000, &eligible);
    assert_int_equal(bitmap_population(&eligible), 60);
    bitmap_free(&eligible);
    catalogue_free(catalogue);
    snapshot_release(s);
}

static void versions_of_the_same_data_are_the_same_bytes(void **state)
{
    struct fixture *f = *state;
    char a[PATH_BYTES_MAX], b[PATH_BYTES_MAX];
    write_version(f, 1);
    struct dataset *again = planted_dataset(&f->planted);
    dataset_free(f->dataset);
    f->dataset = again;
    write_version(f, 2);
    snprintf(a, sizeof a, "%s", file_of(f, 1, ""));
    snprintf(b, sizeof b, "%s", file_of(f, 2, ""));
    assert_folders_equal(a, b);
}

static void a_version_is_never_written_over(void **state)
{
    struct fixture *f = *state;
    struct error err = {0};
    write_version(f, 1);
    assert_int_equal(write_with(f, 1, NULL, &err), STATUS_CONFLICT);
    snapshot_release(load(f, 1));
}

static bool always(void *context)
{
    (void)context;
    return true;
}

static void a_stopped_write_leaves_nothing(void **state)
{
    struct fixture *f = *state;
    struct error err = {0};
    const struct observer stopping = {.stop = always};
    assert_int_equal(write_with(f, 1, &stopping, &err), STATUS_CANCELLED);
    assert_int_equal(rmdir(f->planted.snapshots), 0); /* works on an empty folder only */
}

/* Every byte of every file in turn would take long: one in each stretch of 97. */
static void any_flipped_byte_is_found(void **state)
{
    struct fixture *f = *state;
    static const char *const files[] = {"data.tvs", "popular.tvs"};
    write_version(f, 1);
    for (size_t i = 0; i < 2; i++) {
        struct buffer bytes = file_bytes(file_of(f, 1, files[i]));
        for (size_t at = 0; at < bytes.size; at += 97) {
            struct error err = {0};
            struct snapshot *s = NULL;
            const char before = bytes.data[at];
            bytes.data[at] = (char)(before ^ 0x10);
            file_put(file_of(f, 1, files[i]), bytes.data, bytes.size);
            const enum status status = snapshot_load(f->planted.snapshots, 1, &s, &err);
            if (status == STATUS_OK) {
                /* Padding between sections carries nothing and has no checksum. */
                assert_int_equal(before, 0);
                snapshot_release(s);
            } else {
                assert_true(status == STATUS_CORRUPT || status == STATUS_UNSUPPORTED);
                assert_non_null(strstr(err.text, "snapshot 1: "));
            }
            bytes.data[at] = before;
        }
        file_put(file_of(f, 1, files[i]), bytes.data, bytes.size);
        buffer_free(&bytes);
    }
    snapshot_release(load(f, 1));
}

static void expect_damage(struct fixture *f, enum status status, const char *words)
{
    struct error err = {0};
    struct snapshot *s;
    assert_int_equal(snapshot_load(f->planted.snapshots, 1, &s, &err), status);
    if (!strstr(err.text, words))
        fail_msg("the error does not say '%s': %s", words, err.text);
}

static void cut_missing_and_foreign_files_are_refused(void **state)
{
    struct fixture *f = *state;
    write_version(f, 1);
    struct buffer data = file_bytes(file_of(f, 1, "data.tvs"));
    struct buffer model = file_bytes(file_of(f, 1, "popular.tvs"));
    file_put(file_of(f, 1, "data.tvs"), data.data, data.size / 2);
    expect_damage(f, STATUS_CORRUPT, "cut short");
    file_put(file_of(f, 1, "data.tvs"), model.data, model.size);
    expect_damage(f, STATUS_CORRUPT, "not the file that the manifest names");
    unlink(file_of(f, 1, "data.tvs"));
    expect_damage(f, STATUS_CORRUPT, "is missing");
    buffer_free(&data);
    buffer_free(&model);
}

/* Replaces `from` in the manifest. */
static void edit_manifest(struct fixture *f, const char *from, const char *to)
{
    struct buffer text = file_bytes(file_of(f, 1, "manifest.json")), edited = {0};
    char *at = strstr(text.data, from);
    assert_non_null(at);
    buffer_append(&edited, text.data, (size_t)(at - text.data));
    buffer_append_text(&edited, to);
    buffer_append_text(&edited, at + strlen(from));
    file_put(file_of(f, 1, "manifest.json"), edited.data, edited.size);
    buffer_free(&text);
    buffer_free(&edited);
}

static void a_damaged_manifest_is_refused_by_the_member_that_is_wrong(void **state)
{
    static const struct {
        const char *from, *to, *words;
        enum status status;
    } edits[] = {
        {"\"format\": 1", "\"format\": 2", "format 2", STATUS_UNSUPPORTED},
        {"\"users\": ", "\"users\": -", "users", STATUS_CORRUPT},
        {"\"retriever\": \"popular\"", "\"retriever\": \"other\"", "retriever", STATUS_CORRUPT},
        {"\"name\": \"popular\"", "\"name\": \"unknown\"", "unknown", STATUS_UNSUPPORTED},
        {"\"name\": \"popular\"", "\"name\": \"../popular\"", "../popular", STATUS_UNSUPPORTED},
        {"\"like\"", "\"\"", "name", STATUS_CORRUPT},
        {"\"last\"", "\"first\"", "aggregate", STATUS_CORRUPT},
        {"\"data\": \"", "\"data\": \"x", "data", STATUS_CORRUPT},
        {"\"erasing\": false", "\"erasing\": 0", "erasing", STATUS_CORRUPT},
        {"{", "{{", "damaged", STATUS_CORRUPT},
    };
    struct fixture *f = *state;
    write_version(f, 1);
    struct buffer sound = file_bytes(file_of(f, 1, "manifest.json"));
    for (size_t i = 0; i < sizeof edits / sizeof *edits; i++) {
        edit_manifest(f, edits[i].from, edits[i].to);
        expect_damage(f, edits[i].status, edits[i].words);
        file_put(file_of(f, 1, "manifest.json"), sound.data, sound.size);
    }
    file_put(file_of(f, 1, "manifest.json"), sound.data, 0);
    expect_damage(f, STATUS_CORRUPT, "damaged");
    unlink(file_of(f, 1, "manifest.json"));
    expect_damage(f, STATUS_NOT_FOUND, "manifest.json");
    buffer_free(&sound);
}

static void references_keep_it_until_the_last_is_released(void **state)
{
    struct fixture *f = *state;
    write_version(f, 1);
    struct snapshot *s = load(f, 1);
    assert_ptr_equal(snapshot_acquire(s), s);
    snapshot_release(s);
    assert_int_equal(s->touch_starts[0], 0); /* under the sanitizer: still mapped */
    snapshot_release(s);
    snapshot_release(NULL);
}

static void the_empty_snapshot_serves_nothing(void **state)
{
    (void)state;
    struct event_types types;
    struct snapshot *s;
    struct catalogue *catalogue;
    event_types_init(&types);
    assert_int_equal(snapshot_new_empty(&types, &s), STATUS_OK);
    assert_true(s->version == 0 && s->n_users == 0 && s->n_models == 0 && !s->retriever);
    assert_int_equal(s->touch_starts[0], 0);
    assert_int_equal(idmap_find(&s->user_ids, "u1", 2), IDMAP_NONE);
    assert_int_equal(snapshot_catalogue(s, &catalogue, NULL), STATUS_OK);
    assert_int_equal(catalogue_count(catalogue), 0);
    catalogue_free(catalogue);
    snapshot_release(s);
}

static void a_stored_snapshot_tells_its_seq(void **state)
{
    struct fixture *f = *state;
    struct error err = {0};
    uint64_t seq = 0;
    write_version(f, 1);
    struct snapshot *open = load(f, 1);
    assert_int_equal(snapshot_seq(f->planted.snapshots, 1, &seq, &err), STATUS_OK);
    assert_true(seq > 0 && seq == open->seq);
    assert_int_equal(snapshot_seq(f->planted.snapshots, 2, &seq, &err), STATUS_NOT_FOUND);
    assert_true(seq == open->seq);
    snapshot_release(open);
}

static bool holds_text(const char *path, const char *text)
{
    struct buffer bytes = file_bytes(path);
    const bool found = memmem(bytes.data, bytes.size, text, strlen(text)) != NULL;
    buffer_free(&bytes);
    return found;
}

static void an_erased_user_is_gone_from_the_files_and_from_who_has_them_loaded(void **state)
{
    struct fixture *f = *state;
    write_version(f, 1);
    struct snapshot *open = load(f, 1);
    const uint32_t user = idmap_find(&open->user_ids, "u39", 3);
    const uint32_t users[] = {user, 4000000};
    assert_true(holds_text(file_of(f, 1, "data.tvs"), "u39"));
    struct error err = {0};
    assert_int_equal(snapshot_erase_users(f->planted.snapshots, 1, users, 2, &err), STATUS_OK);
    assert_false(holds_text(file_of(f, 1, "data.tvs"), "u39"));
    struct snapshot *fresh = load(f, 1);
    const struct snapshot *both[] = {open, fresh};
    for (int i = 0; i < 2; i++) {
        const struct snapshot *s = both[i];
        static const struct touch zero;
        assert_int_equal(idmap_find(&s->user_ids, "u39", 3), IDMAP_NONE);
        assert_int_equal(idmap_find(&s->user_ids, "u38", 3), user - 1);
        assert_true(s->touch_starts[user + 1] > s->touch_starts[user]);
        for (uint64_t t = s->touch_starts[user]; t < s->touch_starts[user + 1]; t++)
            assert_memory_equal(&s->touches[t], &zero, sizeof zero);
        assert_true(s->touches[s->touch_starts[user - 1]].type != 0);
    }
    snapshot_release(open);
    snapshot_release(fresh);
}

/* How many tables of users the file has; in each the row of `user` is zero or not, and that of the
 * one before is not zero. */
static size_t count_user_tables(const char *path, uint32_t user, bool zero)
{
    struct sections *sections;
    assert_int_equal(sections_open(path, &sections, NULL), STATUS_OK);
    size_t n = 0;
    for (size_t i = 0; i < sections_count(sections); i++) {
        const struct section *s = sections_at(sections, i);
        const char *end = strrchr(s->name, '/');
        if (!end || strcmp(end, "/users") != 0)
            continue;
        const float *rows = s->data;
        float sizes[2] = {0};
        for (uint64_t k = 0; k < s->columns; k++) {
            sizes[0] += fabsf(rows[user * s->columns + k]);
            sizes[1] += fabsf(rows[(user - 1) * s->columns + k]);
        }
        assert_true((sizes[0] == 0) == zero && sizes[1] > 0);
        n++;
    }
    sections_close(sections);
    return n;
}

/* A blend's file has the tables of its members, under names of their own. */
static void an_erased_user_is_gone_from_each_member_of_a_blend(void **state)
{
    struct fixture *f = *state;
    const char *const settings[] = {"members", "ials dimensions=8, bpr dimensions=16 epochs=3",
                                    "weights", "0.5,0.5"};
    struct model *blend = fit_planted(f->dataset, "blend", settings, NULL);
    const struct model *models[] = {f->model, blend};
    const struct snapshot_contents contents = {.dataset = f->dataset,
                                               .store = f->planted.store,
                                               .models = models,
                                               .n_models = 2,
                                               .retriever = "blend",
                                               .settings_json = "{}"};
    assert_int_equal(snapshot_write(f->planted.snapshots, 1, &contents, NULL, NULL), STATUS_OK);
    const uint32_t user = 7;
    assert_int_equal(count_user_tables(file_of(f, 1, "blend.tvs"), user, false), 2);
    assert_int_equal(snapshot_erase_users(f->planted.snapshots, 1, &user, 1, NULL), STATUS_OK);
    assert_int_equal(count_user_tables(file_of(f, 1, "blend.tvs"), user, true), 2);
    snapshot_release(load(f, 1)); /* the checksums went along */
    model_free(blend);
}

static void an_erasure_that_a_crash_cut_short_still_loads(void **state)
{
    struct fixture *f = *state;
    write_version(f, 1);
    struct buffer before = file_bytes(file_of(f, 1, "manifest.json"));
    const uint32_t user = 3;
    assert_int_equal(snapshot_erase_users(f->planted.snapshots, 1, &user, 1, NULL), STATUS_OK);
    file_put(file_of(f, 1, "manifest.json"), before.data, before.size);
    expect_damage(f, STATUS_CORRUPT, "not the file");
    edit_manifest(f, "\"erasing\": false", "\"erasing\": true"); /* as written before the rows */
    snapshot_release(load(f, 1));
    assert_int_equal(snapshot_erase_users(f->planted.snapshots, 1, &user, 1, NULL), STATUS_OK);
    assert_true(holds_text(file_of(f, 1, "manifest.json"), "\"erasing\": false"));
    snapshot_release(load(f, 1));
    buffer_free(&before);
}

static void the_list_is_in_order_and_ignores_what_is_no_version(void **state)
{
    struct fixture *f = *state;
    uint32_t versions[8];
    assert_int_equal(snapshot_list(f->planted.snapshots, versions, 8), 0);
    write_version(f, 10);
    write_version(f, 9);
    write_version(f, 100);
    const char *root = f->planted.snapshots;
    assert_int_equal(mkdir(in_folder(root, "007"), 0700), 0);
    assert_int_equal(mkdir(in_folder(root, "12x"), 0700), 0);
    assert_int_equal(mkdir(in_folder(root, "99999999999"), 0700), 0);
    assert_int_equal(mkdir(in_folder(root, ".11.writing"), 0700), 0);
    assert_int_equal(snapshot_list(root, versions, 8), 3);
    assert_true(versions[0] == 9 && versions[1] == 10 && versions[2] == 100);
    assert_int_equal(snapshot_list(root, versions, 2), 2);
    assert_true(versions[0] == 10 && versions[1] == 100);
}

static void pruning_keeps_the_newest_and_the_active_one(void **state)
{
    struct fixture *f = *state;
    uint32_t versions[8];
    for (uint32_t v = 1; v <= 5; v++)
        write_version(f, v);
    struct error err = {0};
    assert_int_equal(snapshot_prune(f->planted.snapshots, 3, 1, &err), STATUS_OK);
    assert_int_equal(snapshot_list(f->planted.snapshots, versions, 8), 3);
    assert_true(versions[0] == 1 && versions[1] == 4 && versions[2] == 5);
    assert_int_equal(snapshot_prune(f->planted.snapshots, 0, 0, &err), STATUS_OK);
    assert_int_equal(snapshot_list(f->planted.snapshots, versions, 8), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_written_reads_back),
        TEST(the_types_it_was_trained_with_come_back_exactly),
        TEST(the_catalogue_holds_the_stores_items),
        TEST(versions_of_the_same_data_are_the_same_bytes),
        TEST(a_version_is_never_written_over),
        TEST(a_stopped_write_leaves_nothing),
        TEST(any_flipped_byte_is_found),
        TEST(cut_missing_and_foreign_files_are_refused),
        TEST(a_damaged_manifest_is_refused_by_the_member_that_is_wrong),
        TEST(references_keep_it_until_the_last_is_released),
        cmocka_unit_test(the_empty_snapshot_serves_nothing),
        TEST(a_stored_snapshot_tells_its_seq),
        TEST(an_erased_user_is_gone_from_the_files_and_from_who_has_them_loaded),
        TEST(an_erased_user_is_gone_from_each_member_of_a_blend),
        TEST(an_erasure_that_a_crash_cut_short_still_loads),
        TEST(the_list_is_in_order_and_ignores_what_is_no_version),
        TEST(pruning_keeps_the_newest_and_the_active_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
