#include "train/fitted.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/crc32c.h"
#include "base/file.h"
#include "base/json.h"

/* Beside the model, hidden: what is being written, and what stood there before. */
#define WRITING_SUFFIX  ".tastevin-writing"
#define REPLACED_SUFFIX ".tastevin-replaced"

void fitted_free(struct fitted *fitted)
{
    if (!fitted)
        return;
    if (fitted->predictor)
        fitted->predictor->class->free(fitted->predictor);
    features_free(fitted->features);
    free(fitted->settings);
    free(fitted->report);
    free(fitted);
}

/* ---- places ---- */

struct place {
    char path[PATH_BYTES_MAX];   /* without a slash at its end */
    char parent[PATH_BYTES_MAX]; /* "." where the path has none */
    char writing[PATH_BYTES_MAX], replaced[PATH_BYTES_MAX];
};

static enum status find_place(const char *path, struct place *place, struct error *reterr)
{
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/')
        length--;
    size_t name = length;
    while (name > 0 && path[name - 1] != '/')
        name--;
    const int base = (int)(length - name), folder = (int)name;
    const bool too_long =
        length + sizeof REPLACED_SUFFIX + 2 > PATH_BYTES_MAX || base == 0 || *path == '\0';
    if (too_long || strcmp(path + name, "..") == 0 || strcmp(path + name, ".") == 0)
        return error_set(reterr, STATUS_OUT_OF_RANGE,
                         "'%.100s' is no place for a model: give the name of a new directory",
                         path);
    snprintf(place->path, sizeof place->path, "%.*s", (int)length, path);
    snprintf(place->parent, sizeof place->parent, "%.*s", folder ? folder : 1, folder ? path : ".");
    snprintf(place->writing, sizeof place->writing, "%.*s.%.*s" WRITING_SUFFIX, folder, path, base,
             path + name);
    snprintf(place->replaced, sizeof place->replaced, "%.*s.%.*s" REPLACED_SUFFIX, folder, path,
             base, path + name);
    return STATUS_OK;
}

static enum status path_in(char out[PATH_BYTES_MAX], const char *folder, const char *name,
                           struct error *reterr)
{
    const enum status status = path_join(out, folder, name);
    return status == STATUS_OK ? status
                               : error_set(reterr, status, "the path %.100s… is too long", folder);
}

static enum status check_place(const struct place *place, bool *ret_replaces, struct error *reterr)
{
    struct stat info;
    char manifest[PATH_BYTES_MAX];
    *ret_replaces = false;
    if (stat(place->parent, &info) != 0)
        return error_set_errno(reterr, errno, "cannot write a model to %s: %s", place->path,
                               place->parent);
    if (lstat(place->path, &info) != 0)
        return errno == ENOENT ? STATUS_OK
                               : error_set_errno(reterr, errno, "cannot look at %s", place->path);
    const enum status status = path_in(manifest, place->path, FITTED_MANIFEST, reterr);
    if (status != STATUS_OK)
        return status;
    if (!S_ISDIR(info.st_mode) || stat(manifest, &info) != 0)
        return error_set(reterr, STATUS_CONFLICT,
                         "%s is there already and is no fitted model; give another name",
                         place->path);
    *ret_replaces = true;
    return STATUS_OK;
}

enum status fitted_check_place(const char *path, struct error *reterr)
{
    struct place *place = malloc(sizeof *place);
    bool replaces;
    if (!place)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory");
    enum status status = find_place(path, place, reterr);
    if (status == STATUS_OK)
        status = check_place(place, &replaces, reterr);
    free(place);
    return status;
}

/* ---- writing ---- */

static uint32_t crc_of_spec(const struct features *features)
{
    const struct spec_text *text = &features_spec(features)->text;
    return crc32c(0, text->bytes, text->length);
}

static uint32_t crc_of_all(uint32_t spec, uint32_t columns, uint32_t parameters)
{
    const uint32_t crcs[] = {spec, columns, parameters};
    return crc32c(0, crcs, sizeof crcs);
}

static enum status add_columns(const struct fitted *fitted, struct sections_writer *writer,
                               struct error *reterr)
{
    return features_save(fitted->features, writer, reterr);
}

