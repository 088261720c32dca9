#pragma once
/* Implicit alternating least squares, the general default (Hu, Koren, Volinsky 2008; settings and
 * regularisation after Rendle, Krichene, Zhang, Koren 2022, "Revisiting the performance of iALS").
 *
 *     min  sum over observed (u, i) of c_ui (p_ui - y_ui)^2 + alpha0 sum over all (u, i) of y_ui^2
 *          + lambda sum_u (|I(u)| + alpha0 |I|)^nu |w_u|^2
 *          + lambda sum_i (|U(i)| + alpha0 |U|)^nu |h_i|^2,      y_ui = <w_u, h_i>
 *
 * p is 1 for a positive signal and 0 for a negative one; c is its size divided by the mean size of
 * all signals of the train set, so that alpha0 and lambda mean the same whatever the weights of
 * the event types are. |I| and |U| count the items and users that have any signal. The user's
 * strongest history_max signals count.
 *
 * Each epoch solves all users for the items held fixed, then all items for the users; the fit ends
 * with an exact user step, so that a known user's stored vector is bit for bit what the same
 * history gives a guest. An item without signals has the zero vector, as has an empty history.
 *
 * Reports "fit/loss" by epoch: the objective above after the item step.
 * Sections: ials/shape (users, items, dimensions), ials/settings, ials/users, ials/items,
 * ials/gram (alpha0 H'H). A user is erased by zeroing the row of ials/users.
 */
#include "models/model.h"

extern const struct model_class ials_class;
