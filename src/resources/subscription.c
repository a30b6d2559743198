/* Subscriptions: the table, and the calls that every object has. */
#include "resources/subscription.h"

#include "base/arena.h"
#include "base/request.h"
#include "resources/coupon.h"
#include "resources/payment_method.h"
#include "resources/promotion_code.h"
#include "resources/registry.h"
#include "resources/test_clock.h"

#include <stddef.h>
#include <string.h>

#define ITEM_WITH_PRICE                                                           \
    "EXISTS (SELECT 1 FROM subscription_items AS i WHERE i.tenant = o.tenant AND" \
    " i.subscription = o.id AND i.deleted_at IS NULL AND i.price = ?)"
#define STATUS_MATCHES "(? = 'all' OR o.status = ? OR (? = 'ended' AND o.ended_at IS NOT NULL))"

static const char *const anchors[] = {"now", "unchanged", NULL};
static const char *const billing_modes[] = {"classic", "flexible", NULL};
static const char *const statuses[] = {"active",   "canceled", "incomplete", "incomplete_expired",
                                       "past_due", "paused",   "trialing",   "unpaid",
                                       NULL};
static const char *const feedbacks[] = {
    "customer_service", "low_quality",   "missing_features", "other", "switched_service",
    "too_complex",      "too_expensive", "unused",           NULL};
static const char *const saves[] = {"off", "on_subscription", NULL};
static const char *const reasons[] = {"cancellation_requested", "payment_disputed",
                                      "payment_failed", NULL};

#define THIS struct billing_mode
static const struct field billing_mode_fields[] = {
    CONSTANT("flexible", "{\"proration_discounts\": \"included\"}",
             "Prorations contain the effect of discounts."),
    FIELD(type, "Accepted without effect.", .in = CREATE, .values = billing_modes),
};
#undef THIS
static const struct schema billing_mode_schema =
    SCHEMA(struct billing_mode, billing_mode_fields, "billing_mode");

#define THIS struct payment_settings
static const struct field payment_settings_fields[] = {
    FIELD(payment_method_types, "Accepted without effect.", .in = CREATE | UPDATE,
          .is = CLEARS_ON_CREATE | CLEARS_ON_UPDATE),
    FIELD(save_default_payment_method, "Accepted without effect.", .in = CREATE | UPDATE,
          .values = saves),
};
#undef THIS
static const struct schema payment_settings_schema =
    SCHEMA(struct payment_settings, payment_settings_fields, "payment_settings");

#define THIS struct cancellation_details
static const struct field cancellation_details_fields[] = {
    FIELD(comment, "What the customer says.", .in = UPDATE | ACTION, .is = CLEARS_ON_UPDATE),
    FIELD(feedback, "Why the customer leaves.", .in = UPDATE | ACTION,
          .is = CLEARS_ON_UPDATE | NULL_WHEN_EMPTY, .values = feedbacks),
    FIELD(reason, "Why it was canceled.", .is = NULL_WHEN_EMPTY, .values = reasons),
};
#undef THIS
const struct schema cancellation_details_schema =
    SCHEMA(struct cancellation_details, cancellation_details_fields, "cancellation_details");

