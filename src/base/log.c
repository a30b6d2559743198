/* logfmt writer: key=value, quoted where needed, control characters escaped, cut at the line limit.
 */
#include "base/log.h"

#include "base/date.h"

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

/* A number of so many digits, at the end of the line. */
static void add_digits(struct log_line *line, int64_t number, size_t digits)
{
    char text[8];
    for (size_t i = digits; i-- > 0; number /= 10)
        text[i] = (char)('0' + number % 10);
    add(line, (struct str){text, digits});
}

void log_begin(struct log_line *line, enum log_level level, const char *event)
{
    static const char *const names[] = {"error", "warn", "info", "debug"};
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    const struct date date = date_from_days(now.tv_sec / SECONDS_PER_DAY);
    const int64_t second = now.tv_sec % SECONDS_PER_DAY;
    line->length = 0;
    add(line, STR("time="));
    add_digits(line, date.year, 4);
    add(line, STR("-"));
    add_digits(line, date.month, 2);
    add(line, STR("-"));
    add_digits(line, date.day, 2);
    add(line, STR("T"));
    add_digits(line, second / 3600, 2);
    add(line, STR(":"));
    add_digits(line, second / 60 % 60, 2);
    add(line, STR(":"));
    add_digits(line, second % 60, 2);
    add(line, STR("."));
    add_digits(line, now.tv_nsec / 1000000, 3);
    add(line, STR("Z"));
    log_str(line, "level", str_from(names[level]));
    log_str(line, "event", str_from(event));
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
    char digits[INT64_CHARACTERS_MAX];
    log_str(line, key, str_from_int64(value, digits));
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
