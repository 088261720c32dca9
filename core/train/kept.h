#pragma once
/* What the store says about snapshots on disk. */
#include "data/store.h"

/* Takes `kept` from every version of the store whose snapshot is not in the folder `snapshots` (any
 * more). Within a transaction. The folder is looked at after the rows: another process that adds to
 * both writes the folder first. IO, NO_MEMORY. */
enum status kept_update(struct store *store, const char *snapshots, struct error *reterr);
