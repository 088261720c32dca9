#include "recommend/ranker.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    const char *name = predictor->class->name;
    snprintf(ranker->retriever, sizeof ranker->retriever, "%s", retriever);
    snprintf(ranker->strategies[0], RANKER_STRATEGY_SIZE, "%s+%s", ranker->retriever, name);
    snprintf(ranker->strategies[1], RANKER_STRATEGY_SIZE, "fold_in+%s", name);
    const enum status status = rank_columns_of(spec, &ranker->columns, reterr);
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

/* ---- scores ---- */

bool ranker_needs_facts(const struct ranker *ranker, enum rank_source source)
{
    return ranker && ranker->columns.names[source].n > 0;
}

bool ranker_follows_events(const struct ranker *ranker)
{
    for (uint32_t i = 0; ranker && i < ranker->columns.others.n; i++)
        if (ranker->columns.others.of[i]->overlay_event)
            return true;
    return false;
}

bool ranker_is_calibrated(const struct ranker *ranker)
{
    return ranker && ranker->calibration.slope > 0;
}

enum status ranker_score(const struct ranker *ranker, const struct rank_query *query,
                         const struct rank_table *table, struct arena *arena, float *scores)
{
    const struct view *view = query->view;
    struct frame *frame;
    struct examples examples;
    struct rank_row row = {.moment = &table->moment};
    row.facts[RANK_OF_ITEM] = facts_get(view->item_facts, 0);
    row.facts[RANK_OF_USER] = facts_get(view->user_facts, query->user);
    row.facts[RANK_OF_CONTEXT] = query->context;
    const struct fact_names *const names[RANK_FACTS] = {row.facts[0].names, row.facts[1].names,
                                                        row.facts[2].names};
    const struct rank_binding binding = rank_bind(&ranker->columns, names);
    enum status status = frame_new_in(ranker->features, table->n, arena, &frame);
    for (uint32_t i = 0; i < table->n && status == STATUS_OK; i++) {
        row.item = table->candidates[i].item;
        row.numbers = table->numbers + (size_t)i * table->width;
        row.facts[RANK_OF_ITEM] = facts_get(view->item_facts, row.item);
        status = rank_row_add(&binding, frame, &row, NULL);
        row.follows = true;
    }
    if (status != STATUS_OK)
        return STATUS_NO_MEMORY;
    rank_numbers_put(&binding, frame, table->numbers, table->width);
    features_examples(ranker->features, frame, &examples);
    status =
        ranker->predictor->class->predict_batch(ranker->predictor, &examples, NULL, scores, arena);
    for (uint32_t i = 0; i < table->n && status == STATUS_OK; i++) {
        const double odds = ranker->share * (double)scores[i];
        scores[i] = (float)(odds / (odds + 1 - (double)scores[i]));
        if (ranker_is_calibrated(ranker))
            scores[i] = calibration_apply(&ranker->calibration, scores[i]);
    }
    return status;
}

/* Of one of the candidates, which stand by rising item number; without a branch on what is chance.
 */
static size_t place_of(const struct candidates *candidates, uint32_t item)
{
    size_t at = 0;
    for (size_t n = candidates->n; n > 1;) {
        const size_t half = n / 2;
        at += half * (candidates->items[at + half] <= item);
        n -= half;
    }
    return at;
}

/* The ranked ones get their new scores; all others stay below them, in their order. */
static void put_over(const struct ranked *best, const float *scores, uint32_t n,
                     struct candidates *candidates)
{
    const float last = best[n - 1].score;
    float lowest = scores[0];
    for (uint32_t i = 1; i < n; i++)
        lowest = scores[i] < lowest ? scores[i] : lowest;
    for (size_t i = 0; i < candidates->n; i++) {
        const float below = candidates->scores[i] - last;
        candidates->scores[i] = lowest + (below < 0 ? below : 0);
    }
    for (uint32_t i = 0; i < n; i++)
        candidates->scores[place_of(candidates, best[i].item)] = scores[i];
}

/* The retriever's best to the front of best[candidates->n]; returns how many. */
static uint32_t find_best(const struct candidates *candidates, struct ranked *best)
{
    const size_t n = candidates->n < RANK_CANDIDATES ? candidates->n : RANK_CANDIDATES;
    for (size_t i = 0; i < candidates->n; i++) {
        const float score = candidates->scores[i];
        best[i] = (struct ranked){candidates->items[i], isnan(score) ? -INFINITY : score};
    }
    ranked_sort_first(best, candidates->n, n);
    return (uint32_t)n;
}

enum status rank_again(const struct ranker *ranker, const struct rank_query *query,
                       struct candidates *candidates, struct arena *arena)
{
    struct ranked *best = arena_alloc(arena, candidates->n * sizeof *best);
    float *scores = arena_alloc(arena, RANK_CANDIDATES * sizeof *scores);
    if (!best || !scores)
        return STATUS_NO_MEMORY;
    const uint32_t n = find_best(candidates, best);
    if (n == 0)
        return STATUS_OK;
    const struct model *others[RANK_OTHERS_MAX];
    const struct view *view = query->view;
    rank_others_find(&ranker->columns.others, view->models, view->n_models, others);
    struct rank_query again = *query;
    again.others = others;
    again.n_others = ranker->columns.others.n;
    struct rank_table table;
    enum status status = rank_table_make(&again, best, n, arena, &table);
    if (status == STATUS_OK)
        status = ranker_score(ranker, &again, &table, arena, scores);
    if (status == STATUS_OK)
        put_over(best, scores, n, candidates);
    return status;
}

/* ---- files ---- */

enum status ranker_save(const struct ranker *ranker, struct sections_writer *writer,
                        struct error *reterr)
{
    sections_add(writer, "ranker/share", SECTION_F64, 1, 1, &ranker->share);
    if (ranker_is_calibrated(ranker)) {
        const double calibration[2] = {ranker->calibration.slope, ranker->calibration.shift};
        sections_add(writer, "ranker/calibration", SECTION_F64, 2, 1, calibration);
    }
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

/* Only those that were calibrated have it. */
static enum status load_calibration(const struct sections *sections,
                                    struct calibration *ret_calibration, struct error *reterr)
{
    const struct section *section;
    if (!sections_find(sections, "ranker/calibration"))
        return STATUS_OK;
    const enum status status =
        sections_need(sections, "ranker/calibration", SECTION_F64, 2, 1, &section, reterr);
    if (status != STATUS_OK)
        return status;
    const double *values = section->data;
    if (!(values[0] > 0) || !isfinite(values[0]) || !isfinite(values[1]))
        return error_set(reterr, STATUS_CORRUPT, "the section 'ranker/calibration' is none");
    *ret_calibration = (struct calibration){values[0], values[1]};
    return STATUS_OK;
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
    struct calibration calibration = {0};
    status = load_calibration(sections, &calibration, reterr);
    if (status != STATUS_OK) {
        predictor->class->free(predictor);
        features_free(features);
        return status;
    }
    status = ranker_new(name, features, predictor, of_negatives, ret_ranker, reterr);
    if (status == STATUS_OK)
        (*ret_ranker)->calibration = calibration;
    return status;
}
