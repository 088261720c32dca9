#pragma once
/* Query parameters against what a route takes (struct parameter): names, repetition, types, ranges.
 */
#include "base/arena.h"
#include "server/request.h"
#include "server/target.h"

/* `known` ends with a NULL name; NULL: none are taken. The result is in the order given, its texts
 * are the target's. NOT_FOUND for an unknown name (with the nearest known one), OUT_OF_RANGE for a
 * bad value or one too many, MALFORMED for an id that is not UTF-8, NO_MEMORY. The error's pointer
 * is "?name". */
enum status parameters_check(const struct parameter *known, const struct target *target,
                             struct arena *arena, const struct query_parameter **ret_parameters,
                             struct error *reterr);
