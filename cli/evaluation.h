#pragma once
/* One run of `evaluate`: what was asked for, what it needs, and what came of it. */
#include <stdio.h>

#include "base/arena.h"
#include "base/file.h"
#include "board/board.h"
#include "cli/command.h"
#include "cli/console.h"
#include "cli/evaluation_data.h"
#include "cli/report.h"
#include "eval/evaluate.h"
#include "eval/fit.h"
#include "eval/item_times.h"
#include "eval/ranker_fit.h"
#include "eval/ranker_shift.h"
#include "eval/search.h"
#include "models/model.h"

enum { CONTESTANT_NAME_MAX = 64 };

/* One model of the comparison: what was asked for, and what came of it. */
struct contestant {
    const struct model_class *class;
    void *settings;
    char name[CONTESTANT_NAME_MAX]; /* the class's, numbered when it comes again */
    struct model *model;
    struct fit_cost cost;
    const struct predictor_class *predictor; /* orders its best again; NULL: nothing does */
    struct rank_others others;               /* whose scores that looks at by the spec's score.* */
    struct ranker *ranker;
    const struct model *beside[RANK_OTHERS_MAX]; /* what it asks besides; of the evaluation */
    size_t n_beside;
    struct ranker_fit_report ranking;
    struct ranker_shift shift;
    FILE *list;
    char list_path[PATH_BYTES_MAX];
};

/* A model that is asked for its scores alone. */
struct bystander {
    const struct model_class *class;
    struct model *model;
};

struct evaluation {
    const struct invocation *invocation;
    struct settings settings;
    struct evaluation_data data;
    struct parallel *pool;
    struct console console;
    struct board *board;
    struct contestant contestants[EVALUATE_MODELS_MAX];
    size_t n;
    struct bystander bystanders[EVALUATE_MODELS_MAX * RANK_OTHERS_MAX];
    size_t n_bystanders;
    size_t ks[EVALUATE_K_MAX], n_ks;
    struct item_times times;      /* where there is a ranker */
    struct search_result *search; /* NULL: none */
    struct report *report;
    struct arena arena;
};

/* Before the first --model a --set is a setting of the site, whose names have a section. */
enum status evaluation_check_sets(const struct invocation *invocation, struct error *reterr);

/* The contestants, popularity first, and the list lengths; whatever is wrong with the command line
 * is told here, before any work. Settings lie in evaluation->arena. */
enum status evaluation_read_request(struct evaluation *evaluation, struct error *reterr);
