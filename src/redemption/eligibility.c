/* The rules of redemption, in the order in which they are reported. */
#include "redemption/eligibility.h"

#include "base/error.h"

/* Surfaces without a purchase of their own to compare a minimum amount with. */
static const char *const surfaces_without_amount[] = {
    [SURFACE_CUSTOMER] = "a customer",
    [SURFACE_SUBSCRIPTION_UPDATE] = "a subscription update",
    [SURFACE_SUBSCRIPTION_ITEM] = "a subscription item",
    [SURFACE_INVOICE_ITEM] = "an invoice item",
    [SURFACE_CHECKOUT] = NULL,
};

static bool is_one_time(enum surface surface)
{
    return surface == SURFACE_INVOICE || surface == SURFACE_INVOICE_ITEM;
}

static unsigned code_refusals(const struct offer *offer, const struct purchase *purchase)
{
    bool foreign =
        offer->code_account.data ||
        (offer->code_customer.data && !str_equal(offer->code_customer, purchase->customer));
    bool no_amount = surfaces_without_amount[purchase->surface] != NULL;
    bool below = purchase->amount.set &&
                 (!offer->minimum.set || purchase->amount.value < offer->minimum.value);
    return (unsigned)!offer->code_enabled << REFUSAL_INACTIVE |
           (unsigned)!offer->code_active << REFUSAL_EXPIRED |
           (unsigned)foreign << REFUSAL_OTHER_CUSTOMER |
           (unsigned)(offer->first_time && !purchase->customer.data) << REFUSAL_NO_CUSTOMER |
           (unsigned)(offer->first_time && purchase->customer.data && !purchase->customer_is_new)
               << REFUSAL_NOT_FIRST |
           (unsigned)(offer->has_minimum && no_amount) << REFUSAL_MINIMUM_UNKNOWN |
           (unsigned)(offer->has_minimum && !no_amount && below) << REFUSAL_MINIMUM;
}

unsigned eligibility(const struct offer *offer, const struct purchase *purchase)
{
    unsigned refusals = (unsigned)!offer->coupon_valid << REFUSAL_EXPIRED |
                        (unsigned)(offer->repeating && is_one_time(purchase->surface))
                            << REFUSAL_ONE_TIME |
                        (unsigned)!offer->currency_fits << REFUSAL_CURRENCY |
                        (unsigned)(!offer->products_fit && purchase->surface == SURFACE_CHECKOUT)
                            << REFUSAL_NOTHING;
    return offer->has_code ? refusals | code_refusals(offer, purchase) : refusals;
}

static enum refusal first_of(unsigned refusals)
{
    unsigned refusal = 0;
    while (!(refusals >> refusal & 1))
        refusal++;
    return refusal;
}

bool fail_refused(struct request *request, unsigned refusals, const struct offer *offer,
                  const struct purchase *purchase, struct str param)
{
    switch (first_of(refusals)) {
    case REFUSAL_INACTIVE:
        return fail(request, CODE_NONE, param, "This promotion code is inactive.");
    case REFUSAL_EXPIRED:
        return fail(request, CODE_coupon_expired, param, "Coupon expired: %.*s",
                    STR_FMT(offer->coupon));
    case REFUSAL_OTHER_CUSTOMER:
        return fail(request, CODE_promotion_code_customer_mismatch, param,
                    "This promotion code cannot be redeemed because it is restricted to a "
                    "different customer.");
    case REFUSAL_NO_CUSTOMER:
        return fail(request, CODE_promotion_code_customer_missing_first_time, param,
                    "This promotion code cannot be redeemed because it is for first-time "
                    "customers and no customer is given.");
    case REFUSAL_NOT_FIRST:
        return fail(request, CODE_promotion_code_customer_not_first_time, param,
                    "This promotion code cannot be redeemed because the associated customer has "
                    "prior transactions.");
    case REFUSAL_ONE_TIME:
        return fail(request, CODE_NONE, param,
                    "Coupon %.*s has `duration=repeating` and cannot be applied to one-time "
                    "objects.",
                    STR_FMT(offer->coupon));
    case REFUSAL_MINIMUM_UNKNOWN:
        return fail(request, CODE_NONE, param,
                    "This promotion code cannot be redeemed on %s because it uses the "
                    "`minimum_amount` restriction.",
                    surfaces_without_amount[purchase->surface]);
    case REFUSAL_CURRENCY:
        return fail(request, CODE_NONE, param,
                    "The coupon %.*s cannot be applied because its currency (%.*s) does not match "
                    "%.*s.",
                    STR_FMT(offer->coupon), STR_FMT(offer->coupon_currency),
                    STR_FMT(purchase->currency));
    case REFUSAL_MINIMUM:
        return fail(request, CODE_NONE, param,
                    "This promotion code cannot be redeemed because the associated purchase does "
                    "not meet the minimum amount requirement.");
    case REFUSAL_NOTHING:
        return fail(request, CODE_coupon_applies_to_nothing, param,
                    "This coupon cannot be redeemed because it does not apply to anything in this "
                    "order.");
    case REFUSAL_COUNT:
        break;
    }
    return fail_with(request, 500, ERROR_API, CODE_NONE, "An unknown error occurred.");
}
