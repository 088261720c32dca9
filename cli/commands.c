/* The table of subcommands and options. */
#include "cli/commands.h"

#include <limits.h>

#include "cli/predict_lines.h"
#include "data/split.h"
#include "embed/phrases.h"
#include "embed/skipgram.h"
#include "embed/tsne.h"
#include "train/feature_report.h"

#define SWITCH(NAME, LETTER, HELP)                                                                 \
    {                                                                                              \
        .option = {.name = NAME, .type = OPTION_BOOL, .initial = "false", .help = HELP},           \
        .letter = LETTER                                                                           \
    }
#define TEXT(NAME, LETTER, METAVAR, INITIAL, HELP)                                                 \
    {                                                                                              \
        .option = {.name = NAME, .type = OPTION_TEXT, .initial = INITIAL, .help = HELP},           \
        .letter = LETTER, .metavar = METAVAR                                                       \
    }
#define TEXTS(NAME, LETTER, METAVAR, HELP)                                                         \
    {                                                                                              \
        .option = {.name = NAME, .type = OPTION_TEXT, .help = HELP}, .letter = LETTER,             \
        .metavar = METAVAR, .repeats = true                                                        \
    }
#define NUMBER(TYPE, NAME, LETTER, METAVAR, INITIAL, MIN, MAX, HELP)                               \
    {                                                                                              \
        .option = {.name = NAME,                                                                   \
                   .type = TYPE,                                                                   \
                   .initial = INITIAL,                                                             \
                   .min = MIN,                                                                     \
                   .max = MAX,                                                                     \
                   .help = HELP},                                                                  \
        .letter = LETTER, .metavar = METAVAR                                                       \
    }
#define CHOICE(NAME, METAVAR, INITIAL, CHOICES, HELP)                                              \
    {                                                                                              \
        .option = {.name = NAME,                                                                   \
                   .type = OPTION_CHOICE,                                                          \
                   .initial = INITIAL,                                                             \
                   .choices = CHOICES,                                                             \
                   .help = HELP},                                                                  \
        .metavar = METAVAR                                                                         \
    }
/* Stands for a setting of the configuration, whose own default holds. */
#define SETTING(NAME, LETTER, METAVAR, SETTING, HELP)                                              \
    {                                                                                              \
        .option = {.name = NAME, .type = OPTION_TEXT, .help = HELP}, .letter = LETTER,             \
        .metavar = METAVAR, .setting = SETTING                                                     \
    }
#define OPTIONS(ROWS) .options = ROWS, .n_options = sizeof ROWS / sizeof *ROWS

const struct command_option common_options[] = {
    SETTING("data", 'd', "DIR", "data.directory",
            "the data directory: store, snapshots, TensorBoard runs [$TASTEVIN_DATA or "
            "tastevin-data]"),
    TEXT("config", 'c', "FILE", NULL, "read settings from a YAML file"),
    TEXTS("set", 's', "KEY=VALUE", "change one setting, such as server.port=8088"),
    SWITCH("json", 0, "answer with one JSON document"),
    SWITCH("help", 'h', "show this help"),
    SWITCH("version", 'V', "show the version"),
};
const size_t n_common_options = sizeof common_options / sizeof *common_options;

static const struct command_option serve_options[] = {
    SETTING("port", 'p', "N", "server.port", "listen on this port; 0: any free one [8080]"),
    SETTING("address", 'a', "ADDRESS", "server.address", "listen on this address [127.0.0.1]"),
    {.option = {.name = "insecure",
                .type = OPTION_BOOL,
                .initial = "false",
                .help = "serve beyond loopback although there is no access key"},
     .setting = "server.insecure"},
};

static const struct command_option demo_options[] = {
    SETTING("port", 'p', "N", "server.port", "listen on this port; 0: any free one [8080]"),
};

static const char *const on_error[] = {"skip", "stop", NULL};
static const char *const kinds[] = {"guess", "users", "items", "interactions", NULL};

