#include <sodium.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/listing.h"
#include "cli/report.h"

enum { KEY_BYTES = 32, KEY_NAME_MAX = 200, SCOPES_TEXT = 64 };

static const struct {
    const char *name;
    enum key_scope scope;
} scopes[] = {
    {"read", SCOPE_READ}, {"events", SCOPE_EVENTS}, {"write", SCOPE_WRITE}, {"admin", SCOPE_ADMIN}};
enum { N_SCOPES = sizeof scopes / sizeof *scopes };

static const char *scope_at(const void *context, size_t i)
{
    (void)context;
    return scopes[i].name;
}

static enum status read_scope(const char *name, unsigned *scopes_in_out, struct error *reterr)
{
    for (size_t i = 0; i < N_SCOPES; i++)
        if (strcmp(scopes[i].name, name) == 0) {
            *scopes_in_out |= scopes[i].scope;
            return STATUS_OK;
        }
    const char *nearest = text_nearest(name, N_SCOPES, scope_at, NULL);
    return error_set(reterr, STATUS_NOT_FOUND, "unknown scope '%.60s'%s%s%s", name,
                     nearest ? "; did you mean '" : "; known are read, events, write, admin",
                     nearest ? nearest : "", nearest ? "'?" : "");
}

static enum status read_scopes(const struct invocation *invocation, unsigned *ret_scopes,
                               struct error *reterr)
{
    unsigned found = 0;
    enum status status = STATUS_OK;
    const struct given *given = NULL;
    while (status == STATUS_OK && (given = invocation_next(invocation, "scope", given)))
        status = read_scope(given->text, &found, reterr);
    if (status == STATUS_OK)
        *ret_scopes = found ? found : SCOPE_READ;
    return status;
}

static void print_scopes(unsigned given, char text[SCOPES_TEXT])
{
    text[0] = '\0';
    for (size_t i = 0; i < N_SCOPES; i++)
        if (given & scopes[i].scope) {
            if (text[0])
                strcat(text, ",");
            strcat(text, scopes[i].name);
        }
}

/* ---- list ---- */

static enum status list_key(void *context, const struct key_row *key)
{
    struct listing *list = context;
    char text[SCOPES_TEXT], created[TIME_TEXT_SIZE], revoked[TIME_TEXT_SIZE] = "";
    print_scopes(key->scopes, text);
    time_format(key->created_ms, created);
    if (key->revoked_ms != TIME_UNKNOWN)
        time_format(key->revoked_ms, revoked);
    if (list->array) {
        json_t *row = json_pack("{s:i, s:s, s:s, s:s, s:s*}", "number", (int)key->number, "name",
                                key->name, "scopes", text, "created_at", created, "revoked_at",
                                revoked[0] ? revoked : NULL);
        return json_array_append_new(list->array, row) == 0 ? STATUS_OK : STATUS_NO_MEMORY;
    }
    table_cell(list->table, "%u", key->number);
    table_cell(list->table, "%s", key->name);
    table_cell(list->table, "%s", text);
    table_cell(list->table, "%s", created);
    table_cell(list->table, "%s", revoked);
    return STATUS_OK;
}

static enum status list_keys(struct context *context, const struct invocation *invocation,
                             struct error *reterr)
{
    static const struct table_column columns[] = {{"number", true, 0},
                                                  {"name", false, 60},
                                                  {"scopes", false, 0},
                                                  {"made", false, 0},
                                                  {"revoked", false, 0}};
    struct listing list;
    listing_start(&list, invocation, columns, sizeof columns / sizeof *columns);
    return listing_print(&list, store_list_keys(context->store, list_key, &list, reterr));
}

/* ---- make, revoke ---- */

struct key_change {
    const char *name;
    unsigned scopes;
    unsigned char hash[KEY_HASH_BYTES];
    uint32_t number;
};

static enum status add_key(void *context, struct store *store, struct error *reterr)
{
    struct key_change *change = context;
    return store_add_key(store, change->name, change->scopes, change->hash, clock_now_ms(),
                         &change->number, reterr);
}

static enum status revoke_key(void *context, struct store *store, struct error *reterr)
{
    const struct key_change *change = context;
    return store_revoke_key(store, change->number, clock_now_ms(), reterr);
}

static enum status make_key(struct context *context, const struct invocation *invocation,
                            struct error *reterr)
{
    unsigned char secret[KEY_BYTES];
    char key[2 * KEY_BYTES + 1];
    struct key_change change = {.name = invocation->n_arguments > 1 ? invocation->arguments[1]
                                                                    : "unnamed"};
    enum status status = id_check(change.name, strlen(change.name), "the key's name", reterr);
    if (status == STATUS_OK)
        status = read_scopes(invocation, &change.scopes, reterr);
    if (status != STATUS_OK)
        return status;
    randombytes_buf(secret, sizeof secret);
    sodium_bin2hex(key, sizeof key, secret, sizeof secret);
    crypto_generichash(change.hash, sizeof change.hash, (const unsigned char *)key, strlen(key),
                       NULL, 0);
    status = store_transact(context->store, add_key, &change, reterr);
    if (status == STATUS_OK && invocation_flag(invocation, "json")) {
        printf("{\"number\": %u, \"key\": \"%s\"}\n", change.number, key);
    } else if (status == STATUS_OK) {
        printf("%s\n", key);
        report_note("This is key %u. It is shown this once: send it as 'Authorization: Bearer "
                    "KEY'.",
                    change.number);
    }
    sodium_memzero(secret, sizeof secret);
    sodium_memzero(key, sizeof key);
    return status;
}

static enum status revoke(struct context *context, const struct invocation *invocation,
                          struct error *reterr)
{
    int64_t number;
    struct key_change change = {0};
    if (text_to_int64(invocation->arguments[1], &number) != STATUS_OK || number < 1 ||
        number > UINT32_MAX)
        return error_set(reterr, STATUS_MALFORMED,
                         "revoke takes a key's number, as 'tastevin keys list' shows it, not "
                         "'%.60s'",
                         invocation->arguments[1]);
    change.number = (uint32_t)number;
    return store_transact(context->store, revoke_key, &change, reterr);
}

int command_keys(const struct invocation *invocation)
{
    static const struct {
        const char *word;
        size_t arguments_min, arguments_max;
        enum status (*act)(struct context *, const struct invocation *, struct error *);
    } actions[] = {{"list", 1, 1, list_keys}, {"make", 1, 2, make_key}, {"revoke", 2, 2, revoke}};
    struct error err = {0};
    struct context context = {0};
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++) {
        if (strcmp(actions[i].word, invocation->arguments[0]) != 0)
            continue;
        if (invocation->n_arguments < actions[i].arguments_min)
            return report_usage(invocation->command, "%s needs a number", actions[i].word);
        if (invocation->n_arguments > actions[i].arguments_max)
            return report_usage(invocation->command, "%s takes nothing more", actions[i].word);
        enum status status = context_open(invocation, CONTEXT_MAKE, &context, &err);
        if (status == STATUS_OK)
            status = actions[i].act(&context, invocation, &err);
        context_close(&context);
        return status == STATUS_OK ? EXIT_DONE : report_failure(&err);
    }
    return EXIT_USAGE;
}
