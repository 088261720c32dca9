#include "server/match.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum part_kind { PART_LITERAL, PART_VALUE };

struct part {
    enum part_kind kind;
    const char *text; /* literal, or the action after the value; not terminated */
    size_t length;
};

struct pattern {
    const struct route *route;
    struct part parts[TARGET_SEGMENTS_MAX];
    size_t n_parts, n_values;
    bool has_action;
};

struct matcher {
    size_t n_patterns;
    struct pattern patterns[];
};

static void parse_part(struct pattern *pattern, const char *text, size_t length)
{
    assert(pattern->n_parts < TARGET_SEGMENTS_MAX);
    struct part *part = &pattern->parts[pattern->n_parts++];
    *part = (struct part){PART_LITERAL, text, length};
    if (length == 0 || text[0] != '{')
        return;
    const char *close = memchr(text, '}', length);
    assert(close && pattern->n_values < REQUEST_VALUES_MAX);
    pattern->n_values++;
    *part = (struct part){PART_VALUE, close + 1, (size_t)(text + length - close - 1)};
    assert(part->length == 0 || close[1] == ':');
    pattern->has_action |= part->length > 0;
}

static void parse_pattern(struct pattern *pattern, const struct route *route)
{
    *pattern = (struct pattern){.route = route};
    assert(route->path[0] == '/');
    for (const char *at = route->path; *at;) {
        const size_t length = strcspn(++at, "/");
        parse_part(pattern, at, length);
        at += length;
    }
}

static bool is_repeated(const struct route *table, size_t i)
{
    for (size_t j = 0; j < i; j++)
        if (table[j].method == table[i].method && strcmp(table[j].path, table[i].path) == 0)
            return true;
    return false;
}

enum status matcher_new(const struct route *table, struct matcher **ret_matcher)
{
    size_t count = 0;
    while (table[count].path)
        count++;
    struct matcher *matcher = malloc(sizeof *matcher + count * sizeof matcher->patterns[0]);
    if (!matcher)
        return STATUS_NO_MEMORY;
    matcher->n_patterns = count;
    for (size_t i = 0; i < count; i++) {
        assert(!is_repeated(table, i));
        parse_pattern(&matcher->patterns[i], &table[i]);
    }
    *ret_matcher = matcher;
    return STATUS_OK;
}

void matcher_free(struct matcher *matcher)
{
    free(matcher);
}

static bool part_fits(const struct part *part, const struct target_segment *segment)
{
    if (part->kind == PART_LITERAL)
        return strncmp(segment->text, part->text, part->length) == 0 &&
               segment->text[part->length] == '\0';
    return segment->raw_length > part->length &&
           memcmp(segment->raw + segment->raw_length - part->length, part->text, part->length) == 0;
}

static bool pattern_fits(const struct pattern *pattern, const struct target *target)
{
    if (pattern->n_parts != target->n_segments)
        return false;
    for (size_t i = 0; i < pattern->n_parts; i++)
        if (!part_fits(&pattern->parts[i], &target->segments[i]))
            return false;
    return true;
}

/* Lower goes first. */
static size_t pattern_rank(const struct pattern *pattern)
{
    return pattern->has_action ? 0 : 1 + pattern->n_values;
}

static const struct pattern *best_pattern(const struct matcher *matcher,
                                          const struct target *target)
{
    const struct pattern *best = NULL;
    for (size_t i = 0; i < matcher->n_patterns; i++) {
        const struct pattern *pattern = &matcher->patterns[i];
        if ((!best || pattern_rank(pattern) < pattern_rank(best)) && pattern_fits(pattern, target))
            best = pattern;
    }
    return best;
}

static enum status take_values(const struct pattern *pattern, const struct target *target,
                               struct arena *arena, struct match *match)
{
    for (size_t i = 0; i < pattern->n_parts; i++) {
        const struct part *part = &pattern->parts[i];
        const char *text = target->segments[i].text;
        if (part->kind == PART_LITERAL)
            continue;
        /* The action stands unescaped at the end, so it is as long in the decoded text. */
        if (part->length > 0)
            text = arena_strndup(arena, text, strlen(text) - part->length);
        if (!text)
            return STATUS_NO_MEMORY;
        match->values[match->n_values++] = text;
    }
    return STATUS_OK;
}

enum status matcher_find(const struct matcher *matcher, const struct target *target,
                         enum method method, struct arena *arena, struct match *ret_match)
{
    struct match match = {0};
    const struct pattern *best = best_pattern(matcher, target);
    for (size_t i = 0; best && i < matcher->n_patterns; i++) {
        const struct pattern *pattern = &matcher->patterns[i];
        if (strcmp(pattern->route->path, best->route->path) != 0)
            continue;
        match.methods |= 1u << pattern->route->method;
        if (pattern->route->method == method)
            match.route = pattern->route;
    }
    const enum status status = best ? take_values(best, target, arena, &match) : STATUS_OK;
    if (status == STATUS_OK)
        *ret_match = match;
    return status;
}
