/* The form of golden/binary_metrics_golden.h; include this, then that. */
#include <stdint.h>

struct golden_scores {
    uint32_t n, batch;
    float probabilities[200], labels[200], weights[200];
    double values[10]; /* in the order of enum binary_metric */
};
