#pragma once
/* A look into a network while it learns, at the end of an epoch, for whoever debugs it.
 *
 * Of every group of parameters ("layer_0_weights", "embedding/education"), at the epoch's last
 * step:
 *
 *     gradient_norm/<group>   length of the batch's gradient; layers only
 *     update_ratio/<group>    length of the step over that of the parameters; about 0.001 is
 * healthy norm/<group>            root of the mean square of the parameters; vectors of embeddings
 * too weights/<group>, gradients/<group>   distributions, of at most LOOK_VALUES_MAX numbers each,
 *                             evenly spaced
 *     dead_relus/layer_<i>    share of units that no one of LOOK_ROWS_MAX training rows wakes
 *
 * It reads what the step left behind and works on its scratch: what is learnt is not changed by
 * looking.
 */
#include "base/observer.h"
#include "models/network_step.h"

enum { LOOK_VALUES_MAX = 16384, LOOK_ROWS_MAX = 128, NETWORK_WHERE_MAX = 160, NETWORK_TRAIL = 16 };

/* How a fit got to where it is: mean losses of its last batches. */
struct network_trail {
    uint32_t epoch;
    uint64_t step;  /* the last that was begun, from 1 on */
    uint32_t batch; /* of the epoch, from 1 on */
    uint64_t n;     /* losses so far; number i lies at i % NETWORK_TRAIL */
    struct network_mark {
        uint64_t step;
        double loss;
    } of[NETWORK_TRAIL], worst; /* of the epoch so far; step 0: none */
};

struct network_look {
    struct network_step *step;
    const struct feature_layout *layout;
    const uint32_t *rows; /* of the training part, in the epoch's order */
    const struct observer *observer;
    float *before; /* [network->size] parameters before the last step; NULL: nobody looks */
    float *sample; /* [LOOK_VALUES_MAX] */
    bool has_before;
};

/* Memory from the arena where the observer wants to look. Everything is borrowed. NO_MEMORY. */
enum status network_look_init(struct network_step *step, const struct feature_layout *layout,
                              const uint32_t *rows, const struct observer *observer,
                              struct arena *arena, struct network_look *ret_look);

bool network_look_is_due(const struct network_look *look, uint32_t epoch);

/* Before the epoch's last step. */
void network_look_before(struct network_look *look);

/* After the epoch, or after the step that broke it. */
void network_look_after(struct network_look *look, uint32_t epoch);

/* Tells of a fit that broke, as the text "debug/numerics": where, which tensors are not finite, and
 * the losses that led there. Does without what memory is not there for. */
void network_look_broken(const struct network *network, const struct network_trail *trail,
                         double loss, const struct observer *observer);

/* Where a fit broke: "; bias is not finite (9 of 9 tensors are not) in step 17, batch 17 of the
 * epoch", the last step that was begun. Empty where all parameters are finite. */
void network_look_where(const struct network *network, uint64_t step, uint32_t batch,
                        char out[NETWORK_WHERE_MAX]);
