#pragma once
/* Everything about a request that is settled before its handler runs and before its body is read:
 * framing, target, method, path, key, media type, size, query parameters. */
#include "server/exchange.h"

/* False: request.reply is the refusal, exchange->closes is set where the connection must end. */
bool checks_pass(struct exchange *exchange, const char *method, const char *version);
