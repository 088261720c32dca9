#include "eval/ranker_spec.h"

#include <string.h>

#include "base/buffer.h"
#include "base/embedded.h"
#include "base/file.h"
#include "base/text.h"
#include "data/yaml.h"
#include "recommend/ranker.h"

static const char mode_name[] = "mode", default_mode[] = "wide_deep";

static const char *predictor_name(const void *context, size_t i)
{
    (void)context;
    return predictor_classes[i]->name;
}

enum status ranker_predictor_need(const char *name, const struct predictor_class **ret_class,
                                  struct error *reterr)
{
    size_t n = 0;
    for (; predictor_classes[n]; n++)
        if (strcmp(predictor_classes[n]->name, name) == 0) {
            *ret_class = predictor_classes[n];
            return STATUS_OK;
        }
    const char *nearest = text_nearest(name, n, predictor_name, NULL);
    return error_set(reterr, STATUS_NOT_FOUND, "there is no ranker '%.60s'; %s '%s'%s", name,
                     nearest ? "did you mean" : "there is", nearest ? nearest : default_mode,
                     nearest ? "?" : "");
}

enum status ranker_spec_predictor(const struct feature_spec *spec,
                                  const struct predictor_class **ret_class, struct error *reterr)
{
    const char *mode = feature_spec_option(spec, mode_name);
    const enum status status = ranker_predictor_need(mode ? mode : default_mode, ret_class, reterr);
    for (uint32_t i = 0; status != STATUS_OK && i < spec->n_options; i++)
        if (strcmp(spec->options[i].name, mode_name) == 0)
            error_prefix(reterr, "%s:%u: ", spec->file, spec->options[i].line);
    return status;
}

/* Has any of the predictors such an option? */
static bool is_known(const char *name)
{
    for (size_t i = 0; predictor_classes[i]; i++)
        if (option_find(predictor_classes[i]->options, predictor_classes[i]->n_options, name))
            return true;
    return false;
}

/* The options of the spec's model, but for its name and those that only another one has. */
enum status ranker_spec_options(const struct feature_spec *spec,
                                const struct predictor_class *class, struct arena *arena,
                                void **ret_settings, struct error *reterr)
{
    void *settings = arena_zalloc(arena, 1, class->settings_size);
    enum status status = settings ? options_init(class->options, class->n_options, settings, arena)
                                  : STATUS_NO_MEMORY;
    if (status != STATUS_OK)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory for the ranker");
    for (uint32_t i = 0; i < spec->n_options; i++) {
        const struct spec_option *given = &spec->options[i];
        struct error err = {0};
        if (strcmp(given->name, mode_name) == 0 ||
            (!option_find(class->options, class->n_options, given->name) && is_known(given->name)))
            continue;
        status = options_set(class->options, class->n_options, settings, "key of 'model'",
                             given->name, given->value, arena, &err);
        if (status != STATUS_OK)
            return yaml_refuse(spec->file, given->line, status, reterr, "%s", err.text);
    }
    *ret_settings = settings;
    return STATUS_OK;
}

/* ---- lines that stand for several ---- */

/* Of a line that begins so, where its `*` stands; NULL: of any other. */
static const char *wildcard_of(const char *line, size_t length)
{
    static const char *const beginnings[] = {"score.*", "rank.*"};
    size_t blanks = 0;
    while (blanks < length && line[blanks] == ' ')
        blanks++;
    for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings; i++) {
        const size_t n = strlen(beginnings[i]);
        if (length - blanks >= n && memcmp(line + blanks, beginnings[i], n) == 0)
            return line + blanks + n - 1;
    }
    return NULL;
}

/* At most `most` of the others take the line's place; without any it is left empty. */
static void add_line(const char *line, size_t length, const struct rank_others *others,
                     uint32_t most, struct buffer *out)
{
    const char *star = wildcard_of(line, length);
    if (!star)
        buffer_append(out, line, length);
    for (uint32_t o = 0; star && o < others->n && o < most; o++) {
        buffer_append(out, line, (size_t)(star - line));
        buffer_append_text(out, others->of[o]->name);
        buffer_append(out, star + 1, (size_t)(line + length - star - 1));
        if (o + 1 < others->n && o + 1 < most)
            buffer_append_byte(out, '\n');
    }
}

static enum status parse(const char *file, const struct buffer *text,
                         const struct rank_others *others, uint32_t most,
                         struct feature_spec **ret_spec, struct error *reterr)
{
    struct buffer lines = {0};
    for (size_t at = 0; at < text->size;) {
        const char *line = text->data + at, *end = memchr(line, '\n', text->size - at);
        const size_t length = end ? (size_t)(end - line) : text->size - at;
        add_line(line, length, others, most, &lines);
        if (end)
            buffer_append_byte(&lines, '\n');
        at += length + 1;
    }
    const enum status status =
        lines.failed
            ? error_set(reterr, STATUS_NO_MEMORY, "out of memory for the ranker")
            : feature_spec_parse(file, lines.data ? lines.data : "", lines.size, ret_spec, reterr);
    buffer_free(&lines);
    return status;
}

static enum status check(const struct feature_spec *spec, const struct predictor_class *predictor,
                         struct error *reterr)
{
    struct rank_columns columns;
    struct arena arena = {0};
    void *settings;
    enum status status = rank_columns_of(spec, &columns, reterr);
    if (status == STATUS_OK && !predictor)
        status = ranker_spec_predictor(spec, &predictor, reterr);
    if (status == STATUS_OK)
        status = ranker_spec_options(spec, predictor, &arena, &settings, reterr);
    arena_free(&arena);
    return status;
}

/* Errors name lines of the file: where one line becomes several, it is first read with one. */
static enum status read_text(const char *file, const struct buffer *text,
                             const struct predictor_class *predictor,
                             const struct rank_others *others, struct feature_spec **ret_spec,
                             struct error *reterr)
{
    struct feature_spec *spec = NULL;
    enum status status = STATUS_OK;
    for (uint32_t most = 1; status == STATUS_OK && most <= RANK_OTHERS_MAX;
         most += RANK_OTHERS_MAX - 1) {
        feature_spec_free(spec);
        spec = NULL;
        status = parse(file, text, others, most, &spec, reterr);
        if (status == STATUS_OK)
            status = check(spec, predictor, reterr);
    }
    if (status == STATUS_OK)
        *ret_spec = spec;
    else
        feature_spec_free(spec);
    return status;
}

enum status ranker_spec_read(const char *path, const struct predictor_class *predictor,
                             const struct rank_others *others, struct feature_spec **ret_spec,
                             struct error *reterr)
{
    static const struct rank_others none = {0};
    struct buffer text = {0};
    enum status status = STATUS_OK;
    if (*path)
        status = file_read(path, YAML_BYTES_MAX, &text, reterr);
    else
        buffer_append(&text, ranker_files[0].bytes, ranker_files[0].size);
    if (text.failed)
        status = error_set(reterr, STATUS_NO_MEMORY, "out of memory for the ranker");
    if (status == STATUS_OK)
        status = read_text(*path ? path : ranker_files[0].name, &text, predictor,
                           others ? others : &none, ret_spec, reterr);
    buffer_free(&text);
    return status;
}
