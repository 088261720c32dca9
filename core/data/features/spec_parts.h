#pragma once
/* What the files of data/features/spec share: private to them. */
#include "data/features/spec.h"
#include "data/yaml.h"

/* While a spec is read. */
struct spec_reader {
    struct feature_spec *spec;
    struct error *err;
};

/* A key that takes a list of texts, or one text for a list of one. */
enum status spec_take_list(const struct spec_reader *r, const struct yaml_value *value,
                           const struct spec_text **ret_texts, uint32_t *ret_n);

/* Sets one option of a table from a node; errors stand at the node's line. */
enum status spec_take_option(const struct spec_reader *r, const struct option *option, void *values,
                             const struct yaml_value *value);

enum status spec_refuse(const struct spec_reader *r, uint32_t line, enum status status,
                        const char *format, ...) __attribute__((format(printf, 4, 5)));
enum status spec_refuse_memory(const struct spec_reader *r);

/* "unknown WHAT 'key'; did you mean …" */
enum status spec_refuse_key(const struct spec_reader *r, const struct yaml_value *value,
                            const char *what, const char *nearest);

/* The mapping `features`, as written: names are not looked up yet. */
enum status spec_take_features(const struct spec_reader *r, const struct yaml_value *features);

/* Removes what `drop` names, before names are looked up. */
enum status spec_apply_drops(const struct spec_reader *r);

/* Looks up all names and checks what the parts demand of each other. */
enum status spec_resolve(const struct spec_reader *r);

/* The column of that name, added where it is new; UINT32_MAX without memory. */
uint32_t spec_column_of(const struct spec_reader *r, const char *name, uint32_t line);
