#include "server/resources/asked.h"

#include <string.h>

enum {
    /* What an answer takes as a rule; it grows where ids are long. */
    ANSWER_BYTES = 400,
    ITEM_BYTES = 48,
};

void asked_begin(struct asked *asked, struct request *request)
{
    asked->request = request;
    asked->query = (struct recommend_request){.user = QUERY_NO_USER,
                                              .n = ASKED_N,
                                              .now_ms = clock_now_ms(),
                                              .categories = asked->categories};
}

void asked_take(struct asked *asked)
{
    asked->serving = site_acquire(asked->request->site);
    live_view_take(asked->serving->live, &asked->view);
}

void asked_end(struct asked *asked)
{
    if (!asked->serving)
        return;
    asked->view.view.class->release(&asked->view.view);
    serving_release(asked->request->site, asked->serving);
}

void asked_page(struct asked *asked, int64_t n, int64_t offset)
{
    asked->query.n = (uint32_t)n;
    asked->query.offset = (uint32_t)offset;
}

/* ---- values ---- */

bool asked_reach_is_allowed(struct asked *asked, const char *pointer)
{
    const uint32_t reach = asked->query.n + asked->query.offset;
    if (reach <= RECOMMEND_REACH_MAX)
        return true;
    reply_problem(asked->request, 422, pointer, "n + offset is %u; at most %d can be reached",
                  reach, RECOMMEND_REACH_MAX);
    return false;
}

bool asked_add_field(struct asked *asked, const char *name, const char *pointer)
{
    return request_add_field(asked->request, name, pointer, &asked->fields);
}

bool asked_add_hidden_type(struct asked *asked, const char *name, const char *pointer)
{
    const struct event_types *types = site_types(asked->request->site);
    const uint8_t code = event_types_code(types, name);
    if (code) {
        asked->hide_types[code] = true;
        return true;
    }
    const char *nearest = event_types_nearest(types, name);
    reply_problem(asked->request, 422, pointer, "no type '%.64s'%s", name,
                  text_suggest(nearest).text);
    return false;
}

bool asked_set_model(struct asked *asked, const char *name, const char *pointer)
{
    const struct view *view = &asked->view.view;
    const struct model *model = model_named(view->models, view->n_models, name);
    if (model) {
        asked->query.model = model;
        return true;
    }
    request_refuse_model(asked->request, pointer, name);
    return false;
}

/* ---- the answer ---- */

static void append_items(const struct asked *asked, const struct recommendation *made,
                         struct buffer *out)
{
    const struct catalogue *catalogue = live_catalogue(&asked->view);
    buffer_append_text(out, ",\"items\":[");
    for (uint32_t i = 0; i < made->n; i++) {
        buffer_append_text(out, i ? ",{" : "{");
        append_member(out, "id", catalogue_id(catalogue, made->items[i].item));
        buffer_append_text(out, ",\"score\":");
        buffer_append_float(out, made->items[i].score);
        for (size_t f = 0; catalogue_fields[f]; f++)
            if (asked->fields >> f & 1)
                catalogue_append_field(catalogue, made->items[i].item, f, out);
        buffer_append_byte(out, '}');
    }
    buffer_append_byte(out, ']');
}

void asked_answer(const struct asked *asked, const char *subject, const char *id,
                  const struct recommendation *made, const char *strategy)
{
    struct request *request = asked->request;
    const uint32_t version = asked->serving->snapshot->version;
    char name[RECOMMENDATION_ID_SIZE];
    site_recommendation_id(request->site, asked->query.now_ms, version, name);
    site_count_list(request->site, strategy, version, asked->query.offset, made->n);
    struct buffer *out = reply_json(request, 200);
    buffer_reserve(out, ANSWER_BYTES + (size_t)made->n * ITEM_BYTES);
    buffer_append_text(out, "{\"recommendation_id\":\"");
    buffer_append_text(out, name);
    buffer_append_text(out, "\"");
    if (subject) {
        buffer_append_byte(out, ',');
        append_member(out, subject, id);
    }
    append_items(asked, made, out);
    buffer_append_text(out, ",\"score_kind\":\"");
    buffer_append_text(out, made->calibrated                        ? "probability"
                            : strcmp(made->strategy, "latest") == 0 ? "rank"
                                                                    : "preference");
    buffer_append_text(out, "\",\"eligible\":");
    buffer_append_whole(out, made->eligible);
    buffer_append_text(out, ",\"model\":\"");
    buffer_append_text(out, made->model);
    buffer_append_text(out, "\",\"model_version\":");
    buffer_append_whole(out, version);
    buffer_append_text(out, ",\"strategy\":\"");
    buffer_append_text(out, made->strategy);
    buffer_append_text(out, "\"}");
}
