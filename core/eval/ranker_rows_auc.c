#include <math.h>
#include <stdlib.h>

#include "eval/ranker_rows.h"

struct scored {
    float score;
    unsigned char label;
};

static int compare_scores(const void *a, const void *b)
{
    const float x = ((const struct scored *)a)->score, y = ((const struct scored *)b)->score;
    return (x > y) - (x < y);
}

/* Mann and Whitney: the sum over positives of the negatives below, ties half. */
static double moment_auc(struct scored *scored, uint32_t n)
{
    double below = 0, positives = 0, sum = 0;
    qsort(scored, n, sizeof *scored, compare_scores);
    for (uint32_t i = 0; i < n;) {
        uint32_t end = i;
        double equal_positives = 0, equal_negatives = 0;
        for (; end < n && scored[end].score == scored[i].score; end++) {
            equal_positives += scored[end].label;
            equal_negatives += !scored[end].label;
        }
        sum += equal_positives * (below + equal_negatives / 2);
        below += equal_negatives;
        positives += equal_positives;
        i = end > i ? end : i + 1; /* NaN equals nothing */
    }
    return positives > 0 && below > 0 ? sum / (positives * below) : NAN;
}

double ranker_rows_auc(const struct ranker_rows *rows, const float *scores)
{
    struct scored *scored = malloc((RANK_CANDIDATES + 1) * sizeof *scored);
    double sum = 0;
    uint32_t n_moments = 0;
    if (!scored)
        return -1;
    for (uint32_t i = 0; i < rows->n;) {
        uint32_t n = 0;
        for (const uint32_t moment = rows->moments[i]; i < rows->n && rows->moments[i] == moment;
             i++)
            scored[n++] = (struct scored){scores[i], rows->labels[i]};
        const double auc = moment_auc(scored, n);
        if (isnan(auc))
            continue;
        sum += auc;
        n_moments++;
    }
    free(scored);
    return n_moments ? sum / n_moments : NAN;
}
