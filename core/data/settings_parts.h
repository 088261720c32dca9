#pragma once
/* What the files of data/settings share: private to data/settings*.c. */
#include "data/settings.h"

/* Sets one option from text and notes the place, which must outlive the settings. */
enum status settings_apply(struct settings *settings, const struct option *option, const char *text,
                           const char *place, struct error *reterr);

/* Notes a parameter of a model; all texts are copied. TOO_LARGE past 1,000. */
enum status settings_add_model(struct settings *settings, const char *model, const char *name,
                               const char *value, const char *place, struct error *reterr);

/* The options of one event type, for weight, by_value and aggregate; offsets in struct event_type.
 */
extern const struct option settings_type_options[];
extern const size_t settings_n_type_options;
