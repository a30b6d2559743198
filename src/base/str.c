/* Views of bytes: comparing, copying, reading numbers. Building longer strings is text.c. */
#include "base/str.h"

#include "base/arena.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool str_starts(struct str text, struct str prefix)
{
    return text.length >= prefix.length && memcmp(text.data, prefix.data, prefix.length) == 0;
}

bool str_ends(struct str text, struct str suffix)
{
    return text.length >= suffix.length &&
           memcmp(text.data + text.length - suffix.length, suffix.data, suffix.length) == 0;
}

struct str str_lower(struct arena *arena, struct str text)
{
    if (!text.data)
        return STR_NULL;
    char *copy = arena_alloc(arena, text.length + 1);
    for (size_t i = 0; i < text.length; i++) {
        char c = text.data[i];
        copy[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    return (struct str){copy, text.length};
}

struct str str_copy(struct arena *arena, struct str text)
{
    if (!text.data)
        return STR_NULL;
    char *copy = arena_alloc(arena, text.length + 1);
    memcpy(copy, text.data, text.length);
    return (struct str){copy, text.length};
}

struct str str_format(struct arena *arena, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    assert(length >= 0);
    char *data = arena_alloc(arena, (size_t)length + 1);
    vsnprintf(data, (size_t)length + 1, format, again);
    va_end(again);
    va_end(arguments);
    return (struct str){data, (size_t)length};
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Eight bytes at a time: the text of a list's statement is long and looked up for every one. */
uint64_t str_hash(struct str text)
{
    uint64_t hash = text.length;
    for (size_t i = 0; i < text.length; i += sizeof(uint64_t)) {
        uint64_t piece = 0;
        size_t left = text.length - i;
        memcpy(&piece, text.data + i, left < sizeof(piece) ? left : sizeof(piece));
        hash = (hash ^ piece) * UINT64_C(0x9E3779B97F4A7C15);
        hash ^= hash >> 32;
    }
    return hash;
}

struct str str_trim(struct str text)
{
    while (text.length && is_blank(text.data[0]))
        text = (struct str){text.data + 1, text.length - 1};
    while (text.length && is_blank(text.data[text.length - 1]))
        text.length--;
    return text;
}

struct str str_split(struct str text, char separator, struct str *rest)
{
    const char *found = text.length ? memchr(text.data, separator, text.length) : NULL;
    if (!found) {
        *rest = STR_NULL;
        return text;
    }
    size_t before = (size_t)(found - text.data);
    *rest = (struct str){found + 1, text.length - before - 1};
    return (struct str){text.data, before};
}

struct str str_from_int64(int64_t value, char buffer[INT64_CHARACTERS_MAX])
{
    size_t i = INT64_CHARACTERS_MAX;
    uint64_t magnitude = value < 0 ? -(uint64_t)value : (uint64_t)value;
    do {
        buffer[--i] = (char)('0' + magnitude % 10);
        magnitude /= 10;
    } while (magnitude);
    if (value < 0)
        buffer[--i] = '-';
    return (struct str){buffer + i, INT64_CHARACTERS_MAX - i};
}

bool str_to_int64(struct str text, int64_t *value)
{
    bool negative = text.length > 0 && text.data[0] == '-';
    size_t i = negative ? 1 : 0;
    if (i == text.length)
        return false;
    int64_t result = 0;
    for (; i < text.length; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
        int digit = text.data[i] - '0';
        if (__builtin_mul_overflow(result, (int64_t)10, &result) ||
            __builtin_add_overflow(result, negative ? -digit : digit, &result))
            return false;
    }
    *value = result;
    return true;
}

size_t str_characters(struct str text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.length; i++)
        count += ((unsigned char)text.data[i] & 0xC0) != 0x80;
    return count;
}

/* Length of the valid UTF-8 sequence at the start of the bytes; 0 when there is none. Overlong
 * forms, surrogates and code points above U+10FFFF are not valid (RFC 3629, section 4), and neither
 * are noncharacters here. */
static size_t sequence_length(const unsigned char *bytes, size_t available)
{
    unsigned char lead = bytes[0];
    if (lead < 0x80)
        return 1;
    size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4 || length > available)
        return 0;
    for (size_t i = 1; i < length; i++)
        if ((bytes[i] & 0xC0) != 0x80)
            return 0;
    /* U+FDD0 to U+FDEF and the last two of each plane are no characters. */
    if ((lead == 0xEF && bytes[1] == 0xB7 && bytes[2] >= 0x90 && bytes[2] <= 0xAF) ||
        (length >= 3 && (bytes[length - 3] & 0x0F) == 0x0F && bytes[length - 2] == 0xBF &&
         bytes[length - 1] >= 0xBE))
        return 0;
    unsigned char second = bytes[1];
    if ((lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F) ||
        (lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second > 0x8F))
        return 0;
    return length;
}

static bool is_control(unsigned char byte)
{
    return (byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r') || byte == 0x7F;
}

bool str_is_text(struct str text)
{
    const unsigned char *bytes = (const unsigned char *)text.data;
    for (size_t i = 0; i < text.length;) {
        size_t length = is_control(bytes[i]) ? 0 : sequence_length(bytes + i, text.length - i);
        if (length == 0)
            return false;
        i += length;
    }
    return true;
}

struct str str_make_text(struct arena *arena, struct str text)
{
    static const char replacement[] = "\xEF\xBF\xBD";
    if (str_is_text(text))
        return text;
    const unsigned char *bytes = (const unsigned char *)text.data;
    char *made = arena_alloc(arena, text.length * strlen(replacement) + 1);
    size_t length = 0;
    for (size_t i = 0; i < text.length;) {
        size_t valid = is_control(bytes[i]) ? 0 : sequence_length(bytes + i, text.length - i);
        if (valid)
            memcpy(made + length, bytes + i, valid);
        else
            memcpy(made + length, replacement, strlen(replacement));
        length += valid ? valid : strlen(replacement);
        i += valid ? valid : 1;
    }
    return (struct str){made, length};
}
