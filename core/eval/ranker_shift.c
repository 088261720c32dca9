#include "eval/ranker_shift.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { ROWS_MAX = 1 << 17 };
static const double share = 0.2;

static const char *const first_names[SHIFT_FIRST] = {"score", "score_gap", "rank"};
static const char *const other_names[RANK_OTHER_NUMBERS] = {"score", "rank"};

void ranker_shift_name(const struct ranker_shift *shift, int what, char out[SHIFT_NAME_SIZE])
{
    const int other = what - SHIFT_FIRST;
    if (other < 0)
        snprintf(out, SHIFT_NAME_SIZE, "%s", first_names[what]);
    else
        snprintf(out, SHIFT_NAME_SIZE, "%s.%s", other_names[other % RANK_OTHER_NUMBERS],
                 shift->others.of[other / RANK_OTHER_NUMBERS]->name);
}

static size_t number_named(const char *name)
{
    size_t i = 0;
    while (strcmp(rank_values[i].name, name) != 0)
        i++;
    return i;
}

static size_t place_of(int what)
{
    return what < SHIFT_FIRST ? number_named(first_names[what])
                              : RANK_NUMBERS + (size_t)(what - SHIFT_FIRST);
}

static bool is_rank(int what)
{
    return what < SHIFT_FIRST ? what == SHIFT_RANK : (what - SHIFT_FIRST) % RANK_OTHER_NUMBERS == 1;
}

/* Weighted mean and deviation of one number. */
static void summarize(const struct ranker_rows *rows, int what, struct ranker_shift_side *side)
{
    const size_t number = place_of(what);
    double sum = 0, squares = 0, weights = 0;
    for (uint32_t i = 0; i < rows->n; i++) {
        const double x = (double)rows->numbers[(size_t)i * rows->width + number];
        if (!isfinite(x) || (is_rank(what) && !rows->labels[i]))
            continue;
        const double weight = rows->labels[i] ? 1 : 1 / rows->share;
        sum += weight * x;
        squares += weight * x * x;
        weights += weight;
    }
    const double mean = weights > 0 ? sum / weights : NAN;
    side->mean[what] = mean;
    side->deviation[what] = weights > 0 ? sqrt(fmax(0, squares / weights - mean * mean)) : NAN;
}

struct ranker_shift_side ranker_shift_side_of(const struct ranker_rows *rows)
{
    struct ranker_shift_side side = {.n = SHIFT_FIRST + (int)(rows->width - RANK_NUMBERS)};
    for (int what = 0; what < side.n; what++)
        summarize(rows, what, &side);
    return side;
}

enum status ranker_shift_of(const struct ranker_shift_request *request,
                            const struct ranker_shift_side *before, struct ranker_shift *ret_shift,
                            struct error *reterr)
{
    struct ranker_rows rows;
    const struct model *others[RANK_OTHERS_MAX];
    rank_others_find(request->others, request->models, request->n_models, others);
    const struct ranker_rows_request ask = {.dataset = request->dataset,
                                            .targets = request->held,
                                            .retriever = request->retriever,
                                            .others = others,
                                            .n_others = request->others->n,
                                            .past = request->past,
                                            .moments_max = 1,
                                            .share = share,
                                            .rows_max = ROWS_MAX,
                                            .seed = request->seed,
                                            .pool = request->pool,
                                            .observer = request->observer};
    const enum status status = ranker_rows_make(&ask, &rows, reterr);
    if (status != STATUS_OK)
        return status;
    struct ranker_shift shift = {
        .others = *request->others, .before = *before, .after = ranker_shift_side_of(&rows)};
    ranker_rows_free(&rows);
    for (int what = 0; what < shift.after.n; what++)
        shift.shift[what] =
            before->deviation[what] > 0
                ? (shift.after.mean[what] - before->mean[what]) / before->deviation[what]
                : NAN;
    *ret_shift = shift;
    return STATUS_OK;
}

static void append_side(const char *name, const struct ranker_shift_side *side, int what,
                        struct buffer *out)
{
    buffer_printf(out, "\"%s\": [", name);
    buffer_append_double(out, side->mean[what]);
    buffer_append_text(out, ", ");
    buffer_append_double(out, side->deviation[what]);
    buffer_append_text(out, "], ");
}

void ranker_shift_append_json(const struct ranker_shift *shift, struct buffer *out)
{
    for (int what = 0; what < shift->after.n; what++) {
        char name[SHIFT_NAME_SIZE];
        ranker_shift_name(shift, what, name);
        buffer_printf(out, "%s\"%s\": {", what ? ", " : "{", name);
        append_side("before", &shift->before, what, out);
        append_side("after", &shift->after, what, out);
        buffer_append_text(out, "\"shift\": ");
        buffer_append_double(out, shift->shift[what]);
        buffer_append_byte(out, '}');
    }
    buffer_append_byte(out, '}');
}
