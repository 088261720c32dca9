#include "server/mapper.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/parallel.h"
#include "server/log.h"
#include "server/site_parts.h"
#include "server/ticker.h"
#include "train/item_map_file.h"

enum { TICK_MS = 500, ITERATIONS = 1000 };
static const double perplexity = 30;

/* What became of the map of one version. */
struct outcome {
    uint32_t version;   /* 0: none was looked at yet */
    enum status status; /* OK: the map is there; CANCELLED: it will be drawn */
    char reason[ERROR_TEXT_MAX];
};

struct mapper {
    struct site *site;
    struct ticker *ticker;
    pthread_mutex_t mutex; /* of the next two */
    struct outcome last;
    struct parallel *pool; /* that draws, or NULL */
    uint32_t drawing;      /* the ticker's thread's own: the version at work */
};

static void note(struct mapper *mapper, uint32_t version, enum status status, const char *reason)
{
    pthread_mutex_lock(&mapper->mutex);
    mapper->last.version = version;
    mapper->last.status = status;
    snprintf(mapper->last.reason, sizeof mapper->last.reason, "%s", reason);
    pthread_mutex_unlock(&mapper->mutex);
}

static void set_pool(struct mapper *mapper, struct parallel *pool)
{
    pthread_mutex_lock(&mapper->mutex);
    mapper->pool = pool;
    if (pool && ticker_ends(mapper->ticker))
        parallel_lift(pool); /* mapper_stop came before and saw none */
    pthread_mutex_unlock(&mapper->mutex);
}

static bool round_runs(const struct mapper *mapper)
{
    return trainer_share(mapper->site->trainer) >= 0;
}

static bool see_stop(void *context)
{
    struct mapper *mapper = context;
    struct serving *serving = site_acquire(mapper->site);
    const uint32_t version = serving->snapshot->version;
    serving_release(mapper->site, serving);
    return version != mapper->drawing || round_runs(mapper) || ticker_ends(mapper->ticker);
}

/* ---- one map ---- */

static enum status check_memory(const struct mapper *mapper, const struct model *model, uint32_t n,
                                unsigned threads, struct error *reterr)
{
    const int64_t most = mapper->site->settings->training.max_memory;
    const uint64_t limit = most ? (uint64_t)most : parallel_memory_limit() / 2;
    uint32_t d = 0;
    model->class->item_vectors(model, &d);
    const uint64_t need = item_map_estimate(n, d, perplexity, threads);
    if (need <= limit)
        return STATUS_OK;
    return error_set(reterr, STATUS_TOO_LARGE,
                     "the map of %u items would need about %.0f MiB and training.max_memory allows "
                     "%.0f MiB: raise it, or lower training.map",
                     n, (double)need / 0x1p20, (double)limit / 0x1p20);
}

static enum status make_map(struct mapper *mapper, const struct model *model,
                            const uint64_t *weights, struct item_map *ret_map, struct error *reterr)
{
    const struct settings *settings = mapper->site->settings;
    const unsigned threads =
        settings->training.threads ? (unsigned)settings->training.threads : parallel_cores();
    const uint32_t most = (uint32_t)settings->training.map;
    const struct observer observer = {.context = mapper, .stop = see_stop};
    const struct item_map_request request = {
        .model = model,
        .weights = weights,
        .items_max = most,
        .settings = {.perplexity = perplexity, .iterations = ITERATIONS},
        .seed = (uint64_t)settings->training.seed};
    struct parallel *pool;
    enum status status =
        check_memory(mapper, model, most < model->n_items ? most : model->n_items, threads, reterr);
    if (status != STATUS_OK)
        return status;
    if (parallel_new(threads, true, &pool) != STATUS_OK)
        return error_set(reterr, STATUS_IO, "cannot start %u threads for the map", threads);
    set_pool(mapper, pool);
    status = item_map_make(&request, pool, &observer, ret_map, reterr);
    set_pool(mapper, NULL);
    parallel_free(pool);
    return status;
}

/* Nobody removes the snapshot meanwhile. */
static enum status keep_map(struct mapper *mapper, uint32_t version, const struct model *model,
                            const struct item_map *map, const uint64_t *weights,
                            struct error *reterr)
{
    pthread_mutex_lock(&mapper->site->versions_mutex);
    const enum status status = item_map_file_write(mapper->site->snapshots, version,
                                                   model->class->name, map, weights, reterr);
    pthread_mutex_unlock(&mapper->site->versions_mutex);
    return status;
}

static enum status draw(struct mapper *mapper, const struct snapshot *snapshot,
                        struct error *reterr)
{
    const struct model *model =
        item_map_model(snapshot->models, snapshot->n_models, snapshot->retriever);
    if (!model)
        return error_set(reterr, STATUS_NOT_FOUND,
                         "no model of what serves has vectors of items: add ials or item2vec to "
                         "models.retrievers and train");
    uint64_t *weights = calloc((size_t)snapshot->n_items + 1, sizeof *weights);
    if (!weights)
        return error_set(reterr, STATUS_NO_MEMORY, "no memory for the map");
    item_map_weigh(snapshot->touches, snapshot->touch_starts[snapshot->n_users], snapshot->n_items,
                   weights);
    struct item_map map = {0};
    enum status status = make_map(mapper, model, weights, &map, reterr);
    if (status == STATUS_OK)
        status = keep_map(mapper, snapshot->version, model, &map, weights, reterr);
    if (status == STATUS_OK)
        log_write(LOG_INFO, "map_drawn", "version %u: %u items by the vectors of %s",
                  snapshot->version, map.n, model->class->name);
    item_map_free(&map);
    free(weights);
    return status;
}

