#pragma once
/* The HTTP server: libmicrohttpd, routing on the raw target, keys, bodies, the worker pool.
 *
 * Threads: `threads` event loops (epoll) that answer inline routes; `workers` threads with a
 * bounded queue (full: 503 with Retry-After) that run the rest while their connection is suspended;
 * one reaper that closes connections which miss their header or body deadline.
 */
#include <stdint.h>

#include "data/settings.h"
#include "server/route.h"

struct httpd;
struct site;

/* Binds; nobody is answered yet, so that keys can be set and the site can take note of it. IO with
 * address and port when it cannot listen. `routes` as in route.h. */
enum status httpd_new(const struct settings *settings, struct site *site,
                      const struct route *routes, struct httpd **ret_httpd, struct error *reterr);

/* Starts to answer. On failure only httpd_stop may follow. */
enum status httpd_run(struct httpd *httpd, struct error *reterr);

unsigned httpd_port(const struct httpd *httpd); /* the one it listens on */

/* Stops listening, lets what runs finish for up to `drain_ms`, resumes and closes the rest, joins
 * every thread. NULL is fine. */
void httpd_stop(struct httpd *httpd, int64_t drain_ms);

/* Access keys, replaced as a whole when the store's have changed. Without any key and bound to
 * loopback (or insecure) every request has all scopes. Copied. */
struct key_row;
enum status httpd_set_keys(struct httpd *httpd, const struct key_row *keys, size_t n);

/* Counters of requests by route and status, latency histogram by route, connections, queue: appends
 * Prometheus text. */
void httpd_metrics(struct httpd *httpd, struct buffer *out);

/* The same as numbers, of the route of that path, or of all (NULL). */
struct counters_sum;
void httpd_count(const struct httpd *httpd, const char *path, struct counters_sum *ret_sum);

/* The contract (OpenAPI 3.1) made from the routes and server/schemas.json, appended as JSON.
 * NOT_FOUND when a row names a schema that is not there, NO_MEMORY. */
enum status openapi_write(const struct route *routes, struct buffer *out);
