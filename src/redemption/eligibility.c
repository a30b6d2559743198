/* The rules of redemption, in the order in which they are reported. */
#include "redemption/eligibility.h"

#include "base/arena.h"
#include "base/error.h"
#include "base/request.h"

#define NOT_REDEEMABLE "This promotion code cannot be redeemed because "

/* What refusals are called, the API's code for them, and their text where it is always the same, or
 * what is said where Stripe's text need not be. */
static const struct {
    const char *reason;
    enum error_code code;
    const char *message;
    const char *plainly;
} refusal_table[REFUSAL_COUNT] = {
    [REFUSAL_UNKNOWN] = {"code_unknown", CODE_resource_missing, NULL},
    [REFUSAL_RATE_LIMITED] = {"rate_limited", CODE_rate_limit,
                              "Too many unknown promotion codes were tried. Please try again "
                              "later."},
    [REFUSAL_INACTIVE] = {"code_inactive", CODE_NONE, "This promotion code is inactive."},
    [REFUSAL_COUPON_DELETED] = {"coupon_deleted", CODE_coupon_expired, NULL,
                                "This coupon was deleted."},
    [REFUSAL_COUPON_EXPIRED] = {"coupon_expired", CODE_coupon_expired, NULL,
                                "This coupon has expired."},
    [REFUSAL_COUPON_USED_UP] = {"coupon_used_up", CODE_coupon_expired, NULL,
                                "This coupon was redeemed as often as it can be."},
    [REFUSAL_COUPON_SPENT] = {"coupon_budget_spent", CODE_coupon_expired, NULL,
                              "This coupon has taken off all that it may."},
    [REFUSAL_COUPON_NOT_STARTED] = {"coupon_not_started", CODE_NONE,
                                    "This coupon cannot be redeemed yet."},
    [REFUSAL_CODE_EXPIRED] = {"code_expired", CODE_coupon_expired, NULL,
                              "This promotion code has expired."},
    [REFUSAL_CODE_USED_UP] = {"code_used_up", CODE_coupon_expired, NULL,
                              "This promotion code was redeemed as often as it can be."},
    [REFUSAL_CODE_SPENT] = {"code_budget_spent", CODE_coupon_expired, NULL,
                            "This promotion code has taken off all that it may."},
    [REFUSAL_CODE_NOT_STARTED] = {"code_not_started", CODE_NONE,
                                  "This promotion code cannot be redeemed yet."},
    [REFUSAL_OTHER_CUSTOMER] = {"other_customer", CODE_promotion_code_customer_mismatch,
                                NOT_REDEEMABLE "it is restricted to a different customer."},
    [REFUSAL_NO_CUSTOMER] = {"customer_missing", CODE_promotion_code_customer_missing_first_time,
                             NOT_REDEEMABLE
                             "it is for first-time customers and no customer is given."},
    [REFUSAL_NOT_FIRST] = {"not_first_time", CODE_promotion_code_customer_not_first_time,
                           NOT_REDEEMABLE "the associated customer has prior transactions."},
    [REFUSAL_NOBODY] = {"customer_unknown", CODE_NONE,
                        "This cannot be redeemed without a customer or an e-mail address because "
                        "its uses per customer are limited."},
    [REFUSAL_CUSTOMER_LIMIT] = {"customer_limit_reached", CODE_NONE,
                                "This cannot be redeemed again by the same customer."},
    [REFUSAL_ONE_TIME] = {"repeating_on_one_time", CODE_NONE, NULL},
    [REFUSAL_MINIMUM_UNKNOWN] = {"minimum_amount_unknown", CODE_NONE, NULL},
    [REFUSAL_BUDGET_UNKNOWN] = {"amount_unknown", CODE_NONE,
                                "This cannot be redeemed where the amount of the discount is not "
                                "known because its total amount is limited."},
    [REFUSAL_CURRENCY] = {"currency_mismatch", CODE_NONE, NULL},
    [REFUSAL_BUDGET_CURRENCY] = {"budget_currency_mismatch", CODE_NONE,
                                 "This cannot be redeemed in another currency than that of its "
                                 "total amount."},
    [REFUSAL_MINIMUM] = {"minimum_amount", CODE_NONE,
                         NOT_REDEEMABLE "the associated purchase does not meet the minimum amount "
                                        "requirement."},
    [REFUSAL_BUDGET] = {"budget_exceeded", CODE_NONE,
                        "This cannot be redeemed because the discount is more than what is left "
                        "of its total amount."},
    [REFUSAL_NOTHING] = {"applies_to_nothing", CODE_coupon_applies_to_nothing,
                         "This coupon cannot be redeemed because it does not apply to anything in "
                         "this order."},
    [REFUSAL_REFERENCE] = {"client_reference_id_used", CODE_NONE,
                           "This was already redeemed with the same client_reference_id."},
};

