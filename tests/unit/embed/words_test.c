/* What these catch: words that hang on how the bytes were cut into pieces, text that is none taken
 * for words, and a vocabulary that lost or misnumbered something. */
#include "embed/words.h"

#include <stdlib.h>
#include <string.h>

#include "support/test.h"

/* The words of a text in pieces of `piece` bytes, as "a b|c", '|' between sequences. */
static void cut_text(const char *text, size_t length, size_t piece, struct words words, char *out)
{
    struct corpus corpus = {0};
    words.corpus = &corpus;
    for (size_t at = 0; at < length; at += piece)
        assert_int_equal(
            words_add(&words, text + at, length - at < piece ? length - at : piece, NULL),
            STATUS_OK);
    assert_int_equal(words_end(&words, NULL), STATUS_OK);
    *out = '\0';
    for (uint64_t s = 0; s < corpus.n_sequences; s++) {
        strcat(out, s ? "|" : "");
        for (uint64_t t = corpus.starts[s]; t < corpus.starts[s + 1]; t++) {
            size_t n;
            const char *name = idmap_id(&corpus.names, corpus.tokens[t], &n);
            strcat(out, t > corpus.starts[s] ? " " : "");
            strncat(out, name, n);
        }
    }
    corpus_free(&corpus);
}

static void words_hang_on_no_piece_of_the_bytes(void **state)
{
    (void)state;
    static const char text[] = "Don't 'quote' caf\xc3\xa9\xe2\x80\x94na\xc3\xafve\n\n  \xe2\x82\xac"
                               "5 x_1\r\n\xe6\x97\xa5\xe6\x9c\xac!";
    for (size_t piece = 1; piece < 8; piece++) {
        char out[200];
        cut_text(text, sizeof text - 1, piece, (struct words){.lower = true}, out);
        assert_string_equal(out,
                            "don't quote caf\xc3\xa9 na\xc3\xafve|5 x_1|\xe6\x97\xa5\xe6\x9c\xac");
        cut_text(text, sizeof text - 1, piece, (struct words){.mode = WORDS_SPACE}, out);
        assert_string_equal(out, "Don't 'quote' caf\xc3\xa9\xe2\x80\x94na\xc3\xafve|\xe2\x82\xac"
                                 "5 x_1|\xe6\x97\xa5\xe6\x9c\xac!");
    }
}

static void what_is_no_text_stands_between_words_and_is_counted(void **state)
{
    (void)state;
    static const char bytes[] = "a\xff"
                                "b\xc3(c\0d\xed\xa0\x80"
                                "e\xf0\x9f";
    struct corpus corpus = {0};
    struct words words = {.corpus = &corpus};
    assert_int_equal(words_add(&words, bytes, sizeof bytes - 1, NULL), STATUS_OK);
    assert_int_equal(words_end(&words, NULL), STATUS_OK);
    assert_int_equal(corpus.names.count, 5);
    assert_int_equal(words.n_broken, 1 + 1 + 3 + 2);
    corpus_free(&corpus);
}

static void a_long_line_is_one_sequence_and_a_long_word_is_none(void **state)
{
    (void)state;
    enum { TIMES = 300000 };
    struct corpus corpus = {0};
    struct words words = {.corpus = &corpus};
    for (int i = 0; i < TIMES; i++)
        assert_int_equal(words_add(&words, "a bc ", 5, NULL), STATUS_OK);
    for (int i = 0; i < TIMES; i++)
        assert_int_equal(words_add(&words, "\xc3\xa9", 2, NULL), STATUS_OK);
    assert_int_equal(words_end(&words, NULL), STATUS_OK);
    assert_int_equal(corpus.n_sequences, 1);
    assert_int_equal(corpus.n_tokens, 2 * TIMES);
    assert_int_equal(words.n_long, 1);
    corpus_free(&corpus);
}

static void the_cut_orders_by_count_and_leaves_no_empty_sequence(void **state)
{
    (void)state;
    static const char text[] = "b rare b\nonce\na c a a c\n";
    struct corpus corpus = {0};
    struct words words = {.corpus = &corpus};
    assert_int_equal(words_add(&words, text, sizeof text - 1, NULL), STATUS_OK);
    assert_int_equal(words_end(&words, NULL), STATUS_OK);
    assert_int_equal(corpus_cut(&corpus, 2, NULL), STATUS_OK);
    static const uint32_t tokens[] = {1, 1, 0, 2, 0, 0, 2}; /* a: 3, then b and c: 2 */
    static const uint64_t starts[] = {0, 2, 7}, counts[] = {3, 2, 2};
    assert_int_equal(corpus.names.count, 3);
    assert_int_equal(corpus.n_tokens, 7);
    assert_int_equal(corpus.n_sequences, 2);
    assert_memory_equal(corpus.tokens, tokens, sizeof tokens);
    assert_memory_equal(corpus.starts, starts, sizeof starts);
    assert_memory_equal(corpus.counts, counts, sizeof counts);
    assert_int_equal(idmap_find(&corpus.names, "c", 1), 2);
    corpus_free(&corpus);
}

static void nothing_to_learn_from_is_said(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "word", "word word word", "a b c"};
    for (size_t i = 0; i < 4; i++) {
        struct corpus corpus = {0};
        struct words words = {.corpus = &corpus};
        struct error err = {0};
        assert_int_equal(words_add(&words, texts[i], strlen(texts[i]), NULL), STATUS_OK);
        assert_int_equal(words_end(&words, NULL), STATUS_OK);
        assert_int_equal(corpus_cut(&corpus, 2, &err), STATUS_OUT_OF_RANGE);
        assert_non_null(strstr(err.text, "lower minimum count"));
        corpus_free(&corpus);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_hang_on_no_piece_of_the_bytes),
        cmocka_unit_test(what_is_no_text_stands_between_words_and_is_counted),
        cmocka_unit_test(a_long_line_is_one_sequence_and_a_long_word_is_none),
        cmocka_unit_test(the_cut_orders_by_count_and_leaves_no_empty_sequence),
        cmocka_unit_test(nothing_to_learn_from_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