static const struct command_option import_options[] = {
    TEXT("columns", 0, "LIST", NULL,
         "csv: names of the columns, as in user,item,rating,timestamp, when no header line has "
         "them"),
    CHOICE("kind", "KIND", "guess", kinds,
           "csv: what the rows are; a guess finds interactions by a column such as user, session, "
           "item, type or timestamp, and items by id or item beside one that only items have, such "
           "as title; users are never guessed"),
    TEXT("delimiter", 0, "C", NULL, "csv: the character between columns [comma; tab for .tsv]"),
    TEXT(
        "type", 't', "NAME", NULL,
        "type of the events where the format has none: of pairs, and of ratings by --positive-from "
        "[like]; csv without a column type or rating needs it"),
    NUMBER(OPTION_REAL, "positive-from", 0, "RATING", NULL, 0, 0,
           "leave lower ratings out and store the others as events of --type"),
    SWITCH("auto-items", 0,
           "list items that only events name, so that they are recommended; always so for pairs"),
    CHOICE("on-error", "WHAT", "skip", on_error, "at a broken line"),
    SWITCH("dry-run", 'n', "read and check all, store nothing"),
};

static const char *const export_words[] = {"users", "items", "interactions", NULL};
static const struct command_option export_options[] = {
    TEXT("output", 'o', "FILE", NULL, "write to a file instead of standard output"),
};

static const struct command_option evaluate_options[] = {
    TEXTS("train", 0, "FILE", "training events from a file"),
    TEXTS("test", 0, "FILE", "test events from a file"),
    TEXT("format", 'f', "FORMAT", "pairs", "of the files; see 'tastevin import --help'"),
    TEXT("columns", 0, "LIST", NULL, "csv: names of the columns when no header line has them"),
    TEXT("type", 't', "NAME", "click",
         "type of the events where the format has none; its weight is their confidence"),
    NUMBER(OPTION_REAL, "positive-from", 0, "RATING", NULL, 0, 0,
           "leave lower ratings out and count the others as events of --type"),
    CHOICE("split", "HOW", "user-time", split_names,
           "without --test: how to hold out a part of the training events"),
    NUMBER(OPTION_REAL, "share", 0, "SHARE", "0.2", 0.001, 0.999, "of the events to hold out"),
    TEXTS("model", 'm', "NAME",
          "a model to compare; each --set after it belongs to it. ials+wide_deep: its best are "
          "ordered again by a ranker; ials+ease+wide_deep: which looks at the scores of ease, too"),
    NUMBER(OPTION_INT, "search", 0, "TRIALS", NULL, 1, 10000,
           "try so many settings of each model on a part of the training events, and measure the "
           "best; a blend then adds up the best models"),
    NUMBER(OPTION_DURATION, "search-time", 0, "TIME", "0", 0, 3.2e9,
           "end the search then; 0: after its trials"),
    SWITCH(
        "ratings", 0,
        "measure predicted ratings (RMSE, MAE) instead of ranked lists; models that predict none "
        "are refused"),
    SWITCH("as-of", 0, "list only items that had an event before each user's first test event"),
    TEXT("ranker-spec", 0, "FILE", NULL, "what rankers look at [config/ranker.yaml]"),
    TEXT("k", 'k', "LIST", "20", "list lengths to measure at, the first for the per-user figures"),
    TEXT("lists", 0, "FILE", NULL,
         "write the ranked lists as a TREC run; of several models to FILE.<model>"),
    TEXT("per-user", 0, "FILE", NULL, "write every user's figures as CSV"),
    TEXT("split-out", 0, "DIR", NULL, "write both parts as train.csv and test.csv"),
    NUMBER(OPTION_INT, "seed", 0, "N", "1", 0, 9007199254740992.0,
           "of the split, the fits and the bootstrap"),
    NUMBER(OPTION_INT, "threads", 0, "N", "0", 0, 256, "0: as many as the machine has cores"),
    TEXT("logdir", 0, "DIR", NULL, "write a TensorBoard run for each model"),
};

