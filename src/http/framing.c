/* Request smuggling needs a header that one server reads one way and the next another way. The HTTP
 * library is more lenient than is safe behind proxies, so this looks at what it received first. */
#include "http/framing.h"

#include "base/limits.h"

#include <microhttpd.h>
#include <string.h>
#include <strings.h>

#define LENGTH_DIGITS_MAX 18

struct seen {
    size_t count;
    size_t bytes;
    int lengths;
    int encodings;
    int hosts;
    bool long_line;
    const char *problem;
};

static bool is_token(const char *name, size_t length)
{
    static const char others[] = "!#$%&'*+-.^_`|~";
    for (size_t i = 0; i < length; i++) {
        char c = name[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              (c != '\0' && strchr(others, c))))
            return false;
    }
    return length > 0;
}

static bool is_length(const char *value, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (value[i] < '0' || value[i] > '9')
            return false;
    return length > 0 && length <= LENGTH_DIGITS_MAX;
}

static bool is_named(const char *name, size_t length, const char *wanted)
{
    return length == strlen(wanted) && strncasecmp(name, wanted, length) == 0;
}

static enum MHD_Result look(void *context, enum MHD_ValueKind kind, const char *name,
                            size_t name_length, const char *value, size_t value_length)
{
    struct seen *seen = context;
    (void)kind;
    seen->count++;
    seen->bytes += name_length + value_length;
    if (!is_token(name, name_length))
        seen->problem = "a header name is no token";
    for (size_t i = 0; i < value_length; i++)
        if (value[i] == '\r' || value[i] == '\n' || value[i] == '\0')
            seen->problem = "a header value has a line break or NUL";
    if (name_length + value_length > HEADER_LINE_BYTES_MAX)
        seen->long_line = true;
    if (is_named(name, name_length, "host")) {
        seen->hosts++;
    } else if (is_named(name, name_length, "content-length")) {
        seen->lengths++;
        if (!is_length(value, value_length))
            seen->problem = "Content-Length is not plain digits";
    } else if (is_named(name, name_length, "transfer-encoding")) {
        seen->encodings++;
        if (!is_named(value, value_length, "chunked"))
            seen->problem = "Transfer-Encoding is not chunked";
    }
    return MHD_YES;
}

static const char *find_ambiguity(const struct seen *seen, bool old)
{
    if (seen->problem)
        return seen->problem;
    if (seen->lengths > 1 || seen->encodings > 1 || seen->hosts > 1)
        return "Content-Length, Transfer-Encoding or Host stands twice";
    if (seen->lengths && seen->encodings)
        return "both Content-Length and Transfer-Encoding are there";
    if (old && seen->encodings)
        return "HTTP/1.0 has no Transfer-Encoding";
    if (!old && seen->hosts == 0)
        return "Host is missing";
    return NULL;
}

struct framing_problem framing_check(struct MHD_Connection *connection, const char *version,
                                     size_t line_bytes)
{
    struct seen seen = {0};
    if (line_bytes > REQUEST_LINE_BYTES_MAX)
        return (struct framing_problem){414, "the request line is too long"};
    MHD_get_connection_values_n(connection, MHD_HEADER_KIND, look, &seen);
    if (seen.long_line || seen.count > HEADER_COUNT_MAX || seen.bytes > HEADER_BYTES_MAX)
        return (struct framing_problem){431, "there are too many or too long headers"};
    const char *ambiguity = find_ambiguity(&seen, strcmp(version, "HTTP/1.0") == 0);
    return (struct framing_problem){ambiguity ? 400 : 0, ambiguity};
}
