#include "recommend/ranker.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static const char label_name[] = "chosen";

enum { DIGITS = 12 };

/* ---- the spec's columns ---- */

static const char *value_name(const void *context, size_t i)
{
    (void)context;
    return rank_values[i].name;
}

static enum status find_value(const struct feature_spec *spec, uint32_t column, uint8_t *ret_value,
                              struct error *reterr)
{
    const struct spec_column *c = &spec->columns[column];
    for (size_t i = 0; i < RANK_VALUES; i++) {
        if (strcmp(c->name, rank_values[i].name) != 0)
            continue;
        if (c->number && !rank_values[i].number)
            return error_set(reterr, STATUS_MALFORMED,
                             "%s:%u: '%s' is a list of items and no number: make it categorical",
                             spec->file, c->line, c->name);
        *ret_value = (uint8_t)i;
        return STATUS_OK;
    }
    const char *nearest = text_nearest(c->name, RANK_VALUES, value_name, NULL);
    return error_set(reterr, STATUS_NOT_FOUND, "%s:%u: a ranker has no value '%.60s'%s%s%s",
                     spec->file, c->line, c->name, nearest ? "; did you mean '" : "",
                     nearest ? nearest : "", nearest ? "'?" : "");
}

enum status ranker_columns(const struct feature_spec *spec, uint8_t *ret_values,
                           struct error *reterr)
{
    if (spec->label == UINT32_MAX || strcmp(spec->columns[spec->label].name, label_name) != 0 ||
        spec->n_positive || spec->weight != UINT32_MAX)
        return error_set(reterr, STATUS_MALFORMED,
                         "%s: a ranker's label is {column: %s}, and it has no weight", spec->file,
                         label_name);
    if (spec->n_columns > RANKER_COLUMNS_MAX)
        return error_set(reterr, STATUS_TOO_LARGE, "%s: more than %d columns", spec->file,
                         RANKER_COLUMNS_MAX);
    for (uint32_t i = 0; i < spec->n_columns; i++) {
        ret_values[i] = UINT8_MAX;
        const enum status status =
            i == spec->label ? STATUS_OK : find_value(spec, i, &ret_values[i], reterr);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

/* ---- life cycle ---- */

const char *ranker_strategy(const struct ranker *ranker, bool folded)
{
    return ranker->strategies[folded];
}

enum status ranker_new(const char *retriever, struct features *features,
                       struct predictor *predictor, double share, struct ranker **ret_ranker,
                       struct error *reterr)
{
    struct ranker *ranker = calloc(1, sizeof *ranker);
    if (!ranker) {
        features_free(features);
        predictor->class->free(predictor);
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory for the ranker");
    }
    *ranker = (struct ranker){.features = features, .predictor = predictor, .share = share};
    const struct feature_spec *spec = features_spec(features);
    ranker->n_columns = spec->n_columns;
    const char *name = predictor->class->name;
    snprintf(ranker->retriever, sizeof ranker->retriever, "%s", retriever);
    snprintf(ranker->strategies[0], RANKER_STRATEGY_SIZE, "%s+%s", ranker->retriever, name);
    snprintf(ranker->strategies[1], RANKER_STRATEGY_SIZE, "fold_in+%s", name);
    const enum status status = ranker_columns(spec, ranker->values, reterr);
    if (status == STATUS_OK)
        *ret_ranker = ranker;
    else
        ranker_free(ranker);
    return status;
}

void ranker_free(struct ranker *ranker)
{
    if (!ranker)
        return;
    features_free(ranker->features);
    if (ranker->predictor)
        ranker->predictor->class->free(ranker->predictor);
    free(ranker);
}

/* ---- rows ---- */

/* Texts of up to RANK_RECENT_ITEMS item numbers. */
struct texts {
    struct spec_text of[RANK_RECENT_ITEMS];
    char digits[RANK_RECENT_ITEMS][DIGITS];
};

static struct spec_text print_item(uint32_t item, char digits[DIGITS])
{
    char *at = digits + DIGITS;
    do
        *--at = (char)('0' + item % 10);
    while (item /= 10);
    return (struct spec_text){at, (size_t)(digits + DIGITS - at)};
}

static struct feature_value list_value(const struct rank_value *value,
                                       const struct rank_moment *moment,
                                       const struct rank_candidate *candidate, struct texts *texts)
{
    const uint32_t *items;
    const size_t n = value->items(moment, candidate, &items);
    for (size_t i = 0; i < n; i++)
        texts->of[i] = print_item(items[i], texts->digits[i]);
    if (value->one)
        return (struct feature_value){.type = FEATURE_VALUE_TEXT,
                                      .text = texts->of[0].bytes,
                                      .length = (uint32_t)texts->of[0].length};
    return (struct feature_value){
        .type = FEATURE_VALUE_TEXTS, .texts = texts->of, .length = (uint32_t)n};
}

static struct feature_value number_value(float number)
{
    return isfinite(number)
               ? (struct feature_value){.type = FEATURE_VALUE_NUMBER, .number = (double)number}
               : (struct feature_value){.type = FEATURE_VALUE_MISSING};
}

enum status ranker_add_row(const uint8_t *values, uint32_t n_columns, struct frame *frame,
                           const struct rank_moment *moment, uint32_t item, const float *numbers,
                           float label, struct error *reterr)
{
    const struct rank_candidate candidate = {.item = item};
    struct feature_value row[RANKER_COLUMNS_MAX];
    struct texts texts[RANK_LISTS];
    for (uint32_t c = 0; c < n_columns; c++)
        if (values[c] == UINT8_MAX)
            row[c] = number_value(label);
        else if (values[c] < RANK_NUMBERS)
            row[c] = number_value(numbers[values[c]]);
        else
            row[c] = list_value(&rank_values[values[c]], moment, &candidate,
                                &texts[values[c] - RANK_NUMBERS]);
    return frame_add(frame, row, reterr);
}

/* ---- scores ---- */

enum status ranker_score(const struct ranker *ranker, const struct rank_table *table,
                         struct arena *arena, float *scores)
{
    struct frame *frame;
    struct examples examples;
    enum status status = frame_new_in(ranker->features, table->n, arena, &frame);
    for (uint32_t i = 0; i < table->n && status == STATUS_OK; i++)
        status = ranker_add_row(ranker->values, ranker->n_columns, frame, &table->moment,
                                table->candidates[i].item,
                                table->numbers + (size_t)i * RANK_NUMBERS, 0, NULL);
    if (status != STATUS_OK)
        return STATUS_NO_MEMORY;
    features_examples(ranker->features, frame, &examples);
    status =
        ranker->predictor->class->predict_batch(ranker->predictor, &examples, NULL, scores, arena);
    for (uint32_t i = 0; i < table->n && status == STATUS_OK; i++) {
        const double odds = ranker->share * (double)scores[i];
        scores[i] = (float)(odds / (odds + 1 - (double)scores[i]));
    }
    return status;
}

/* The ranked ones get their new scores; all others stay below them, in their order. */
static void put_over(const struct ranked *best, const float *scores, uint32_t n,
                     struct candidates *candidates)
{
    const float last = best[n - 1].score;
    float lowest = scores[0];
    for (uint32_t i = 1; i < n; i++)
        lowest = fminf(lowest, scores[i]);
    for (size_t i = 0; i < candidates->n; i++)
        candidates->scores[i] = lowest + fminf(candidates->scores[i] - last, 0);
    for (uint32_t i = 0; i < n; i++) {
        /* the candidates stand by rising item number */
        size_t from = 0, to = candidates->n;
        while (from < to) {
            const size_t middle = from + (to - from) / 2;
            if (candidates->items[middle] < best[i].item)
                from = middle + 1;
            else
                to = middle;
        }
        candidates->scores[from] = scores[i];
    }
}

enum status rank_again(const struct ranker *ranker, const struct rank_query *query,
                       struct candidates *candidates, struct arena *arena)
{
    struct ranked *best = arena_alloc(arena, RANK_CANDIDATES * sizeof *best);
    float *scores = arena_alloc(arena, RANK_CANDIDATES * sizeof *scores);
    if (!best || !scores)
        return STATUS_NO_MEMORY;
    const uint32_t n = (uint32_t)topk_of_list(candidates->items, candidates->scores, candidates->n,
                                              RANK_CANDIDATES, best);
    if (n == 0)
        return STATUS_OK;
    struct rank_table table;
    enum status status = rank_table_make(query, best, n, arena, &table);
    if (status == STATUS_OK)
        status = ranker_score(ranker, &table, arena, scores);
    if (status == STATUS_OK)
        put_over(best, scores, n, candidates);
    return status;
}

/* ---- files ---- */

enum status ranker_save(const struct ranker *ranker, struct sections_writer *writer,
                        struct error *reterr)
{
    sections_add(writer, "ranker/share", SECTION_F64, 1, 1, &ranker->share);
    sections_add(writer, "ranker/retriever", SECTION_BYTES, sizeof ranker->retriever, 1,
                 ranker->retriever);
    sections_add(writer, "ranker/predictor", SECTION_BYTES, strlen(ranker->predictor->class->name),
                 1, ranker->predictor->class->name);
    ranker->predictor->class->save(ranker->predictor, writer);
    return features_save(ranker->features, writer, reterr);
}

static enum status load_predictor(const struct sections *sections, struct predictor **ret_predictor,
                                  struct error *reterr)
{
    const struct section *name;
    const enum status status =
        sections_need(sections, "ranker/predictor", SECTION_BYTES, UINT64_MAX, 1, &name, reterr);
    if (status != STATUS_OK)
        return status;
    for (size_t i = 0; predictor_classes[i]; i++)
        if (strlen(predictor_classes[i]->name) == name->rows &&
            memcmp(predictor_classes[i]->name, name->data, name->rows) == 0)
            return predictor_classes[i]->load(sections, ret_predictor, reterr);
    return error_set(reterr, STATUS_UNSUPPORTED, "the ranker is of a kind that is not known here");
}

enum status ranker_load(const struct sections *sections, struct ranker **ret_ranker,
                        struct error *reterr)
{
    const struct section *share, *retriever;
    char name[RANKER_NAME_SIZE];
    struct features *features;
    struct predictor *predictor;
    enum status status = sections_need(sections, "ranker/share", SECTION_F64, 1, 1, &share, reterr);
    if (status == STATUS_OK)
        status = sections_need(sections, "ranker/retriever", SECTION_BYTES, RANKER_NAME_SIZE, 1,
                               &retriever, reterr);
    if (status != STATUS_OK)
        return status;
    snprintf(name, sizeof name, "%.*s", RANKER_NAME_SIZE - 1, (const char *)retriever->data);
    const double of_negatives = *(const double *)share->data;
    if (!(of_negatives > 0 && of_negatives <= 1))
        return error_set(reterr, STATUS_CORRUPT, "the section 'ranker/share' is no share");
    status = load_predictor(sections, &predictor, reterr);
    if (status != STATUS_OK)
        return status;
    status = features_load(sections, &features, reterr);
    if (status != STATUS_OK) {
        predictor->class->free(predictor);
        return status;
    }
    if (predictor->n_features != features_layout(features)->n_features) {
        predictor->class->free(predictor);
        features_free(features);
        return error_set(reterr, STATUS_CORRUPT, "the ranker's parts do not fit each other");
    }
    return ranker_new(name, features, predictor, of_negatives, ret_ranker, reterr);
}
