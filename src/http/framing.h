#pragma once
/* Where one request ends and the next begins, read byte by byte from what arrives on a connection.
 * Whatever two servers could read in two ways is refused before the HTTP library sees it, and
 * headers that nobody reads are taken out, so that the library needs no room for them. */
#include "base/str.h"

enum framing_state {
    FRAMING_LINE,     /* of the request */
    FRAMING_LINE_END, /* its LF is due */
    FRAMING_NAME,     /* of a header, or the empty line */
    FRAMING_VALUE,
    FRAMING_VALUE_END,
    FRAMING_HEAD_END,
    FRAMING_BODY,
    FRAMING_CHUNK_SIZE,
    FRAMING_CHUNK_EXTENSION,
    FRAMING_CHUNK_SIZE_END,
    FRAMING_CHUNK,
    FRAMING_CHUNK_CR,
    FRAMING_CHUNK_LF,
};

struct framing_problem {
    int status; /* 0: none */
    const char *message;
};

/* Stands for the first '?' of a target in what is handed on, so that the library takes the query
 * for a part of the path and needs no memory for each parameter. No client can send it. */
#define FRAMING_QUERY_MARK '\x1f'

#define FRAMING_WORD_BYTES 20 /* more than the longest name and value that matter */

struct framing {
    enum framing_state state;
    bool in_trailers;
    size_t line_bytes;  /* of the current line */
    size_t head_bytes;  /* of all headers */
    size_t value_bytes; /* of the values of those that are read */
    size_t headers;
    size_t spaces;                 /* in the request line */
    char word[FRAMING_WORD_BYTES]; /* the current header's name, then its value, in lower case */
    size_t word_bytes;             /* how many it has, which may be more than fit */
    enum {
        HEADER_OTHER,
        HEADER_LENGTH,
        HEADER_ENCODING,
        HEADER_HOST
    } header;
    enum {
        HAND_ON,
        TAKE_OUT_LINE,
        TAKE_OUT_VALUE, /* what comes of it: a part of the line is handed on already */
    } fate;             /* of the current header, once its name is known */
    int lengths, encodings, hosts;
    bool has_query;
    bool old;      /* HTTP/1.0 */
    int64_t left;  /* bytes of the body or chunk that are to come */
    size_t digits; /* of the chunk's size */
};

/* Starts at the beginning of a connection. */
void framing_init(struct framing *framing);

/* Reads on, and takes what nobody reads out of the `*count` bytes; what is left may be nothing.
 * With a problem, `*request` is where in what is left the request that has it begins, or -1 when
 * that was in bytes read before. */
struct framing_problem framing_read(struct framing *framing, char *bytes, size_t *count,
                                    int64_t *request) MUST_CHECK;

/* Whether a header is handed on. */
bool framing_hands_on(const char *name);
