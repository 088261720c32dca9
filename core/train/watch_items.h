#pragma once
/* The items of a round as points that TensorBoard's projector shows, the run "items-000012"
 * (train/watch_points.h).
 *
 * The vectors are those of the model that answers (item_map_model), scaled to length 1. Beside each
 * stand its title (or its id), first category, how many users have touched it, and its year: the
 * attribute "year", or what ends its title in brackets. Nothing of a user is written.
 */
#include "board/board.h"

#define WATCH_ITEMS_PREFIX "items-"

/* Of the stored snapshot, at most items_max items: the most popular ones (0: nothing is written).
 * Then removes older runs, to WATCH_POINTS_KEPT and bytes_max of them. OK also where there is
 * nothing to show: no board, no such snapshot, no model with vectors, no item that anybody has
 * touched. Otherwise as snapshot_load and projector_write. */
enum status watch_items(struct board *board, const char *snapshots, uint32_t version,
                        uint32_t items_max, uint64_t bytes_max, struct error *reterr);

/* The year in an item's attributes (a JSON object) or at the end of its title; 0: none. Both may be
 * NULL. */
int watch_items_year(const char *title, const char *attributes);
