/* Decimal parser against one that does school arithmetic on strings of digits, without limits. */
#include "lib/fuzz.h"

#include "base/arena.h"
#include "base/decimal.h"
#include "base/text.h"

#include <string.h>

/* The digits of the hundredths, without leading zeros, and what is wrong with the text. */
struct slow {
    bool valid;
    bool precise;
    bool negative;
    char *digits;
};

static bool only_digits(const char *text)
{
    return *text && text[strspn(text, "0123456789")] == '\0';
}

static struct slow read_slowly(const char *text, size_t size, char *copy)
{
    struct slow slow = {0};
    memcpy(copy, text, size);
    copy[size] = '\0';
    if (strlen(copy) != size)
        return slow;
    slow.negative = copy[0] == '-';
    char *whole = copy + slow.negative;
    char *point = strchr(whole, '.'), *places = point ? point + 1 : NULL;
    if (point)
        *point = '\0';
    slow.valid = only_digits(whole) && (!places || only_digits(places));
    if (!slow.valid)
        return slow;
    size_t place_count = places ? strlen(places) : 0;
    slow.precise = true;
    for (size_t i = 2; i < place_count; i++)
        slow.precise &= places[i] == '0';
    char first = place_count > 0 ? places[0] : '0', second = place_count > 1 ? places[1] : '0';
    size_t length = strlen(whole);
    memmove(copy, whole, length); /* there is room: a sign, a point or the spare bytes */
    copy[length] = first;
    copy[length + 1] = second;
    copy[length + 2] = '\0';
    slow.digits = copy + strspn(copy, "0");
    return slow;
}

static void check_round_trip(int64_t hundredths)
{
    static struct arena arena;
    struct text text;
    int64_t again;
    if (!arena.first)
        arena_init(&arena);
    arena_reset(&arena);
    text_init(&text, &arena, 64);
    decimal_write(&text, hundredths);
    HOLDS(decimal_parse(text_str(&text), &again) == DECIMAL_OK);
    HOLDS(again == hundredths);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char largest[] = "9223372036854775807";
    int64_t hundredths = 42;
    enum decimal_result result = decimal_parse((struct str){(const char *)data, size}, &hundredths);
    char *copy = malloc(size + 3);
    HOLDS(copy);
    struct slow slow = read_slowly((const char *)data, size, copy);
    HOLDS((result == DECIMAL_INVALID) == !slow.valid);
    if (slow.valid) {
        size_t length = strlen(slow.digits), most = sizeof(largest) - 1;
        bool fits = length < most || (length == most && strcmp(slow.digits, largest) <= 0);
        HOLDS(fits || result == DECIMAL_OUT_OF_RANGE);
        HOLDS(!fits || (result == DECIMAL_OK) == slow.precise);
        HOLDS(!fits || (result == DECIMAL_TOO_PRECISE) == !slow.precise);
        HOLDS(slow.negative ? hundredths <= 0 : hundredths >= 0);
        if (fits) {
            char expected[32], actual[32];
            snprintf(expected, sizeof(expected), "%s%s", *slow.digits && slow.negative ? "-" : "",
                     *slow.digits ? slow.digits : "0");
            snprintf(actual, sizeof(actual), "%lld", (long long)hundredths);
            HOLDS(strcmp(expected, actual) == 0);
            check_round_trip(hundredths);
        }
    }
    free(copy);
    return 0;
}
