#include "train/watch_users.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "train/item_map.h"
#include "train/snapshot.h"
#include "train/watch_points.h"

enum { COLUMNS = 3, NO_CATEGORY = -1 };

/* The first category of each item, by number. */
struct labels {
    struct idmap names;
    int32_t *of;      /* [n_items] or NO_CATEGORY */
    uint32_t *counts; /* [names.count] of the user at hand; 0 between users */
};

struct projection {
    const struct snapshot *snapshot;
    const struct model *model;
    struct labels labels;
    struct watch_choice *choices;
    uint32_t n, d;
    float *rows;
};

static enum status no_memory(struct error *reterr)
{
    return error_set(reterr, STATUS_NO_MEMORY, "out of memory for the projector's users");
}

/* ---- what stands beside a point ---- */

static enum status label_item(struct labels *labels, uint32_t item, const char *name)
{
    const size_t length = strlen(name);
    uint32_t number = idmap_find(&labels->names, name, length);
    if (number == IDMAP_NONE) {
        number = labels->names.count;
        const enum status status = idmap_add(&labels->names, number, name, length);
        if (status != STATUS_OK)
            return status;
    }
    labels->of[item] = (int32_t)number;
    return STATUS_OK;
}

static enum status make_labels(struct labels *labels, const struct snapshot *snapshot,
                               struct error *reterr)
{
    struct catalogue *catalogue;
    enum status status = snapshot_catalogue(snapshot, &catalogue, reterr);
    if (status != STATUS_OK)
        return status;
    labels->of = malloc((snapshot->n_items + (size_t)1) * sizeof *labels->of);
    if (!labels->of)
        status = no_memory(reterr);
    for (uint32_t i = 0; i < snapshot->n_items && status == STATUS_OK; i++) {
        const char *categories[CATEGORIES_MAX];
        struct item_record item = {0};
        labels->of[i] = NO_CATEGORY;
        if (catalogue_record(catalogue, i, categories, &item) && item.n_categories > 0)
            status = label_item(labels, i, item.categories[0]);
    }
    catalogue_free(catalogue);
    if (status == STATUS_OK && labels->of)
        labels->counts = calloc(labels->names.count + (size_t)1, sizeof *labels->counts);
    return labels->counts ? status : no_memory(reterr);
}

static void free_labels(struct labels *labels)
{
    idmap_free(&labels->names);
    free(labels->of);
    free(labels->counts);
}

/* The t-th touch is the user's first of its item, and means something. */
static bool is_new_item(const struct snapshot *s, uint32_t user, uint64_t t)
{
    const struct touch *touches = s->touches;
    return touches[t].type && touches[t].item < s->n_items &&
           (t == s->touch_starts[user] || touches[t - 1].item != touches[t].item);
}

static int32_t label_of_touch(const struct projection *p, uint32_t user, uint64_t t)
{
    const struct snapshot *s = p->snapshot;
    return is_new_item(s, user, t) ? p->labels.of[s->touches[t].item] : NO_CATEGORY;
}

/* Of as many the one that comes first in the catalogue. */
static void append_favourite(const struct projection *p, uint32_t user, struct buffer *out)
{
    const uint64_t start = p->snapshot->touch_starts[user],
                   end = p->snapshot->touch_starts[user + 1];
    uint32_t *counts = p->labels.counts, most = 0, favourite = 0;
    for (uint64_t t = start; t < end; t++) {
        const int32_t label = label_of_touch(p, user, t);
        if (label != NO_CATEGORY)
            counts[label]++;
    }
    for (uint64_t t = start; t < end; t++) {
        const int32_t label = label_of_touch(p, user, t);
        if (label == NO_CATEGORY)
            continue;
        const uint32_t count = counts[label], number = (uint32_t)label;
        if (count > most || (count == most && count > 0 && number < favourite)) {
            most = count;
            favourite = number;
        }
        counts[label] = 0;
    }
    size_t length;
    if (most > 0) {
        const char *name = idmap_id(&p->labels.names, favourite, &length);
        buffer_append(out, name, length);
    }
}

static void give_cell(void *context, uint32_t row, uint32_t column, struct buffer *out)
{
    const struct projection *p = context;
    const uint32_t user = p->choices[row].number;
    if (column == 0) {
        size_t length;
        const char *id = idmap_id(&p->snapshot->user_ids, user, &length);
        buffer_append(out, id, length);
    } else if (column == 1) {
        append_favourite(p, user, out);
    } else {
        buffer_printf(out, "%" PRIu32, p->choices[row].touches);
    }
}

/* ---- which users ---- */

