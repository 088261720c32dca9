#pragma once
/* What each operation of one step of skip-gram costs, for the graph that shows it
 * (skipgram_graph): CPU time, of all threads together, and memory.
 *
 * A step is a batch: its positions are read, its chunks computed on several threads, their steps
 * added. In a pass that is measured the first batch is, and each of those whose loss is told, one
 * in sixteen; what is told is the mean of them. Each piece takes its own thread's CPU time
 * (base/laps.h), booked so:
 *
 *     inputs/sequences     the reading of positions, and which of them are kept
 *     inputs/pairs         how far each window reaches
 *     inputs/negatives     the draws
 *     …/lookup             the copies of vectors that a chunk works with
 *     …/product            scores, and the way back: the steps of both sides' vectors
 *     …/contrast           what noise contrastive estimation takes from scores
 *     loss/observed, loss/noise   the logistic function and the derivative
 *     loss/sum             a sixteenth of the loss itself, which one chunk of those batches that
 *                          tell it is asked for and no other
 *     train/sgd            the adding of all steps
 *
 * Memory is what the fit holds for the operation: a variable's numbers, tables by token, the
 * arrays of a chunk for each thread, the steps of a batch. Measuring reads clocks and changes
 * nothing that is learnt.
 */
#include "base/observer.h"
#include "base/timesheet.h"
#include "embed/skipgram_chunk.h"

/* Batches, of each of which one chunk's loss is measured. */
enum { SKIPGRAM_LOSS_EVERY = 16 };

/* Tells the mean of the sheet's steps, of SKIPGRAM_PARTS parts, and bytes[SKIPGRAM_PARTS]. Tells
 * nothing where nothing was measured, and out of memory. */
void skipgram_costs_tell(const struct skipgram_settings *settings, const struct vectors *vectors,
                         const struct timesheet *sheet, const uint64_t bytes[SKIPGRAM_PARTS],
                         int64_t epoch, const struct observer *observer);
