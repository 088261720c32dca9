#include "recommend/rate.h"

#include <string.h>

bool recommend_predicts(const struct model *model)
{
    struct rating_scale scale;
    return model->class->predict && model->class->rating_scale(model, &scale);
}

const struct model *recommend_rating_model(const struct view *view, const char *name)
{
    if (name)
        return model_named(view->models, view->n_models, name);
    const struct model *last = NULL;
    for (size_t i = 0; i < view->n_models; i++) {
        const struct model *model = view->models[i];
        if (!recommend_predicts(model))
            continue;
        if (strcmp(model->class->name, "popular") != 0)
            return model;
        last = model;
    }
    return last;
}

enum status recommend_rating(const struct view *view, const struct model *model, uint32_t user,
                             uint32_t item, struct arena *arena, float *ret_rating)
{
    const struct touch *touches;
    size_t n;
    struct query query = {.user = user < model->n_users ? user : QUERY_NO_USER};
    enum status status = view->class->touches(view, user, arena, &touches, &n, &query.fresh);
    if (status != STATUS_OK)
        return status;
    struct rating *ratings = arena_alloc(arena, n * sizeof *ratings);
    struct signal *signals = arena_alloc(arena, n * sizeof *signals);
    if (!ratings || !signals)
        return STATUS_NO_MEMORY;
    query.n_ratings = (uint32_t)ratings_of_touches(touches, n, view->types, ratings);
    query.ratings = ratings;
    query.n = (uint32_t)signals_of_touches(touches, n, view->types, view->frame, signals);
    query.history = signals;
    return model->class->predict(model, &query, &item, 1, ret_rating, arena);
}
