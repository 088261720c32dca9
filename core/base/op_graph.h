#pragma once
/* What a model computes, described by itself: operations, what flows between them, and the numbers
 * that each has learnt. Whoever shows graphs (core/board) draws nothing of its own.
 *
 * An operation's name is a path: "deep/layer 1/weights" lies in the scope "deep/layer 1". Names are
 * made safe here: ASCII letters, digits, '_', '-', '.', and '/' between scopes; a name that is
 * taken gets a number. Failure is sticky, as in a buffer: check `failed` at the end.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

enum { OP_DIMS_MAX = 3, OP_NAME_MAX = 160, OP_COUNT_MAX = 20000, OP_BATCH = -1 };

/* A dimension: OP_BATCH where it is as many as there are examples. */
struct op_shape {
    unsigned n_dims;
    int64_t dims[OP_DIMS_MAX];
};

struct op_setting {
    const char *name, *value;
    struct op_setting *next;
};

struct op {
    const char *name, *kind; /* "MatMul", "Variable" */
    struct op_shape shape;   /* of what comes out */
    uint64_t parameters;     /* numbers that it has learnt */
    uint32_t *inputs;        /* [n_inputs] earlier operations */
    uint32_t n_inputs, inputs_capacity;
    struct op_setting *settings;
};

/* Zero-initialise. */
struct op_graph {
    struct arena arena;
    struct op *ops; /* [n] */
    uint32_t n, capacity;
    bool failed;
};

/* What an operation cost in one step of learning; an array of them goes with a graph, in the order
 * of its operations. All zero: nothing was measured. */
struct op_cost {
    int64_t ns;     /* CPU time of all threads together, its gradients included */
    uint64_t bytes; /* memory that is held for it */
};

#define OP_SHAPE_1(a)    ((struct op_shape){1, {(a)}})
#define OP_SHAPE_2(a, b) ((struct op_shape){2, {(a), (b)}})

/* Adds an operation and returns its number; the kind is a constant. */
uint32_t op_add(struct op_graph *graph, const char *kind, struct op_shape shape, const char *name,
                ...) __attribute__((format(printf, 4, 5)));

/* The same for numbers that are learnt: kind "Variable", as many parameters as the shape says. */
uint32_t op_add_variable(struct op_graph *graph, struct op_shape shape, const char *name, ...)
    __attribute__((format(printf, 3, 4)));

/* An operation and what goes into it: inputs[n], earlier operations. */
uint32_t op_add_fed(struct op_graph *graph, const char *kind, struct op_shape shape, size_t n,
                    const uint32_t inputs[], const char *name);

#define OP_INPUTS(...)                                                                             \
    sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t), (const uint32_t[])                 \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

/* What `from` gives goes into `to`. */
void op_feed(struct op_graph *graph, uint32_t to, uint32_t from);

/* Something to know of an operation: "rate", "0.05". */
void op_set(struct op_graph *graph, uint32_t op, const char *name, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Adds all operations of another graph, their names in the scope (NULL: as they
 * are). Its kinds and the names of its
 * settings are constants, as everywhere; the rest is copied. */
void op_graph_append(struct op_graph *graph, const struct op_graph *from, const char *scope);

/* The number of the operation of that name; OP_NONE where there is none. */
#define OP_NONE UINT32_MAX
uint32_t op_graph_find(const struct op_graph *graph, const char *name);

/* True where an operation lies in the scope. */
bool op_graph_has_scope(const struct op_graph *graph, const char *scope);

uint64_t op_graph_parameters(const struct op_graph *graph);
void op_graph_free(struct op_graph *graph);
