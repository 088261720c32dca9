#include "cli/answering.h"

#include <string.h>

#include "base/json.h"

static enum status load(struct context *context, struct answering *answering, struct error *reterr)
{
    uint32_t version = 0;
    const enum status status = active_version(context->store, &version, reterr);
    if (status != STATUS_OK)
        return status;
    return version ? snapshot_load(context->snapshots, version, &answering->snapshot, reterr)
                   : snapshot_new_empty(&context->types, &answering->snapshot);
}

static enum status follow(struct context *context, struct answering *answering,
                          struct error *reterr)
{
    const struct snapshot *s = answering->snapshot;
    struct live_base base = snapshot_live_base(s);
    base.types = &context->types;
    base.rules = rules_make(&context->settings, s->models, s->n_models);
    struct catalogue *catalogue = NULL;
    enum status status = snapshot_catalogue(s, &catalogue, reterr);
    if (status == STATUS_OK)
        status = live_new(&base, catalogue, &answering->live, reterr);
    if (status == STATUS_OK)
        status = live_catch_up(answering->live, context->store, NULL, reterr);
    return status;
}

enum status answering_open(struct context *context, struct answering *ret_answering,
                           struct error *reterr)
{
    *ret_answering = (struct answering){0};
    enum status status = load(context, ret_answering, reterr);
    if (status == STATUS_OK)
        status = follow(context, ret_answering, reterr);
    if (status != STATUS_OK)
        return status;
    live_view_take(ret_answering->live, &ret_answering->view);
    ret_answering->viewed = true;
    return STATUS_OK;
}

void answering_close(struct answering *answering)
{
    if (answering->viewed)
        answering->view.view.class->release(&answering->view.view);
    live_free(answering->live);
    snapshot_release(answering->snapshot);
    *answering = (struct answering){0};
}

static size_t title_field(void)
{
    size_t i = 0;
    while (catalogue_fields[i] && strcmp(catalogue_fields[i], "title") != 0)
        i++;
    return i;
}

const char *answering_title(const struct answering *answering, uint32_t item, struct arena *arena)
{
    struct buffer text = {0};
    json_t *value = NULL;
    const char *title = "";
    const size_t field = title_field();
    buffer_append_byte(&text, '{');
    if (catalogue_fields[field])
        catalogue_append_field(live_catalogue(&answering->view), item, field, &text);
    buffer_append_byte(&text, '}');
    /* Fields are printed to follow another one: the comma in front gives way. */
    if (!text.failed && text.size > 2 && text.data[1] == ',')
        text.data[1] = ' ';
    if (!text.failed && json_parse(text.data, text.size, &value, NULL) == STATUS_OK)
        title = json_string_value(json_object_get(value, "title"));
    title = arena_strndup(arena, title ? title : "", title ? strlen(title) : 0);
    json_decref(value);
    buffer_free(&text);
    return title;
}
