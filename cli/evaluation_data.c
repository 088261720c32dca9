#include "cli/evaluation_data.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/context.h"
#include "data/readers/reader.h"
#include "data/store.h"

/* ---- files: one pass gives numbers to ids and counts, a second one fills ---- */

struct file_pass {
    const struct event_types *types;
    struct idmap *users, *items;
    struct dataset_builder *builder;
    bool fills;          /* the second pass */
    struct error broken; /* the first broken line */
};

static enum status number_of(struct idmap *ids, const char *id, uint32_t *ret_number)
{
    *ret_number = idmap_find(ids, id, strlen(id));
    if (*ret_number != IDMAP_NONE)
        return STATUS_OK;
    *ret_number = ids->count;
    return idmap_add(ids, ids->count, id, strlen(id));
}

/* A measurement on half a file would mislead: the first broken line ends it. */
static enum status refuse_line(void *context, const struct reader_place *place,
                               const struct error *why)
{
    struct file_pass *pass = context;
    return error_set(&pass->broken, why->status ? why->status : STATUS_MALFORMED,
                     "%s:%" PRIu64 ": %s", place->file, place->line, why->text);
}

static enum status take_event(void *context, const struct reader_place *place,
                              const struct event_record *event)
{
    struct file_pass *pass = context;
    struct error why = {0};
    uint32_t user, item;
    /* No clock takes part: what is measured tomorrow is the same. */
    if (event_check(event, TIME_MS_MAX, &why) != STATUS_OK)
        return refuse_line(context, place, &why);
    const uint8_t type = event_types_code(pass->types, event->type);
    if (!type)
        return error_set(&pass->broken, STATUS_NOT_FOUND, "%s:%" PRIu64 ": unknown type '%.60s'",
                         place->file, place->line, event->type);
    enum status status = number_of(pass->users, event->user ? event->user : event->session, &user);
    if (status == STATUS_OK)
        status = number_of(pass->items, event->item, &item);
    if (status != STATUS_OK)
        return status;
    if (!pass->fills)
        return dataset_builder_count(pass->builder, user, item);
    const int64_t time_ms = event->time_is_unknown ? TIME_UNKNOWN : event->time_ms;
    dataset_builder_add(pass->builder, user, item, type, time_ms, (float)event->rating);
    return STATUS_OK;
}

struct file_set {
    const struct invocation *invocation;
    const struct reader_class *reader;
    struct reader_settings settings;
    const struct observer *observer;
};

/* Reads every file of one option, in order. */
static enum status read_files(const struct file_set *files, const char *option,
                              struct file_pass *pass, struct error *reterr)
{
    const struct reader_sink sink = {.context = pass, .event = take_event, .broken = refuse_line};
    const struct given *given = NULL;
    while ((given = invocation_next(files->invocation, option, given))) {
        struct error err = {0};
        if (strcmp(given->text, "-") == 0)
            return error_set(reterr, STATUS_UNSUPPORTED,
                             "files are read twice: standard input cannot be one of them");
        const enum status status =
            files->reader->read(given->text, &files->settings, &sink, files->observer, &err);
        if (status == STATUS_OK)
            continue;
        if (reterr)
            *reterr = pass->broken.status != STATUS_OK ? pass->broken : err;
        return status;
    }
    return STATUS_OK;
}

/* One option's files as a dataset; the maps grow and stay the caller's. */
static enum status count_and_fill(const struct file_set *files, const char *option,
                                  const struct event_types *types, struct idmap *users,
                                  struct idmap *items, struct dataset_builder **ret_builder,
                                  struct error *reterr)
{
    struct file_pass pass = {.types = types, .users = users, .items = items};
    enum status status = dataset_builder_new(types, &pass.builder);
    if (status == STATUS_OK)
        status = read_files(files, option, &pass, reterr);
    if (status == STATUS_OK)
        status = dataset_builder_fill(pass.builder);
    pass.fills = true;
    if (status == STATUS_OK)
        status = read_files(files, option, &pass, reterr);
    if (status == STATUS_OK) {
        *ret_builder = pass.builder;
        return STATUS_OK;
    }
    dataset_builder_free(pass.builder);
    return status;
}

/* Pairs of the test events that signal a preference and are no training pairs, as a matrix of the
 * training data's shape. */
