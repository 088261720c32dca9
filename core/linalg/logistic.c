#include "linalg/logistic.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

enum { NEWTON_STEPS_MAX = 200, SWEEPS_MAX = 1000, HALVINGS_MAX = 40 };

/* Least curvature of an example, so that a weight that separates the labels stays finite. */
static const double curvature_min = 1e-10;

/* A strength at which no weight leaves 0, whatever the data. */
static const double beyond = 1e300;

/* Of a step along d the line search wants at least this share of what the model promises. */
static const double armijo = 0.01;

struct logistic_solver {
    const struct logistic_problem *problem;
    struct arena arena;
    uint32_t n, m;           /* examples, features */
    double *shares;          /* [n] weight over the sum of weights */
    double *logits;          /* [n] at the weights at hand */
    double *slopes;          /* [n] first derivatives of the loss by the logits */
    double *curvatures;      /* [n] second ones */
    double *moves;           /* [n] what the step adds to the logits */
    double *weights, *goals; /* [m] at hand, and at the end of the step */
    double *diagonal;        /* [m] second derivatives by the weights */
    uint32_t *active;        /* [m] features that the sweeps go over */
    uint32_t n_active;
    double bias, bias_step;
    double l1, l2;
};

enum status logistic_new(const struct logistic_problem *problem,
                         struct logistic_solver **ret_solver)
{
    struct logistic_solver *s = calloc(1, sizeof *s);
    if (!s)
        return STATUS_NO_MEMORY;
    s->problem = problem;
    s->n = problem->by_feature->n_columns;
    s->m = problem->by_feature->n_rows;
    double **const by_example[] = {&s->shares, &s->logits, &s->slopes, &s->curvatures, &s->moves};
    double **const by_feature[] = {&s->weights, &s->goals, &s->diagonal};
    s->active = arena_zalloc(&s->arena, (size_t)s->m + 1, sizeof *s->active);
    bool enough = s->active;
    for (size_t i = 0; i < 5; i++)
        enough &= (*by_example[i] = arena_zalloc(&s->arena, s->n + 1, sizeof(double))) != NULL;
    for (size_t i = 0; i < 3; i++)
        enough &= (*by_feature[i] = arena_zalloc(&s->arena, s->m + 1, sizeof(double))) != NULL;
    if (!enough) {
        logistic_free(s);
        return STATUS_NO_MEMORY;
    }
    double sum = 0;
    for (uint32_t r = 0; r < s->n; r++)
        sum += s->shares[r] = problem->weights ? (double)problem->weights[r] : 1;
    for (uint32_t r = 0; r < s->n; r++)
        s->shares[r] /= sum;
    *ret_solver = s;
    return STATUS_OK;
}

void logistic_free(struct logistic_solver *solver)
{
    if (!solver)
        return;
    arena_free(&solver->arena);
    free(solver);
}

const double *logistic_weights(const struct logistic_solver *solver)
{
    return solver->weights;
}

double logistic_bias(const struct logistic_solver *solver)
{
    return solver->bias;
}

/* ---- the loss and its derivatives ---- */

/* The mean loss `t` steps further along moves. */
static double loss_along(const struct logistic_solver *s, double t)
{
    double sum = 0;
    for (uint32_t r = 0; r < s->n; r++) {
        const double logit = s->logits[r] + t * s->moves[r];
        sum += s->shares[r] * ((logit > 0 ? logit : 0) - logit * (double)s->problem->labels[r] +
                               log1p(exp(-fabs(logit))));
    }
    return sum;
}

double logistic_loss(const struct logistic_solver *solver)
{
    return loss_along(solver, 0);
}

/* Weight j after the share t of the step: exactly 0 where the whole step says so. */
static double weight_along(const struct logistic_solver *s, uint32_t j, double t)
{
    return t == 1 ? s->goals[j] : s->weights[j] + t * (s->goals[j] - s->weights[j]);
}

static double penalty_along(const struct logistic_solver *s, double t)
{
    double sum = 0;
    for (uint32_t j = 0; j < s->m; j++) {
        const double w = weight_along(s, j, t);
        sum += s->l1 * fabs(w) + s->l2 / 2 * w * w;
    }
    return sum;
}

static void differentiate(struct logistic_solver *s)
{
    for (uint32_t r = 0; r < s->n; r++) {
        const double e = exp(-fabs(s->logits[r]));
        const double p = (s->logits[r] >= 0 ? 1 : e) / (1 + e);
        s->slopes[r] = s->shares[r] * (p - (double)s->problem->labels[r]);
        s->curvatures[r] = s->shares[r] * fmax(p * (1 - p), curvature_min);
    }
}

