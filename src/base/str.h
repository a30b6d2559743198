#pragma once
/* Views of bytes. A struct str does not own what it points at; data == NULL is the API's null.
 * Strings made in an arena have a NUL behind them for the sake of C interfaces, views into input do
 * not. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct arena;

struct str {
    const char *data;
    size_t length;
};

#define STR(literal) ((struct str){"" literal, sizeof(literal) - 1})
#define STR_NULL ((struct str){NULL, 0})
#define STR_FMT(s) (int)(s).length, (s).data ? (s).data : ""

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(text, first) __attribute__((format(printf, text, first)))
#define ARRAY_LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* View of a C string; NULL becomes the null string. */
static inline struct str str_from(const char *text)
{
    return (struct str){text, text ? strlen(text) : 0};
}

static inline bool str_equal(struct str a, struct str b)
{
    if (!a.data || !b.data)
        return a.data == b.data;
    return a.length == b.length && memcmp(a.data, b.data, a.length) == 0;
}

static inline bool str_is(struct str a, const char *text)
{
    return str_equal(a, str_from(text));
}

bool str_starts(struct str text, struct str prefix);
bool str_ends(struct str text, struct str suffix);

/* ASCII A-Z to a-z and nothing else, whatever the locale: the folding of codes and currencies. */
struct str str_lower(struct arena *arena, struct str text);

/* For tables in memory. Whoever chooses the texts can make them collide. */
uint64_t str_hash(struct str text);

/* Without the spaces, tabs and line ends around it. */
struct str str_trim(struct str text);

/* A NUL-terminated copy that lives as long as the arena. */
struct str str_copy(struct arena *arena, struct str text);

/* printf into the arena. */
struct str str_format(struct arena *arena, const char *format, ...) PRINTF_LIKE(2, 3);

/* Splits at the first separator: the part before it is returned, *rest is what follows it (null
 * when there was none). */
struct str str_split(struct str text, char separator, struct str *rest);

/* A decimal number of 64 bits: optional minus, digits, nothing else. False when it is not one. */
bool str_to_int64(struct str text, int64_t *value) MUST_CHECK;

#define INT64_CHARACTERS_MAX 20

/* The same the other way, in the buffer's end. */
struct str str_from_int64(int64_t value, char buffer[INT64_CHARACTERS_MAX]);

/* Number of characters of valid UTF-8. */
size_t str_characters(struct str text);

/* The text with U+FFFD for every byte that is not part of valid text. */
struct str str_make_text(struct arena *arena, struct str text);

/* Whether the bytes are valid UTF-8 of characters, without NUL and without C0 controls other than
 * tab, line feed and carriage return. */
bool str_is_text(struct str text);
