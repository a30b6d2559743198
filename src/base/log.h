#pragma once
/* logfmt lines on standard error. Values are escaped; parameters, codes and keys never go in. */
#include "base/str.h"

enum log_level {
    LOG_ERROR,
    LOG_WARN,
    LOG_INFO,
    LOG_DEBUG
};

#define LOG_LINE_BYTES_MAX 4096

struct log_line {
    char data[LOG_LINE_BYTES_MAX];
    size_t length;
};

/* Starts a line: time=… level=… event=…. */
void log_begin(struct log_line *line, enum log_level level, const char *event);
void log_str(struct log_line *line, const char *key, struct str value);
void log_int(struct log_line *line, const char *key, int64_t value);
/* Writes the line, whole, to standard error. While serving, that is buffered for a moment. */
void log_end(struct log_line *line);

/* A whole line with one text. */
void log_message(enum log_level level, const char *event, const char *format, ...)
    PRINTF_LIKE(3, 4);