#define THIS struct subscription
static const struct field subscription_fields[] = {
    FIELD_ID,
    FIELD(added_items, "One-time items of the next invoice.", .as = "add_invoice_items",
          .in = CREATE | UPDATE, .is = INPUT, .of = &added_item_schema),
    CONSTANT("application", "null", "Not supported.", .is = EXPANDABLE, .since = V_2022_11_15),
    CONSTANT("application_fee_percent", "null", "Not supported."),
    HASH(automatic_tax, automatic_tax_setting_schema, "Accepted when it is off.",
         .in = CREATE | UPDATE, .is = INPUT),
    CONSTANT("automatic_tax",
             "{\"disabled_reason\": null, \"enabled\": false, \"liability\": null}",
             "Not supported."),
    FIELD(backdate_start_date, "When it began, if that was before.", .in = CREATE, .is = INPUT),
    FIELD(billing_cycle_anchor, "When its periods begin.", .in = CREATE),
    FIELD(anchor_input, "Whether its periods begin anew.", .as = "billing_cycle_anchor",
          .in = UPDATE, .is = INPUT, .values = anchors),
    CONSTANT("billing_cycle_anchor_config", "null", "Not supported.", .since = V_2024_04_10),
    HASH(billing_mode, billing_mode_schema, "How prorations are worked out.", .in = CREATE,
         .since = V_2025_08_27),
    CONSTANT("billing_schedules", "[]", "Not supported.", .since = V_ENDIVE),
    CONSTANT("billing_thresholds", "null", "Not supported."),
    FIELD(cancel_at, "When it ends.", .in = CREATE | UPDATE, .is = CLEARS_ON_UPDATE),
    FIELD(cancel_at_period_end, "Whether it ends with the current period.", .in = CREATE | UPDATE),
    FIELD(canceled_at, "When it was canceled."),
    HASH(cancellation_details, cancellation_details_schema, "Why it was canceled.", .in = UPDATE,
         .since = V_2023_08_16),
    FIELD(collection_method, "Who takes the first step to pay.", .in = CREATE | UPDATE | FILTER,
          .values = collection_methods),
    FIELD(coupon, "The coupon to redeem; an empty value takes the discounts away.",
          .in = CREATE | UPDATE, .is = INPUT | BLANK_IS_ABSENT | CLEARS_ON_UPDATE,
          .of = &coupon_resource.schema, .until = V_BASIL),
    FIELD_CREATED,
    FIELD(currency, "Currency.", .in = CREATE, .is = NOT_NULL, .format = FORMAT_CURRENCY,
          .since = V_2022_08_01),
    FIELD(current_period_end, "End of the current period.", .is = INTERNAL),
    FIELD(current_period_end, "End of the current period.", .in = FILTER, .until = V_BASIL),
    FIELD(current_period_start, "Start of the current period.", .is = INTERNAL),
    FIELD(current_period_start, "Start of the current period.", .in = FILTER, .until = V_BASIL),
    FIELD(customer, "Who pays.", .in = CREATE | FILTER, .is = NOT_NULL | REQUIRED,
          .of = &customer_resource.schema),
    CONSTANT("customer_account", "null", "Not supported.", .since = V_2025_12_15),
    FIELD(days_until_due, "Days until an invoice has to be paid.", .in = CREATE | UPDATE, .min = 0,
          .max = 3650),
    FIELD(default_payment_method, "What it is paid with; null: the customer's own.",
          .in = CREATE | UPDATE, .of = &payment_method_resource.schema),
    CONSTANT("default_source", "null", "Not supported.", .is = EXPANDABLE),
    CONSTANT("default_tax_rates", "[]", "Not supported."),
    FIELD(description, "What it is for.", .in = CREATE | UPDATE, .is = CLEARS_ON_UPDATE, .max = 500,
          .since = V_2022_08_01),
    FIELD(discount, "The first discount.", .is = INLINED, .of = &discount_resource.schema,
          .until = V_BASIL),
    FIELD(discount_entries, "The coupons, codes and discounts that it has.", .as = "discounts",
          .in = CREATE | UPDATE, .is = INPUT | CLEARS_ON_CREATE | CLEARS_ON_UPDATE,
          .of = &discount_entry_schema, .since = V_2024_04_10),
    FIELD(discounts, "Its own discounts.", .of = &discount_resource.schema, .since = V_2024_04_10),
    FIELD(ended_at, "When it ended."),
    CONSTANT("invoice_settings", "{\"account_tax_ids\": null, \"issuer\": {\"type\": \"self\"}}",
             "Not supported.", .since = V_2024_04_10),
    FIELD(item_inputs, "What is bought.", .as = "items", .in = CREATE | UPDATE, .is = INPUT,
          .of = &item_input_schema),
    FIELD(items, "What is bought.", .is = DERIVED, .of = &subscription_item_resource.schema),
    FIELD(latest_invoice, "The last invoice.", .of = &invoice_resource.schema),
    FIELD_LIVEMODE,
    CONSTANT("managed_payments", "null", "Not supported.", .since = V_ENDIVE),
    FIELD_METADATA(.in = CREATE | UPDATE, .is = CLEARS_ON_CREATE | CLEARS_ON_UPDATE),
    CONSTANT("next_pending_invoice_item_invoice", "null", "Not supported."),
    FIELD(off_clock, "Without a test clock.", .is = INPUT, .where = "o.test_clock_seq IS NULL"),
    FIELD(off_session, "Accepted without effect.", .in = CREATE | UPDATE, .is = INPUT),
    CONSTANT("on_behalf_of", "null", "Not supported.", .is = EXPANDABLE, .since = V_2022_11_15),
    CONSTANT("pause_collection", "null", "Not supported."),
    FIELD(payment_behavior, "What happens when an invoice cannot be paid.", .in = CREATE | UPDATE,
          .is = INPUT, .values = payment_behaviors),
    HASH(payment_settings, payment_settings_schema, "Accepted without effect.",
         .in = CREATE | UPDATE, .is = INPUT),
    CONSTANT("payment_settings",
             "{\"payment_method_options\": null, \"payment_method_types\": null, "
             "\"save_default_payment_method\": \"off\"}",
             "Not supported."),
    CONSTANT("pending_invoice_item_interval", "null", "Not supported."),
    CONSTANT("pending_setup_intent", "null", "Not supported.", .is = EXPANDABLE),
    CONSTANT("pending_update", "null", "Not supported."),
    OPT_HASH(plan, plan_resource.schema, "The price of the only item, by its older name.",
             .is = DERIVED),
    FIELD(plan_input, "The only price, by its older name.", .as = "plan",
          .in = CREATE | UPDATE | FILTER, .is = INPUT, .of = &price_resource.schema,
          .where = ITEM_WITH_PRICE),
    FIELD(price_filter, "Only those with this price.", .as = "price", .in = FILTER, .is = INPUT,
          .of = &price_resource.schema, .where = ITEM_WITH_PRICE),
    FIELD(promotion_code, "The code to redeem; an empty value takes the discounts away.",
          .in = CREATE | UPDATE, .is = INPUT | BLANK_IS_ABSENT | CLEARS_ON_UPDATE,
          .of = &promotion_code_resource.schema, .until = V_BASIL),
    FIELD(proration_behavior, "What happens to the rest of the period.", .in = CREATE | UPDATE,
          .is = INPUT, .values = proration_behaviors),
    FIELD(proration_date, "From when on it is prorated.", .in = UPDATE, .is = INPUT),
    FIELD(quantity, "How many of the only item.", .is = DERIVED),
    FIELD(quantity_input, "How many of the only price.", .as = "quantity", .in = CREATE | UPDATE,
          .is = INPUT),
    CONSTANT("schedule", "null", "Not supported.", .is = EXPANDABLE),
    FIELD(start_date, "When it began."),
    FIELD(status, "Where it is on its way.", .values = statuses),
    FIELD(status_filter, "Only those; `all` for canceled ones too, `ended` for those that ended.",
          .as = "status", .in = FILTER, .is = INPUT, .where = STATUS_MATCHES),
    FIELD(suppresses_discounts, "Whether it goes without its customer's discount.", .is = INTERNAL),
    FIELD(test_clock, "The test clock that the customer lives by.", .in = FILTER,
          .of = &test_clock_resource.schema, .since = V_2022_08_01),
    CONSTANT("transfer_data", "null", "Not supported."),
    FIELD(trial_end, "When the trial ends."),
    FIELD(trial_end_input, "When the trial ends: a time, or `now`.", .as = "trial_end",
          .in = CREATE | UPDATE, .is = INPUT),
    FIELD(trial_from_plan, "Whether to use the price's trial.", .in = CREATE | UPDATE, .is = INPUT),
    FIELD(trial_period_days, "Days of trial.", .in = CREATE, .is = INPUT, .max = 730),
    CONSTANT("trial_settings",
             "{\"end_behavior\": {\"missing_payment_method\": \"create_invoice\"}}",
             "Not supported.", .since = V_2023_08_16),
    FIELD(trial_start, "When the trial began."),
    FIELD(unended, "Not canceled.", .is = INPUT, .where = "o.ended_at IS NULL"),
};
#undef THIS

