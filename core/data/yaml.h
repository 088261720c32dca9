#pragma once
/* YAML from outside as a small tree whose nodes know their line.
 *
 * The part of YAML 1.1 that people write by hand: mappings, lists and scalars, in block or flow
 * style, one document. Refused with the line: a key given twice, keys that are not scalars, anchors
 * and aliases, tags, a second document, NUL characters, and what passes the limits below. The tree
 * lies in the caller's arena; scalars are terminated UTF-8 as written (nothing is resolved to
 * numbers here).
 */
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"

enum {
    YAML_BYTES_MAX = 1 << 20,
    YAML_LEVELS_MAX = 16,
    YAML_CHILDREN_MAX = 1000, /* of one mapping or list */
};

enum yaml_kind { YAML_TEXT, YAML_MAP, YAML_LIST };

struct yaml_value {
    enum yaml_kind kind;
    uint32_t line, column;           /* from 1 */
    const char *key;                 /* in a mapping: its key; else NULL */
    uint32_t key_line;               /* where the key stands; line in a list */
    const char *text;                /* YAML_TEXT */
    bool quoted;                     /* YAML_TEXT: not plain, so 8080 is text and no number */
    uint32_t n_children;             /* YAML_MAP, YAML_LIST */
    struct yaml_value *first, *last; /* children, in the order of the file */
    struct yaml_value *next;         /* sibling */
};

/* Reads one document. `name` stands for the file in errors, whose pointer is "name:line". An empty
 * document is an empty mapping. MALFORMED, TOO_LARGE, NO_MEMORY. */
enum status yaml_parse(const char *name, const char *bytes, size_t length, struct arena *arena,
                       struct yaml_value **ret_root, struct error *reterr);

/* True for a plain scalar that YAML reads as null: nothing, ~ or null. */
bool yaml_is_null(const struct yaml_value *value);

/* An error at the line of a node: error_set_at with "name:line". */
enum status yaml_refuse(const char *name, uint32_t line, enum status status, struct error *reterr,
                        const char *format, ...) __attribute__((format(printf, 5, 6)));
