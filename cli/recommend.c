/* The subcommands recommend and similar. */
#include <math.h>
#include <string.h>

#include "cli/answering.h"
#include "cli/commands.h"
#include "cli/report.h"
#include "cli/table.h"

enum { USERS_PAGE = 500, FORMAT_CSV = 1, TITLE_WIDTH = 60 };

/* A request with what the options say. Arrays come from the arena. */
static enum status request_of(const struct invocation *invocation,
                              const struct answering *answering, struct arena *arena,
                              struct recommend_request *ret_request, struct error *reterr)
{
    const char **categories = arena_zalloc(arena, invocation->n_given + 1, sizeof *categories);
    uint32_t *exclude = arena_zalloc(arena, invocation->n_given + 1, sizeof *exclude);
    if (!categories || !exclude)
        return error_set(reterr, STATUS_NO_MEMORY, "no memory for the request");
    *ret_request = (struct recommend_request){.user = QUERY_NO_USER,
                                              .n = (uint32_t)invocation_whole(invocation, "number"),
                                              .now_ms = clock_now_ms(),
                                              .categories = categories,
                                              .exclude = exclude};
    const struct given *given = NULL;
    while ((given = invocation_next(invocation, "category", given)))
        categories[ret_request->n_categories++] = given->value.text;
    while ((given = invocation_next(invocation, "exclude", given))) {
        const uint32_t item = live_find_item(&answering->view, given->value.text);
        if (item != NUMBER_NONE)
            exclude[ret_request->n_exclude++] = item;
    }
    if (ret_request->n_categories > RECOMMEND_CATEGORIES_MAX ||
        ret_request->n_exclude > RECOMMEND_EXCLUDE_MAX)
        return error_set(reterr, STATUS_TOO_LARGE, "at most %d --category and %d --exclude",
                         RECOMMEND_CATEGORIES_MAX, RECOMMEND_EXCLUDE_MAX);
    return STATUS_OK;
}

/* --context NAME:VALUE, as the API's context=. */
static enum status read_context(const struct invocation *invocation, struct arena *arena,
                                struct recommend_request *request, struct error *reterr)
{
    struct fact_pair pairs[FACT_PAIRS_MAX];
    size_t n = 0;
    const struct given *given = NULL;
    while ((given = invocation_next(invocation, "context", given))) {
        if (n == FACT_PAIRS_MAX)
            return error_set(reterr, STATUS_TOO_LARGE, "at most %d --context", FACT_PAIRS_MAX);
        const enum status status = fact_pair_read(given->value.text, arena, &pairs[n++]);
        if (status != STATUS_OK)
            return error_set(reterr, status, "--context %.60s: it takes NAME:VALUE",
                             given->value.text);
    }
    if (n && fact_record_of_pairs(pairs, n, arena, &request->context) != STATUS_OK)
        return error_set(reterr, STATUS_NO_MEMORY, "no memory for the request");
    return STATUS_OK;
}

static enum status choose_model(const struct answering *answering, const char *name,
                                struct recommend_request *request, struct error *reterr)
{
    const struct view *view = &answering->view.view;
    if (!name)
        return STATUS_OK;
    request->model = model_named(view->models, view->n_models, name);
    if (request->model)
        return STATUS_OK;
    char known[256] = "";
    for (size_t i = 0; i < view->n_models; i++) {
        const size_t used = strlen(known);
        snprintf(known + used, sizeof known - used, "%s%s", i ? ", " : "",
                 view->models[i]->class->name);
    }
    return error_set(reterr, STATUS_NOT_FOUND,
                     "the active snapshot has no model '%.60s'; it has %s", name,
                     *known ? known : "none: run 'tastevin train'");
}

/* ---- one answer ---- */

static enum status print_json(const struct answering *answering, const char *key, const char *id,
                              const struct recommendation *answer, struct arena *arena)
{
    json_t *items = json_array();
    for (uint32_t i = 0; i < answer->n; i++) {
        const char *title = answering_title(answering, answer->items[i].item, arena);
        json_t *item = json_pack(
            "{s:s, s:o}", "id",
            catalogue_id(live_catalogue(&answering->view), answer->items[i].item), "score",
            isfinite(answer->items[i].score) ? json_real((double)answer->items[i].score)
                                             : json_null());
        if (title && *title)
            json_object_set_new(item, "title", json_string(title));
        json_array_append_new(items, item);
    }
    json_t *document =
        json_pack("{s:s, s:o, s:i, s:s, s:s}", key, id, "items", items, "eligible",
                  (int)answer->eligible, "model", answer->model, "strategy", answer->strategy);
    const bool written =
        document && json_dumpf(document, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(9)) == 0;
    putchar('\n');
    json_decref(document);
    return written ? STATUS_OK : STATUS_NO_MEMORY;
}

