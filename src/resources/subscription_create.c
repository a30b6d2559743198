/* Creating a subscription: its first period and its first invoice. */
#include "base/arena.h"
#include "base/limits.h"
#include "base/date.h"
#include "base/request.h"
#include "resources/event.h"
#include "resources/invoice_item.h"
#include "resources/invoice_life.h"
#include "resources/payment_intent.h"
#include "resources/registry.h"
#include "resources/subscription_parts.h"
#include "resources/test_clock.h"

#define FINALIZE_DELAY_SECONDS 3600

static struct subscription_item *items_of(const struct subscription *subscription)
{
    return subscription->items.items;
}

/* When the trial ends, if there is one. */
static bool set_trial(struct request *request, struct subscription *subscription)
{
    const struct price *price = subscription_item_price(request, &items_of(subscription)[0]);
    int64_t end = 0, days = subscription->trial_period_days.value;
    if (subscription->trial_end_input.data && subscription->trial_period_days.set)
        return fail(request, CODE_NONE, STR("trial_end"),
                    "You may only specify one of these parameters: trial_end, trial_period_days.");
    if (subscription->trial_from_plan && price && price->recurring.trial_period_days.set)
        days = price->recurring.trial_period_days.value;
    if (days > 0)
        end = request->now + days * SECONDS_PER_DAY;
    if (subscription->trial_end_input.data && !str_is(subscription->trial_end_input, "now") &&
        (!str_to_int64(subscription->trial_end_input, &end) || end <= request->now ||
         end > TIMESTAMP_MAX))
        return fail(request, CODE_NONE, STR("trial_end"),
                    "Invalid timestamp: must be a time in the future, or `now`.");
    if (!end)
        return true;
    subscription->trial_start = (struct opt_time){true, request->now};
    subscription->trial_end = (struct opt_time){true, end};
    return true;
}

/* The first period, and what later ones are counted from. */
static bool set_period(struct request *request, struct subscription *subscription)
{
    const struct price *price = subscription_item_price(request, &items_of(subscription)[0]);
    int64_t anchor = subscription->billing_cycle_anchor.seconds;
    if (!price)
        return false;
    subscription->start_date.seconds = request->now;
    if (subscription->backdate_start_date.set) {
        if (subscription->backdate_start_date.seconds > request->now)
            return fail(request, CODE_NONE, STR("backdate_start_date"),
                        "Invalid backdate_start_date: it must be in the past.");
        subscription->start_date.seconds = subscription->backdate_start_date.seconds;
    }
    if (anchor && anchor <= request->now)
        return fail(request, CODE_NONE, STR("billing_cycle_anchor"),
                    "Invalid billing_cycle_anchor: it must be in the future.");
    if (!set_trial(request, subscription))
        return false;
    int64_t trial = subscription->trial_end.seconds, paid = trial ? trial : request->now;
    int64_t end = price_period_end(price, paid, paid);
    if (anchor > end || (anchor && anchor < paid))
        return fail(request, CODE_NONE, STR("billing_cycle_anchor"),
                    "billing_cycle_anchor cannot be later than next natural billing date.");
    if (!anchor)
        subscription->billing_cycle_anchor.seconds = paid;
    subscription->current_period_start.seconds = request->now;
    subscription->current_period_end.seconds = trial ? trial : anchor ? anchor : end;
    return true;
}

static bool needs_method(const struct subscription *subscription, const struct invoice *invoice)
{
    return subscription->collection_method.value == CHARGE_AUTOMATICALLY &&
           invoice->status.value == INVOICE_OPEN;
}

/* Tries to get the first invoice paid, as the call wants it. */
static bool collect_first(struct request *request, struct subscription *subscription,
                          struct invoice *invoice)
{
    struct payment_intent *intent;
    int behavior = subscription->payment_behavior.value;
    if (!needs_method(subscription, invoice))
        return true;
    if (behavior != PAYMENT_DEFAULT_INCOMPLETE) {
        switch (
            invoice_collect(request, invoice, subscription->default_payment_method.id, &intent)) {
        case PAYMENT_PAID:
            return true;
        case PAYMENT_DECLINED:
            if (behavior == PAYMENT_ERROR_IF_INCOMPLETE) {
                bool failed = fail_declined(request, intent);
                request->error.keeps = false;
                return failed;
            }
            break;
        case PAYMENT_NO_METHOD:
            if (behavior != PAYMENT_ALLOW_INCOMPLETE)
                return fail_no_payment_method(request);
            break;
        }
    }
    subscription->status.value = SUBSCRIPTION_INCOMPLETE;
    return request->error.type == ERROR_NONE;
}

