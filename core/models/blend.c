#include "models/blend.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "models/blend_model.h"

static const char *const scale_names[] = {"scores", "ranks", NULL};

static const struct option options[] = {
    {.name = "members",
     .type = OPTION_TEXT,
     .offset = offsetof(struct blend_settings, members),
     .initial = "ials, ease",
     .help = "the models to add up, each with settings of its own: ials dimensions=192, ease"},
    {.name = "weights",
     .type = OPTION_TEXT,
     .offset = offsetof(struct blend_settings, weights),
     .initial = "fitted",
     .help = "of the members, such as 0.6,0.4; fitted: found on a part of the training data"},
    {.name = "scale",
     .type = OPTION_CHOICE,
     .offset = offsetof(struct blend_settings, scale),
     .initial = "scores",
     .choices = scale_names,
     .help = "what is added up: scores of one mean and spread, or ranks"},
    {.name = "share",
     .type = OPTION_REAL,
     .offset = offsetof(struct blend_settings, share),
     .initial = "0.1",
     .min = 0.01,
     .max = 0.9,
     .help = "of each user's events that weights are fitted on"},
    {.name = "users",
     .type = OPTION_INT,
     .offset = offsetof(struct blend_settings, users),
     .initial = "4000",
     .min = 1,
     .max = 1e6,
     .help = "most users that weights are fitted on"},
};

void blend_free(struct model *model)
{
    struct blend *blend = (struct blend *)model;
    if (!blend)
        return;
    for (size_t m = 0; m < BLEND_MEMBERS_MAX; m++) {
        model_free(blend->models[m]);
        sections_close(blend->sections[m]);
    }
    free(blend);
}

static enum status blend_check(const void *settings, struct error *reterr)
{
    struct blend_part parts[BLEND_MEMBERS_MAX];
    struct arena arena = {0};
    size_t n;
    bool fitted;
    const enum status status = blend_parts_read(settings, &arena, parts, &n, &fitted, reterr);
    arena_free(&arena);
    return status;
}

/* ---- scales ---- */

static void standardise(float *scores, uint32_t n)
{
    double sum = 0, squares = 0;
    for (uint32_t i = 0; i < n; i++)
        sum += (double)scores[i];
    const double mean = sum / n;
    for (uint32_t i = 0; i < n; i++)
        squares += ((double)scores[i] - mean) * ((double)scores[i] - mean);
    const double spread = sqrt(squares / n);
    const double factor = spread > 1e-30 ? 1 / spread : 0;
    for (uint32_t i = 0; i < n; i++)
        scores[i] = (float)(((double)scores[i] - mean) * factor);
}

/* Equal scores get the rank of the first of them. */
static void take_ranks(float *scores, uint32_t n, struct ranked *order)
{
    enum { SMOOTHING = 60 };
    for (uint32_t i = 0; i < n; i++)
        order[i] = (struct ranked){.item = i, .score = scores[i]};
    ranked_sort(order, n);
    for (uint32_t i = 0, rank = 1; i < n; i++) {
        if (i > 0 && order[i].score < order[i - 1].score)
            rank = i + 1;
        scores[order[i].item] = 1.F / (float)(SMOOTHING + rank);
    }
}

void blend_rescale(enum blend_scale scale, float *scores, uint32_t n, struct ranked *order)
{
    if (scale == BLEND_RANKS)
        take_ranks(scores, n, order);
    else if (n > 0)
        standardise(scores, n);
}

/* ---- scores ---- */

struct room {
    float *member, *sum;  /* [n_items] */
    struct ranked *order; /* [n_items], of ranks */
};

static enum status make_room(const struct blend *blend, struct arena *arena, struct room *room)
{
    const size_t n = blend->base.n_items;
    *room = (struct room){.member = arena_alloc(arena, n * sizeof *room->member),
                          .sum = arena_alloc(arena, n * sizeof *room->sum)};
    if (blend->scale == BLEND_RANKS)
        room->order = arena_alloc(arena, n * sizeof *room->order);
    return room->member && room->sum && (room->order || blend->scale != BLEND_RANKS)
               ? STATUS_OK
               : STATUS_NO_MEMORY;
}

