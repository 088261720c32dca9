#pragma once
/* Fits a network: batches in an order drawn for each epoch, one loss, FTRL for the wide part and
 * the chosen optimizer for the deep part in the same step (Cheng et al. 2016).
 *
 * The loss of a batch is sum_r w_r loss_r / (n mean(w)), w_r the example's weight times
 * positive_weight for label 1, n the examples of the batch and mean(w) that of the whole training
 * part: the expectation of its gradient is that of the weighted mean.
 *
 * Observed by epoch: train/loss, train/rate, wide/zero_share; with a validation part eval/loss and
 * eval/auc, and the validation's scores as eval/pr. Before the first epoch the graph; every
 * observer->every epochs what network_look.h says; costs as observer_wants_costs says
 * (network_costs.h). A fit that breaks is told
 * of as network_look_broken says, and looked into whatever epoch it is.
 */
#include "models/network_settings.h"

/* wide, deep: the parts that the class has; the rest as in struct predictor_class. */
enum status network_fit(const struct predictor_class *class, bool wide, bool deep,
                        const struct predictor_task *task, const struct network_settings *settings,
                        struct parallel *pool, const struct observer *observer,
                        struct predictor **ret_predictor, struct error *reterr);
