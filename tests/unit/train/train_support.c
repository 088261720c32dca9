#include "train_support.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/rng.h"
#include "support/test.h"
#include "train/round.h"

enum { GROUPS = 10 };

static void must(enum status status, const struct error *err)
{
    if (status != STATUS_OK)
        fail_msg("%s: %s", status_name(status), err->text);
}

void planted_store_make(struct planted_store *planted)
{
    struct error err = {0};
    memset(planted, 0, sizeof *planted);
    temp_folder_make(planted->folder);
    assert_int_equal(path_join(planted->snapshots, planted->folder, "snapshots"), STATUS_OK);
    must(store_open(planted->folder, STORE_WRITE, &planted->store, &err), &err);
    event_types_init(&planted->types);
    must(store_begin(planted->store, &err), &err);
    must(store_bind_types(planted->store, &planted->types, &err), &err);
    must(store_commit(planted->store, &err), &err);
}

void planted_store_free(struct planted_store *planted)
{
    store_close(planted->store);
    temp_folder_remove(planted->folder);
}

static void plant_item(struct planted_store *planted, uint32_t item)
{
    char id[16], title[32];
    struct error err = {0};
    uint32_t number;
    bool created;
    snprintf(id, sizeof id, "i%u", item);
    snprintf(title, sizeof title, "Item %u", item);
    struct item_record record = item_record_empty();
    record.id = id;
    record.title = title;
    must(store_put_item(planted->store, &record, 1000, &number, &created, &err), &err);
}

static void plant_like(struct planted_store *planted, uint32_t user, uint32_t item, int64_t time_ms)
{
    char user_id[16], item_id[16];
    struct error err = {0};
    struct event_result result;
    snprintf(user_id, sizeof user_id, "u%u", user);
    snprintf(item_id, sizeof item_id, "i%u", item);
    const struct event_record event = {.user = user_id,
                                       .item = item_id,
                                       .type = "like",
                                       .time_ms = time_ms,
                                       .rating = NAN,
                                       .quantity = NAN,
                                       .price = NAN,
                                       .progress = NAN,
                                       .position = -1};
    must(store_add_event(planted->store, &planted->types, &event, false, 2000000000000, &result,
                         &err),
         &err);
}

void planted_round(struct planted_store *planted, const struct settings *settings, uint32_t version)
{
    struct error err = {0};
    struct round_result result = {0};
    const struct round_request request = {.store = planted->store,
                                          .settings = settings,
                                          .types = &planted->types,
                                          .snapshots = planted->snapshots,
                                          .version = version};
    must(round_run(&request, &result, &err), &err);
    round_result_free(&result);
}

void plant(struct planted_store *planted, uint32_t first_user, uint32_t n_users, uint32_t n_items,
           uint32_t per_user, uint64_t seed)
{
    struct error err = {0};
    must(store_begin(planted->store, &err), &err);
    for (uint32_t i = 0; first_user == 0 && i < n_items; i++)
        plant_item(planted, i);
    for (uint32_t u = first_user; u < first_user + n_users; u++) {
        struct rng rng = rng_seed(seed, u);
        for (uint32_t i = 0; i < per_user; i++) {
            uint32_t item = rng_below(&rng, n_items);
            if (rng_uniform(&rng) < 0.9)
                item = item / GROUPS * GROUPS + u % GROUPS;
            if (item < n_items)
                plant_like(planted, u, item,
                           INT64_C(1000000000000) + (int64_t)seed * 1000000 + i * 1000);
        }
    }
    must(store_commit(planted->store, &err), &err);
}

void plant_walks(struct planted_store *planted, uint32_t n_users, uint32_t n_items,
                 uint32_t per_user, uint64_t seed)
{
    struct error err = {0};
    must(store_begin(planted->store, &err), &err);
    for (uint32_t i = 0; i < n_items; i++)
        plant_item(planted, i);
    for (uint32_t u = 0; u < n_users; u++) {
        struct rng rng = rng_seed(seed, u);
        uint32_t item = rng_below(&rng, n_items);
        for (uint32_t i = 0; i < per_user; i++) {
            plant_like(planted, u, item, INT64_C(1000000000000) + (int64_t)i * 3600000 + u);
            item = (item + 1 + rng_below(&rng, 3)) % n_items;
        }
    }
    must(store_commit(planted->store, &err), &err);
}

uint64_t planted_seq(struct planted_store *planted)
{
    struct store_counts counts;
    struct error err = {0};
    must(store_count(planted->store, &counts, &err), &err);
    return counts.seq;
}

struct dataset *planted_dataset(struct planted_store *planted)
{
    struct dataset *dataset;
    struct error err = {0};
    must(dataset_read(planted->store, planted_seq(planted), &planted->types, NULL, &dataset, &err),
         &err);
    return dataset;
}

struct model *fit_planted(const struct dataset *dataset, const char *name,
                          const char *const settings[4], struct parallel *pool)
{
    const struct model_class *class = model_class_find(name, NULL);
    assert_non_null(class);
    struct arena arena = {0};
    struct error err = {0};
    struct csr by_user, by_item;
    struct model *model;
    void *values = model_settings_new(class, &arena);
    assert_non_null(values);
    for (int i = 0; settings && i < 4 && settings[i]; i += 2)
        must(options_set(class->options, class->n_options, values, "parameter", settings[i],
                         settings[i + 1], &arena, &err),
             &err);
    must(dataset_matrix(dataset, NULL, pool, &by_user), &err);
    must(csr_transpose(&by_user, &by_item), &err);
    const struct train_set data = {dataset, NULL, &by_user, &by_item, 1};
    must(class->fit(&data, values, pool, NULL, &model, &err), &err);
    csr_free(&by_user);
    csr_free(&by_item);
    arena_free(&arena);
    return model;
}

static int count_files(const char *path)
{
    int n = 0;
    DIR *folder = opendir(path);
    assert_non_null(folder);
    while (readdir(folder))
        n++;
    closedir(folder);
    return n;
}

void assert_folders_equal(const char *a, const char *b)
{
    assert_int_equal(count_files(a), count_files(b));
    DIR *folder = opendir(a);
    struct dirent *entry;
    while ((entry = readdir(folder))) {
        if (entry->d_name[0] == '.')
            continue;
        struct buffer x = file_bytes(in_folder(a, entry->d_name));
        struct buffer y = file_bytes(in_folder(b, entry->d_name));
        if (x.size != y.size || memcmp(x.data, y.data, x.size) != 0)
            fail_msg("%s differs in %s and %s", entry->d_name, a, b);
        buffer_free(&x);
        buffer_free(&y);
    }
    closedir(folder);
}
