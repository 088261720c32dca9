#pragma once
/* The header fields that the HTTP layer itself acts on, and the requests that must not be answered.
 *
 * libmicrohttpd takes a message with Transfer-Encoding and Content-Length, with two Content-Lengths
 * or with white space before a colon, and it loses a field that is folded over two lines if it is
 * the last one. A proxy in front may see another end of such a message than we do, and the rest
 * would be taken for somebody else's request: they are refused and the connection is closed
 * (RFC 9112, 5.2, 6.3 and 11.2). Folding cannot be seen directly; but every byte of the head must
 * be accounted for by the request line, the fields that arrived and their line ends.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

struct MHD_Connection;

struct headers {
    /* NULL: not there. The connection's memory, valid until its answer is queued. */
    const char *authorization, *content_type, *request_id, *origin, *preflight_method;
    bool expects_continue;
    bool is_chunked;
    int64_t content_length; /* -1: not there */
    unsigned n_lengths, n_encodings, n_hosts;
    bool is_bad_name, is_bad_value, is_bad_length, is_unknown_encoding;
    bool is_folded;       /* or bytes of the head are not accounted for */
    size_t n_field_bytes; /* of all fields, with colon, space after it and line end */
};

/* Collects. Of a field that came twice the first counts, except where that is a refusal.
 * request_line: bytes of it with its line end. */
void headers_read(struct MHD_Connection *connection, size_t request_line,
                  struct headers *ret_headers);

/* MALFORMED for what is said above; after it the connection must be closed. `version` as in the
 * request line. */
enum status headers_check(const struct headers *headers, const char *version, struct error *reterr);

/* Whether bytes follow the head. */
bool headers_announce_body(const struct headers *headers);

/* "application/json; charset=utf-8" is of type "application/json". */
bool headers_type_is(const char *content_type, const char *type);
