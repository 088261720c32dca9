#include "models/rp3beta.h"

#include <math.h>
#include <stdlib.h>

#include "models/gram.h"
#include "models/neighbours.h"

struct rp3beta_settings {
    int64_t neighbours;
    double alpha, beta;
};

static const struct option options[] = {
    {.name = "neighbours",
     .type = OPTION_INT,
     .offset = offsetof(struct rp3beta_settings, neighbours),
     .initial = "200",
     .min = 1,
     .max = NEIGHBOURS_MAX,
     .help = "items that are reached most often from each item, and kept",
     .search = SEARCH_LOG,
     .low = 20,
     .high = 500},
    {.name = "alpha",
     .type = OPTION_REAL,
     .offset = offsetof(struct rp3beta_settings, alpha),
     .initial = "0.6",
     .min = 0,
     .max = 3,
     .help = "power of each step's chance; more holds down what has many ways on",
     .search = SEARCH_LINEAR,
     .low = 0.2,
     .high = 1.5},
    {.name = "beta",
     .type = OPTION_REAL,
     .offset = offsetof(struct rp3beta_settings, beta),
     .initial = "0.5",
     .min = 0,
     .max = 3,
     .help = "how far popular items are held down",
     .search = SEARCH_LINEAR,
     .low = 0,
     .high = 1},
};

struct fit {
    float *out_factors, *in_factors; /* [n_items] |U(i)|^-alpha, |U(j)|^-beta */
    struct neighbour_lists lists;
};

static void put_row(void *context, const struct gram_column *column, unsigned worker)
{
    (void)worker;
    struct fit *fit = context;
    const float factor = fit->out_factors[column->item];
    for (size_t e = 0; e < column->n; e++)
        column->sums[e] *= factor * fit->in_factors[column->items[e]];
    neighbour_lists_put(&fit->lists, column->item, column->items, column->sums, column->n);
}

static enum status rp3beta_fit(const struct train_set *data, const void *settings,
                               struct parallel *pool, const struct observer *observer,
                               struct model **ret_model, struct error *reterr)
{
    const struct rp3beta_settings *s = settings;
    const uint32_t n_items = data->by_item->n_rows;
    float *weights = gram_weights(data->by_user, s->alpha);
    struct fit fit = {.out_factors = gram_weights(data->by_item, s->alpha),
                      .in_factors = gram_weights(data->by_item, s->beta)};
    enum status status = STATUS_NO_MEMORY;
    if (weights && fit.out_factors && fit.in_factors)
        status = neighbour_lists_alloc(n_items, (uint32_t)s->neighbours, &fit.lists);
    if (status == STATUS_OK) {
        fit.lists.of_rows = true;
        const struct gram_request request = {.by_user = data->by_user,
                                             .by_item = data->by_item,
                                             .user_weights = weights,
                                             .phase = "fitting rp3beta",
                                             .each = put_row,
                                             .context = &fit};
        status = gram_columns(&request, pool, observer);
    }
    if (status == STATUS_OK)
        status = neighbours_new(&rp3beta_class, NEIGHBOURS_DIRECTED, data->by_user->n_rows,
                                &fit.lists, NULL, observer, ret_model);
    neighbour_lists_free(&fit.lists);
    free(fit.out_factors);
    free(fit.in_factors);
    free(weights);
    return status == STATUS_OK ? status
                               : error_set(reterr, status, "rp3beta: %s", status_name(status));
}

static uint64_t rp3beta_estimate(const void *settings, uint32_t n_users, uint32_t n_items,
                                 uint64_t size)
{
    (void)size;
    const struct rp3beta_settings *s = settings;
    return gram_estimate(n_items) + 2 * neighbours_estimate(n_items, (uint64_t)s->neighbours) +
           (2 * (uint64_t)n_items + n_users) * sizeof(float);
}

static enum status rp3beta_load(const struct sections *sections, struct model **ret_model,
                                struct error *reterr)
{
    return neighbours_load(&rp3beta_class, NEIGHBOURS_DIRECTED, sections, ret_model, reterr);
}

const struct model_class rp3beta_class = {
    .name = "rp3beta",
    .summary = "random walks from item to item by users, popular ends held down",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .settings_size = sizeof(struct rp3beta_settings),
    .fit = rp3beta_fit,
    .estimate = rp3beta_estimate,
    .score = neighbours_score,
    .similar = neighbours_similar,
    .save = neighbours_save,
    .load = rp3beta_load,
    .free = neighbours_free,
};
