#pragma once
/* For tests of readers: writes files, and collects all that a reader gives as lines of text. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/buffer.h"
#include "base/file.h"
#include "data/readers/reader.h"

/* "user {…}", "item {…}", "event {…}", "broken LINE STATUS: TEXT", one a line. */
static enum status collect_user(void *context, const struct reader_place *place,
                                const struct user_record *user)
{
    (void)place;
    buffer_append_text(context, "user ");
    user_to_json(user, context);
    buffer_append_byte(context, '\n');
    return user_check(user, NULL);
}

static enum status collect_item(void *context, const struct reader_place *place,
                                const struct item_record *item)
{
    (void)place;
    buffer_append_text(context, "item ");
    item_to_json(item, context);
    buffer_append_byte(context, '\n');
    return item_check(item, NULL);
}

static enum status collect_event(void *context, const struct reader_place *place,
                                 const struct event_record *event)
{
    (void)place;
    buffer_append_text(context, event->time_is_unknown ? "timeless event " : "event ");
    event_to_json(event, context);
    buffer_append_byte(context, '\n');
    return event_check(event, TIME_MS_MAX, NULL);
}

static enum status collect_broken(void *context, const struct reader_place *place,
                                  const struct error *why)
{
    buffer_printf(context, "broken %llu %s: %s\n", (unsigned long long)place->line,
                  status_name(why->status), why->text);
    return STATUS_OK;
}

static inline struct reader_sink collect_into(struct buffer *out)
{
    return (struct reader_sink){out, collect_user, collect_item, collect_event, collect_broken};
}

static inline struct reader_settings plain_settings(void)
{
    return (struct reader_settings){.positive_from = __builtin_nan("")};
}

/* A fresh folder under /tmp; the caller removes it by folder_remove. */
static inline void make_folder(char out[64])
{
    strcpy(out, "/tmp/tastevin-test-XXXXXX");
    assert_non_null(mkdtemp(out));
}

static inline void write_bytes(const char *folder, const char *name, const void *bytes,
                               size_t length)
{
    char path[PATH_BYTES_MAX];
    assert_int_equal(path_join(path, folder, name), STATUS_OK);
    assert_int_equal(file_replace(path, bytes, length, 0600, NULL), STATUS_OK);
}

/* Runs the reader over a file of these bytes (or, bytes NULL, over the folder itself). */
static inline enum status read_bytes(const char *format, const char *name, const void *bytes,
                                     size_t length, const struct reader_settings *settings,
                                     struct buffer *out, struct error *reterr)
{
    char folder[64], path[PATH_BYTES_MAX];
    make_folder(folder);
    write_bytes(folder, name, bytes, length);
    assert_int_equal(path_join(path, folder, name), STATUS_OK);
    const struct reader_class *reader = reader_class_find(format, NULL);
    assert_non_null(reader);
    const struct reader_sink sink = collect_into(out);
    const struct reader_settings plain = plain_settings();
    buffer_append_text(out, "");
    const enum status status =
        reader->read(path, settings ? settings : &plain, &sink, NULL, reterr);
    assert_int_equal(folder_remove(folder, NULL), STATUS_OK);
    return status;
}

static inline void expect(const char *format, const char *name, const char *text,
                          const struct reader_settings *settings, const char *wanted)
{
    struct buffer out = {0};
    struct error err = {0};
    const enum status status = read_bytes(format, name, text, strlen(text), settings, &out, &err);
    if (status != STATUS_OK)
        fail_msg("%s: %s", status_name(status), err.text);
    assert_string_equal(out.data, wanted);
    buffer_free(&out);
}

static inline void expect_refusal(const char *format, const char *name, const char *text,
                                  const struct reader_settings *settings, enum status wanted,
                                  const char *word)
{
    struct buffer out = {0};
    struct error err = {0};
    const enum status status = read_bytes(format, name, text, strlen(text), settings, &out, &err);
    if (status != wanted || !strstr(err.text, word))
        fail_msg("%s: %s", status_name(status), err.text);
    assert_string_equal(out.data, "");
    buffer_free(&out);
}
