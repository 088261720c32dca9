#include "models/cooccurrence.h"

#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "models/baskets.h"
#include "models/gram.h"
#include "models/neighbours.h"

struct cooccurrence_settings {
    int within;
    const char *from, *to;
    int64_t support, neighbours;
};

static const struct option options[] = {
    {.name = "within",
     .type = OPTION_CHOICE,
     .offset = offsetof(struct cooccurrence_settings, within),
     .initial = "sessions",
     .choices = baskets_kinds,
     .help = "what makes a basket: sessions (30 minutes' pause ends one), days or users"},
    {.name = "from",
     .type = OPTION_TEXT,
     .offset = offsetof(struct cooccurrence_settings, from),
     .initial = "",
     .help = "interaction type that leads to others; empty: any preference"},
    {.name = "to",
     .type = OPTION_TEXT,
     .offset = offsetof(struct cooccurrence_settings, to),
     .initial = "",
     .help = "interaction type that is led to; empty: any preference"},
    {.name = "support",
     .type = OPTION_INT,
     .offset = offsetof(struct cooccurrence_settings, support),
     .initial = "2",
     .min = 1,
     .max = 1e9,
     .help = "baskets that must have both items"},
    {.name = "neighbours",
     .type = OPTION_INT,
     .offset = offsetof(struct cooccurrence_settings, neighbours),
     .initial = "100",
     .min = 1,
     .max = NEIGHBOURS_MAX,
     .help = "items that each item keeps"},
};

/* ---- the statistic ---- */

static double surprise(double k, double row, double column, double all)
{
    return k > 0 ? k * log(k * all / (row * column)) : 0;
}

double cooccurrence_likelihood_ratio(double together, double with_a, double with_b, double all)
{
    if (!(together * all > with_a * with_b))
        return 0;
    const double without_a = all - with_a, without_b = all - with_b;
    const double ratio = 2 * (surprise(together, with_a, with_b, all) +
                              surprise(with_a - together, with_a, without_b, all) +
                              surprise(with_b - together, without_a, with_b, all) +
                              surprise(without_a - with_b + together, without_a, without_b, all));
    return ratio > 0 ? ratio : 0;
}

/* ---- fit ---- */

struct fit {
    const struct cooccurrence_settings *settings;
    struct baskets baskets;
    struct csr by_item;  /* of what leads: items x baskets */
    uint32_t *from, *to; /* [n_items] baskets with the item */
    float *weights;      /* [n_baskets] of 1 */
    struct neighbour_lists lists;
};

static void put_row(void *context, const struct gram_column *column, unsigned worker)
{
    (void)worker;
    struct fit *fit = context;
    const double all = fit->baskets.leads.n_rows, with_a = fit->from[column->item];
    size_t n = 0;
    for (size_t e = 0; e < column->n; e++) {
        const uint32_t other = column->items[e];
        const double together = column->sums[e];
        if (other == column->item || together < (double)fit->settings->support)
            continue;
        const double ratio = cooccurrence_likelihood_ratio(together, with_a, fit->to[other], all);
        if (ratio > 0) {
            column->items[n] = other;
            column->sums[n++] = (float)ratio;
        }
    }
    neighbour_lists_put(&fit->lists, column->item, column->items, column->sums, n);
}

static void count_columns(const struct csr *matrix, uint32_t *counts)
{
    for (uint64_t k = 0; k < csr_size(matrix); k++)
        counts[matrix->columns[k]]++;
}

static enum status prepare(struct fit *fit, uint32_t n_items)
{
    const struct csr *leads = &fit->baskets.leads, *led = baskets_led(&fit->baskets);
    fit->from = calloc((size_t)n_items + 1, sizeof *fit->from);
    fit->to = calloc((size_t)n_items + 1, sizeof *fit->to);
    fit->weights = malloc(((size_t)leads->n_rows + 1) * sizeof *fit->weights);
    if (!fit->from || !fit->to || !fit->weights)
        return STATUS_NO_MEMORY;
    for (uint32_t b = 0; b < leads->n_rows; b++)
        fit->weights[b] = 1;
    count_columns(leads, fit->from);
    count_columns(led, fit->to);
    const enum status status = csr_transpose(leads, &fit->by_item);
    if (status != STATUS_OK)
        return status;
    return neighbour_lists_alloc(n_items, (uint32_t)fit->settings->neighbours, &fit->lists);
}

static enum status fit_rows(struct fit *fit, const struct train_set *data, struct parallel *pool,
                            const struct observer *observer, struct model **ret_model)
{
    enum status status = prepare(fit, data->by_user->n_columns);
    if (status != STATUS_OK)
        return status;
    fit->lists.of_rows = true;
    const struct gram_request request = {.by_user = baskets_led(&fit->baskets),
                                         .by_item = &fit->by_item,
                                         .user_weights = fit->weights,
                                         .phase = "fitting cooccurrence",
                                         .each = put_row,
                                         .context = fit};
    status = gram_columns(&request, pool, observer);
    if (status != STATUS_OK)
        return status;
    return neighbours_new(&cooccurrence_class, NEIGHBOURS_DIRECTED, data->by_user->n_rows,
                          &fit->lists, NULL, observer, ret_model);
}

static enum status cooccurrence_fit(const struct train_set *data, const void *settings,
                                    struct parallel *pool, const struct observer *observer,
                                    struct model **ret_model, struct error *reterr)
{
    const struct cooccurrence_settings *s = settings;
    struct fit fit = {.settings = s};
    struct error err = {0};
    enum status status = baskets_make(data, (enum baskets_kind)s->within, s->from, s->to, observer,
                                      &fit.baskets, &err);
    if (status == STATUS_OK)
        status = fit_rows(&fit, data, pool, observer, ret_model);
    neighbour_lists_free(&fit.lists);
    csr_free(&fit.by_item);
    baskets_free(&fit.baskets);
    free(fit.from);
    free(fit.to);
    free(fit.weights);
    if (status == STATUS_OK)
        return status;
    return error_set(reterr, status, "cooccurrence: %s",
                     *err.text ? err.text : status_name(status));
}

/* Baskets are no more than events, and no item is in one twice. */
static uint64_t cooccurrence_estimate(const void *settings, uint32_t n_users, uint32_t n_items,
                                      uint64_t size)
{
    (void)n_users;
    const struct cooccurrence_settings *s = settings;
    return gram_estimate(n_items) + 2 * neighbours_estimate(n_items, (uint64_t)s->neighbours) +
           4 * (uint64_t)n_items * sizeof(uint32_t) +
           size * (3 * (sizeof(uint32_t) + sizeof(float)) + 2 * sizeof(uint64_t) + sizeof(float));
}

static enum status cooccurrence_load(const struct sections *sections, struct model **ret_model,
                                     struct error *reterr)
{
    return neighbours_load(&cooccurrence_class, NEIGHBOURS_DIRECTED, sections, ret_model, reterr);
}

const struct model_class cooccurrence_class = {
    .name = "cooccurrence",
    .summary = "bought together: items that share baskets more often than by chance",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .settings_size = sizeof(struct cooccurrence_settings),
    .fit = cooccurrence_fit,
    .estimate = cooccurrence_estimate,
    .score = neighbours_score,
    .similar = neighbours_similar,
    .save = neighbours_save,
    .load = cooccurrence_load,
    .free = neighbours_free,
};
