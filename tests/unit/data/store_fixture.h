#pragma once
/* A store in a folder of its own, for tests, and records with little in them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "data/store.h"

#define NOW_MS INT64_C(1700000000000)

struct fixture {
    char folder[64];
    struct store *store;
    struct event_types types;
    struct error err;
};

/* OK or a failed test that prints the error's sentence. */
#define assert_ok(f, call)                                                                         \
    do {                                                                                           \
        (f)->err.text[0] = '\0';                                                                   \
        if ((call) != STATUS_OK)                                                                   \
            fail_msg("%s: %s", #call, (f)->err.text);                                              \
    } while (0)

static inline void fixture_write(struct fixture *f)
{
    assert_ok(f, store_begin(f->store, &f->err));
    assert_ok(f, store_savepoint(f->store, &f->err));
}

static inline void fixture_commit(struct fixture *f)
{
    assert_ok(f, store_release(f->store, &f->err));
    assert_ok(f, store_commit(f->store, &f->err));
}

static inline void fixture_open(struct fixture *f)
{
    assert_ok(f, store_open(f->folder, STORE_WRITE, &f->store, &f->err));
    event_types_init(&f->types);
    fixture_write(f);
    assert_ok(f, store_bind_types(f->store, &f->types, &f->err));
    fixture_commit(f);
}

static inline int fixture_setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    snprintf(f->folder, sizeof f->folder, "/tmp/store-test-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    fixture_open(f);
    *state = f;
    return 0;
}

static inline int fixture_teardown(void **state)
{
    struct fixture *f = *state;
    store_close(f->store);
    folder_remove(f->folder, NULL);
    free(f);
    return 0;
}

static inline struct event_record an_event(const char *user, const char *item, const char *type)
{
    return (struct event_record){.user = user,
                                 .item = item,
                                 .type = type,
                                 .time_ms = NOW_MS,
                                 .rating = NAN,
                                 .quantity = NAN,
                                 .price = NAN,
                                 .progress = NAN,
                                 .position = -1};
}

static inline struct item_record an_item(const char *id)
{
    return (struct item_record){.id = id,
                                .attributes = "{}",
                                .available = true,
                                .price = NAN,
                                .published_ms = TIME_UNKNOWN,
                                .expires_ms = TIME_UNKNOWN};
}

static inline struct event_result fixture_event(struct fixture *f, const struct event_record *event)
{
    struct event_result result = {0};
    assert_ok(f, store_add_event(f->store, &f->types, event, false, NOW_MS, &result, &f->err));
    return result;
}

static inline uint32_t fixture_user(struct fixture *f, const char *id)
{
    const struct user_record user = {.id = id, .attributes = "{}"};
    uint32_t number;
    bool created;
    assert_ok(f, store_put_user(f->store, &user, NOW_MS, &number, &created, &f->err));
    return number;
}

static inline uint32_t fixture_item(struct fixture *f, const char *id)
{
    const struct item_record item = an_item(id);
    uint32_t number;
    bool created;
    assert_ok(f, store_put_item(f->store, &item, NOW_MS, &number, &created, &f->err));
    return number;
}

static inline struct store_counts fixture_counts(struct fixture *f)
{
    struct store_counts counts;
    assert_ok(f, store_count(f->store, &counts, &f->err));
    return counts;
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)
