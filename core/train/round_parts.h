#pragma once
/* The state of one round, shared by the files of round.h and by nothing else. */
#include "eval/evaluate.h"
#include "eval/fit.h"
#include "eval/ranker_fit.h"
#include "eval/search.h"
#include "train/drift.h"
#include "train/feature_report.h"
#include "train/gate.h"
#include "train/plan.h"
#include "train/round.h"

enum { ROUND_PHASES_MAX = 12, ROUND_PHASE_TEXT_MAX = 96 };

/* What the hold-out showed. Zeroed where there is none. */
struct holdout {
    struct bitmap held;
    struct csr by_user, by_item; /* training part */
    struct test_set test;
    struct model *models[SNAPSHOT_MODELS_MAX]; /* by the plan's order */
    struct fit_cost costs[SNAPSHOT_MODELS_MAX];
    struct report *report; /* NULL: nothing could be measured */
    uint32_t n_after;      /* users with test items that the active snapshot does not know */
    struct report *after;  /* popular, new, active on those; NULL: not compared */
};

struct round {
    const struct round_request *request;
    struct plan plan;
    struct store_counts counts;  /* seq among them */
    struct ranker_stored stored; /* what there is for a ranker */
    uint64_t estimate, peak_rss;
    struct dataset *dataset;
    struct drift *drift; /* what changed in it */
    struct holdout holdout;
    bool judged; /* the gate has decided */
    struct gate_verdict verdict;
    struct {
        struct ranker *ranker; /* NULL: none was fitted */
        struct ranker_fit_report report;
        struct feature_report *features; /* what its columns are worth; NULL: not measured */
        struct item_times times;         /* of what is not held */
        struct rank_facts facts;         /* what this ranker and the active one ask for */
        struct impressions impressions;  /* what was shown */
        struct ranker_shift shift;
        bool measured_shift;
        struct interval over_retrieval; /* NDCG@20 of both stages minus that of the first */
        bool serves;                    /* it is surely better */
    } second;
    struct search_result *search; /* NULL: none */
    size_t retriever;             /* what answers in the snapshot */
    bool published;
    struct buffer reason;
    struct {
        const char *name;
        double seconds;
        uint64_t peak_rss;
    } phases[ROUND_PHASES_MAX];
    size_t n_phases;
    int64_t phase_started_ns;
    struct error *reterr;
};

/* Ends the phase before, and starts one (NULL: only ends). Names are constants. */
void round_phase(struct round *round, const char *name);
/* Of the present phase so far: before something resets the process's peak, and what that then saw.
 */
void round_note_peak(struct round *round, uint64_t peak_rss);

/* round_holdout.c: splits, fits without the hold-out, evaluates, compares with the active
 * snapshot. Leaves holdout.report NULL, with the reason in round->reason, where the data give
 * nothing to measure. */
enum status round_measure(struct round *round);
/* Which of the report's models is to serve: the configured one, in one stage or in two. */
size_t round_contender(const struct round *round);
bool round_has_second(const struct round *round); /* the snapshot answers in two stages */
void holdout_free(
    struct holdout *holdout); /* its models and matrices; the reports and costs stay */
void holdout_free_reports(struct holdout *holdout);

/* Of the same file: what the store has for the ranker, before it is read. */
enum status round_count_stored(struct round *round);

/* round_features.c: what each column of the ranker's is worth, from the rows of its own fit. Data
 * on which that cannot be measured give none. */
enum status round_measure_features(struct round *round, struct ranker_parts *parts);

/* round_choose.c: searches models and settings on what is not held out, and plans the best. Where
 * none can be measured `popular` stays, with the reason in round->reason. */
enum status round_choose(struct round *round);
uint64_t round_memory_limit(const struct round *round); /* bytes that a round may take */

/* round_report.c */
enum status round_append_report(const struct round *round, struct buffer *out);
void round_observe_report(const struct round *round);