static enum status test_pairs(const struct dataset *tested, const struct csr *by_user,
                              struct parallel *pool, struct test_set *ret_test)
{
    struct csr all = {0}, test = {0};
    enum status status = dataset_matrix(tested, NULL, pool, &all);
    if (status == STATUS_OK)
        status = csr_alloc(by_user->n_rows, by_user->n_columns, csr_size(&all), &test);
    uint64_t n = 0;
    uint32_t n_users = 0;
    for (uint32_t u = 0; status == STATUS_OK && u < by_user->n_rows; u++) {
        const uint64_t before = n;
        uint64_t seen = by_user->starts[u];
        for (uint64_t e = u < all.n_rows ? all.starts[u] : 0;
             u < all.n_rows && e < all.starts[u + 1]; e++) {
            while (seen < by_user->starts[u + 1] && by_user->columns[seen] < all.columns[e])
                seen++;
            const bool trained =
                seen < by_user->starts[u + 1] && by_user->columns[seen] == all.columns[e];
            if (trained || !(all.values[e] > 0))
                continue;
            test.columns[n] = all.columns[e];
            test.values[n++] = all.values[e];
        }
        test.starts[u + 1] = n;
        n_users += n > before;
    }
    csr_free(&all);
    if (status == STATUS_OK)
        *ret_test = (struct test_set){.items = test, .n_users = n_users};
    else
        csr_free(&test);
    return status;
}

static enum status read_test(const struct file_set *files, const struct event_types *types,
                             struct idmap *users, struct idmap *items, struct dataset **ret_tested,
                             struct error *reterr)
{
    struct dataset_builder *builder = NULL;
    const enum status status = count_and_fill(files, "test", types, users, items, &builder, reterr);
    return status == STATUS_OK ? dataset_builder_finish(builder, NULL, NULL, ret_tested) : status;
}

/* The test files are read before the training data is finished, so that their ids have rows. */
static enum status read_both(const struct file_set *files, const struct event_types *types,
                             struct evaluation_data *data, struct dataset **ret_tested,
                             struct error *reterr)
{
    struct idmap users = {0}, items = {0};
    struct dataset_builder *builder = NULL;
    enum status status = count_and_fill(files, "train", types, &users, &items, &builder, reterr);
    if (status == STATUS_OK && invocation_has(files->invocation, "test"))
        status = read_test(files, types, &users, &items, ret_tested, reterr);
    if (status == STATUS_OK)
        status = dataset_builder_finish(builder, &users, &items, &data->dataset);
    else
        dataset_builder_free(builder);
    idmap_free(&users);
    idmap_free(&items);
    return status;
}

static enum status file_set_of(const struct invocation *invocation, const struct observer *observer,
                               struct file_set *ret_files, struct error *reterr)
{
    const char *format = invocation_text(invocation, "format"), *nearest = NULL;
    const struct reader_class *reader = reader_class_find(format, &nearest);
    if (!reader)
        return error_set(reterr, STATUS_NOT_FOUND, "unknown format '%.60s'%s", format,
                         text_suggest(nearest).text);
    *ret_files = (struct file_set){
        .invocation = invocation,
        .reader = reader,
        .settings = {.columns = invocation_text(invocation, "columns"),
                     .type = invocation_text(invocation, "type"),
                     .positive_from = invocation_has(invocation, "positive-from")
                                          ? invocation_real(invocation, "positive-from")
                                          : NAN},
        .observer = observer};
    return STATUS_OK;
}

/* ---- the store ---- */

static enum status read_store(const struct settings *settings,
                              const struct fact_names names[RANK_FACTS],
                              const struct observer *observer, struct evaluation_data *data,
                              struct error *reterr)
{
    struct settings own;
    struct context context = {0};
    struct store_counts counts;
    enum status status = settings_init(&own);
    if (status == STATUS_OK)
        status = settings_set(&own, "data.directory", settings->data.directory, "--data", reterr);
    own.types = settings->types;
    if (status == STATUS_OK)
        status = context_open_with(&own, CONTEXT_READ, &context, reterr);
    if (status == STATUS_OK)
        status = store_count(context.store, &counts, reterr);
    if (status == STATUS_OK)
        status = dataset_read(context.store, counts.seq, &context.types, observer, &data->dataset,
                              reterr);
    if (status == STATUS_OK && names)
        status =
            rank_facts_read(context.store, data->dataset, names, observer, &data->facts, reterr);
    if (status == STATUS_OK && names)
        status = impressions_read(context.store, data->dataset, &names[RANK_OF_CONTEXT], observer,
                                  &data->shown, reterr);
    settings_free(&own);
    context_close(&context);
    return status;
}

