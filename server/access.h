#pragma once
/* The steps of a request on the event loop: libmicrohttpd's callbacks.
 *
 * An answer is queued in the access handler's last call, when the request has been read: queued in
 * the first it ends the connection, which is wanted only where a body would have to be read for
 * nothing. */
#include <microhttpd.h>

/* All take the struct httpd as their context. */
void *access_on_target(void *context, const char *target, struct MHD_Connection *connection);

enum MHD_Result access_on_request(void *context, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *bytes,
                                  size_t *size, void **exchange);

void access_on_completed(void *context, struct MHD_Connection *connection, void **exchange,
                         enum MHD_RequestTerminationCode code);

void access_on_connection(void *context, struct MHD_Connection *connection, void **link,
                          enum MHD_ConnectionNotificationCode code);