/* The derivative of the loss by weight j at the end of the step so far, by the approximation. */
static double slope_of(const struct logistic_solver *s, uint32_t j)
{
    const struct csr *x = s->problem->by_feature;
    double sum = 0;
    for (uint64_t k = x->starts[j]; k < x->starts[j + 1]; k++) {
        const uint32_t r = x->columns[k];
        sum += (double)x->values[k] * (s->slopes[r] + s->curvatures[r] * s->moves[r]);
    }
    return sum;
}

static double diagonal_of(const struct logistic_solver *s, uint32_t j)
{
    const struct csr *x = s->problem->by_feature;
    double sum = 0;
    for (uint64_t k = x->starts[j]; k < x->starts[j + 1]; k++)
        sum += (double)x->values[k] * (double)x->values[k] * s->curvatures[x->columns[k]];
    return sum;
}

static double bias_slope(const struct logistic_solver *s)
{
    double sum = 0;
    for (uint32_t r = 0; r < s->n; r++)
        sum += s->slopes[r] + s->curvatures[r] * s->moves[r];
    return sum;
}

/* How far 0 is from the subdifferential of f by a weight w whose loss has this slope. */
static double violation_of(const struct logistic_solver *s, double w, double slope)
{
    const double g = slope + s->l2 * w;
    if (w > 0)
        return fabs(g + s->l1);
    if (w < 0)
        return fabs(g - s->l1);
    return fmax(0, fabs(g) - s->l1);
}

/* ---- one step of Newton's ---- */

/* Derivatives at the weights at hand; lists the features that are not 0 or want to leave it.
 * Returns the largest violation. */
static double begin_step(struct logistic_solver *s)
{
    differentiate(s);
    memset(s->moves, 0, s->n * sizeof *s->moves);
    memcpy(s->goals, s->weights, s->m * sizeof *s->goals);
    s->bias_step = 0;
    s->n_active = 0;
    double largest = fabs(bias_slope(s));
    for (uint32_t j = 0; j < s->m; j++) {
        const double violation = violation_of(s, s->weights[j], slope_of(s, j));
        if (violation == 0 && s->weights[j] == 0)
            continue;
        s->active[s->n_active++] = j;
        s->diagonal[j] = diagonal_of(s, j);
        largest = fmax(largest, violation);
    }
    return largest;
}

/* Minimises the approximation by weight j alone; returns the violation that it had. */
static double sweep_one(struct logistic_solver *s, uint32_t j)
{
    const struct csr *x = s->problem->by_feature;
    const double w = s->goals[j], slope = slope_of(s, j);
    const double curvature = s->diagonal[j] + s->l2;
    if (curvature <= 0)
        return 0;                                     /* a feature without values */
    const double target = s->diagonal[j] * w - slope; /* curvature w - (slope + l2 w) */
    const double best = copysign(fmax(0, fabs(target) - s->l1), target) / curvature;
    const double change = best - w;
    if (change == 0)
        return 0;
    s->goals[j] = best;
    for (uint64_t k = x->starts[j]; k < x->starts[j + 1]; k++)
        s->moves[x->columns[k]] += change * (double)x->values[k];
    return violation_of(s, w, slope);
}

static double sweep_bias(struct logistic_solver *s)
{
    double slope = 0, curvature = 0;
    for (uint32_t r = 0; r < s->n; r++) {
        slope += s->slopes[r] + s->curvatures[r] * s->moves[r];
        curvature += s->curvatures[r];
    }
    const double change = -slope / curvature;
    s->bias_step += change;
    for (uint32_t r = 0; r < s->n; r++)
        s->moves[r] += change;
    return fabs(slope);
}

static enum status minimise_model(struct logistic_solver *s, double tolerance,
                                  const struct observer *observer)
{
    double largest = INFINITY;
    for (unsigned sweep = 0; sweep < SWEEPS_MAX && largest > tolerance; sweep++) {
        if (observer_stops(observer))
            return STATUS_CANCELLED;
        largest = sweep_bias(s);
        for (uint32_t i = 0; i < s->n_active; i++)
            largest = fmax(largest, sweep_one(s, s->active[i]));
    }
    return STATUS_OK;
}

/* Goes the share of the step at which f falls enough; false when none does. */
static bool search_line(struct logistic_solver *s)
{
    double promised = 0;
    for (uint32_t r = 0; r < s->n; r++)
        promised += s->slopes[r] * s->moves[r];
    const double penalty = penalty_along(s, 0), before = loss_along(s, 0) + penalty;
    promised += penalty_along(s, 1) - penalty;
    double t = 1;
    for (unsigned i = 0; i < HALVINGS_MAX; i++, t /= 2) {
        if (loss_along(s, t) + penalty_along(s, t) > before + armijo * t * promised)
            continue;
        for (uint32_t r = 0; r < s->n; r++)
            s->logits[r] += t * s->moves[r];
        for (uint32_t j = 0; j < s->m; j++)
            s->weights[j] = weight_along(s, j, t);
        s->bias += t * s->bias_step;
        memset(s->moves, 0, s->n * sizeof *s->moves);
        return promised < 0;
    }
    memset(s->moves, 0, s->n * sizeof *s->moves);
    return false;
}