/* ---- records of items: read again whenever a model wants them ---- */

struct evaluation_items {
    const struct invocation *invocation;
    const struct settings *settings;
    const struct dataset *dataset;
};

struct item_pass {
    const struct dataset *dataset;
    item_records_each each;
    void *context;
};

static enum status take_item(void *context, const struct reader_place *place,
                             const struct item_record *record)
{
    const struct item_pass *pass = context;
    (void)place;
    const uint32_t item = idmap_find(&pass->dataset->item_ids, record->id, strlen(record->id));
    return item == IDMAP_NONE ? STATUS_OK : pass->each(pass->context, item, record);
}

static enum status pass_over(void *context, const struct reader_place *place,
                             const struct event_record *event)
{
    (void)context;
    (void)place;
    (void)event;
    return STATUS_OK;
}

static enum status ignore_line(void *context, const struct reader_place *place,
                               const struct error *why)
{
    (void)context;
    (void)place;
    (void)why;
    return STATUS_OK; /* a line that is broken as an event was refused before */
}

static enum status file_items(const struct evaluation_items *source, struct item_pass *pass,
                              struct error *reterr)
{
    const struct reader_sink sink = {
        .context = pass, .item = take_item, .event = pass_over, .broken = ignore_line};
    struct file_set files;
    enum status status = file_set_of(source->invocation, NULL, &files, reterr);
    const struct given *given = NULL;
    while (status == STATUS_OK && (given = invocation_next(source->invocation, "train", given)))
        status = files.reader->read(given->text, &files.settings, &sink, NULL, reterr);
    return status;
}

static enum status stored_items(const struct evaluation_items *source, item_records_each each,
                                void *each_context, struct error *reterr)
{
    struct store *store;
    enum status status = store_open(source->settings->data.directory, STORE_READ, &store, reterr);
    if (status != STATUS_OK)
        return status;
    const struct item_records items = store_item_records(store);
    status = items.read(items.context, each, each_context, reterr);
    store_close(store);
    return status;
}

static enum status read_records(void *context, item_records_each each, void *each_context,
                                struct error *reterr)
{
    const struct evaluation_items *source = context;
    struct item_pass pass = {source->dataset, each, each_context};
    return invocation_has(source->invocation, "train")
               ? file_items(source, &pass, reterr)
               : stored_items(source, each, each_context, reterr);
}

static enum status find_items(const struct invocation *invocation, const struct settings *settings,
                              struct evaluation_data *data)
{
    data->source = malloc(sizeof *data->source);
    if (!data->source)
        return STATUS_NO_MEMORY;
    *data->source = (struct evaluation_items){invocation, settings, data->dataset};
    data->items = (struct item_records){.context = data->source, .read = read_records};
    return STATUS_OK;
}

/* ---- both ---- */

static enum status split(const struct invocation *invocation, struct evaluation_data *data,
                         struct error *reterr)
{
    const struct split_settings how = {.kind =
                                           (enum split_kind)invocation_choice(invocation, "split"),
                                       .share = invocation_real(invocation, "share"),
                                       .seed = (uint64_t)invocation_whole(invocation, "seed")};
    data->split = split_names[how.kind];
    const enum status status = split_make(data->dataset, &how, &data->held, reterr);
    data->has_held = status == STATUS_OK;
    return status;
}

static enum status make_matrices(struct evaluation_data *data, struct parallel *pool)
{
    const struct bitmap *held = data->has_held ? &data->held : NULL;
    const enum status status = dataset_matrix(data->dataset, held, pool, &data->by_user);
    return status == STATUS_OK ? csr_transpose(&data->by_user, &data->by_item) : status;
}

/* ---- ratings ---- */

/* The test ratings whose pair the training part does not rate, in the shape of the training data.
 */