/* The time before the first whole period, and that period. */
static bool add_first_lines(struct request *request, const struct subscription *subscription,
                            struct invoice *invoice)
{
    bool trial = subscription->trial_end.set;
    bool anchored = !trial && subscription->billing_cycle_anchor.seconds > request->now;
    int64_t end = subscription->current_period_end.seconds;
    return (subscription->proration_behavior.value == PRORATION_NONE ||
            subscription_add_time(request, subscription, invoice, subscription->start_date.seconds,
                                  anchored ? end : request->now)) &&
           (anchored ||
            subscription_add_lines(request, subscription, invoice, request->now, end, trial));
}

static bool bill_first(struct request *request, struct subscription *subscription,
                       const struct customer *customer)
{
    bool trial = subscription->trial_end.set;
    struct invoice *invoice =
        subscription_draft(request, subscription, customer, REASON_SUBSCRIPTION_CREATE);
    if (!add_first_lines(request, subscription, invoice))
        return false;
    if (!invoice_items_take(request, invoice, subscription->object.id))
        return false;
    if (invoice->all_lines.count == 0)
        return true;
    bool send = subscription->collection_method.value == SEND_INVOICE && !trial;
    if (send)
        invoice->automatically_finalizes_at =
            (struct opt_time){true, request->now + FINALIZE_DELAY_SECONDS};
    if (!invoice_store(request, invoice))
        return false;
    subscription->latest_invoice = (struct ref){invoice->object.id, invoice->object.row, NULL};
    if (send)
        return true;
    return invoice_finalize(request, invoice) && collect_first(request, subscription, invoice);
}

static bool check_currency(struct request *request, struct subscription *subscription,
                           const struct customer *customer)
{
    const struct item_input *first = subscription->item_inputs.items;
    const struct price *price;
    if (!subscription->item_inputs.count)
        return fail(request, CODE_parameter_missing, STR("items"),
                    "Missing required param: items.");
    if (!subscription->currency.data) {
        if (first->price_data) {
            subscription->currency = first->price_data->currency;
        } else {
            if (!subscription_find_price(request, first, 0, &price))
                return false;
            int64_t amount;
            if (!price)
                return true; /* reported with the items */
            subscription->currency =
                customer->currency.data && price_amount(price, customer->currency, 1, &amount)
                    ? customer->currency
                    : price->currency;
        }
    }
    return !customer->currency.data || str_equal(customer->currency, subscription->currency) ||
           fail(request, CODE_NONE, STR("currency"),
                "Can't combine currencies on a single customer. This customer has had a "
                "subscription, coupon, or invoice item with currency %.*s",
                STR_FMT(customer->currency));
}

bool subscription_create(struct request *request, struct subscription *subscription)
{
    const struct customer *customer = subscription->customer.object;
    test_clock_enter(request, &customer->test_clock);
    subscription->test_clock = customer->test_clock;
    subscription->object.id = resource_new_id(request, &subscription_resource);
    subscription->object.created.seconds = request->now;
    subscription->object.row = db_next_row(request->db, request->now);
    subscription->object.livemode = request->livemode;
    subscription_take_plan(request, subscription);
    if (!subscription_check_settings(request, subscription) ||
        !check_currency(request, subscription, customer) ||
        !subscription_apply_items(request, subscription) || !set_period(request, subscription) ||
        !subscription_set_discounts(request, subscription, SURFACE_SUBSCRIPTION) ||
        !customer_bill_in(request, &subscription->customer, subscription->currency) ||
        !subscription_add_invoice_items(request, subscription, customer))
        return false;
    subscription->status.value =
        subscription->trial_end.set ? SUBSCRIPTION_TRIALING : SUBSCRIPTION_ACTIVE;
    subscription_plan_end(request, subscription, NULL);
    if (!bill_first(request, subscription, customer))
        return false;
    subscription_drop_used(request, subscription);
    subscription_store_items(request, subscription, NULL);
    rows_insert(request, catalog_of(request, &subscription_resource), &subscription_resource.schema,
                subscription);
    subscription_wind(request, subscription);
    subscription_resource.derive(request, subscription);
    event_record(request, subscription_resource.events, "created", &subscription_resource.schema,
                 subscription, NULL);
    return true;
}

bool subscription_route_create(struct request *request, const struct route *route,
                               struct answer *answer)
{
    struct subscription *subscription = resource_new(request, &subscription_resource);
    subscription_resource.prepare(request, subscription);
    if (!resource_parameters(request, route, subscription) ||
        !subscription_check_parameters(request, subscription) ||
        !resource_resolve(request, &subscription_resource.schema, subscription, CREATE) ||
        !subscription_create(request, subscription))
        return false;
    answer_object(answer, &subscription_resource, subscription);
    return true;
}
