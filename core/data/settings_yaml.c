/* The YAML file of the settings: sections and keys by the table, event types, models' parameters.
 */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "data/settings_parts.h"
#include "data/yaml.h"

static const char *const aggregates[] = {"sum_capped", "last", "max", NULL};

const struct option settings_type_options[] = {
    {"weight", OPTION_REAL, offsetof(struct event_type, weight), "1", -1000, 1000, NULL,
     "what one event teaches; negative: dislike; 0: nothing"},
    {"by_value", OPTION_BOOL, offsetof(struct event_type, by_value), "false", 0, 0, NULL,
     "the weight is multiplied by how far the rating lies above the user's mean"},
    {"aggregate", OPTION_CHOICE, offsetof(struct event_type, aggregate), "sum_capped", 0, 0,
     aggregates, "how several events of one user and item count: sum_capped, last or max"},
    {"hides", OPTION_DURATION, offsetof(struct event_type, hides_ms), "0s", 0, 36500 * 86400e3,
     NULL, "never, forever or for so long after the event"},
    {"retention", OPTION_DURATION, offsetof(struct event_type, retention_ms), "36500d", 1,
     36500 * 86400e3, NULL, "forever, or older events are deleted"},
};
const size_t settings_n_type_options = sizeof settings_type_options / sizeof *settings_type_options;

/* The words beside durations. */
static const struct {
    const char *option, *word;
    int64_t ms;
} duration_words[] = {
    {"hides", "never", HIDES_NEVER},
    {"hides", "forever", HIDES_FOREVER},
    {"retention", "forever", RETAIN_FOREVER},
};

struct reader {
    struct settings *settings;
    const char *name; /* of the file */
    struct error *err;
};

/* Puts the line of a node to an error that a table's parser has described. */
static enum status at_line(const struct reader *r, uint32_t line, enum status status)
{
    if (status == STATUS_OK || !r->err)
        return status;
    char text[ERROR_TEXT_MAX];
    snprintf(text, sizeof text, "%s", r->err->text);
    return yaml_refuse(r->name, line, status, r->err, "%s", text);
}

static enum status refuse_memory(const struct reader *r, uint32_t line)
{
    return yaml_refuse(r->name, line, STATUS_NO_MEMORY, r->err, "out of memory");
}

static const char *place_of(const struct reader *r, uint32_t line)
{
    char place[ERROR_POINTER_MAX];
    snprintf(place, sizeof place, "%.*s:%u", ERROR_POINTER_MAX - 16, r->name, line);
    utf8_make_printable(place); /* it stands in a comment when the settings are printed */
    return arena_strndup(&r->settings->arena, place, strlen(place));
}

/* The text of a value for an option of this type; a list of words for an option of text becomes
 * words with commas between. */
static enum status text_of(const struct reader *r, const struct yaml_value *value,
                           enum option_type type, const char **ret_text)
{
    if (value->kind == YAML_MAP || (value->kind == YAML_LIST && type != OPTION_TEXT))
        return yaml_refuse(r->name, value->line, STATUS_MALFORMED, r->err,
                           "'%.60s' takes one value, not a %s", value->key,
                           value->kind == YAML_MAP ? "mapping" : "list");
    if (value->kind == YAML_LIST) {
        struct buffer joined = {0};
        buffer_append_text(&joined, "");
        for (const struct yaml_value *part = value->first; part; part = part->next) {
            if (part->kind != YAML_TEXT || yaml_is_null(part)) {
                buffer_free(&joined);
                return yaml_refuse(r->name, part->line, STATUS_MALFORMED, r->err,
                                   "'%.60s' takes a list of words", value->key);
            }
            buffer_printf(&joined, "%s%s", part == value->first ? "" : ",", part->text);
        }
        *ret_text =
            joined.failed ? NULL : arena_strndup(&r->settings->arena, joined.data, joined.size);
        buffer_free(&joined);
        return *ret_text ? STATUS_OK : refuse_memory(r, value->line);
    }
    if (yaml_is_null(value))
        return yaml_refuse(r->name, value->key_line, STATUS_MALFORMED, r->err,
                           "'%.60s' has no value; give one or leave the line out", value->key);
    if (value->quoted && (type == OPTION_BOOL || type == OPTION_INT || type == OPTION_REAL))
        return yaml_refuse(r->name, value->line, STATUS_MALFORMED, r->err,
                           "'%.60s' is text in quotes; write it without them", value->key);
    *ret_text = value->text;
    return STATUS_OK;
}

