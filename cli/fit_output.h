#pragma once
/* The report of a fit: for people, and as JSON. */
#include <stdio.h>

#include "train/table_report.h"

struct fit_output {
    const struct table_fit_result *result;
    const struct table_measured *measured; /* NULL: there was no file to measure on */
    const struct table_settings *settings;
    const struct fitted *from; /* NULL: none */
    const char *out;           /* where the model was written; NULL: nowhere */
};

enum status fit_print(const struct fit_output *output, FILE *out, struct error *reterr);
enum status fit_print_json(const struct fit_output *output, FILE *out, struct error *reterr);
