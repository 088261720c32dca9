#include "models/network_settings.h"

#include <string.h>

const char *const network_optimizer_names[] = {"adagrad", "adam", "adamw", NULL};
const char *const network_schedule_names[] = {"constant", "linear", "cosine", NULL};
const char *const network_stop_names[] = {"auc", "loss", NULL};

/* Digits up to the next '-' or the end, at most one past the limit. */
static uint32_t read_width(const char **at)
{
    uint32_t width = 0;
    for (; **at >= '0' && **at <= '9'; ++*at)
        if (width <= NETWORK_WIDTH_MAX)
            width = width * 10 + (uint32_t)(**at - '0');
    return width;
}

enum status network_hidden_parse(const char *text, struct network_shape *shape,
                                 struct error *reterr)
{
    struct network_shape read = *shape;
    read.n_hidden = 0;
    memset(read.hidden, 0, sizeof read.hidden);
    const char *at = text;
    do {
        const char *start = at;
        const uint32_t width = read_width(&at);
        if (at == start || (*at != '\0' && *at != '-' && *at != ','))
            return error_set(reterr, STATUS_MALFORMED,
                             "hidden is '%.60s'; it takes units of layers such as 100-75-50-25",
                             text);
        if (width < 1 || width > NETWORK_WIDTH_MAX)
            return error_set(reterr, STATUS_OUT_OF_RANGE,
                             "hidden is '%.60s'; each layer must have 1 to %d units", text,
                             NETWORK_WIDTH_MAX);
        if (read.n_hidden == NETWORK_HIDDEN_MAX)
            return error_set(reterr, STATUS_OUT_OF_RANGE,
                             "hidden is '%.60s'; it takes at most %d layers", text,
                             NETWORK_HIDDEN_MAX);
        read.hidden[read.n_hidden++] = width;
    } while (*at++ != '\0');
    *shape = read;
    return STATUS_OK;
}
