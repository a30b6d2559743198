/* What a Checkout Session in subscription mode makes. */
#include "base/arena.h"
#include "base/request.h"
#include "resources/checkout_session.h"
#include "resources/customer.h"
#include "resources/discounts.h"
#include "resources/payment_method.h"
#include "resources/price.h"
#include "resources/subscription.h"

/* The recurring lines become items, the others are on the first invoice. */
static bool give_items(struct request *request, struct checkout_session *session,
                       struct subscription *subscription)
{
    size_t count = session->items.count;
    struct item_input *items = ARENA_ARRAY(request->arena, struct item_input, count);
    struct added_item *added = ARENA_ARRAY(request->arena, struct added_item, count);
    subscription->item_inputs.items = items;
    subscription->added_items.items = added;
    for (size_t i = 0; i < count; i++) {
        struct checkout_item *item = checkout_item_at(session, i);
        const struct price *price = checkout_item_price(request, item);
        if (!price)
            return false; /* the database has failed, which the transaction will notice */
        struct opt_int quantity = {true, item->quantity};
        struct ref ref = {price->object.id, price->object.row, price};
        if (price->type.value == PRICE_RECURRING)
            items[subscription->item_inputs.count++] = (struct item_input){
                .metadata = item->object.metadata, .price = ref, .quantity = quantity};
        else
            added[subscription->added_items.count++] = (struct added_item){
                .metadata = item->object.metadata, .price = ref, .quantity = quantity};
    }
    return true;
}

static void give_discount(struct request *request, const struct checkout_session *session,
                          struct subscription *subscription)
{
    struct discount_entry *entry = ARENA_NEW(request->arena, struct discount_entry);
    if (!session->coupon.row)
        return;
    if (session->promotion_code.row)
        entry->promotion_code = session->promotion_code;
    else
        entry->coupon = session->coupon;
    subscription->discount_entries = (struct list){entry, 1};
}

static void give_settings(struct request *request, const struct checkout_session *session,
                          struct subscription *subscription)
{
    const struct checkout_subscription_data *data = session->subscription_data;
    subscription->currency = session->currency;
    subscription->payment_behavior.value = PAYMENT_ERROR_IF_INCOMPLETE;
    if (!data)
        return;
    subscription->object.metadata = data->metadata;
    subscription->description = data->description;
    subscription->trial_period_days = data->trial_period_days;
    if (data->trial_end.set)
        subscription->trial_end_input =
            str_format(request->arena, "%lld", (long long)data->trial_end.seconds);
}

/* What was made of the discount is on the first invoice, even when it is used up by that. */
static void note_results(struct request *request, struct checkout_session *session,
                         const struct subscription *subscription)
{
    const struct invoice *invoice =
        resource_follow(request, &invoice_resource, &subscription->latest_invoice);
    session->subscription = (struct ref){subscription->object.id, subscription->object.row, NULL};
    session->invoice = subscription->latest_invoice;
    session->invoice.object = NULL;
    const struct refs *discounts =
        invoice && invoice->discounts.count ? &invoice->discounts : &subscription->discounts;
    const struct discount *discount =
        discounts->count ? resource_follow(request, &discount_resource, &discounts->items[0])
                         : NULL;
    if (session->coupon.row && discount)
        session->discount = (struct ref){discount->object.id, discount->object.row, NULL};
}

bool checkout_subscribe(struct request *request, struct checkout_session *session,
                        const struct ref *method)
{
    struct subscription *subscription = resource_new(request, &subscription_resource);
    subscription_resource.prepare(request, subscription);
    subscription->customer = session->customer;
    subscription->customer.object =
        resource_find(request, &customer_resource, session->customer.id);
    subscription->default_payment_method = *method;
    give_settings(request, session, subscription);
    give_discount(request, session, subscription);
    if (!subscription->customer.object || !give_items(request, session, subscription) ||
        !subscription_create(request, subscription))
        return false;
    note_results(request, session, subscription);
    return true;
}
