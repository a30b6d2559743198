/* coupond schema: what the tables say, for people and for tests. */
#include "api/openapi.h"
#include "api/reference.h"
#include "api/router.h"
#include "base/arena.h"
#include "base/request.h"
#include "base/text.h"
#include "cli/cli.h"
#include "resources/list.h"
#include "resources/registry.h"
#include "resources/search.h"
#include "schema/describe.h"
#include "store/migrate.h"

#include <argp.h>
#include <stdio.h>
#include <sysexits.h>

#define OUTPUT_BYTES_MAX (16 * 1024 * 1024)

enum {
    OPTION_OPENAPI = 1,
    OPTION_REFERENCE,
    OPTION_STATEMENTS,
    OPTION_VERSION
};

struct options {
    int what; /* 0: objects */
    const char *object;
    const char *version;
};

static const struct argp_option options_help[] = {
    {.name = "openapi", .key = OPTION_OPENAPI, .doc = "print the OpenAPI document"},
    {.name = "reference", .key = OPTION_REFERENCE, .doc = "print the API reference as Markdown"},
    {.name = "statements",
     .key = OPTION_STATEMENTS,
     .doc = "print every SQL statement, one per line"},
    {.name = "api-version",
     .key = OPTION_VERSION,
     .arg = "VERSION",
     .doc = "with --openapi: for this API version (the newest)"},
    {0},
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct options *options = state->input;
    switch (key) {
    case OPTION_OPENAPI:
    case OPTION_REFERENCE:
    case OPTION_STATEMENTS:
        options->what = key;
        return 0;
    case OPTION_VERSION:
        options->version = argument;
        return 0;
    case ARGP_KEY_ARG:
        if (state->arg_num > 0)
            argp_error(state, "unexpected argument \"%s\"", argument);
        options->object = argument;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* The text of a statement on one line. */
static void add_line(struct text *text, const char *sql)
{
    text_addf(text, "%s\n", sql);
}

static void add_statements(struct request *request, struct text *text)
{
    for (const struct statement *each = statements_begin(); each < statements_end(); each++)
        add_line(text, each->sql);
    for (size_t i = 0; i < RESOURCE_COUNT; i++) {
        const struct table_statements *of = catalog_of(request, resources[i]);
        if (!resources[i]->table.name)
            continue;
        const struct statement *const statements[] = {
            &of->by_id, &of->by_id_past, &of->by_seq, &of->insert, &of->update, &of->mark_deleted};
        for (size_t j = 0; j < ARRAY_LENGTH(statements); j++)
            add_line(text, statements[j]->sql);
        if (of->look_up.sql)
            add_line(text, of->look_up.sql);
        if (resources[i]->operations & FILTER)
            list_statements(request, resources[i], text);
    }
    search_statements(request, text);
}

/* The table's part of the migrations. */
static void add_sql(struct arena *arena, struct text *text, const char *table)
{
    for (int64_t number = 1; number <= migrate_newest(); number++) {
        struct str rest = migrate_sql(arena, number, DIALECT_SQLITE);
        struct str start = str_format(arena, "CREATE TABLE %s (", table);
        bool inside = false;
        while (rest.data) {
            struct str line = str_split(rest, '\n', &rest);
            inside |= str_starts(line, start);
            if (inside)
                text_addf(text, "%.*s\n", STR_FMT(line));
            if (inside && str_ends(line, STR(";")))
                inside = false;
        }
    }
}

static void list_objects(struct text *text)
{
    for (size_t i = 0; i < RESOURCE_COUNT; i++)
        text_addf(text, "%-16s %s\n", resources[i]->schema.name, resources[i]->schema.help);
}

static int print_objects(struct request *request, const struct options *options, struct text *text)
{
    if (!options->object) {
        list_objects(text);
        return 0;
    }
    const struct resource *resource = resource_named(str_from(options->object));
    if (!resource) {
        cli_error(0, "schema", "there is no object \"%s\"; there are:", options->object);
        list_objects(text);
        fputs(text_str(text).data, stderr);
        *text = (struct text){0};
        return EX_DATAERR;
    }
    describe_schema(text, &resource->schema);
    if (resource->table.name) {
        text_add_literal(text, "\nSQL:\n\n");
        add_sql(request->arena, text, resource->table.name);
    }
    return 0;
}

int schema_command(int argc, char **argv)
{
    static const struct argp argp = {options_help,
                                     parse_option,
                                     "[OBJECT]",
                                     "Prints what the API's objects look like: fields, versions, "
                                     "parameters and SQL.",
                                     NULL,
                                     NULL,
                                     NULL};
    static char title[] = "coupond schema";
    struct options options = {0};
    struct arena arena;
    struct catalog catalog = {0};
    struct text text;
    struct str name;
    argv[0] = title;
    argp_parse(&argp, argc, argv, 0, NULL, &options);
    arena_init(&arena);
    catalog_build(&arena, &catalog);
    text_init(&text, &arena, OUTPUT_BYTES_MAX);
    struct router *router = router_build(&arena, false);
    struct request request = {.arena = &arena, .catalog = &catalog, .version = V_NEWEST};
    int status = 0;
    if (options.version && !version_parse(str_from(options.version), &request.version, &name))
        status = cli_error(EX_USAGE, "schema", "there is no API version \"%s\"", options.version);
    else if (options.what == OPTION_OPENAPI)
        openapi_write(&request, router, &text);
    else if (options.what == OPTION_REFERENCE)
        reference_write(router, &text);
    else if (options.what == OPTION_STATEMENTS)
        add_statements(&request, &text);
    else
        status = print_objects(&request, &options, &text);
    if (text.length)
        fwrite(text_str(&text).data, 1, text.length, stdout);
    arena_release(&arena);
    return status;
}