static const struct command_option fit_options[] = {
    TEXT("spec", 0, "FILE", NULL, "what the table's columns mean, in YAML (required)"),
    TEXT("train", 0, "FILE", NULL,
         "rows to learn from: CSV, plain or .gz; - for standard input "
         "(required)"),
    TEXT("eval", 0, "FILE", NULL, "rows to measure the model on; it learns nothing from them"),
    TEXT("out", 'o', "MODEL_DIR", NULL,
         "write the model to this directory; a model that is there is replaced"),
    TEXT("mode", 'm', "MODE", NULL, "wide, deep or wide_deep [the spec's]"),
    NUMBER(OPTION_INT, "epochs", 0, "N", NULL, 1, 1000000, "passes over the rows [the spec's]"),
    NUMBER(OPTION_INT, "batch", 0, "N", NULL, 1, 1000000000, "rows a step [the spec's]"),
    TEXTS("set", 's', "NAME=VALUE", "change one setting of the model, such as l1=0.5"),
    TEXTS("drop", 0, "NAME", "leave out a feature, or a column with all that is made of it"),
    TEXT("from", 0, "MODEL_DIR", NULL,
         "start from the parameters of this model; what is new in the columns starts fresh"),
    NUMBER(OPTION_INT, "seed", 0, "N", "1", 0, 9007199254740992.0,
           "of the validation rows, the first parameters and the order of the rows"),
    NUMBER(OPTION_INT, "threads", 0, "N", "0", 0, 256, "0: as many as the machine has cores"),
    TEXT("logdir", 0, "DIR", NULL, "write a TensorBoard run, named as the model's directory"),
    NUMBER(OPTION_INT, "watch-every", 0, "N", "1", 0, 1000000,
           "with --logdir: look into the network's layers after every N passes; 0: never"),
    NUMBER(OPTION_INT, "time-every", 0, "N", "10", 0, 1000000,
           "with --logdir: time the operations of one step of pass 1 and of every Nth; 0: never"),
    SWITCH("debug-numerics", 0,
           "check every number of a network after each step: slower, but names the step"),
};

static const struct command_option predict_options[] = {
    TEXT("model", 'm', "MODEL_DIR", NULL, "what 'tastevin fit --out' wrote (required)"),
    TEXT("input", 'i', "FILE", NULL,
         "rows in CSV, plain or .gz; - for standard input (required); columns are found by the "
         "header, in any order"),
    CHOICE("output", "FORMAT", "csv", predict_format_names, "of the lines on standard output"),
    NUMBER(OPTION_INT, "threads", 0, "N", "0", 0, 256, "0: as many as the machine has cores"),
};

static const struct command_option features_options[] = {
    TEXT("spec", 0, "FILE", NULL, "of a table: what its columns mean, in YAML"),
    TEXT("train", 0, "FILE", NULL, "of a table: rows to learn from, CSV, plain or .gz"),
    TEXT("eval", 0, "FILE", NULL, "of a table: held-out rows, whose columns are dealt out anew"),
    TEXT("mode", 'm', "MODE", NULL, "of a table: wide, deep or wide_deep [the spec's]"),
    TEXTS("chart", 0, "FILE", "draw the importances as a bar chart to this .svg or .png"),
    NUMBER(OPTION_INT, "seeds", 0, "N", "3", 1, FEATURE_REPORT_SEEDS_MAX, "how many fits"),
    NUMBER(OPTION_INT, "repeats", 0, "N", "5", 1, FEATURE_REPORT_REPEATS_MAX,
           "how often each column is dealt out anew, in each fit"),
    NUMBER(OPTION_REAL, "least", 0, "AUC", "0.001", 0, 1,
           "a column whose interval does not lie above is one to try without"),
    NUMBER(OPTION_INT, "seed", 0, "N", "1", 0, 9007199254740000.0, "the first one"),
    NUMBER(OPTION_INT, "threads", 0, "N", "0", 0, 256, "0: as many as the machine has cores"),
};

static const char *const seen_rules[] = {"hide", "include", NULL};
static const char *const all_formats[] = {"ndjson", "csv", NULL};

static const char *const embed_tokens[] = {"words", "space", NULL};
static const char *const embed_losses[] = {"negative-sampling", "nce", NULL};

