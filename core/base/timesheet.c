#include "base/timesheet.h"

#include <stdlib.h>
#include <string.h>

void timesheet_init(struct timesheet *sheet, size_t n_workers, size_t n_parts)
{
    *sheet = (struct timesheet){.ns = calloc(n_workers * n_parts, sizeof *sheet->ns),
                                .n_workers = n_workers,
                                .n_parts = n_parts};
}

void timesheet_free(struct timesheet *sheet)
{
    free(sheet->ns);
    *sheet = (struct timesheet){0};
}

void timesheet_open(struct timesheet *sheet)
{
    sheet->open = sheet->ns;
    sheet->n_steps += sheet->open;
}

void timesheet_close(struct timesheet *sheet)
{
    sheet->open = false;
}

int64_t timesheet_mean_ns(const struct timesheet *sheet, size_t part)
{
    int64_t sum = 0;
    for (size_t w = 0; w < sheet->n_workers && sheet->n_steps; w++)
        sum += sheet->ns[w * sheet->n_parts + part];
    return sheet->n_steps ? sum / sheet->n_steps : 0;
}

void timesheet_clear(struct timesheet *sheet)
{
    if (sheet->ns)
        memset(sheet->ns, 0, sheet->n_workers * sheet->n_parts * sizeof *sheet->ns);
    sheet->n_steps = 0;
}
