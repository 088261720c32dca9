#pragma once
/* Neighbouring sessions (VMIS-kNN; Kersbergen, Sprangers, Schelter 2022, "Serenade: low-latency
 * session-based recommendation in e-commerce at scale", eq. 1).
 *
 *     r_n      = sum over items j of both s and n of pi_j
 *     score(i) = sum over the `neighbours` sessions n with the largest r_n, that have i, of
 *                lambda_n r_n log(1 + N / N_i)
 *
 * s: the newest `length` items of the history, j-th newest at pi_j = 1 - (j - 1) / |s|; n: the
 * `recent` newest sessions of each of them. lambda_n = 1 - 0.1 (j - 1), not below 0, of the newest
 * item j that s and n share. N: sessions; N_i: those with i. Where no times are known every pi and
 * lambda is 1. Equal r: the newer session goes first.
 *
 * A session is what one user liked without a pause above 30 minutes; what has no time is one
 * session of its user. Sessions after the fit enter by an overlay, at once, and are newer than all
 * others; N and N_i are as of the fit. What is retracted leaves with the next fit.
 *
 * Likeness of i to j: sessions with both, of the `recent` newest of i, by the root of N_i N_j.
 *
 * Sections: sessionknn/shape; sessionknn/user_starts [n_users + 1] and sessionknn/user_rows, two
 * numbers an item: 1 + the item, its highest bit set where a session begins, and its age in seconds
 * before the newest event. A user's rows are overwritten with zeros on erasure: item 0 is none.
 */
#include "models/model.h"

extern const struct model_class sessionknn_class;
