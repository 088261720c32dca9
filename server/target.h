#pragma once
/* The target of a request as it stood in the request line: split first, each part decoded once.
 *
 * "/v1/users/a%2Fb?limit=5" has the segments "v1", "users", "a/b" and the pair limit = "5": a
 * decoder that runs before the split would see four segments, one that runs twice would take
 * "%252F" for a slash. In the query (application/x-www-form-urlencoded) a plus sign is a space; in
 * the path it is a plus sign.
 */
#include <stddef.h>

#include "base/arena.h"
#include "base/status.h"

enum { TARGET_SEGMENTS_MAX = 16, TARGET_PAIRS_MAX = 10100 };

struct target_segment {
    const char *raw; /* as it came, not terminated */
    size_t raw_length;
    const char *text; /* decoded, terminated, valid UTF-8 without NUL */
};

struct target_pair {
    const char *name, *text; /* decoded; "" for a missing value */
};

struct target {
    struct target_segment segments[TARGET_SEGMENTS_MAX];
    size_t n_segments; /* "/" has one, which is empty */
    struct target_pair *pairs;
    size_t n_pairs; /* in the order given; empty ones ("a=1&&b=2") are left out */
};

/* Reads the target; an absolute one (http://host/path) loses its beginning. Texts come from the
 * arena; `raw` must outlive the result. MALFORMED for a target that is no path, white space,
 * control characters, a fragment, bad escapes, %00, bad UTF-8; NOT_FOUND for more segments and
 * OUT_OF_RANGE for more pairs than the limits above. */
enum status target_parse(const char *raw, struct arena *arena, struct target *ret_target,
                         struct error *reterr);
