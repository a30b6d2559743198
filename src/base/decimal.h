#pragma once
/* Percentages as integer hundredths of a percent: exact, never through binary floating point. */
#include "base/str.h"

struct text;

#define PERCENT_HUNDREDTHS_MAX 10000

enum decimal_result {
    DECIMAL_OK,
    DECIMAL_INVALID,      /* not a plain decimal number */
    DECIMAL_TOO_PRECISE,  /* more than two decimal places that matter */
    DECIMAL_OUT_OF_RANGE, /* does not fit; *hundredths has the right sign */
};

/* Reads `digits[.digits]` with an optional minus: no exponent, sign, hexadecimal, white space. */
enum decimal_result decimal_parse(struct str text, int64_t *hundredths);

/* Shortest form with at least one decimal place: 50.0, 25.5, 33.33. */
void decimal_write(struct text *text, int64_t hundredths);
