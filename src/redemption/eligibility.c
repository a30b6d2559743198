/* The rules of redemption, in the order in which they are reported. */
#include "redemption/eligibility.h"

#include "base/error.h"

enum refusal eligibility_on_customer(const struct offer *offer, struct str customer)
{
    if (offer->has_code && !offer->code_enabled)
        return REFUSAL_INACTIVE;
    if (!offer->coupon_valid || (offer->has_code && !offer->code_active))
        return REFUSAL_EXPIRED;
    if (offer->code_account.data ||
        (offer->code_customer.data && !str_equal(offer->code_customer, customer)))
        return REFUSAL_OTHER_CUSTOMER;
    if (offer->has_minimum_amount)
        return REFUSAL_AMOUNT_UNKNOWN;
    return REFUSAL_NONE;
}

bool fail_refused(struct request *request, enum refusal refusal, const struct offer *offer,
                  struct str param)
{
    switch (refusal) {
    case REFUSAL_NONE:
        break;
    case REFUSAL_EXPIRED:
        return fail(request, CODE_coupon_expired, param, "Coupon expired: %.*s",
                    STR_FMT(offer->coupon));
    case REFUSAL_INACTIVE:
        return fail(request, CODE_NONE, param, "This promotion code is inactive.");
    case REFUSAL_OTHER_CUSTOMER:
        return fail(request, CODE_promotion_code_customer_mismatch, param,
                    "This promotion code cannot be redeemed because it is restricted to a "
                    "different customer.");
    case REFUSAL_AMOUNT_UNKNOWN:
        return fail(request, CODE_NONE, param,
                    "This promotion code cannot be redeemed on a customer because it uses the "
                    "`minimum_amount` restriction.");
    }
    return fail_with(request, 500, ERROR_API, CODE_NONE, "An unknown error occurred.");
}
