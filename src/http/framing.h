#pragma once
/* Where one request ends and the next begins, read byte by byte from what arrives on a connection.
 * Whatever two servers could read in two ways is refused before the HTTP library sees it. */
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

#define FRAMING_WORD_BYTES 20 /* more than the longest name and value that matter */

struct framing {
    enum framing_state state;
    bool in_trailers;
    size_t line_bytes; /* of the current line */
    size_t head_bytes; /* of all headers */
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
    int lengths, encodings, hosts;
    bool old;                    /* HTTP/1.0 */
    int64_t left;                /* bytes of the body or chunk that are to come */
    size_t digits;               /* of the chunk's size */
    bool refused;                /* was answered; what follows is not looked at */
    struct framing_problem held; /* to be reported when what stands before it was answered */
};

/* Starts at the beginning of a connection. */
void framing_init(struct framing *framing);

/* Reads on. With a problem, `*request` is where the request that has it begins, or -1 when that was
 * in bytes read before. */
struct framing_problem framing_read(struct framing *framing, const char *bytes, size_t count,
                                    int64_t *request) MUST_CHECK;
