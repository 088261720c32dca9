#pragma once
/* Random walks of three steps, with popular ends held down (Paudel, Christoffel, Newell, Bernstein
 * 2017, "Updatable, accurate, diverse, and scalable recommendations for interactive applications").
 *
 *     B_ij = |U(j)|^-beta  sum over users u of (1 / |U(i)|)^alpha (1 / |I(u)|)^alpha,  i != j
 *
 * over the users who like both: the chance of getting from item i by a user to item j, each step's
 * to the power alpha. U(i): the users who like i; I(u): the items that u likes. Each row keeps its
 * `neighbours` largest entries; scores and likeness are as models/neighbours.h says.
 */
#include "models/model.h"

extern const struct model_class rp3beta_class;
