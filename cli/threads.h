#pragma once
/* The threads of a subcommand that has --threads. */
#include "base/parallel.h"
#include "cli/command.h"

/* As many as --threads says, by default one a core. After console_open where there is a console:
 * its signals are not theirs. As parallel_new. */
enum status threads_start(const struct invocation *invocation, struct parallel **ret_pool,
                          struct error *reterr);