enum status logistic_solve(struct logistic_solver *solver, double l1, double l2, double tolerance,
                           const struct observer *observer)
{
    assert(l1 >= 0 && l2 >= 0 && tolerance > 0);
    solver->l1 = l1;
    solver->l2 = l2;
    for (unsigned i = 0; i < NEWTON_STEPS_MAX; i++) {
        const double largest = begin_step(solver);
        if (largest <= tolerance)
            break;
        /* The model need not be minimised better than it is good for. */
        const enum status status =
            minimise_model(solver, fmax(tolerance / 2, largest / 20), observer);
        if (status != STATUS_OK)
            return status;
        if (!search_line(solver))
            break;
    }
    return STATUS_OK;
}

/* ---- the path ---- */

enum status logistic_l1_max(struct logistic_solver *solver, const struct observer *observer,
                            double *ret_l1)
{
    memset(solver->weights, 0, solver->m * sizeof *solver->weights);
    for (uint32_t r = 0; r < solver->n; r++)
        solver->logits[r] = solver->bias;
    const enum status status = logistic_solve(solver, beyond, 0, 1e-12, observer);
    if (status != STATUS_OK)
        return status;
    differentiate(solver);
    double largest = 0;
    for (uint32_t j = 0; j < solver->m; j++)
        largest = fmax(largest, fabs(slope_of(solver, j)));
    *ret_l1 = largest;
    return STATUS_OK;
}

void l1_path_free(struct l1_path *path)
{
    free(path->strengths);
    free(path->losses);
    free(path->n_nonzero);
    free(path->dies);
    free(path->weights);
    *path = (struct l1_path){0};
}

static enum status path_alloc(uint32_t n, uint32_t m, struct l1_path *path)
{
    path->n = n;
    path->strengths = calloc(n, sizeof *path->strengths);
    path->losses = calloc(n, sizeof *path->losses);
    path->n_nonzero = calloc(n, sizeof *path->n_nonzero);
    path->dies = calloc((size_t)m + 1, sizeof *path->dies);
    path->weights = calloc((size_t)m + 1, sizeof *path->weights);
    const bool enough =
        path->strengths && path->losses && path->n_nonzero && path->dies && path->weights;
    return enough ? STATUS_OK : STATUS_NO_MEMORY;
}

static void path_point(const struct logistic_solver *solver, uint32_t i, double strength,
                       struct l1_path *path)
{
    path->strengths[i] = strength;
    path->losses[i] = logistic_loss(solver);
    for (uint32_t j = 0; j < solver->m; j++) {
        if (solver->weights[j] == 0)
            continue;
        path->n_nonzero[i]++;
        if (path->dies[j] == 0)
            path->dies[j] = strength;
    }
}

static enum status path_walk(struct logistic_solver *solver, double ratio, double l2,
                             double tolerance, const struct observer *observer,
                             struct l1_path *path)
{
    double l1_max;
    enum status status = logistic_l1_max(solver, observer, &l1_max);
    for (uint32_t i = 0; i < path->n && status == STATUS_OK; i++) {
        const double l1 = l1_max * pow(ratio, (double)i / (path->n - 1));
        observe_progress(observer, "L1 path", (double)i / path->n);
        status = logistic_solve(solver, l1, l2, tolerance, observer);
        if (status == STATUS_OK)
            path_point(solver, i, l1, path);
    }
    if (status == STATUS_OK)
        memcpy(path->weights, solver->weights, solver->m * sizeof *path->weights);
    return status;
}

enum status l1_path_run(const struct logistic_problem *problem, uint32_t n, double ratio, double l2,
                        double tolerance, const struct observer *observer, struct l1_path *ret_path)
{
    assert(n >= 2 && ratio > 0 && ratio < 1);
    struct l1_path path = {0};
    struct logistic_solver *solver = NULL;
    enum status status = logistic_new(problem, &solver);
    if (status == STATUS_OK)
        status = path_alloc(n, problem->by_feature->n_rows, &path);
    if (status == STATUS_OK)
        status = path_walk(solver, ratio, l2, tolerance, observer, &path);
    logistic_free(solver);
    if (status == STATUS_OK)
        *ret_path = path;
    else
        l1_path_free(&path);
    return status;
}
