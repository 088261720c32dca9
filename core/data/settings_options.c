/* The table of all settings: names, defaults, ranges, help. config/tastevin.yaml says the same with
 * more words; a test compares the two. */
#include "data/settings.h"

static const char *const training_models[] = {"configured", "auto", NULL};
static const char *const log_levels[] = {"error", "warning", "info", "debug", NULL};
static const char *const log_formats[] = {"text", "json", NULL};

#define AT(member) offsetof(struct settings, member)
#define SECONDS    1e3
#define HOURS      3600e3
#define DAYS       86400e3
#define GIB        0x1p30

const struct option settings_options[] = {
    {"data.directory", OPTION_TEXT, AT(data.directory), "tastevin-data", 0, 0, NULL,
     "folder of the database, the snapshots and the training logs"},

    {"server.address", OPTION_TEXT, AT(server.address), "127.0.0.1", 0, 0, NULL,
     "address to listen on; beyond loopback the server wants access keys"},
    {"server.port", OPTION_INT, AT(server.port), "8080", 0, 65535, NULL,
     "TCP port; 0 takes any free one"},
    {"server.threads", OPTION_INT, AT(server.threads), "0", 0, 256, NULL,
     "threads that answer from memory; 0: one a core"},
    {"server.workers", OPTION_INT, AT(server.workers), "0", 0, 256, NULL,
     "threads for requests that take longer; 0: two a core"},
    {"server.cache", OPTION_INT, AT(server.cache), "8192", 0, 1 << 24, NULL,
     "ranked lists of users kept in memory, 2 KiB each; 0: every answer is computed"},
    {"server.max_body", OPTION_SIZE, AT(server.max_body), "16M", 1024, GIB, NULL,
     "largest body of a request"},
    {"server.max_connections", OPTION_INT, AT(server.max_connections), "1000", 1, 100000, NULL,
     "connections that may be open at once"},
    {"server.max_connections_per_address", OPTION_INT, AT(server.max_connections_per_address), "0",
     0, 100000, NULL, "of them from one address; 0: no limit (behind a proxy all share one)"},
    {"server.header_timeout", OPTION_DURATION, AT(server.header_timeout_ms), "10s", 100, HOURS,
     NULL, "a request's header must have arrived by then"},
    {"server.body_timeout", OPTION_DURATION, AT(server.body_timeout_ms), "60s", 100, HOURS, NULL,
     "a request's body must have arrived by then"},
    {"server.idle_timeout", OPTION_DURATION, AT(server.idle_timeout_ms), "60s", 100, HOURS, NULL,
     "a connection without a request is closed after this time"},
    {"server.queue", OPTION_INT, AT(server.queue), "1024", 1, 1e6, NULL,
     "writes that may wait for the disk; beyond it the answer is 429"},
    {"server.rate", OPTION_INT, AT(server.rate), "0", 0, 1e6, NULL,
     "requests a second for each key; 0: no limit"},
    {"server.cors_origins", OPTION_TEXT, AT(server.cors_origins), "", 0, 0, NULL,
     "origins of browsers that may use keys of scope events, with commas between"},
    {"server.admin_key_file", OPTION_TEXT, AT(server.admin_key_file), "", 0, 0, NULL,
     "file with the first admin key"},
    {"server.insecure", OPTION_BOOL, AT(server.insecure), "false", 0, 0, NULL,
     "listen beyond loopback without keys"},

    {"store.min_free", OPTION_SIZE, AT(store.min_free), "256M", 0, 0x1p44, NULL,
     "space left on the disk below which writes are refused (507)"},
    {"items.auto", OPTION_BOOL, AT(items.auto_list), "false", 0, 0, NULL,
     "recommend items that are known from events only"},

    {"interactions.half_life", OPTION_DURATION, AT(interactions.half_life_ms), "never", -1,
     36500 * DAYS, NULL, "an event's weight halves with this age; never: age does not matter"},
    {"interactions.max_per_user", OPTION_INT, AT(interactions.max_per_user), "10000", 0, UINT32_MAX,
     NULL, "newest events of a user that are learnt from; 0: all"},
    {"interactions.cap", OPTION_REAL, AT(interactions.cap), "10", 1e-3, 1e6, NULL,
     "most that all events of one user and item weigh together"},

    {"models.retrievers", OPTION_TEXT, AT(models.retrievers), "ials", 0, 0, NULL,
     "models that propose items, with commas between; the first is asked first"},
    {"models.guests", OPTION_TEXT, AT(models.guests), "popular", 0, 0, NULL,
     "the model that answers whoever has no history: popular, trending or latest"},
    {"models.short_history", OPTION_INT, AT(models.short_history), "5", 0, 1000, NULL,
     "where `sessionknn` is among the models, it answers who has touched fewer items than this; 0: "
     "nobody"},
    {"models.cold_every", OPTION_INT, AT(models.cold_every), "10", 0, 2000, NULL,
     "where `content` is among the models, one place in so many of a list goes to an item that "
     "nobody has touched and that is like what the user likes; 0: none does"},
    {"models.ranker", OPTION_TEXT, AT(models.ranker), "none", 0, 0, NULL,
     "a second stage that orders the best of the first retriever again, where the hold-out shows "
     "that this is better: none, wide, deep, wide_deep"},
    {"models.ranker_spec", OPTION_TEXT, AT(models.ranker_spec), "", 0, 0, NULL,
     "file that says what the ranker looks at; empty: config/ranker.yaml, as built in"},

    {"training.every", OPTION_DURATION, AT(training.every_ms), "6h", -1, 365 * DAYS, NULL,
     "time between rounds, if there are new events; never: not by time"},
    {"training.after_events", OPTION_INT, AT(training.after_events), "10000", 0, 1e12, NULL,
     "new events that start a round; 0: not by count"},
    {"training.at_start", OPTION_BOOL, AT(training.at_start), "true", 0, 0, NULL,
     "train at start when there is no snapshot or there are new events"},
    {"training.threads", OPTION_INT, AT(training.threads), "0", 0, 256, NULL,
     "threads of a round, at idle priority; 0: one a core"},
    {"training.seed", OPTION_INT, AT(training.seed), "1", 0, 0x1p53, NULL,
     "start of all random numbers"},
    {"training.hold_out", OPTION_REAL, AT(training.hold_out), "0.2", 0.01, 0.5, NULL,
     "share of each user's events that a round is measured on"},
    {"training.hold_out_users", OPTION_INT, AT(training.hold_out_users), "20000", 0, UINT32_MAX,
     NULL, "at most so many users are measured; 0: all"},
    {"training.gate", OPTION_BOOL, AT(training.gate), "true", 0, 0, NULL,
     "publish a round only if it is not worse than what serves"},
    {"training.keep", OPTION_INT, AT(training.keep), "5", 1, 1000, NULL,
     "snapshots that stay on disk"},
    {"training.max_memory", OPTION_SIZE, AT(training.max_memory), "0", 0, 0x1p50, NULL,
     "a round that would need more is refused; 0: half of what there is"},
    {"training.min_share", OPTION_REAL, AT(training.min_share), "0.1", 0, 1, NULL,
     "share of the wanted CPU below which the priority of a round is raised"},
    {"training.models", OPTION_CHOICE, AT(training.models), "configured", 0, 0, training_models,
     "configured: models.retrievers; auto: each round searches all models and their parameters, "
     "and the best of them, or their blend, serves"},
    {"training.search_time", OPTION_DURATION, AT(training.search_time_ms), "10m", SECONDS, 7 * DAYS,
     NULL, "that such a search may take in each round"},
    {"training.search_trials", OPTION_INT, AT(training.search_trials), "20", 1, 10000, NULL,
     "settings of each model that such a search tries, unless the time ends it"},
    {"training.map", OPTION_INT, AT(training.map), "20000", 0, SETTINGS_MAP_MAX, NULL,
     "items, the most popular, on the map of what serves (GET /v1/map), drawn at idle priority "
     "between rounds; 0: none is drawn"},
    {"training.features", OPTION_BOOL, AT(training.features), "true", 0, 0, NULL,
     "a round that fits a ranker reports what each column is worth to it (GET /v1/features)"},

    {"privacy.erase_within", OPTION_DURATION, AT(privacy.erase_within_ms), "24h", SECONDS,
     365 * DAYS, NULL, "an erased user is overwritten in every snapshot within this time"},

    {"tensorboard.enabled", OPTION_BOOL, AT(tensorboard.enabled), "true", 0, 0, NULL,
     "write training logs for TensorBoard"},
    {"tensorboard.logdir", OPTION_TEXT, AT(tensorboard.logdir), "", 0, 0, NULL,
     "their folder; empty: tensorboard in the data directory"},
    {"tensorboard.keep", OPTION_INT, AT(tensorboard.keep), "25", 1, 1e6, NULL,
     "runs that are kept"},
    {"tensorboard.max_size", OPTION_SIZE, AT(tensorboard.max_size), "64M", 1 << 20, 0x1p40, NULL,
     "of all runs of rounds, and of all days of serving; the oldest go first, and the newest "
     "stays"},
    {"tensorboard.items", OPTION_INT, AT(tensorboard.items), "5000", 0, 100000, NULL,
     "items of a round that the projector shows, the most popular; 0: none"},
    {"tensorboard.users", OPTION_INT, AT(tensorboard.users), "0", 0, 100000, NULL,
     "users of a round that the projector shows with their ids, the most active; 0: none"},
    {"tensorboard.costs_every", OPTION_INT, AT(tensorboard.costs_every), "10", 0, 1e6, NULL,
     "of the first pass of a model's fit and of every so-manyth a step is measured, time and "
     "memory of each operation; 0: of none"},
    {"tensorboard.serving_days", OPTION_INT, AT(tensorboard.serving_days), "10", 0, 150, NULL,
     "days of serving that are kept; 0: serving is not shown"},
    {"tensorboard.serving_every", OPTION_DURATION, AT(tensorboard.serving_every_ms), "1h", SECONDS,
     24 * HOURS, NULL, "time between two points of serving; minutes are for GET /metrics"},

    {"log.level", OPTION_CHOICE, AT(log.level), "info", 0, 0, log_levels,
     "error, warning, info or debug"},
    {"log.format", OPTION_CHOICE, AT(log.format), "text", 0, 0, log_formats, "text or json"},
};

const size_t settings_n_options = sizeof settings_options / sizeof *settings_options;
