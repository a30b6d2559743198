#pragma once
/* The command line: one file per subcommand. */
#include "base/str.h"

#define DEFAULT_DATA "coupond-data"
#define DEFAULT_LISTEN "127.0.0.1:12111"
#define COUPOND_VERSION "0.1.0"

/* A subcommand gets its own arguments, its name first, and returns the exit status. */
typedef int command_fn(int argc, char **argv);

command_fn serve_command, keys_command, accounts_command, codes_command, events_command,
    export_command, import_command, schema_command, migrate_command, verify_command;

/* Writes an error to standard error and returns `status`. */
int cli_error(int status, const char *command, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Reads a whole file into the arena; "-" is standard input. */
bool cli_read_file(struct arena *arena, const char *path, struct str *text) MUST_CHECK;
