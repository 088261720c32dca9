#include "embed/words.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

enum { READ_BYTES = 1 << 16 };

struct range {
    uint32_t first, last;
};

/* Beyond ASCII, what is no letter: signs of Latin-1, general punctuation up to arrows, technical
 * and box drawing symbols, CJK punctuation, and the full-width forms of ASCII's. */
static const struct range separators[] = {
    {0x80, 0xa9},     {0xab, 0xb4},     {0xb6, 0xb9},     {0xbb, 0xbf},     {0xd7, 0xd7},
    {0xf7, 0xf7},     {0x1680, 0x1680}, {0x2000, 0x206f}, {0x20a0, 0x20cf}, {0x2190, 0x2bff},
    {0x2e00, 0x2e7f}, {0x3000, 0x3004}, {0x3008, 0x3020}, {0xfe10, 0xfe1f}, {0xfe30, 0xfe6f},
    {0xfeff, 0xfeff}, {0xff01, 0xff0f}, {0xff1a, 0xff20}, {0xff3b, 0xff40}, {0xff5b, 0xff65},
};

static const struct range spaces[] = {
    {0x80, 0xa0},     {0x1680, 0x1680}, {0x2000, 0x200a}, {0x2028, 0x2029},
    {0x202f, 0x202f}, {0x205f, 0x205f}, {0x3000, 0x3000}, {0xfeff, 0xfeff},
};

static bool is_in(const struct range *ranges, size_t n, uint32_t point)
{
    for (size_t i = 0; i < n; i++)
        if (point >= ranges[i].first && point <= ranges[i].last)
            return true;
    return false;
}

static bool is_ascii_letter(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static enum status end_word(struct words *words, struct error *reterr)
{
    size_t length = words->length;
    words->length = 0;
    if (length > WORD_BYTES_MAX) {
        words->n_long++;
        return STATUS_OK;
    }
    while (words->mode == WORDS_LETTERS && length && words->word[length - 1] == '\'')
        length--;
    return length ? corpus_add(words->corpus, words->word, length, reterr) : STATUS_OK;
}

static void lengthen(struct words *words, const char *bytes, size_t n)
{
    if (words->length > WORD_BYTES_MAX)
        return;
    memcpy(words->word + words->length, bytes, n); /* at most 4 past the limit */
    words->length += n;
}

static bool belongs(const struct words *words, unsigned char c)
{
    if (words->mode == WORDS_SPACE)
        return c > ' ' && c != 0x7f;
    return is_ascii_letter(c) || (c == '\'' && words->length);
}

static enum status add_ascii(struct words *words, char c, struct error *reterr)
{
    if (belongs(words, (unsigned char)c)) {
        if (words->lower && c >= 'A' && c <= 'Z')
            c = (char)(c + ('a' - 'A'));
        lengthen(words, &c, 1);
        return STATUS_OK;
    }
    enum status status = words->length ? end_word(words, reterr) : STATUS_OK;
    if (status == STATUS_OK && c == '\n')
        status = corpus_end_sequence(words->corpus, reterr);
    return status;
}

static uint32_t point_of(const char *bytes, unsigned n)
{
    const unsigned char *b = (const unsigned char *)bytes;
    uint32_t point = b[0] & (0x7f >> n);
    for (unsigned i = 1; i < n; i++)
        point = point << 6 | (b[i] & 0x3f);
    return point;
}

static enum status drop_pending(struct words *words, struct error *reterr)
{
    words->n_broken += words->n_pending;
    words->n_pending = 0;
    return end_word(words, reterr);
}

static enum status end_pending(struct words *words, struct error *reterr)
{
    const unsigned n = words->n_pending;
    if (!utf8_is_valid(words->pending, n))
        return drop_pending(words, reterr);
    words->n_pending = 0;
    const uint32_t point = point_of(words->pending, n);
    const bool parts = words->mode == WORDS_SPACE
                           ? is_in(spaces, sizeof spaces / sizeof *spaces, point)
                           : is_in(separators, sizeof separators / sizeof *separators, point);
    if (parts)
        return end_word(words, reterr);
    lengthen(words, words->pending, n);
    return STATUS_OK;
}

static unsigned sequence_length(unsigned char first)
{
    return first >= 0xf0 && first < 0xf8 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
}

static enum status add_byte(struct words *words, char c, struct error *reterr)
{
    const unsigned char byte = (unsigned char)c;
    const bool continues = (byte & 0xc0) == 0x80;
    if (words->n_pending && !continues) {
        const enum status status = drop_pending(words, reterr);
        if (status != STATUS_OK)
            return status;
    }
    if (byte < 0x80)
        return add_ascii(words, c, reterr);
    if (!words->n_pending)
        words->n_wanted = byte >= 0xf8 ? 1 : sequence_length(byte);
    words->pending[words->n_pending++] = c;
    return words->n_pending == words->n_wanted ? end_pending(words, reterr) : STATUS_OK;
}

enum status words_add(struct words *words, const char *bytes, size_t length, struct error *reterr)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < length && status == STATUS_OK; i++)
        status = add_byte(words, bytes[i], reterr);
    return status;
}

enum status words_end(struct words *words, struct error *reterr)
{
    enum status status = words->n_pending ? drop_pending(words, reterr) : STATUS_OK;
    if (status == STATUS_OK)
        status = end_word(words, reterr);
    return status == STATUS_OK ? corpus_end_sequence(words->corpus, reterr) : status;
}

static enum status read_all(struct words *words, int fd, const char *path,
                            const struct observer *observer, struct error *reterr)
{
    char bytes[READ_BYTES];
    struct stat info;
    const double size =
        fstat(fd, &info) == 0 && info.st_size > 0 ? (double)info.st_size : 0; /* 0: unknown */
    for (double done = 0;;) {
        if (observer_stops(observer))
            return error_set(reterr, STATUS_CANCELLED, "stopped after %.0f bytes of %s", done,
                             path);
        const ssize_t n = read(fd, bytes, sizeof bytes);
        if (n == 0)
            return words_end(words, reterr);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_set_errno(reterr, errno, "cannot read %s", path);
        const enum status status = words_add(words, bytes, (size_t)n, reterr);
        if (status != STATUS_OK)
            return status;
        done += (double)n;
        observe_progress(observer, "reading the text", size > 0 ? done / size : -1);
    }
}

enum status words_read(struct words *words, const char *path, const struct observer *observer,
                       struct error *reterr)
{
    const bool is_input = strcmp(path, "-") == 0;
    const int fd = is_input ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return error_set_errno(reterr, errno, "cannot open %s", path);
    const enum status status = read_all(words, fd, path, observer, reterr);
    if (!is_input)
        close(fd);
    return status;
}
