#pragma once
/* Discount arithmetic: integers in minor units, no clock, no input or output, no allocation.
 *
 * Discounts work one after the other, each on what the ones before left. A percentage is taken from
 * each line by itself and rounded half up. An amount is taken once and spread over the lines in
 * proportion to what is left of them: each share rounded down, the remainder given to the last
 * lines, backwards. Nothing ever becomes negative. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Amounts up to here are safe: their product with a percentage or with each other fits what is
 * used. */
#define MONEY_AMOUNT_MAX INT64_C(1000000000000)

/* What a discount takes off: one of the two is 0. */
struct discount_terms {
    int64_t percent_off; /* hundredths of a percent, at most 10000 */
    int64_t amount_off;  /* minor units */
};

/* What the terms take off one line of which `remaining` is left (≥ 0, at most MONEY_AMOUNT_MAX). */
int64_t discount_of_line(struct discount_terms terms, int64_t remaining);

/* Takes an invoice-level discount off the lines that it applies to. remaining[i] is what is left of
 * line i, for those lines as above, and is reduced. taken[i] becomes what was taken off line i; it
 * is 0 for the others. Returns the sum. */
int64_t discount_of_lines(struct discount_terms terms, size_t count, const bool *applies,
                          int64_t *remaining, int64_t *taken);
