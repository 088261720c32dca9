#include "recommend/rank_columns.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/text.h"

static const char label_name[] = "chosen";

/* Names that begin so go on with any name. */
static const struct {
    const char *prefix;
    enum rank_source source;
} fact_kinds[] = {{"item.", RANK_OF_ITEM}, {"user.", RANK_OF_USER}, {"context.", RANK_OF_CONTEXT}};
/* Names that begin so go on with a model's; by what a further retriever says of a row. */
static const char *const other_kinds[RANK_OTHER_NUMBERS] = {"score.", "rank."};
enum {
    FACT_KINDS = sizeof fact_kinds / sizeof *fact_kinds,
    PREFIXES = FACT_KINDS + RANK_OTHER_NUMBERS,
    DIGITS = 12,
    PREFIX_SIZE = 16
};

/* ---- the spec's columns ---- */

/* The values, then what else there is without a prefix. */
static const char *known_name(const void *context, size_t i)
{
    (void)context;
    return i < RANK_VALUES ? rank_values[i].name : fact_categories;
}

static const char *prefix_at(const void *context, size_t i)
{
    (void)context;
    return i < FACT_KINDS ? fact_kinds[i].prefix : other_kinds[i - FACT_KINDS];
}

static const char *model_name(const void *context, size_t i)
{
    (void)context;
    return model_classes[i]->name;
}

/* Of score.NAME and rank.NAME the name, and which of both; NULL: something else. */
static const char *other_name(const char *name, uint32_t *ret_kind)
{
    for (uint32_t k = 0; k < RANK_OTHER_NUMBERS; k++)
        if (strncmp(name, other_kinds[k], strlen(other_kinds[k])) == 0) {
            *ret_kind = k;
            return name + strlen(other_kinds[k]);
        }
    return NULL;
}

static enum status refuse_other(const struct feature_spec *spec, const struct spec_column *column,
                                const char *model, struct error *reterr)
{
    size_t n = 0;
    while (model_classes[n])
        n++;
    const char *nearest = text_nearest(model, n, model_name, NULL);
    return error_set(reterr, STATUS_NOT_FOUND,
                     "%s:%u: '%.60s': there is no model '%.60s'%s%.*s%s%s", spec->file,
                     column->line, column->name, model, nearest ? "; did you mean '" : "",
                     (int)(model - column->name), nearest ? column->name : "",
                     nearest ? nearest : "", nearest ? "'?" : "");
}

static enum status find_other(const struct feature_spec *spec, const struct spec_column *c,
                              struct rank_columns *columns, struct rank_column *column,
                              struct error *reterr)
{
    uint32_t kind = 0, at = 0;
    const char *name = other_name(c->name, &kind);
    const struct model_class *class = model_class_find(name, NULL);
    if (!class)
        return refuse_other(spec, c, name, reterr);
    if (!rank_others_add(&columns->others, class, &at))
        return error_set(reterr, STATUS_TOO_LARGE,
                         "%s:%u: '%s': a ranker looks at the scores of at most %d further models",
                         spec->file, c->line, c->name, RANK_OTHERS_MAX);
    column->kind = RANK_NUMBER;
    column->value = (uint8_t)(RANK_NUMBERS + RANK_OTHER_NUMBERS * at + kind);
    return STATUS_OK;
}

/* Of a name with a prefix the nearest prefix goes before the rest of it. */
static enum status refuse(const struct feature_spec *spec, const struct spec_column *column,
                          struct error *reterr)
{
    const char *point = strchr(column->name, '.'), *rest = point ? point + 1 : "";
    char prefix[PREFIX_SIZE] = "";
    if (point && point - column->name + 1 < PREFIX_SIZE)
        memcpy(prefix, column->name, (size_t)(point - column->name) + 1);
    const char *nearest = point ? text_nearest(prefix, PREFIXES, prefix_at, NULL)
                                : text_nearest(column->name, RANK_VALUES + 1, known_name, NULL);
    return error_set(reterr, STATUS_NOT_FOUND,
                     "%s:%u: a ranker has no value '%.60s'%s%s%.60s%s; attributes are item.NAME "
                     "and user.NAME, what comes with a request is context.NAME, what a further "
                     "model thinks score.NAME and rank.NAME",
                     spec->file, column->line, column->name, nearest ? "; did you mean '" : "",
                     nearest ? nearest : "", nearest ? rest : "", nearest ? "'?" : "");
}