static const struct command_option embed_options[] = {
    TEXTS("text", 't', "FILE",
          "learn from the words of a text, a line a sequence; -: standard input"),
    TEXT("out", 'o', "DIR", NULL,
         "write vectors.txt and vectors.bin there, in word2vec's two formats"),
    CHOICE("tokens", "HOW", "words", embed_tokens,
           "of a text: words are runs of letters and digits, or whatever stands between spaces"),
    SWITCH("lower", 'l', "of a text: A to Z count as a to z"),
    NUMBER(OPTION_INT, "phrases", 0, "PASSES", "0", 0, PHRASE_PASSES_MAX,
           "of a text: join words that stand together, in so many passes: new_york"),
    NUMBER(OPTION_REAL, "phrase-threshold", 0, "X", "100", 1e-6, 1e12,
           "more often together than by chance; higher joins less"),
    NUMBER(OPTION_INT, "min-count", 0, "N", "5", 1, 1000000000, "leave out what occurs less often"),
    NUMBER(OPTION_INT, "dimensions", 0, "N", "100", 1, SKIPGRAM_DIMENSIONS_MAX,
           "length of a vector"),
    NUMBER(OPTION_INT, "window", 0, "N", "5", 1, SKIPGRAM_WINDOW_MAX,
           "how far apart two words may stand to be a pair"),
    NUMBER(OPTION_INT, "negatives", 0, "N", "5", 1, SKIPGRAM_NEGATIVES_MAX,
           "words drawn at random against each pair"),
    NUMBER(OPTION_REAL, "alpha", 0, "X", "0.75", -2, 2,
           "negatives are drawn by their count to this power"),
    NUMBER(OPTION_REAL, "subsample", 0, "SHARE", "0.001", 0, 1,
           "words with a larger share of the text are thinned out; 0: none"),
    NUMBER(OPTION_REAL, "rate", 0, "X", "0.025", 1e-6, 1, "length of the steps at the start"),
    NUMBER(OPTION_INT, "epochs", 0, "N", "5", 1, 10000, "passes over the text"),
    CHOICE("loss", "LOSS", "negative-sampling", embed_losses,
           "negative sampling, or noise contrastive estimation"),
    NUMBER(OPTION_INT, "seed", 0, "N", "1", 0, 9007199254740992.0,
           "of the first vectors, the windows and the negatives"),
    NUMBER(OPTION_INT, "threads", 0, "N", "0", 0, 256, "0: as many as the machine has cores"),
    TEXT("logdir", 0, "DIR", NULL,
         "write the curve of the loss and the projector's files there [OUT/tensorboard]"),
    TEXT("vectors", 0, "FILE", NULL, "look at vectors in one of word2vec's formats"),
    SWITCH("nearest", 0, "of --vectors: what is nearest to each WORD"),
    SWITCH("analogy", 0, "of --vectors: A is to B as C is to what?"),
    NUMBER(OPTION_INT, "number", 'n', "N", "10", 1, 1000, "how many to show"),
};

static const struct command_option recommend_options[] = {
    NUMBER(OPTION_INT, "number", 'n', "N", "10", 1, 1000, "how many items"),
    NUMBER(OPTION_INT, "offset", 0, "N", "0", 0, 1999, "leave out the first"),
    TEXTS("category", 0, "PATH", "only items in or below one of these categories"),
    TEXTS("exclude", 'x', "ITEM", "never this item"),
    CHOICE("seen", "RULE", "hide", seen_rules, "items that the user has dealt with"),
    TEXTS("context", 0, "NAME:VALUE", "what a ranker may look at, such as device:phone"),
    TEXT("model", 'm', "NAME", NULL, "by this model of the snapshot [the one that serves]"),
    SWITCH("all", 'A', "for every user, one after the other"),
    CHOICE("format", "FORMAT", "ndjson", all_formats, "of --all"),
};

static const struct command_option similar_options[] = {
    NUMBER(OPTION_INT, "number", 'n', "N", "10", 1, 1000, "how many items"),
    TEXT("by", 0, "WHAT", NULL,
         "interactions, content, bought_together or behaviour [what the serving model knows]"),
    TEXTS("category", 0, "PATH", "only items in or below one of these categories"),
};

