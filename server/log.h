#pragma once
/* The daemon's log: one line an event on standard error, as text or JSON. Thread-safe; the level
 * and format are set once at start. Never called by core/. */
enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

void log_setup(enum log_level level, int json);

/* `event` is a short constant name, "round_published"; then the sentence. */
void log_write(enum log_level level, const char *event, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
