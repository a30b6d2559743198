/* What people read: amounts, dates, descriptions of lines. */
#include "base/amount.h"
#include "base/currency.h"
#include "base/date.h"
#include "base/request.h"
#include "resources/subscription.h"

#define TIMES "\xc3\x97" /* × */

struct str wording_of_money(struct request *request, int64_t amount, struct str currency)
{
    static const struct {
        const char *currency;
        const char *sign;
    } signs[] = {{"usd", "$"}, {"eur", "\xe2\x82\xac"}, {"gbp", "\xc2\xa3"}, {"jpy", "\xc2\xa5"}};
    int places = currency_decimals(currency);
    int64_t one = 1, positive = amount < 0 ? -amount : amount;
    const char *minus = amount < 0 ? "-" : "", *sign = "";
    for (int i = 0; i < places; i++)
        one *= 10;
    for (size_t i = 0; i < ARRAY_LENGTH(signs); i++)
        if (str_is(currency, signs[i].currency))
            sign = signs[i].sign;
    struct str number =
        places ? str_format(request->arena, "%s%s%lld.%0*lld", minus, sign,
                            (long long)(positive / one), places, (long long)(positive % one))
               : str_format(request->arena, "%s%s%lld", minus, sign, (long long)positive);
    return *sign ? number
                 : str_format(request->arena, "%.*s %c%c%c", STR_FMT(number), currency.data[0] - 32,
                              currency.data[1] - 32, currency.data[2] - 32);
}

struct str wording_of_date(struct request *request, int64_t time)
{
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const struct date date = date_from_days(floor_divide(time, SECONDS_PER_DAY));
    return str_format(request->arena, "%lld %s %lld", (long long)date.day, months[date.month - 1],
                      (long long)date.year);
}

static const struct product *product_of(struct request *request, const struct price *price)
{
    return resource_load(request, &product_resource, price->product.row);
}

static struct str name_of(struct request *request, const struct price *price)
{
    const struct product *product = product_of(request, price);
    return product ? product->name : STR_NULL;
}

/* "2 user × Product" */
static struct str counted(struct request *request, const struct price *price, int64_t quantity)
{
    const struct product *product = product_of(request, price);
    struct str label = product ? product->unit_label : STR_NULL;
    return str_format(request->arena, "%lld%s%.*s " TIMES " %.*s", (long long)quantity,
                      label.data ? " " : "", STR_FMT(label), STR_FMT(name_of(request, price)));
}

static struct str period_of(struct request *request, const struct price *price)
{
    static const char *const names[] = {"", "day", "month", "week", "year"};
    int64_t count = price->recurring.interval_count;
    const char *name = names[price->recurring.interval.value];
    return count == 1 ? str_from(name)
                      : str_format(request->arena, "every %lld %ss", (long long)count, name);
}

struct str wording_of_price(struct request *request, const struct price *price, int64_t quantity,
                            struct str currency)
{
    int64_t amount;
    struct str one = price_unit_decimal(price, currency);
    if (price_amount(price, currency, 1, &amount))
        one = wording_of_money(request, amount, currency);
    return str_format(request->arena, "%.*s (at %.*s / %.*s)",
                      STR_FMT(counted(request, price, quantity)), STR_FMT(one),
                      STR_FMT(period_of(request, price)));
}

struct str wording_of_trial(struct request *request, const struct price *price, int64_t quantity)
{
    return str_format(request->arena, "Free trial for %.*s",
                      STR_FMT(counted(request, price, quantity)));
}

struct str wording_of_proration(struct request *request, const char *what,
                                const struct price *price, int64_t quantity, int64_t time)
{
    struct str name = quantity == 1 ? name_of(request, price) : counted(request, price, quantity);
    return str_format(request->arena, "%s time on %.*s after %.*s", what, STR_FMT(name),
                      STR_FMT(wording_of_date(request, time)));
}