static const struct command_option map_options[] = {
    TEXTS("out", 'o', "FILE", "draw the map to this .svg or .png"),
    TEXT("model", 'm', "NAME", NULL,
         "by the vectors of this model of the snapshot [the one that serves, or the first that has "
         "any]"),
    NUMBER(OPTION_INT, "number", 'n', "N", "20000", 1, POINTS_MAX,
           "no more than this, the most popular ones [--vectors: 500]"),
    TEXT("vectors", 0, "FILE", NULL,
         "map the words of this file of vectors, as embed writes it, in place of a store's items"),
    NUMBER(OPTION_INT, "skip", 0, "N", "0", 0, UINT32_MAX,
           "--vectors: leave out the first, most frequent words"),
    NUMBER(OPTION_INT, "labels", 0, "N", "150", 0, 10000,
           "no more names than this [--vectors: all]"),
    TEXT("title", 0, "TEXT", NULL, "above the picture"),
    NUMBER(OPTION_REAL, "perplexity", 0, "P", "30", 1, 1000,
           "how many near items each one looks at; at most a third of the others"),
    NUMBER(OPTION_INT, "iterations", 0, "N", "1000", 1, TSNE_ITERATIONS_MAX, "steps of t-SNE"),
    NUMBER(OPTION_INT, "seed", 0, "N", "1", 0, 9007199254740992.0, "of what is drawn at random"),
    NUMBER(OPTION_INT, "threads", 0, "N", "0", 0, 256, "0: as many as the machine has cores"),
};

static const char *const models_words[] = {"list", "show", "activate", "prune", NULL};
static const struct command_option models_options[] = {
    NUMBER(OPTION_INT, "keep", 0, "N", NULL, 1, 1000000,
           "prune: how many snapshots stay [training.keep]"),
};

static const char *const keys_words[] = {"list", "make", "revoke", NULL};
static const struct command_option keys_options[] = {
    TEXTS("scope", 0, "SCOPE", "make: what the key may do: read, events, write or admin [read]"),
};

static const char *const migrate_words[] = {"status", "up", NULL};

static const struct command_option backup_options[] = {
    SWITCH("verify", 0, "check a backup instead: every checksum, and the store in it"),
};

static const char *const config_words[] = {"check", "print", NULL};

static const struct command_option tensorboard_options[] = {
    NUMBER(OPTION_INT, "port", 'p', "N", "6006", 0, 65535, "TensorBoard's port"),
};

static const struct command_option health_options[] = {
    SETTING("port", 'p', "N", "server.port", "the daemon's port [8080]"),
    SETTING("address", 'a', "ADDRESS", "server.address", "the daemon's address [127.0.0.1]"),
    NUMBER(OPTION_REAL, "timeout", 0, "SECONDS", "5", 0.1, 3600, "wait so long for an answer"),
};

static const struct command_option help_options[] = {
    SWITCH("man", 0, "the manual page, in roff"),
    SWITCH("bash-completion", 0, "a completion script for bash"),
};

