/* GET /v1/users/{user}/items/{item}/prediction */
#include "recommend/rate.h"
#include "server/resources/common.h"
#include "server/resources/resources.h"

/* The model that was asked for; without a name the first that predicts, `popular` last: what it
 * says by means any other should know better. NULL after a problem was replied. */
static const struct model *choose_model(struct request *request, const struct view *view)
{
    const char *name = request_text(request, "model");
    const struct model *model = recommend_rating_model(view, name);
    if (model && recommend_predicts(model))
        return model;
    if (name && !model)
        request_refuse_model(request, "?model", name);
    else if (name)
        reply_problem(request, 409, NULL,
                      "'%.64s' serves now but predicts no ratings (autorec does, with "
                      "models.autorec.loss: ratings, once it was trained on ratings)",
                      name);
    else
        reply_problem(request, 409, NULL,
                      "no model that serves now predicts ratings: none was trained on ratings yet");
    return NULL;
}

static void answer(struct request *request, const struct serving *serving,
                   const struct model *model, float rating)
{
    struct rating_scale scale = {0};
    model->class->rating_scale(model, &scale);
    struct buffer *out = reply_json(request, 200);
    buffer_append_byte(out, '{');
    append_member(out, "user", request->values[0]);
    buffer_append_byte(out, ',');
    append_member(out, "item", request->values[1]);
    buffer_append_text(out, ",\"rating\":");
    buffer_append_float(out, rating);
    buffer_append_text(out, ",\"scale\":{\"low\":");
    buffer_append_float(out, scale.low);
    buffer_append_text(out, ",\"high\":");
    buffer_append_float(out, scale.high);
    buffer_append_text(out, "},");
    append_member(out, "model", model->class->name);
    buffer_append_text(out, ",\"model_version\":");
    buffer_append_whole(out, serving->snapshot->version);
    buffer_append_byte(out, '}');
}

static void predict(struct request *request, const struct serving *serving,
                    const struct live_view *view)
{
    const uint32_t user = live_find_user(view, request->values[0]),
                   item = live_find_item(view, request->values[1]);
    if (user == NUMBER_NONE || item == NUMBER_NONE) {
        const bool no_user = user == NUMBER_NONE;
        reply_problem(request, 404, NULL, "there is no %s '%.200s'", no_user ? "user" : "item",
                      request->values[no_user ? 0 : 1]);
        return;
    }
    const struct model *model = choose_model(request, &view->view);
    float rating;
    if (!model)
        return;
    if (recommend_rating(&view->view, model, user, item, &request->arena, &rating) == STATUS_OK)
        answer(request, serving, model, rating);
    else
        reply_problem(request, 503, NULL, "out of memory");
}

enum handled get_prediction(struct request *request)
{
    struct live_view view;
    struct serving *serving = site_acquire(request->site);
    live_view_take(serving->live, &view);
    predict(request, serving, &view);
    view.view.class->release(&view.view);
    serving_release(request->site, serving);
    return HANDLED;
}
