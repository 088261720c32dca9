#pragma once
/* What further retrievers think of the candidates that the first one proposed: the columns
 * score.NAME and rank.NAME of a ranker's spec, NAME a model's. Each is asked for the candidates
 * alone, so that its rank is the one among them.
 */
#include <stddef.h>
#include <stdint.h>

#include "models/model.h"

/* Two numbers of each: its score (NaN: it does not know the item), and log(1 + rank). */
enum { RANK_OTHERS_MAX = 4, RANK_OTHER_NUMBERS = 2 };

struct rank_others {
    uint32_t n;
    const struct model_class *of[RANK_OTHERS_MAX];
};

/* Each class once. *ret_at: its place. False: there is no room for another one. */
bool rank_others_add(struct rank_others *others, const struct model_class *class, uint32_t *ret_at);

/* True where the class is among them. */
bool rank_others_has(const struct rank_others *others, const struct model_class *class);

/* Those of models[n] that are asked for, out[others->n]; NULL where there is none. */
void rank_others_find(const struct rank_others *others, const struct model *const *models, size_t n,
                      const struct model **out);

struct rank_query;
struct rank_table;

/* Fills what follows the RANK_NUMBERS of each of the table's rows. NO_MEMORY. */
enum status rank_others_fill(const struct rank_query *query, struct arena *arena,
                             struct rank_table *table);
