#include "base/json.h"

#include <setjmp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* Brackets outside of strings, counted before the parser recurses. */
static bool too_deep(const char *bytes, size_t length)
{
    size_t depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < length; i++) {
        const char c = bytes[i];
        if (in_string) {
            if (c == '\\')
                i++;
            else if (c == '"')
                in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '[' || c == '{') {
            if (++depth > JSON_DEPTH_MAX)
                return true;
        } else if ((c == ']' || c == '}') && depth > 0) {
            depth--;
        }
    }
    return false;
}

/* jansson 2.14 does not look whether the buffer of the string that it reads could grow: it goes on
 * without the character, reads past a closing quote that it has lost, and writes past the end. So
 * an allocation that fails while a text is parsed does not return to it: what the parse has
 * allocated is kept in a list, and the whole of it is left and freed at once. */

/* Before each of jansson's allocations; in the list of the parse that made it, or in none. */
struct block {
    _Alignas(max_align_t) struct block *next;
    struct block *previous;
};

struct parse {
    struct block blocks; /* the list's head */
    jmp_buf out_of_memory;
};

static _Thread_local struct parse *running; /* jansson's allocator is told nothing else */

static void *guarded_malloc(size_t size)
{
    struct block *block = size < SIZE_MAX - sizeof *block ? malloc(sizeof *block + size) : NULL;
    if (!block && running)
        longjmp(running->out_of_memory, 1);
    if (!block)
        return NULL;
    *block = (struct block){0};
    if (running) {
        struct block *head = &running->blocks;
        *block = (struct block){.next = head->next, .previous = head};
        block->next->previous = block;
        head->next = block;
    }
    return block + 1;
}

static void guarded_free(void *memory)
{
    if (!memory)
        return;
    struct block *block = (struct block *)memory - 1;
    if (block->next) {
        block->previous->next = block->next;
        block->next->previous = block->previous;
    }
    free(block);
}

__attribute__((constructor)) static void guard_allocations(void)
{
    json_set_alloc_funcs(guarded_malloc, guarded_free);
}

/* The list's blocks: freed, or let go to live on as any other. */
static void end_parse(struct parse *parse, bool keep)
{
    running = NULL;
    for (struct block *block = parse->blocks.next, *next; block != &parse->blocks; block = next) {
        next = block->next;
        *block = (struct block){0};
        if (!keep)
            free(block);
    }
}

/* False when memory ran out; otherwise *ret_value is NULL with *ret_err for what is not JSON. */
static bool load(const char *bytes, size_t length, json_t **ret_value, json_error_t *ret_err)
{
    struct parse parse;
    parse.blocks = (struct block){.next = &parse.blocks, .previous = &parse.blocks};
    if (setjmp(parse.out_of_memory) != 0) {
        end_parse(&parse, false);
        return false;
    }
    running = &parse;
    *ret_value = json_loadb(bytes, length, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, ret_err);
    end_parse(&parse, true);
    return true;
}

enum status json_parse(const char *bytes, size_t length, json_t **ret_value, struct error *reterr)
{
    if (too_deep(bytes, length))
        return error_set(reterr, STATUS_TOO_LARGE, "the JSON is nested deeper than %d levels",
                         JSON_DEPTH_MAX);
    if (length == 0)
        return error_set(reterr, STATUS_MALFORMED, "not valid JSON: there is nothing");
    if (memchr(bytes, '\0', length)) /* jansson skips one that follows a number */
        return error_set(reterr, STATUS_MALFORMED, "not valid JSON: it contains a NUL character");
    json_error_t err;
    json_t *value = NULL;
    if (!load(bytes, length, &value, &err))
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory for the JSON");
    if (!value) {
        char place[ERROR_POINTER_MAX];
        snprintf(place, sizeof place, "line %d, column %d", err.line, err.column);
        return error_set_at(reterr, STATUS_MALFORMED, place, "not valid JSON: %s", err.text);
    }
    *ret_value = value;
    return STATUS_OK;
}

static int append_part(const char *bytes, size_t size, void *out)
{
    buffer_append(out, bytes, size);
    return ((struct buffer *)out)->failed ? -1 : 0;
}

enum status json_print(const json_t *value, size_t flags, struct buffer *out)
{
    return json_dump_callback(value, append_part, out, flags) == 0 ? STATUS_OK : STATUS_NO_MEMORY;
}

void json_pointer_push(char *out, const char *name)
{
    size_t used = strlen(out);
    if (used + 1 < ERROR_POINTER_MAX)
        out[used++] = '/';
    for (; *name && used + 3 < ERROR_POINTER_MAX; name++) {
        if (*name == '~' || *name == '/') {
            out[used++] = '~';
            out[used++] = *name == '~' ? '0' : '1';
        } else {
            out[used++] = *name;
        }
    }
    out[used] = '\0';
    utf8_trim_partial(out);
}

void json_pointer_push_index(char *out, size_t index)
{
    char text[32];
    snprintf(text, sizeof text, "%zu", index);
    json_pointer_push(out, text);
}
