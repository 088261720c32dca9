#include "eval/ranker_shift.h"

#include <math.h>
#include <string.h>

enum { ROWS_MAX = 1 << 17 };
static const double share = 0.2;

const char *const ranker_shift_names[SHIFT_COUNT] = {"score", "score_gap", "rank"};

static size_t number_named(const char *name)
{
    size_t i = 0;
    while (strcmp(rank_values[i].name, name) != 0)
        i++;
    return i;
}

/* Weighted mean and deviation of one number. */
static void summarize(const struct ranker_rows *rows, int what, struct ranker_shift_side *side)
{
    const size_t number = number_named(ranker_shift_names[what]);
    double sum = 0, squares = 0, weights = 0;
    for (uint32_t i = 0; i < rows->n; i++) {
        const double x = (double)rows->numbers[(size_t)i * RANK_NUMBERS + number];
        if (!isfinite(x) || (what == SHIFT_RANK && !rows->labels[i]))
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
    struct ranker_shift_side side;
    for (int what = 0; what < SHIFT_COUNT; what++)
        summarize(rows, what, &side);
    return side;
}

enum status ranker_shift_of(const struct ranker_shift_request *request,
                            const struct ranker_shift_side *before, struct ranker_shift *ret_shift,
                            struct error *reterr)
{
    struct ranker_rows rows;
    const struct ranker_rows_request ask = {.dataset = request->dataset,
                                            .targets = request->held,
                                            .retriever = request->retriever,
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
    struct ranker_shift shift = {.before = *before, .after = ranker_shift_side_of(&rows)};
    ranker_rows_free(&rows);
    for (int what = 0; what < SHIFT_COUNT; what++)
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
    for (int what = 0; what < SHIFT_COUNT; what++) {
        buffer_printf(out, "%s\"%s\": {", what ? ", " : "{", ranker_shift_names[what]);
        append_side("before", &shift->before, what, out);
        append_side("after", &shift->after, what, out);
        buffer_append_text(out, "\"shift\": ");
        buffer_append_double(out, shift->shift[what]);
        buffer_append_byte(out, '}');
    }
    buffer_append_byte(out, '}');
}