static enum status new_ratings(const struct csr *tested, const struct csr *trained,
                               struct csr *ret_test)
{
    struct csr test;
    const enum status status =
        csr_alloc(trained->n_rows, trained->n_columns, csr_size(tested), &test);
    uint64_t n = 0;
    for (uint32_t u = 0; status == STATUS_OK && u < trained->n_rows; u++) {
        uint64_t seen = trained->starts[u];
        for (uint64_t e = u < tested->n_rows ? tested->starts[u] : 0;
             u < tested->n_rows && e < tested->starts[u + 1]; e++) {
            while (seen < trained->starts[u + 1] && trained->columns[seen] < tested->columns[e])
                seen++;
            if (seen < trained->starts[u + 1] && trained->columns[seen] == tested->columns[e])
                continue;
            test.columns[n] = tested->columns[e];
            test.values[n++] = tested->values[e];
        }
        test.starts[u + 1] = n;
    }
    if (status == STATUS_OK)
        *ret_test = test;
    return status;
}

/* Of a dataset of their own, or of the events that are held. */
static enum status read_test_ratings(const struct evaluation_data *data,
                                     const struct dataset *tested, struct parallel *pool,
                                     struct csr *ret_ratings)
{
    if (tested)
        return dataset_ratings(tested, NULL, pool, ret_ratings);
    struct bitmap others = {0};
    enum status status = bitmap_resize(&others, data->held.count);
    if (status == STATUS_OK) {
        bitmap_fill(&others, true);
        bitmap_and_not(&others, &data->held);
        status = dataset_ratings(data->dataset, &others, pool, ret_ratings);
    }
    bitmap_free(&others);
    return status;
}

static enum status make_ratings(struct evaluation_data *data, const struct dataset *tested,
                                struct parallel *pool)
{
    struct csr all = {0};
    enum status status =
        dataset_ratings(data->dataset, data->has_held ? &data->held : NULL, pool, &data->ratings);
    if (status == STATUS_OK)
        status = read_test_ratings(data, tested, pool, &all);
    if (status == STATUS_OK)
        status = new_ratings(&all, &data->ratings, &data->test_ratings);
    csr_free(&all);
    return status;
}

static enum status read_parts(const struct invocation *invocation, const struct settings *settings,
                              const struct fact_names names[RANK_FACTS],
                              const struct observer *observer, struct evaluation_data *data,
                              struct dataset **ret_tested, struct error *reterr)
{
    struct file_set files;
    if (!invocation_has(invocation, "train"))
        return read_store(settings, names, observer, data, reterr);
    const enum status status = file_set_of(invocation, observer, &files, reterr);
    return status == STATUS_OK ? read_both(&files, &settings->types, data, ret_tested, reterr)
                               : status;
}

enum status evaluation_data_read(const struct invocation *invocation,
                                 const struct settings *settings,
                                 const struct fact_names names[RANK_FACTS], struct parallel *pool,
                                 const struct observer *observer, struct evaluation_data *ret_data,
                                 struct error *reterr)
{
    struct evaluation_data *data = ret_data;
    struct dataset *tested = NULL;
    *data = (struct evaluation_data){.split = "files"};
    enum status status = read_parts(invocation, settings, names, observer, data, &tested, reterr);
    if (status == STATUS_OK && !tested)
        status = split(invocation, data, reterr);
    if (status == STATUS_OK)
        status = find_items(invocation, settings, data);
    if (status == STATUS_OK)
        status = make_matrices(data, pool);
    if (status == STATUS_OK && tested)
        status = test_pairs(tested, &data->by_user, pool, &data->test);
    else if (status == STATUS_OK)
        status = test_set_of_split(data->dataset, &data->held, &data->test);
    if (status == STATUS_OK && invocation_flag(invocation, "ratings"))
        status = make_ratings(data, tested, pool);
    dataset_free(tested);
    if (status == STATUS_NO_MEMORY)
        error_set(reterr, status, "no memory for the data set");
    return status;
}

void evaluation_data_free(struct evaluation_data *data)
{
    test_set_free(&data->test);
    csr_free(&data->by_user);
    csr_free(&data->by_item);
    csr_free(&data->ratings);
    csr_free(&data->test_ratings);
    bitmap_free(&data->held);
    dataset_free(data->dataset);
    rank_facts_free(&data->facts);
    impressions_free(&data->shown);
    free(data->source);
    *data = (struct evaluation_data){0};
}
