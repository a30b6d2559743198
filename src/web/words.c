/* Amounts, dates and discounts in plain words. */
#include "web/words.h"

#include "base/arena.h"
#include "base/currency.h"
#include "base/date.h"
#include "base/text.h"
#include "resources/coupon.h"
#include "resources/discount.h"
#include "resources/price.h"

#define AMOUNT_BYTES_MAX 64

static const struct {
    const char *currency;
    const char *symbol;
} symbols[] = {{"aud", "A$"}, {"brl", "R$"}, {"cad", "CA$"}, {"eur", "€"},   {"gbp", "£"},
               {"inr", "₹"},  {"jpy", "¥"},  {"mxn", "MX$"}, {"nzd", "NZ$"}, {"usd", "$"}};

static const char *symbol_of(struct str currency)
{
    for (size_t i = 0; i < ARRAY_LENGTH(symbols); i++)
        if (str_is(currency, symbols[i].currency))
            return symbols[i].symbol;
    return NULL;
}

static void add_grouped(struct text *text, int64_t whole)
{
    char digits[32];
    size_t count = 0;
    do
        digits[count++] = (char)('0' + whole % 10);
    while ((whole /= 10) > 0);
    while (count > 0) {
        text_add_char(text, digits[--count]);
        if (count > 0 && count % 3 == 0)
            text_add_char(text, ',');
    }
}

struct str words_amount(struct arena *arena, int64_t amount, struct str currency)
{
    int decimals = currency_decimals(currency);
    int64_t unit = decimals == 0 ? 1 : decimals == 2 ? 100 : 1000;
    const char *symbol = symbol_of(currency);
    struct text text;
    text_init(&text, arena, AMOUNT_BYTES_MAX);
    if (amount < 0) {
        text_add_literal(&text, "−");
        amount = -amount;
    }
    if (symbol)
        text_add(&text, str_from(symbol));
    add_grouped(&text, amount / unit);
    if (decimals)
        text_addf(&text, ".%0*lld", decimals, (long long)(amount % unit));
    if (!symbol) {
        text_add_char(&text, ' ');
        for (size_t i = 0; i < currency.length; i++)
            text_add_char(&text, (char)(currency.data[i] - 'a' + 'A'));
    }
    return text_str(&text);
}

struct str words_date(struct arena *arena, int64_t seconds)
{
    static const char *const months[] = {"January",   "February", "March",    "April",
                                         "May",       "June",     "July",     "August",
                                         "September", "October",  "November", "December"};
    struct date date = date_from_days(floor_divide(seconds, SECONDS_PER_DAY));
    return str_format(arena, "%lld %s %lld", (long long)date.day, months[date.month - 1],
                      (long long)date.year);
}

struct str words_coupon(struct arena *arena, const struct coupon *coupon, struct str currency)
{
    struct discount_terms terms;
    if (!coupon_terms(coupon, currency, &terms))
        return STR_NULL;
    if (terms.amount_off)
        return str_format(arena, "%.*s off",
                          STR_FMT(words_amount(arena, terms.amount_off, currency)));
    int64_t whole = terms.percent_off / 100, rest = terms.percent_off % 100;
    if (rest == 0)
        return str_format(arena, "%lld%% off", (long long)whole);
    if (rest % 10 == 0)
        return str_format(arena, "%lld.%lld%% off", (long long)whole, (long long)rest / 10);
    return str_format(arena, "%lld.%02lld%% off", (long long)whole, (long long)rest);
}

struct str words_offer(struct arena *arena, const struct coupon *coupon, struct str currency)
{
    struct str off = words_coupon(arena, coupon, currency);
    int64_t months = coupon->duration_in_months.value;
    if (!off.data)
        return STR_NULL;
    if (coupon->duration.value == DURATION_ONCE)
        return str_format(arena, "%.*s the next invoice", STR_FMT(off));
    if (coupon->duration.value == DURATION_FOREVER)
        return off;
    return str_format(arena, "%.*s for %lld month%s", STR_FMT(off), (long long)months,
                      months == 1 ? "" : "s");
}

struct str words_discount(struct arena *arena, const struct coupon *coupon,
                          const struct discount *discount, struct str currency)
{
    struct str offer = words_offer(arena, coupon, currency);
    if (!offer.data || !discount->ends.set)
        return offer;
    return str_format(arena, "%.*s, until %.*s", STR_FMT(offer),
                      STR_FMT(words_date(arena, discount->ends.seconds)));
}

struct str words_period(struct arena *arena, const struct recurring *recurring)
{
    static const char *const names[] = {"", "day", "month", "week", "year"};
    const char *name = names[recurring->interval.value];
    if (recurring->interval_count == 1)
        return str_format(arena, "per %s", name);
    return str_format(arena, "every %lld %ss", (long long)recurring->interval_count, name);
}
