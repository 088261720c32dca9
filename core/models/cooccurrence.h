#pragma once
/* Bought together: items that share baskets more often than chance lets them, by the log-likelihood
 * ratio (Dunning 1993, "Accurate methods for the statistics of surprise and coincidence", sec. 4).
 *
 *     B_ab = 2 sum_{x,y in {0,1}} k_xy ln(k_xy N / (k_x. k_.y)),   where k_11 N > k_1. k_.1
 *
 * k_11: baskets with a and b; k_10: with a alone; k_01: with b alone; k_00: with neither; N: all.
 * Pairs that are in fewer than `support` baskets together, or in no more than chance would have it,
 * are left out. Of a one keeps the `neighbours` items b with the largest B_ab, and scores as
 * models/neighbours.h says, with signals for a adding row a.
 *
 * A basket is what a user did in one session (no pause above 30 minutes), on one day (UTC) or ever,
 * as `within` says. What has no time is one basket of its user. In a basket a stands for events of
 * type `from` and b for those of type `to`; without a name, for whatever is a preference in the
 * end. With two types the matrix has a direction: from view to purchase it says what is bought by
 * those who look at a.
 */
#include "models/model.h"

extern const struct model_class cooccurrence_class;

/* B_ab from the counts: together, with a, with b, all. 0 where they do not attract each other. */
double cooccurrence_likelihood_ratio(double together, double with_a, double with_b, double all);
