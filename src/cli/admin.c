/* Administration of accounts and keys, sending events again, and verification. */
#include "cli/admin.h"

#include "base/arena.h"
#include "base/random.h"
#include "base/request.h"
#include "base/text.h"
#include "base/version.h"
#include "cli/cli.h"
#include "cli/control.h"
#include "redemption/verify.h"
#include "resources/outbox.h"
#include "resources/import.h"
#include "resources/registry.h"
#include "store/accounts.h"
#include "store/db.h"
#include "store/directory.h"
#include "store/migrate.h"
#include "store/sqlite.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#define OUTPUT_BYTES_MAX (4 * 1024 * 1024)
#define KEY_RANDOM_CHARACTERS 32

static struct str option(const struct admin_request *request, const char *name)
{
    for (size_t i = 2; i < request->count; i++) {
        struct str value, key = str_split(request->words[i], '=', &value);
        if (str_is(key, name))
            return value;
    }
    return STR_NULL;
}

bool admin_reads(const struct admin_request *request)
{
    return str_is(request->words[1], "list") || str_is(request->words[0], "verify");
}

static void fail_with_status(struct admin_result *result, int status, struct str error)
{
    result->status = status;
    result->error = error;
}

static bool find_account(const struct admin_context *context, struct str id,
                         struct account_row *account)
{
    return id.data ? accounts_find(context->arena, context->db, id, account)
                   : accounts_default(context->arena, context->db, context->random, context->now,
                                      account);
}

/* ---- keys ---- */

static void create_key(const struct admin_context *context, const struct admin_request *request,
                       struct admin_result *result)
{
    struct account_row account;
    struct str id = option(request, "account");
    bool live = str_is(option(request, "mode"), "live");
    if (!find_account(context, id, &account)) {
        fail_with_status(result, EX_DATAERR,
                         str_format(context->arena, "there is no account \"%.*s\"", STR_FMT(id)));
        return;
    }
    struct str prefix = live ? STR("sk_live_") : STR("sk_test_");
    char *key = arena_alloc(context->arena, prefix.length + KEY_RANDOM_CHARACTERS + 2);
    memcpy(key, prefix.data, prefix.length);
    random_characters(context->random, ALPHABET_BASE62, key + prefix.length, KEY_RANDOM_CHARACTERS);
    const struct key_row row = {
        .id = id_short(context->random, context->arena, "key_"),
        .hash = key_hash(context->arena, context->pepper, str_from(key)),
        .account = account.number,
        .livemode = live,
        .name = option(request, "name"),
        .hint = key_hint(context->arena, str_from(key)),
        .created = context->now,
    };
    if (!keys_add(context->db, &row)) {
        fail_with_status(result, EX_SOFTWARE, STR("the key could not be stored"));
        return;
    }
    result->keys_changed = true;
    result->output = str_format(context->arena, "%s\n", key);
    result->error =
        str_format(context->arena, "%.*s for account %.*s; the key is shown only this once",
                   STR_FMT(row.id), STR_FMT(account.id));
}

struct listing {
    struct text text;
};

static void list_key(void *context, const struct key_row *row)
{
    struct text *text = &((struct listing *)context)->text;
    text_addf(text, "%.*s\t%.*s\t%s\t%s\t%lld\t%.*s\n", STR_FMT(row->id), STR_FMT(row->hint),
              row->livemode ? "live" : "test", row->revoked_at ? "revoked" : "in force",
              (long long)row->created, STR_FMT(row->name));
}

static void list_account(void *context, const struct account_row *row)
{
    struct text *text = &((struct listing *)context)->text;
    text_addf(text, "%.*s\t%.*s\t%lld\t%.*s\n", STR_FMT(row->id),
              STR_FMT(row->parent.data ? row->parent : STR("-")), (long long)row->created,
              STR_FMT(row->name));
}

static void revoke_key(const struct admin_context *context, const struct admin_request *request,
                       struct admin_result *result)
{
    struct str id = option(request, "id");
    result->keys_changed = keys_revoke(context->db, id, context->now);
    if (!result->keys_changed)
        fail_with_status(
            result, EX_DATAERR,
            str_format(context->arena, "there is no key \"%.*s\" in force", STR_FMT(id)));
}

