/* What these catch: phrases of what stands together by chance or across lines, words that join
 * twice, counts that no longer are those of the tokens, a table of pairs that grows without bound,
 * names that are too long for a file of vectors. */
#include "embed/phrases.h"

#include <stdio.h>
#include <string.h>

#include "embed/words.h"
#include "support/test.h"

static const struct phrase_settings once = {
    .passes = 1, .threshold = 2, .delta = 1, .pairs = PHRASE_PAIRS_MAX};

static void add_text(struct corpus *corpus, const char *text)
{
    struct words words = {.corpus = corpus};
    assert_int_equal(words_add(&words, text, strlen(text), NULL), STATUS_OK);
    assert_int_equal(words_end(&words, NULL), STATUS_OK);
}

/* "a b|c" of the tokens, after the counts were compared with them. */
static void print(const struct corpus *corpus, char *out)
{
    uint64_t counts[64] = {0};
    assert_true(corpus->names.count <= 64);
    *out = '\0';
    for (uint64_t s = 0; s < corpus->n_sequences; s++) {
        strcat(out, s ? "|" : "");
        for (uint64_t t = corpus->starts[s]; t < corpus->starts[s + 1]; t++) {
            size_t n;
            const char *name = idmap_id(&corpus->names, corpus->tokens[t], &n);
            strcat(out, t > corpus->starts[s] ? " " : "");
            strncat(out, name, n);
            counts[corpus->tokens[t]]++;
        }
    }
    assert_memory_equal(counts, corpus->counts, corpus->names.count * sizeof *counts);
}

static uint64_t joined(const char *text, const struct phrase_settings *settings, char *out)
{
    struct corpus corpus = {0};
    uint64_t n = 77;
    add_text(&corpus, text);
    assert_int_equal(phrases_join(&corpus, settings, NULL, &n, NULL), STATUS_OK);
    print(&corpus, out);
    corpus_free(&corpus);
    return n;
}

/* 3 times "new york", "new" and "york" 3 times each: 20 tokens * (3 - 1) / 9 = 4.4. */
static const char cities[] = "in new york it rains\nthe new york was in it\nnew york\nthe it was\n"
                             "new\nyork was the\n";

static void words_that_stand_together_are_joined(void **state)
{
    (void)state;
    char out[400];
    assert_int_equal(joined(cities, &once, out), 3);
    assert_string_equal(
        out, "in new_york it rains|the new_york was in it|new_york|the it was|new|york was the");
    const struct phrase_settings dear = {.passes = 1, .threshold = 9, .delta = 1, .pairs = 100};
    assert_int_equal(joined(cities, &dear, out), 0);
    const struct phrase_settings rare = {.passes = 1, .threshold = 2, .delta = 3, .pairs = 100};
    assert_int_equal(joined(cities, &rare, out), 0);
    const struct phrase_settings none = {.passes = 0, .threshold = 2, .delta = 1, .pairs = 100};
    assert_int_equal(joined(cities, &none, out), 0);
}

static void a_word_joins_once_in_a_pass_and_again_in_the_next(void **state)
{
    (void)state;
    static const char text[] = "a b c d\na b c d\na b c d\nx y z\nv w\n";
    const struct phrase_settings twice = {.passes = 2, .threshold = 1, .delta = 1, .pairs = 100};
    const struct phrase_settings one = {.passes = 1, .threshold = 1, .delta = 1, .pairs = 100};
    char out[400];
    assert_int_equal(joined(text, &one, out), 6);
    assert_string_equal(out, "a_b c_d|a_b c_d|a_b c_d|x y z|v w");
    assert_int_equal(joined(text, &twice, out), 9);
    assert_string_equal(out, "a_b_c_d|a_b_c_d|a_b_c_d|x y z|v w");
}

static void a_phrase_that_is_a_word_already_is_that_word(void **state)
{
    (void)state;
    char out[400];
    struct corpus corpus = {0};
    uint64_t n;
    add_text(&corpus, "new_york\nnew york\nnew york\nnew york\nx y\nz x z\n");
    assert_int_equal(phrases_join(&corpus, &once, NULL, &n, NULL), STATUS_OK);
    print(&corpus, out);
    assert_string_equal(out, "new_york|new_york|new_york|new_york|x y|z x z");
    assert_int_equal(corpus.counts[idmap_find(&corpus.names, "new_york", 8)], 4);
    assert_int_equal(corpus_cut(&corpus, 2, NULL), STATUS_OK);
    corpus_free(&corpus);
}

/* The frequent pair stays where the rare ones have to go. */
static void a_full_table_drops_the_rarest_pairs(void **state)
{
    (void)state;
    char text[4000] = "", out[4000];
    for (int i = 0; i < 40; i++) {
        char line[64];
        snprintf(line, sizeof line, "new york\nw%d w%d\nw%d\n", i % 20, (i * 7 + 3) % 20, i % 20);
        strcat(text, line);
    }
    const struct phrase_settings few = {.passes = 1, .threshold = 1.5, .delta = 2, .pairs = 4};
    assert_int_equal(joined(text, &few, out), 40);
    assert_non_null(strstr(out, "new_york"));
}

static void no_phrase_is_longer_than_a_name_may_be(void **state)
{
    (void)state;
    char text[20000] = "", word[201];
    memset(word, 'a', 200);
    word[200] = '\0';
    for (int line = 0; line < 4; line++)
        for (int i = 0; i < 16; i++) {
            word[0] = (char)('a' + i);
            strcat(strcat(text, word), i == 15 ? "\n" : " ");
        }
    const struct phrase_settings most = {
        .passes = PHRASE_PASSES_MAX, .threshold = 0.1, .delta = 1, .pairs = 1000};
    struct corpus corpus = {0};
    uint64_t n;
    add_text(&corpus, text);
    assert_int_equal(phrases_join(&corpus, &most, NULL, &n, NULL), STATUS_OK);
    assert_true(n > 0);
    for (uint32_t t = 0; t < corpus.names.count; t++) {
        size_t length;
        idmap_id(&corpus.names, t, &length);
        assert_true(length <= PHRASE_BYTES_MAX);
    }
    corpus_free(&corpus);
}

static bool stop_now(void *context)
{
    (void)context;
    return true;
}

static void it_stops_when_told_to_and_takes_nothing_for_a_text(void **state)
{
    (void)state;
    const struct observer observer = {.stop = stop_now};
    struct corpus corpus = {0}, empty = {0};
    struct error err = {0};
    uint64_t n = 5;
    assert_int_equal(phrases_join(&empty, &once, NULL, &n, &err), STATUS_OK);
    assert_int_equal(n, 0);
    corpus_free(&empty);
    add_text(&corpus, cities);
    assert_int_equal(phrases_join(&corpus, &once, &observer, &n, &err), STATUS_CANCELLED);
    corpus_free(&corpus);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_that_stand_together_are_joined),
        cmocka_unit_test(a_word_joins_once_in_a_pass_and_again_in_the_next),
        cmocka_unit_test(a_phrase_that_is_a_word_already_is_that_word),
        cmocka_unit_test(a_full_table_drops_the_rarest_pairs),
        cmocka_unit_test(no_phrase_is_longer_than_a_name_may_be),
        cmocka_unit_test(it_stops_when_told_to_and_takes_nothing_for_a_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