static enum status add_up(const struct blend *blend, const struct query *query, struct room *room,
                          struct arena *scratch)
{
    const uint32_t n = blend->base.n_items;
    for (uint32_t i = 0; i < n; i++)
        room->sum[i] = 0;
    for (size_t m = 0; m < blend->n; m++) {
        const struct model *model = blend->models[m];
        const enum status status =
            model->class->score(model, query, 1, NULL, n, room->member, scratch);
        if (status != STATUS_OK)
            return status;
        blend_rescale(blend->scale, room->member, n, room->order);
        for (uint32_t i = 0; i < n; i++)
            room->sum[i] += (float)blend->weights[m] * room->member[i];
    }
    return STATUS_OK;
}

static enum status blend_score(const struct model *model, const struct query *queries,
                               size_t n_queries, const uint32_t *items, size_t n_items, float *out,
                               struct arena *scratch)
{
    const struct blend *blend = (const struct blend *)model;
    struct room room;
    enum status status = make_room(blend, scratch, &room);
    for (size_t q = 0; q < n_queries && status == STATUS_OK; q++) {
        status = add_up(blend, &queries[q], &room, scratch);
        for (size_t i = 0; i < n_items && status == STATUS_OK; i++) {
            const size_t item = items ? items[i] : i;
            out[q * n_items + i] = item < model->n_items ? room.sum[item] : -INFINITY;
        }
    }
    return status;
}

/* ---- likeness ---- */

static float largest(const float *values, uint32_t n)
{
    float largest = 0;
    for (uint32_t i = 0; i < n; i++)
        if (isfinite(values[i]) && fabsf(values[i]) > largest)
            largest = fabsf(values[i]);
    return largest;
}

static enum status blend_similar(const struct model *model, uint32_t item, float *out,
                                 struct arena *scratch)
{
    const struct blend *blend = (const struct blend *)model;
    const uint32_t n = model->n_items;
    float *member = arena_alloc(scratch, n * sizeof *member);
    if (!member)
        return STATUS_NO_MEMORY;
    for (uint32_t i = 0; i < n; i++)
        out[i] = -INFINITY;
    for (size_t m = 0; m < blend->n; m++) {
        const struct model_class *class = blend->models[m]->class;
        if (!class->similar)
            continue;
        const enum status status = class->similar(blend->models[m], item, member, scratch);
        if (status != STATUS_OK)
            return status;
        const float most = largest(member, n);
        const float factor = most > 0 ? (float)blend->weights[m] / most : 0;
        for (uint32_t i = 0; i < n; i++)
            if (isfinite(member[i]))
                out[i] = (isfinite(out[i]) ? out[i] : 0) + factor * member[i];
    }
    return STATUS_OK;
}

/* ---- files ---- */

static void prefix_of(size_t member, char out[BLEND_PREFIX_SIZE])
{
    snprintf(out, BLEND_PREFIX_SIZE, "blend/%zu/", member);
}

static void blend_save(const struct model *model, struct sections_writer *writer)
{
    const struct blend *blend = (const struct blend *)model;
    const uint32_t shape[] = {model->n_users, model->n_items, (uint32_t)blend->n,
                              (uint32_t)blend->scale};
    char names[BLEND_MEMBERS_MAX][BLEND_NAME_SIZE] = {""};
    for (size_t m = 0; m < blend->n; m++)
        snprintf(names[m], BLEND_NAME_SIZE, "%s", blend->models[m]->class->name);
    sections_add(writer, "blend/shape", SECTION_U32, 4, 1, shape);
    sections_add(writer, "blend/names", SECTION_BYTES, blend->n, BLEND_NAME_SIZE, names);
    sections_add(writer, "blend/weights", SECTION_F64, blend->n, 1, blend->weights);
    for (size_t m = 0; m < blend->n; m++) {
        char prefix[BLEND_PREFIX_SIZE];
        prefix_of(m, prefix);
        sections_prefix(writer, prefix);
        blend->models[m]->class->save(blend->models[m], writer);
        sections_prefix(writer, "");
    }
}

