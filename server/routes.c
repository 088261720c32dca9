/* The API, one row a route: see route.h. */
#include "data/settings.h"
#include "server/resources/resources.h"

/* ---- parameters ---- */

static const char *const on_error_choices[] = {"refuse", "skip", NULL};
static const char *const seen_choices[] = {"hide", "include", NULL};
static const char *const likeness_choices[] = {"interactions", "content", "bought_together",
                                               "behaviour", NULL};

#define LIMIT_PARAMETER                                                                            \
    {                                                                                              \
        "limit", PARAMETER_INT, .min = 1, .max = 1000, .initial = "100",                           \
                                .help = "How many elements a page holds."                          \
    }
#define CURSOR_PARAMETER                                                                           \
    {                                                                                              \
        "cursor", PARAMETER_TEXT,                                                                  \
            .min = 1, .max = 32,                                                                   \
            .help = "next_cursor of the page before; without it the list starts."                  \
    }
#define TYPE_PARAMETER                                                                             \
    {                                                                                              \
        "type", PARAMETER_TEXT, .min = 1, .max = 64, .help = "Only interactions of this type."     \
    }
#define FIELDS_PARAMETER                                                                           \
    {                                                                                              \
        "fields", PARAMETER_TEXT, .min = 1, .max = 512,                                            \
                                  .help = "Comma-separated fields of the items that the answer "   \
                                          "carries, such as title,price."                          \
    }
#define N_PARAMETER                                                                                \
    {                                                                                              \
        "n", PARAMETER_INT, .min = 1, .max = 1000, .initial = "10",                                \
                            .help = "How many items to give."                                      \
    }
#define OFFSET_PARAMETER                                                                           \
    {                                                                                              \
        "offset", PARAMETER_INT,                                                                   \
            .min = 0, .max = 1999, .initial = "0",                                                 \
            .help = "How many of the best to pass over; n + offset is at most 2000."               \
    }
#define CATEGORY_PARAMETER                                                                         \
    {                                                                                              \
        "category", PARAMETER_TEXT,                                                                \
            .repeats = true, .min = 1, .max = 512, .many = 64,                                     \
            .help =                                                                                \
                "Only items in this category or below it; given several times: in any of them."    \
    }
#define EXCLUDE_PARAMETER                                                                          \
    {                                                                                              \
        "exclude", PARAMETER_ID, .repeats = true, .many = 500,                                     \
                                 .help = "An item that must not come; may be given several times." \
    }

static const struct parameter page_parameters[] = {LIMIT_PARAMETER, CURSOR_PARAMETER, {0}};
static const struct parameter event_page_parameters[] = {
    LIMIT_PARAMETER, CURSOR_PARAMETER, TYPE_PARAMETER, {0}};
static const struct parameter retract_parameters[] = {
    {"item", PARAMETER_ID, .help = "Only interactions with this item."}, TYPE_PARAMETER, {0}};
static const struct parameter batch_parameters[] = {
    {"on_error", PARAMETER_CHOICE, .choices = on_error_choices, .initial = "refuse",
     .help = "refuse: all or nothing; skip: each element for itself, with a result for each."},
    {0}};
static const struct parameter delete_item_parameters[] = {
    {"purge", PARAMETER_BOOL, .initial = "false",
     .help = "true: its interactions go too; false: they stay for training."},
    {0}};
static const struct parameter recommend_parameters[] = {
    N_PARAMETER,
    OFFSET_PARAMETER,
    CATEGORY_PARAMETER,
    EXCLUDE_PARAMETER,
    {"seen", PARAMETER_CHOICE, .choices = seen_choices, .initial = "hide",
     .help = "hide: leave out what the rule of its interaction type hides; include: show it."},
    {"hide_types", PARAMETER_TEXT, .min = 1, .max = 512,
     .help = "Comma-separated interaction types: what they touched is left out, and only that."},
    FIELDS_PARAMETER,
    {"context", PARAMETER_TEXT, .repeats = true, .min = 3, .max = 641, .many = 32,
     .help =
         "NAME:VALUE, such as device:phone: what a ranker trained on the context of interactions "
         "may look at; a name given several times has several values. Names that no ranker asks "
         "for change nothing."},
    {"model", PARAMETER_TEXT, .min = 1, .max = 64,
     .help = "One of the models of the serving snapshot instead of the default one."},
    {0}};
static const struct parameter map_parameters[] = {
    {"n", PARAMETER_INT, .min = 1, .max = SETTINGS_MAP_MAX, .initial = "50000",
     .help = "At most so many items, the most popular first."},
    CATEGORY_PARAMETER,
    FIELDS_PARAMETER,
    {0}};
