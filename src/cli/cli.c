/* What the subcommands share. */
#include "cli/cli.h"

#include "base/arena.h"

#include <argp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define READ_BYTES 65536

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

bool cli_read_file(struct arena *arena, const char *path, struct str *text)
{
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
    if (!file)
        return false;
    size_t length = 0, capacity = READ_BYTES;
    char *data = arena_alloc(arena, capacity);
    for (size_t count; (count = fread(data + length, 1, capacity - length, file)) > 0;) {
        length += count;
        if (length < capacity)
            continue;
        char *larger = arena_alloc(arena, capacity * 2);
        memcpy(larger, data, length);
        data = larger;
        capacity *= 2;
    }
    bool whole = !ferror(file);
    if (file != stdin)
        fclose(file);
    *text = (struct str){data, length};
    return whole;
}
