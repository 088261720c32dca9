#pragma once
/* Neighbouring items by cosine, with shrinkage (Sarwar et al. 2001; Deshpande and Karypis 2004).
 *
 *     B_ij = |U(i) and U(j)| / (sqrt(|U(i)| |U(j)|) + shrinkage),  i != j
 *
 * U(i): the users who like i. The shrinkage takes weight from pairs that few users support. Each
 * item keeps its `neighbours` most alike items, and scores as models/neighbours.h says.
 */
#include "models/model.h"

extern const struct model_class itemknn_class;