static enum status read_option(const struct reader *r, const struct option *option,
                               const struct yaml_value *value)
{
    const char *text, *place = place_of(r, value->key_line);
    if (!place)
        return refuse_memory(r, value->line);
    const enum status status = text_of(r, value, option->type, &text);
    if (status != STATUS_OK)
        return status;
    return at_line(r, value->line, settings_apply(r->settings, option, text, place, r->err));
}

/* ---- interactions.types ---- */

static bool duration_word(const char *option, const char *text, int64_t *ret_ms)
{
    for (size_t i = 0; i < sizeof duration_words / sizeof *duration_words; i++)
        if (strcmp(duration_words[i].option, option) == 0 &&
            strcmp(duration_words[i].word, text) == 0) {
            *ret_ms = duration_words[i].ms;
            return true;
        }
    return false;
}

/* Adds the words of an option to the sentence that says what it takes. */
static enum status name_words(const struct reader *r, const char *option, enum status status)
{
    if (!r->err)
        return status;
    size_t used = strlen(r->err->text);
    for (size_t i = 0; i < sizeof duration_words / sizeof *duration_words; i++)
        if (strcmp(duration_words[i].option, option) == 0 && used < sizeof r->err->text)
            used += (size_t)snprintf(r->err->text + used, sizeof r->err->text - used, ", or %s",
                                     duration_words[i].word);
    return status;
}

static enum status read_type_option(const struct reader *r, const struct yaml_value *value,
                                    struct event_type *type)
{
    const struct option *option =
        option_find(settings_type_options, settings_n_type_options, value->key);
    if (!option)
        return at_line(r, value->key_line,
                       options_set(settings_type_options, settings_n_type_options, type,
                                   "key of an event type", value->key, "", &r->settings->arena,
                                   r->err));
    const char *text;
    const enum status status = text_of(r, value, option->type, &text);
    if (status != STATUS_OK)
        return status;
    int64_t ms;
    if (duration_word(option->name, text, &ms)) {
        memcpy((char *)type + option->offset, &ms, sizeof ms);
        return STATUS_OK;
    }
    enum status set = option_set(option, type, text, &r->settings->arena, r->err);
    if (set != STATUS_OK)
        set = name_words(r, option->name, set);
    return at_line(r, value->line, set);
}

static enum status read_type(const struct reader *r, const struct yaml_value *value,
                             struct event_type *type)
{
    if (value->kind != YAML_MAP && !yaml_is_null(value))
        return yaml_refuse(r->name, value->line, STATUS_MALFORMED, r->err,
                           "an event type is a mapping such as {weight: 1, hides: never}");
    if (strlen(value->key) > EVENT_TYPE_NAME_MAX)
        return yaml_refuse(r->name, value->key_line, STATUS_OUT_OF_RANGE, r->err,
                           "the event type's name is longer than %d bytes", EVENT_TYPE_NAME_MAX);
    enum status status =
        at_line(r, value->key_line,
                id_check(value->key, strlen(value->key), "the event type's name", r->err));
    if (status != STATUS_OK)
        return status;
    *type =
        (struct event_type){.weight = 1, .hides_ms = HIDES_NEVER, .retention_ms = RETAIN_FOREVER};
    snprintf(type->name, sizeof type->name, "%s", value->key);
    for (const struct yaml_value *key = value->first; key && status == STATUS_OK; key = key->next)
        status = read_type_option(r, key, type);
    return status;
}

static enum status read_types(const struct reader *r, const struct yaml_value *types)
{
    if (types->kind != YAML_MAP || types->n_children == 0)
        return yaml_refuse(r->name, types->key_line, STATUS_MALFORMED, r->err,
                           "'types' maps the name of each event type to its meaning; leave it out "
                           "for the default types");
    if (types->n_children >= EVENT_TYPES_MAX)
        return yaml_refuse(r->name, types->key_line, STATUS_TOO_LARGE, r->err,
                           "there are more than %d event types", EVENT_TYPES_MAX - 1);
    struct event_type *of = r->settings->types.of;
    memset(of, 0, sizeof r->settings->types.of);
    size_t code = 1;
    for (const struct yaml_value *type = types->first; type; type = type->next) {
        const enum status status = read_type(r, type, &of[code++]);
        if (status != STATUS_OK)
            return status;
    }
    r->settings->types_given = true;
    r->settings->types_place = place_of(r, types->key_line);
    return r->settings->types_place ? STATUS_OK : refuse_memory(r, types->line);
}

