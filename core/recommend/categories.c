#include "recommend/categories.h"

#include <stdio.h>

/* A node's name in the table is its parent's number in hexadecimal and its own segment. */
enum { PARENT_DIGITS = 8, SEGMENT_MAX = 1024, NAME_SIZE = PARENT_DIGITS + SEGMENT_MAX + 1 };

#define ROOT UINT32_MAX

/* Writes the name of the path's first segment under `parent`, cut at SEGMENT_MAX (longer ones are
 * refused before they come here), and returns the rest of the path, NULL at its end. */
static const char *segment_name(uint32_t parent, const char *path, char out[NAME_SIZE])
{
    const size_t length = strcspn(path, "/");
    const size_t kept = length < SEGMENT_MAX ? length : SEGMENT_MAX;
    snprintf(out, PARENT_DIGITS + 1, "%08x", parent);
    memcpy(out + PARENT_DIGITS, path, kept);
    out[PARENT_DIGITS + kept] = '\0';
    return path[length] ? path + length + 1 : NULL;
}

static enum status make_node(struct categories *categories, const char *name, uint32_t *ret_node)
{
    if (categories->n_nodes == categories->capacity) {
        const uint32_t capacity = categories->capacity ? 2 * categories->capacity : 16;
        struct itemset *nodes = realloc(categories->nodes, sizeof *nodes * capacity);
        if (!nodes)
            return STATUS_NO_MEMORY;
        categories->nodes = nodes;
        categories->capacity = capacity;
    }
    if (idtable_put(&categories->names, name, categories->n_nodes, NULL) != STATUS_OK)
        return STATUS_NO_MEMORY;
    *ret_node = categories->n_nodes++;
    categories->nodes[*ret_node] = (struct itemset){0};
    return STATUS_OK;
}

enum status categories_add(struct categories *categories, const char *path, uint32_t item)
{
    char name[NAME_SIZE];
    uint32_t node = ROOT;
    while (path) {
        path = segment_name(node, path, name);
        node = idtable_find(&categories->names, name);
        enum status status = STATUS_OK;
        if (node == UINT32_MAX)
            status = make_node(categories, name, &node);
        if (status == STATUS_OK)
            status = itemset_add(&categories->nodes[node], item);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

void categories_remove(struct categories *categories, const char *path, uint32_t item)
{
    char name[NAME_SIZE];
    uint32_t node = ROOT;
    while (path) {
        path = segment_name(node, path, name);
        node = idtable_find(&categories->names, name);
        if (node == UINT32_MAX)
            return;
        itemset_remove(&categories->nodes[node], item);
    }
}

void categories_or_into(const struct categories *categories, const char *path, struct bitmap *out)
{
    char name[NAME_SIZE];
    uint32_t node = ROOT;
    while (path) {
        path = segment_name(node, path, name);
        node = idtable_find(&categories->names, name);
        if (node == UINT32_MAX)
            return;
    }
    itemset_or_into(&categories->nodes[node], out);
}

uint64_t categories_bytes(const struct categories *categories)
{
    uint64_t bytes = idtable_bytes(&categories->names);
    for (uint32_t i = 0; i < categories->n_nodes; i++)
        bytes += itemset_bytes(&categories->nodes[i]);
    return bytes;
}

void categories_free(struct categories *categories)
{
    for (uint32_t i = 0; i < categories->n_nodes; i++)
        itemset_free(&categories->nodes[i]);
    free(categories->nodes);
    idtable_free(&categories->names);
    *categories = (struct categories){0};
}