static const struct parameter prediction_parameters[] = {
    {"model", PARAMETER_TEXT, .min = 1, .max = 64,
     .help = "One of the models of the serving snapshot instead of the first that predicts."},
    {0}};
static const struct parameter similar_parameters[] = {
    N_PARAMETER,
    OFFSET_PARAMETER,
    CATEGORY_PARAMETER,
    EXCLUDE_PARAMETER,
    FIELDS_PARAMETER,
    {"by", PARAMETER_CHOICE, .choices = likeness_choices,
     .help =
         "interactions: liked by the same users; content: of like title, categories, attributes "
         "and vector; bought_together: in the same baskets; behaviour: near each other in what "
         "users "
         "do (item2vec's vectors). Without: whatever the serving model "
         "knows."},
    {0}};

/* ---- responses; what any route may answer is added by the contract ---- */

#define NONE_FOUND                                                                                 \
    {                                                                                              \
        404, "Problem", "There is none of that id."                                                \
    }
#define BAD_VALUES                                                                                 \
    {                                                                                              \
        422, "Problem", "A value is not allowed; errors name the places."                          \
    }
#define STORED_OTHERWISE                                                                           \
    {                                                                                              \
        409, "Problem", "It contradicts what is stored."                                           \
    }
#define DISK_IS_FULL                                                                               \
    {                                                                                              \
        507, "Problem", "The disk has less free than its reserve."                                 \
    }

#define RESPONSES(name, ...) static const struct response name[] = {__VA_ARGS__, {0}}

RESPONSES(user_got, {200, "User", "The user."}, NONE_FOUND);
RESPONSES(user_put, {200, "User", "Replaced."}, {201, "User", "Made."}, STORED_OTHERWISE,
          BAD_VALUES, DISK_IS_FULL);
RESPONSES(user_patched, {200, "User", "Changed."}, NONE_FOUND, STORED_OTHERWISE, BAD_VALUES,
          DISK_IS_FULL);
RESPONSES(deleted, {204, NULL, "Gone."}, NONE_FOUND, DISK_IS_FULL);
RESPONSES(users_listed, {200, "UserPage", "A page of users."}, BAD_VALUES);
RESPONSES(batch_stored, {200, "BatchResult", "Stored."}, STORED_OTHERWISE, BAD_VALUES,
          DISK_IS_FULL);
RESPONSES(user_merged, {200, "Merged", "Moved."}, NONE_FOUND, STORED_OTHERWISE, BAD_VALUES,
          DISK_IS_FULL);
RESPONSES(user_exported, {200, "UserExport", "All that is stored about the user."}, NONE_FOUND);
RESPONSES(events_listed, {200, "InteractionPage", "A page of interactions, newest first."},
          NONE_FOUND, BAD_VALUES);
RESPONSES(events_retracted, {200, "Retracted", "Retracted."}, NONE_FOUND, BAD_VALUES, DISK_IS_FULL);
RESPONSES(item_got, {200, "Item", "The item."}, NONE_FOUND);
RESPONSES(item_put, {200, "Item", "Replaced."}, {201, "Item", "Made."}, STORED_OTHERWISE,
          BAD_VALUES, DISK_IS_FULL);
RESPONSES(item_patched, {200, "Item", "Changed."}, NONE_FOUND, STORED_OTHERWISE, BAD_VALUES,
          DISK_IS_FULL);
RESPONSES(items_listed, {200, "ItemPage", "A page of items."}, BAD_VALUES);
RESPONSES(events_stored, {200, "InteractionsResult", "Stored, on disk and counted."},
          STORED_OTHERWISE, BAD_VALUES, DISK_IS_FULL);
RESPONSES(impression_stored, {200, "ImpressionResult", "Stored."}, STORED_OTHERWISE, BAD_VALUES,
          DISK_IS_FULL);
RESPONSES(recommended,
          {200, "Recommendations", "The best eligible items; fewer than n if fewer are eligible."},
          BAD_VALUES);
RESPONSES(similar_found, {200, "Recommendations", "The items most like it."}, NONE_FOUND,
          BAD_VALUES);
RESPONSES(rating_predicted, {200, "Prediction", "The rating."}, NONE_FOUND,
          {409, "Problem", "No model that serves now predicts ratings."}, BAD_VALUES);
