/* String builder over an arena: grows by doubling. */
#include "base/text.h"

#include "base/arena.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define TEXT_FIRST_BYTES 1024

void text_init(struct text *text, struct arena *arena, size_t limit)
{
    *text = (struct text){.arena = arena, .limit = limit};
}

char *text_grow(struct text *text, size_t bytes)
{
    if (text->failed || bytes > text->limit - text->length) {
        text->failed = true;
        text->capacity = text->length; /* so that nothing more finds room */
        return NULL;
    }
    size_t needed = text->length + bytes + 1;
    size_t capacity = text->capacity ? text->capacity : TEXT_FIRST_BYTES;
    while (capacity < needed)
        capacity *= 2;
    if (capacity > text->limit + 1)
        capacity = text->limit + 1;
    char *data = arena_alloc(text->arena, capacity);
    if (text->length)
        memcpy(data, text->data, text->length);
    text->data = data;
    text->capacity = capacity;
    return text->data + text->length;
}

void text_add_int64(struct text *text, int64_t value)
{
    char digits[INT64_CHARACTERS_MAX];
    text_add(text, str_from_int64(value, digits));
}

void text_addf(struct text *text, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    assert(length >= 0);
    char *room = text_reserve(text, (size_t)length);
    if (room) {
        vsnprintf(room, (size_t)length + 1, format, again);
        text->length += (size_t)length;
    }
    va_end(again);
    va_end(arguments);
}

struct str text_str(struct text *text)
{
    if (text->failed)
        return STR_NULL;
    if (!text->data)
        return STR("");
    text->data[text->length] = '\0';
    return (struct str){text->data, text->length};
}
