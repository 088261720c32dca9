/* What these catch: two stages that do not see what order tells, a ranker that depends on threads,
 * rows and answers that see different values for one user at one moment, candidates that leave
 * their places beyond the ranked ones, a ranker that another program version reads wrongly, a spec
 * that asks for what there is not, a retriever that knew what it was to be judged by. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/rng.h"
#include "data/split.h"
#include "eval/dataset_view.h"
#include "eval/evaluate.h"
#include "eval/ranker_fit.h"
#include "recommend/recommend.h"
#include "support/events.h"
#include "support/specs.h"
#include "support/test.h"

enum { USERS = 200, ITEMS = 700, PER_USER = 24 };

static const char spec_text[] = "label: {column: chosen}\n"
                                "features:\n"
                                "  like_newest: {type: numeric, normalize: standard}\n"
                                "  like_most: {type: numeric, normalize: standard}\n"
                                "  score: {type: numeric, normalize: quantile}\n"
                                "  item: {type: categorical, embedding: 4, feeds: deep}\n"
                                "  history: {type: categorical, separator: ' ', max_values: 10,\n"
                                "            embedding: 4, shared: item, feeds: deep}\n"
                                "  history x item: {type: crossed, of: [history, item],\n"
                                "                   buckets: 20000}\n"
                                "model: {hidden: 16, epochs: 3}\n";

struct fixture {
    struct event_types types;
    struct dataset *dataset;
    struct bitmap held;
    struct csr by_user, by_item;
    struct test_set test;
    struct item_times times;
    struct arena arena;
    const struct model_class *class;
    void *settings;
    struct model *model; /* fitted on what is not held */
    struct ranker *ranker;
    struct ranker_fit_report report;
    char folder[PATH_BYTES_MAX];
};

/* Users walk around a ring of a hundred items, out of seven rings. */
static void fill(struct test_event *events)
{
    for (uint32_t u = 0; u < USERS; u++) {
        struct rng rng = rng_seed(3, u);
        uint32_t at = rng_below(&rng, 100);
        for (uint32_t i = 0; i < PER_USER; i++) {
            events[u * PER_USER + i] = (struct test_event){u, u % 7 * 100 + at, TEST_LIKE,
                                                           1000000 + (int64_t)i * 1000 + u, NAN};
            at = (at + 1 + rng_below(&rng, 2)) % 100;
        }
    }
}

static void fit_retriever(struct fixture *f)
{
    struct error err = {0};
    f->class = model_class_find("ials", NULL);
    f->settings = model_settings_new(f->class, &f->arena);
    static const char *const values[][2] = {{"dimensions", "16"}, {"epochs", "6"}};
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(options_set(f->class->options, f->class->n_options, f->settings, "",
                                     values[i][0], values[i][1], &f->arena, &err),
                         STATUS_OK);
    const struct train_set data = {f->dataset, &f->held, &f->by_user, &f->by_item, 1};
    assert_int_equal(f->class->fit(&data, f->settings, NULL, NULL, &f->model, &err), STATUS_OK);
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    static struct test_event events[USERS * PER_USER];
    struct error err = {0};
    f->types = test_types();
    fill(events);
    f->dataset = test_dataset(&f->types, events, USERS * PER_USER);
    const struct split_settings split = {.kind = SPLIT_USER_TIME, .share = 0.2, .seed = 1};
    assert_int_equal(split_make(f->dataset, &split, &f->held, &err), STATUS_OK);
    assert_int_equal(dataset_matrix(f->dataset, &f->held, NULL, &f->by_user), STATUS_OK);
    assert_int_equal(csr_transpose(&f->by_user, &f->by_item), STATUS_OK);
    assert_int_equal(test_set_of_split(f->dataset, &f->held, &f->test), STATUS_OK);
    assert_int_equal(item_times_make(f->dataset, &f->held, &f->times), STATUS_OK);
    fit_retriever(f);
    temp_folder_make(f->folder);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    temp_folder_remove(f->folder);
    ranker_free(f->ranker);
    model_free(f->model);
    item_times_free(&f->times);
    test_set_free(&f->test);
    csr_free(&f->by_user);
    csr_free(&f->by_item);
    bitmap_free(&f->held);
    arena_free(&f->arena);
    dataset_free(f->dataset);
    free(f);
    return 0;
}

