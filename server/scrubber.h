#pragma once
/* Erasure in stored snapshots. Live forgets an erased user at once; this thread overwrites what the
 * snapshots on disk hold of them, soon enough that it is done within privacy.erase_within.
 */
#include "base/status.h"

struct site;
struct scrubber;

enum status scrubber_start(struct site *site, struct scrubber **ret_scrubber, struct error *reterr);
void scrubber_stop(struct scrubber *scrubber); /* NULL is fine */
