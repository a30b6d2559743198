#pragma once
/* Amounts per unit with up to twelve decimal places of a minor unit, as the API's *_decimal
 * strings. */
#include "base/str.h"

#define UNIT_DECIMAL_PLACES 12

struct arena;

/* Reads digits[.digits] into a whole number of minor units and what is left in 10^-12 of one.
 * False: no such number, more places, or above AMOUNT_MAX. */
bool unit_decimal_parse(struct str text, int64_t *whole, int64_t *fraction) MUST_CHECK;

/* Shortest form: "1900", "0.5". */
struct str unit_decimal_write(struct arena *arena, int64_t whole, int64_t fraction);

/* quantity × (whole + fraction), rounded half up to minor units. The quantity is at most COUNT_MAX.
 */
int64_t unit_decimal_times(int64_t whole, int64_t fraction, int64_t quantity);
