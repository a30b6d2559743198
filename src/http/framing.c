/* A scanner for the framing of HTTP/1.1 and nothing else of it:
 *
 *     LINE ─CR─► LINE_END ─LF─► NAME ─':'─► VALUE ─CR─► VALUE_END ─LF─► NAME
 *                                │CR
 *                                ▼
 *                             HEAD_END ─LF─► LINE | BODY | CHUNK_SIZE ─…─► CHUNK ─► … ─► NAME
 * (trailers)
 *
 * Request smuggling needs a byte that one server reads one way and the next another way; the HTTP
 * library is more lenient than is safe behind a proxy. */
#include "http/framing.h"

#include "base/limits.h"

#include <string.h>
#include <strings.h>

#define LENGTH_DIGITS_MAX 18
#define CHUNK_DIGITS_MAX 16
#define CHUNK_LINE_BYTES_MAX 256
#define TRAILERS_MAX 16
#define REQUEST_LINE_SPACES 2

static const struct framing_problem fine = {0, NULL};
static const struct framing_problem too_long = {431, "the headers are too long"};

static struct framing_problem bad(const char *message)
{
    return (struct framing_problem){400, message};
}

void framing_init(struct framing *framing)
{
    *framing = (struct framing){.state = FRAMING_LINE};
}

static bool is_token(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           (c != '\0' && strchr("!#$%&'*+.^_`|~", c));
}

static void add_to_word(struct framing *framing, char c)
{
    if (framing->word_bytes < FRAMING_WORD_BYTES)
        framing->word[framing->word_bytes] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    framing->word_bytes++;
}

static bool word_is(const struct framing *framing, const char *text)
{
    return framing->word_bytes == strlen(text) &&
           memcmp(framing->word, text, framing->word_bytes) == 0;
}

/* ---- the request line ---- */

static struct framing_problem read_line(struct framing *framing, char c)
{
    if (framing->line_bytes == 0 && c == '\r')
        return bad("an empty line stands before the request");
    if (++framing->line_bytes > REQUEST_LINE_BYTES_MAX - strlen("\r\n") && c != '\r')
        return (struct framing_problem){414, "the request line is too long"};
    if (c == '\r') {
        framing->old = word_is(framing, "http/1.0");
        if (framing->spaces != REQUEST_LINE_SPACES ||
            !(framing->old || word_is(framing, "http/1.1")) || framing->word[0] != 'h')
            return bad("the request line is not METHOD TARGET HTTP/1.1");
        framing->state = FRAMING_LINE_END;
        return fine;
    }
    if ((unsigned char)c <= ' ' && c != ' ')
        return bad("the request line has a control character");
    if (c == ' ') {
        if (framing->word_bytes == 0)
            return bad("the request line has an empty part");
        framing->spaces++;
        framing->word_bytes = 0;
        return fine;
    }
    /* The protocol's name is written in capitals; kept apart from other spellings. */
    if (framing->spaces == REQUEST_LINE_SPACES && c >= 'a' && c <= 'z')
        return bad("the request line is not METHOD TARGET HTTP/1.1");
    add_to_word(framing, c);
    return fine;
}

/* ---- headers ---- */

static void begin_header(struct framing *framing)
{
    framing->state = FRAMING_NAME;
    framing->word_bytes = 0;
    framing->line_bytes = 0;
}

/* Those that the service or the library reads. */
#define READ(name, header)             \
    {                                  \
        name, sizeof(name) - 1, header \
    }
static const struct {
    char name[FRAMING_WORD_BYTES];
    size_t bytes;
    int header;
} read_headers[] = {
    READ("authorization", HEADER_OTHER),   READ("connection", HEADER_OTHER),
    READ("content-length", HEADER_LENGTH), READ("content-type", HEADER_OTHER),
    READ("expect", HEADER_OTHER),          READ("host", HEADER_HOST),
    READ("idempotency-key", HEADER_OTHER), READ("origin", HEADER_OTHER),
    READ("sec-fetch-site", HEADER_OTHER),  READ("stripe-account", HEADER_OTHER),
    READ("stripe-version", HEADER_OTHER),  READ("transfer-encoding", HEADER_ENCODING),
};

