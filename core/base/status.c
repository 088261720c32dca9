#include "base/status.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

static const char *const names[STATUS_COUNT] = {
    [STATUS_OK] = "ok",
    [STATUS_MALFORMED] = "malformed",
    [STATUS_OUT_OF_RANGE] = "out of range",
    [STATUS_NOT_FOUND] = "not found",
    [STATUS_CONFLICT] = "conflict",
    [STATUS_TOO_LARGE] = "too large",
    [STATUS_NO_MEMORY] = "out of memory",
    [STATUS_IO] = "input/output error",
    [STATUS_DISK_FULL] = "disk full",
    [STATUS_CORRUPT] = "corrupt",
    [STATUS_BUSY] = "busy",
    [STATUS_CANCELLED] = "cancelled",
    [STATUS_UNSUPPORTED] = "not supported",
};

const char *status_name(enum status status)
{
    assert(status < STATUS_COUNT);
    return names[status];
}

static void write_text(struct error *err, enum status status, const char *format, va_list arguments)
{
    err->status = status;
    err->pointer[0] = '\0';
    vsnprintf(err->text, sizeof err->text, format, arguments);
    utf8_trim_partial(err->text);
    utf8_make_printable(err->text);
}

enum status error_set(struct error *reterr, enum status status, const char *format, ...)
{
    if (reterr) {
        va_list arguments;
        va_start(arguments, format);
        write_text(reterr, status, format, arguments);
        va_end(arguments);
    }
    return status;
}

enum status error_set_at(struct error *reterr, enum status status, const char *pointer,
                         const char *format, ...)
{
    if (reterr) {
        va_list arguments;
        va_start(arguments, format);
        write_text(reterr, status, format, arguments);
        va_end(arguments);
        snprintf(reterr->pointer, sizeof reterr->pointer, "%s", pointer ? pointer : "");
        utf8_trim_partial(reterr->pointer);
    }
    return status;
}

void error_prefix(struct error *err, const char *format, ...)
{
    if (!err)
        return;
    char before[ERROR_TEXT_MAX], after[ERROR_TEXT_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(before, sizeof before, format, arguments);
    va_end(arguments);
    memcpy(after, err->text, sizeof after);
    const size_t used = strlen(before);
    memcpy(err->text, before, used + 1);
    snprintf(err->text + used, sizeof err->text - used, "%s", after);
    utf8_trim_partial(err->text);
}

static enum status status_of_errno(int errno_value)
{
    switch (errno_value) {
    case ENOSPC:
    case EDQUOT:
        return STATUS_DISK_FULL;
    case ENOMEM:
        return STATUS_NO_MEMORY;
    case ENOENT:
        return STATUS_NOT_FOUND;
    default:
        return STATUS_IO;
    }
}

enum status error_set_errno(struct error *reterr, int errno_value, const char *format, ...)
{
    const enum status status = status_of_errno(errno_value);
    if (reterr) {
        char doing[ERROR_TEXT_MAX / 2], reason[128] = "";
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(doing, sizeof doing, format, arguments);
        va_end(arguments);
        error_set(reterr, status, "%s: %s", doing, strerror_r(errno_value, reason, sizeof reason));
    }
    return status;
}