RESPONSES(models_listed, {200, "ModelPage", "Training rounds, newest first."}, BAD_VALUES);
RESPONSES(model_got, {200, "Model", "The round."}, NONE_FOUND);
RESPONSES(model_activated, {200, "Activated", "It serves."}, NONE_FOUND, STORED_OTHERWISE);
RESPONSES(features_got, {200, "Features", "Of the newest round that has measured them."},
          {404, "Problem", "No round has fitted a ranker and measured its columns."});
RESPONSES(map_got, {200, "ItemMap", "The map."},
          {404, "Problem", "There is no map; detail says why, and what to do."}, BAD_VALUES);
RESPONSES(training_asked, {202, "Training", "A round will start."},
          {409, "Problem", "A round is running."});
RESPONSES(training_got, {200, "Training", "How far it is."});
RESPONSES(training_cancelled, {204, NULL, "It stops."}, {404, "Problem", "No round is running."});
RESPONSES(healthy, {200, "Health", "The process answers."});
RESPONSES(ready, {200, "Ready", "It serves; what serves."});
RESPONSES(metrics_got, {200, "text/plain", "Prometheus text format."});
RESPONSES(contract_got, {200, "object", "This contract."});

/* ---- the table ---- */

const struct route routes[] = {
    {METHOD_GET, "/v1/users", list_users, .scope = SCOPE_READ, .parameters = page_parameters,
     .operation = "list_users", .summary = "List users", .responses = users_listed},
    {METHOD_POST, "/v1/users:batch", batch_users, .scope = SCOPE_WRITE, .body = BODY_RECORDS,
     .parameters = batch_parameters, .operation = "put_users", .summary = "Put many users",
     .request_schema = "Users", .responses = batch_stored},
    {METHOD_GET, "/v1/users/{user}", get_user, .scope = SCOPE_READ, .operation = "get_user",
     .summary = "Get a user", .responses = user_got},
    {METHOD_PUT, "/v1/users/{user}", put_user, .scope = SCOPE_WRITE, .body = BODY_JSON,
     .operation = "put_user", .summary = "Make or replace a user", .request_schema = "UserInput",
     .responses = user_put},
    {METHOD_PATCH, "/v1/users/{user}", patch_user, .scope = SCOPE_WRITE, .body = BODY_PATCH,
     .operation = "patch_user", .summary = "Change fields of a user", .request_schema = "UserPatch",
     .responses = user_patched},
    {METHOD_DELETE, "/v1/users/{user}", delete_user, .scope = SCOPE_WRITE,
     .operation = "erase_user", .summary = "Erase a user and all that is derived",
     .responses = deleted},
    {METHOD_POST, "/v1/users/{user}:merge", merge_user, .scope = SCOPE_WRITE, .body = BODY_JSON,
     .operation = "merge_user", .summary = "Move a guest's or another user's history here",
     .request_schema = "MergeInput", .responses = user_merged},
    {METHOD_GET, "/v1/users/{user}/export", export_user, .scope = SCOPE_ADMIN,
     .operation = "export_user", .summary = "All that is stored about a user",
     .responses = user_exported},
    {METHOD_GET, "/v1/users/{user}/interactions", list_user_interactions, .scope = SCOPE_READ,
     .parameters = event_page_parameters, .operation = "list_user_interactions",
     .summary = "Interactions of a user", .responses = events_listed},
    {METHOD_DELETE, "/v1/users/{user}/interactions", delete_user_interactions, .scope = SCOPE_WRITE,
     .parameters = retract_parameters, .operation = "retract_user_interactions",
     .summary = "Retract interactions of a user", .responses = events_retracted},
    {METHOD_GET, "/v1/users/{user}/recommendations", get_recommendations, .is_inline = true,
     .scope = SCOPE_READ, .parameters = recommend_parameters, .operation = "recommend",
     .summary = "What should this user see next", .responses = recommended},
    {METHOD_POST, "/v1/recommendations", post_recommendations, .scope = SCOPE_READ,
     .body = BODY_JSON, .operation = "recommend_to",
     .summary = "What should somebody see next, of whom the question tells: the general form",
     .request_schema = "RecommendationQuery", .responses = recommended},
    {METHOD_GET, "/v1/users/{user}/items/{item}/prediction", get_prediction, .scope = SCOPE_READ,
     .parameters = prediction_parameters, .operation = "predict_rating",
     .summary = "How would this user rate this item", .responses = rating_predicted},

    {METHOD_GET, "/v1/items", list_items, .scope = SCOPE_READ, .parameters = page_parameters,
     .operation = "list_items", .summary = "List items", .responses = items_listed},
    {METHOD_POST, "/v1/items:batch", batch_items, .scope = SCOPE_WRITE, .body = BODY_RECORDS,
     .parameters = batch_parameters, .operation = "put_items", .summary = "Put many items",
     .request_schema = "Items", .responses = batch_stored},
    {METHOD_GET, "/v1/items/{item}", get_item, .scope = SCOPE_READ, .operation = "get_item",
     .summary = "Get an item", .responses = item_got},
    {METHOD_PUT, "/v1/items/{item}", put_item, .scope = SCOPE_WRITE, .body = BODY_JSON,
     .operation = "put_item", .summary = "Make or replace an item", .request_schema = "ItemInput",
     .responses = item_put},
    {METHOD_PATCH, "/v1/items/{item}", patch_item, .scope = SCOPE_WRITE, .body = BODY_PATCH,
     .operation = "patch_item", .summary = "Change fields of an item",
     .request_schema = "ItemPatch", .responses = item_patched},
    {METHOD_DELETE, "/v1/items/{item}", delete_item, .scope = SCOPE_WRITE,
     .parameters = delete_item_parameters, .operation = "delete_item", .summary = "Delete an item",
     .responses = deleted},
    {METHOD_GET, "/v1/items/{item}/interactions", list_item_interactions, .scope = SCOPE_READ,
     .parameters = event_page_parameters, .operation = "list_item_interactions",
     .summary = "Interactions with an item", .responses = events_listed},
    {METHOD_GET, "/v1/items/{item}/similar", get_similar, .scope = SCOPE_READ,
     .parameters = similar_parameters, .operation = "similar",
     .summary = "Items like this one, by what people did with them", .responses = similar_found},

    {METHOD_POST, "/v1/interactions", post_interactions, .scope = SCOPE_EVENTS,
     .body = BODY_RECORDS, .operation = "post_interactions",
     .summary = "Store what users did: one object, an array or NDJSON; all or nothing",
     .request_schema = "Interactions", .responses = events_stored},
    {METHOD_DELETE, "/v1/interactions/{event_id}", delete_interaction, .scope = SCOPE_WRITE,
     .operation = "retract_interaction", .summary = "Retract one interaction",
     .responses = deleted},
    {METHOD_POST, "/v1/impressions", post_impression, .scope = SCOPE_EVENTS, .body = BODY_JSON,
     .operation = "post_impression", .summary = "Store which items were shown",
     .request_schema = "Impression", .responses = impression_stored},

    {METHOD_GET, "/v1/models", list_models, .scope = SCOPE_READ, .parameters = page_parameters,
     .operation = "list_models", .summary = "Training rounds", .responses = models_listed},
    {METHOD_GET, "/v1/models/{version}", get_model, .scope = SCOPE_READ, .operation = "get_model",
     .summary = "One training round", .responses = model_got},
    {METHOD_POST, "/v1/models/{version}:activate", activate_model, .scope = SCOPE_ADMIN,
     .operation = "activate_model", .summary = "Serve this version from now on",
     .responses = model_activated},
    {METHOD_GET, "/v1/map", get_map, .scope = SCOPE_READ, .parameters = map_parameters,
     .operation = "get_map", .summary = "The items on a plane, those alike near each other",
     .responses = map_got},
    {METHOD_GET, "/v1/features", get_features, .scope = SCOPE_READ, .operation = "get_features",
     .summary = "What each column of the ranker is worth", .responses = features_got},
    {METHOD_GET, "/v1/training", get_training, .is_inline = true, .scope = SCOPE_READ,
     .operation = "get_training", .summary = "Is a round running, and how far is it",
     .responses = training_got},
    {METHOD_POST, "/v1/training", post_training, .is_inline = true, .scope = SCOPE_ADMIN,
     .operation = "start_training", .summary = "Train now", .responses = training_asked},
    {METHOD_DELETE, "/v1/training", delete_training, .is_inline = true, .scope = SCOPE_ADMIN,
     .operation = "cancel_training", .summary = "Cancel the running round",
     .responses = training_cancelled},

    {METHOD_GET, "/healthz", get_health, .is_inline = true, .operation = "health",
     .summary = "Liveness", .responses = healthy},
    {METHOD_GET, "/readyz", get_ready, .is_inline = true, .operation = "ready",
     .summary = "Readiness, and what serves", .responses = ready},
    {METHOD_GET, "/metrics", get_metrics, .scope = SCOPE_READ, .operation = "metrics",
     .summary = "Prometheus metrics", .responses = metrics_got},
    {METHOD_GET, "/openapi.json", get_openapi, .operation = "openapi", .summary = "This contract",
     .responses = contract_got},
    {0},
};
