#include "cli/predict_lines.h"

#include <math.h>
#include <string.h>

const char *const predict_format_names[] = {"csv", "ndjson", NULL};

static const struct {
    const char *before, *after;
} frames[] = {[PREDICT_CSV] = {"", "\n"}, [PREDICT_NDJSON] = {"{\"probability\": ", "}\n"}};

enum { MILLION = 1000000 };

/* The product is exact in double (24 + 20 bits), so it is rounded once, as printf does: to even at
 * a tie. */
static uint32_t millionths(float probability)
{
    if (!(probability > 0))
        return 0;
    return probability < 1 ? (uint32_t)rint((double)probability * MILLION) : MILLION;
}

size_t predict_lines(const float *probabilities, uint32_t n, enum predict_format format, char *out)
{
    const size_t before = strlen(frames[format].before), after = strlen(frames[format].after);
    char *at = out;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t value = millionths(probabilities[i]);
        memcpy(at, frames[format].before, before);
        at += before;
        *at++ = (char)('0' + value / MILLION);
        *at++ = '.';
        value %= MILLION;
        for (int digit = 5; digit >= 0; digit--) {
            at[digit] = (char)('0' + value % 10);
            value /= 10;
        }
        at += 6;
        memcpy(at, frames[format].after, after);
        at += after;
    }
    return (size_t)(at - out);
}
