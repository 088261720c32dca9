#pragma once
/* What a round's report says, in the forms that TensorBoard's pages of text and HParams show. */
#include <stddef.h>

#include "board/board.h"

enum { WATCH_HPARAMS_MAX = 128 };

/* report: the JSON text of round.h. Writes, as far as the report has them: "round/models", a
 * Markdown table of each metric of each model on the hold-out; "round/gate", what was compared with
 * what serves; "round/calibration", the ranker's deciles; "round/data", what changed in the
 * data; and the settings as a row of the HParams
 * page ("models.0.dimensions"; at most WATCH_HPARAMS_MAX). A report that
 * cannot be read writes nothing. run may be NULL. */
void watch_report(struct board_run *run, const char *report, size_t length);
