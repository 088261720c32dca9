#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/configuration.h"
#include "cli/evaluation.h"
#include "cli/help.h"
#include "eval/rate.h"
#include "recommend/recommend.h"

enum { PARAMETER_NAME_MAX = 200 };

void help_models(FILE *out)
{
    for (size_t i = 0; model_classes[i]; i++) {
        const struct model_class *class = model_classes[i];
        char title[64];
        fputc('\n', out);
        snprintf(title, sizeof title, "Model %s", class->name);
        help_row(title, class->summary, out);
        for (size_t o = 0; o < class->n_options; o++) {
            char name[64], text[400];
            snprintf(name, sizeof name, "      --set %s=", class->options[o].name);
            snprintf(text, sizeof text, "%s [%s]", class->options[o].help,
                     class->options[o].initial);
            help_row(name, text, out);
        }
    }
}

/* ---- what was asked for ---- */

static enum status find_class(const char *name, size_t length, const struct model_class **ret_class,
                              struct error *reterr)
{
    char text[CONTESTANT_NAME_MAX];
    snprintf(text, sizeof text, "%.*s", (int)(length < sizeof text ? length : sizeof text - 1),
             name);
    return model_class_need(text, ret_class, reterr);
}

/* "ials"; "ials+wide_deep" for two stages; "ials+ease+wide_deep": the second one also looks at what
 * ease thinks. */
static enum status find_stages(const char *name, struct contestant *c, struct error *reterr)
{
    const char *last = strrchr(name, '+');
    size_t length = strcspn(name, "+");
    uint32_t at;
    enum status status = find_class(name, length, &c->class, reterr);
    while (status == STATUS_OK && last && name + length < last) {
        const char *other = name + length + 1;
        const struct model_class *class;
        length += 1 + strcspn(other, "+");
        status = find_class(other, strcspn(other, "+"), &class, reterr);
        if (status == STATUS_OK && (class == c->class || !rank_others_add(&c->others, class, &at)))
            return error_set(reterr, STATUS_OUT_OF_RANGE,
                             "%.100s: a ranker looks at up to %d further models, each another one",
                             name, RANK_OTHERS_MAX);
    }
    return status == STATUS_OK && last ? ranker_predictor_need(last + 1, &c->predictor, reterr)
                                       : status;
}

static bool is_same(const struct contestant *a, const struct contestant *b)
{
    return a->class == b->class && a->predictor == b->predictor &&
           memcmp(&a->others, &b->others, sizeof a->others) == 0;
}

/* "ials+ease+wide_deep", and "-2" when it comes again. */
static void name_contestant(const struct evaluation *ev, struct contestant *c)
{
    size_t same = 0, length = 0;
    for (const struct contestant *other = ev->contestants; other < c; other++)
        same += is_same(other, c);
    length += (size_t)snprintf(c->name, sizeof c->name, "%s", c->class->name);
    for (uint32_t o = 0; o < c->others.n && length < sizeof c->name; o++)
        length += (size_t)snprintf(c->name + length, sizeof c->name - length, "+%s",
                                   c->others.of[o]->name);
    if (c->predictor && length < sizeof c->name)
        length +=
            (size_t)snprintf(c->name + length, sizeof c->name - length, "+%s", c->predictor->name);
    if (same && length < sizeof c->name)
        snprintf(c->name + length, sizeof c->name - length, "-%zu", same + 1);
}

static enum status add_contestant(struct evaluation *ev, const char *name, struct error *reterr)
{
    if (ev->n == EVALUATE_MODELS_MAX)
        return error_set(reterr, STATUS_TOO_LARGE, "at most %d models at once",
                         EVALUATE_MODELS_MAX - 1);
    struct contestant *c = &ev->contestants[ev->n];
    const enum status status = find_stages(name, c, reterr);
    if (status != STATUS_OK)
        return status;
    c->settings = model_settings_new(c->class, &ev->arena);
    if (!c->settings)
        return error_set(reterr, STATUS_NO_MEMORY, "no memory for the settings of %s", name);
    name_contestant(ev, c);
    ev->n++;
    return STATUS_OK;
}

static enum status set_parameter(struct evaluation *ev, const char *assignment,
                                 struct error *reterr)
{
    struct contestant *c = &ev->contestants[ev->n - 1];
    char name[PARAMETER_NAME_MAX];
    const char *value = NULL;
    const enum status status = configuration_cut(assignment, name, sizeof name, &value, reterr);
    if (status != STATUS_OK)
        return status;
    char what[CONTESTANT_NAME_MAX + 16];
    snprintf(what, sizeof what, "parameter of %s", c->class->name);
    return options_set(c->class->options, c->class->n_options, c->settings, what, name, value,
                       &ev->arena, reterr);
}

/* Popularity, then the models in the order given. `--model popular` with settings of its own takes
 * the first row. */
