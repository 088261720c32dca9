/* Header fields. The input is a head as it came, without the request line; the first byte picks
 * the version. libmicrohttpd is replaced by the two functions below, which hand over the fields as
 * it does: name and value in place, terminated. */
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "server/headers.h"

enum { REQUEST_LINE = 16 };

struct MHD_Connection {
    char *head;
    size_t size;
    union MHD_ConnectionInfo info;
};

/* Terminates name and value of the line at `from`; false for what is no field. */
static bool cut_field(char *from, char *end, char **ret_value, size_t *ret_value_length)
{
    char *colon = memchr(from, ':', (size_t)(end - from));
    if (!colon)
        return false;
    char *value = colon + 1;
    while (value < end && (*value == ' ' || *value == '\t'))
        value++;
    *colon = '\0';
    *end = '\0';
    *ret_value = value;
    *ret_value_length = (size_t)(end - value);
    return true;
}

int MHD_get_connection_values_n(struct MHD_Connection *connection, enum MHD_ValueKind kind,
                                MHD_KeyValueIteratorN iterator, void *context)
{
    int n = 0;
    char *at = connection->head, *last = at + connection->size, *end;
    for (; at < last && (end = memchr(at, '\n', (size_t)(last - at))); at = end + 1) {
        char *value;
        size_t length;
        if (!cut_field(at, end, &value, &length))
            continue;
        n++;
        if (iterator(context, kind, at, strlen(at), value, length) != MHD_YES)
            break;
    }
    return n;
}

const union MHD_ConnectionInfo *MHD_get_connection_info(struct MHD_Connection *connection,
                                                        enum MHD_ConnectionInfoType type, ...)
{
    assert(type == MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    connection->info.header_size = REQUEST_LINE + connection->size + 2;
    return &connection->info;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    struct MHD_Connection connection = {.head = fuzz_text(data + 1, size - 1), .size = size - 1};
    struct headers headers;
    struct error err = {0};
    headers_read(&connection, REQUEST_LINE, &headers);
    const enum status status = headers_check(&headers, data[0] % 2 ? "HTTP/1.1" : "HTTP/1.0", &err);
    if (status != STATUS_OK)
        fuzz_check_failure(status, &err);
    else
        assert(headers.n_lengths + headers.n_encodings <= 1 && headers.content_length >= -1);
    if (headers_announce_body(&headers))
        assert(headers.n_lengths + headers.n_encodings > 0);
    headers_type_is(headers.content_type, "application/json");
    free(connection.head);
    return 0;
}
