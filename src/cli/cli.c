/* What the subcommands share. */
#include "cli/cli.h"

#include <argp.h>
#include <stdarg.h>
#include <stdio.h>

/* What argp prints for --version of every subcommand. */
__attribute__((visibility("default"))) const char *argp_program_version =
    "coupond " COUPOND_VERSION;

int cli_error(int status, const char *command, const char *format, ...)
{
    va_list arguments;
    fprintf(stderr, "coupond: %s%s", command ? command : "", command ? ": " : "");
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    return status;
}