static enum status add_parameters(const struct fitted *fitted, struct sections_writer *writer,
                                  struct error *reterr)
{
    (void)reterr;
    fitted->predictor->class->save(fitted->predictor, writer);
    return STATUS_OK;
}

typedef enum status (*add_sections)(const struct fitted *fitted, struct sections_writer *writer,
                                    struct error *reterr);

/* Writes one file of sections and reads its checksum back. */
static enum status write_sections(const struct fitted *fitted, const char *folder, const char *name,
                                  add_sections add, uint32_t *ret_crc, struct error *reterr)
{
    char path[PATH_BYTES_MAX];
    struct sections_writer *writer;
    struct sections *written;
    enum status status = path_in(path, folder, name, reterr);
    if (status == STATUS_OK)
        status = sections_create(path, &writer, reterr);
    if (status != STATUS_OK)
        return status;
    status = add(fitted, writer, reterr);
    const enum status finished = sections_finish(writer, status == STATUS_OK ? reterr : NULL);
    if (status == STATUS_OK)
        status = finished;
    if (status == STATUS_OK)
        status = sections_open(path, &written, reterr);
    if (status != STATUS_OK)
        return status;
    *ret_crc = sections_crc(written);
    sections_close(written);
    return STATUS_OK;
}

static void print_manifest(const struct fitted *fitted, uint32_t columns, uint32_t parameters,
                           struct buffer *out)
{
    const char *name = fitted->predictor->class->name;
    buffer_printf(out, "{\n  \"format\": %d,\n  \"predictor\": ", FITTED_FORMAT);
    buffer_append_json(out, name, strlen(name));
    buffer_printf(out, ",\n  \"seed\": %llu,\n", (unsigned long long)fitted->seed);
    buffer_printf(out, "  \"spec\": \"%08x\",\n", crc_of_spec(fitted->features));
    buffer_printf(out, "  \"columns\": \"%08x\",\n  \"parameters\": \"%08x\",\n", columns,
                  parameters);
    buffer_append_text(out, "  \"settings\": ");
    buffer_append_text(out, fitted->settings);
    buffer_append_text(out, ",\n  \"report\": ");
    buffer_append_text(out, fitted->report);
    buffer_append_text(out, "\n}\n");
}

static enum status write_text(const char *folder, const char *name, const char *bytes,
                              size_t length, struct error *reterr)
{
    char path[PATH_BYTES_MAX];
    const enum status status = path_in(path, folder, name, reterr);
    return status == STATUS_OK ? file_replace(path, bytes, length, 0644, reterr) : status;
}

static enum status write_files(const struct fitted *fitted, const char *folder,
                               struct error *reterr)
{
    uint32_t columns = 0, parameters = 0;
    struct buffer manifest = {0};
    const struct spec_text *spec = &features_spec(fitted->features)->text;
    enum status status =
        write_sections(fitted, folder, FITTED_COLUMNS, add_columns, &columns, reterr);
    if (status == STATUS_OK)
        status =
            write_sections(fitted, folder, FITTED_PARAMETERS, add_parameters, &parameters, reterr);
    if (status == STATUS_OK)
        status = write_text(folder, FITTED_SPEC, spec->bytes, spec->length, reterr);
    if (status != STATUS_OK)
        return status;
    print_manifest(fitted, columns, parameters, &manifest);
    status = manifest.failed
                 ? error_set(reterr, STATUS_NO_MEMORY, "out of memory for the manifest")
                 : write_text(folder, FITTED_MANIFEST, manifest.data, manifest.size, reterr);
    buffer_free(&manifest);
    return status;
}

/* Puts the new directory into its place, the old one aside where there is one. */
static enum status put_in_place(const struct place *place, bool replaces, struct error *reterr)
{
    enum status status = folder_sync(place->writing, reterr);
    if (status != STATUS_OK)
        return status;
    if (replaces && renameat2(AT_FDCWD, place->writing, AT_FDCWD, place->path, RENAME_EXCHANGE)) {
        /* A file system without exchange: for a moment the place is empty. */
        status = folder_remove(place->replaced, reterr);
        if (status == STATUS_OK && rename(place->path, place->replaced) != 0)
            status = error_set_errno(reterr, errno, "cannot rename %s", place->path);
        if (status == STATUS_OK && rename(place->writing, place->path) != 0) {
            status = error_set_errno(reterr, errno, "cannot rename %s", place->writing);
            rename(place->replaced, place->path);
        }
        folder_remove(place->replaced, NULL);
    } else if (!replaces && rename(place->writing, place->path) != 0) {
        status = error_set_errno(reterr, errno, "cannot rename %s", place->writing);
    }
    if (status == STATUS_OK && replaces)
        folder_remove(place->writing, NULL);
    return status == STATUS_OK ? folder_sync(place->parent, reterr) : status;
}