/* How many items each has touched; a guest, or one who is gone, counts for nobody. */
static void count_items(const struct projection *p)
{
    const struct snapshot *s = p->snapshot;
    for (uint32_t u = 0; u < s->n_users; u++) {
        size_t length = 0;
        p->choices[u] = (struct watch_choice){0, u};
        if (u < s->user_ids.count)
            idmap_id(&s->user_ids, u, &length);
        for (uint64_t t = s->touch_starts[u]; t < s->touch_starts[u + 1] && length > 0; t++)
            p->choices[u].touches += is_new_item(s, u, t);
    }
}

static enum status fill_rows(struct projection *p, struct error *reterr)
{
    struct arena scratch = {0};
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < p->n && status == STATUS_OK; i++) {
        const struct query query = {.user = p->choices[i].number};
        float *row = p->rows + (size_t)i * p->d;
        arena_reset(&scratch);
        status = p->model->class->query_vector(p->model, &query, row, &scratch);
        item_map_unit_rows(row, (const uint32_t[]){0}, 1, p->d, row);
    }
    arena_free(&scratch);
    return status == STATUS_OK ? status : no_memory(reterr);
}

static enum status choose(struct projection *p, uint32_t users_max, struct error *reterr)
{
    const struct snapshot *s = p->snapshot;
    p->model->class->item_vectors(p->model, &p->d);
    p->choices = malloc((s->n_users + (size_t)1) * sizeof *p->choices);
    if (!p->choices)
        return no_memory(reterr);
    count_items(p);
    p->n = watch_choose(p->choices, s->n_users, users_max, p->d);
    p->rows = malloc(((size_t)p->n * p->d + 1) * sizeof *p->rows);
    return p->rows ? fill_rows(p, reterr) : no_memory(reterr);
}

/* ---- the runs ---- */

static enum status project(const struct snapshot *snapshot, struct board *board, uint32_t users_max,
                           struct error *reterr)
{
    static const char *const columns[COLUMNS] = {"user", "category", "items"};
    struct projection p = {
        .snapshot = snapshot,
        .model = item_map_model(snapshot->models, snapshot->n_models, snapshot->retriever)};
    if (!p.model)
        return STATUS_OK;
    enum status status = make_labels(&p.labels, snapshot, reterr);
    if (status == STATUS_OK)
        status = choose(&p, users_max, reterr);
    const struct projector points = {.name = p.model->class->name,
                                     .n = p.n,
                                     .d = p.d,
                                     .width = p.d,
                                     .vectors = p.rows,
                                     .columns = columns,
                                     .n_columns = COLUMNS,
                                     .cell = give_cell,
                                     .context = &p};
    if (status == STATUS_OK)
        status = watch_points_write(board, WATCH_USERS_PREFIX, snapshot->version, &points, reterr);
    free_labels(&p.labels);
    free(p.choices);
    free(p.rows);
    return status;
}

enum status watch_users(struct board *board, const char *snapshots, uint32_t version,
                        uint32_t users_max, uint64_t bytes_max, struct error *reterr)
{
    if (users_max > 0)
        return watch_points_show(board, WATCH_USERS_PREFIX, snapshots, version, project, users_max,
                                 bytes_max, reterr);
    board_prune(board, WATCH_USERS_PREFIX, 0);
    return STATUS_OK;
}

static enum status remove_run(const char *logdir, const char *run, struct error *reterr)
{
    char path[PATH_BYTES_MAX];
    if (path_join(path, logdir, run) != STATUS_OK)
        return STATUS_OK; /* too long to be one of ours */
    return folder_remove(path, reterr);
}

enum status watch_users_forget(const char *logdir, uint32_t version, struct error *reterr)
{
    char run[32];
    snprintf(run, sizeof run, WATCH_USERS_PREFIX "%06" PRIu32, version);
    return remove_run(logdir, run, reterr);
}

/* True for a run of this kind whose snapshot is not among them. */
static bool is_left_over(const char *run, const uint32_t *versions, size_t n)
{
    const size_t prefix = strlen(WATCH_USERS_PREFIX);
    if (strncmp(run, WATCH_USERS_PREFIX, prefix) != 0 || run[prefix] == '\0' ||
        run[prefix + strspn(run + prefix, "0123456789")] != '\0')
        return false;
    const unsigned long version = strtoul(run + prefix, NULL, 10);
    for (size_t i = 0; i < n; i++)
        if (versions[i] == version)
            return false;
    return true;
}

/* Also those that a crash left without an event file, by which readers would find them. */
enum status watch_users_keep(const char *logdir, const uint32_t *versions, size_t n,
                             struct error *reterr)
{
    DIR *folder = opendir(logdir);
    const struct dirent *entry;
    enum status status = STATUS_OK;
    if (!folder)
        return errno == ENOENT
                   ? STATUS_OK
                   : error_set_errno(reterr, errno, "cannot read the folder %s", logdir);
    while (status == STATUS_OK && (entry = readdir(folder))) {
        const char *run = entry->d_name;
        if (is_left_over(run, versions, n))
            status = remove_run(logdir, run, reterr);
    }
    closedir(folder);
    return status;
}
