/* GET /v1/map */
#include <string.h>

#include "server/resources/common.h"
#include "server/resources/resources.h"
#include "train/item_map_file.h"

enum {
    CHUNK = 256, /* items between two looks at Live: the writer waits no longer than these take */
    ANSWER_BYTES_MAX = 64 << 20, /* the answer is cut after the item that passes it */
    ITEM_BYTES = 96,             /* that an item takes as a rule */
};

struct asked_map {
    struct request *request;
    struct serving *serving;
    struct item_map_file map;
    struct bitmap wanted; /* by item, where categories are asked for */
    bool has_categories;
    uint32_t fields, n;
    uint32_t n_printed;
    bool cut;
};

/* ---- which items ---- */

static enum status find_wanted(struct asked_map *asked)
{
    const struct request *request = asked->request;
    asked->has_categories = request_parameter(request, "category") != NULL;
    if (!asked->has_categories)
        return STATUS_OK;
    struct live_view view;
    live_view_take(asked->serving->live, &view);
    const enum status status = bitmap_resize(&asked->wanted, view.view.n_items);
    for (size_t i = 0; status == STATUS_OK && i < request->n_parameters; i++)
        if (strcmp(request->parameters[i].parameter->name, "category") == 0)
            view.view.class->category(&view.view, request->parameters[i].text, &asked->wanted);
    view.view.class->release(&view.view);
    return status;
}

static bool is_shown(const struct asked_map *asked, const struct catalogue *catalogue,
                     uint32_t item, int64_t now_ms)
{
    if (item >= catalogue_count(catalogue))
        return false;
    const struct shown_window window = catalogue_window(catalogue, item);
    return window.from_ms <= now_ms && now_ms < window.until_ms &&
           (!asked->has_categories || bitmap_test(&asked->wanted, item));
}

/* ---- the answer ---- */

static void append_item(struct asked_map *asked, const struct catalogue *catalogue, uint32_t at,
                        struct buffer *out)
{
    const uint32_t item = asked->map.items[at];
    const char *categories[CATEGORIES_MAX], *id = catalogue_id(catalogue, item);
    struct item_record record = {0};
    buffer_append_text(out, asked->n_printed++ ? ",{\"id\":" : "{\"id\":");
    buffer_append_json(out, id, strlen(id));
    buffer_append_text(out, ",\"x\":");
    buffer_append_float(out, asked->map.places[2 * (size_t)at]);
    buffer_append_text(out, ",\"y\":");
    buffer_append_float(out, asked->map.places[2 * (size_t)at + 1]);
    if (catalogue_record(catalogue, item, categories, &record) && record.n_categories) {
        buffer_append_text(out, ",\"category\":");
        buffer_append_json(out, record.categories[0], strlen(record.categories[0]));
    }
    for (size_t f = 0; catalogue_fields[f]; f++)
        if (asked->fields >> f & 1)
            catalogue_append_field(catalogue, item, f, out);
    buffer_append_byte(out, '}');
}

static void append_chunk(struct asked_map *asked, uint32_t first, int64_t now_ms,
                         struct buffer *out)
{
    struct live_view view;
    live_view_take(asked->serving->live, &view);
    const struct catalogue *catalogue = live_catalogue(&view);
    for (uint32_t at = first; at < asked->map.n && at < first + CHUNK; at++) {
        if (asked->n_printed == asked->n || asked->cut)
            break;
        if (is_shown(asked, catalogue, asked->map.items[at], now_ms))
            append_item(asked, catalogue, at, out);
        asked->cut = out->size > ANSWER_BYTES_MAX;
    }
    view.view.class->release(&view.view);
}

static void answer(struct asked_map *asked)
{
    const struct item_map_file *map = &asked->map;
    const int64_t now_ms = clock_now_ms();
    struct buffer *out = reply_json(asked->request, 200);
    buffer_reserve(out, (size_t)(map->n < asked->n ? map->n : asked->n) * ITEM_BYTES);
    buffer_append_text(out, "{\"model\":");
    buffer_append_json(out, map->model, strlen(map->model));
    buffer_printf(out, ",\"model_version\":%u,\"perplexity\":%.6g,\"divergence\":%.6g",
                  asked->serving->snapshot->version, map->perplexity, map->divergence);
    buffer_append_text(out, ",\"items\":[");
    for (uint32_t first = 0; first < map->n && !out->failed; first += CHUNK)
        append_chunk(asked, first, now_ms, out);
    buffer_append_text(out, asked->cut ? "],\"cut\":true}" : "],\"cut\":false}");
}

static void answer_map(struct asked_map *asked)
{
    struct request *request = asked->request;
    struct error err = {0};
    if (!request_fields(request, &asked->fields))
        return;
    if (site_open_map(request->site, asked->serving, &asked->map, &err) != STATUS_OK) {
        reply_error(request, &err);
        return;
    }
    if (find_wanted(asked) == STATUS_OK)
        answer(asked);
    else
        reply_problem(request, 503, NULL, "out of memory");
    item_map_file_close(&asked->map);
}

enum handled get_map(struct request *request)
{
    struct asked_map asked = {.request = request,
                              .serving = site_acquire(request->site),
                              .n = (uint32_t)request_int(request, "n", SETTINGS_MAP_MAX)};
    answer_map(&asked);
    bitmap_free(&asked.wanted);
    serving_release(request->site, asked.serving);
    return HANDLED;
}
