/* Finding what was typed. */
#include "resources/typed_code.h"

#include "base/request.h"
#include "resources/coupon.h"
#include "resources/promotion_code.h"
#include "resources/redemption_attempt.h"

struct typed_code typed_code_find(struct request *request, struct str text, struct str customer)
{
    static const struct coupon coupon = {.percent_off = {true, 1}};
    static const struct promotion_code code = {.enabled = true};
    struct typed_code typed = {.code = promotion_code_meant(request, text, customer, true)};
    typed.coupon =
        resource_load(request, &coupon_resource, typed.code ? typed.code->promotion.coupon.row : 0);
    typed.exists = typed.coupon != NULL;
    return typed.exists ? typed : (struct typed_code){&coupon, &code, false};
}

bool typed_code_is_refused(struct request *request, const struct typed_code *typed,
                           const struct purchase *purchase, unsigned refusals)
{
    if (!typed->exists)
        attempt_note_purchase(request, purchase, NULL, NULL, REFUSAL_BIT(REFUSAL_UNKNOWN));
    else if (refusals)
        attempt_note_purchase(request, purchase, typed->coupon, typed->code, refusals);
    return !typed->exists || refusals != 0;
}
