#include "cli/report.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Whoever reads our output has seen enough, as `head` has: that deserves no words. */
static bool reader_left(void)
{
    struct pollfd output = {.fd = STDOUT_FILENO};
    return ferror(stdout) && poll(&output, 1, 0) == 1 && (output.revents & POLLERR);
}

int report_failure(const struct error *err)
{
    fflush(stdout);
    if (reader_left())
        return EXIT_FAILED;
    if (err->pointer[0])
        fprintf(stderr, "tastevin: %s: %s\n", err->pointer, err->text);
    else
        fprintf(stderr, "tastevin: %s\n", err->text[0] ? err->text : status_name(err->status));
    return EXIT_FAILED;
}

int report_usage(const struct command *command, const char *format, ...)
{
    va_list arguments;
    fputs("tastevin: ", stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fprintf(stderr, "\nTry 'tastevin%s%s --help'.\n", command ? " " : "",
            command ? command->name : "");
    return EXIT_USAGE;
}

void report_note(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}

enum status report_text(struct buffer *text, FILE *out, struct error *reterr)
{
    const bool failed = text->failed;
    if (!failed)
        fwrite(text->data, 1, text->size, out);
    buffer_free(text);
    return failed ? error_set(reterr, STATUS_NO_MEMORY, "no memory for the report") : STATUS_OK;
}

int report_flush(int exit_code)
{
    const bool failed_before = ferror(stdout);
    if (fflush(stdout) == 0 && !failed_before)
        return exit_code;
    if (reader_left())
        return EXIT_FAILED;
    fprintf(stderr, "tastevin: writing to standard output: %s\n", strerror(errno));
    return EXIT_FAILED;
}