/* Surfaces without a purchase of their own to compare a minimum amount with. */
static const char *const surfaces_without_amount[] = {
    [SURFACE_CUSTOMER] = "a customer",
    [SURFACE_SUBSCRIPTION_UPDATE] = "a subscription update",
    [SURFACE_SUBSCRIPTION_ITEM] = "a subscription item",
    [SURFACE_INVOICE_ITEM] = "an invoice item",
    [SURFACE_REDEMPTION] = NULL,
};

const char *refusal_reason(enum refusal refusal)
{
    return refusal_table[refusal].reason;
}

static bool is_one_time(enum surface surface)
{
    return surface == SURFACE_INVOICE || surface == SURFACE_INVOICE_ITEM;
}

/* Surfaces where a discount of nothing is refused. */
static bool wants_effect(enum surface surface)
{
    return surface == SURFACE_CHECKOUT || surface == SURFACE_REDEMPTION;
}

static bool has_no_amount(const struct purchase *purchase)
{
    return surfaces_without_amount[purchase->surface] ||
           (purchase->surface == SURFACE_REDEMPTION && !purchase->amount.set);
}

static unsigned when(bool refused, enum refusal refusal)
{
    return (unsigned)refused << refusal;
}

static unsigned standing_refusals(const struct offer *offer)
{
    const struct standing *coupon = &offer->coupon_standing, *code = &offer->code_standing;
    return when(coupon->deleted, REFUSAL_COUPON_DELETED) |
           when(coupon->expired, REFUSAL_COUPON_EXPIRED) |
           when(coupon->used_up, REFUSAL_COUPON_USED_UP) |
           when(coupon->spent, REFUSAL_COUPON_SPENT) |
           when(coupon->not_started, REFUSAL_COUPON_NOT_STARTED) |
           when(code->expired, REFUSAL_CODE_EXPIRED) | when(code->used_up, REFUSAL_CODE_USED_UP) |
           when(code->spent, REFUSAL_CODE_SPENT) |
           when(code->not_started, REFUSAL_CODE_NOT_STARTED);
}

static unsigned code_refusals(const struct offer *offer, const struct purchase *purchase)
{
    bool foreign =
        offer->code_account.data ||
        (offer->code_customer.data && !str_equal(offer->code_customer, purchase->customer));
    bool no_amount = has_no_amount(purchase), known = purchase->customer.data != NULL;
    bool below = purchase->amount.set &&
                 (!offer->minimum.set || purchase->amount.value < offer->minimum.value);
    return when(!offer->code_enabled, REFUSAL_INACTIVE) | when(foreign, REFUSAL_OTHER_CUSTOMER) |
           when(offer->first_time && !known, REFUSAL_NO_CUSTOMER) |
           when(offer->first_time && known && !purchase->customer_is_new, REFUSAL_NOT_FIRST) |
           when(offer->has_minimum && no_amount, REFUSAL_MINIMUM_UNKNOWN) |
           when(offer->has_minimum && !no_amount && below, REFUSAL_MINIMUM);
}

static unsigned customer_refusals(struct opt_int max, int64_t uses, const struct purchase *purchase)
{
    bool known = purchase->customer.data || purchase->email_key.data;
    return when(max.set && !known, REFUSAL_NOBODY) |
           when(max.set && known && uses >= max.value, REFUSAL_CUSTOMER_LIMIT);
}