static bool find_value(const char *name, struct rank_column *column)
{
    for (size_t i = 0; i < RANK_VALUES; i++)
        if (strcmp(name, rank_values[i].name) == 0) {
            column->kind = i < RANK_NUMBERS ? RANK_NUMBER : RANK_LIST;
            column->value = (uint8_t)i;
            return true;
        }
    return false;
}

static bool find_fact(const char *name, struct rank_column *column)
{
    column->kind = RANK_FACT;
    column->source = RANK_OF_ITEM;
    if (strcmp(name, fact_categories) == 0)
        return true;
    for (size_t i = 0; i < FACT_KINDS; i++) {
        const size_t length = strlen(fact_kinds[i].prefix);
        column->source = fact_kinds[i].source;
        if (strncmp(name, fact_kinds[i].prefix, length) == 0 && name[length])
            return true;
    }
    return false;
}

/* Every feature that is made of the column takes several values. */
static bool takes_lists(const struct feature_spec *spec, uint32_t column)
{
    for (uint32_t f = 0; f < spec->n_features; f++) {
        const struct spec_feature *feature = &spec->features[f];
        if (feature->type != FEATURE_CROSSED) {
            if (feature->column == column && (!feature->separator || !*feature->separator))
                return false;
            continue;
        }
        for (uint32_t p = 0; p < feature->n_of; p++)
            if (feature->of_features[p] == UINT32_MAX && feature->of_columns[p] == column)
                return false;
    }
    return true;
}

static enum status check_list(const struct feature_spec *spec, const struct spec_column *c,
                              const struct rank_column *column, struct error *reterr)
{
    const bool always = (column->kind == RANK_LIST && !rank_values[column->value].one) ||
                        (column->kind == RANK_FACT && strcmp(c->name, fact_categories) == 0);
    if (c->number && (always || column->kind == RANK_LIST))
        return error_set(reterr, STATUS_MALFORMED,
                         "%s:%u: '%s' is a list and no number: make it categorical", spec->file,
                         c->line, c->name);
    if (always && !column->list)
        return error_set(reterr, STATUS_MALFORMED,
                         "%s:%u: '%s' is a list: give its feature a 'separator', and cross that "
                         "feature",
                         spec->file, c->line, c->name);
    return STATUS_OK;
}

static enum status read_column(const struct feature_spec *spec, uint32_t i,
                               struct rank_columns *columns, struct error *reterr)
{
    const struct spec_column *c = &spec->columns[i];
    struct rank_column *column = &columns->of[i];
    *column = (struct rank_column){.kind = RANK_LABEL, .name = c->name, .number = c->number};
    if (i == spec->label)
        return STATUS_OK;
    uint32_t kind;
    if (other_name(c->name, &kind)) {
        const enum status status = find_other(spec, c, columns, column, reterr);
        if (status != STATUS_OK)
            return status;
    } else if (!find_value(c->name, column) && !find_fact(c->name, column)) {
        return refuse(spec, c, reterr);
    }
    column->list = takes_lists(spec, i);
    if (column->kind == RANK_FACT && !fact_names_add(&columns->names[column->source], c->name))
        return error_set(reterr, STATUS_TOO_LARGE, "%s: more than %d attributes", spec->file,
                         FACT_NAMES_MAX);
    return check_list(spec, c, column, reterr);
}

enum status rank_columns_of(const struct feature_spec *spec, struct rank_columns *ret_columns,
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
    *ret_columns = (struct rank_columns){.n = spec->n_columns};
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < spec->n_columns && status == STATUS_OK; i++)
        status = read_column(spec, i, ret_columns, reterr);
    return status;
}

/* A number that is also one to the spec. */
static bool is_plain_number(const struct rank_column *column)
{
    return column->kind == RANK_NUMBER && column->number;
}

/* Is it the same in all rows of a moment, or put for all of them at once? */
static bool is_skipped(const struct rank_column *column)
{
    switch (column->kind) {
    case RANK_FACT:
        return column->source != RANK_OF_ITEM;
    case RANK_NUMBER: /* past the table: of a further retriever */
        return column->number ||
               (column->value < RANK_NUMBERS && rank_values[column->value].shared);
    case RANK_LIST:
        return rank_values[column->value].shared;
    default:
        return false;
    }
}