static enum status print_table(const struct answering *answering,
                               const struct recommendation *answer, uint32_t offset,
                               struct arena *arena)
{
    static const struct table_column columns[] = {
        {"rank", true, 0}, {"item", false, 40}, {"title", false, TITLE_WIDTH}, {"score", true, 0}};
    struct table_text *table = table_new(columns, sizeof columns / sizeof *columns);
    for (uint32_t i = 0; i < answer->n; i++) {
        const char *title = answering_title(answering, answer->items[i].item, arena);
        table_cell(table, "%u", offset + i + 1);
        table_cell(table, "%s",
                   catalogue_id(live_catalogue(&answering->view), answer->items[i].item));
        table_cell(table, "%s", title ? title : "");
        table_cell(table, "%.4f", (double)answer->items[i].score);
    }
    return table_print(table, stdout);
}

static enum status recommend_one(const struct answering *answering,
                                 const struct invocation *invocation,
                                 struct recommend_request *request, struct arena *arena)
{
    const char *id = invocation->arguments[0];
    struct recommendation answer;
    const uint32_t user = live_find_user(&answering->view, id);
    request->user = user == NUMBER_NONE ? QUERY_NO_USER : user;
    enum status status = recommend(&answering->view.view, request, arena, &answer);
    if (status != STATUS_OK)
        return status;
    if (invocation_flag(invocation, "json"))
        return print_json(answering, "user", id, &answer, arena);
    if (user == NUMBER_NONE)
        report_note("User '%s' is not known: this is the best for anybody.", id);
    status = print_table(answering, &answer, request->offset, arena);
    report_note("by %s (%s), %u items may be shown", answer.model, answer.strategy,
                answer.eligible);
    return status;
}

/* ---- every user ---- */

struct all_users {
    const struct answering *answering;
    struct recommend_request *request;
    bool csv;
    uint32_t last;
    size_t seen;
    struct arena scratch;
    struct buffer line;
};

/* A CSV field, quoted where it has to be. */
static void append_csv(struct buffer *line, const char *text)
{
    if (!strpbrk(text, ",\"\r\n")) {
        buffer_append_text(line, text);
        return;
    }
    buffer_append_byte(line, '"');
    for (; *text; text++) {
        if (*text == '"')
            buffer_append_byte(line, '"');
        buffer_append_byte(line, *text);
    }
    buffer_append_byte(line, '"');
}

static void append_answer(struct all_users *all, const char *user,
                          const struct recommendation *answer)
{
    struct buffer *line = &all->line;
    const struct catalogue *catalogue = live_catalogue(&all->answering->view);
    if (!all->csv) {
        buffer_append_text(line, "{\"user\":");
        buffer_append_json(line, user, strlen(user));
        buffer_append_text(line, ",\"items\":[");
    }
    for (uint32_t i = 0; i < answer->n; i++) {
        const char *id = catalogue_id(catalogue, answer->items[i].item);
        if (all->csv) {
            append_csv(line, user);
            buffer_printf(line, ",%u,", i + 1 + all->request->offset);
            append_csv(line, id);
            buffer_append_byte(line, ',');
        } else {
            buffer_append_text(line, i ? ",{\"id\":" : "{\"id\":");
            buffer_append_json(line, id, strlen(id));
            buffer_append_text(line, ",\"score\":");
        }
        buffer_append_float(line, answer->items[i].score);
        buffer_append_text(line, all->csv ? "\n" : "}");
    }
    if (!all->csv)
        buffer_append_text(line, "]}\n");
}

static enum status each_user(void *context, uint32_t number, const struct user_record *user)
{
    struct all_users *all = context;
    struct recommendation answer;
    all->last = number;
    all->seen++;
    all->request->user = number;
    arena_reset(&all->scratch);
    buffer_clear(&all->line);
    const enum status status =
        recommend(&all->answering->view.view, all->request, &all->scratch, &answer);
    if (status != STATUS_OK)
        return status;
    append_answer(all, user->id, &answer);
    if (all->line.failed)
        return STATUS_NO_MEMORY;
    return fwrite(all->line.data, 1, all->line.size, stdout) == all->line.size ? STATUS_OK
                                                                               : STATUS_IO;
}

static enum status recommend_all(struct context *context, struct all_users *all,
                                 struct error *reterr)
{
    enum status status = STATUS_OK;
    if (all->csv)
        puts("user,rank,item,score");
    uint32_t from = 0;
    do {
        all->seen = 0;
        status = store_list_users(context->store, from, USERS_PAGE, each_user, all, reterr);
        from = all->last + 1;
    } while (status == STATUS_OK && all->seen == USERS_PAGE);
    arena_free(&all->scratch);
    buffer_free(&all->line);
    return status;
}

