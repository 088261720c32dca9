#pragma once
/* What lies in a log directory: event files and the order in which readers take them, runs and
 * their order. */
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

enum { EVENT_FILE_NAME_MAX = 255, RUNS_LISTED_MAX = 100000 };

/* A name for a new event file in the folder: `events.out.tfevents.<seconds>.<host>.<pid>.<n>`,
 * greater in byte order than every event file there, because readers take them in that order and
 * follow only the greatest. The seconds run ahead of `now_s` where they have to. TOO_LARGE when
 * files_max are there already; CONFLICT when nothing of that form is greater. */
enum status event_file_name(const char *folder, int64_t now_s, size_t files_max,
                            char out[EVENT_FILE_NAME_MAX + 1], struct error *reterr);

/* The folders in logdir (no symbolic links) that hold an event file and whose names are the prefix
 * and a rising number or a date (digits and '-'), oldest first: by length of their names, then by
 * bytes; the clock may have been set back, and so says nothing. */
struct run_listing;
enum status run_listing_new(const char *logdir, const char *prefix,
                            struct run_listing **ret_listing, struct error *reterr);
size_t run_listing_count(const struct run_listing *listing);
const char *run_listing_at(const struct run_listing *listing, size_t i);
/* Of the run's own files, not of folders in it: bytes of all, and how many are event files. */
uint64_t run_listing_bytes(const struct run_listing *listing, size_t i);
size_t run_listing_files(const struct run_listing *listing, size_t i);
void run_listing_free(struct run_listing *listing);
