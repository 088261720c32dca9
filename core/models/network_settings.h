#pragma once
/* The settings of wide, deep and wide & deep, and the rows of their option tables. */
#include <stddef.h>

#include "base/option.h"
#include "models/network.h"

struct network_settings {
    const char *hidden;
    double dropout, embedding_scale, deep_rate, adagrad_start, weight_decay;
    double wide_rate, wide_beta, l1, l2, positive_weight, warmup;
    int64_t cross_layers, batch, epochs, patience;
    int optimizer, schedule, stop_by; /* indices into the choices */
    bool layer_norm;
};

extern const char *const network_optimizer_names[]; /* in the order of enum optimizer_kind */
extern const char *const network_schedule_names[];  /* in the order of enum schedule_kind */
extern const char *const network_stop_names[];
enum network_stop { NETWORK_STOP_AUC, NETWORK_STOP_LOSS };

/* "100-75-50-25" or "100,75,50,25" -> widths of the hidden layers. MALFORMED or OUT_OF_RANGE with
 * the place. */
enum status network_hidden_parse(const char *text, struct network_shape *shape,
                                 struct error *reterr);

#define NETWORK_REAL(NAME, INITIAL, MIN, MAX, HELP)                                                \
    {                                                                                              \
        .name = #NAME, .type = OPTION_REAL, .offset = offsetof(struct network_settings, NAME),     \
        .initial = INITIAL, .min = MIN, .max = MAX, .help = HELP                                   \
    }

#define NETWORK_INT(NAME, INITIAL, MIN, MAX, HELP)                                                 \
    {                                                                                              \
        .name = #NAME, .type = OPTION_INT, .offset = offsetof(struct network_settings, NAME),      \
        .initial = INITIAL, .min = MIN, .max = MAX, .help = HELP                                   \
    }

#define NETWORK_CHOICE(NAME, INITIAL, CHOICES, HELP)                                               \
    {                                                                                              \
        .name = #NAME, .type = OPTION_CHOICE, .offset = offsetof(struct network_settings, NAME),   \
        .initial = INITIAL, .choices = CHOICES, .help = HELP                                       \
    }

/* For every class. */
#define NETWORK_OPTIONS_FIT                                                                        \
    NETWORK_INT(epochs, "20", 1, 100000, "passes over the training part at most"),                 \
        NETWORK_INT(batch, "256", 1, 1000000000,                                                   \
                    "examples in one step; up to the whole training part"),                        \
        NETWORK_INT(patience, "3", 0, 100000,                                                      \
                    "passes without a better validation before the fit stops; 0: never; the "      \
                    "best parameters are kept in any case"),                                       \
        NETWORK_CHOICE(stop_by, "auc", network_stop_names,                                         \
                       "what the validation goes by: auc (more is better) or loss"),               \
        NETWORK_REAL(positive_weight, "1", 0.0001, 10000,                                          \
                     "factor for the weight of examples with label 1")

/* For the linear part. */
#define NETWORK_OPTIONS_WIDE                                                                       \
    NETWORK_REAL(wide_rate, "0.05", 1e-6, 1000, "FTRL's learning rate alpha, wide part"),          \
        NETWORK_REAL(wide_beta, "0", 0, 1000,                                                      \
                     "FTRL's beta: slows the first steps of a weight down"),                       \
        NETWORK_REAL(l1, "0", 0, 1e6,                                                              \
                     "FTRL's L1, weighed against sums of gradients: makes wide weights 0"),        \
        NETWORK_REAL(l2, "0", 0, 1e6, "FTRL's L2: shrinks wide weights")

/* For the deep part. */
#define NETWORK_OPTIONS_DEEP                                                                       \
    {.name = "hidden",                                                                             \
     .type = OPTION_TEXT,                                                                          \
     .offset = offsetof(struct network_settings, hidden),                                          \
     .initial = "100-75-50-25",                                                                    \
     .help = "units of the hidden layers, 1 to 8 of them, each 1 to 4096"},                        \
        NETWORK_REAL(dropout, "0", 0, 0.95, "share of hidden units left out at each step"),        \
        {.name = "layer_norm",                                                                     \
         .type = OPTION_BOOL,                                                                      \
         .offset = offsetof(struct network_settings, layer_norm),                                  \
         .initial = "false",                                                                       \
         .help = "normalise each hidden layer before its ReLU"},                                   \
        NETWORK_INT(cross_layers, "0", 0, NETWORK_CROSS_MAX,                                       \
                    "cross layers (DCN-v2) between the input and the first hidden layer"),         \
        NETWORK_REAL(embedding_scale, "0.05", 0, 10, "standard deviation of fresh embeddings"),    \
        NETWORK_CHOICE(optimizer, "adagrad", network_optimizer_names, "of the deep part"),         \
        NETWORK_REAL(deep_rate, "0.05", 1e-7, 1000,                                                \
                     "learning rate of the deep part; about 0.05 for adagrad, 0.001 for adam"),    \
        NETWORK_REAL(adagrad_start, "0.1", 1e-10, 1e6,                                             \
                     "where AdaGrad's and FTRL's sums of squared gradients start"),                \
        NETWORK_REAL(weight_decay, "0", 0, 10,                                                     \
                     "decay of the deep part's weights at each step, times the rate"),             \
        NETWORK_CHOICE(schedule, "constant", network_schedule_names,                               \
                       "of the deep part's rate over the epochs"),                                 \
        NETWORK_REAL(warmup, "0", 0, 1, "share of all steps over which that rate rises from 0")
