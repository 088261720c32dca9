#include "server/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/text.h"

enum { LOG_TEXT_MAX = 2048 };

/* The one process-wide state: standard error is one for the process too. */
static _Atomic int highest_level = LOG_INFO;
static _Atomic int writes_json = 0;

static const char *const level_names[] = {"error", "warning", "info", "debug"};

void log_setup(enum log_level level, int json)
{
    atomic_store(&highest_level, (int)level);
    atomic_store(&writes_json, json);
}

static void format_json(struct buffer *line, const char *time, enum log_level level,
                        const char *event, const char *text)
{
    buffer_printf(line, "{\"time\":\"%s\",\"level\":\"%s\",\"event\":\"%s\",\"message\":", time,
                  level_names[level], event);
    buffer_append_json(line, text, strlen(text));
    buffer_append_text(line, "}\n");
}

/* Control characters would let a message from outside forge a second line. */
static void format_text(struct buffer *line, const char *time, enum log_level level,
                        const char *event, char *text)
{
    for (char *at = text; *at; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            *at = ' ';
    buffer_printf(line, "%s %-7s %s: %s\n", time, level_names[level], event, text);
}

void log_write(enum log_level level, const char *event, const char *format, ...)
{
    if ((int)level > atomic_load_explicit(&highest_level, memory_order_relaxed))
        return;
    char text[LOG_TEXT_MAX], time[TIME_TEXT_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    utf8_trim_partial(text);
    time_format(clock_now_ms(), time);

    struct buffer line = {0};
    if (atomic_load_explicit(&writes_json, memory_order_relaxed))
        format_json(&line, time, level, event, text);
    else
        format_text(&line, time, level, event, text);
    /* One write a line, so that lines of several threads do not mix. A log that nobody takes is
     * no reason to stop. */
    if (line.size > 0 && write(STDERR_FILENO, line.data, line.size) < 0)
        line.failed = true;
    buffer_free(&line);
}
