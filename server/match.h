#pragma once
/* From a target to a row of the route table.
 *
 * A pattern is made of literal segments and values, "/v1/users/{user}"; an action follows the last
 * value, "/v1/users/{user}:merge". Where several patterns fit, one with an action wins, then the
 * one with the fewest values, then the first in the table. So an id that ends in ":merge" has to be
 * sent as "%3Amerge": an action is recognised in the target as it came, before decoding.
 *
 * Made once from a table; const afterwards, for any number of threads.
 */
#include "base/arena.h"
#include "server/request.h"
#include "server/route.h"
#include "server/target.h"

struct matcher;

struct match {
    const struct route *route; /* NULL: see methods */
    unsigned methods;          /* bit 1 << enum method: what the path takes; 0: no such path */
    const char *values[REQUEST_VALUES_MAX]; /* decoded */
    size_t n_values;
};

/* `table` must outlive the matcher. Asserts that the patterns are well formed and that no two rows
 * have the same method and path. NO_MEMORY. */
enum status matcher_new(const struct route *table, struct matcher **ret_matcher);
void matcher_free(struct matcher *matcher);

/* Finds the row; values that must be cut come from the arena. NO_MEMORY; NOT_FOUND and CONFLICT are
 * not statuses here but said by `ret_match`. */
enum status matcher_find(const struct matcher *matcher, const struct target *target,
                         enum method method, struct arena *arena, struct match *ret_match);