static enum status fit(struct fixture *f, const char *text, struct parallel *pool,
                       struct ranker **ret_ranker, struct error *reterr)
{
    const struct ranker_fit_request request = {.dataset = f->dataset,
                                               .held = &f->held,
                                               .retriever = {f->class, f->settings},
                                               .spec = test_spec(text),
                                               .share = 0.2,
                                               .seed = 1,
                                               .pool = pool};
    return ranker_fit(&request, ret_ranker, &f->report, reterr);
}

static void must_fit(struct fixture *f)
{
    struct error err = {0};
    if (fit(f, spec_text, NULL, &f->ranker, &err) != STATUS_OK)
        fail_msg("%s", err.text);
}

/* NDCG of the second of two minus the first's. */
static struct interval ndcg_over_first(const struct fixture *f, const struct evaluated models[2])
{
    const struct evaluate_request request = {.dataset = f->dataset,
                                             .held = &f->held,
                                             .by_user = &f->by_user,
                                             .test = &f->test,
                                             .times = &f->times,
                                             .models = models,
                                             .n_models = 2,
                                             .ks = {10},
                                             .n_ks = 1,
                                             .seed = 1,
                                             .draws = 200};
    struct report *report;
    struct error err = {0};
    if (evaluate_models(&request, &report, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    const struct interval ndcg = report->models[1].over_first[COMPARED_NDCG].interval;
    report_free(report);
    return ndcg;
}

static void two_stages_see_what_order_tells(void **state)
{
    struct fixture *f = *state;
    must_fit(f);
    assert_true(f->report.auc > f->report.auc_before);
    const struct evaluated models[] = {{.model = f->model},
                                       {.model = f->model, .name = "two", .ranker = f->ranker}};
    assert_true(ndcg_over_first(f, models).low > 0.02);
}

/* As ranker.tvs in the folder, in place of one that was saved before. */
static void save(const struct fixture *f, const struct ranker *ranker)
{
    struct sections_writer *writer;
    struct error err = {0};
    assert_int_equal(sections_create(in_folder(f->folder, "ranker.tvs"), &writer, &err), STATUS_OK);
    assert_int_equal(ranker_save(ranker, writer, &err), STATUS_OK);
    assert_int_equal(sections_finish(writer, &err), STATUS_OK);
}

static struct buffer saved(const struct fixture *f, const struct ranker *ranker)
{
    save(f, ranker);
    return file_bytes(in_folder(f->folder, "ranker.tvs"));
}

static void a_ranker_is_the_same_for_any_number_of_threads(void **state)
{
    struct fixture *f = *state;
    struct error err = {0};
    struct parallel *pool;
    struct ranker *other;
    must_fit(f);
    struct buffer one = saved(f, f->ranker);
    assert_int_equal(parallel_new(3, false, &pool), STATUS_OK);
    assert_int_equal(fit(f, spec_text, pool, &other, &err), STATUS_OK);
    struct buffer three = saved(f, other);
    assert_int_equal(one.size, three.size);
    assert_memory_equal(one.data, three.data, one.size);
    buffer_free(&one);
    buffer_free(&three);
    ranker_free(other);
    parallel_free(pool);
}

/* A view of the dataset as it was before what is held, and a user's answer by it. */
struct asking {
    struct dataset_view view;
    struct arena arena;
    struct recommendation answer;
};

static void ask(struct fixture *f, const struct ranker *ranker, uint32_t user, uint32_t n,
                struct asking *ret_asking)
{
    struct asking asking = {0};
    const struct model *model = f->model;
    assert_int_equal(dataset_view_init(&asking.view, f->dataset, &f->held, &model, 1, model, false),
                     STATUS_OK);
    dataset_view_date(&asking.view, &f->times, ranker, NULL, false);
    const bool hide[EVENT_TYPES_MAX] = {[TEST_LIKE] = true};
    const struct recommend_request request = {
        .user = user, .n = n, .now_ms = 2000000, .hide_types = hide};
    *ret_asking = asking;
    assert_int_equal(
        recommend(&ret_asking->view.view, &request, &ret_asking->arena, &ret_asking->answer),
        STATUS_OK);
}

static void asking_free(struct asking *asking)
{
    dataset_view_free(&asking->view);
    arena_free(&asking->arena);
}

static bool is_among(const struct recommendation *answer, uint32_t from, uint32_t to, uint32_t item)
{
    for (uint32_t i = from; i < to; i++)
        if (answer->items[i].item == item)
            return true;
    return false;
}

/* The first RANK_CANDIDATES of both are the same items, what follows is the same in order. */
static void beyond_the_ranked_the_order_is_the_retrievers(void **state)
{
    struct fixture *f = *state;
    struct asking one, two, few;
    must_fit(f);
    ask(f, NULL, 5, 1000, &one);
    ask(f, f->ranker, 5, 1000, &two);
    ask(f, f->ranker, 5, 7, &few);
    assert_string_equal(two.answer.strategy, "ials+wide_deep");
    assert_int_equal(one.answer.n, two.answer.n);
    assert_true(one.answer.n > RANK_CANDIDATES);
    uint32_t moved = 0;
    for (uint32_t i = 0; i < two.answer.n; i++) {
        const uint32_t item = two.answer.items[i].item;
        assert_true(i == 0 || two.answer.items[i].score <= two.answer.items[i - 1].score);
        if (i >= RANK_CANDIDATES)
            assert_int_equal(item, one.answer.items[i].item);
        else
            assert_true(is_among(&one.answer, 0, RANK_CANDIDATES, item));
        moved += item != one.answer.items[i].item;
    }
    assert_true(moved > 10);
    for (uint32_t i = 0; i < 7; i++)
        assert_int_equal(few.answer.items[i].item, two.answer.items[i].item);
    asking_free(&one);
    asking_free(&two);
    asking_free(&few);
}

static void what_is_loaded_answers_like_what_was_saved(void **state)
{
    struct fixture *f = *state;
    struct error err = {0};
    struct sections *sections;
    struct ranker *loaded;
    struct asking before, after;
    must_fit(f);
    save(f, f->ranker);
    assert_int_equal(sections_open(in_folder(f->folder, "ranker.tvs"), &sections, &err), STATUS_OK);
    if (ranker_load(sections, &loaded, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    sections_close(sections);
    ask(f, f->ranker, 9, 50, &before);
    ask(f, loaded, 9, 50, &after);
    assert_memory_equal(before.answer.items, after.answer.items, 50 * sizeof *before.answer.items);
    assert_string_equal(after.answer.strategy, "ials+wide_deep");
    asking_free(&before);
    asking_free(&after);
    ranker_free(loaded);
}

static struct model *fit_other(struct fixture *f, const struct bitmap *unknown)
{
    struct error err = {0};
    struct csr by_user, by_item;
    struct model *model;
    const struct model_class *class = model_class_find("itemknn", NULL);
    assert_int_equal(dataset_matrix(f->dataset, unknown, NULL, &by_user), STATUS_OK);
    assert_int_equal(csr_transpose(&by_user, &by_item), STATUS_OK);
    const struct train_set data = {f->dataset, unknown, &by_user, &by_item, 1};
    assert_int_equal(
        class->fit(&data, model_settings_new(class, &f->arena), NULL, NULL, &model, &err),
        STATUS_OK);
    csr_free(&by_user);
    csr_free(&by_item);
    return model;
}

/* One user at one moment: the rows' numbers, and the numbers of an answer from a view that knows
 * nothing of what follows. */
static void rows_and_answers_see_the_same(void **state)
{
    struct fixture *f = *state;
    struct error err = {0};
    struct ranker_rows rows;
    struct model *other = fit_other(f, &f->held);
    const struct model *const others[] = {other};
    const struct past_view past = item_times_view(&f->times);
    const struct ranker_rows_request request = {.dataset = f->dataset,
                                                .targets = &f->held,
                                                .retriever = f->model,
                                                .others = others,
                                                .n_others = 1,
                                                .past = &past.view,
                                                .moments_max = 1,
                                                .share = 1,
                                                .rows_max = 1 << 20,
                                                .seed = 1};
    if (ranker_rows_make(&request, &rows, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    struct asking asking;
    ask(f, NULL, rows.users[0], 1, &asking);
    struct arena arena = {0};
    struct touch touches[PER_USER];
    struct signal signals[PER_USER];
    const size_t n_touches = dataset_touches(f->dataset, rows.users[0], &f->held, touches);
    const uint32_t n =
        (uint32_t)signals_of_touches(touches, n_touches, &f->types, &f->dataset->frame, signals);
    struct ranked best[RANK_CANDIDATES];
    uint32_t n_rows = 0;
    for (; n_rows < rows.n && rows.moments[n_rows] == 0; n_rows++)
        best[n_rows] = (struct ranked){rows.items[n_rows],
                                       rows.numbers[(size_t)n_rows * rows.width]}; /* score */
    const struct query asked = {.user = QUERY_NO_USER, .fresh = true, .n = n, .history = signals};
    const struct rank_query query = {.view = &asking.view.view,
                                     .retriever = f->model,
                                     .touches = touches,
                                     .n_touches = n_touches,
                                     .query = &asked,
                                     .now_ms = rows.of[0].now_ms,
                                     .others = others,
                                     .n_others = 1};
    struct rank_table table;
    assert_string_equal(rank_values[0].name, "score");
    assert_int_equal(rank_table_make(&query, best, n_rows, &arena, &table), STATUS_OK);
    assert_true(n_rows > 100);
    assert_memory_equal(table.numbers, rows.numbers,
                        (size_t)n_rows * table.width * sizeof *table.numbers);
    assert_int_equal(table.width, RANK_NUMBERS + RANK_OTHER_NUMBERS);
    assert_memory_equal(table.moment.recent, rows.of[0].recent, sizeof table.moment.recent);
    arena_free(&arena);
    asking_free(&asking);
    ranker_rows_free(&rows);
    model_free(other);
}

static const char shared_spec[] =
    "label: {column: chosen}\nmodel: {hidden: 8, epochs: 1}\nfeatures:\n"
    "  score: {type: numeric, normalize: quantile}\n  history_length: {type: numeric}\n"
    "  hour: {type: categorical, feeds: wide}\n  item: {type: categorical, embedding: 4}\n"
    "  rank: {type: categorical, feeds: wide, buckets: 50}\n"
    "  history: {type: categorical, separator: ' ', embedding: 4, shared: item, feeds: deep}\n"
    "  history x item: {type: crossed, of: [history, item], buckets: 20000}\n";

/* What candidates share is coded once for all: each alone has the same score, to the bit. */
static void a_score_hangs_on_no_other_candidate(void **state)
{
    enum { N = 150 };
    struct fixture *f = *state;
    struct error err = {0};
    struct asking asking;
    struct ranked best[N];
    struct rank_table all;
    float scores[N], alone;
    if (fit(f, shared_spec, NULL, &f->ranker, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    ask(f, NULL, 5, N, &asking);
    for (uint32_t i = 0; i < N; i++)
        best[i] = (struct ranked){asking.answer.items[i].item, asking.answer.items[i].score};
    const struct query asked = {.user = 5};
    const struct rank_query query = {
        .view = &asking.view.view, .retriever = f->model, .query = &asked, .now_ms = 2000000};
    assert_int_equal(rank_table_make(&query, best, N, &asking.arena, &all), STATUS_OK);
    for (; all.moment.n_recent < RANK_RECENT_ITEMS; all.moment.n_recent++)
        all.moment.recent[all.moment.n_recent] = 7 * all.moment.n_recent;
    assert_int_equal(ranker_score(f->ranker, &query, &all, &asking.arena, scores), STATUS_OK);
    for (uint32_t i = 0; i < N; i++) {
        struct rank_table one = all;
        one.n = 1;
        one.candidates += i;
        one.numbers += (size_t)i * all.width;
        assert_int_equal(ranker_score(f->ranker, &query, &one, &asking.arena, &alone), STATUS_OK);
        assert_memory_equal(&alone, &scores[i], sizeof alone);
    }
    asking_free(&asking);
}

static const char other_spec[] = "label: {column: chosen}\n"
                                 "features:\n"
                                 "  score: {type: numeric, normalize: quantile}\n"
                                 "  score.itemknn: {type: numeric, normalize: quantile}\n"
                                 "  rank.itemknn: {type: numeric, normalize: standard}\n"
                                 "model: {mode: wide, epochs: 2}\n";

/* The rows of a fit, with a further retriever fitted without `unknown`. */
static struct ranker_shift_side side_with(struct fixture *f, const struct bitmap *targets,
                                          const struct bitmap *unknown)
{
    struct error err = {0};
    struct ranker_rows rows;
    struct model *first, *other = fit_other(f, unknown);
    const struct model *const others[] = {other};
    struct csr by_user, by_item;
    assert_int_equal(dataset_matrix(f->dataset, unknown, NULL, &by_user), STATUS_OK);
    assert_int_equal(csr_transpose(&by_user, &by_item), STATUS_OK);
    const struct train_set data = {f->dataset, unknown, &by_user, &by_item, 1};
    assert_int_equal(f->class->fit(&data, f->settings, NULL, NULL, &first, &err), STATUS_OK);
    const struct past_view past = item_times_view(&f->times);
    const struct ranker_rows_request request = {.dataset = f->dataset,
                                                .held = &f->held,
                                                .targets = targets,
                                                .retriever = first,
                                                .others = others,
                                                .n_others = 1,
                                                .past = &past.view,
                                                .moments_max = 4,
                                                .share = 0.2,
                                                .rows_max = 1 << 20,
                                                .seed = 1};
    assert_int_equal(ranker_rows_make(&request, &rows, &err), STATUS_OK);
    const struct ranker_shift_side side = ranker_shift_side_of(&rows);
    ranker_rows_free(&rows);
    model_free(first);
    model_free(other);
    csr_free(&by_user);
    csr_free(&by_item);
    return side;
}

/* Planted: one that was fitted on the targets as well gives other scores and better ranks to what
 * was wanted. Those of a fit are those of one that was not. */
static void further_retrievers_know_nothing_of_the_rows(void **state)
{
    struct fixture *f = *state;
    struct error err = {0};
    struct bitmap targets, unknown = {0};
    enum { SCORE = SHIFT_FIRST, RANK };
    if (fit(f, other_spec, NULL, &f->ranker, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    assert_int_equal(f->report.others.n, 1);
    assert_int_equal(ranker_targets(f->dataset, &f->held, 0.2, &targets, &err), STATUS_OK);
    assert_int_equal(bitmap_resize(&unknown, (uint32_t)f->dataset->n_events), STATUS_OK);
    for (uint32_t e = 0; e < f->dataset->n_events; e++)
        if (bitmap_test(&targets, e) || bitmap_test(&f->held, e))
            bitmap_set(&unknown, e);
    const struct ranker_shift_side right = side_with(f, &targets, &unknown);
    const struct ranker_shift_side leaking = side_with(f, &targets, &f->held);
    assert_int_equal(f->report.retriever.n, SHIFT_FIRST + RANK_OTHER_NUMBERS);
    assert_memory_equal(&f->report.retriever, &right, sizeof right);
    assert_true(leaking.mean[RANK] < right.mean[RANK] - 0.1);
    assert_true(fabs(leaking.mean[SCORE] - right.mean[SCORE]) > 0);
    bitmap_free(&targets);
    bitmap_free(&unknown);
}

/* The same ranker without the model that it looks at sees no value there, and orders otherwise. */
static void an_answer_asks_the_further_retriever(void **state)
{
    struct fixture *f = *state;
    struct error err = {0};
    struct model *other = fit_other(f, &f->held);
    const struct model *beside[] = {other};
    if (fit(f, other_spec, NULL, &f->ranker, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    const struct evaluated models[] = {
        {.model = f->model, .name = "without", .ranker = f->ranker},
        {.model = f->model, .ranker = f->ranker, .beside = beside, .n_beside = 1}};
    assert_true(ndcg_over_first(f, models).mean != 0);
    model_free(other);
}

/* Planted: a retriever that was fitted on everything orders the rows better than it could, and
 * better than it orders what comes later. The one that ranker_fit makes does not. */
static void a_retriever_that_knows_the_targets_shows_in_its_auc(void **state)
{
    struct fixture *f = *state;
    struct error err = {0};
    struct csr by_user, by_item;
    struct model *leaking;
    double auc[2];
    assert_int_equal(dataset_matrix(f->dataset, NULL, NULL, &by_user), STATUS_OK);
    assert_int_equal(csr_transpose(&by_user, &by_item), STATUS_OK);
    const struct train_set data = {f->dataset, NULL, &by_user, &by_item, 1};
    assert_int_equal(f->class->fit(&data, f->settings, NULL, NULL, &leaking, &err), STATUS_OK);
    const struct past_view past = item_times_view(&f->times);
    for (int i = 0; i < 2; i++) {
        struct ranker_rows rows;
        const struct ranker_rows_request request = {.dataset = f->dataset,
                                                    .targets = &f->held,
                                                    .retriever = i ? leaking : f->model,
                                                    .past = &past.view,
                                                    .moments_max = 1,
                                                    .share = 1,
                                                    .rows_max = 1 << 20};
        assert_int_equal(ranker_rows_make(&request, &rows, &err), STATUS_OK);
        float *scores = malloc(rows.n * sizeof *scores);
        for (uint32_t r = 0; r < rows.n; r++)
            scores[r] = rows.numbers[(size_t)r * RANK_NUMBERS];
        auc[i] = ranker_rows_auc(&rows, scores);
        free(scores);
        ranker_rows_free(&rows);
    }
    assert_true(auc[1] > auc[0]);
    must_fit(f);
    assert_true(fabs(f->report.auc_before - auc[0]) < 0.03);
    model_free(leaking);
    csr_free(&by_user);
    csr_free(&by_item);
}

static void a_spec_that_asks_for_what_there_is_not_is_refused(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *text;
        enum status status;
        const char *says;
    } bad[] = {
        {"label: {column: chosen}\nfeatures:\n  populrity: {type: numeric}\n", STATUS_NOT_FOUND,
         "did you mean 'popularity'"},
        {"label: {column: bought}\nfeatures:\n  score: {type: numeric}\n", STATUS_MALFORMED,
         "chosen"},
        {"features:\n  score: {type: numeric}\n", STATUS_MALFORMED, "chosen"},
        {"label: {column: chosen}\nfeatures:\n  history: {type: numeric}\n", STATUS_MALFORMED,
         "test.yaml:3"},
        {"label: {column: chosen}\nfeatures:\n  score: {type: numeric}\nmodel: {mode: dep}\n",
         STATUS_NOT_FOUND, "did you mean 'deep'"},
        {"label: {column: chosen}\nfeatures:\n  score: {type: numeric}\nmodel: {hiden: 4}\n",
         STATUS_NOT_FOUND, "hidden"},
        {"label: {column: chosen}\nfeatures:\n  score.eese: {type: numeric}\n", STATUS_NOT_FOUND,
         "test.yaml:3: 'score.eese': there is no model 'eese'; did you mean 'score.ease'?"},
        {"label: {column: chosen}\nfeatures:\n  rnk.ease: {type: numeric}\n", STATUS_NOT_FOUND,
         "did you mean 'rank.ease'?"},
        {"label: {column: chosen}\nfeatures:\n  score.ease: {type: numeric}\n  rank.ials: {type: "
         "numeric}\n  rank.bpr: {type: numeric}\n  rank.slim: {type: numeric}\n  score.gfcf: "
         "{type: numeric}\n",
         STATUS_TOO_LARGE, "test.yaml:7: 'score.gfcf': a ranker looks at the scores of at most 4"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct error err = {0};
        struct ranker *ranker;
        assert_int_equal(fit(f, bad[i].text, NULL, &ranker, &err), bad[i].status);
        if (!strstr(err.text, bad[i].says))
            fail_msg("'%s' does not say '%s'", err.text, bad[i].says);
    }
}

static void the_program_s_own_spec_is_sound(void **state)
{
    (void)state;
    struct feature_spec *spec;
    struct error err = {0};
    if (ranker_spec_read("", NULL, NULL, &spec, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    assert_true(spec->n_features > 10);
    feature_spec_free(spec);
}

int main(void)
{
#define with_fixture(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        with_fixture(two_stages_see_what_order_tells),
        with_fixture(a_ranker_is_the_same_for_any_number_of_threads),
        with_fixture(beyond_the_ranked_the_order_is_the_retrievers),
        with_fixture(what_is_loaded_answers_like_what_was_saved),
        with_fixture(rows_and_answers_see_the_same),
        with_fixture(a_retriever_that_knows_the_targets_shows_in_its_auc),
        with_fixture(a_score_hangs_on_no_other_candidate),
        with_fixture(further_retrievers_know_nothing_of_the_rows),
        with_fixture(an_answer_asks_the_further_retriever),
        with_fixture(a_spec_that_asks_for_what_there_is_not_is_refused),
        cmocka_unit_test(the_program_s_own_spec_is_sound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
