/* What customers do in the billing portal, everything or nothing. */
#include "base/arena.h"
#include "base/request.h"
#include "resources/portal.h"
#include "resources/promotion_code.h"
#include "resources/redemption.h"
#include "resources/registry.h"
#include "resources/subscription_parts.h"
#include "resources/typed_code.h"

#include <string.h>

/* What the subscription has stays, the new one comes last. */
static void add_discount(struct request *request, struct subscription *subscription,
                         const struct portal_change *change)
{
    size_t count = subscription->discounts.count;
    if (!change->coupon.data && !change->promotion_code.data)
        return;
    struct discount_entry *entries = ARENA_ARRAY(request->arena, struct discount_entry, count + 1);
    for (size_t i = 0; i < count; i++)
        entries[i].discount = subscription->discounts.items[i];
    entries[count].coupon.id = change->coupon;
    entries[count].promotion_code.id = change->promotion_code;
    subscription->discount_entries = (struct list){entries, count + 1};
}

bool portal_take_code(struct request *request, const struct subscription *subscription,
                      struct str text, struct portal_change *change)
{
    struct str customer = subscription->customer.id;
    const struct typed_code typed = typed_code_find(request, text, customer);
    const struct offer offer = discount_offer(typed.coupon, typed.code, subscription->currency);
    struct purchase purchase =
        subscription_purchase(request, subscription, SURFACE_SUBSCRIPTION_UPDATE);
    redemption_count_uses(request, &purchase, typed.coupon, typed.code);
    if (typed_code_is_refused(request, &typed, &purchase, eligibility(&offer, &purchase)))
        return false;
    change->promotion_code = typed.code->object.id;
    return true;
}

bool portal_update(struct request *request, const struct portal_configuration *configuration,
                   struct subscription *subscription, const struct portal_change *change)
{
    const struct subscription_item *items = subscription->items.items;
    const struct subscription *before = subscription_copy(request, subscription);
    struct item_input *input = ARENA_NEW(request->arena, struct item_input);
    *input = (struct item_input){
        .id = change->item.data ? change->item : items[0].object.id,
        .price.id = change->price,
        .quantity = change->quantity,
    };
    if (change->price.data || change->quantity.set)
        subscription->item_inputs = (struct list){input, 1};
    add_discount(request, subscription, change);
    subscription->payment_behavior.value = PAYMENT_ERROR_IF_INCOMPLETE;
    subscription->proration_behavior =
        configuration->features->subscription_update.proration_behavior;
    return subscription_update(request, subscription, before);
}

bool portal_cancel_subscription(struct request *request,
                                const struct portal_configuration *configuration,
                                struct subscription *subscription, struct str feedback)
{
    const struct portal_cancel *cancel = &configuration->features->subscription_cancel;
    const struct subscription *before = subscription_copy(request, subscription);
    for (size_t i = 0; portal_reason(i); i++)
        if (str_is(feedback, portal_reason(i)))
            subscription->cancellation_details.feedback.value = (int)i + 1;
    if (cancel->mode.value == CANCEL_AT_PERIOD_END) {
        subscription->cancel_at_period_end = true;
        return subscription_update(request, subscription, before);
    }
    if (cancel->proration_behavior.value != PRORATION_NONE) {
        struct subscription *empty = subscription_copy(request, subscription);
        empty->items.count = 0;
        if (!subscription_prorate(request, empty, subscription, request->now))
            return false;
    }
    if (cancel->proration_behavior.value == PRORATION_ALWAYS_INVOICE &&
        !subscription_invoice_now(request, subscription, REASON_SUBSCRIPTION_UPDATE, false))
        return false;
    return subscription_cancel(request, subscription, NULL);
}

bool portal_resume(struct request *request, struct subscription *subscription)
{
    const struct subscription *before = subscription_copy(request, subscription);
    subscription->cancel_at_period_end = false;
    return subscription_update(request, subscription, before);
}
