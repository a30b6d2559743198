/* Patterns of codes. The check character is that of ISO 7064's pure systems with radix 2, over the
 * smallest prime modulus that the alphabet fits into: a prime, so that every wrong character and
 * every swap of neighbours changes the remainder. Where the modulus is larger than the alphabet a
 * remainder may have no character; such a code is drawn again. */
#include "redemption/code_pattern.h"

#include "base/limits.h"
#include "base/random.h"

#include <assert.h>
#include <string.h>

#define RADIX 2
#define MANTISSA_BITS 56
#define CODES_PER_PREFIX_MIN 64

const char *const code_alphabet_names[] = {"alphanumeric", "digits", "letters", "unambiguous",
                                           NULL};

struct alphabet {
    const char *characters;
    unsigned count;
    unsigned modulus;
};

static const struct alphabet *alphabet_of(const struct code_pattern *pattern)
{
    static const struct alphabet alphabets[] = {
        [ALPHABET_ALPHANUMERIC] = {"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", 36, 37},
        [ALPHABET_DIGITS] = {"0123456789", 10, 11},
        [ALPHABET_LETTERS] = {"ABCDEFGHIJKLMNOPQRSTUVWXYZ", 26, 29},
        [ALPHABET_UNAMBIGUOUS] = {"23456789ABCDEFGHJKMNPQRSTUVWXYZ", 31, 31},
    };
    return &alphabets[pattern->alphabet];
}

static bool is_letter_or_digit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool code_pattern_is_valid(struct str text)
{
    for (size_t i = 0; i < text.length; i++) {
        char c = text.data[i];
        if (c != '#' && c != '-' && c != '_' && !is_letter_or_digit(c))
            return false;
    }
    return text.length > 0;
}

static size_t places(struct str text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.length; i++)
        count += text.data[i] == '#';
    return count;
}

/* ---- how many ---- */

/* A large number, rounded down: mantissa * 2 ^ exponent. */
struct size {
    uint64_t mantissa;
    int exponent;
};

static void multiply(struct size *size, unsigned factor)
{
    size->mantissa *= factor;
    for (; size->mantissa >> MANTISSA_BITS; size->mantissa >>= 1)
        size->exponent++;
}

/* Whatever the other characters are, all values of the one before the check character lead to
 * different remainders, so that at most `modulus - count` of them are without one. */
static struct size size_of(const struct code_pattern *pattern, size_t drawn)
{
    const struct alphabet *alphabet = alphabet_of(pattern);
    struct size size = {1, 0};
    size_t unchecked = pattern->check_character ? 2 : 0;
    if (drawn < unchecked)
        return (struct size){0, 0};
    for (size_t i = unchecked; i < drawn; i++)
        multiply(&size, alphabet->count);
    if (unchecked)
        multiply(&size, 2 * alphabet->count - alphabet->modulus);
    return size;
}

static int64_t capacity_of(struct size size)
{
    return size.exponent ? INT64_MAX : (int64_t)size.mantissa;
}

int64_t code_pattern_capacity(const struct code_pattern *pattern)
{
    return capacity_of(size_of(pattern, places(pattern->text)));
}

int64_t code_pattern_guess_bits(const struct code_pattern *pattern, int64_t count)
{
    struct size size = size_of(pattern, places(pattern->text));
    uint64_t each = size.mantissa / (uint64_t)count;
    return each == 0 ? -1 : 63 - __builtin_clzll(each) + size.exponent;
}

size_t code_pattern_places_for(const struct code_pattern *pattern, int64_t count)
{
    size_t drawn = pattern->check_character ? 2 : 1;
    while (capacity_of(size_of(pattern, drawn)) < count)
        drawn++;
    return drawn;
}

/* ---- characters ---- */

/* The value of the check character after `count` values; one without a character is possible. */
static unsigned check_value(const struct alphabet *alphabet, const unsigned char *values,
                            size_t count)
{
    unsigned sum = 0;
    for (size_t i = 0; i < count; i++)
        sum = (sum + values[i]) * RADIX % alphabet->modulus;
    return (alphabet->modulus + 1 - sum) % alphabet->modulus;
}

/* Sets the first values to what is due at the place; returns how many these are. */
static size_t spread(const struct code_pattern *pattern, size_t drawn, int64_t place, int64_t count,
                     unsigned char *values)
{
    const struct alphabet *alphabet = alphabet_of(pattern);
    int64_t prefixes = 1;
    size_t length = 0;
    for (; length + 2 < drawn && prefixes * alphabet->count * CODES_PER_PREFIX_MIN <= count;
         length++)
        prefixes *= alphabet->count;
    if (length == 0)
        return 0;
    int64_t prefix = place * prefixes / count;
    for (size_t i = length; i > 0; i--, prefix /= alphabet->count)
        values[i - 1] = (unsigned char)(prefix % alphabet->count);
    return length;
}

void code_pattern_draw(const struct code_pattern *pattern, struct random *random, int64_t place,
                       int64_t count, char *target)
{
    const struct alphabet *alphabet = alphabet_of(pattern);
    unsigned char values[PATTERN_CHARACTERS_MAX];
    size_t drawn = places(pattern->text), next = 0;
    size_t fixed = spread(pattern, drawn, place, count, values);
    unsigned check = 0;
    assert(pattern->text.length <= PATTERN_CHARACTERS_MAX);
    do {
        for (size_t i = fixed; i < drawn; i++)
            values[i] = (unsigned char)random_below(random, alphabet->count);
        if (pattern->check_character)
            check = check_value(alphabet, values, drawn - 1);
    } while (check >= alphabet->count);
    if (pattern->check_character)
        values[drawn - 1] = (unsigned char)check;
    for (size_t i = 0; i < pattern->text.length; i++) {
        char c = pattern->text.data[i];
        target[i] = c == '#' ? alphabet->characters[values[next++]] : c;
    }
}

static char upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

enum code_fit code_pattern_fit(const struct code_pattern *pattern, struct str code)
{
    const struct alphabet *alphabet = alphabet_of(pattern);
    unsigned char values[PATTERN_CHARACTERS_MAX];
    size_t count = 0;
    if (code.length != pattern->text.length)
        return CODE_OTHER;
    for (size_t i = 0; i < code.length; i++) {
        char expected = upper(pattern->text.data[i]), c = upper(code.data[i]);
        const char *found = c ? strchr(alphabet->characters, c) : NULL;
        if (expected == '#' && found)
            values[count++] = (unsigned char)(found - alphabet->characters);
        else if (expected == '#' || expected != c)
            return CODE_OTHER;
    }
    bool right =
        !pattern->check_character || values[count - 1] == check_value(alphabet, values, count - 1);
    return right ? CODE_RIGHT : CODE_WRONG;
}
