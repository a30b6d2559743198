#pragma once
/* A string under construction. A builder that outgrew its limit remembers that (`failed`), ignores
 * further additions and is checked once, at the end. */
#include "base/str.h"

struct text {
    struct arena *arena;
    char *data;
    size_t length;
    size_t capacity;
    size_t limit;
    bool failed;
};

/* `limit`: the most bytes it may hold. */
void text_init(struct text *text, struct arena *arena, size_t limit);

/* text_reserve() where there is no room yet. */
char *text_grow(struct text *text, size_t bytes);

/* Makes room for `bytes` more and returns where to write them; NULL when that exceeds the limit.
 * The caller adds what it wrote to `length`. */
static inline char *text_reserve(struct text *text, size_t bytes)
{
    bool has_room = text->capacity - text->length > bytes; /* and for a NUL */
    return has_room ? text->data + text->length : text_grow(text, bytes);
}

static inline void text_add(struct text *text, struct str part)
{
    char *room = text_reserve(text, part.length);
    if (!room || part.length == 0)
        return;
    memcpy(room, part.data, part.length);
    text->length += part.length;
}

static inline void text_add_char(struct text *text, char c)
{
    char *room = text_reserve(text, 1);
    if (!room)
        return;
    *room = c;
    text->length++;
}

void text_add_int64(struct text *text, int64_t value);
void text_addf(struct text *text, const char *format, ...) PRINTF_LIKE(2, 3);

#define text_add_literal(text, literal) text_add((text), STR(literal))

/* What was built, with a NUL behind it; null when the builder failed. */
struct str text_str(struct text *text);
