/* coupond export: all objects of an account as lines of JSON. */
#include "resources/export.h"

#include "base/arena.h"
#include "base/request.h"
#include "base/version.h"
#include "cli/cli.h"
#include "resources/registry.h"
#include "store/accounts.h"
#include "store/db.h"
#include "store/directory.h"
#include "store/migrate.h"
#include "store/sqlite.h"

#include <argp.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

struct options {
    const char *data;
    const char *account; /* NULL: the oldest */
    bool live;
};

enum {
    OPTION_ACCOUNT = 1,
    OPTION_MODE
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct options *options = state->input;
    switch (key) {
    case 'd':
        options->data = argument;
        return 0;
    case OPTION_ACCOUNT:
        options->account = argument;
        return 0;
    case OPTION_MODE:
        options->live = strcmp(argument, "live") == 0;
        if (!options->live && strcmp(argument, "test") != 0)
            argp_error(state, "--mode is test or live");
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "unexpected argument \"%s\"", argument);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static bool write_line(void *context, struct str line)
{
    (void)context;
    return fwrite(line.data, 1, line.length, stdout) == line.length && putchar('\n') != EOF;
}

struct oldest {
    struct account_row account; /* number 0: none */
};

static void keep_oldest(void *context, const struct account_row *row)
{
    struct oldest *oldest = context;
    if (!oldest->account.number)
        oldest->account = *row;
}

static bool find_account(struct arena *arena, struct db *db, const char *id,
                         struct account_row *account)
{
    struct oldest oldest = {0};
    if (id)
        return accounts_find(arena, db, str_from(id), account);
    accounts_each(arena, db, keep_oldest, &oldest);
    *account = oldest.account;
    return account->number != 0;
}

/* Everything is read in one transaction, so that it is the state of one moment. */
static int export(struct arena *arena, struct db *db, const struct options *options)
{
    struct account_row account;
    struct catalog *catalog = ARENA_NEW(arena, struct catalog);
    catalog_build(arena, catalog);
    db_begin(db, false);
    if (!find_account(arena, db, options->account, &account))
        return cli_error(EX_NOINPUT, "export", "there is no account \"%s\"",
                         options->account ? options->account : "");
    struct request request = {
        .arena = arena,
        .db = db,
        .catalog = catalog,
        .now = time(NULL),
        .version = V_NEWEST,
        .tenant = TENANT_OF(account.number, options->live),
        .account = account.id,
        .livemode = options->live,
    };
    bool done = export_objects(&request, write_line, NULL) && fflush(stdout) == 0;
    db_rollback(db);
    return done ? 0 : cli_error(EX_IOERR, "export", "not all objects could be written");
}

static bool prepare(struct arena *arena, const struct directory *directory)
{
    struct db *db = sqlite_open(directory->database.data, SQLITE_WRITER);
    bool migrated = db && migrate_run(arena, db);
    sqlite_close(db);
    return migrated;
}

/* A running server is not disturbed: only it writes, others may read. */
static int run(struct arena *arena, const struct options *options)
{
    struct directory directory;
    if (!directory_is_used(arena, options->data))
        return cli_error(EX_NOINPUT, "export", "there is no database in %s", options->data);
    enum directory_result result = directory_open(arena, options->data, &directory);
    if (result == DIRECTORY_FAILED)
        return cli_error(EX_CANTCREAT, "export", "cannot open %s", options->data);
    int status = EX_IOERR;
    struct db *db = NULL;
    if (result == DIRECTORY_IN_USE || prepare(arena, &directory))
        db = sqlite_open(directory.database.data, SQLITE_READER);
    if (db)
        status = export(arena, db, options);
    else
        cli_error(0, "export", "cannot use the database %s", directory.database.data);
    sqlite_close(db);
    directory_close(&directory);
    return status;
}

int export_command(int argc, char **argv)
{
    static const struct argp_option help[] = {
        {.name = "data", .key = 'd', .arg = "DIR", .doc = "data directory (" DEFAULT_DATA ")"},
        {.name = "account", .key = OPTION_ACCOUNT, .arg = "ID", .doc = "whose (the oldest)"},
        {.name = "mode", .key = OPTION_MODE, .arg = "test|live", .doc = "which objects (test)"},
        {0},
    };
    static const struct argp argp = {
        help,
        parse_option,
        NULL,
        "Writes all objects of an account to standard output, as lines "
        "of JSON that `import` understands. Events, webhook endpoints, "
        "portal sessions and refused attempts to redeem are not among them.",
        NULL,
        NULL,
        NULL};
    static char title[] = "coupond export";
    struct options options = {.data = DEFAULT_DATA};
    struct arena arena;
    argv[0] = title;
    argp_parse(&argp, argc, argv, 0, NULL, &options);
    arena_init(&arena);
    int status = run(&arena, &options);
    arena_release(&arena);
    return status;
}
