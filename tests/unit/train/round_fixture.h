#pragma once
/* A round on a planted store, for the tests of rounds: settings, the run, what came of it. */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "support/test.h"
#include "train/round.h"
#include "train_support.h"

enum { USERS = 300, ITEMS = 200, PER_USER = 30 };

struct fixture {
    struct planted_store planted;
    struct settings settings;
    struct round_result result;
};

static inline int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    planted_store_make(&f->planted);
    assert_int_equal(settings_init(&f->settings), STATUS_OK);
    *state = f;
    return 0;
}

static inline int teardown(void **state)
{
    struct fixture *f = *state;
    round_result_free(&f->result);
    settings_free(&f->settings);
    planted_store_free(&f->planted);
    free(f);
    return 0;
}

static inline void set(struct fixture *f, const char *name, const char *value)
{
    struct error err = {0};
    if (settings_set(&f->settings, name, value, "--set", &err) != STATUS_OK)
        fail_msg("%s", err.text);
}

/* A small iALS, quick under the sanitizers, and no report on columns, which takes the most of a
 * round with a ranker. */
static inline void set_small_ials(struct fixture *f)
{
    set(f, "models.retrievers", "ials");
    set(f, "training.features", "false");
    set(f, "models.ials.dimensions", "16");
    set(f, "models.ials.epochs", "6");
}

static inline enum status run(struct fixture *f, uint32_t version, struct parallel *pool,
                              const struct observer *observer, const struct snapshot *active,
                              struct error *reterr)
{
    const struct round_request request = {.store = f->planted.store,
                                          .settings = &f->settings,
                                          .types = &f->planted.types,
                                          .snapshots = f->planted.snapshots,
                                          .version = version,
                                          .pool = pool,
                                          .observer = observer,
                                          .active = active};
    round_result_free(&f->result);
    f->result = (struct round_result){0};
    return round_run(&request, &f->result, reterr);
}

static inline void must_run(struct fixture *f, uint32_t version, const struct snapshot *active)
{
    struct error err = {0};
    if (run(f, version, NULL, NULL, active, &err) != STATUS_OK)
        fail_msg("%s", err.text);
}

static inline struct snapshot *load(struct fixture *f, uint32_t version)
{
    struct error err = {0};
    struct snapshot *snapshot;
    if (snapshot_load(f->planted.snapshots, version, &snapshot, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    return snapshot;
}

static inline json_t *report_of(struct fixture *f)
{
    json_error_t err;
    json_t *report = json_loads(f->result.report.data, JSON_REJECT_DUPLICATES, &err);
    if (!report)
        fail_msg("%s: %s", err.text, f->result.report.data);
    return report;
}

static inline double metric_of(const json_t *report, size_t model, const char *name)
{
    const json_t *at = json_array_get(json_object_get(report, "models"), model);
    const json_t *value = json_object_get(json_object_get(at, "metrics"), name);
    assert_true(json_is_number(value));
    return json_number_value(value);
}

static inline void assert_reason(struct fixture *f, const char *words)
{
    if (!f->result.reason.data || !strstr(f->result.reason.data, words))
        fail_msg("the reason does not say '%s': %s", words, f->result.reason.data);
}

#define ROUND_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