static enum status read_models(struct evaluation *ev, struct error *reterr)
{
    enum status status = add_contestant(ev, model_classes[0]->name, reterr);
    bool asked = false, own_popular = false;
    for (size_t i = 0; i < ev->invocation->n_given && status == STATUS_OK; i++) {
        const struct given *given = &ev->invocation->given[i];
        const char *name = given->option->option.name;
        if (strcmp(name, "model") == 0) {
            const bool first =
                !own_popular && ev->n == 1 && strcmp(given->text, model_classes[0]->name) == 0;
            own_popular = own_popular || first;
            asked = true;
            if (!first)
                status = add_contestant(ev, given->text, reterr);
        } else if (strcmp(name, "set") == 0 && asked) {
            status = set_parameter(ev, given->text, reterr);
        }
    }
    for (size_t i = 0; i < ev->n && status == STATUS_OK; i++)
        status =
            model_settings_check(ev->contestants[i].class, ev->contestants[i].settings, reterr);
    return status;
}

static enum status read_ks(struct evaluation *ev, struct error *reterr)
{
    const char *list = invocation_text(ev->invocation, "k");
    char word[24];
    for (const char *at = list; at;) {
        const size_t length = strcspn(at, ",");
        int64_t k = 0;
        snprintf(word, sizeof word, "%.*s", (int)(length < 20 ? length : 20), at);
        if (text_to_int64(word, &k) != STATUS_OK || k < 1 || k > RECOMMEND_N_MAX ||
            ev->n_ks == EVALUATE_K_MAX)
            return error_set(reterr, STATUS_OUT_OF_RANGE,
                             "--k takes up to %d lengths from 1 to %d, such as 20,10, not '%.60s'",
                             EVALUATE_K_MAX, RECOMMEND_N_MAX, list);
        ev->ks[ev->n_ks++] = (size_t)k;
        at = at[length] ? at + length + 1 : NULL;
    }
    return STATUS_OK;
}

/* ---- what does not go together ---- */

static enum status check_parts(const struct invocation *invocation, struct error *reterr)
{
    const bool train = invocation_has(invocation, "train"),
               test = invocation_has(invocation, "test");
    if (test && !train)
        return error_set(reterr, STATUS_MALFORMED, "--test needs --train");
    if (test && (invocation_has(invocation, "split") || invocation_has(invocation, "share")))
        return error_set(reterr, STATUS_MALFORMED,
                         "--test is the test part: --split and --share "
                         "have nothing to split");
    if (invocation_has(invocation, "search-time") && !invocation_has(invocation, "search"))
        return error_set(reterr, STATUS_MALFORMED, "--search-time limits --search TRIALS");
    if (test && invocation_has(invocation, "split-out"))
        return error_set(reterr, STATUS_MALFORMED,
                         "--split-out writes what --split made; with "
                         "--test there are files already");
    return STATUS_OK;
}

/* --ratings goes without what belongs to ranked lists. */
static enum status check_ratings(const struct evaluation *ev, struct error *reterr)
{
    static const char *const of_lists[] = {"k",         "lists",       "per-user",      "as-of",
                                           "split-out", "ranker-spec", "positive-from", "search"};
    if (!invocation_flag(ev->invocation, "ratings"))
        return STATUS_OK;
    for (size_t i = 0; i < sizeof of_lists / sizeof *of_lists; i++)
        if (invocation_has(ev->invocation, of_lists[i]))
            return error_set(reterr, STATUS_MALFORMED,
                             "--%s is about ranked lists; --ratings measures predicted ratings",
                             of_lists[i]);
    enum status status = STATUS_OK;
    for (size_t i = 0; i < ev->n && status == STATUS_OK; i++) {
        if (ev->contestants[i].predictor)
            return error_set(reterr, STATUS_UNSUPPORTED, "%s orders lists and predicts no ratings",
                             ev->contestants[i].name);
        status = rate_check_class(ev->contestants[i].class, reterr);
    }
    return status;
}

enum status evaluation_check_sets(const struct invocation *invocation, struct error *reterr)
{
    for (size_t i = 0; i < invocation->n_given; i++) {
        const struct given *given = &invocation->given[i];
        if (strcmp(given->option->option.name, "model") == 0)
            break;
        if (strcmp(given->option->option.name, "set") == 0 &&
            !memchr(given->text, '.', strcspn(given->text, "=")))
            return error_set(reterr, STATUS_MALFORMED,
                             "--set %.60s: a model's parameter stands after its --model",
                             given->text);
    }
    return STATUS_OK;
}

enum status evaluation_read_request(struct evaluation *ev, struct error *reterr)
{
    enum status status = check_parts(ev->invocation, reterr);
    if (status == STATUS_OK)
        status = read_models(ev, reterr);
    if (status == STATUS_OK)
        status = check_ratings(ev, reterr);
    return status == STATUS_OK ? read_ks(ev, reterr) : status;
}
