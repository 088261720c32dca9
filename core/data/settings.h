#pragma once
/* Every setting of a site, in one struct described by one table (settings_options).
 *
 * Order of precedence: defaults, the YAML file, the environment (TASTEVIN_SERVER_PORT for
 * server.port), the command line (--set server.port=8088 or an option of its own). For each value
 * the place it came from is kept, so that `config print` can say which one won.
 *
 * YAML: sections as mappings; `interactions.types` maps a type's name to {weight, by_value, hides,
 * aggregate, retention}; naming `types` at all replaces the default ones. `models` maps a model's
 * name to its parameters, and is handed to the caller as text (this header knows no models).
 * Duplicate keys, aliases, depth above 16 and files above 1 MiB are refused; unknown keys, wrong
 * types and values out of range name file, line and the nearest known key.
 */
#include <stdint.h>

#include "base/arena.h"
#include "base/option.h"
#include "data/event_type.h"

struct model_setting {
    const char *model, *name, *value;
    const char *place; /* "tastevin.yaml:12", "TASTEVIN_…" or "--set" */
};

enum training_models {
    TRAINING_MODELS_CONFIGURED, /* models.retrievers with their parameters */
    TRAINING_MODELS_AUTO,       /* what a search in each round finds */
};

enum { SETTINGS_MAP_MAX = 50000 }; /* the most that training.map may be */

struct settings {
    struct {
        const char *directory; /* tastevin-data */
    } data;
    struct {
        const char *address; /* 127.0.0.1 */
        int64_t port;        /* 8080; 0: any free one */
        int64_t threads;     /* epoll threads; 0: the cores */
        int64_t workers;     /* threads for what may take longer; 0: 2 x cores */
        int64_t cache;       /* ranked lists kept; 0: none */
        int64_t max_body;    /* bytes */
        int64_t max_connections, max_connections_per_address;
        int64_t header_timeout_ms, body_timeout_ms, idle_timeout_ms;
        int64_t queue;            /* writes that may wait; beyond it 429 */
        int64_t rate;             /* requests a second for each key; 0: no limit */
        const char *cors_origins; /* comma-separated, for keys of scope events; "" none */
        const char *admin_key_file;
        bool insecure; /* may listen beyond loopback without keys */
    } server;
    struct {
        int64_t min_free; /* bytes left on the disk below which writes are refused (507) */
    } store;
    struct {
        bool auto_list; /* items.auto: items made by events are recommended */
    } items;
    struct {
        int64_t half_life_ms; /* -1: never */
        int64_t max_per_user;
        double cap;
    } interactions;
    struct {
        const char *retrievers;  /* comma-separated model names; the first is asked first */
        const char *guests;      /* who answers whoever has no history */
        int64_t short_history;   /* items; who has touched fewer is answered by sessionknn */
        int64_t cold_every;      /* places of a list to one item that nobody has touched; 0: none */
        const char *ranker;      /* what orders its best again: a predictor, or "none" */
        const char *ranker_spec; /* file; "": the program's own */
    } models;
    struct {
        int64_t every_ms;     /* -1: never by time */
        int64_t after_events; /* 0: never by count */
        bool at_start;        /* a round when there is no snapshot, or new events since */
        int64_t threads;      /* 0: the cores */
        int64_t seed;
        double hold_out; /* share of each user's events */
        int64_t hold_out_users;
        bool gate;          /* false: every finished round is published */
        int64_t keep;       /* snapshots on disk */
        int64_t max_memory; /* bytes; 0: half of what the machine or cgroup has */
        double min_share;   /* of the wanted CPU below which a round is lifted */
        int models;         /* enum training_models */
        int64_t search_time_ms, search_trials; /* of TRAINING_MODELS_AUTO */
        int64_t map;   /* items on the map of what serves; 0: none is drawn */
        bool features; /* a round with a ranker reports what its columns are worth */
    } training;
    struct {
        int64_t erase_within_ms; /* snapshots are overwritten this soon after an erasure */
    } privacy;
    struct {
        bool enabled;
        const char *logdir;       /* "": <data>/tensorboard */
        int64_t keep;             /* runs */
        int64_t max_size;         /* bytes of them */
        int64_t items;            /* that the projector shows of a round; 0: none */
        int64_t users;            /* likewise */
        int64_t costs_every;      /* passes between two of which a step is measured; 0: none */
        int64_t serving_days;     /* of runs that show serving; 0: none */
        int64_t serving_every_ms; /* between two points in them */
    } tensorboard;
    struct {
        int level;  /* error, warning, info, debug */
        int format; /* text, json */
    } log;

    struct event_types types;
    bool types_given;
    const char *types_place;              /* where interactions.types came from */
    struct model_setting *model_settings; /* [n_model_settings] in order; later ones win */
    size_t n_model_settings;
    const char **places; /* [settings_n_options] where each value came from; "default" */
    struct arena arena;  /* owns every text */
};

extern const struct option settings_options[]; /* names like "server.port" */
extern const size_t settings_n_options;

/* Defaults. */
enum status settings_init(struct settings *settings);
void settings_free(struct settings *settings);

/* A YAML file over what is there. On failure nothing more is promised than settings_free. */
enum status settings_read_file(struct settings *settings, const char *path, struct error *reterr);

/* The same from memory; `name` stands for the file in errors. */
enum status settings_read_yaml(struct settings *settings, const char *name, const char *bytes,
                               size_t length, struct error *reterr);

/* Environment variables TASTEVIN_<SECTION>_<KEY>; environ-style array. TASTEVIN_DATA names the data
 * directory, TASTEVIN_ADMIN_KEY_FILE the admin key's file. Unknown TASTEVIN_ names are refused with
 * the nearest known one, but for those that Kubernetes sets for a service called tastevin. */
enum status settings_read_environment(struct settings *settings, char *const *environment,
                                      struct error *reterr);

/* NULL, or the place that a setting came from: "tastevin.yaml:12", "default"… */
const char *settings_place(const struct settings *settings, const char *name);

/* One "section.key" (or "models.<model>.<parameter>") from the command line. */
enum status settings_set(struct settings *settings, const char *name, const char *value,
                         const char *place, struct error *reterr);

/* All values in force as YAML that reads back, each with a comment: help and place. `without` names
 * an option to leave out; NULL: none. */
void settings_print(const struct settings *settings, const char *without, struct buffer *out);
