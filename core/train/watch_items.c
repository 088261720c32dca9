#include "train/watch_items.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "train/item_map.h"
#include "train/snapshot.h"
#include "train/watch_points.h"

enum { COLUMNS = 4, YEAR_MIN = 1000, YEAR_MAX = 2999 };

struct projection {
    const struct snapshot *snapshot;
    const struct model *model;
    struct catalogue *catalogue;
    struct watch_choice *choices;
    uint32_t n, d;
    uint32_t *numbers;
    float *rows;
    /* of the item whose cells are being asked for, one after the other */
    uint32_t at; /* its row; UINT32_MAX: none yet */
    struct item_record item;
    const char *categories[CATEGORIES_MAX];
};

/* ---- what stands beside a point ---- */

static int year_of(double number)
{
    return number >= YEAR_MIN && number <= YEAR_MAX && number == floor(number) ? (int)number : 0;
}

static int year_of_digits(const char *text, size_t length)
{
    int year = 0;
    if (length != 4)
        return 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9')
            return 0;
        year = 10 * year + (text[i] - '0');
    }
    return year_of(year);
}

static int year_of_attributes(const char *attributes)
{
    json_t *value;
    int year = 0;
    if (!attributes || !strstr(attributes, "\"year\"") ||
        json_parse(attributes, strlen(attributes), &value, NULL) != STATUS_OK)
        return 0;
    const json_t *member = json_object_get(value, "year");
    if (json_is_number(member))
        year = year_of(json_number_value(member));
    else if (json_is_string(member))
        year = year_of_digits(json_string_value(member), json_string_length(member));
    json_decref(value);
    return year;
}

int watch_items_year(const char *title, const char *attributes)
{
    const int year = year_of_attributes(attributes);
    size_t length = title ? strlen(title) : 0;
    while (length > 0 && title[length - 1] == ' ')
        length--;
    if (year || length < 6 || title[length - 1] != ')' || title[length - 6] != '(')
        return year;
    return year_of_digits(title + length - 5, 4);
}

static void give_cell(void *context, uint32_t row, uint32_t column, struct buffer *out)
{
    struct projection *p = context;
    const struct item_record *item = &p->item;
    const uint32_t number = p->choices[row].number;
    if (p->at != row) {
        p->item = (struct item_record){0};
        catalogue_record(p->catalogue, number, p->categories, &p->item);
        p->at = row;
    }
    const int year = column == 3 ? watch_items_year(item->title, item->attributes) : 0;
    if (column == 0)
        buffer_append_text(out, item->title && item->title[0] ? item->title
                                                              : catalogue_id(p->catalogue, number));
    else if (column == 1 && item->n_categories > 0)
        buffer_append_text(out, item->categories[0]);
    else if (column == 2)
        buffer_append_whole(out, p->choices[row].touches);
    else if (year)
        buffer_append_whole(out, (uint64_t)year);
}

/* ---- which items ---- */

/* How many users have touched each item; what has no record or no vector counts for nothing. */
static void count_users(struct projection *p, const float *vectors)
{
    const struct snapshot *s = p->snapshot;
    const uint32_t n_items = p->model->n_items;
    for (uint32_t i = 0; i < n_items; i++)
        p->choices[i] = (struct watch_choice){0, i};
    for (uint32_t u = 0; u < s->n_users; u++)
        for (uint64_t t = s->touch_starts[u]; t < s->touch_starts[u + 1]; t++) {
            const uint32_t item = s->touches[t].item;
            const bool again = t > s->touch_starts[u] && s->touches[t - 1].item == item;
            if (s->touches[t].type && item < n_items && !again)
                p->choices[item].touches++;
        }
    for (uint32_t i = 0; i < n_items; i++) {
        const float *row = vectors + (size_t)i * p->d;
        bool any = false;
        for (uint32_t k = 0; k < p->d; k++)
            any = any || row[k] != 0;
        if (!any || catalogue_id(p->catalogue, i)[0] == '\0')
            p->choices[i].touches = 0;
    }
}

static enum status choose(struct projection *p, uint32_t items_max, struct error *reterr)
{
    const float *vectors = p->model->class->item_vectors(p->model, &p->d);
    const uint32_t n_items = p->model->n_items;
    p->choices = malloc((n_items + 1) * sizeof *p->choices);
    if (!p->choices)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory for the projector's items");
    count_users(p, vectors);
    p->n = watch_choose(p->choices, n_items, items_max, p->d);
    p->numbers = malloc((p->n + 1) * sizeof *p->numbers);
    p->rows = malloc(((size_t)p->n * p->d + 1) * sizeof *p->rows);
    if (!p->numbers || !p->rows)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory for the projector's items");
    for (uint32_t i = 0; i < p->n; i++)
        p->numbers[i] = p->choices[i].number;
    item_map_unit_rows(vectors, p->numbers, p->n, p->d, p->rows);
    return STATUS_OK;
}

/* ---- the run ---- */

static enum status write_run(struct projection *p, struct board *board, uint32_t version,
                             struct error *reterr)
{
    static const char *const columns[COLUMNS] = {"title", "category", "users", "year"};
    const struct projector projector = {.name = p->model->class->name,
                                        .n = p->n,
                                        .d = p->d,
                                        .width = p->d,
                                        .vectors = p->rows,
                                        .columns = columns,
                                        .n_columns = COLUMNS,
                                        .cell = give_cell,
                                        .context = p};
    return watch_points_write(board, WATCH_ITEMS_PREFIX, version, &projector, reterr);
}

static enum status project(const struct snapshot *snapshot, struct board *board, uint32_t items_max,
                           struct error *reterr)
{
    struct projection p = {
        .at = UINT32_MAX,
        .snapshot = snapshot,
        .model = item_map_model(snapshot->models, snapshot->n_models, snapshot->retriever)};
    if (!p.model)
        return STATUS_OK;
    enum status status = snapshot_catalogue(snapshot, &p.catalogue, reterr);
    if (status == STATUS_OK)
        status = choose(&p, items_max, reterr);
    if (status == STATUS_OK)
        status = write_run(&p, board, snapshot->version, reterr);
    catalogue_free(p.catalogue);
    free(p.choices);
    free(p.numbers);
    free(p.rows);
    return status;
}

enum status watch_items(struct board *board, const char *snapshots, uint32_t version,
                        uint32_t items_max, uint64_t bytes_max, struct error *reterr)
{
    return items_max == 0 ? STATUS_OK
                          : watch_points_show(board, WATCH_ITEMS_PREFIX, snapshots, version,
                                              project, items_max, bytes_max, reterr);
}