/* ---- models ---- */

static enum status read_model(const struct reader *r, const struct yaml_value *model)
{
    for (const struct yaml_value *value = model->first; value; value = value->next) {
        const char *text, *place = place_of(r, value->key_line);
        if (!place)
            return refuse_memory(r, value->line);
        enum status status = text_of(r, value, OPTION_TEXT, &text);
        if (status == STATUS_OK)
            status = at_line(
                r, value->line,
                settings_add_model(r->settings, model->key, value->key, text, place, r->err));
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

/* ---- sections ---- */

static const char *const sections[] = {"data",         "server", "store",    "items",
                                       "interactions", "models", "training", "privacy",
                                       "tensorboard",  "log"};
enum { N_SECTIONS = sizeof sections / sizeof *sections };

static const char *section_at(const void *context, size_t i)
{
    (void)context;
    return sections[i];
}

static const char *key_in_section(const struct option *option, const char *section)
{
    const size_t length = strlen(section);
    const bool in = strncmp(option->name, section, length) == 0 && option->name[length] == '.';
    return in ? option->name + length + 1 : NULL;
}

/* Names a misspelt key may have meant: the section's options, then `types`. */
static const char *key_at(const void *section, size_t i)
{
    const char *key = i < settings_n_options ? key_in_section(&settings_options[i], section)
                      : strcmp(section, "interactions") == 0 ? "types"
                                                             : NULL;
    return key ? key : "";
}

static enum status refuse_key(const struct reader *r, const char *section,
                              const struct yaml_value *value)
{
    const char *nearest = section
                              ? text_nearest(value->key, settings_n_options + 1, key_at, section)
                              : text_nearest(value->key, N_SECTIONS, section_at, NULL);
    const bool known = nearest && *nearest;
    return yaml_refuse(r->name, value->key_line, STATUS_NOT_FOUND, r->err,
                       "unknown %s '%s%s%.60s'%s", section ? "key" : "section",
                       section ? section : "", section ? "." : "", value->key,
                       text_suggest(known ? nearest : NULL).text);
}

static enum status read_key(const struct reader *r, const char *section,
                            const struct yaml_value *value)
{
    for (size_t i = 0; i < settings_n_options; i++) {
        const char *key = key_in_section(&settings_options[i], section);
        if (key && strcmp(key, value->key) == 0)
            return read_option(r, &settings_options[i], value);
    }
    if (strcmp(section, "interactions") == 0 && strcmp(value->key, "types") == 0)
        return read_types(r, value);
    if (strcmp(section, "models") == 0 && value->kind == YAML_MAP)
        return read_model(r, value);
    return refuse_key(r, section, value);
}

static enum status read_section(const struct reader *r, const struct yaml_value *section)
{
    size_t i = 0;
    while (i < N_SECTIONS && strcmp(sections[i], section->key) != 0)
        i++;
    if (i == N_SECTIONS)
        return refuse_key(r, NULL, section);
    if (section->kind != YAML_MAP && !yaml_is_null(section)) /* all its lines may be comments */
        return yaml_refuse(r->name, section->line, STATUS_MALFORMED, r->err,
                           "the section '%s' must be a mapping of keys to values", section->key);
    enum status status = STATUS_OK;
    for (const struct yaml_value *key = section->first; key && status == STATUS_OK; key = key->next)
        status = read_key(r, section->key, key);
    return status;
}

enum status settings_read_yaml(struct settings *settings, const char *name, const char *bytes,
                               size_t length, struct error *reterr)
{
    struct arena arena = {0};
    struct yaml_value *root;
    const struct reader r = {settings, name, reterr};
    enum status status = yaml_parse(name, bytes, length, &arena, &root, reterr);
    if (status == STATUS_OK && root->kind != YAML_MAP)
        status = yaml_refuse(name, root->line, STATUS_MALFORMED, reterr,
                             "the file must be a mapping of sections, such as 'server:'");
    if (status == STATUS_OK)
        for (const struct yaml_value *section = root->first; section && status == STATUS_OK;
             section = section->next)
            status = read_section(&r, section);
    arena_free(&arena);
    return status;
}

enum status settings_read_file(struct settings *settings, const char *path, struct error *reterr)
{
    struct buffer bytes = {0};
    enum status status = file_read(path, YAML_BYTES_MAX, &bytes, reterr);
    if (status == STATUS_OK)
        status =
            settings_read_yaml(settings, path, bytes.data ? bytes.data : "", bytes.size, reterr);
    buffer_free(&bytes);
    return status;
}

/* ---- printing ---- */

static void print_quoted(const char *text, struct buffer *out)
{
    buffer_append_json(out, text, strlen(text));
}

static void print_option(const struct option *option, const void *values, struct buffer *out)
{
    if (option->type != OPTION_TEXT)
        option_print(option, values, out);
    else
        print_quoted(*(const char *const *)((const char *)values + option->offset), out);
}

static void print_type(const struct event_type *type, struct buffer *out)
{
    buffer_append_text(out, "    ");
    print_quoted(type->name, out);
    buffer_append_text(out, ": {");
    for (size_t i = 0; i < settings_n_type_options; i++) {
        const struct option *option = &settings_type_options[i];
        const char *word = NULL;
        for (size_t j = 0; j < sizeof duration_words / sizeof *duration_words; j++)
            if (strcmp(duration_words[j].option, option->name) == 0 &&
                memcmp(&duration_words[j].ms, (const char *)type + option->offset,
                       sizeof(int64_t)) == 0)
                word = duration_words[j].word;
        buffer_printf(out, "%s%s: ", i ? ", " : "", option->name);
        if (word)
            buffer_append_text(out, word);
        else
            option_print(option, type, out);
    }
    buffer_append_text(out, "}\n");
}

static void print_types(const struct settings *settings, struct buffer *out)
{
    buffer_printf(out, "  types: # what each type of event means (%s)\n", settings->types_place);
    for (int code = 1; code < EVENT_TYPES_MAX; code++)
        if (*settings->types.of[code].name)
            print_type(&settings->types.of[code], out);
}

/* True when a later entry sets the same parameter. */
static bool is_overruled(const struct settings *settings, size_t i)
{
    const struct model_setting *all = settings->model_settings;
    for (size_t j = i + 1; j < settings->n_model_settings; j++)
        if (strcmp(all[i].model, all[j].model) == 0 && strcmp(all[i].name, all[j].name) == 0)
            return true;
    return false;
}

static bool is_first_of_model(const struct settings *settings, size_t i)
{
    const struct model_setting *all = settings->model_settings;
    for (size_t j = 0; j < i; j++)
        if (strcmp(all[i].model, all[j].model) == 0)
            return false;
    return true;
}

static void print_models(const struct settings *settings, struct buffer *out)
{
    const struct model_setting *all = settings->model_settings;
    for (size_t i = 0; i < settings->n_model_settings; i++) {
        if (!is_first_of_model(settings, i))
            continue;
        buffer_append_text(out, "  ");
        print_quoted(all[i].model, out);
        buffer_append_text(out, ":\n");
        for (size_t j = i; j < settings->n_model_settings; j++) {
            if (strcmp(all[i].model, all[j].model) != 0 || is_overruled(settings, j))
                continue;
            buffer_append_text(out, "    ");
            print_quoted(all[j].name, out);
            buffer_append_text(out, ": ");
            print_quoted(all[j].value, out);
            buffer_printf(out, " # (%s)\n", all[j].place);
        }
    }
}

void settings_print(const struct settings *settings, const char *without, struct buffer *out)
{
    for (size_t s = 0; s < N_SECTIONS; s++) {
        buffer_printf(out, "%s%s:\n", s ? "\n" : "", sections[s]);
        for (size_t i = 0; i < settings_n_options; i++) {
            const char *key = key_in_section(&settings_options[i], sections[s]);
            if (!key || (without && strcmp(settings_options[i].name, without) == 0))
                continue;
            buffer_printf(out, "  %s: ", key);
            print_option(&settings_options[i], settings, out);
            buffer_printf(out, " # %s (%s)\n", settings_options[i].help, settings->places[i]);
        }
        if (strcmp(sections[s], "interactions") == 0)
            print_types(settings, out);
        if (strcmp(sections[s], "models") == 0)
            print_models(settings, out);
    }
}