static void prepare(struct request *request, void *object)
{
    struct subscription *subscription = object;
    subscription->collection_method.value = CHARGE_AUTOMATICALLY;
    subscription->billing_mode.type.value = request->version < V_CLOVER ? 1 : 2;
}

static void older(struct request *request, void *object)
{
    struct subscription *subscription = object;
    const struct subscription_item *items = subscription->items.items;
    (void)request;
    subscription->discount =
        subscription->discounts.count ? subscription->discounts.items[0] : (struct ref){0};
    if (!subscription->items.count)
        return;
    subscription->current_period_start = items[0].current_period_start;
    subscription->current_period_end = items[0].current_period_end;
}

static void derive(struct request *request, void *object)
{
    struct subscription *subscription = object;
    subscription_load_items(request, subscription);
    const struct subscription_item *items = subscription->items.items;
    bool single = subscription->items.count == 1;
    subscription->plan = single ? items[0].plan : NULL;
    subscription->quantity = single ? items[0].quantity : (struct opt_int){0};
    older(request, subscription);
}

struct subscription *subscription_copy(struct request *request,
                                       const struct subscription *subscription)
{
    struct subscription *copy = resource_new(request, &subscription_resource);
    size_t count = subscription->items.count;
    *copy = *subscription;
    copy->items.items = ARENA_ARRAY(request->arena, struct subscription_item, count + 1);
    if (count)
        memcpy(copy->items.items, subscription->items.items,
               count * sizeof(struct subscription_item));
    return copy;
}

