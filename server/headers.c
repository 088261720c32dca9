#include "server/headers.h"

#include <microhttpd.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

enum { SPACES_MAX = 64 };

/* Characters of a field's name (RFC 9110, 5.6.2). */
static bool is_token(const char *text, size_t length)
{
    static const char others[] = "!#$%&'*+-.^_`|~";
    for (size_t i = 0; i < length; i++) {
        const char c = text[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
              (c && strchr(others, c))))
            return false;
    }
    return length > 0;
}

static void take_first(const char **field, const char *value)
{
    if (!*field)
        *field = value;
}

static void take_length(struct headers *headers, const char *value)
{
    headers->n_lengths++;
    const size_t digits = strspn(value, "0123456789");
    int64_t length;
    if (digits == 0 || value[digits] || text_to_int64(value, &length) != STATUS_OK)
        headers->is_bad_length = true;
    else
        headers->content_length = length;
}

static void take_field(struct headers *headers, const char *name, const char *value)
{
    switch (name[0] | 0x20) {
    case 'a':
        if (strcasecmp(name, "Authorization") == 0)
            take_first(&headers->authorization, value);
        else if (strcasecmp(name, "Access-Control-Request-Method") == 0)
            take_first(&headers->preflight_method, value);
        break;
    case 'c':
        if (strcasecmp(name, "Content-Length") == 0)
            take_length(headers, value);
        else if (strcasecmp(name, "Content-Type") == 0)
            take_first(&headers->content_type, value);
        break;
    case 'e':
        headers->expects_continue |= strcasecmp(name, "Expect") == 0;
        break;
    case 'h':
        headers->n_hosts += strcasecmp(name, "Host") == 0;
        break;
    case 'o':
        if (strcasecmp(name, "Origin") == 0)
            take_first(&headers->origin, value);
        break;
    case 't':
        if (strcasecmp(name, "Transfer-Encoding") == 0) {
            headers->n_encodings++;
            headers->is_chunked = strcasecmp(value, "chunked") == 0;
            headers->is_unknown_encoding |= !headers->is_chunked;
        }
        break;
    case 'x':
        if (strcasecmp(name, "X-Request-Id") == 0)
            take_first(&headers->request_id, value);
        break;
    default:
        break;
    }
}

/* Name and value lie in the head as it came, the colon and the line end overwritten; a folded
 * field was put together elsewhere. */
static void account(struct headers *headers, const char *name, size_t name_length,
                    const char *value, size_t value_length)
{
    const uintptr_t after_colon = (uintptr_t)name + name_length + 1;
    const uintptr_t spaces = (uintptr_t)value - after_colon; /* wraps when it lies before */
    if (spaces > SPACES_MAX)
        headers->is_folded = true;
    else
        headers->n_field_bytes += name_length + 1 + spaces + value_length + 2;
}

static enum MHD_Result each_field(void *context, enum MHD_ValueKind kind, const char *name,
                                  size_t name_length, const char *value, size_t value_length)
{
    (void)kind;
    struct headers *headers = context;
    if (!name || !is_token(name, name_length)) {
        headers->is_bad_name = true;
        return MHD_NO;
    }
    if (!value)
        value = name + name_length + 1;
    account(headers, name, name_length, value, value_length);
    if (strlen(value) != value_length)
        headers->is_bad_value = true;
    take_field(headers, name, value);
    return MHD_YES;
}

void headers_read(struct MHD_Connection *connection, size_t request_line,
                  struct headers *ret_headers)
{
    *ret_headers = (struct headers){.content_length = -1};
    MHD_get_connection_values_n(connection, MHD_HEADER_KIND, each_field, ret_headers);
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    if (!info || info->header_size != request_line + ret_headers->n_field_bytes + 2)
        ret_headers->is_folded = true;
}

enum status headers_check(const struct headers *headers, const char *version, struct error *reterr)
{
    const char *text = NULL;
    if (headers->is_bad_name)
        text = "a header field has a name with characters that are not allowed";
    else if (headers->is_bad_value)
        text = "a header field has a NUL character in its value";
    else if (headers->n_lengths > 1)
        text = "Content-Length stands more than once";
    else if (headers->is_bad_length)
        text = "Content-Length is not a number";
    else if (headers->n_encodings > 0 && headers->n_lengths > 0)
        text = "Transfer-Encoding and Content-Length stand together";
    else if (headers->n_encodings > 1 || headers->is_unknown_encoding)
        text = "the only Transfer-Encoding that is taken is chunked, once";
    else if (headers->is_chunked && strcmp(version, "HTTP/1.1") != 0)
        text = "Transfer-Encoding needs HTTP/1.1";
    else if (headers->n_hosts > 1)
        text = "Host stands more than once";
    else if (headers->is_folded)
        text = "the header fields are folded, or have white space or line ends that are not taken";
    return text ? error_set(reterr, STATUS_MALFORMED, "%s", text) : STATUS_OK;
}

bool headers_announce_body(const struct headers *headers)
{
    return headers->is_chunked || headers->content_length > 0;
}

bool headers_type_is(const char *content_type, const char *type)
{
    if (!content_type)
        return false;
    const size_t length = strlen(type);
    if (strncasecmp(content_type, type, length) != 0)
        return false;
    const char *rest = content_type + length;
    rest += strspn(rest, " \t");
    return *rest == '\0' || *rest == ';';
}