/* ---- accounts ---- */

static void create_account(const struct admin_context *context, const struct admin_request *request,
                           struct admin_result *result)
{
    struct account_row parent, account = {
                                   .name = option(request, "name"),
                                   .parent = option(request, "parent"),
                                   .created = context->now,
                               };
    if (account.parent.data &&
        !accounts_find(context->arena, context->db, account.parent, &parent)) {
        fail_with_status(
            result, EX_DATAERR,
            str_format(context->arena, "there is no account \"%.*s\"", STR_FMT(account.parent)));
        return;
    }
    if (!accounts_add(context->arena, context->db, context->random, &account)) {
        fail_with_status(result, EX_SOFTWARE, STR("the account could not be stored"));
        return;
    }
    result->keys_changed = true;
    result->output = str_format(context->arena, "%.*s\n", STR_FMT(account.id));
}

/* ---- events ---- */

static void resend_event(const struct admin_context *context, const struct admin_request *request,
                         struct admin_result *result)
{
    struct request call = {.arena = context->arena, .db = context->db, .now = context->now};
    struct str id = option(request, "id"), endpoint_id = option(request, "endpoint"), type;
    int64_t event, endpoint = 0;
    size_t count = 1;
    if (!outbox_find_event(&call, id, &event, &type)) {
        fail_with_status(result, EX_DATAERR,
                         str_format(context->arena, "there is no event \"%.*s\"", STR_FMT(id)));
        return;
    }
    if (endpoint_id.data && !(endpoint = outbox_find_endpoint(&call, endpoint_id))) {
        fail_with_status(result, EX_DATAERR,
                         str_format(context->arena,
                                    "the event's account has no enabled endpoint \"%.*s\"",
                                    STR_FMT(endpoint_id)));
        return;
    }
    if (endpoint)
        outbox_add_for(&call, event, endpoint);
    else
        count = outbox_add(&call, event, type);
    if (count == 0) {
        fail_with_status(
            result, EX_DATAERR,
            str_format(context->arena, "no endpoint is enabled for %.*s", STR_FMT(type)));
        return;
    }
    result->added_deliveries = true;
    result->error = str_format(context->arena, "%.*s is sent again to %zu endpoint%s", STR_FMT(id),
                               count, count == 1 ? "" : "s");
}

/* ---- objects ---- */

/* All of the lines, or none. Answers how many objects they were. */
static void import_objects(const struct admin_context *context, const struct admin_request *request,
                           struct admin_result *result)
{
    struct account_row account;
    struct str id = option(request, "account");
    bool live = str_is(option(request, "mode"), "live");
    int64_t first;
    size_t count;
    if (!str_to_int64(option(request, "first"), &first) || !find_account(context, id, &account)) {
        fail_with_status(result, EX_NOINPUT,
                         str_format(context->arena, "there is no account \"%.*s\"", STR_FMT(id)));
        return;
    }
    struct request importing = {
        .arena = context->arena,
        .db = context->db,
        .catalog = context->catalog,
        .random = context->random,
        .now = context->now,
        .version = V_NEWEST,
        .tenant = TENANT_OF(account.number, live),
        .account = account.id,
        .livemode = live,
        .code_shapes = context->code_shapes,
    };
    db_savepoint(context->db);
    if (import_lines(&importing, option(request, "lines"), (size_t)first, &count)) {
        db_release(context->db);
        result->output = str_format(context->arena, "%zu", count);
        result->timer_set = importing.timer_set;
        return;
    }
    db_rollback_to_savepoint(context->db);
    fail_with_status(result, EX_DATAERR, importing.error.message);
}

/* ---- verify ---- */

static void verify(const struct admin_context *context, struct admin_result *result)
{
    struct text report;
    text_init(&report, context->arena, OUTPUT_BYTES_MAX);
    bool good = verify_run(context->db, &report);
    struct str file = sqlite_check(context->db, context->arena);
    text_addf(&report, "database file: %.*s\n", STR_FMT(file));
    result->output = text_str(&report);
    result->status = good && str_is(file, "ok") ? 0 : 1;
}

