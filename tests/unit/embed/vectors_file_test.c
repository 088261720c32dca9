/* What these catch: vectors that another reader takes for others, and a broken file that is
 * believed. */
#include "embed/vectors_file.h"

#include <string.h>

#include "support/test.h"

static float values[] = {1, -0.5f, 9, 0.1f, 1e-20f, 9};

static struct named_vectors example(void)
{
    struct named_vectors v = {.d = 2, .width = 3, .values = values};
    assert_int_equal(idmap_add(&v.names, 0, "in a", 4), STATUS_OK);
    assert_int_equal(idmap_add(&v.names, 1, "\xc3\xa9", 2), STATUS_OK);
    return v;
}

static void both_formats_are_word2vec_s(void **state)
{
    struct named_vectors v = example();
    assert_int_equal(vectors_write(&v, VECTORS_TEXT, in_folder(*state, "t"), NULL), STATUS_OK);
    assert_int_equal(vectors_write(&v, VECTORS_BINARY, in_folder(*state, "b"), NULL), STATUS_OK);
    struct buffer text = file_bytes(in_folder(*state, "t"));
    assert_string_equal(text.data, "2 2\nin_a 1 -0.5\n\xc3\xa9 0.1 1e-20\n");
    buffer_free(&text);
    static const char binary[] = "2 2\nin_a \0\0\x80\x3f\0\0\0\xbf\n\xc3\xa9 \xcd\xcc\xcc\x3d"
                                 "\x08\xe5\x3c\x1e\n";
    struct buffer bytes = file_bytes(in_folder(*state, "b"));
    assert_int_equal(bytes.size, sizeof binary - 1);
    assert_memory_equal(bytes.data, binary, sizeof binary - 1);
    buffer_free(&bytes);
    idmap_free(&v.names);
}

static void what_was_written_reads_back(void **state)
{
    struct named_vectors v = example();
    for (enum vectors_format f = VECTORS_TEXT; f <= VECTORS_BINARY; f++) {
        struct named_vectors back = {0};
        assert_int_equal(vectors_write(&v, f, in_folder(*state, "v"), NULL), STATUS_OK);
        assert_int_equal(vectors_read(in_folder(*state, "v"), &back, NULL), STATUS_OK);
        assert_int_equal(back.names.count, 2);
        assert_int_equal(idmap_find(&back.names, "in_a", 4), 0);
        for (uint32_t r = 0; r < 2; r++)
            assert_memory_equal(back.values + r * back.width, values + r * 3, 2 * sizeof(float));
        named_vectors_free(&back);
    }
    idmap_free(&v.names);
}

static void broken_files_are_refused(void **state)
{
    static const char *const texts[] = {"",
                                        "\n",
                                        "2\n",
                                        "x y\n",
                                        "0 2\n",
                                        "2 0\n",
                                        "99999999999999999999 2\n",
                                        "1000000 100\na 1 2\n",
                                        "1 5000\na 1\n",
                                        "2 2\na 1 2\n",
                                        "2 2\na 1 2\nb 3\n",
                                        "1 2\na 1 2 3\n",
                                        "1 2\na nan 2\n",
                                        "1 2\na 1 1e300\n",
                                        "1 2\n 1 2\n",
                                        "1 2\n\xff 1 2\n"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct named_vectors back = {0};
        struct error err = {0};
        file_put(in_folder(*state, "v"), texts[i], strlen(texts[i]));
        assert_int_not_equal(vectors_read(in_folder(*state, "v"), &back, &err), STATUS_OK);
        assert_int_not_equal(err.text[0], '\0');
        assert_null(back.values);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(both_formats_are_word2vec_s),
        WITH_FOLDER(what_was_written_reads_back),
        WITH_FOLDER(broken_files_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
