#pragma once
/* One question for a list of items: what the routes that answer with one share, however it was
 * asked. Every false has answered the request. `pointer` names the place of a value: "?fields",
 * "/fields/0". */
#include "recommend/live.h"
#include "recommend/recommend.h"
#include "server/resources/common.h"

enum { ASKED_N = 10 }; /* items, unless the question says so */

/* With all that it holds while it is answered. */
struct asked {
    struct request *request;
    struct serving *serving;
    struct live_view view;
    struct recommend_request query;
    const char *categories[RECOMMEND_CATEGORIES_MAX];
    uint32_t *exclude;
    bool hide_types[EVENT_TYPES_MAX];
    uint32_t fields; /* one bit for each of catalogue_fields */
};

void asked_begin(struct asked *asked, struct request *request);
/* Takes what serves now, until the end: writers wait meanwhile, so what does not need it comes
 * before. */
void asked_take(struct asked *asked);
void asked_end(struct asked *asked);

void asked_page(struct asked *asked, int64_t n, int64_t offset);
bool asked_reach_is_allowed(struct asked *asked, const char *pointer);
bool asked_add_field(struct asked *asked, const char *name, const char *pointer);
bool asked_add_hidden_type(struct asked *asked, const char *name, const char *pointer);
/* After asked_take. */
bool asked_set_model(struct asked *asked, const char *name, const char *pointer);

/* "<subject>": "<id>" comes first in the answer; subject NULL: nobody. `strategy` is what the list
 * counts as. */
void asked_answer(const struct asked *asked, const char *subject, const char *id,
                  const struct recommendation *made, const char *strategy);
