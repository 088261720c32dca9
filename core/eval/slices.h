#pragma once
/* Where a model is good: by length of the users' history and by popularity of the items. */
#include "eval/evaluate.h"
#include "recommend/recommend.h"

enum item_part { ITEMS_HEAD, ITEMS_MIDDLE, ITEMS_TAIL, ITEMS_COLD, ITEM_PARTS };

/* parts[n_items] from users_of[n_items], the users that each item has in training. Rising item
 * number breaks ties. NO_MEMORY. */
enum status item_parts_of(const uint32_t *users_of, uint32_t n_items, unsigned char *ret_parts);

/* Sums by part, over users with test items there. */
struct part_sums {
    double sums[ITEM_PARTS][COMPARED_COUNT];
    uint32_t n_users[ITEM_PARTS];
};

/* One user's list: hits[k] at the first k and the test items. */
void part_sums_add(struct part_sums *sums, const unsigned char *parts,
                   const struct recommended *items, const unsigned char *hits, size_t k,
                   const uint32_t *test, size_t n_test);

/* Fills report->slices and each model's values: quarters of users by history length, then the parts
 * that hold test items. sums[n_models]. NO_MEMORY. */
enum status report_slices(struct report *report, const struct part_sums *sums);
