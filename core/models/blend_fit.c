#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "models/blend.h"
#include "models/blend_model.h"

/* Between a member and the observer: progress is a part of the whole, and the member's curves get
 * its name, or none while weights are being fitted. */
struct member_watch {
    const struct observer *observer;
    const char *name; /* NULL: curves are not shown */
    double from, to;
};

static void watch_progress(void *context, const char *phase, double share)
{
    const struct member_watch *watch = context;
    observe_progress(watch->observer, phase, watch->from + share * (watch->to - watch->from));
}

static void watch_scalar(void *context, const char *tag, int64_t step, double value)
{
    static const char fit[] = "fit/";
    const struct member_watch *watch = context;
    char name[128];
    if (!watch->name || strncmp(tag, fit, sizeof fit - 1) != 0)
        return;
    const int n = snprintf(name, sizeof name, "fit/%s/%s", watch->name, tag + sizeof fit - 1);
    if (n > 0 && n < (int)sizeof name)
        observe_scalar(watch->observer, name, step, value);
}

static bool watch_stop(void *context)
{
    return observer_stops(((const struct member_watch *)context)->observer);
}

struct fit {
    const struct train_set *data;
    const struct blend_settings *settings;
    struct parallel *pool;
    const struct observer *observer;
    struct arena arena;
    struct blend_part parts[BLEND_MEMBERS_MAX];
    size_t n;
    bool fits_weights;
    size_t done, n_fits; /* of members */
};

static enum status fit_members(struct fit *fit, const struct train_set *data, bool last,
                               struct model **models, struct error *reterr)
{
    enum status status = STATUS_OK;
    for (size_t m = 0; m < fit->n && status == STATUS_OK; m++, fit->done++) {
        const struct blend_part *part = &fit->parts[m];
        struct member_watch watch = {.observer = fit->observer,
                                     .name = last ? part->class->name : NULL,
                                     .from = (double)fit->done / (double)fit->n_fits,
                                     .to = (double)(fit->done + 1) / (double)fit->n_fits};
        const struct observer between = {&watch, watch_progress, watch_scalar, watch_stop};
        status = part->class->fit(data, part->settings, fit->pool, &between, &models[m], reterr);
    }
    if (status != STATUS_OK && reterr)
        error_prefix(reterr, "blend: ");
    return status;
}

/* ---- the weights ---- */

static enum status weigh_members(struct fit *fit, const struct validation *validation,
                                 struct model **models, struct error *reterr)
{
    const struct train_set data = {.dataset = fit->data->dataset,
                                   .held = &validation->held,
                                   .by_user = &validation->by_user,
                                   .by_item = &validation->by_item,
                                   .seed = fit->data->seed,
                                   .items = fit->data->items,
                                   .orders = fit->data->orders};
    const struct blend_weighing weighing = {.validation = validation,
                                            .models = (const struct model *const *)models,
                                            .n = fit->n,
                                            .scale = (enum blend_scale)fit->settings->scale,
                                            .pool = fit->pool,
                                            .observer = fit->observer};
    double weights[BLEND_MEMBERS_MAX], ndcg;
    enum status status = fit_members(fit, &data, false, models, reterr);
    if (status != STATUS_OK)
        return status;
    status = blend_weigh(&weighing, weights, &ndcg);
    if (status != STATUS_OK)
        return error_set(reterr, status, "blend: %s while fitting weights", status_name(status));
    observe_scalar(fit->observer, "fit/validation_ndcg@20", 1, ndcg);
    for (size_t m = 0; m < fit->n; m++) {
        char tag[BLEND_NAME_SIZE + 16];
        snprintf(tag, sizeof tag, "fit/weight/%s", fit->parts[m].class->name);
        observe_scalar(fit->observer, tag, 1, weights[m]);
        fit->parts[m].weight = weights[m];
    }
    return STATUS_OK;
}

