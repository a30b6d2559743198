/* coupond codes generate, coupond codes import: many promotion codes at once, through a running
 * server. */
#include "base/arena.h"
#include "base/limits.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/client.h"
#include "cli/progress.h"
#include "resources/promotion_code_batch.h"
#include "resources/promotion_code_import.h"
#include "schema/parse.h"

#include <argp.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#define FORM_BYTES_MAX (64 * 1024)
#define BATCHES "/v1/promotion_code_batches"
#define FORM "application/x-www-form-urlencoded"
#define POLL_MS 100L
#define INTERRUPTED 130

struct options {
    const char *verb;
    const char *file; /* import: what is read */
    const char *url;
    const char *key;
    const char *coupon;
    const char *resume; /* generate: id of a batch that exists */
    const char *out;
    struct text form; /* what is sent besides the coupon */
};

enum {
    OPTION_URL = 1,
    OPTION_KEY,
    OPTION_COUPON,
    OPTION_COUNT,
    OPTION_PATTERN,
    OPTION_ALPHABET,
    OPTION_CHECK,
    OPTION_EXPIRES,
    OPTION_MAX,
    OPTION_INACTIVE,
    OPTION_OUT,
    OPTION_RESUME,
    OPTION_DATA = 'd'
};

/* Options that are parameters of the call. */
static const struct {
    int key;
    const char *name;
    const char *value; /* NULL: the argument */
} parameters[] = {
    {OPTION_COUNT, "count", NULL},        {OPTION_PATTERN, "pattern", NULL},
    {OPTION_ALPHABET, "alphabet", NULL},  {OPTION_CHECK, "check_character", "true"},
    {OPTION_EXPIRES, "expires_at", NULL}, {OPTION_MAX, "max_redemptions", NULL},
    {OPTION_INACTIVE, "active", "false"},
};

static void check_options(const struct options *options, struct argp_state *state)
{
    bool import = options->verb && strcmp(options->verb, "import") == 0;
    if (!options->verb)
        argp_error(state, "say generate or import");
    if (import && !options->file)
        argp_error(state, "import which file?");
    if (!options->coupon && !options->resume)
        argp_error(state, "for which coupon? Say --coupon ID");
    if (import && (options->resume || options->out))
        argp_error(state, "--resume and --out are for generate");
}

static error_t parse_argument(struct options *options, char *argument, struct argp_state *state)
{
    bool verb = strcmp(argument, "generate") == 0 || strcmp(argument, "import") == 0;
    if (state->arg_num == 0 && verb)
        options->verb = argument;
    else if (state->arg_num == 1 && strcmp(options->verb, "import") == 0)
        options->file = argument;
    else
        argp_error(state, "unexpected argument \"%s\"", argument);
    return 0;
}

