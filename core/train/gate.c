#include "train/gate.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

/* Shares of the rules above. */
static const double active_loss_max = 0.01, gross_drop_max = 0.20, ratchet_max = 0.03;

static double mean_of(const double *values, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += values[i];
    return sum / (double)n;
}

static enum status difference(const struct gate_input *input, const double *a, const double *b,
                              size_t n, struct interval *ret_interval)
{
    double *differences = malloc(n * sizeof *differences);
    if (!differences)
        return STATUS_NO_MEMORY;
    for (size_t i = 0; i < n; i++)
        differences[i] = a[i] - b[i];
    const double *series[] = {differences};
    const enum status status = bootstrap_means(series, 1, n, BOOTSTRAP_DRAWS, input->seed,
                                               input->pool, ret_interval, NULL);
    free(differences);
    return status;
}

/* Rule 1. */
static bool beats_popular(const struct gate_input *input, struct gate_verdict *verdict,
                          struct buffer *reason)
{
    const double fresh = mean_of(input->fresh, input->n);
    const double popular = mean_of(input->popular, input->n);
    const bool passed = verdict->over_popular.low > 0;
    verdict->relative = popular > 0 ? fresh / popular : NAN;
    buffer_printf(reason,
                  "NDCG@20 of %s is %.4f and of popular %.4f over %zu users: the difference, "
                  "95 %% between %+.4f and %+.4f, is %s.",
                  input->name, fresh, popular, input->n, verdict->over_popular.low,
                  verdict->over_popular.high, passed ? "above 0" : "not surely above 0");
    return passed;
}

/* Rule 2, with enough users. */
static enum status holds_against_active(const struct gate_input *input,
                                        struct gate_verdict *verdict, bool *ret_passed,
                                        struct buffer *reason)
{
    const enum status status = difference(input, input->fresh_after, input->active_after,
                                          input->n_after, &verdict->over_active);
    if (status != STATUS_OK)
        return status;
    const double active = mean_of(input->active_after, input->n_after);
    verdict->compared = true;
    *ret_passed = verdict->over_active.low > -active_loss_max * active;
    buffer_printf(
        reason,
        " On what came after the active snapshot (%zu users) it has %.4f and the active "
        "one %.4f: the difference, 95 %% between %+.4f and %+.4f, %s -1 %% of the active.",
        input->n_after, mean_of(input->fresh_after, input->n_after), active,
        verdict->over_active.low, verdict->over_active.high,
        *ret_passed ? "stays above" : "reaches below");
    return STATUS_OK;
}

/* Rule 2, without: against the active round's own figure. */
static bool avoids_gross_drop(const struct gate_input *input, struct buffer *reason)
{
    buffer_printf(reason,
                  " Only %zu user%s hold-out events after the active snapshot, %d are needed "
                  "to compare the two",
                  input->n_after, input->n_after == 1 ? " has" : "s have", GATE_USERS_MIN);
    if (!(input->active_stored > 0)) {
        buffer_append_text(reason, ", and the active round stored no figure.");
        return true;
    }
    const double fresh = mean_of(input->fresh, input->n);
    const bool passed = fresh >= (1 - gross_drop_max) * input->active_stored;
    buffer_printf(reason, "; the active round stored %.4f, and %.4f is %s 20 %% below it.",
                  input->active_stored, fresh, passed ? "not more than" : "more than");
    return passed;
}

/* Rule 3. */
static bool keeps_level(const struct gate_input *input, double relative, struct buffer *reason)
{
    double best = 0;
    for (size_t i = 0; i < input->n_past && i < GATE_ROUNDS; i++)
        best = fmax(best, input->past_relative[i]);
    if (!(best > 0) || !(relative > 0))
        return true;
    const bool passed = relative >= (1 - ratchet_max) * best;
    buffer_printf(reason,
                  " Relative to popular it is %.3f, and the best of the last %d published rounds "
                  "was %.3f: %s 3 %% below.",
                  relative, GATE_ROUNDS, best, passed ? "not more than" : "more than");
    return passed;
}

/* Is the active model measurably worse than `popular` by now? */
static enum status active_is_below_popular(const struct gate_input *input, bool *ret_below)
{
    *ret_below = false;
    if (input->n_after < GATE_USERS_MIN)
        return STATUS_OK;
    struct interval over_active;
    const enum status status =
        difference(input, input->popular_after, input->active_after, input->n_after, &over_active);
    if (status == STATUS_OK)
        *ret_below = over_active.low > 0;
    return status;
}

static enum status judge_against_active(const struct gate_input *input,
                                        struct gate_verdict *verdict, bool *passed,
                                        struct buffer *reason)
{
    bool holds = true;
    enum status status = STATUS_OK;
    if (input->n_after >= GATE_USERS_MIN)
        status = holds_against_active(input, verdict, &holds, reason);
    else
        holds = avoids_gross_drop(input, reason);
    *passed = *passed && holds;
    return status;
}

static enum status say_what_serves(const struct gate_input *input, struct gate_verdict *verdict,
                                   struct buffer *reason)
{
    if (verdict->publish)
        return STATUS_OK;
    bool below = false;
    const enum status status =
        input->active_serves ? active_is_below_popular(input, &below) : STATUS_OK;
    verdict->popular_instead = !input->active_serves || below;
    if (below)
        buffer_append_text(reason, " The active snapshot is itself below popular.");
    buffer_append_text(reason, verdict->popular_instead
                                   ? " It may not serve; popular does."
                                   : " It may not serve; the active snapshot goes on.");
    return status;
}

enum status gate_judge(const struct gate_input *input, struct gate_verdict *ret_verdict,
                       struct buffer *reason)
{
    assert(input->n > 0);
    struct gate_verdict verdict = {0};
    enum status status =
        difference(input, input->fresh, input->popular, input->n, &verdict.over_popular);
    if (status != STATUS_OK)
        return status;
    bool passed = beats_popular(input, &verdict, reason);
    if (input->active_serves)
        status = judge_against_active(input, &verdict, &passed, reason);
    passed = keeps_level(input, verdict.relative, reason) && passed;
    verdict.publish = passed;
    if (status == STATUS_OK)
        status = say_what_serves(input, &verdict, reason);
    if (status == STATUS_OK && reason->failed)
        status = STATUS_NO_MEMORY;
    if (status == STATUS_OK)
        *ret_verdict = verdict;
    return status;
}
