#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/embedding.h"
#include "cli/report.h"
#include "cli/table.h"
#include "linalg/kernels.h"
#include "linalg/topk.h"

/* One question: what is nearest to the sum, without the words that were asked with. */
struct question {
    float *sum;            /* [d] */
    const uint32_t *leave; /* [n_leave] */
    size_t n_leave;
    const char *words; /* as shown */
};

struct look {
    const struct invocation *invocation;
    struct named_vectors vectors; /* of length 1 */
    uint32_t *rows;               /* [n_arguments] of the words given */
    float *scores;                /* [names.count] */
    float *sum;                   /* [d] */
    struct ranked *best;          /* [number] */
    struct buffer json;
};

static enum status find_words(struct look *look, struct error *reterr)
{
    const struct invocation *invocation = look->invocation;
    for (size_t i = 0; i < invocation->n_arguments; i++) {
        const char *word = invocation->arguments[i];
        look->rows[i] = idmap_find(&look->vectors.names, word, strlen(word));
        if (look->rows[i] == IDMAP_NONE)
            return error_set(reterr, STATUS_NOT_FOUND, "there is no vector of '%.100s'", word);
    }
    return STATUS_OK;
}

static size_t answer(struct look *look, const struct question *question)
{
    const struct named_vectors *v = &look->vectors;
    const float *sum = question->sum;
    const float length = sqrtf(kernels_get()->dot(sum, sum, v->d));
    for (uint32_t r = 0; r < v->names.count; r++)
        look->scores[r] =
            kernels_get()->dot(v->values + r * v->width, sum, v->d) / (length > 0 ? length : 1);
    for (size_t i = 0; i < question->n_leave; i++)
        look->scores[question->leave[i]] = -INFINITY;
    const size_t n = topk_of_all(look->scores, v->names.count, NULL,
                                 (size_t)invocation_whole(look->invocation, "number"), look->best);
    size_t shown = 0;
    while (shown < n && look->best[shown].score > -INFINITY)
        shown++;
    return shown;
}

static enum status print_table(const struct look *look, const struct question *question, size_t n)
{
    const struct table_column columns[] = {{question->words, false, 60}, {"cosine", true, 0}};
    struct table_text *table = table_new(columns, 2);
    for (size_t i = 0; i < n; i++) {
        size_t length;
        const char *name = idmap_id(&look->vectors.names, look->best[i].item, &length);
        table_cell(table, "%.*s", (int)length, name);
        table_cell(table, "%.4f", (double)look->best[i].score);
    }
    return table_print(table, stdout);
}

static void append_json(struct look *look, const struct question *question, size_t n)
{
    struct buffer *out = &look->json;
    buffer_append_text(out, out->size ? ", {\"of\": " : "[{\"of\": ");
    buffer_append_json(out, question->words, strlen(question->words));
    buffer_append_text(out, ", \"nearest\": [");
    for (size_t i = 0; i < n; i++) {
        size_t length;
        const char *name = idmap_id(&look->vectors.names, look->best[i].item, &length);
        buffer_append_text(out, i ? ", {\"name\": " : "{\"name\": ");
        buffer_append_json(out, name, length);
        buffer_append_text(out, ", \"cosine\": ");
        buffer_append_float(out, look->best[i].score);
        buffer_append_byte(out, '}');
    }
    buffer_append_text(out, "]}");
}

static enum status ask(struct look *look, const struct question *question, bool first,
                       struct error *reterr)
{
    const size_t n = answer(look, question);
    if (invocation_flag(look->invocation, "json")) {
        append_json(look, question, n);
        return look->json.failed ? error_set(reterr, STATUS_NO_MEMORY, "out of memory") : STATUS_OK;
    }
    fputs(first ? "" : "\n", stdout);
    const enum status status = print_table(look, question, n);
    return status == STATUS_OK ? status : error_set(reterr, status, "out of memory");
}

static enum status ask_nearest(struct look *look, struct error *reterr)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < look->invocation->n_arguments && status == STATUS_OK; i++) {
        const struct question question = {.sum = look->vectors.values +
                                                 look->rows[i] * look->vectors.width,
                                          .leave = &look->rows[i],
                                          .n_leave = 1,
                                          .words = look->invocation->arguments[i]};
        status = ask(look, &question, i == 0, reterr);
    }
    return status;
}

/* Nearest to b - a + c (Mikolov, Yih and Zweig 2013). */
static enum status ask_analogy(struct look *look, struct error *reterr)
{
    const struct named_vectors *v = &look->vectors;
    const char *const *words = look->invocation->arguments;
    for (uint32_t k = 0; k < v->d; k++)
        look->sum[k] = v->values[look->rows[1] * v->width + k] -
                       v->values[look->rows[0] * v->width + k] +
                       v->values[look->rows[2] * v->width + k];
    char title[3 * VECTORS_NAME_BYTES_MAX + 32];
    snprintf(title, sizeof title, "%s is to %s as %s is to", words[0], words[1], words[2]);
    const struct question question = {
        .sum = look->sum, .leave = look->rows, .n_leave = 3, .words = title};
    return ask(look, &question, true, reterr);
}

static enum status look_at(struct look *look, struct error *reterr)
{
    const struct invocation *invocation = look->invocation;
    enum status status =
        vectors_read(invocation_text(invocation, "vectors"), &look->vectors, reterr);
    if (status != STATUS_OK)
        return status;
    look->rows = calloc(invocation->n_arguments + 1, sizeof *look->rows);
    look->scores = calloc(look->vectors.names.count, sizeof *look->scores);
    look->sum = calloc(look->vectors.d, sizeof *look->sum);
    look->best = calloc((size_t)invocation_whole(invocation, "number"), sizeof *look->best);
    if (!look->rows || !look->scores || !look->sum || !look->best)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory");
    vectors_normalise(&look->vectors);
    status = find_words(look, reterr);
    if (status != STATUS_OK)
        return status;
    status = invocation_flag(invocation, "analogy") ? ask_analogy(look, reterr)
                                                    : ask_nearest(look, reterr);
    if (status == STATUS_OK && look->json.size)
        printf("%s]\n", look->json.data);
    return status;
}

static const char *check_look(const struct invocation *invocation)
{
    const bool nearest = invocation_flag(invocation, "nearest");
    const bool analogy = invocation_flag(invocation, "analogy");
    if (nearest == analogy)
        return "--vectors needs --nearest or --analogy";
    if (analogy && invocation->n_arguments != 3)
        return "--analogy needs three words: A is to B as C is to what?";
    return nearest && invocation->n_arguments == 0 ? "--nearest needs a word" : NULL;
}

int embedding_look(const struct invocation *invocation)
{
    const char *wrong = check_look(invocation);
    if (wrong)
        return report_usage(invocation->command, "%s", wrong);
    struct error err = {0};
    struct look look = {.invocation = invocation};
    const enum status status = look_at(&look, &err);
    named_vectors_free(&look.vectors);
    free(look.rows);
    free(look.scores);
    free(look.sum);
    free(look.best);
    buffer_free(&look.json);
    return status == STATUS_OK ? EXIT_DONE : report_failure(&err);
}
