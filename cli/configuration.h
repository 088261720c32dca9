#pragma once
/* The settings in force for one invocation: defaults, then --config's file, then the environment,
 * then options that stand for a setting (--data, --port) and --set, in the order given. */
#include "cli/command.h"
#include "data/settings.h"
#include "train/table_settings.h"

/* A --set after `before` belongs to that option's value and is left out; NULL: none is. On failure
 * settings_free is all that may be done. */
enum status configuration_read(const struct invocation *invocation, const char *before,
                               struct settings *ret_settings, struct error *reterr);

/* Cuts "name=value"; the name goes to name[size]. MALFORMED without '=' or with too long a name. */
enum status configuration_cut(const char *assignment, char *name, size_t size,
                              const char **ret_value, struct error *reterr);

/* Every --set of a command on tables, in the order given, over what the spec says. */
enum status configuration_set_table(const struct invocation *invocation,
                                    struct table_settings *settings, struct arena *arena,
                                    struct error *reterr);