/* Where nothing can be taken off in the currency, or nothing is left for anybody, that is what is
 * said. */
static unsigned budget_refusals(const struct budget *budget, bool currency_fits,
                                const struct purchase *purchase)
{
    if (!budget->currency.data)
        return 0;
    bool foreign = purchase->currency.data && !str_equal(purchase->currency, budget->currency);
    bool exceeded = purchase->amount_off.set && purchase->amount_off.value > budget->left;
    return when(!purchase->amount_off.set && currency_fits, REFUSAL_BUDGET_UNKNOWN) |
           when(foreign, REFUSAL_BUDGET_CURRENCY) |
           when(!foreign && exceeded && budget->left > 0, REFUSAL_BUDGET);
}

unsigned coupon_limit_refusals(const struct offer *offer, const struct purchase *purchase)
{
    return customer_refusals(offer->coupon_per_customer, purchase->coupon_uses, purchase) |
           budget_refusals(&offer->coupon_budget, offer->currency_fits, purchase);
}

unsigned code_limit_refusals(const struct offer *offer, const struct purchase *purchase)
{
    if (!offer->has_code)
        return 0;
    return customer_refusals(offer->code_per_customer, purchase->code_uses, purchase) |
           budget_refusals(&offer->code_budget, offer->currency_fits, purchase);
}

unsigned eligibility(const struct offer *offer, const struct purchase *purchase)
{
    return standing_refusals(offer) |
           when(offer->repeating && is_one_time(purchase->surface), REFUSAL_ONE_TIME) |
           when(!offer->currency_fits, REFUSAL_CURRENCY) |
           when(!offer->products_fit && wants_effect(purchase->surface), REFUSAL_NOTHING) |
           when(purchase->reference_is_taken, REFUSAL_REFERENCE) |
           coupon_limit_refusals(offer, purchase) | code_limit_refusals(offer, purchase) |
           (offer->has_code ? code_refusals(offer, purchase) : 0);
}

enum refusal refusal_first(unsigned refusals)
{
    unsigned refusal = 0;
    while (!(refusals >> refusal & 1))
        refusal++;
    return refusal;
}

struct str refusal_message(struct arena *arena, enum refusal refusal, const struct offer *offer,
                           const struct purchase *purchase)
{
    const char *surface = surfaces_without_amount[purchase->surface];
    if (refusal_table[refusal].message)
        return str_from(refusal_table[refusal].message);
    switch (refusal) {
    case REFUSAL_ONE_TIME:
        return str_format(arena,
                          "Coupon %.*s has `duration=repeating` and cannot be applied to one-time "
                          "objects.",
                          STR_FMT(offer->coupon));
    case REFUSAL_MINIMUM_UNKNOWN:
        return str_format(arena,
                          "This promotion code cannot be redeemed on %s because it uses the "
                          "`minimum_amount` restriction.",
                          surface ? surface : "a purchase of an unknown amount");
    case REFUSAL_CURRENCY:
        return str_format(arena,
                          "The coupon %.*s cannot be applied because its currency (%.*s) does not "
                          "match %.*s.",
                          STR_FMT(offer->coupon), STR_FMT(offer->coupon_currency),
                          STR_FMT(purchase->currency));
    case REFUSAL_UNKNOWN:
        return str_format(arena, "No such promotion code: '%.*s'", STR_FMT(offer->code));
    default: /* what Stripe says of everything that nobody can redeem any more */
        if (purchase->surface == SURFACE_REDEMPTION && refusal_table[refusal].plainly)
            return str_from(refusal_table[refusal].plainly);
        return str_format(arena, "Coupon expired: %.*s", STR_FMT(offer->coupon));
    }
}

bool fail_refused(struct request *request, unsigned refusals, const struct offer *offer,
                  const struct purchase *purchase, struct str param)
{
    enum refusal refusal = refusal_first(refusals);
    return fail(request, refusal_table[refusal].code, param, "%.*s",
                STR_FMT(refusal_message(request->arena, refusal, offer, purchase)));
}