static enum status save_at(const struct fitted *fitted, const struct place *place,
                           struct error *reterr)
{
    bool replaces;
    enum status status = check_place(place, &replaces, reterr);
    if (status == STATUS_OK)
        status = folder_remove(place->writing, reterr);
    if (status == STATUS_OK)
        status = folder_make(place->writing, reterr);
    if (status == STATUS_OK)
        status = write_files(fitted, place->writing, reterr);
    if (status == STATUS_OK)
        status = put_in_place(place, replaces, reterr);
    if (status != STATUS_OK)
        folder_remove(place->writing, NULL);
    return status;
}

enum status fitted_save(const struct fitted *fitted, const char *path, struct error *reterr)
{
    struct place *place = malloc(sizeof *place);
    if (!place)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory");
    enum status status = find_place(path, place, reterr);
    if (status == STATUS_OK)
        status = save_at(fitted, place, reterr);
    free(place);
    return status;
}

/* ---- reading ---- */

struct loading {
    const char *folder;
    struct fitted *fitted;
    const struct predictor_class *class;
    uint32_t spec_crc, columns_crc, parameters_crc;
    struct error *reterr;
};

static enum status refuse_manifest(const struct loading *l, const char *why)
{
    return error_set(l->reterr, STATUS_CORRUPT, "%s/" FITTED_MANIFEST " is damaged: %s", l->folder,
                     why);
}

static bool take_crc(const json_t *root, const char *name, uint32_t *ret_crc)
{
    const char *text = json_string_value(json_object_get(root, name));
    char *end = NULL;
    if (!text || strlen(text) != 8)
        return false;
    *ret_crc = (uint32_t)strtoul(text, &end, 16);
    return end == text + 8;
}

static char *object_text(const json_t *root, const char *name)
{
    const json_t *object = json_object_get(root, name);
    struct buffer text = {0};
    if (json_is_object(object) && json_print(object, JSON_REAL_PRECISION(17), &text) == STATUS_OK)
        return text.data;
    buffer_free(&text);
    return NULL;
}

static const struct predictor_class *class_of(const char *name)
{
    size_t i = 0;
    while (predictor_classes[i] && strcmp(predictor_classes[i]->name, name) != 0)
        i++;
    return predictor_classes[i];
}

static enum status take_manifest(struct loading *l, const json_t *root)
{
    const json_t *format = json_object_get(root, "format"), *seed = json_object_get(root, "seed");
    const char *name = json_string_value(json_object_get(root, "predictor"));
    if (!json_is_integer(format) || json_integer_value(format) < 1)
        return refuse_manifest(l, "\"format\" is missing or wrong");
    if (json_integer_value(format) > FITTED_FORMAT)
        return error_set(l->reterr, STATUS_UNSUPPORTED,
                         "%s was written by a newer version (format %lld; this program reads %d): "
                         "use that version, or fit again",
                         l->folder, (long long)json_integer_value(format), FITTED_FORMAT);
    if (!name)
        return refuse_manifest(l, "\"predictor\" is missing or wrong");
    l->class = class_of(name);
    if (!l->class)
        return error_set(l->reterr, STATUS_UNSUPPORTED,
                         "%s is a model of class '%.60s', which this program does not have",
                         l->folder, name);
    if (!json_is_integer(seed) || !take_crc(root, "spec", &l->spec_crc) ||
        !take_crc(root, "columns", &l->columns_crc) ||
        !take_crc(root, "parameters", &l->parameters_crc))
        return refuse_manifest(l, "the seed or a checksum is missing or wrong");
    l->fitted->seed = (uint64_t)json_integer_value(seed);
    l->fitted->crc = crc_of_all(l->spec_crc, l->columns_crc, l->parameters_crc);
    l->fitted->settings = object_text(root, "settings");
    l->fitted->report = object_text(root, "report");
    return l->fitted->settings && l->fitted->report
               ? STATUS_OK
               : refuse_manifest(l, "\"settings\" or \"report\" is missing or wrong");
}

