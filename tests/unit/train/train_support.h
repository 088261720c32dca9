#pragma once
/* A store with planted tastes, and what a snapshot is made of, for the tests of train/. */
#include "base/file.h"
#include "data/store.h"
#include "models/model.h"
#include "train/snapshot.h"

struct planted_store {
    char folder[PATH_BYTES_MAX]; /* of the data; snapshots go to <folder>/snapshots */
    char snapshots[PATH_BYTES_MAX];
    struct store *store;
    struct event_types types; /* bound */
};

/* A fresh, empty store. Every function here fails the test when something fails. */
void planted_store_make(struct planted_store *planted);
void planted_store_free(struct planted_store *planted);

/* Items "i0"… and `per_user` likes of each user "u0"…, in rising time, which starts later for a
 * larger seed. Users and items fall into 10 groups; most likes stay within the user's group, so
 * that a personal model is better than popularity. first_user, seed: for adding more later. */
void plant(struct planted_store *planted, uint32_t first_user, uint32_t n_users, uint32_t n_items,
           uint32_t per_user, uint64_t seed);

/* Users who walk around a ring of items: the newest item decides which come next, and nothing but
 * order tells what lies ahead from what lies behind. */
void plant_walks(struct planted_store *planted, uint32_t n_users, uint32_t n_items,
                 uint32_t per_user, uint64_t seed);

/* The store's last seq. */
uint64_t planted_seq(struct planted_store *planted);

struct dataset *planted_dataset(struct planted_store *planted);

/* A model of the registry with its defaults but for up to two settings (NULL: none). */
struct model *fit_planted(const struct dataset *dataset, const char *name,
                          const char *const settings[4], struct parallel *pool);

/* A round on all of the store, which must not fail; its snapshot is the version. */
struct settings;
void planted_round(struct planted_store *planted, const struct settings *settings,
                   uint32_t version);

/* Every file below both folders is the same, byte for byte. */
void assert_folders_equal(const char *a, const char *b);
