/* coupond: chooses the subcommand. */
#include "cli/cli.h"
#include "store/sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

static const struct {
    const char *name;
    command_fn *run;
    const char *help;
} commands[] = {
    {"serve", serve_command, "answer requests"},
    {"keys", keys_command, "create, list and revoke API keys"},
    {"accounts", accounts_command, "create and list accounts"},
    {"codes", codes_command, "generate and import promotion codes by the million"},
    {"events", events_command, "send an event to webhook endpoints again"},
    {"export", export_command, "write all objects as lines of JSON"},
    {"import", import_command, "store objects from lines of JSON or from another server"},
    {"schema", schema_command, "describe objects, parameters and SQL"},
    {"migrate", migrate_command, "bring the database to this version's schema"},
    {"verify", verify_command, "recompute every counter and check every invariant"},
};

static void print_usage(FILE *stream)
{
    fputs("Usage: coupond COMMAND [OPTION...]\n"
          "Coupons and promotion codes, self-hosted, over Stripe's wire API.\n\n",
          stream);
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        fprintf(stream, "  %-10s %s\n", commands[i].name, commands[i].help);
    fputs("\n  --help     this text; `coupond COMMAND --help` for one command\n"
          "  --version  the program's version\n",
          stream);
}

/* A standard stream that is closed stays one that fails: nothing else is opened in its place, where
 * what is printed would end up. */
static bool keep_streams_apart(void)
{
    for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; stream++)
        if (fcntl(stream, F_GETFD) < 0 &&
            open("/dev/null", stream == STDIN_FILENO ? O_WRONLY : O_RDONLY) != stream)
            return false;
    return true;
}

static int run(int argc, char **argv)
{
    if (argc < 2) {
        print_usage(stderr);
        return EX_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
        print_usage(stdout);
        return 0;
    }
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "version") == 0) {
        puts("coupond " COUPOND_VERSION);
        return 0;
    }
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    cli_error(0, NULL, "there is no command \"%s\"", argv[1]);
    print_usage(stderr);
    return EX_USAGE;
}

int main(int argc, char **argv)
{
    if (!keep_streams_apart())
        return EX_OSERR;
    if (sodium_init() < 0)
        return cli_error(EX_SOFTWARE, NULL, "libsodium does not work on this machine");
    sqlite_start();
    int status = run(argc, argv);
    bool printed = !ferror(stdout) && fflush(stdout) == 0;
    if (printed || status)
        return status;
    return cli_error(EX_IOERR, NULL, "standard output cannot be written: %s", strerror(errno));
}
