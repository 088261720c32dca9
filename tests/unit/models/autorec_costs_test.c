/* What these catch: measuring that changes what is learnt, a part of the step that nobody is
 * charged for, costs of operations that the graph does not have. */
#include "models/autorec_costs.h"

#include "models/autorec.h"
#include "support/fitted.h"
#include "support/heard_costs.h"

enum { USERS = 120, ITEMS = 60 };

struct asked {
    int loss, g;
    unsigned threads;
    int64_t every;
};

/* Everyone rates 5 and likes what is of the same kind, but for a twelfth of the pairs. */
static struct test_data *two_kinds(bool rates)
{
    const struct event_types types = test_types();
    static struct test_event events[USERS * ITEMS];
    size_t n = 0;
    for (uint32_t u = 0; u < USERS; u++)
        for (uint32_t i = 0; i < ITEMS; i++)
            if ((u * 7 + i) % 12 != 0 && (rates || (u + i) % 2 == 0))
                events[n++] = (struct test_event){u, i, rates ? TEST_RATING : TEST_LIKE, i,
                                                  (u + i) % 2 ? 1.0F : 5.0F};
    return test_data_new(&types, events, n, 4);
}

static struct autorec *fit(const struct test_data *data, const struct asked *asked,
                           struct heard_costs *heard)
{
    struct arena arena = {0};
    struct parallel *pool;
    struct model *model = NULL;
    struct autorec_settings *settings = model_settings_new(&autorec_class, &arena);
    const struct observer observer = heard_observer(heard, asked->every);
    settings->loss = asked->loss;
    settings->g = asked->g;
    settings->hidden = 20;
    settings->epochs = 6;
    settings->patience = 100;
    assert_int_equal(parallel_new(asked->threads, false, &pool), STATUS_OK);
    assert_int_equal(autorec_class.fit(&data->train, settings, pool, &observer, &model, NULL),
                     STATUS_OK);
    parallel_free(pool);
    arena_free(&arena);
    return (struct autorec *)model;
}

static void measuring_changes_no_bit(void **state)
{
    (void)state;
    for (int loss = AUTOREC_MULTINOMIAL; loss <= AUTOREC_RATINGS; loss++) {
        struct test_data *data = two_kinds(loss == AUTOREC_RATINGS);
        struct heard_costs heard = {{0}}, quiet = {{0}};
        struct autorec *a = fit(data, &(struct asked){loss, AUTOREC_SIGMOID, 2, 1}, &heard);
        struct autorec *b = fit(data, &(struct asked){loss, AUTOREC_SIGMOID, 1, 0}, &quiet);
        assert_memory_equal(a->items, b->items, ITEMS * a->width * sizeof(float));
        assert_memory_equal(a->users, b->users, USERS * a->width * sizeof(float));
        assert_true(heard.n > 0);
        assert_int_equal(quiet.n, 0);
        autorec_free(&a->base);
        autorec_free(&b->base);
        test_data_free(data);
    }
}

static void the_first_pass_and_every_third_is_told(void **state)
{
    (void)state;
    struct test_data *data = two_kinds(true);
    struct heard_costs heard = {{0}};
    autorec_free(&fit(data, &(struct asked){AUTOREC_RATINGS, 0, 1, 3}, &heard)->base);
    assert_string_equal(heard.which, "pass 1 at 1; pass 3 at 3; pass 6 at 6; ");
    test_data_free(data);
}

static void every_operation_of_a_step_is_charged(void **state)
{
    (void)state;
    static const char *const timed[] = {"encoder/product", "encoder/sum", "encoder/hidden",
                                        "decoder/product", "decoder/sum", "train/adam"};
    static const char *const losses[] = {
        [AUTOREC_MULTINOMIAL] = "loss/cross_entropy", [AUTOREC_RATINGS] = "loss/squared_error"};
    for (int loss = AUTOREC_MULTINOMIAL; loss <= AUTOREC_RATINGS; loss++) {
        struct test_data *data = two_kinds(loss == AUTOREC_RATINGS);
        struct heard_costs heard = {{0}};
        autorec_free(&fit(data, &(struct asked){loss, AUTOREC_SIGMOID, 2, 1}, &heard)->base);
        heard_times(&heard, timed, sizeof timed / sizeof *timed);
        heard_times(&heard, &losses[loss], 1);
        const uint64_t columns = loss == AUTOREC_RATINGS ? USERS : ITEMS, width = tile_round(20);
        const uint64_t floats = 2 * columns * width + width + columns;
        assert_int_equal(heard_bytes(&heard, "encoder/weights"), 3 * columns * width * 4);
        assert_int_equal(heard_bytes(&heard, "train/adam"), 2 * floats * 4);
        assert_true(heard_bytes(&heard, "encoder/hidden") > 0);
        test_data_free(data);
    }
}

/* Catches an observed output whose product is not by far the most of it. */
static void a_loop_is_shared_out_by_its_arithmetic(void **state)
{
    (void)state;
    const struct autorec_settings settings = {.hidden = 16};
    const struct autorec_net net = autorec_net_of(7, 16, AUTOREC_IDENTITY, false);
    uint64_t starts[] = {0, 2};
    uint32_t columns[] = {1, 4};
    float values[] = {3, 5};
    const struct csr x = {1, 7, starts, columns, values};
    const struct autorec_batch batch = {
        .net = &net, .x = &x, .inputs = values, .targets = values, .error_width = 3};
    struct heard_costs heard = {{0}};
    const struct observer observer = heard_observer(&heard, 1);
    struct timesheet sheet;
    timesheet_init(&sheet, 1, AUTOREC_PARTS);
    timesheet_open(&sheet);
    sheet.ns[AUTOREC_OBSERVED] = 690;
    sheet.ns[AUTOREC_ENTRIES] = 330;
    sheet.ns[AUTOREC_ENCODE] = 7;
    autorec_costs_tell(&settings, &batch, 1, &sheet, 1, &observer);
    assert_int_equal(heard.ns[heard_op(&heard, "decoder/product")], 640 + 160);
    assert_int_equal(heard.ns[heard_op(&heard, "decoder/sum")], 10 + 10);
    assert_int_equal(heard.ns[heard_op(&heard, "loss/squared_error")], 40);
    assert_int_equal(heard.ns[heard_op(&heard, "encoder/product")], 160 + 7);
    assert_int_equal(heard_bytes(&heard, "inputs/ratings"), 2 * 12 + 2 * 8);
    timesheet_free(&sheet);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(measuring_changes_no_bit),
        cmocka_unit_test(the_first_pass_and_every_third_is_told),
        cmocka_unit_test(every_operation_of_a_step_is_charged),
        cmocka_unit_test(a_loop_is_shared_out_by_its_arithmetic),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