const struct command commands[] = {
    {.name = "serve",
     .arguments = "",
     .summary = "Run the daemon: the REST API, the live counts and the background trainer.",
     .details = "Everything has a default: without any option it listens on loopback, port 8080, "
                "and keeps its data in ./tastevin-data. SIGTERM and SIGINT stop it: requests "
                "that run are answered, what was acknowledged is on disk.\n\n"
                "  tastevin serve --data /var/lib/tastevin --port 8088",
     OPTIONS(serve_options),
     .takes = TAKES_DATA | TAKES_CONFIG,
     .beside = BESIDE_NO,
     .run = command_serve},
    {.name = "demo",
     .arguments = "",
     .summary = "From nothing to an answer: load MovieLens, train, serve, print what to try.",
     .details = "Loads some 100,000 real ratings of 9,742 films into ./tastevin-demo (or --data), "
                "trains, serves on loopback and prints requests to try. The second time it "
                "goes on with what is there; remove the directory to start over.",
     OPTIONS(demo_options),
     .takes = TAKES_DATA | TAKES_CONFIG,
     .beside = BESIDE_NO,
     .run = command_demo},
    {.name = "import",
     .arguments = "FORMAT PATH...",
     .summary = "Read users, items and events from files into the store.",
     .details =
         "A PATH is a file, a folder, either of them compressed (.gz), or - for standard input. "
         "Every record passes the validation of the HTTP API. Broken lines are counted; the "
         "first five are shown, each with its place and reason. Events get an id made from their "
         "content and its "
         "occurrence number, so that importing the same file again changes nothing.\n\n"
         "  tastevin import movielens ml-1m/\n"
         "  psql -c 'COPY clicks (user_id, sku, at) TO STDOUT CSV' |\n"
         "    tastevin import csv --columns user,item,timestamp --type click -",
     OPTIONS(import_options),
     .takes = TAKES_DATA | TAKES_CONFIG | TAKES_JSON,
     .beside = BESIDE_YES,
     .arguments_min = 2,
     .arguments_max = UINT_MAX,
     .more = help_formats,
     .run = command_import},
    {.name = "export",
     .arguments = "users|items|interactions",
     .summary = "Write what is stored as NDJSON, one record a line.",
     .details = "'tastevin import ndjson' reads it back.\n\n"
                "  tastevin export interactions | gzip > interactions.ndjson.gz",
     OPTIONS(export_options),
     .takes = TAKES_DATA | TAKES_CONFIG,
     .beside = BESIDE_YES,
     .arguments_min = 1,
     .arguments_max = 1,
     .words = export_words,
     .run = command_export},
    {.name = "train",
     .arguments = "",
     .summary = "Run one training round on the store, as the daemon does it.",
     .details = "Fits the configured models without a held-out part, measures them, lets the gate "
                "decide, fits again on everything and writes a snapshot. A daemon on the same "
                "directory serves it as soon as the store marks it active.\n\n"
                "  tastevin train --set models.ials.dimensions=128",
     .takes = TAKES_DATA | TAKES_CONFIG | TAKES_JSON,
     .beside = BESIDE_YES,
     .run = command_train},
    {.name = "evaluate",
     .arguments = "",
     .summary = "Compare models off-line: train on one part, rank everything, score the other.",
     .details =
         "The events come from --train and --test files, from --train files split by --split, or "
         "from the store in --data. Every item that the user has no training event with is "
         "ranked. Popularity is always the first row. Intervals are 95 %, by bootstrap over "
         "users; differences are paired, with Holm's correction.\n\n"
         "  tastevin evaluate --train train.txt --test test.txt --format pairs \\\n"
         "    --model ials --set dimensions=192 --set epochs=12\n"
         "  tastevin evaluate --data . --model ials --model ease --model blend --search 20",
     OPTIONS(evaluate_options),
     .takes = TAKES_DATA | TAKES_CONFIG | TAKES_JSON,
     .beside = BESIDE_YES,
     .more = help_models,
     .run = command_evaluate},
    {.name = "fit",
     .arguments = "--spec FILE --train FILE",
     .summary = "Fit wide, deep or wide & deep to any table, and measure it.",
     .details =
         "The spec names the file's columns, the label and the features; see docs/tables.md. A "
         "share of the training rows (--set validation=0.1) is held out to stop early by. Same "
         "rows, spec, settings and seed give the same model for any number of threads.\n\n"
         "  tastevin fit --spec census.yaml --train adult.data --eval adult.test --out census\n"
         "  tastevin fit --spec census.yaml --train adult.data --mode wide --set l1=10 --epochs 40",
     OPTIONS(fit_options),
     .takes = TAKES_JSON,
     .beside = BESIDE_NONE,
     .more = help_predictors,
     .run = command_fit},
    {.name = "predict",
     .arguments = "--model MODEL_DIR --input FILE",
     .summary = "Probabilities for the rows of a file, by a fitted model.",
     .details =
         "One line a row, in the order of the rows. The label need not be among the columns "
         "and is not looked at. A row that cannot be read ends it, after the lines of the "
         "rows before it.\n\n"
         "  tastevin predict --model census --input adult.test > probabilities.csv\n"
         "  gunzip -c new.csv.gz | tastevin predict --model census --input - --output ndjson",
     OPTIONS(predict_options),
     .beside = BESIDE_NONE,
     .run = command_predict},
    {.name = "features",
     .arguments = "--spec FILE --train FILE --eval FILE|--data DIR",
     .summary = "What each column of a table or of the ranker is worth, and which to try without.",
     .details =
         "For each column and cross: by how much the AUC on held-out rows falls when its "
         "values are dealt out anew, with an interval over fits and deals; mutual "
         "information and chi-squared with the label over the training rows. Columns that "
         "say the same share their importance, so drop one at a time.\n\n"
         "Of a table --set changes a setting of the model, such as epochs=5. With --data the table "
         "is what a ranker learns from on the store (models.ranker, models.ranker_spec), and --set "
         "and --config change settings of the site.\n\n"
         "  tastevin features --spec census-all.yaml --train adult.data --eval adult.test \\\n"
         "    --chart features.svg\n"
         "  tastevin features --data tastevin-data --set models.ranker_spec=ranker.yaml",
     OPTIONS(features_options),
     .takes = TAKES_DATA | TAKES_CONFIG | TAKES_JSON,
     .beside = BESIDE_NONE,
     .run = command_features},
    {.name = "embed",
     .arguments = "--text FILE|--data DIR --out DIR | --vectors FILE WORD...",
     .summary = "Vectors of words or of the store's items, by skip-gram; neighbours and analogies.",
     .details =
         "What stands near the same things gets vectors that point the same way. Of a text the "
         "tokens are its words; of a store they are items, in the order in which each user liked "
         "them. The same text, settings and seed give the same files for any number of threads; "
         "see docs/embeddings.md.\n\n"
         "  tastevin embed --text corpus.txt --lower --out words\n"
         "  tastevin embed --vectors words/vectors.bin --nearest wine bread\n"
         "  tastevin embed --vectors words/vectors.bin --analogy man king woman\n"
         "  tastevin embed --data tastevin-data --window 20 --epochs 60 --out items",
     OPTIONS(embed_options),
     .takes = TAKES_DATA | TAKES_CONFIG | TAKES_JSON,
     .beside = BESIDE_YES,
     .arguments_max = UINT_MAX,
     .run = command_embed},
    {.name = "recommend",
     .arguments = "USER|--all",
     .summary = "What should this user see next: the API's answer, as a table.",
     .details = "Answers from the active snapshot and everything stored since. A user who is not "
                "known gets what is best known about nobody.\n\n"
                "  tastevin recommend 17 -n 20\n"
                "  tastevin recommend --all --format csv > recommendations.csv",
     OPTIONS(recommend_options),
     .takes = TAKES_DATA | TAKES_CONFIG | TAKES_JSON,
     .beside = BESIDE_YES,
     .arguments_max = 1,
     .run = command_recommend},
    {.name = "similar",
     .arguments = "ITEM",
     .summary = "Items that the same users liked, as a table.",
     .details = "  tastevin similar 2571",
     OPTIONS(similar_options),
     .takes = TAKES_DATA | TAKES_CONFIG | TAKES_JSON,
     .beside = BESIDE_YES,
     .arguments_min = 1,
     .arguments_max = 1,
     .run = command_similar},
    {.name = "map",
     .arguments = "--out FILE",
     .summary = "Draw items, or words, on a plane, like beside like; items coloured by category.",
     .details = "Takes the vectors that a model of the active snapshot has of its items to a plane "
                "by t-SNE and draws them with as many titles as fit. Prints how far the picture "
                "may be believed: trustworthiness and continuity, 1 at best. --json prints every "
                "place. The same snapshot and seed give the same map for any number of threads. "
                "See docs/maps.md.\n\n"
                "  tastevin map --out map.svg\n"
                "  tastevin map --model item2vec --out map.png --json > map.json\n"
                "  tastevin map --vectors words/vectors.bin --skip 100 --out words.png",
     OPTIONS(map_options),
     .takes = TAKES_DATA | TAKES_CONFIG | TAKES_JSON,
     .beside = BESIDE_YES,
     .run = command_map},
    {.name = "models",
     .arguments = "list|show|activate|prune [VERSION]",
     .summary = "The trained versions: list them, show a report, choose which one serves.",
     .details = "list shows all rounds, newest first. show prints the report of a round. activate "
                "makes a kept snapshot serve, at once where a daemon runs. prune removes old "
                "snapshots, never the active one.",
     OPTIONS(models_options),
     .takes = TAKES_DATA | TAKES_CONFIG | TAKES_JSON,
     .beside = BESIDE_YES,
     .arguments_min = 1,
     .arguments_max = 2,
     .words = models_words,
     .run = command_models},
    {.name = "keys",
     .arguments = "list|make [NAME]|revoke NUMBER",
     .summary = "Access keys of the HTTP API.",
     .details = "make prints the key once: only its hash is stored. A running daemon knows a new "
                "or revoked key within a second.\n\n"
                "  tastevin keys make website --scope read --scope events",
     OPTIONS(keys_options),
     .takes = TAKES_DATA | TAKES_CONFIG | TAKES_JSON,
     .beside = BESIDE_YES,
     .arguments_min = 1,
     .arguments_max = 2,
     .words = keys_words,
     .run = command_keys},
    {.name = "migrate",
     .arguments = "status|up",
     .summary = "The store's schema: show its version, bring it up to date.",
     .details = "status may run while a daemon serves from the same data directory; up needs the "
                "directory for itself: stop the daemon first. Make a backup before: there is no "
                "way down.",
     .takes = TAKES_DATA | TAKES_CONFIG | TAKES_JSON,
     .beside = BESIDE_MIXED,
     .arguments_min = 1,
     .arguments_max = 1,
     .words = migrate_words,
     .run = command_migrate},
    {.name = "backup",
     .arguments = "FILE|-",
     .summary = "Write store, active snapshot and settings to one file with checksums.",
     .details = "The copy is consistent while a daemon writes. - writes to standard output; with "
                "--verify it reads standard input. The settings are those that this command reads "
                "from --config, the environment and --set, which a daemon may have been started "
                "without, and lack data.directory: give a restored directory by --data.\n\n"
                "  tastevin backup tastevin-$(date +%F).backup\n"
                "  tastevin backup --verify tastevin-2026-11-23.backup",
     OPTIONS(backup_options),
     .takes = TAKES_DATA | TAKES_CONFIG,
     .beside = BESIDE_YES,
     .arguments_min = 1,
     .arguments_max = 1,
     .run = command_backup},
    {.name = "restore",
     .arguments = "FILE|-",
     .summary = "Put a backup into an empty data directory.",
     .details = "Every checksum is verified before anything is written. A directory that holds a "
                "store is refused: move it away first. The backup's settings come out as "
                "config.yaml beside the store, without data.directory.\n\n"
                "  tastevin restore tastevin-2026-11-23.backup --data restored\n"
                "  tastevin serve --config restored/config.yaml --data restored",
     .takes = TAKES_DATA | TAKES_CONFIG,
     .beside = BESIDE_NO,
     .arguments_min = 1,
     .arguments_max = 1,
     .run = command_restore},
    {.name = "config",
     .arguments = "check FILE|print",
     .summary = "Check a configuration file; print the settings in force and their origin.",
     .details = "check reports the first mistake with file and line. print gives YAML that reads "
                "back.",
     .takes = TAKES_DATA | TAKES_CONFIG,
     .beside = BESIDE_NONE,
     .arguments_min = 1,
     .arguments_max = 2,
     .words = config_words,
     .run = command_config},
    {.name = "tensorboard",
     .arguments = "",
     .summary = "Start TensorBoard on the data directory's runs.",
     .details = "Where TensorBoard is not installed, prints the commands that install and start "
                "it.",
     OPTIONS(tensorboard_options),
     .takes = TAKES_DATA | TAKES_CONFIG,
     .beside = BESIDE_YES,
     .run = command_tensorboard},
    {.name = "health",
     .arguments = "",
     .summary = "Exit with 0 when the daemon is ready, with 1 otherwise.",
     .details = "Asks GET /readyz at server.address and server.port.",
     OPTIONS(health_options),
     .takes = TAKES_CONFIG,
     .beside = BESIDE_NONE,
     .run = command_health},
    {.name = "help",
     .arguments = "[SUBCOMMAND]",
     .summary = "Show help, the manual page or the shell completion.",
     .details = "",
     OPTIONS(help_options),
     .beside = BESIDE_NONE,
     .arguments_max = 1,
     .run = command_help},
    {.name = NULL},
};
