/* Unit amounts with decimals: two integers, no floating point. */
#include "base/amount.h"

#include "base/arena.h"
#include "base/limits.h"

#define ONE INT64_C(1000000000000) /* 10^UNIT_DECIMAL_PLACES */

__extension__ typedef __int128 product; /* of a fraction and a quantity */

bool unit_decimal_parse(struct str text, int64_t *whole, int64_t *fraction)
{
    struct str places;
    struct str units = str_split(text, '.', &places);
    *fraction = 0;
    if (!str_to_int64(units, whole) || *whole < 0 || *whole > AMOUNT_MAX || units.data[0] == '-')
        return false;
    if (!places.data)
        return true;
    if (places.length == 0 || places.length > UNIT_DECIMAL_PLACES)
        return false;
    for (size_t i = 0; i < UNIT_DECIMAL_PLACES; i++) {
        char c = i < places.length ? places.data[i] : '0';
        if (c < '0' || c > '9')
            return false;
        *fraction = *fraction * 10 + (c - '0');
    }
    return *whole < AMOUNT_MAX || *fraction == 0;
}

struct str unit_decimal_write(struct arena *arena, int64_t whole, int64_t fraction)
{
    if (fraction == 0)
        return str_format(arena, "%lld", (long long)whole);
    struct str text = str_format(arena, "%lld.%012lld", (long long)whole, (long long)fraction);
    while (text.data[text.length - 1] == '0')
        text.length--;
    return str_copy(arena, text);
}

int64_t unit_decimal_times(int64_t whole, int64_t fraction, int64_t quantity)
{
    product total = (product)whole * quantity * ONE + (product)fraction * quantity;
    return (int64_t)((total + ONE / 2) / ONE);
}
