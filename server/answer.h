#pragma once
/* From request.reply to bytes on the wire. */
#include <microhttpd.h>

#include "server/exchange.h"

/* Hands the reply to libmicrohttpd, which then owns its body. On the event loop only. */
enum MHD_Result answer_queue(struct exchange *exchange);

/* For where libmicrohttpd takes no answer, in the middle of a body: writes the reply straight to
 * the socket, as far as it takes it at once; the caller then drops the connection. */
void answer_last_words(struct exchange *exchange);

/* The same for a request whose deadline has passed, from any thread: it reads nothing of it. */
void answer_too_late(int fd);