bool framing_hands_on(const char *name)
{
    size_t i = 0;
    while (i < ARRAY_LENGTH(read_headers) && strcasecmp(read_headers[i].name, name) != 0)
        i++;
    return i < ARRAY_LENGTH(read_headers);
}

static void note_name(struct framing *framing)
{
    framing->header = HEADER_OTHER;
    framing->fate = TAKE_OUT_LINE;
    for (size_t i = 0; i < ARRAY_LENGTH(read_headers); i++) {
        if (read_headers[i].bytes != framing->word_bytes ||
            memcmp(read_headers[i].name, framing->word, framing->word_bytes) != 0)
            continue;
        framing->header = read_headers[i].header;
        framing->fate = framing->in_trailers ? TAKE_OUT_LINE : HAND_ON;
    }
    framing->word_bytes = 0;
}

static struct framing_problem read_name(struct framing *framing, char c)
{
    if (c == '\r' && framing->word_bytes == 0) {
        framing->state = FRAMING_HEAD_END;
        return fine;
    }
    if (c == ':') {
        if (framing->word_bytes == 0)
            return bad("a header has no name");
        if (++framing->headers > (framing->in_trailers ? TRAILERS_MAX : HEADER_COUNT_MAX))
            return (struct framing_problem){431, "there are too many headers"};
        note_name(framing);
        framing->state = FRAMING_VALUE;
        return fine;
    }
    if (!is_token(c)) /* folded lines begin with a space */
        return bad("a header name is no token");
    add_to_word(framing, c);
    return fine;
}

static struct framing_problem note_length(struct framing *framing)
{
    framing->left = 0;
    if (++framing->lengths > 1)
        return bad("Content-Length stands twice");
    if (framing->word_bytes == 0 || framing->word_bytes > LENGTH_DIGITS_MAX)
        return bad("Content-Length is not plain digits");
    for (size_t i = 0; i < framing->word_bytes; i++) {
        if (framing->word[i] < '0' || framing->word[i] > '9')
            return bad("Content-Length is not plain digits");
        framing->left = framing->left * 10 + (framing->word[i] - '0');
    }
    return fine;
}

/* Blanks behind a value that says where the request ends are refused: the library keeps them. */
static struct framing_problem note_value(struct framing *framing)
{
    if (framing->in_trailers)
        return framing->header == HEADER_OTHER ? fine
                                               : bad("a trailer says where the request ends");
    switch (framing->header) {
    case HEADER_OTHER:
        return fine;
    case HEADER_LENGTH:
        return note_length(framing);
    case HEADER_ENCODING:
        if (++framing->encodings > 1)
            return bad("Transfer-Encoding stands twice");
        return word_is(framing, "chunked") ? fine : bad("Transfer-Encoding is not chunked");
    case HEADER_HOST:
        return ++framing->hosts > 1 ? bad("Host stands twice") : fine;
    }
    return fine;
}

static struct framing_problem read_value(struct framing *framing, char c)
{
    if (c == '\r') {
        framing->state = FRAMING_VALUE_END;
        return note_value(framing);
    }
    if (c == '\n' || c == '\0')
        return bad("a header value has a line break or NUL");
    if (framing->fate == HAND_ON && ++framing->value_bytes > HEADER_VALUES_READ_BYTES_MAX)
        return too_long;
    if ((c == ' ' || c == '\t') && framing->word_bytes == 0)
        return fine; /* white space before the value */
    add_to_word(framing, c);
    return fine;
}

static struct framing_problem end_head(struct framing *framing)
{
    if (framing->in_trailers) {
        framing_init(framing);
        return fine;
    }
    if (framing->lengths && framing->encodings)
        return bad("both Content-Length and Transfer-Encoding are there");
    if (framing->old && framing->encodings)
        return bad("HTTP/1.0 has no Transfer-Encoding");
    if (!framing->old && framing->hosts == 0)
        return bad("Host is missing");
    if (framing->encodings) {
        framing->state = FRAMING_CHUNK_SIZE;
        framing->digits = framing->line_bytes = 0;
        framing->left = 0;
    } else if (framing->left > 0) {
        framing->state = FRAMING_BODY;
    } else {
        framing_init(framing);
    }
    return fine;
}

/* ---- chunks ---- */

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

