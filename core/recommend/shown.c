#include "recommend/shown.h"

#include <assert.h>

enum { WINDOWS_MIN = 64, TURNS_MIN = 64 };

static bool is_shown(const struct shown *shown, uint32_t item, int64_t now_ms)
{
    return shown->windows[item].from_ms <= now_ms && now_ms < shown->windows[item].until_ms;
}

static void put_bit(const struct shown *shown, uint32_t item, int64_t now_ms, struct bitmap *out)
{
    if (item >= out->count)
        return;
    if (is_shown(shown, item, now_ms))
        bitmap_set(out, item);
    else
        bitmap_clear(out, item);
}

/* ---- the heap of turning points ---- */

static void heap_push(struct shown *shown, struct shown_turn turn)
{
    assert(shown->n_turns < shown->turns_capacity);
    struct shown_turn *turns = shown->turns;
    size_t at = shown->n_turns++;
    while (at > 0 && turns[(at - 1) / 2].at_ms > turn.at_ms) {
        turns[at] = turns[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    turns[at] = turn;
}

static struct shown_turn heap_pop(struct shown *shown)
{
    struct shown_turn *turns = shown->turns;
    const struct shown_turn first = turns[0], last = turns[--shown->n_turns];
    size_t at = 0;
    for (size_t child; (child = 2 * at + 1) < shown->n_turns; at = child) {
        if (child + 1 < shown->n_turns && turns[child + 1].at_ms < turns[child].at_ms)
            child++;
        if (turns[child].at_ms >= last.at_ms)
            break;
        turns[at] = turns[child];
    }
    turns[at] = last;
    return first;
}

/* Looks again at the items that turn up to now_ms: a heap's parents are never later than their
 * children, so whole branches are left out. */
static void look_again(const struct shown *shown, size_t at, int64_t now_ms, struct bitmap *out)
{
    if (at >= shown->n_turns || shown->turns[at].at_ms > now_ms)
        return;
    put_bit(shown, shown->turns[at].item, now_ms, out);
    look_again(shown, 2 * at + 1, now_ms, out);
    look_again(shown, 2 * at + 2, now_ms, out);
}

static void push_turns(struct shown *shown, uint32_t item)
{
    const struct shown_window *window = &shown->windows[item];
    if (window->from_ms >= window->until_ms)
        return;
    if (window->from_ms > shown->reference_ms)
        heap_push(shown, (struct shown_turn){.at_ms = window->from_ms, .item = item});
    if (window->until_ms > shown->reference_ms && window->until_ms != INT64_MAX)
        heap_push(shown, (struct shown_turn){.at_ms = window->until_ms, .item = item});
}

static void rebuild(struct shown *shown)
{
    shown->n_turns = 0;
    for (uint32_t item = 0; item < shown->bitmap.count; item++) {
        put_bit(shown, item, shown->reference_ms, &shown->bitmap);
        push_turns(shown, item);
    }
}

static enum status reserve_turns(struct shown *shown, size_t wanted)
{
    if (wanted <= shown->turns_capacity)
        return STATUS_OK;
    const size_t capacity = wanted + wanted / 2 + TURNS_MIN;
    struct shown_turn *turns = realloc(shown->turns, sizeof *turns * capacity);
    if (!turns)
        return STATUS_NO_MEMORY;
    shown->turns = turns;
    shown->turns_capacity = capacity;
    return STATUS_OK;
}

/* An item has two turns at most, so that half of so many are of windows that were replaced. */
static bool has_too_many_turns(const struct shown *shown)
{
    return shown->n_turns > 4 * (size_t)shown->bitmap.count + TURNS_MIN;
}

static enum status grow_windows(struct shown *shown, uint32_t n_items)
{
    if (n_items > shown->windows_capacity) {
        uint64_t capacity = (uint64_t)n_items + n_items / 2 + WINDOWS_MIN;
        if (capacity > UINT32_MAX)
            capacity = UINT32_MAX;
        struct shown_window *windows = realloc(shown->windows, sizeof *windows * capacity);
        if (!windows)
            return STATUS_NO_MEMORY;
        shown->windows = windows;
        shown->windows_capacity = (uint32_t)capacity;
    }
    const uint32_t before = shown->bitmap.count;
    if (bitmap_resize(&shown->bitmap, n_items) != STATUS_OK)
        return STATUS_NO_MEMORY;
    for (uint32_t item = before; item < n_items; item++)
        shown->windows[item] = SHOWN_NEVER;
    return STATUS_OK;
}

enum status shown_set(struct shown *shown, uint32_t item, struct shown_window window)
{
    assert(item < UINT32_MAX);
    const uint32_t n_items = item < shown->bitmap.count ? shown->bitmap.count : item + 1;
    const bool turns = window.from_ms < window.until_ms;
    if ((turns && reserve_turns(shown, shown->n_turns + 2) != STATUS_OK) ||
        (n_items > shown->bitmap.count && grow_windows(shown, n_items) != STATUS_OK))
        return STATUS_NO_MEMORY;
    shown->windows[item] = window;
    put_bit(shown, item, shown->reference_ms, &shown->bitmap);
    if (has_too_many_turns(shown))
        rebuild(shown);
    else
        push_turns(shown, item);
    return STATUS_OK;
}

void shown_advance(struct shown *shown, int64_t now_ms)
{
    if (now_ms < shown->reference_ms) {
        if (reserve_turns(shown, 2 * (size_t)shown->bitmap.count) == STATUS_OK) {
            shown->reference_ms = now_ms;
            rebuild(shown);
        }
        return;
    }
    shown->reference_ms = now_ms;
    while (shown->n_turns && shown->turns[0].at_ms <= now_ms)
        put_bit(shown, heap_pop(shown).item, now_ms, &shown->bitmap);
}

void shown_at(const struct shown *shown, int64_t now_ms, struct bitmap *out)
{
    if (now_ms >= shown->reference_ms) {
        bitmap_copy(out, &shown->bitmap);
        look_again(shown, 0, now_ms, out);
        return;
    }
    bitmap_fill(out, false);
    for (uint32_t item = 0; item < shown->bitmap.count; item++)
        put_bit(shown, item, now_ms, out);
}

/* Of the heap's branch at `at`. */
static int64_t next_turn_in(const struct shown *shown, size_t at, int64_t now_ms)
{
    if (at >= shown->n_turns)
        return INT64_MAX;
    if (shown->turns[at].at_ms > now_ms)
        return shown->turns[at].at_ms;
    const int64_t left = next_turn_in(shown, 2 * at + 1, now_ms);
    const int64_t right = next_turn_in(shown, 2 * at + 2, now_ms);
    return left < right ? left : right;
}

int64_t shown_next_turn(const struct shown *shown, int64_t now_ms)
{
    if (now_ms < shown->reference_ms) /* its turns up to then are forgotten */
        return now_ms;
    return next_turn_in(shown, 0, now_ms);
}

uint64_t shown_bytes(const struct shown *shown)
{
    return bitmap_words(shown->bitmap.count) * 8 +
           (uint64_t)shown->windows_capacity * sizeof *shown->windows +
           (uint64_t)shown->turns_capacity * sizeof *shown->turns;
}

void shown_free(struct shown *shown)
{
    bitmap_free(&shown->bitmap);
    free(shown->windows);
    free(shown->turns);
    *shown = (struct shown){0};
}
