#pragma once
/* What a function that can fail answers.
 *
 * Every function that can fail returns an enum status; its outputs (`ret_…`) are written only on
 * STATUS_OK. Where a person has to act on a failure, the last parameter is `struct error *reterr`
 * (NULL: not wanted): a sentence that names the place and, where there is one, the remedy.
 * The library never logs and never exits: whoever handles an error says so, once.
 *
 * Programmer errors (a wrong shape, a NULL that must not be) are assert()s, never a status.
 */
#include <stdarg.h>
#include <stdbool.h>

enum status {
    STATUS_OK = 0,
    STATUS_MALFORMED,    /* bytes that are not what they claim to be: syntax, encoding */
    STATUS_OUT_OF_RANGE, /* well formed, but a value that is not allowed */
    STATUS_NOT_FOUND,    /* names something that does not exist */
    STATUS_CONFLICT,     /* contradicts what is stored */
    STATUS_TOO_LARGE,    /* past one of the named limits */
    STATUS_NO_MEMORY,
    STATUS_IO,          /* the file system or the database refused; errno's words are in the text */
    STATUS_DISK_FULL,   /* no space left, or less than the reserve */
    STATUS_CORRUPT,     /* stored data fails its own check */
    STATUS_BUSY,        /* somebody else holds it; trying again may help */
    STATUS_CANCELLED,   /* stopped on request */
    STATUS_UNSUPPORTED, /* this build or this model cannot do it */
    STATUS_COUNT
};

enum { ERROR_TEXT_MAX = 512, ERROR_POINTER_MAX = 256 };

/* Owned by the caller, usually on its stack; nothing to free. Zero-initialise. */
struct error {
    enum status status;
    char text[ERROR_TEXT_MAX]; /* one sentence, no final full stop needed, always terminated */
    char pointer[ERROR_POINTER_MAX]; /* JSON pointer (RFC 6901) or file:line of the place; or "" */
};

/* Writes the sentence (truncated to fit, on a UTF-8 boundary; '?' for bytes that are not text) and
 * returns `status`, so that `return error_set(reterr, STATUS_…, "…")` reads in one line. reterr may
 * be NULL. An earlier pointer in reterr is cleared. */
enum status error_set(struct error *reterr, enum status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Same, with the place. `pointer` may be NULL. */
enum status error_set_at(struct error *reterr, enum status status, const char *pointer,
                         const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Puts words before the text that is already there: "reading ratings.csv: " and so on. */
void error_prefix(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Maps errno after a failed system call: ENOSPC and EDQUOT to STATUS_DISK_FULL, ENOMEM to
 * STATUS_NO_MEMORY, ENOENT to STATUS_NOT_FOUND, else STATUS_IO. Text: "<doing>: <strerror>". */
enum status error_set_errno(struct error *reterr, int errno_value, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A fixed lower-case name, "out of range"; never NULL. */
const char *status_name(enum status status);