/* Data of which nothing can be cut off leave the weights equal. */
static enum status fit_weights(struct fit *fit, struct error *reterr)
{
    const struct validation_request request = {.dataset = fit->data->dataset,
                                               .held = fit->data->held,
                                               .by_user = fit->data->by_user,
                                               .share = fit->settings->share,
                                               .users_max = (uint32_t)fit->settings->users,
                                               .seed = fit->data->seed,
                                               .pool = fit->pool};
    struct model *models[BLEND_MEMBERS_MAX] = {NULL};
    struct validation validation;
    struct error err = {0};
    enum status status = validation_cut(&request, &validation, &err);
    if (status == STATUS_OUT_OF_RANGE)
        return STATUS_OK;
    if (status != STATUS_OK)
        return error_set(reterr, status, "blend: %s", err.text);
    status = weigh_members(fit, &validation, models, reterr);
    for (size_t m = 0; m < fit->n; m++)
        model_free(models[m]);
    validation_free(&validation);
    return status;
}

/* ---- the whole ---- */

static void drop_weightless(struct fit *fit)
{
    size_t kept = 0;
    for (size_t m = 0; m < fit->n; m++)
        if (fit->parts[m].weight > 0)
            fit->parts[kept++] = fit->parts[m];
    fit->n = kept;
}

static enum status run(struct fit *fit, struct model **ret_model, struct error *reterr)
{
    enum status status = blend_parts_read(fit->settings, &fit->arena, fit->parts, &fit->n,
                                          &fit->fits_weights, reterr);
    if (status != STATUS_OK)
        return status;
    fit->fits_weights = fit->fits_weights && fit->n > 1;
    fit->n_fits = fit->fits_weights ? 2 * fit->n : fit->n;
    if (fit->fits_weights)
        status = fit_weights(fit, reterr);
    if (status != STATUS_OK)
        return status;
    drop_weightless(fit);
    struct blend *blend = calloc(1, sizeof *blend);
    if (!blend)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory for blend");
    blend->base = (struct model){.class = &blend_class,
                                 .n_users = fit->data->by_user->n_rows,
                                 .n_items = fit->data->by_user->n_columns};
    blend->scale = (enum blend_scale)fit->settings->scale;
    blend->n = fit->n;
    for (size_t m = 0; m < fit->n; m++)
        blend->weights[m] = fit->parts[m].weight;
    status = fit_members(fit, fit->data, true, blend->models, reterr);
    if (status == STATUS_OK)
        *ret_model = &blend->base;
    else
        blend_free(&blend->base);
    return status;
}

enum status blend_fit(const struct train_set *data, const void *settings, struct parallel *pool,
                      const struct observer *observer, struct model **ret_model,
                      struct error *reterr)
{
    struct fit fit = {.data = data, .settings = settings, .pool = pool, .observer = observer};
    const enum status status = run(&fit, ret_model, reterr);
    arena_free(&fit.arena);
    return status;
}

/* All members are held at once; the second fit comes after the first ones are gone. */
uint64_t blend_estimate(const void *settings, uint32_t n_users, uint32_t n_items, uint64_t size)
{
    enum { ENTRY_BYTES = 3 * 8, ROW_BYTES = 3 * 8 }; /* of a validation part's matrices */
    const struct blend_settings *s = settings;
    struct blend_part parts[BLEND_MEMBERS_MAX];
    struct arena arena = {0};
    size_t n = 0;
    bool fitted;
    uint64_t bytes = 0;
    if (blend_parts_read(s, &arena, parts, &n, &fitted, NULL) == STATUS_OK) {
        for (size_t m = 0; m < n; m++)
            bytes += parts[m].class->estimate(parts[m].settings, n_users, n_items, size);
        if (fitted)
            bytes +=
                size * ENTRY_BYTES + ((uint64_t)n_users + n_items) * ROW_BYTES +
                blend_weigh_estimate(n, n_users < s->users ? n_users : (uint32_t)s->users, n_items);
    }
    arena_free(&arena);
    return bytes;
}
