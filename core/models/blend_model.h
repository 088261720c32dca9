#pragma once
/* What the files of blend.h share. */
#include "data/validation.h"
#include "linalg/topk.h"
#include "models/model.h"

enum { BLEND_MEMBERS_MAX = 8, BLEND_NAME_SIZE = 32, BLEND_PREFIX_SIZE = 32 };

enum blend_scale { BLEND_SCORES, BLEND_RANKS, BLEND_SCALES };

struct blend_settings {
    const char *members, *weights;
    int scale; /* enum blend_scale */
    double share;
    int64_t users;
};

/* One member as the settings have it. */
struct blend_part {
    const struct model_class *class;
    void *settings; /* of the arena it was read into */
    double weight;  /* at least 0 */
};

struct blend {
    struct model base;
    enum blend_scale scale;
    size_t n;
    double weights[BLEND_MEMBERS_MAX];            /* above 0 */
    struct model *models[BLEND_MEMBERS_MAX];      /* owned */
    struct sections *sections[BLEND_MEMBERS_MAX]; /* the members' own, where they were loaded */
};

/* Reads members and weights into parts[BLEND_MEMBERS_MAX]. *ret_fitted: the weights are to be
 * fitted. MALFORMED, OUT_OF_RANGE, NOT_FOUND with what is wrong; NO_MEMORY. */
enum status blend_parts_read(const struct blend_settings *settings, struct arena *arena,
                             struct blend_part *parts, size_t *ret_n, bool *ret_fitted,
                             struct error *reterr);

/* Brings one member's scores[n] over all items to the common scale, in place. order[n]: scratch;
 * only of BLEND_RANKS. */
void blend_rescale(enum blend_scale scale, float *scores, uint32_t n, struct ranked *order);

/* The weights of the highest NDCG@20 on the validation part, for members fitted on what it leaves;
 * they sum to 1. NO_MEMORY, CANCELLED. */
struct blend_weighing {
    const struct validation *validation;
    const struct model *const *models; /* [n] */
    size_t n;
    enum blend_scale scale;
    struct parallel *pool;
    const struct observer *observer;
};
enum status blend_weigh(const struct blend_weighing *weighing, double *weights, double *ret_ndcg);
uint64_t blend_weigh_estimate(size_t n, uint32_t n_users, uint32_t n_items);

enum status blend_fit(const struct train_set *data, const void *settings, struct parallel *pool,
                      const struct observer *observer, struct model **ret_model,
                      struct error *reterr);
uint64_t blend_estimate(const void *settings, uint32_t n_users, uint32_t n_items, uint64_t size);
void blend_free(struct model *model);
