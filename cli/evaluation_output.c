#include "cli/evaluation_output.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "cli/table.h"

enum { TITLE_SIZE = 48 };

/* ---- tables ---- */

/* "recall@20", or the bare name of what is measured over the whole list. */
static void metric_title(const struct report *report, int metric, size_t k, char out[TITLE_SIZE])
{
    if (metrics[metric].whole_list)
        snprintf(out, TITLE_SIZE, "%s", metrics[metric].name);
    else
        snprintf(out, TITLE_SIZE, "%s@%zu", metrics[metric].name, report->ks[k]);
}

static void print_size(struct table_text *table, uint64_t bytes)
{
    table_cell(table, "%.0f MB", (double)bytes / 1e6);
}

/* One row a model: the metrics at one k with the width of half the interval for recall and NDCG. */
static enum status print_figures(const struct report *report, size_t k, FILE *out)
{
    static const enum metric_kind shown[] = {METRIC_RECALL,    METRIC_NDCG, METRIC_HIT_RATE,
                                             METRIC_PRECISION, METRIC_MRR,  METRIC_MAP};
    enum { N_SHOWN = sizeof shown / sizeof *shown };
    char titles[N_SHOWN][TITLE_SIZE];
    struct table_column columns[N_SHOWN + 7] = {{"model", false, 0}};
    size_t n = 1;
    for (size_t m = 0; m < N_SHOWN; m++) {
        metric_title(report, shown[m], k, titles[m]);
        columns[n++] = (struct table_column){titles[m], true, 0};
    }
    static const char *const others[] = {"coverage", "popularity", "novelty",
                                         "fit",      "peak",       "users/s"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        columns[n++] = (struct table_column){others[i], true, 0};
    struct table_text *table = table_new(columns, n);
    for (size_t i = 0; i < report->n_models; i++) {
        const struct model_report *model = &report->models[i];
        table_cell(table, "%s", model->name);
        for (size_t m = 0; m < N_SHOWN; m++) {
            const struct interval *value = &model->values[shown[m]][k];
            const bool with_width = shown[m] == METRIC_RECALL || shown[m] == METRIC_NDCG;
            if (with_width)
                table_cell(table, "%.4f ±%.4f", value->mean, (value->high - value->low) / 2);
            else
                table_cell(table, "%.4f", value->mean);
        }
        table_cell(table, "%.4f", model->coverage);
        table_cell(table, "%.1f", model->mean_popularity);
        table_cell(table, "%.2f", model->novelty);
        table_cell(table, "%.2f s", model->fit_seconds);
        print_size(table, model->peak_rss_bytes);
        table_cell(table, "%.0f", model->users_per_second);
    }
    return table_print(table, out);
}

static void print_difference(struct table_text *table, const char *a, const char *b,
                             const struct difference differences[COMPARED_COUNT])
{
    table_cell(table, "%s - %s", a, b);
    for (int c = 0; c < COMPARED_COUNT; c++) {
        const struct difference *d = &differences[c];
        table_cell(table, "%+.4f [%+.4f, %+.4f]", d->interval.mean, d->interval.low,
                   d->interval.high);
        table_cell(table, d->p < 0.001 ? "<0.001" : "%.3f", d->p);
    }
}

static enum status print_differences(const struct report *report, FILE *out)
{
    char titles[COMPARED_COUNT][TITLE_SIZE];
    struct table_column columns[1 + 2 * COMPARED_COUNT] = {{"difference", false, 0}};
    for (int c = 0; c < COMPARED_COUNT; c++) {
        metric_title(report, compared_metrics[c], 0, titles[c]);
        columns[1 + 2 * c] = (struct table_column){titles[c], true, 0};
        columns[2 + 2 * c] = (struct table_column){"p", true, 0};
    }
    struct table_text *table = table_new(columns, 1 + 2 * COMPARED_COUNT);
    const struct model_report *models = report->models;
    for (size_t i = 1; i < report->n_models; i++)
        print_difference(table, models[i].name, models[0].name, models[i].over_first);
    for (size_t i = 1; i < report->n_models; i++)
        if (report->best != 0 && i != report->best)
            print_difference(table, models[i].name, models[report->best].name, models[i].over_best);
    return table_print(table, out);
}

static enum status print_slices(const struct report *report, FILE *out)
{
    char title[TITLE_SIZE];
    struct table_column columns[2 + EVALUATE_MODELS_MAX] = {{"", false, 0}, {"users", true, 0}};
    metric_title(report, METRIC_NDCG, 0, title);
    columns[0].title = title;
    for (size_t i = 0; i < report->n_models; i++)
        columns[2 + i] = (struct table_column){report->models[i].name, true, 0};
    struct table_text *table = table_new(columns, 2 + report->n_models);
    for (size_t s = 0; s < report->n_slices; s++) {
        table_cell(table, "%s", report->slices[s].name);
        table_cell(table, "%" PRIu32, report->slices[s].n_users);
        for (size_t i = 0; i < report->n_models; i++)
            table_cell(table, "%.4f", report->models[i].slices[s][COMPARED_NDCG]);
    }
    return table_print(table, out);
}

enum status evaluation_print(const struct report *report, const char *split, FILE *out)
{
    fprintf(out,
            "%" PRIu32 " users measured (%" PRIu32 " with training events), %" PRIu32
            " items, %" PRIu64 " training pairs, %" PRIu64 " test pairs; split: %s\n\n",
            report->n_users, report->n_warm_users, report->n_items, report->n_train, report->n_test,
            split);
    enum status status = STATUS_OK;
    for (size_t k = 0; k < report->n_ks && status == STATUS_OK; k++) {
        status = print_figures(report, k, out);
        fputc('\n', out);
    }
    if (status == STATUS_OK && report->n_models > 1) {
        status = print_differences(report, out);
        fputc('\n', out);
    }
    return status == STATUS_OK && report->n_slices ? print_slices(report, out) : status;
}

static void print_shift(const struct ranker_shift *shift, FILE *out)
{
    fputs("from the retriever of its rows to the one that serves, in deviations:", out);
    for (int what = 0; what < shift->after.n; what++) {
        char name[SHIFT_NAME_SIZE];
        ranker_shift_name(shift, what, name);
        fprintf(out, "%s %s %+.3f", what ? "," : "", name, shift->shift[what]);
    }
    fputc('\n', out);
}

void evaluation_append_ranking(const char *name, const struct ranker_fit_report *r,
                               const struct ranker_shift *shift, struct buffer *out)
{
    buffer_append_text(out, "{\"name\": ");
    buffer_append_json(out, name, strlen(name));
    buffer_printf(out,
                  ", \"rows_of\": \"%s\", \"calibrated\": %s, \"rows\": %" PRIu32
                  ", \"positives\": %" PRIu32 ", \"moments\": %" PRIu32 ", \"wanted\": %" PRIu64
                  ", \"auc\": ",
                  r->of_impressions ? "impressions" : "candidates",
                  r->calibrated ? "true" : "false", r->rows, r->positives, r->moments, r->wanted);
    buffer_append_double(out, r->auc);
    buffer_append_text(out, ", \"auc_of_retriever\": ");
    buffer_append_double(out, r->auc_before);
    buffer_append_text(out, ", \"shift\": ");
    if (shift)
        ranker_shift_append_json(shift, out);
    else
        buffer_append_text(out, "null");
    buffer_append_byte(out, '}');
}

static void print_rows(const char *name, const struct ranker_fit_report *r, FILE *out)
{
    if (r->of_impressions)
        fprintf(out,
                "\n%s: %" PRIu32 " items shown in %" PRIu32 " lists, %" PRIu32
                " chosen; chances are %scalibrated\n",
                name, r->rows, r->moments, r->positives, r->calibrated ? "" : "not ");
    else
        fprintf(out,
                "\n%s: %" PRIu32 " rows of %" PRIu32 " moments, %" PRIu32 " positive (of %" PRIu64
                " that came, the others were not proposed), %.0f %% of the other candidates\n",
                name, r->rows, r->moments, r->positives, r->wanted, 100 * r->share);
}

void evaluation_print_ranking(const char *name, const struct ranker_fit_report *r,
                              const struct ranker_shift *shift, FILE *out)
{
    print_rows(name, r, out);
    fprintf(out,
            "AUC within a moment, other users: %.4f, by the retriever %.4f; %" PRIu32
            " passes, the best was %" PRIu32 "; log loss %.5f, validation %.5f; %.2f s\n",
            r->auc, r->auc_before, r->fit.epochs, r->fit.best_epoch, r->fit.train_loss,
            r->fit.valid_loss, r->seconds);
    if (shift)
        print_shift(shift, out);
}

/* ---- files ---- */

static void print_csv(FILE *out, const char *text, size_t length)
{
    bool plain = true;
    for (size_t i = 0; i < length; i++)
        plain = plain && !strchr(",\"\r\n", text[i]);
    if (plain) {
        fwrite(text, 1, length, out);
        return;
    }
    fputc('"', out);
    for (size_t i = 0; i < length; i++)
        fprintf(out, text[i] == '"' ? "\"\"" : "%c", text[i]);
    fputc('"', out);
}

static void print_id(FILE *out, const struct idmap *ids, uint32_t number)
{
    size_t length = 0;
    const char *id = number < ids->count ? idmap_id(ids, number, &length) : "";
    if (length)
        print_csv(out, id, length);
    else
        fprintf(out, "%" PRIu32, number);
}

static enum status close_file(FILE *out, const char *path, struct error *reterr)
{
    const bool failed = ferror(out);
    if (fclose(out) != 0 || failed)
        return error_set_errno(reterr, errno, "writing %s", path);
    return STATUS_OK;
}

static void print_user(const struct report *report, const struct model_report *model, size_t user,
                       FILE *out)
{
    print_csv(out, model->name, strlen(model->name));
    for (int m = 0; m < METRIC_COUNT; m++)
        for (size_t k = 0; k < (metrics[m].whole_list ? 1 : report->n_ks); k++)
            fprintf(out, ",%.9g", model->per_user[m][k][user]);
    fputc('\n', out);
}

enum status evaluation_write_users(const struct report *report, const struct dataset *dataset,
                                   const char *path, struct error *reterr)
{
    FILE *out = fopen(path, "we");
    if (!out)
        return error_set_errno(reterr, errno, "writing %s", path);
    fputs("user,history,model", out);
    for (int m = 0; m < METRIC_COUNT; m++)
        for (size_t k = 0; k < (metrics[m].whole_list ? 1 : report->n_ks); k++) {
            char title[TITLE_SIZE];
            metric_title(report, m, k, title);
            fprintf(out, ",%s", title);
        }
    fputc('\n', out);
    for (size_t i = 0; i < report->n_models; i++)
        for (size_t u = 0; u < report->n_users; u++) {
            print_id(out, &dataset->user_ids, report->users[u]);
            fprintf(out, ",%" PRIu32 ",", report->history_lengths[u]);
            print_user(report, &report->models[i], u, out);
        }
    return close_file(out, path, reterr);
}

static void print_event(FILE *out, const struct dataset *dataset, uint32_t user, uint64_t event)
{
    print_id(out, &dataset->user_ids, user);
    fputc(',', out);
    print_id(out, &dataset->item_ids, dataset->items[event]);
    fprintf(out, ",%s,", dataset->types.of[dataset->type_codes[event]].name);
    if (dataset->times[event] != TIME_UNKNOWN) {
        char time[TIME_TEXT_SIZE];
        time_format(dataset->times[event], time);
        fputs(time, out);
    }
    if (isnan(dataset->values[event]))
        fputs(",\n", out);
    else
        fprintf(out, ",%.9g\n", (double)dataset->values[event]);
}

static enum status write_part(const struct evaluation_data *data, bool held, const char *folder,
                              const char *name, struct error *reterr)
{
    char path[PATH_BYTES_MAX];
    if (path_join(path, folder, name) != STATUS_OK)
        return error_set(reterr, STATUS_TOO_LARGE, "the path of %s is too long", name);
    FILE *out = fopen(path, "we");
    if (!out)
        return error_set_errno(reterr, errno, "writing %s", path);
    const struct dataset *d = data->dataset;
    fputs("user,item,type,timestamp,rating\n", out);
    for (uint32_t u = 0; u < d->n_users; u++)
        for (uint64_t e = d->starts[u]; e < d->starts[u + 1]; e++)
            if (bitmap_test(&data->held, (uint32_t)e) == held)
                print_event(out, d, u, e);
    return close_file(out, path, reterr);
}

enum status evaluation_write_parts(const struct evaluation_data *data, const char *folder,
                                   struct error *reterr)
{
    enum status status = folder_make(folder, reterr);
    if (status == STATUS_OK)
        status = write_part(data, false, folder, "train.csv", reterr);
    return status == STATUS_OK ? write_part(data, true, folder, "test.csv", reterr) : status;
}
