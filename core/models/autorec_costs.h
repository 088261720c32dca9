#pragma once
/* What each operation of one step of AutoRec costs, for the graph that shows it (autorec_graph):
 * CPU time, of all threads together, and memory.
 *
 * A step is a batch; measured is the last full one of a pass. Rows go there and back, then strips
 * of columns sum their gradients and step, both on several threads. Each piece takes its own
 * thread's CPU time (base/laps.h), booked so:
 *
 *     encoder/product    x V + m, and the gradient of V
 *     encoder/sum        the gradient of m
 *     encoder/hidden     g, and its derivative; nothing where g is the identity
 *     decoder/product    W h, and the way back: the loss by h, and the gradient of W
 *     decoder/sum        + b, and the gradient of b
 *     loss/…             the loss and its derivative
 *     train/adam         the steps of all parameters
 *
 * Two things are one loop. With ratings an observed output's product, bias, error and way back
 * are, which are shared out by their operations of arithmetic; and the gradients of V, W and b
 * that belong to an entry are (with a softmax only their zeroing), by the lengths of their rows.
 *
 * Memory is what the fit holds for the operation: the rows and targets that it learns from; a
 * variable's numbers, the best of them so far, and the gradient; what a batch gives; Adam's two
 * states. Measuring reads clocks and changes nothing that is learnt.
 */
#include "base/observer.h"
#include "base/timesheet.h"
#include "models/autorec_model.h"

/* Tells the mean of the sheet's steps, of AUTOREC_PARTS parts, for batches of up to batch_rows.
 * Tells nothing where nothing was measured, and out of memory. */
void autorec_costs_tell(const struct autorec_settings *settings, const struct autorec_batch *batch,
                        uint32_t batch_rows, const struct timesheet *sheet, int64_t epoch,
                        const struct observer *observer);