static struct framing_problem read_chunk_size(struct framing *framing, char c)
{
    int digit = hex_digit(c);
    if (digit >= 0) {
        if (++framing->digits > CHUNK_DIGITS_MAX ||
            __builtin_mul_overflow(framing->left, (int64_t)16, &framing->left))
            return bad("a chunk size is too large");
        framing->left += digit;
        return fine;
    }
    if (framing->digits == 0 || (c != '\r' && c != ';'))
        return bad("a chunk size is not hexadecimal");
    framing->state = c == '\r' ? FRAMING_CHUNK_SIZE_END : FRAMING_CHUNK_EXTENSION;
    return fine;
}

static struct framing_problem read_chunk_extension(struct framing *framing, char c)
{
    if (++framing->line_bytes > CHUNK_LINE_BYTES_MAX)
        return bad("a chunk extension is too long");
    if (c == '\n' || c == '\0')
        return bad("a chunk extension has a line break or NUL");
    if (c == '\r')
        framing->state = FRAMING_CHUNK_SIZE_END;
    return fine;
}

static void end_chunk_size(struct framing *framing)
{
    framing->line_bytes = 0;
    if (framing->left > 0) {
        framing->state = FRAMING_CHUNK;
        return;
    }
    framing->in_trailers = true;
    framing->headers = 0;
    begin_header(framing);
}

/* ---- all of it ---- */

static struct framing_problem expect(struct framing *framing, char c, char wanted,
                                     enum framing_state next)
{
    framing->state = next;
    return c == wanted ? fine : bad("a line does not end in CR LF");
}

static struct framing_problem read_byte(struct framing *framing, char c)
{
    switch (framing->state) {
    case FRAMING_LINE:
        return read_line(framing, c);
    case FRAMING_LINE_END:
        begin_header(framing);
        return expect(framing, c, '\n', FRAMING_NAME);
    case FRAMING_NAME:
    case FRAMING_VALUE:
        if (++framing->line_bytes > HEADER_LINE_BYTES_MAX + strlen(": \r") ||
            ++framing->head_bytes > HEADER_BYTES_MAX)
            return too_long;
        return framing->state == FRAMING_NAME ? read_name(framing, c) : read_value(framing, c);
    case FRAMING_VALUE_END:
        begin_header(framing);
        return expect(framing, c, '\n', FRAMING_NAME);
    case FRAMING_HEAD_END:
        return c == '\n' ? end_head(framing) : bad("a line does not end in CR LF");
    case FRAMING_CHUNK_SIZE:
        return read_chunk_size(framing, c);
    case FRAMING_CHUNK_EXTENSION:
        return read_chunk_extension(framing, c);
    case FRAMING_CHUNK_SIZE_END:
        end_chunk_size(framing);
        return c == '\n' ? fine : bad("a line does not end in CR LF");
    case FRAMING_CHUNK_CR:
        return expect(framing, c, '\r', FRAMING_CHUNK_LF);
    case FRAMING_CHUNK_LF:
        framing->digits = 0;
        return expect(framing, c, '\n', FRAMING_CHUNK_SIZE);
    case FRAMING_BODY:
    case FRAMING_CHUNK:
        break; /* skipped as a whole */
    }
    return fine;
}

