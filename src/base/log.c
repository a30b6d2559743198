/* logfmt writer: key=value, quoted where needed, control characters escaped, cut at the line limit.
 */
#include "base/log.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define CUT_MARK "…"

static void add(struct log_line *line, struct str part)
{
    size_t room = sizeof(line->data) - sizeof(CUT_MARK) - line->length;
    size_t length = part.length < room ? part.length : room;
    if (length == 0)
        return;
    memcpy(line->data + line->length, part.data, length);
    line->length += length;
}

static void add_quoted(struct log_line *line, struct str value)
{
    add(line, STR("\""));
    for (size_t i = 0; i < value.length; i++) {
        unsigned char c = (unsigned char)value.data[i];
        char escape[5];
        if (c == '"' || c == '\\') {
            add(line, STR("\\"));
            add(line, (struct str){value.data + i, 1});
        } else if (c < 0x20 || c == 0x7F) {
            int length = snprintf(escape, sizeof(escape), "\\x%02x", c);
            add(line, (struct str){escape, (size_t)length});
        } else {
            add(line, (struct str){value.data + i, 1});
        }
    }
    add(line, STR("\""));
}

static bool is_plain(struct str value)
{
    if (value.length == 0)
        return false;
    for (size_t i = 0; i < value.length; i++) {
        unsigned char c = (unsigned char)value.data[i];
        if (c <= ' ' || c == '"' || c == '=' || c == '\\' || c == 0x7F)
            return false;
    }
    return true;
}

void log_begin(struct log_line *line, enum log_level level, const char *event)
{
    static const char *const names[] = {"error", "warn", "info", "debug"};
    struct timespec now;
    struct tm parts;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &parts);
    int length = snprintf(line->data, sizeof(line->data),
                          "time=%04d-%02d-%02dT%02d:%02d:%02d.%03ldZ level=%s event=%s",
                          parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour,
                          parts.tm_min, parts.tm_sec, now.tv_nsec / 1000000, names[level], event);
    assert(length > 0 && (size_t)length < sizeof(line->data));
    line->length = (size_t)length;
}

void log_str(struct log_line *line, const char *key, struct str value)
{
    if (!value.data)
        return;
    add(line, STR(" "));
    add(line, str_from(key));
    add(line, STR("="));
    if (is_plain(value))
        add(line, value);
    else
        add_quoted(line, value);
}

void log_int(struct log_line *line, const char *key, int64_t value)
{
    char digits[24];
    int length = snprintf(digits, sizeof(digits), "%lld", (long long)value);
    log_str(line, key, (struct str){digits, (size_t)length});
}

void log_end(struct log_line *line)
{
    if (line->length >= sizeof(line->data) - sizeof(CUT_MARK)) {
        memcpy(line->data + line->length, CUT_MARK, sizeof(CUT_MARK) - 1);
        line->length += sizeof(CUT_MARK) - 1;
    }
    line->data[line->length++] = '\n';
    /* A log that cannot be written must not stop the service. */
    size_t ignored = fwrite(line->data, 1, line->length, stderr);
    (void)ignored;
}

void log_message(enum log_level level, const char *event, const char *format, ...)
{
    struct log_line line;
    char message[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    log_begin(&line, level, event);
    log_str(&line, "message", str_from(message));
    log_end(&line);
}
