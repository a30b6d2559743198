/* Discount arithmetic. */
#include "money/discount.h"

#include <assert.h>

#define WHOLE 10000 /* hundredths of a percent in one */

__extension__ typedef __int128 product; /* 10^12 times 10^12 needs more than 64 bits */

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t percent_of(int64_t amount, int64_t percent)
{
    return (amount * percent + WHOLE / 2) / WHOLE;
}

int64_t discount_of_line(struct discount_terms terms, int64_t remaining)
{
    assert(remaining >= 0 && remaining <= MONEY_AMOUNT_MAX);
    assert(terms.percent_off >= 0 && terms.percent_off <= WHOLE && terms.amount_off >= 0);
    return terms.percent_off ? percent_of(remaining, terms.percent_off)
                             : smaller(terms.amount_off, remaining);
}

static int64_t spread(int64_t amount, int64_t base, size_t count, const bool *applies,
                      const int64_t *remaining, int64_t *taken)
{
    int64_t rest = amount;
    for (size_t i = 0; i < count; i++) {
        if (!applies[i])
            continue;
        taken[i] = (int64_t)((product)amount * remaining[i] / base);
        rest -= taken[i];
    }
    for (size_t i = count; i-- > 0 && rest > 0;) {
        if (!applies[i])
            continue;
        int64_t more = smaller(rest, remaining[i] - taken[i]);
        taken[i] += more;
        rest -= more;
    }
    assert(rest == 0);
    return amount;
}

int64_t discount_of_lines(struct discount_terms terms, size_t count, const bool *applies,
                          int64_t *remaining, int64_t *taken)
{
    int64_t base = 0, total = 0;
    for (size_t i = 0; i < count; i++) {
        taken[i] = 0;
        if (!applies[i])
            continue;
        assert(remaining[i] >= 0 && remaining[i] <= MONEY_AMOUNT_MAX);
        base += remaining[i];
    }
    if (terms.percent_off) {
        for (size_t i = 0; i < count; i++) {
            if (applies[i])
                taken[i] = discount_of_line(terms, remaining[i]);
            total += taken[i];
        }
    } else if (base > 0) {
        total = spread(smaller(terms.amount_off, base), base, count, applies, remaining, taken);
    }
    for (size_t i = 0; i < count; i++)
        remaining[i] -= taken[i];
    return total;
}