/* Skips what is there of a body or chunk; returns how many bytes. */
static size_t skip(struct framing *framing, size_t available)
{
    size_t count = framing->left < (int64_t)available ? (size_t)framing->left : available;
    framing->left -= (int64_t)count;
    if (framing->left > 0)
        return count;
    if (framing->state == FRAMING_CHUNK)
        framing->state = FRAMING_CHUNK_CR;
    else
        framing_init(framing);
    return count;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Reads what there is of the target up to a query; returns how many bytes. */
static size_t take_target(struct framing *framing, const char *bytes, size_t count)
{
    size_t limit = REQUEST_LINE_BYTES_MAX - strlen("\r\n"), i = 0;
    if (framing->spaces != 1)
        return 0;
    count = least(count, limit - least(framing->line_bytes, limit));
    while (i < count && (unsigned char)bytes[i] > ' ' && bytes[i] != '?')
        i++;
    framing->line_bytes += i;
    framing->word_bytes += i;
    return i;
}

/* How many of `count` bytes the header's line has room for. */
static size_t header_room(const struct framing *framing, size_t count)
{
    return least(count, HEADER_LINE_BYTES_MAX - least(framing->line_bytes, HEADER_LINE_BYTES_MAX));
}

static size_t take(struct framing *framing, size_t count)
{
    framing->line_bytes += count;
    framing->head_bytes += count;
    return count;
}

/* Reads what there is of a header's name; returns how many bytes. */
static size_t take_name(struct framing *framing, const char *bytes, size_t count)
{
    size_t room = header_room(framing, count), i = 0;
    for (; i < room && is_token(bytes[i]); i++)
        add_to_word(framing, bytes[i]);
    return take(framing, i);
}

/* Skips bytes of a header value that says nothing about framing; returns how many. */
static size_t skip_value(struct framing *framing, const char *bytes, size_t count)
{
    static const char ends[] = {'\r', '\n', '\0'};
    size_t length = header_room(framing, count);
    if (framing->fate == HAND_ON)
        length = least(length, least(HEADER_READ_BYTES_MAX - framing->line_bytes,
                                     HEADER_VALUES_READ_BYTES_MAX - framing->value_bytes));
    for (size_t i = 0; i < sizeof(ends); i++) {
        const char *end = memchr(bytes, ends[i], length);
        length = end ? (size_t)(end - bytes) : length;
    }
    if (framing->fate == HAND_ON)
        framing->value_bytes += length;
    return take(framing, length);
}

/* Reads at least one byte; `*taken` says how many. */
static struct framing_problem read_some(struct framing *framing, const char *bytes, size_t count,
                                        size_t *taken)
{
    *taken = 0;
    if (framing->state == FRAMING_BODY || framing->state == FRAMING_CHUNK)
        *taken = skip(framing, count);
    else if (framing->state == FRAMING_LINE)
        *taken = take_target(framing, bytes, count);
    else if (framing->state == FRAMING_NAME)
        *taken = take_name(framing, bytes, count);
    else if (framing->state == FRAMING_VALUE && framing->header == HEADER_OTHER)
        *taken = skip_value(framing, bytes, count);
    return *taken > 0 ? fine : read_byte(framing, bytes[(*taken)++]);
}

/* Of what was just read, beginning in a certain state: how many bytes, the last ones, are handed
 * on. */
static size_t handed_on(const struct framing *framing, enum framing_state before, size_t taken)
{
    if ((before != FRAMING_VALUE && before != FRAMING_VALUE_END) || framing->fate == HAND_ON)
        return taken;
    if (framing->fate == TAKE_OUT_LINE)
        return 0;
    return framing->state != FRAMING_VALUE ? 1 : 0; /* the line's end */
}

static bool begins_query(const struct framing *framing, enum framing_state before, char c)
{
    return before == FRAMING_LINE && framing->spaces == 1 && c == '?' && !framing->has_query;
}

struct framing_problem framing_read(struct framing *framing, char *bytes, size_t *count,
                                    int64_t *request)
{
    size_t kept = 0, taken;
    int64_t line = -1; /* where in what is kept the current header begins; -1: before it */
    *request = -1;
    for (size_t i = 0; i < *count; i += taken) {
        enum framing_state before = framing->state;
        if (before == FRAMING_LINE && framing->line_bytes == 0)
            *request = (int64_t)kept;
        if (before == FRAMING_NAME && framing->line_bytes == 0)
            line = (int64_t)kept;
        struct framing_problem problem = read_some(framing, bytes + i, *count - i, &taken);
        if (problem.status)
            return problem;
        size_t handed = handed_on(framing, before, taken), from = i + taken - handed;
        if (begins_query(framing, before, bytes[i])) {
            framing->has_query = true;
            bytes[i] = FRAMING_QUERY_MARK;
        }
        if (kept != from)
            memmove(bytes + kept, bytes + from, handed);
        kept += handed;
        if (before == FRAMING_NAME && framing->state == FRAMING_VALUE &&
            framing->fate == TAKE_OUT_LINE) {
            framing->fate = line < 0 ? TAKE_OUT_VALUE : TAKE_OUT_LINE;
            kept = line < 0 ? kept : (size_t)line;
        }
        if (before == FRAMING_VALUE && framing->fate == HAND_ON &&
            framing->line_bytes >= HEADER_READ_BYTES_MAX)
            framing->fate = TAKE_OUT_VALUE;
    }
    *count = kept;
    return fine;
}
