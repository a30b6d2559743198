/* coupond import: objects as lines of JSON, from a file or straight from another server. */
#include "base/arena.h"
#include "base/text.h"
#include "cli/admin.h"
#include "cli/cli.h"
#include "cli/client.h"
#include "cli/progress.h"
#include "schema/parse.h"

#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#define CHUNK_BYTES (128 * 1024) /* others wait while it is stored */
#define LINE_BYTES_MAX (1024 * 1024)
#define AGAIN_BYTES_MAX (256 * 1024 * 1024)
#define PATH_BYTES_MAX (64 * 1024)

struct options {
    const char *data;
    const char *account;
    const char *mode;
    const char *file;
    const char *from;
    const char *key;
};

enum {
    OPTION_ACCOUNT = 1,
    OPTION_MODE,
    OPTION_FROM,
    OPTION_KEY
};

/* Lines on their way into the database. */
struct importer {
    const struct options *options;
    struct arena arena; /* of a chunk */
    struct arena kept;
    struct text again; /* lines that were refused, each behind its number */
    struct text chunk;
    int64_t lines; /* in the chunk */
    int64_t first; /* number of its first */
    int64_t imported;
    int64_t refused;
    struct progress progress;
    int status; /* of what ends the import */
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
        if (strcmp(argument, "test") != 0 && strcmp(argument, "live") != 0)
            argp_error(state, "--mode is test or live");
        options->mode = argument;
        return 0;
    case OPTION_FROM:
        options->from = argument;
        return 0;
    case OPTION_KEY:
        options->key = argument;
        return 0;
    case ARGP_KEY_ARG:
        if (options->file)
            argp_error(state, "unexpected argument \"%s\"", argument);
        options->file = argument;
        return 0;
    case ARGP_KEY_END:
        if (options->file && options->from)
            argp_error(state, "either a file or a server with --from, not both");
        if (!options->file && !options->from)
            argp_error(state, "import what? Name a file, or a server with --from");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* ---- chunks ---- */

static void begin_chunk(struct importer *importer)
{
    importer->first += importer->lines;
    importer->lines = 0;
    arena_reset(&importer->arena);
    text_init(&importer->chunk, &importer->arena, CHUNK_BYTES + LINE_BYTES_MAX);
}

static bool store(struct importer *importer, struct str lines, int64_t first,
                  struct admin_result *result)
{
    const struct options *options = importer->options;
    struct arena *arena = &importer->arena;
    struct text word; /* printf would end at a NUL */
    int64_t count;
    text_init(&word, arena, sizeof("lines=") + CHUNK_BYTES + LINE_BYTES_MAX);
    text_add_literal(&word, "lines=");
    text_add(&word, lines);
    struct admin_request request = {
        .words = {STR("import"), STR("lines"), str_format(arena, "mode=%s", options->mode),
                  str_format(arena, "first=%lld", (long long)first), text_str(&word)},
        .count = 5,
    };
    if (options->account)
        request.words[request.count++] = str_format(arena, "account=%s", options->account);
    importer->status = admin_ask(arena, "import", options->data, &request, result);
    if (importer->status == 0 && result->status && result->status != EX_DATAERR)
        importer->status = cli_error(result->status, "import", "%.*s", STR_FMT(result->error));
    if (importer->status == 0 && str_to_int64(result->output, &count))
        importer->imported += count;
    return importer->status == 0;
}

/* Where one line of a chunk is wrong the others are stored one by one. Those that are refused have
 * a second chance at the end: they may refer to what comes later. */
static bool store_singly(struct importer *importer, struct str lines)
{
    struct admin_result result;
    for (int64_t i = 0; i < importer->lines; i++) {
        struct arena_mark mark = arena_mark(&importer->arena);
        struct str line = str_split(lines, '\n', &lines);
        if (!store(importer, line, importer->first + i, &result))
            return false;
        if (result.status) {
            text_addf(&importer->again, "%lld ", (long long)(importer->first + i));
            text_add(&importer->again, line);
            text_add_char(&importer->again, '\n');
        }
        arena_rewind(&importer->arena, mark);
    }
    return true;
}

static void store_again(struct importer *importer)
{
    struct admin_result result;
    struct str lines = text_str(&importer->again);
    while (lines.length) {
        int64_t number;
        struct str line, text = str_split(lines, '\n', &lines);
        arena_reset(&importer->arena);
        if (!str_to_int64(str_split(text, ' ', &line), &number) ||
            !store(importer, line, number, &result))
            return;
        if (result.status) {
            fprintf(stderr, "%.*s\n", STR_FMT(result.error));
            importer->refused++;
        }
    }
}

static bool end_chunk(struct importer *importer)
{
    struct admin_result result;
    struct str lines = text_str(&importer->chunk);
    if (importer->lines == 0)
        return true;
    if (!store(importer, lines, importer->first, &result))
        return false;
    if (result.status && !store_singly(importer, lines))
        return false;
    begin_chunk(importer);
    progress_show(&importer->progress, importer->imported, 0);
    return true;
}

static bool add_line(struct importer *importer, struct str line)
{
    if (line.length > LINE_BYTES_MAX) {
        importer->status = cli_error(EX_DATAERR, "import", "line %lld is too long",
                                     (long long)(importer->first + importer->lines));
        return false;
    }
    text_add(&importer->chunk, line);
    text_add_char(&importer->chunk, '\n');
    importer->lines++;
    return importer->chunk.length < CHUNK_BYTES || end_chunk(importer);
}

/* ---- from a file ---- */

static void read_file(struct importer *importer, const char *path)
{
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
    char *line = NULL;
    size_t capacity = 0;
    ssize_t length;
    bool going = true;
    if (!file) {
        importer->status =
            cli_error(EX_NOINPUT, "import", "cannot read %s: %s", path, strerror(errno));
        return;
    }
    while (going && (length = getline(&line, &capacity, file)) >= 0) {
        if (length && line[length - 1] == '\n')
            length--;
        going = add_line(importer, (struct str){line, (size_t)length});
    }
    if (ferror(file))
        importer->status =
            cli_error(EX_NOINPUT, "import", "cannot read %s: %s", path, strerror(errno));
    free(line);
    if (file != stdin)
        fclose(file);
}

/* ---- from another server ---- */

/* What others refer to comes first. */
static const char *const collections[] = {
    "/v1/products?limit=100",
    "/v1/prices?limit=100&expand[]=data.currency_options",
    "/v1/coupons?limit=100&expand[]=data.applies_to&expand[]=data.currency_options",
    "/v1/customers?limit=100",
    "/v1/promotion_codes?limit=100&expand[]=data.restrictions.currency_options",
};

/* Lists are newest first, but uses enter the ledger in the order in which they were made: lines
 * wait in a file, each with its length behind it, and are read from its end. */
static bool spool_line(struct importer *importer, FILE *spool, struct str line)
{
    if (fwrite(line.data, 1, line.length, spool) == line.length &&
        fwrite(&line.length, sizeof(line.length), 1, spool) == 1)
        return true;
    importer->status = cli_error(EX_IOERR, "import", "a temporary file cannot be written");
    return false;
}

static bool read_spool(struct importer *importer, FILE *spool)
{
    char *line = malloc(LINE_BYTES_MAX);
    long end = ftell(spool);
    bool going = true;
    if (!line)
        abort();
    while (going && end > 0) {
        size_t length;
        end -= (long)sizeof(length);
        bool read = fseek(spool, end, SEEK_SET) == 0 &&
                    fread(&length, sizeof(length), 1, spool) == 1 && length <= LINE_BYTES_MAX;
        end -= read ? (long)length : 0;
        read = read && fseek(spool, end, SEEK_SET) == 0 && fread(line, 1, length, spool) == length;
        if (!read)
            importer->status = cli_error(EX_IOERR, "import", "a temporary file cannot be read");
        going = read && add_line(importer, (struct str){line, length});
    }
    free(line);
    return going;
}

/* Adds the objects of a page, or spools them; *last becomes the id to go on after, null at the end.
 */
static bool add_page(struct importer *importer, struct arena *arena, struct str page, FILE *spool,
                     struct str *last)
{
    struct strings items;
    if (!parse_items(arena, page, "data", &items)) {
        importer->status = cli_error(EX_PROTOCOL, "import", "the answer is no list");
        return false;
    }
    *last = STR_NULL;
    for (size_t i = 0; i < items.count; i++)
        if (!(spool ? spool_line(importer, spool, items.items[i])
                    : add_line(importer, items.items[i])))
            return false;
    if (items.count && parse_is_true(page, "has_more"))
        *last = parse_string_member(arena, items.items[items.count - 1], "id");
    return true;
}

/* `spool`: not NULL where the server may not have the collection at all. */
static bool read_collection(struct importer *importer, struct client *client,
                            const char *collection, FILE *spool)
{
    struct arena arena, kept;
    struct text path;
    struct str last = STR_NULL;
    bool going, known;
    arena_init(&arena);
    arena_init(&kept);
    text_init(&path, &kept, PATH_BYTES_MAX);
    do {
        path.length = 0;
        text_add(&path, str_from(collection));
        if (last.data)
            client_add(&path, "starting_after", last);
        arena_reset(&arena);
        struct client_call call = {
            .method = "GET", .path = text_str(&path), .optional = spool != NULL};
        importer->status = client_run(client, &arena, &call);
        known = call.answer.data != NULL;
        going =
            importer->status == 0 && known && add_page(importer, &arena, call.answer, spool, &last);
    } while (going && last.data);
    arena_release(&arena);
    arena_release(&kept);
    if (importer->status == 0 && !known)
        fprintf(stderr, "the server has no redemptions; how often codes were redeemed is kept\n");
    return importer->status == 0;
}

static bool read_redemptions(struct importer *importer, struct client *client)
{
    FILE *spool = tmpfile();
    if (!spool) {
        importer->status = cli_error(EX_CANTCREAT, "import", "there can be no temporary file");
        return false;
    }
    bool going = read_collection(importer, client, "/v1/redemptions?limit=100", spool) &&
                 read_spool(importer, spool);
    fclose(spool);
    return going;
}

static void read_server(struct importer *importer, const struct options *options)
{
    struct client *client = client_open("import", options->from, options->key);
    bool going = client != NULL;
    if (!going)
        importer->status = EX_NOPERM;
    for (size_t i = 0; going && i < ARRAY_LENGTH(collections); i++)
        going = read_collection(importer, client, collections[i], NULL);
    if (going)
        read_redemptions(importer, client);
    client_close(client);
}

static int run(const struct options *options)
{
    struct importer importer = {.options = options, .first = 1};
    arena_init(&importer.arena);
    arena_init(&importer.kept);
    text_init(&importer.again, &importer.kept, AGAIN_BYTES_MAX);
    begin_chunk(&importer);
    progress_begin(&importer.progress);
    if (options->file)
        read_file(&importer, options->file);
    else
        read_server(&importer, options);
    bool stored = importer.status == 0 && end_chunk(&importer);
    progress_end(&importer.progress);
    if (stored && importer.again.failed)
        importer.status = cli_error(EX_DATAERR, "import", "too many lines were refused");
    else if (stored)
        store_again(&importer);
    fprintf(stderr, "%lld objects imported, %lld refused\n", (long long)importer.imported,
            (long long)importer.refused);
    arena_release(&importer.arena);
    arena_release(&importer.kept);
    return importer.status ? importer.status : importer.refused ? EX_DATAERR : 0;
}

int import_command(int argc, char **argv)
{
    static const struct argp_option help[] = {
        {.name = "data", .key = 'd', .arg = "DIR", .doc = "data directory (" DEFAULT_DATA ")"},
        {.name = "account",
         .key = OPTION_ACCOUNT,
         .arg = "ID",
         .doc = "whose they become (the oldest, made when there is none)"},
        {.name = "mode", .key = OPTION_MODE, .arg = "test|live", .doc = "as which objects (test)"},
        {.name = "from",
         .key = OPTION_FROM,
         .arg = "URL",
         .doc = "products, prices, coupons, customers and promotion codes of a server with "
                "Stripe's API, and redemptions if it has them"},
        {.name = "api-key",
         .key = OPTION_KEY,
         .arg = "KEY",
         .doc = "API key for that server ($COUPOND_API_KEY)"},
        {0},
    };
    static const struct argp argp = {help,
                                     parse_option,
                                     "FILE.jsonl",
                                     "Stores objects as `export` and the API show them. One whose "
                                     "id exists is replaced. Lines that are refused are told, and "
                                     "the exit status is then 65. `-` is standard input.",
                                     NULL,
                                     NULL,
                                     NULL};
    static char title[] = "coupond import";
    struct options options = {.data = DEFAULT_DATA, .mode = "test"};
    argv[0] = title;
    argp_parse(&argp, argc, argv, 0, NULL, &options);
    return run(&options);
}