void admin_run(const struct admin_context *context, const struct admin_request *request,
               struct admin_result *result)
{
    struct str noun = request->words[0];
    struct str verb = request->count > 1 ? request->words[1] : STR("");
    struct listing listing;
    *result = (struct admin_result){.output = STR("")};
    text_init(&listing.text, context->arena, OUTPUT_BYTES_MAX);
    if (str_is(noun, "verify")) {
        verify(context, result);
    } else if (str_is(noun, "import")) {
        import_objects(context, request, result);
    } else if (str_is(noun, "keys") && str_is(verb, "create")) {
        create_key(context, request, result);
    } else if (str_is(noun, "keys") && str_is(verb, "revoke")) {
        revoke_key(context, request, result);
    } else if (str_is(noun, "keys") && str_is(verb, "list")) {
        keys_each(context->arena, context->db, list_key, &listing);
        result->output = text_str(&listing.text);
    } else if (str_is(noun, "accounts") && str_is(verb, "create")) {
        create_account(context, request, result);
    } else if (str_is(noun, "accounts") && str_is(verb, "list")) {
        accounts_each(context->arena, context->db, list_account, &listing);
        result->output = text_str(&listing.text);
    } else if (str_is(noun, "events") && str_is(verb, "resend")) {
        resend_event(context, request, result);
    } else {
        fail_with_status(result, EX_USAGE, STR("unknown request"));
    }
}

/* ---- by itself ---- */

static int print(const char *command, const struct admin_result *result)
{
    fwrite(result->output.data, 1, result->output.length, stdout);
    if (result->status && result->error.data)
        return cli_error(result->status, command, "%.*s", STR_FMT(result->error));
    if (result->error.data)
        fprintf(stderr, "%.*s\n", STR_FMT(result->error));
    return result->status;
}

static bool run_here(struct arena *arena, const struct directory *directory,
                     const struct admin_request *request, struct admin_result *result)
{
    struct random random;
    random_init(&random);
    struct db *db = sqlite_open(directory->database.data, SQLITE_WRITER);
    bool done = db && migrate_run(arena, db);
    if (done) {
        struct catalog *catalog = ARENA_NEW(arena, struct catalog);
        catalog_build(arena, catalog);
        const struct admin_context context = {.arena = arena,
                                              .db = db,
                                              .random = &random,
                                              .catalog = catalog,
                                              .pepper = directory->pepper,
                                              .now = time(NULL)};
        db_take_rows(db);
        db_begin(db, true);
        db_reserve_rows(db, context.now);
        admin_run(&context, request, result);
        done = db_commit(db);
    }
    sqlite_close(db);
    return done;
}

int admin_ask(struct arena *arena, const char *command, const char *data,
              const struct admin_request *request, struct admin_result *result)
{
    struct directory directory;
    bool done;
    if (admin_reads(request) && !directory_is_used(arena, data))
        return cli_error(EX_NOINPUT, command, "there is no database in %s", data);
    switch (directory_open(arena, data, &directory)) {
    case DIRECTORY_OPEN:
        done = run_here(arena, &directory, request, result);
        directory_close(&directory);
        return done ? 0 : cli_error(EX_IOERR, command, "the database in %s failed", data);
    case DIRECTORY_IN_USE:
        return control_call(arena, directory.socket.data, request, result)
                   ? 0
                   : cli_error(EX_TEMPFAIL, command,
                               "%s is in use by a process that does not answer", data);
    case DIRECTORY_FAILED:
    default:
        return cli_error(EX_CANTCREAT, command, "cannot open %s", data);
    }
}

int admin_execute(const char *command, const char *data, const struct admin_request *request)
{
    struct arena arena;
    struct admin_result result;
    arena_init(&arena);
    int status = admin_ask(&arena, command, data, request, &result);
    if (status == 0)
        status = print(command, &result);
    arena_release(&arena);
    return status;
}