struct heading {
    const struct section *shape, *names, *weights;
};

static enum status read_heading(const struct sections *sections, struct heading *h,
                                struct error *reterr)
{
    enum status status =
        sections_need(sections, "blend/shape", SECTION_U32, 4, 1, &h->shape, reterr);
    if (status != STATUS_OK)
        return status;
    const uint32_t *shape = h->shape->data;
    if (shape[2] < 1 || shape[2] > BLEND_MEMBERS_MAX || shape[3] >= BLEND_SCALES)
        return error_set(reterr, STATUS_CORRUPT, "section blend/shape contradicts itself");
    status = sections_need(sections, "blend/names", SECTION_BYTES, shape[2], BLEND_NAME_SIZE,
                           &h->names, reterr);
    if (status == STATUS_OK)
        status =
            sections_need(sections, "blend/weights", SECTION_F64, shape[2], 1, &h->weights, reterr);
    return status;
}

static enum status load_member(struct blend *blend, size_t m, const char *name,
                               const struct sections *sections, struct error *reterr)
{
    char prefix[BLEND_PREFIX_SIZE];
    const struct model_class *class =
        memchr(name, '\0', BLEND_NAME_SIZE) ? model_class_find(name, NULL) : NULL;
    if (!class || class == &blend_class)
        return error_set(reterr, STATUS_CORRUPT, "section blend/names names no model at %zu", m);
    prefix_of(m, prefix);
    enum status status = sections_under(sections, prefix, &blend->sections[m]);
    if (status != STATUS_OK)
        return error_set(reterr, status, "out of memory for blend");
    status = class->load(blend->sections[m], &blend->models[m], reterr);
    if (status == STATUS_OK && (blend->models[m]->n_users != blend->base.n_users ||
                                blend->models[m]->n_items != blend->base.n_items))
        return error_set(reterr, STATUS_CORRUPT, "section blend/shape is not that of member %zu",
                         m);
    return status;
}

static enum status load_members(struct blend *blend, const struct heading *h,
                                const struct sections *sections, struct error *reterr)
{
    const uint32_t *shape = h->shape->data;
    const double *weights = h->weights->data;
    const char *names = h->names->data;
    blend->base = (struct model){.class = &blend_class, .n_users = shape[0], .n_items = shape[1]};
    blend->scale = (enum blend_scale)shape[3];
    blend->n = shape[2];
    enum status status = STATUS_OK;
    for (size_t m = 0; m < blend->n && status == STATUS_OK; m++) {
        if (!(weights[m] > 0 && weights[m] <= 1e6))
            return error_set(reterr, STATUS_CORRUPT, "section blend/weights has no weight at %zu",
                             m);
        blend->weights[m] = weights[m];
        status = load_member(blend, m, names + m * BLEND_NAME_SIZE, sections, reterr);
    }
    return status;
}

static enum status blend_load(const struct sections *sections, struct model **ret_model,
                              struct error *reterr)
{
    struct heading heading;
    enum status status = read_heading(sections, &heading, reterr);
    if (status != STATUS_OK)
        return status;
    struct blend *blend = calloc(1, sizeof *blend);
    if (!blend)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory for blend");
    status = load_members(blend, &heading, sections, reterr);
    if (status == STATUS_OK)
        *ret_model = &blend->base;
    else
        blend_free(&blend->base);
    return status;
}

const struct model_class blend_class = {
    .name = "blend",
    .summary = "other models added up by weights that are fitted on a part of the training data",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .settings_size = sizeof(struct blend_settings),
    .check = blend_check,
    .fit = blend_fit,
    .estimate = blend_estimate,
    .score = blend_score,
    .similar = blend_similar,
    .save = blend_save,
    .load = blend_load,
    .free = blend_free,
};
