#include "base/op_graph.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool name_allows(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
}

/* Empty scopes vanish; what a name may not have becomes '_'. */
static void clean(char *name)
{
    char *to = name;
    for (const char *from = name; *from; from++) {
        const bool scope = *from == '/';
        if (scope && (to == name || to[-1] == '/'))
            continue;
        *to++ = scope || name_allows(*from) ? *from : '_';
    }
    while (to > name && to[-1] == '/')
        to--;
    if (to == name)
        *to++ = '_';
    *to = '\0';
}

static bool is_taken(const struct op_graph *graph, const char *name)
{
    for (uint32_t i = 0; i < graph->n; i++)
        if (strcmp(graph->ops[i].name, name) == 0)
            return true;
    return false;
}

static const char *take_name(struct op_graph *graph, const char *format, va_list arguments)
{
    char asked[OP_NAME_MAX], name[OP_NAME_MAX + 16];
    vsnprintf(asked, sizeof asked, format, arguments);
    clean(asked);
    snprintf(name, sizeof name, "%s", asked);
    for (unsigned i = 2; is_taken(graph, name); i++)
        snprintf(name, sizeof name, "%s_%u", asked, i);
    return arena_strndup(&graph->arena, name, strlen(name));
}

static bool grow(struct op_graph *graph)
{
    if (graph->n < graph->capacity)
        return true;
    const uint32_t capacity = graph->capacity ? 2 * graph->capacity : 32;
    struct op *ops = graph->n < OP_COUNT_MAX ? realloc(graph->ops, capacity * sizeof *ops) : NULL;
    if (!ops)
        return false;
    graph->ops = ops;
    graph->capacity = capacity;
    return true;
}

static uint32_t add(struct op_graph *graph, const char *kind, struct op_shape shape,
                    uint64_t parameters, const char *format, va_list arguments)
{
    const char *name = graph->failed ? NULL : take_name(graph, format, arguments);
    if (!name || !grow(graph)) {
        graph->failed = true;
        return 0;
    }
    graph->ops[graph->n] =
        (struct op){.name = name, .kind = kind, .shape = shape, .parameters = parameters};
    return graph->n++;
}

uint32_t op_add(struct op_graph *graph, const char *kind, struct op_shape shape, const char *name,
                ...)
{
    va_list arguments;
    va_start(arguments, name);
    const uint32_t op = add(graph, kind, shape, 0, name, arguments);
    va_end(arguments);
    return op;
}

uint32_t op_add_variable(struct op_graph *graph, struct op_shape shape, const char *name, ...)
{
    va_list arguments;
    uint64_t parameters = 1;
    for (unsigned i = 0; i < shape.n_dims; i++)
        parameters *= (uint64_t)shape.dims[i];
    va_start(arguments, name);
    const uint32_t op = add(graph, "Variable", shape, parameters, name, arguments);
    va_end(arguments);
    op_set(graph, op, "parameters", "%llu", (unsigned long long)parameters);
    return op;
}

void op_feed(struct op_graph *graph, uint32_t to, uint32_t from)
{
    if (graph->failed)
        return;
    assert(to < graph->n && from < graph->n);
    struct op *op = &graph->ops[to];
    if (op->n_inputs == op->inputs_capacity) {
        const uint32_t capacity = op->inputs_capacity ? 2 * op->inputs_capacity : 4;
        uint32_t *inputs = arena_zalloc(&graph->arena, capacity, sizeof *inputs);
        if (!inputs) {
            graph->failed = true;
            return;
        }
        if (op->n_inputs)
            memcpy(inputs, op->inputs, op->n_inputs * sizeof *inputs);
        op->inputs = inputs;
        op->inputs_capacity = capacity;
    }
    op->inputs[op->n_inputs++] = from;
}

void op_set(struct op_graph *graph, uint32_t op, const char *name, const char *format, ...)
{
    char text[OP_NAME_MAX];
    va_list arguments;
    if (graph->failed)
        return;
    assert(op < graph->n);
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    struct op_setting *setting = arena_zalloc(&graph->arena, 1, sizeof *setting);
    const char *value = arena_strndup(&graph->arena, text, strlen(text));
    if (!setting || !value) {
        graph->failed = true;
        return;
    }
    *setting = (struct op_setting){name, value, graph->ops[op].settings};
    graph->ops[op].settings = setting;
}

uint32_t op_add_fed(struct op_graph *graph, const char *kind, struct op_shape shape, size_t n,
                    const uint32_t inputs[], const char *name)
{
    const uint32_t op = op_add(graph, kind, shape, "%s", name);
    for (size_t i = 0; i < n; i++)
        op_feed(graph, op, inputs[i]);
    return op;
}

void op_graph_append(struct op_graph *graph, const struct op_graph *from, const char *scope)
{
    const uint32_t first = graph->n;
    graph->failed |= from->failed;
    for (uint32_t i = 0; i < from->n && !graph->failed; i++) {
        const struct op *op = &from->ops[i];
        const uint32_t copy = op_add(graph, op->kind, op->shape, "%s%s%s", scope ? scope : "",
                                     scope ? "/" : "", op->name);
        if (graph->failed)
            return;
        graph->ops[copy].parameters = op->parameters;
        for (const struct op_setting *s = op->settings; s; s = s->next)
            op_set(graph, copy, s->name, "%s", s->value);
    }
    for (uint32_t i = 0; i < from->n; i++)
        for (uint32_t k = 0; k < from->ops[i].n_inputs; k++)
            op_feed(graph, first + i, first + from->ops[i].inputs[k]);
}

uint32_t op_graph_find(const struct op_graph *graph, const char *name)
{
    for (uint32_t i = 0; i < graph->n; i++)
        if (strcmp(graph->ops[i].name, name) == 0)
            return i;
    return OP_NONE;
}

bool op_graph_has_scope(const struct op_graph *graph, const char *scope)
{
    const size_t length = strlen(scope);
    for (uint32_t i = 0; i < graph->n; i++)
        if (strncmp(graph->ops[i].name, scope, length) == 0 && graph->ops[i].name[length] == '/')
            return true;
    return false;
}

uint64_t op_graph_parameters(const struct op_graph *graph)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < graph->n; i++)
        sum += graph->ops[i].parameters;
    return sum;
}

void op_graph_free(struct op_graph *graph)
{
    arena_free(&graph->arena);
    free(graph->ops);
    *graph = (struct op_graph){0};
}