static enum status answer_request(struct context *context, const struct answering *answering,
                                  const struct invocation *invocation, struct arena *arena,
                                  struct error *reterr)
{
    struct recommend_request request;
    enum status status = request_of(invocation, answering, arena, &request, reterr);
    if (status == STATUS_OK)
        status = choose_model(answering, invocation_text(invocation, "model"), &request, reterr);
    if (status != STATUS_OK)
        return status;
    status = read_context(invocation, arena, &request, reterr);
    if (status != STATUS_OK)
        return status;
    request.offset = (uint32_t)invocation_whole(invocation, "offset");
    if (request.n + request.offset > RECOMMEND_REACH_MAX)
        return error_set(reterr, STATUS_OUT_OF_RANGE, "--number and --offset reach to %u at most",
                         RECOMMEND_REACH_MAX);
    request.seen = (enum seen_rule)invocation_choice(invocation, "seen");
    if (!invocation_flag(invocation, "all"))
        return recommend_one(answering, invocation, &request, arena);
    struct all_users all = {.answering = answering,
                            .request = &request,
                            .csv = invocation_choice(invocation, "format") == FORMAT_CSV};
    return recommend_all(context, &all, reterr);
}

/* Opens what answers, and closes it behind `answer`. */
static int with_answering(const struct invocation *invocation,
                          enum status (*answer)(struct context *context,
                                                const struct answering *answering,
                                                const struct invocation *invocation,
                                                struct arena *arena, struct error *reterr))
{
    struct error err = {0};
    struct context context = {0};
    struct answering answering = {0};
    struct arena arena = {0};
    enum status status = context_open(invocation, CONTEXT_READ, &context, &err);
    if (status == STATUS_OK)
        status = answering_open(&context, &answering, &err);
    if (status == STATUS_OK)
        status = answer(&context, &answering, invocation, &arena, &err);
    arena_free(&arena);
    answering_close(&answering);
    context_close(&context);
    err.status = status;
    return status == STATUS_OK ? EXIT_DONE : report_failure(&err);
}

int command_recommend(const struct invocation *invocation)
{
    const bool all = invocation_flag(invocation, "all");
    if (all == (invocation->n_arguments == 1))
        return report_usage(invocation->command, "name a user, or say --all");
    return with_answering(invocation, answer_request);
}

/* ---- similar ---- */

static const char *likeness_name(const void *context, size_t i)
{
    (void)context;
    return likenesses[i].by;
}

static enum status choose_likeness(const struct answering *answering, const char *by,
                                   struct recommend_request *request, struct error *reterr)
{
    size_t at = 0;
    if (!by)
        return STATUS_OK;
    while (likenesses[at].by && strcmp(likenesses[at].by, by) != 0)
        at++;
    if (!likenesses[at].by) {
        const char *nearest = text_nearest(by, at, likeness_name, NULL);
        return error_set(reterr, STATUS_OUT_OF_RANGE, "no likeness by '%.60s'%s", by,
                         text_suggest(nearest).text);
    }
    request->model = likeness_model(&answering->view.view, &likenesses[at]);
    if (request->model)
        return STATUS_OK;
    return error_set(reterr, STATUS_UNSUPPORTED,
                     "the active snapshot has no model for likeness by %s; add %s to "
                     "models.retrievers and run 'tastevin train'",
                     by, likenesses[at].model ? likenesses[at].model : "itemknn or another");
}

static enum status similar_items(struct context *context, const struct answering *answering,
                                 const struct invocation *invocation, struct arena *arena,
                                 struct error *reterr)
{
    (void)context;
    const char *id = invocation->arguments[0];
    struct recommend_request request;
    struct recommendation answer;
    const uint32_t item = live_find_item(&answering->view, id);
    if (item == NUMBER_NONE)
        return error_set(reterr, STATUS_NOT_FOUND, "there is no item '%.100s'", id);
    enum status status = request_of(invocation, answering, arena, &request, reterr);
    if (status == STATUS_OK)
        status = choose_likeness(answering, invocation_text(invocation, "by"), &request, reterr);
    if (status != STATUS_OK)
        return status;
    status = recommend_similar(&answering->view.view, item, &request, arena, &answer);
    if (status == STATUS_UNSUPPORTED)
        return error_set(reterr, status,
                         "no model of the active snapshot knows which items are alike; run "
                         "'tastevin train' with one that does");
    if (status != STATUS_OK)
        return status;
    return invocation_flag(invocation, "json") ? print_json(answering, "item", id, &answer, arena)
                                               : print_table(answering, &answer, 0, arena);
}

int command_similar(const struct invocation *invocation)
{
    return with_answering(invocation, similar_items);
}
