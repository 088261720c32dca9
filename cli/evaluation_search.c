#include "cli/evaluation_search.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/table.h"

enum { TITLE_SIZE = 32, SHOWN_MAX = 8 /* trials a model; --json has all */ };

/* What of the settings differs from the defaults. */
static void print_settings(const struct model_class *class, const void *settings,
                           struct buffer *out)
{
    for (size_t i = 0; i < class->n_options; i++) {
        struct buffer value = {0};
        option_print(&class->options[i], settings, &value);
        if (value.data && strcmp(value.data, class->options[i].initial) != 0)
            buffer_printf(out, "%s%s=%s", out->size ? " " : "", class->options[i].name, value.data);
        out->failed |= value.failed;
        buffer_free(&value);
    }
}

static void print_trial(struct table_text *table, const struct search_result *result,
                        const struct search_trial *trial)
{
    const struct model_class *class = result->classes[trial->model];
    struct buffer settings = {0};
    print_settings(class, trial->settings, &settings);
    table_cell(table, "%s", class->name);
    for (size_t r = 0; r < result->n_rungs; r++)
        if (r < trial->rungs && trial->ndcg[r] > 0)
            table_cell(table, "%.4f", trial->ndcg[r]);
        else
            table_cell(table, "%s", "");
    table_cell(table, "%.2f s", trial->seconds);
    table_cell(table, "%s%s%s", settings.size ? settings.data : "(defaults)",
               trial->failure[0] ? ": " : "", trial->failure);
    buffer_free(&settings);
}

struct place {
    size_t model, trial;
    unsigned rungs;
    double ndcg;
};

/* By model, then what came furthest, then the best. */
static int compare_places(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    if (x->model != y->model)
        return x->model < y->model ? -1 : 1;
    if (x->rungs != y->rungs)
        return x->rungs > y->rungs ? -1 : 1;
    if (x->ndcg != y->ndcg)
        return x->ndcg > y->ndcg ? -1 : 1;
    return x->trial < y->trial ? -1 : x->trial > y->trial;
}

static size_t order_trials(const struct search_result *result, struct place *places)
{
    size_t n = 0;
    for (size_t t = 0; t < result->n_trials; t++) {
        const struct search_trial *trial = &result->trials[t];
        if (trial->rungs || trial->failure[0])
            places[n++] = (struct place){.model = trial->model,
                                         .trial = t,
                                         .rungs = trial->rungs,
                                         .ndcg = trial->rungs ? trial->ndcg[trial->rungs - 1] : -1};
    }
    qsort(places, n, sizeof *places, compare_places);
    return n;
}

static enum status print_trials(const struct search_result *result, FILE *out)
{
    char titles[SEARCH_RUNGS_MAX][TITLE_SIZE];
    struct table_column columns[SEARCH_RUNGS_MAX + 3] = {{"trial", false, 0}};
    size_t n_columns = 1;
    for (size_t r = 0; r < result->n_rungs; r++) {
        snprintf(titles[r], TITLE_SIZE, "ndcg@20 of %" PRIu32, result->train_users[r]);
        columns[n_columns++] = (struct table_column){titles[r], true, 0};
    }
    columns[n_columns++] = (struct table_column){"time", true, 0};
    columns[n_columns++] = (struct table_column){"settings", false, 0};
    struct place *places = malloc((result->n_trials + 1) * sizeof *places);
    if (!places)
        return STATUS_NO_MEMORY;
    const size_t n = order_trials(result, places);
    struct table_text *table = table_new(columns, n_columns);
    for (size_t i = 0, shown = 0; i < n; i++) {
        shown = i > 0 && places[i].model == places[i - 1].model ? shown + 1 : 1;
        if (shown <= SHOWN_MAX)
            print_trial(table, result, &result->trials[places[i].trial]);
    }
    free(places);
    return table_print(table, out);
}

enum status evaluation_print_search(const struct search_result *result, FILE *out)
{
    fprintf(out,
            "search: %" PRIu32 " users of a validation part of the training data, %.1f s%s\n\n",
            result->n_users, result->seconds,
            result->ended_early ? ", ended by the time before all trials" : "");
    const enum status status = print_trials(result, out);
    if (status != STATUS_OK || result->winner == SIZE_MAX)
        return status;
    const struct model_class *const *classes = result->classes;
    fprintf(out, "\nBest on the validation part: %s", classes[result->winner]->name);
    for (size_t m = 0; m < result->n_models; m++)
        if (m != result->winner && result->best[m] != SIZE_MAX)
            fprintf(out, "; ahead of %s by %.4f [%+.4f, %+.4f]", classes[m]->name,
                    result->behind[m].mean, result->behind[m].low, result->behind[m].high);
    fprintf(out, ".\n\n");
    return STATUS_OK;
}

/* ---- TensorBoard ---- */

/* A setting as the page filters it: by range, by being so, or by its text. */
static struct hparam hparam_of(const struct option *option, const char *text)
{
    char *end;
    const double number = strtod(text, &end);
    if (end != text && *end == '\0')
        return (struct hparam){.name = option->name, .kind = HPARAM_NUMBER, .number = number};
    if (option->type == OPTION_BOOL)
        return (struct hparam){
            .name = option->name, .kind = HPARAM_BOOL, .number = strcmp(text, "true") == 0};
    return (struct hparam){.name = option->name, .kind = HPARAM_TEXT, .text = text};
}

/* Trials of one group would be one row: each is its own. */
static void start_trial(const struct model_class *class, const void *settings, const char *group,
                        struct board_run *run)
{
    struct buffer *texts = calloc(class->n_options + 1, sizeof *texts);
    struct hparam *hparams = calloc(class->n_options + 1, sizeof *hparams);
    for (size_t i = 0; texts && hparams && i < class->n_options; i++) {
        option_print(&class->options[i], settings, &texts[i]);
        hparams[i] = hparam_of(&class->options[i], texts[i].data ? texts[i].data : "");
    }
    if (texts && hparams)
        board_trial_start(run, hparams, class->n_options, group);
    for (size_t i = 0; texts && i < class->n_options; i++)
        buffer_free(&texts[i]);
    free(texts);
    free(hparams);
}

void evaluation_show_search(const struct search_result *result, struct board *board)
{
    for (size_t t = 0; t < result->n_trials && t < BOARD_TRIALS_MAX; t++) {
        const struct search_trial *trial = &result->trials[t];
        if (trial->rungs == 0)
            continue;
        const struct model_class *class = result->classes[trial->model];
        char name[64];
        snprintf(name, sizeof name, "search-%.40s-%03zu", class->name, t);
        struct board_run *run = board_run_open(board, name, 0);
        start_trial(class, trial->settings, name, run);
        for (unsigned r = 0; r < trial->rungs; r++)
            board_scalar(run, "search/ndcg@20", r, trial->ndcg[r]);
        board_trial_end(run, trial->failure[0] == '\0');
        board_run_close(run);
    }
}