static void give(struct request *request, size_t offset)
{
    parameter_give(request, &subscription_resource.schema, offset);
}

/* Lists leave out what is canceled, and what lives by a test clock, unless they are asked for. */
static bool check(struct request *request, void *object, const void *before, unsigned operation)
{
    struct subscription *filter = object;
    (void)before;
    if (operation != FILTER)
        return true;
    if (!filter->test_clock.id.data && !filter->customer.id.data)
        give(request, offsetof(struct subscription, off_clock));
    if (!filter->status_filter.data)
        give(request, offsetof(struct subscription, unended));
    if (!filter->status_filter.data || str_is(filter->status_filter, "all") ||
        str_is(filter->status_filter, "ended"))
        return true;
    for (size_t i = 0; statuses[i]; i++)
        if (str_is(filter->status_filter, statuses[i]))
            return true;
    return fail(request, CODE_NONE, STR("status"),
                "Invalid status: must be one of active, all, canceled, ended, incomplete, "
                "incomplete_expired, past_due, paused, trialing, or unpaid");
}

static const struct route routes[] = {
    {.method = "POST",
     .path = "/v1/subscriptions",
     .handler = subscription_route_create,
     .resource = &subscription_resource,
     .parameters = &subscription_resource.schema,
     .in = CREATE,
     .name = "PostSubscriptions",
     .summary = "Create a subscription"},
    {.method = "POST",
     .path = "/v1/subscriptions/:id",
     .handler = subscription_route_update,
     .resource = &subscription_resource,
     .parameters = &subscription_resource.schema,
     .in = UPDATE,
     .name = "PostSubscriptionsSubscription",
     .summary = "Update a subscription"},
    {.method = "DELETE",
     .path = "/v1/subscriptions/:id/discount",
     .handler = subscription_route_delete_discount,
     .resource = &discount_resource,
     .name = "DeleteSubscriptionsSubscriptionDiscount",
     .summary = "Remove a subscription's discounts",
     .no_expand = true},
    {.method = "DELETE",
     .path = "/v1/subscriptions/:id",
     .handler = subscription_route_cancel,
     .resource = &subscription_resource,
     .parameters = &cancellation_schema,
     .in = ACTION,
     .name = "DeleteSubscriptionsSubscription",
     .summary = "Cancel a subscription"},
};

const struct resource subscription_resource = {
    .schema = SCHEMA(struct subscription, subscription_fields, "subscription", .is_object = true,
                     .help = "What is bought again every period."),
    .table = {&subscription_resource.schema, "subscriptions", NULL},
    .number = RESOURCE_subscription,
    .path = "/v1/subscriptions",
    .noun = "subscription",
    .path_param = "id",
    .events = "customer.subscription",
    .id_prefix = "sub_",
    .id_form = ID_LONG,
    .operations = RETRIEVE | FILTER,
    .routes = routes,
    .route_count = ARRAY_LENGTH(routes),
    .prepare = prepare,
    .check = check,
    .derive = derive,
    .older = older,
};
