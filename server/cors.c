#include "server/cors.h"

#include <string.h>

bool cors_allows(const char *origins, const char *origin)
{
    const size_t length = strlen(origin);
    for (const char *at = origins; *at;) {
        at += strspn(at, ", ");
        const size_t n = strcspn(at, ", ");
        if (n > 0 && n == length && memcmp(at, origin, n) == 0)
            return true;
        at += n;
    }
    return false;
}

bool cors_opens(const struct route *route, const char *origins, const char *origin)
{
    return route && origin && origins && route->scope == SCOPE_EVENTS &&
           cors_allows(origins, origin);
}
