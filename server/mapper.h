#pragma once
/* Draws the map of what serves: a thread that lays the item vectors of a new snapshot on a plane
 * (train/item_map.h) and puts the map beside the snapshot, for GET /v1/map.
 *
 * Arithmetic runs at idle priority. A round goes first: while one runs nothing is drawn, and what
 * was begun is given up and begun again after it; so it is when another snapshot comes to serve.
 * training.map says how many items it has; 0: there is no thread.
 */
#include "base/status.h"

struct site;
struct mapper;

enum status mapper_start(struct site *site, struct mapper **ret_mapper, struct error *reterr);
/* Within a second, whatever is being drawn. NULL is fine. */
void mapper_stop(struct mapper *mapper);
