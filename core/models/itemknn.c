#include "models/itemknn.h"

#include <math.h>
#include <stdlib.h>

#include "models/gram.h"
#include "models/neighbours.h"

struct itemknn_settings {
    int64_t neighbours;
    double shrinkage;
};

static const struct option options[] = {
    {.name = "neighbours",
     .type = OPTION_INT,
     .offset = offsetof(struct itemknn_settings, neighbours),
     .initial = "200",
     .min = 1,
     .max = NEIGHBOURS_MAX,
     .help = "most alike items that each item keeps",
     .search = SEARCH_LOG,
     .low = 20,
     .high = 500},
    {.name = "shrinkage",
     .type = OPTION_REAL,
     .offset = offsetof(struct itemknn_settings, shrinkage),
     .initial = "10",
     .min = 0,
     .max = 1e6,
     .help = "how far likeness that few users support is held down",
     .search = SEARCH_LOG,
     .low = 1,
     .high = 300},
};

struct fit {
    const uint32_t *likes; /* [n_items] */
    double shrinkage;
    struct neighbour_lists lists;
};

static void put_column(void *context, const struct gram_column *column, unsigned worker)
{
    (void)worker;
    struct fit *fit = context;
    const double own = fit->likes[column->item];
    for (size_t i = 0; i < column->n; i++) {
        const uint32_t item = column->items[i];
        column->sums[i] =
            (float)(column->sums[i] / (sqrt(own * fit->likes[item]) + fit->shrinkage));
    }
    neighbour_lists_put(&fit->lists, column->item, column->items, column->sums, column->n);
}

static enum status itemknn_fit(const struct train_set *data, const void *settings,
                               struct parallel *pool, const struct observer *observer,
                               struct model **ret_model, struct error *reterr)
{
    const struct itemknn_settings *s = settings;
    const uint32_t n_items = data->by_item->n_rows;
    uint32_t *likes = malloc(((size_t)n_items + 1) * sizeof *likes);
    float *weights = gram_weights(data->by_user, 0);
    struct fit fit = {.likes = likes, .shrinkage = s->shrinkage};
    enum status status = STATUS_NO_MEMORY;
    if (likes && weights)
        status = neighbour_lists_alloc(n_items, (uint32_t)s->neighbours, &fit.lists);
    if (status == STATUS_OK) {
        gram_count_likes(data->by_item, likes);
        const struct gram_request request = {.by_user = data->by_user,
                                             .by_item = data->by_item,
                                             .user_weights = weights,
                                             .phase = "fitting itemknn",
                                             .each = put_column,
                                             .context = &fit};
        status = gram_columns(&request, pool, observer);
    }
    if (status == STATUS_OK)
        status = neighbours_new(&itemknn_class, NEIGHBOURS_SYMMETRIC, data->by_user->n_rows,
                                &fit.lists, NULL, observer, ret_model);
    neighbour_lists_free(&fit.lists);
    free(weights);
    free(likes);
    return status == STATUS_OK ? status
                               : error_set(reterr, status, "itemknn: %s", status_name(status));
}

static uint64_t itemknn_estimate(const void *settings, uint32_t n_users, uint32_t n_items,
                                 uint64_t size)
{
    (void)size;
    const struct itemknn_settings *s = settings;
    return gram_estimate(n_items) + neighbours_estimate(n_items, (uint64_t)s->neighbours) +
           (uint64_t)n_items * sizeof(uint32_t) + n_users * sizeof(float);
}

static enum status itemknn_load(const struct sections *sections, struct model **ret_model,
                                struct error *reterr)
{
    return neighbours_load(&itemknn_class, NEIGHBOURS_SYMMETRIC, sections, ret_model, reterr);
}

const struct model_class itemknn_class = {
    .name = "itemknn",
    .summary = "items liked by the same users, by cosine: fast to fit, easy to explain",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .settings_size = sizeof(struct itemknn_settings),
    .fit = itemknn_fit,
    .estimate = itemknn_estimate,
    .score = neighbours_score,
    .similar = neighbours_similar,
    .save = neighbours_save,
    .load = itemknn_load,
    .free = neighbours_free,
};
