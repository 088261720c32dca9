/* The members of a blend, read from its settings: "ials dimensions=192 epochs=16, ease". */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "models/blend.h"
#include "models/blend_model.h"

/* The next run of bytes up to one of `ends`, without the blanks around it; NULL at the end. */
static char *next_piece(char **at, const char *ends)
{
    char *piece = *at;
    if (!piece)
        return NULL;
    char *end = piece + strcspn(piece, ends);
    *at = *end ? end + 1 : NULL;
    *end = '\0';
    while (isspace((unsigned char)*piece))
        piece++;
    while (end > piece && isspace((unsigned char)end[-1]))
        *--end = '\0';
    return piece;
}

static enum status read_setting(struct blend_part *part, char *word, struct arena *arena,
                                struct error *reterr)
{
    char *value = strchr(word, '=');
    if (!value)
        return error_set(reterr, STATUS_MALFORMED,
                         "members: '%.60s' of %s should be a setting such as name=value; members "
                         "are separated by commas",
                         word, part->class->name);
    *value++ = '\0';
    char what[64];
    snprintf(what, sizeof what, "setting of the member %s", part->class->name);
    return options_set(part->class->options, part->class->n_options, part->settings, what, word,
                       value, arena, reterr);
}

static enum status read_member(struct blend_part *part, char *text, struct arena *arena,
                               struct error *reterr)
{
    char *at = text;
    const char *name = next_piece(&at, " \t");
    enum status status = model_class_need(name, &part->class, reterr);
    if (status != STATUS_OK) {
        if (reterr)
            error_prefix(reterr, "members: ");
        return status;
    }
    if (part->class == &blend_class)
        return error_set(reterr, STATUS_OUT_OF_RANGE, "members: a blend cannot be part of a blend");
    part->settings = model_settings_new(part->class, arena);
    if (!part->settings)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory for the members of a blend");
    for (char *word; status == STATUS_OK && (word = next_piece(&at, " \t"));)
        if (*word)
            status = read_setting(part, word, arena, reterr);
    return status == STATUS_OK ? model_settings_check(part->class, part->settings, reterr) : status;
}

static enum status read_weights(const char *weights, struct arena *arena, struct blend_part *parts,
                                size_t n, struct error *reterr)
{
    size_t i = 0;
    double sum = 0;
    char *at = arena_strndup(arena, weights, strlen(weights));
    if (!at)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory for the members of a blend");
    for (const char *word; (word = next_piece(&at, ",")); i++) {
        double weight;
        if (text_to_double(word, &weight) != STATUS_OK || !(weight >= 0 && weight <= 1e6))
            return error_set(reterr, STATUS_OUT_OF_RANGE,
                             "weights: '%.60s' should be a number from 0 to 1000000, or the whole "
                             "'fitted'",
                             word);
        if (i < n)
            sum += parts[i].weight = weight;
    }
    if (i != n)
        return error_set(reterr, STATUS_OUT_OF_RANGE, "weights: %zu for %zu members", i, n);
    if (!(sum > 0))
        return error_set(reterr, STATUS_OUT_OF_RANGE, "weights: one at least must be above 0");
    return STATUS_OK;
}

enum status blend_parts_read(const struct blend_settings *settings, struct arena *arena,
                             struct blend_part *parts, size_t *ret_n, bool *ret_fitted,
                             struct error *reterr)
{
    size_t n = 0;
    enum status status = STATUS_OK;
    char *at = arena_strndup(arena, settings->members, strlen(settings->members));
    if (!at)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory for the members of a blend");
    for (char *text; status == STATUS_OK && (text = next_piece(&at, ","));) {
        if (n == BLEND_MEMBERS_MAX)
            return error_set(reterr, STATUS_TOO_LARGE, "members: at most %d", BLEND_MEMBERS_MAX);
        parts[n] = (struct blend_part){.weight = 1};
        status = read_member(&parts[n++], text, arena, reterr);
    }
    if (status != STATUS_OK)
        return status;
    *ret_fitted = strcmp(settings->weights, "fitted") == 0;
    *ret_n = n;
    return *ret_fitted ? STATUS_OK : read_weights(settings->weights, arena, parts, n, reterr);
}
