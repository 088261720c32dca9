#pragma once
/* A model that is one sparse matrix B, item x item: what models of neighbouring items share.
 *
 *     score(u, j) = sum over items i that u likes of B_ij
 *
 * Of each column (or row, as the model says) only the k strongest entries are kept. They lie by
 * row, as scoring walks them. Signals above 0 count as 1, dislikes as nothing, so that whatever
 * history comes with a query is scored in the time of its rows. Items that no row reaches score 0.
 *
 * Likeness of j to i is B_ij of a directed matrix. Of a symmetric one it is whichever of B_ij and
 * B_ji is kept; a scaled one is made symmetric by factors s: B_ij s_j / s_i = B_ji s_i / s_j.
 * What is not above 0 is no likeness.
 *
 * Sections of a class "name": name/shape (users, items), name/starts, name/targets, name/weights,
 * and name/scales of a scaled one. No user's data: nothing to erase.
 */
#include "linalg/topk.h"
#include "models/model.h"

enum { NEIGHBOURS_MAX = 100000 /* of an item, in settings */ };

enum neighbours_kind { NEIGHBOURS_DIRECTED, NEIGHBOURS_SYMMETRIC, NEIGHBOURS_SCALED };

struct neighbours {
    struct model base;
    enum neighbours_kind kind;
    const uint64_t *starts;  /* [n_items + 1], of rows */
    const uint32_t *targets; /* [starts[n_items]] rising within a row */
    const float *weights;    /* [starts[n_items]] */
    const float *scales;     /* [n_items] above 0 of a scaled one; NULL */
    struct csr owned;        /* the first three, unless they lie in a mapping */
    float *owned_scales;
};

/* The entries of each column while a model is fitted, or of each row. Workers put different lists
 * at once, by the function below or by filling one themselves: entries + item * k, in any order. */
struct neighbour_lists {
    uint32_t n_items, k;
    bool of_rows;           /* list i is row i; else column i */
    struct ranked *entries; /* [n_items x k]: the other item and its weight */
    uint32_t *lengths;      /* [n_items] */
};

enum status neighbour_lists_alloc(uint32_t n_items, uint32_t k, struct neighbour_lists *ret_lists);
void neighbour_lists_free(struct neighbour_lists *lists);

/* Puts the list of `item`: the k highest of weights[n] of the others, all above 0. One weight is
 * the item's own: it is overwritten and left out. */
void neighbour_lists_put(struct neighbour_lists *lists, uint32_t item, const uint32_t *others,
                         float *weights, size_t n);

/* A model of the lists. scales: moved in on success; NULL unless scaled. Reports
 * "fit/neighbours", the mean length of a list that is not empty. NO_MEMORY. */
enum status neighbours_new(const struct model_class *class, enum neighbours_kind kind,
                           uint32_t n_users, const struct neighbour_lists *lists, float *scales,
                           const struct observer *observer, struct model **ret_model);

/* Bytes of the lists and of the model made of them, at most. */
uint64_t neighbours_estimate(uint32_t n_items, uint64_t k);

/* For the tables of the classes. */
enum status neighbours_score(const struct model *model, const struct query *queries,
                             size_t n_queries, const uint32_t *items, size_t n_items, float *out,
                             struct arena *scratch);
enum status neighbours_similar(const struct model *model, uint32_t item, float *out,
                               struct arena *scratch);
void neighbours_save(const struct model *model, struct sections_writer *writer);
enum status neighbours_load(const struct model_class *class, enum neighbours_kind kind,
                            const struct sections *sections, struct model **ret_model,
                            struct error *reterr);
void neighbours_free(struct model *model);