static enum status load_manifest(struct loading *l)
{
    char path[PATH_BYTES_MAX];
    struct buffer text = {0};
    struct error err = {0};
    struct stat info;
    json_t *root = NULL;
    enum status status = path_in(path, l->folder, FITTED_MANIFEST, l->reterr);
    if (status != STATUS_OK)
        return status;
    if (stat(path, &info) != 0 && (errno == ENOENT || errno == ENOTDIR))
        return error_set(l->reterr, STATUS_NOT_FOUND,
                         "%s is no fitted model: it has no " FITTED_MANIFEST, l->folder);
    status = file_read(path, FITTED_MANIFEST_BYTES_MAX, &text, l->reterr);
    if (status != STATUS_OK)
        return status;
    if (json_parse(text.data ? text.data : "", text.size, &root, &err) == STATUS_OK)
        status = take_manifest(l, root);
    else
        status = refuse_manifest(l, err.text);
    json_decref(root);
    buffer_free(&text);
    return status;
}

/* Opens a file of sections and compares its checksum with the manifest's. */
static enum status open_file(const struct loading *l, const char *name, uint32_t crc,
                             struct sections **ret_sections)
{
    char path[PATH_BYTES_MAX];
    enum status status = path_in(path, l->folder, name, l->reterr);
    if (status == STATUS_OK)
        status = sections_open(path, ret_sections, l->reterr);
    if (status != STATUS_OK || sections_crc(*ret_sections) == crc)
        return status;
    sections_close(*ret_sections);
    return error_set(l->reterr, STATUS_CORRUPT,
                     "%s is not the file that the manifest names: its checksum is another", path);
}

static void name_file(const struct loading *l, const char *name)
{
    if (l->reterr)
        error_prefix(l->reterr, "%s/%s: ", l->folder, name);
}

static enum status load_columns(const struct loading *l)
{
    struct sections *sections;
    enum status status = open_file(l, FITTED_COLUMNS, l->columns_crc, &sections);
    if (status != STATUS_OK)
        return status;
    status = features_load(sections, &l->fitted->features, l->reterr);
    sections_close(sections);
    if (status != STATUS_OK)
        name_file(l, FITTED_COLUMNS);
    return status;
}

static enum status load_parameters(const struct loading *l)
{
    struct sections *sections;
    enum status status = open_file(l, FITTED_PARAMETERS, l->parameters_crc, &sections);
    if (status != STATUS_OK)
        return status;
    status = l->class->load(sections, &l->fitted->predictor, l->reterr);
    sections_close(sections);
    if (status == STATUS_OK &&
        l->fitted->predictor->n_features != features_layout(l->fitted->features)->n_features)
        status = error_set(l->reterr, STATUS_CORRUPT, "its parameters are not of these columns");
    if (status != STATUS_OK)
        name_file(l, FITTED_PARAMETERS);
    return status;
}

static enum status check_spec(const struct loading *l)
{
    if (crc_of_spec(l->fitted->features) == l->spec_crc)
        return STATUS_OK;
    return error_set(l->reterr, STATUS_CORRUPT,
                     "%s/" FITTED_COLUMNS " has another spec than the manifest names", l->folder);
}

enum status fitted_load(const char *path, struct fitted **ret_fitted, struct error *reterr)
{
    struct fitted *fitted = calloc(1, sizeof *fitted);
    if (!fitted)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory for %s", path);
    struct loading l = {.folder = path, .fitted = fitted, .reterr = reterr};
    enum status status = load_manifest(&l);
    if (status == STATUS_OK)
        status = load_columns(&l);
    if (status == STATUS_OK)
        status = check_spec(&l);
    if (status == STATUS_OK)
        status = load_parameters(&l);
    if (status == STATUS_OK)
        *ret_fitted = fitted;
    else
        fitted_free(fitted);
    return status;
}