/* NAME=VALUE, as in the form. */
static void add_data(struct options *options, const char *argument, struct argp_state *state)
{
    struct str value, name = str_split(str_from(argument), '=', &value);
    if (!value.data || name.length == 0)
        argp_error(state, "\"%s\" is not NAME=VALUE", argument);
    client_add(&options->form, str_format(options->form.arena, "%.*s", STR_FMT(name)).data, value);
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct options *options = state->input;
    for (size_t i = 0; i < ARRAY_LENGTH(parameters); i++) {
        if (parameters[i].key != key)
            continue;
        const char *value = parameters[i].value ? parameters[i].value : argument;
        client_add(&options->form, parameters[i].name, str_from(value));
        return 0;
    }
    switch (key) {
    case OPTION_URL:
        options->url = argument;
        return 0;
    case OPTION_KEY:
        options->key = argument;
        return 0;
    case OPTION_COUPON:
        options->coupon = argument;
        client_add(&options->form, "promotion%5Btype%5D", STR("coupon"));
        client_add(&options->form, "promotion%5Bcoupon%5D", str_from(argument));
        return 0;
    case OPTION_OUT:
        options->out = argument;
        return 0;
    case OPTION_RESUME:
        options->resume = argument;
        return 0;
    case OPTION_DATA:
        add_data(options, argument, state);
        return 0;
    case ARGP_KEY_ARG:
        return parse_argument(options, argument, state);
    case ARGP_KEY_END:
        check_options(options, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* ---- generate ---- */

static volatile sig_atomic_t interrupted;

static void interrupt(int signal)
{
    (void)signal;
    interrupted = 1;
}

static int read_batch(struct client *client, struct arena *arena, struct client_call *call,
                      struct promotion_code_batch *batch)
{
    struct str problem;
    int status = client_run(client, arena, call);
    if (status)
        return status;
    *batch = (struct promotion_code_batch){0};
    if (!parse_object(arena, &promotion_code_batch_resource.schema, call->answer, batch, &problem))
        return cli_error(EX_PROTOCOL, "codes generate", "the answer is no batch: %.*s",
                         STR_FMT(problem));
    return 0;
}

static int find_batch(struct client *client, struct arena *arena, const struct str id,
                      struct promotion_code_batch *batch)
{
    struct client_call call = {.method = "GET",
                               .path = str_format(arena, BATCHES "/%.*s", STR_FMT(id))};
    return read_batch(client, arena, &call, batch);
}

static int begin_batch(struct client *client, struct arena *arena, struct options *options,
                       struct promotion_code_batch *batch)
{
    struct client_call call = {.method = "POST",
                               .path = STR(BATCHES),
                               .body = text_str(&options->form),
                               .content_type = FORM};
    if (options->resume)
        return find_batch(client, arena, str_from(options->resume), batch);
    int status = read_batch(client, arena, &call, batch);
    for (size_t i = 0; status == 0 && i < batch->warnings.count; i++)
        fprintf(stderr, "coupond: codes generate: warning: %.*s\n",
                STR_FMT(batch->warnings.items[i]));
    return status;
}

/* The server goes on by itself; this only looks. */
static int wait_for(struct client *client, struct arena *arena, struct promotion_code_batch *batch)
{
    const struct timespec pause = {.tv_nsec = POLL_MS * 1000000};
    const struct str id = batch->object.id;
    struct progress progress;
    int status = 0;
    progress_begin(&progress);
    while (status == 0 && !interrupted &&
           (batch->status.value == BATCH_PENDING || batch->status.value == BATCH_GENERATING)) {
        progress_show(&progress, batch->generated, batch->count);
        nanosleep(&pause, NULL);
        struct arena_mark mark = arena_mark(arena);
        status = find_batch(client, arena, id, batch);
        if (status == 0 && batch->status.value == BATCH_GENERATING)
            arena_rewind(arena, mark);
    }
    progress_end(&progress);
    signal(SIGINT, SIG_DFL);
    return interrupted ? INTERRUPTED : status;
}

static int save_codes(struct client *client, struct arena *arena,
                      const struct promotion_code_batch *batch, const char *out)
{
    struct client_call call = {
        .method = "GET",
        .path = str_format(arena, BATCHES "/%.*s/codes.csv", STR_FMT(batch->object.id)),
        .target = out ? fopen(out, "w") : stdout};
    if (!call.target)
        return cli_error(EX_CANTCREAT, "codes generate", "cannot write %s: %s", out,
                         strerror(errno));
    int status = client_run(client, arena, &call);
    if ((out ? fclose(call.target) : fflush(stdout)) != 0 && status == 0)
        return cli_error(EX_IOERR, "codes generate", "cannot write %s", out ? out : "the codes");
    return status;
}

/* Before there are codes that could not be written anywhere. What is in the file stays for now. */
static int check_out(const char *out)
{
    FILE *file = out ? fopen(out, "a") : NULL;
    if (out && !file)
        return cli_error(EX_CANTCREAT, "codes generate", "cannot write %s: %s", out,
                         strerror(errno));
    return file && fclose(file) != 0 ? EX_IOERR : 0;
}

static int tell_how_to_go_on(int status, const struct options *options, struct str id)
{
    bool elsewhere = strcmp(options->url, DEFAULT_URL) != 0;
    return cli_error(status, "codes generate",
                     "the server goes on; to get the codes:\n"
                     "  coupond codes generate --resume %.*s%s%s%s%s",
                     STR_FMT(id), elsewhere ? " --url " : "", elsewhere ? options->url : "",
                     options->out ? " --out " : "", options->out ? options->out : "");
}

static int generate(struct client *client, struct arena *arena, struct options *options)
{
    struct promotion_code_batch batch;
    struct str id;
    signal(SIGINT, interrupt);
    int status = check_out(options->out);
    if (status == 0)
        status = begin_batch(client, arena, options, &batch);
    if (status)
        return status;
    id = batch.object.id;
    status = wait_for(client, arena, &batch);
    if (status == 0)
        status = save_codes(client, arena, &batch, options->out);
    if (status)
        return tell_how_to_go_on(status, options, id);
    fprintf(stderr, "%.*s: %lld codes\n", STR_FMT(batch.object.id), (long long)batch.generated);
    if (batch.status.value != BATCH_COMPLETE)
        return cli_error(EX_DATAERR, "codes generate", "not all of them were made%s%.*s",
                         batch.failure_message.data ? ": " : ", the batch was canceled",
                         STR_FMT(batch.failure_message));
    return 0;
}

/* ---- import ---- */

struct row {
    struct str text;
    struct str code;
    int64_t line;
};

struct sheet {
    struct str heading;
    struct row *rows;
    size_t count;
};

/* Codes that are near each other in the index are stored together, which is several times as fast
 * as in any other order. */
static int compare_rows(const void *a, const void *b)
{
    const struct row *left = a, *right = b;
    size_t shorter =
        left->code.length < right->code.length ? left->code.length : right->code.length;
    int order = strncasecmp(left->code.data, right->code.data, shorter);
    if (order == 0 && left->code.length != right->code.length)
        return left->code.length < right->code.length ? -1 : 1;
    return order ? order : left->line < right->line ? -1 : 1;
}

static size_t column_of_code(struct arena *arena, struct str heading, char separator)
{
    for (size_t column = 0; heading.data; column++)
        if (str_is(str_lower(arena, import_value(&heading, separator)), "code"))
            return column;
    return 0; /* the server says that there is none */
}

static void read_sheet(struct arena *arena, struct str text, struct sheet *sheet)
{
    size_t lines = 1;
    for (size_t i = 0; i < text.length; i++)
        lines += text.data[i] == '\n';
    *sheet = (struct sheet){.rows = ARENA_ARRAY(arena, struct row, lines)};
    sheet->heading = str_split(text, '\n', &text);
    if (str_ends(sheet->heading, STR("\r")))
        sheet->heading.length--;
    char separator = import_separator(sheet->heading);
    size_t column = column_of_code(arena, sheet->heading, separator);
    for (int64_t line = 2; text.data; line++) {
        struct str row = str_split(text, '\n', &text), rest = row, code = STR("");
        for (size_t i = 0; i <= column && rest.data; i++)
            code = import_value(&rest, separator);
        if (row.length > 0 && !str_is(row, "\r"))
            sheet->rows[sheet->count++] = (struct row){row, code, line};
    }
    qsort(sheet->rows, sheet->count, sizeof(*sheet->rows), compare_rows);
}

/* How many rows one call takes. */
static size_t rows_that_fit(const struct sheet *sheet, size_t first)
{
    size_t count = 0, bytes = sheet->heading.length;
    for (; first + count < sheet->count && count < CODES_PER_IMPORT_MAX; count++) {
        bytes += 1 + sheet->rows[first + count].text.length;
        if (bytes >= BODY_BYTES_MAX)
            break;
    }
    return count;
}

static int send_rows(struct client *client, struct arena *arena, struct str path,
                     const struct sheet *sheet, size_t first, size_t count,
                     struct promotion_code_import *result)
{
    struct text body;
    struct str problem;
    text_init(&body, arena, BODY_BYTES_MAX);
    text_add(&body, sheet->heading);
    for (size_t i = first; i < first + count; i++) {
        text_add_char(&body, '\n');
        text_add(&body, sheet->rows[i].text);
    }
    struct client_call call = {
        .method = "POST", .path = path, .body = text_str(&body), .content_type = "text/csv"};
    if (!call.body.data)
        return cli_error(EX_DATAERR, "codes import", "line 1 is too long");
    int status = client_run(client, arena, &call);
    if (status == 0 &&
        !parse_object(arena, &promotion_code_import_resource.schema, call.answer, result, &problem))
        status = cli_error(EX_PROTOCOL, "codes import", "%.*s", STR_FMT(problem));
    return status;
}

static void tell_too_long(const struct row *row)
{
    fprintf(stderr, "line %lld: it has %zu bytes, and a code at most %d\n", (long long)row->line,
            row->text.length, CODE_CHARACTERS_MAX);
}

static void tell_refusals(const struct sheet *sheet, size_t first,
                          const struct promotion_code_import *result)
{
    const struct import_refusal *refusals = result->refused.items;
    for (size_t i = 0; i < result->refused.count; i++) {
        const struct row *row = &sheet->rows[first + (size_t)refusals[i].line - 2];
        if (refusals[i].code.length > CODE_CHARACTERS_MAX)
            tell_too_long(row);
        else
            fprintf(stderr, "line %lld: %.*s: %.*s\n", (long long)row->line,
                    STR_FMT(refusals[i].code), STR_FMT(refusals[i].message));
    }
}

static int import(struct client *client, struct arena *arena, struct options *options)
{
    struct sheet sheet;
    struct str text, query = text_str(&options->form);
    struct progress progress;
    int64_t imported = 0, refused = 0;
    int status = 0;
    if (!cli_read_file(arena, options->file, &text))
        return cli_error(EX_NOINPUT, "codes import", "cannot read %s", options->file);
    read_sheet(arena, text, &sheet);
    size_t asked = sheet.count > 0 ? sheet.count : 1; /* the server looks at the heading, too */
    struct str path = str_format(arena, BATCHES "/import?%.*s", STR_FMT(query));
    progress_begin(&progress);
    for (size_t first = 0, count; status == 0 && first < asked; first += count ? count : 1) {
        struct arena_mark mark = arena_mark(arena);
        struct promotion_code_import result = {0};
        progress_show(&progress, (int64_t)first, (int64_t)sheet.count);
        count = rows_that_fit(&sheet, first);
        if (count == 0 && sheet.count > 0) { /* fits into no call */
            tell_too_long(&sheet.rows[first]);
            refused++;
            continue;
        }
        status = send_rows(client, arena, path, &sheet, first, count, &result);
        tell_refusals(&sheet, first, &result);
        imported += result.imported;
        refused += (int64_t)result.refused.count;
        arena_rewind(arena, mark);
    }
    progress_end(&progress);
    fprintf(stderr, "%lld codes imported, %lld refused\n", (long long)imported, (long long)refused);
    return status ? status : refused ? EX_DATAERR : 0;
}

static const struct argp_option options_help[] = {
    {.name = "coupon", .key = OPTION_COUPON, .arg = "ID", .doc = "what the codes are for"},
    {.name = "count", .key = OPTION_COUNT, .arg = "N", .doc = "generate: how many"},
    {.name = "pattern",
     .key = OPTION_PATTERN,
     .arg = "TEXT",
     .doc = "generate: what they look like, each # is drawn (########)"},
    {.name = "alphabet",
     .key = OPTION_ALPHABET,
     .arg = "NAME",
     .doc = "generate: alphanumeric, digits, letters or unambiguous (which it is)"},
    {.name = "check", .key = OPTION_CHECK, .doc = "generate: the last # is a check character"},
    {.name = "out", .key = OPTION_OUT, .arg = "FILE", .doc = "generate: write them to a file"},
    {.name = "resume",
     .key = OPTION_RESUME,
     .arg = "ID",
     .doc = "generate: wait for a batch that was begun before"},
    {.name = "expires-at", .key = OPTION_EXPIRES, .arg = "TIME", .doc = "unix time of the end"},
    {.name = "max-redemptions", .key = OPTION_MAX, .arg = "N", .doc = "uses of each code"},
    {.name = "inactive", .key = OPTION_INACTIVE, .doc = "they cannot be redeemed yet"},
    {.name = "data",
     .key = OPTION_DATA,
     .arg = "NAME=VALUE",
     .doc = "any other parameter, as restrictions[minimum_amount]=1000"},
    {.name = "url", .key = OPTION_URL, .arg = "URL", .doc = "the server (" DEFAULT_URL ")"},
    {.name = "api-key", .key = OPTION_KEY, .arg = "KEY", .doc = "API key ($COUPOND_API_KEY)"},
    {0},
};

int codes_command(int argc, char **argv)
{
    static const struct argp argp = {
        options_help,
        parse_option,
        "generate | import FILE.csv",
        "Promotion codes by the million. Generated codes are written as CSV. A file to import has "
        "a line that names its columns: code and, as you like, max_redemptions, expires_at and "
        "active; id, times_redeemed and created, which codes.csv has, are passed over. Lines that "
        "are refused are told, and the exit status is then 65.",
        NULL,
        NULL,
        NULL};
    static char title[] = "coupond codes";
    struct arena arena;
    struct options options = {.url = DEFAULT_URL};
    arena_init(&arena);
    text_init(&options.form, &arena, FORM_BYTES_MAX);
    argv[0] = title;
    argp_parse(&argp, argc, argv, 0, NULL, &options);
    bool imports = strcmp(options.verb, "import") == 0;
    struct client *client =
        client_open(imports ? "codes import" : "codes generate", options.url, options.key);
    int status = EX_NOPERM;
    if (client)
        status = (imports ? import : generate)(client, &arena, &options);
    client_close(client);
    arena_release(&arena);
    return status;
}
