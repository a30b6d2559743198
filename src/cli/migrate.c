/* coupond migrate [--status|--print DIALECT]. */
#include "store/migrate.h"

#include "base/arena.h"
#include "cli/cli.h"
#include "store/directory.h"
#include "store/sqlite.h"

#include <argp.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

struct options {
    const char *data;
    const char *print;
    bool status;
};

enum {
    OPTION_PRINT = 1,
    OPTION_STATUS
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct options *options = state->input;
    switch (key) {
    case 'd':
        options->data = argument;
        return 0;
    case OPTION_PRINT:
        if (strcmp(argument, "sqlite") != 0 && strcmp(argument, "postgres") != 0)
            argp_error(state, "--print wants sqlite or postgres");
        options->print = argument;
        return 0;
    case OPTION_STATUS:
        options->status = true;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "unexpected argument \"%s\"", argument);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void print_migrations(struct arena *arena, const char *dialect)
{
    bool sqlite = strcmp(dialect, "sqlite") == 0;
    for (int64_t number = 1; number <= migrate_newest(); number++) {
        struct str sql = migrate_sql(arena, number, sqlite ? DIALECT_SQLITE : DIALECT_POSTGRES);
        printf("%.*s", STR_FMT(sql));
    }
}

static int run(struct arena *arena, const struct options *options)
{
    struct directory directory;
    int status = 0;
    if (options->status && !directory_is_used(arena, options->data))
        return cli_error(EX_NOINPUT, "migrate", "there is no database in %s", options->data);
    switch (directory_open(arena, options->data, &directory)) {
    case DIRECTORY_OPEN:
        break;
    case DIRECTORY_IN_USE:
        return cli_error(EX_TEMPFAIL, "migrate", "%s is in use: stop the server first",
                         options->data);
    case DIRECTORY_FAILED:
        return cli_error(EX_CANTCREAT, "migrate", "cannot open %s", options->data);
    }
    struct db *db = sqlite_open(directory.database.data, SQLITE_WRITER);
    if (!db || (!options->status && !migrate_run(arena, db)))
        status = cli_error(EX_IOERR, "migrate", "the database in %s could not be migrated",
                           options->data);
    else
        printf("schema %lld of %lld\n", (long long)migrate_current(db),
               (long long)migrate_newest());
    sqlite_close(db);
    directory_close(&directory);
    return status;
}

int migrate_command(int argc, char **argv)
{
    static const struct argp_option help[] = {
        {.name = "data", .key = 'd', .arg = "DIR", .doc = "data directory (" DEFAULT_DATA ")"},
        {.name = "status", .key = OPTION_STATUS, .doc = "only say what the database has"},
        {.name = "print",
         .key = OPTION_PRINT,
         .arg = "sqlite|postgres",
         .doc = "print the whole schema as SQL and do nothing else"},
        {0},
    };
    static const struct argp argp = {help,
                                     parse_option,
                                     NULL,
                                     "Brings the database to this version's schema. `serve` does "
                                     "the same when it starts.",
                                     NULL,
                                     NULL,
                                     NULL};
    static char title[] = "coupond migrate";
    struct options options = {.data = DEFAULT_DATA};
    struct arena arena;
    argv[0] = title;
    argp_parse(&argp, argc, argv, 0, NULL, &options);
    arena_init(&arena);
    int status = 0;
    if (options.print)
        print_migrations(&arena, options.print);
    else
        status = run(&arena, &options);
    arena_release(&arena);
    return status;
}