struct rank_binding rank_bind(const struct rank_columns *columns,
                              const struct fact_names *const names[RANK_FACTS])
{
    struct rank_binding binding = {.columns = columns};
    for (uint32_t c = 0; c < columns->n; c++) {
        const struct rank_column *column = &columns->of[c];
        binding.at[c] = column->kind == RANK_FACT
                            ? fact_names_find(names[column->source], column->name)
                            : UINT32_MAX;
        binding.skipped[c] = is_skipped(column);
    }
    return binding;
}

/* ---- values ---- */

static const struct feature_value missing = {.type = FEATURE_VALUE_MISSING};

/* In place: what a number does not have is not looked at, and a whole value copied right after it
 * was written part by part would have to wait for them. */
static void set_number(struct feature_value *value, double number)
{
    value->type = fabs(number) <= (double)FLT_MAX ? FEATURE_VALUE_NUMBER : FEATURE_VALUE_MISSING;
    value->length = 0;
    value->number = number;
}

static struct feature_value number_value(double number)
{
    struct feature_value value = missing;
    set_number(&value, number);
    return value;
}

/* Texts of up to RANK_RECENT_ITEMS item numbers. */
struct item_texts {
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

static struct feature_value list_value(const struct rank_value *value, const struct rank_row *row,
                                       struct item_texts *texts)
{
    const struct rank_candidate candidate = {.item = row->item};
    const uint32_t *items;
    const size_t n = value->items(row->moment, &candidate, &items);
    for (size_t i = 0; i < n; i++)
        texts->of[i] = print_item(items[i], texts->digits[i]);
    if (value->one)
        return (struct feature_value){.type = FEATURE_VALUE_TEXT,
                                      .text = texts->of[0].bytes,
                                      .length = (uint32_t)texts->of[0].length};
    return (struct feature_value){
        .type = FEATURE_VALUE_TEXTS, .texts = texts->of, .length = (uint32_t)n};
}

/* What a column cannot take becomes missing, or the first of several: what was posted or asked must
 * never fail an answer. */
static struct feature_value fact_value(const struct rank_column *column,
                                       const struct fact_record *record, uint32_t at,
                                       struct spec_text *texts)
{
    struct feature_value value = fact_read(record, at, texts);
    if (value.type == FEATURE_VALUE_TEXTS && !column->list)
        value = (struct feature_value){.type = FEATURE_VALUE_TEXT,
                                       .text = texts[0].bytes,
                                       .length = (uint32_t)texts[0].length};
    if (value.type == FEATURE_VALUE_NUMBER)
        return number_value(value.number);
    if (value.type != FEATURE_VALUE_TEXT || !column->number)
        return value;
    double number;
    return text_to_double(value.text, &number) == STATUS_OK ? number_value(number) : missing;
}

enum status rank_row_add(const struct rank_binding *binding, struct frame *frame,
                         const struct rank_row *row, struct error *reterr)
{
    const struct rank_columns *columns = binding->columns;
    struct feature_value values[RANKER_COLUMNS_MAX];
    struct spec_text texts[RANKER_COLUMNS_MAX * FACT_TEXTS_MAX];
    struct item_texts items[RANK_LISTS];
    for (uint32_t c = 0; c < columns->n; c++) {
        const struct rank_column *column = &columns->of[c];
        if (row->follows && binding->skipped[c])
            continue;
        switch (column->kind) {
        case RANK_LABEL:
            set_number(&values[c], (double)row->label);
            break;
        case RANK_NUMBER:
            set_number(&values[c], (double)row->numbers[column->value]);
            break;
        case RANK_LIST:
            values[c] =
                list_value(&rank_values[column->value], row, &items[column->value - RANK_NUMBERS]);
            break;
        case RANK_FACT:
            values[c] = fact_value(column, &row->facts[column->source], binding->at[c],
                                   texts + (size_t)c * FACT_TEXTS_MAX);
            break;
        }
    }
    return row->follows ? frame_add_like_last(frame, values, binding->skipped, reterr)
                        : frame_add(frame, values, reterr);
}

void rank_numbers_put(const struct rank_binding *binding, struct frame *frame, const float *numbers,
                      uint32_t width)
{
    for (uint32_t c = 0; c < binding->columns->n; c++) {
        const struct rank_column *column = &binding->columns->of[c];
        if (is_plain_number(column))
            frame_put_numbers(frame, c, numbers + column->value, width);
    }
}
