#pragma once

#include "base/observer.h"

/* What an observer of a whole fit sees of its ranker's predictor: a predictor's curves are
 * "train/loss" and the like, here "ranker/train/loss"; its graph and its costs stand in the scope
 * `ranker`; its progress is that of the phase "fitting the ranker". `outer` may be NULL and is
 * borrowed for as long as the result is used. */
struct observer ranker_observer(const struct observer *outer);
