#pragma once
/* Cross-origin requests of browsers, for the routes that take events (scope SCOPE_EVENTS) and the
 * origins of server.cors_origins; every other answer carries no CORS field, so a browser keeps it
 * from the page. Credentials are never allowed: the key is in Authorization. */
#include <stdbool.h>

#include "server/route.h"

/* Whether `origin` is, byte for byte, one of the comma-separated ones (spaces around are skipped).
 */
bool cors_allows(const char *origins, const char *origin);

/* Whether the answer of this route may be read by a page of that origin; both may be NULL. */
bool cors_opens(const struct route *route, const char *origins, const char *origin);
