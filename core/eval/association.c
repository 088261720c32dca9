#include "eval/association.h"

#include <math.h>

/*  With N examples, n_vy of value v and label y, n_v and n_y the sums over the other:
 *      I    = sum_vy n_vy / N * log2(n_vy N / (n_v n_y))
 *      chi2 = sum_vy (n_vy - n_v n_y / N)^2 / (n_v n_y / N)
 *
 *  The tail of chi2 with k degrees is the regularised upper incomplete gamma function
 *  Q(a, x) with a = k/2, x = chi2/2 (Abramowitz and Stegun 26.4.19): by the series 6.5.29 of its
 *  complement below a + 1, by the continued fraction 6.5.31 above.
 */

enum { TERMS_MAX = 100000 };

#define PRECISION 1e-15

static double lower_by_series(double a, double x)
{
    double term = 1 / a, sum = term;
    for (int k = 1; k < TERMS_MAX && term > sum * PRECISION; k++) {
        term *= x / (a + k);
        sum += term;
    }
    return sum * exp(a * log(x) - x - lgamma(a));
}

/* Modified Lentz: f = b0 + a1 / (b1 + a2 / (b2 + …)), with b_k = x + 2k + 1 - a and
 * a_k = -k (k - a). */
static double upper_by_fraction(double a, double x)
{
    const double tiny = 1e-300;
    double b = x + 1 - a, c = 1 / tiny, d = 1 / b, f = d;
    for (int k = 1; k < TERMS_MAX; k++) {
        const double step = -k * (k - a);
        b += 2;
        d = step * d + b;
        d = 1 / (fabs(d) < tiny ? tiny : d);
        c = b + step / c;
        c = fabs(c) < tiny ? tiny : c;
        f *= d * c;
        if (fabs(d * c - 1) < PRECISION)
            break;
    }
    return f * exp(a * log(x) - x - lgamma(a));
}

double chi_squared_tail(double x, uint32_t degrees)
{
    if (degrees == 0 || x <= 0)
        return 1;
    const double a = degrees / 2.0, half = x / 2;
    const double tail = half < a + 1 ? 1 - lower_by_series(a, half) : upper_by_fraction(a, half);
    return tail < 0 ? 0 : tail > 1 ? 1 : tail;
}

struct cell_sums {
    double information, chi_squared;
};

static void add_cell(struct cell_sums *sums, double seen, double expected, double total)
{
    if (seen > 0)
        sums->information += seen / total * log2(seen / expected);
    sums->chi_squared += (seen - expected) * (seen - expected) / expected;
}

struct association association_of(const struct value_counts *counts, uint32_t n)
{
    double negative = 0, positive = 0;
    uint32_t n_values = 0;
    for (uint32_t i = 0; i < n; i++) {
        negative += counts[i].negative;
        positive += counts[i].positive;
        n_values += counts[i].negative + counts[i].positive > 0;
    }
    if (!(negative > 0 && positive > 0))
        return (struct association){.p = 1};
    const double total = negative + positive;
    struct cell_sums sums = {0};
    for (uint32_t i = 0; i < n; i++) {
        const double of_value = counts[i].negative + counts[i].positive;
        if (of_value > 0) {
            add_cell(&sums, counts[i].negative, of_value * negative / total, total);
            add_cell(&sums, counts[i].positive, of_value * positive / total, total);
        }
    }
    const uint32_t degrees = n_values - 1;
    const double information = sums.information - degrees / (2 * total * log(2));
    return (struct association){.mutual_information = information > 0 ? information : 0,
                                .chi_squared = sums.chi_squared,
                                .degrees = degrees,
                                .p = chi_squared_tail(sums.chi_squared, degrees)};
}