/* ---- when ---- */

/* A map from before is as good as one drawn now. A broken one is drawn again. */
static bool is_there(const struct mapper *mapper, const struct snapshot *snapshot)
{
    struct item_map_file file;
    struct error err = {0};
    const enum status status = item_map_file_open(mapper->site->snapshots, snapshot->version,
                                                  snapshot->n_items, &file, &err);
    if (status == STATUS_OK)
        item_map_file_close(&file);
    else if (status != STATUS_NOT_FOUND)
        log_write(LOG_WARNING, "map_broken", "it is drawn again: %s", err.text);
    return status == STATUS_OK;
}

static void look(void *context)
{
    struct mapper *mapper = context;
    struct serving *serving = site_acquire(mapper->site);
    const struct snapshot *snapshot = serving->snapshot;
    const bool settled =
        mapper->last.version == snapshot->version && mapper->last.status != STATUS_CANCELLED;
    if (snapshot->version != 0 && !settled && !round_runs(mapper)) {
        struct error err = {0};
        enum status status = STATUS_OK;
        mapper->drawing = snapshot->version;
        note(mapper, snapshot->version, STATUS_CANCELLED, "");
        if (!is_there(mapper, snapshot))
            status = draw(mapper, snapshot, &err);
        note(mapper, snapshot->version, status, err.text);
        if (status != STATUS_OK && status != STATUS_CANCELLED)
            log_write(status == STATUS_NOT_FOUND ? LOG_INFO : LOG_WARNING, "map_not_drawn",
                      "version %u: %s", snapshot->version, err.text);
    }
    serving_release(mapper->site, serving);
}

enum status mapper_start(struct site *site, struct mapper **ret_mapper, struct error *reterr)
{
    if (site->settings->training.map == 0)
        return STATUS_OK;
    struct mapper *mapper = calloc(1, sizeof *mapper);
    if (!mapper)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory for the map's thread");
    mapper->site = site;
    pthread_mutex_init(&mapper->mutex, NULL);
    const enum status status = ticker_start(TICK_MS, look, NULL, mapper, &mapper->ticker);
    if (status != STATUS_OK) {
        pthread_mutex_destroy(&mapper->mutex);
        free(mapper);
        return error_set(reterr, status, "cannot start the map's thread");
    }
    *ret_mapper = mapper;
    return STATUS_OK;
}

void mapper_stop(struct mapper *mapper)
{
    if (!mapper)
        return;
    ticker_end(mapper->ticker); /* first: a pool that comes later sees it */
    pthread_mutex_lock(&mapper->mutex);
    if (mapper->pool) /* on a busy machine idle workers would come to the next look too late */
        parallel_lift(mapper->pool);
    pthread_mutex_unlock(&mapper->mutex);
    ticker_stop(mapper->ticker);
    pthread_mutex_destroy(&mapper->mutex);
    free(mapper);
}

/* ---- asked from requests ---- */

static enum status explain(struct site *site, uint32_t version, struct error *reterr)
{
    if (version == 0)
        return error_set(reterr, STATUS_NOT_FOUND,
                         "no round has been published yet, so there is nothing to draw; "
                         "POST /v1/training starts one");
    if (!site->mapper)
        return error_set(reterr, STATUS_NOT_FOUND,
                         "no map is drawn: training.map is 0; set it to the number of items that "
                         "the map is to have");
    pthread_mutex_lock(&site->mapper->mutex);
    const struct outcome last = site->mapper->last;
    pthread_mutex_unlock(&site->mapper->mutex);
    if (last.version == version && last.status != STATUS_OK && last.status != STATUS_CANCELLED)
        return error_set(reterr, STATUS_NOT_FOUND, "%s", last.reason);
    if (last.version == version && last.status == STATUS_OK)
        return error_set(reterr, STATUS_NOT_FOUND,
                         "the map's file is gone or broken; it is drawn again when the daemon "
                         "starts");
    return error_set(reterr, STATUS_NOT_FOUND,
                     "the map of version %u is being drawn, or waits for a round to end; ask again "
                     "in a while",
                     version);
}

enum status site_open_map(struct site *site, const struct serving *serving,
                          struct item_map_file *ret_file, struct error *reterr)
{
    const struct snapshot *snapshot = serving->snapshot;
    struct error err = {0};
    if (snapshot->version != 0 && site->settings->training.map != 0 &&
        item_map_file_open(site->snapshots, snapshot->version, snapshot->n_items, ret_file, &err) ==
            STATUS_OK)
        return STATUS_OK;
    return explain(site, snapshot->version, reterr);
}
