#pragma once
/* What goes to standard error, and the exit code that goes with it; reports on standard output. */
#include <stdint.h>
#include <stdio.h>

#include "base/buffer.h"
#include "base/status.h"
#include "cli/command.h"

/* "tastevin: <place>: <sentence>"; returns EXIT_FAILED. */
int report_failure(const struct error *err);

/* The sentence, then where the help is; returns EXIT_USAGE. command may be NULL. */
int report_usage(const struct command *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A line of information. */
void report_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Writes the text to `out` and frees it. NO_MEMORY when the text is not whole: nothing is written.
 * What cannot be written shows in report_flush. */
enum status report_text(struct buffer *text, FILE *out, struct error *reterr);

/* Flushes standard output: a full disk or a closed pipe must not pass for success. Returns
 * `exit_code`, or EXIT_FAILED with a message when something could not be written. A reader that
 * left is failure without a message, here and in report_failure. */
int report_flush(int exit_code);

/* What a count puts behind its noun: "1 line", "2 lines". */
static inline const char *plural(uint64_t n)
{
    return n == 1 ? "" : "s";
}
