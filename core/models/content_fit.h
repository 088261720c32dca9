#pragma once
/* The fit of `content`, for its class. */
#include "models/model.h"

struct content_settings {
    double title, categories, attributes, vector;
};

enum { CONTENT_OPTIONS = 4 };
extern const struct option content_options[CONTENT_OPTIONS];

/* Without records every item is of no likeness to any other. */
enum status content_fit(const struct train_set *data, const void *settings, struct parallel *pool,
                        const struct observer *observer, struct model **ret_model,
                        struct error *reterr);
uint64_t content_estimate(const void *settings, uint32_t n_users, uint32_t n_items, uint64_t size);
