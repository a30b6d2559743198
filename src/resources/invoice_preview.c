/* Previews of invoices. What would happen does happen: the same code runs, on the same rows, in a
 * savepoint that is rolled back when the answer is written. */
#include "resources/invoice_preview.h"

#include "base/arena.h"
#include "base/limits.h"
#include "base/request.h"
#include "resources/coupon.h"
#include "resources/invoice_item.h"
#include "resources/invoice_life.h"
#include "resources/list.h"
#include "resources/redemption_attempt.h"
#include "resources/registry.h"
#include "resources/subscription.h"
#include "resources/test_clock.h"
#include "schema/form.h"

#include <stddef.h>
#include <string.h>

static const char *const modes[] = {"next", "recurring", NULL};
static const char *const anchors[] = {"now", "unchanged", NULL};

enum {
    MODE_RECURRING = 2
};

/* An element of invoice_items[]. */
struct preview_item {
    struct opt_int amount;
    struct str currency;
    struct str description;
    struct opt_bool discountable;
    struct list discount_entries;
    struct metadata metadata;
    struct period *period;
    struct ref price;
    struct price_data *price_data;
    struct opt_int quantity;
    struct opt_int unit_amount;
    struct str unit_amount_decimal;
};

struct preview_subscription {
    struct choice billing_cycle_anchor;
    struct opt_time cancel_at;
    struct opt_bool cancel_at_period_end;
    bool cancel_now;
    struct list items; /* of struct item_input */
    struct choice proration_behavior;
    struct opt_time proration_date;
    struct opt_time start_date;
    struct str trial_end;
};

struct preview {
    struct ref coupon;
    struct str currency;
    struct ref customer;
    struct list discount_entries;
    bool discounts_given;
    struct list invoice_items; /* of struct preview_item */
    struct choice mode;
    struct ref subscription;
    struct preview_subscription details;
    struct page page;
};

#define THIS struct preview_item
static const struct field preview_item_fields[] = {
    FIELD(amount, "The amount, in minor units.", .in = ACTION, .min = -AMOUNT_MAX,
          .max = AMOUNT_MAX),
    FIELD(currency, "Currency.", .in = ACTION, .format = FORMAT_CURRENCY),
    FIELD(description, "What it is for.", .in = ACTION),
    FIELD(discountable, "Whether discounts apply.", .in = ACTION),
    FIELD(discount_entries, "The coupons, codes and discounts that it has.", .as = "discounts",
          .in = ACTION, .of = &discount_entry_schema),
    FIELD(metadata, "Pairs of your own.", .in = ACTION),
    OPT_HASH(period, period_schema, "What it is for.", .in = ACTION),
    FIELD(price, "The price.", .in = ACTION, .of = &price_resource.schema),
    OPT_HASH(price_data, price_data_schema, "A price to make with it.", .in = ACTION),
    FIELD(quantity, "How many.", .in = ACTION),
    FIELD(unit_amount, "What one costs, in minor units.", .in = ACTION, .min = -AMOUNT_MAX,
          .max = AMOUNT_MAX),
    FIELD(unit_amount_decimal, "What one costs, with up to twelve decimal places.", .in = ACTION),
};
#undef THIS
static const struct schema preview_item_schema =
    SCHEMA(struct preview_item, preview_item_fields, "preview_invoice_item");

#define THIS struct preview_subscription
static const struct field preview_subscription_fields[] = {
    FIELD(billing_cycle_anchor, "Whether its periods begin anew.", .in = ACTION, .values = anchors),
    FIELD(cancel_at, "When it ends.", .in = ACTION),
    FIELD(cancel_at_period_end, "Whether it ends with the current period.", .in = ACTION),
    FIELD(cancel_now, "Whether it ends now.", .in = ACTION),
    FIELD(items, "What is bought.", .in = ACTION, .of = &item_input_schema),
    FIELD(proration_behavior, "What happens to the rest of the period.", .in = ACTION,
          .values = proration_behaviors),
    FIELD(proration_date, "From when on it is prorated.", .in = ACTION),
    FIELD(start_date, "When a new one began.", .in = ACTION),
    FIELD(trial_end, "When the trial ends: a time, or `now`.", .in = ACTION),
};
#undef THIS
static const struct schema preview_subscription_schema = SCHEMA(
    struct preview_subscription, preview_subscription_fields, "preview_subscription_details");

#define THIS struct preview
static const struct field preview_fields[] = {
    FIELD(coupon, "The coupon of the invoice.", .in = ACTION, .of = &coupon_resource.schema,
          .until = V_BASIL),
    FIELD(currency, "Currency.", .in = ACTION, .format = FORMAT_CURRENCY),
    FIELD(customer, "Who pays.", .in = ACTION, .of = &customer_resource.schema),
    FIELD(discount_entries, "The coupons, codes and discounts of the invoice.", .as = "discounts",
          .in = ACTION, .is = CLEARS_ON_UPDATE, .of = &discount_entry_schema),
    FIELD(invoice_items, "Invoice items to be on it.", .in = ACTION, .of = &preview_item_schema),
    FIELD(mode, "Which invoice: the next one, or one that recurs.", .as = "preview_mode",
          .in = ACTION, .values = modes),
    FIELD(subscription, "The subscription.", .in = ACTION, .of = &subscription_resource.schema),
    HASH(details, preview_subscription_schema, "What the subscription would be.",
         .as = "subscription_details", .in = ACTION),
};
static const struct field upcoming_fields[] = {
    FIELD(coupon, "The coupon of the invoice.", .in = ACTION, .of = &coupon_resource.schema),
    FIELD(currency, "Currency.", .in = ACTION, .format = FORMAT_CURRENCY),
    FIELD(customer, "Who pays.", .in = ACTION, .of = &customer_resource.schema),
    FIELD(discount_entries, "The coupons, codes and discounts of the invoice.", .as = "discounts",
          .in = ACTION, .is = CLEARS_ON_UPDATE, .of = &discount_entry_schema),
    FIELD(invoice_items, "Invoice items to be on it.", .in = ACTION, .of = &preview_item_schema),
    FIELD(subscription, "The subscription.", .in = ACTION, .of = &subscription_resource.schema),
    FIELD(details.billing_cycle_anchor, "Whether its periods begin anew.",
          .as = "subscription_billing_cycle_anchor", .in = ACTION, .values = anchors),
    FIELD(details.cancel_at, "When it ends.", .as = "subscription_cancel_at", .in = ACTION),
    FIELD(details.cancel_at_period_end, "Whether it ends with the current period.",
          .as = "subscription_cancel_at_period_end", .in = ACTION),
    FIELD(details.cancel_now, "Whether it ends now.", .as = "subscription_cancel_now",
          .in = ACTION),
    FIELD(details.items, "What is bought.", .as = "subscription_items", .in = ACTION,
          .of = &item_input_schema),
    FIELD(details.proration_behavior, "What happens to the rest of the period.",
          .as = "subscription_proration_behavior", .in = ACTION, .values = proration_behaviors),
    FIELD(details.proration_date, "From when on it is prorated.",
          .as = "subscription_proration_date", .in = ACTION),
    FIELD(details.start_date, "When a new one began.", .as = "subscription_start_date",
          .in = ACTION),
    FIELD(details.trial_end, "When the trial ends: a time, or `now`.",
          .as = "subscription_trial_end", .in = ACTION),
};
#undef THIS
const struct schema preview_schema = SCHEMA(struct preview, preview_fields, "preview");
const struct schema upcoming_schema = SCHEMA(struct preview, upcoming_fields, "upcoming");

/* ---- invoice items ---- */

static bool add_item(struct request *request, const struct customer *customer,
                     const struct preview_item *wanted, struct str currency, size_t index)
{
    struct invoice_item *item = resource_new(request, &invoice_item_resource);
    *item = (struct invoice_item){
        .amount = wanted->amount,
        .currency = wanted->currency.data ? wanted->currency : currency,
        .customer = {customer->object.id, customer->object.row, customer},
        .description = wanted->description,
        .discountable = wanted->discountable,
        .discount_entries = wanted->discount_entries,
        .object = {.metadata = wanted->metadata},
        .price = wanted->price,
        .price_data = wanted->price_data,
        .quantity = wanted->quantity.set ? wanted->quantity.value : 1,
        .unit_amount = wanted->unit_amount,
        .unit_amount_decimal = wanted->unit_amount_decimal,
    };
    if (wanted->period)
        item->period = *wanted->period;
    if (item->price.id.data) {
        item->price.object = resource_find(request, &price_resource, item->price.id);
        if (!item->price.object)
            return fail(request, CODE_resource_missing,
                        str_format(request->arena, "invoice_items[%zu][price]", index),
                        "No such price: '%.*s'", STR_FMT(item->price.id));
    }
    if (invoice_item_check(request, item))
        return resource_insert(request, &invoice_item_resource, item);
    if (request->error.param.data) {
        struct str outer = str_format(request->arena, "invoice_items[%zu]", index);
        request->error.param = form_inner(request, outer, request->error.param);
    }
    return false;
}

static bool add_items(struct request *request, const struct customer *customer,
                      const struct preview *preview, struct str currency)
{
    const struct preview_item *items = preview->invoice_items.items;
    for (size_t i = 0; i < preview->invoice_items.count; i++)
        if (!add_item(request, customer, &items[i], currency, i))
            return false;
    return true;
}

/* ---- the invoice ---- */

static bool fail_none(struct request *request, const struct customer *customer)
{
    bool failed = fail(request, CODE_invoice_upcoming_none, STR_NULL,
                       "No upcoming invoices for customer: %.*s", STR_FMT(customer->object.id));
    request->error.status = 404;
    return failed;
}

static bool details_given(const struct preview_subscription *details)
{
    return details->items.count || details->cancel_at_period_end.set || details->cancel_at.set ||
           details->trial_end.data || details->billing_cycle_anchor.value;
}

/* The invoice that the subscription has got, or else the one that it gets next. */
static bool next_of(struct request *request, struct subscription *subscription,
                    struct str last_invoice, const struct customer *customer,
                    struct invoice **invoice)
{
    if (!str_equal(subscription->latest_invoice.id, last_invoice)) {
        *invoice = resource_follow(request, &invoice_resource, &subscription->latest_invoice);
        return *invoice != NULL;
    }
    if (subscription->ended_at.set ||
        (subscription->cancel_at.set &&
         subscription->cancel_at.seconds <= subscription->current_period_end.seconds))
        return fail_none(request, customer);
    request->now = subscription->current_period_end.seconds;
    return subscription_renew(request, subscription, invoice);
}

static bool preview_change(struct request *request, const struct preview *preview,
                           struct subscription *subscription, const struct customer *customer,
                           struct invoice **invoice)
{
    const struct preview_subscription *details = &preview->details;
    const struct subscription *before = subscription_copy(request, subscription);
    struct str last = subscription->latest_invoice.id;
    subscription->payment_behavior.value = PAYMENT_DEFAULT_INCOMPLETE;
    if (!add_items(request, customer, preview, subscription->currency))
        return false;
    if (details_given(details)) {
        subscription->item_inputs = details->items;
        subscription->proration_behavior = details->proration_behavior;
        subscription->proration_date = details->proration_date;
        subscription->anchor_input = details->billing_cycle_anchor;
        subscription->trial_end_input = details->trial_end;
        if (details->cancel_at_period_end.set)
            subscription->cancel_at_period_end = details->cancel_at_period_end.value;
        if (details->cancel_at.set)
            subscription->cancel_at = details->cancel_at;
        if (!subscription_update(request, subscription, before))
            return false;
    }
    if (details->cancel_now) {
        struct subscription *empty = subscription_copy(request, subscription);
        empty->items.count = 0;
        if (details->proration_behavior.value != PRORATION_NONE &&
            !subscription_prorate(request, empty, subscription, request->now))
            return false;
        *invoice = subscription_draft(request, subscription, customer, REASON_UPCOMING);
        return invoice_items_take(request, *invoice, subscription->object.id) &&
               invoice_store(request, *invoice);
    }
    return next_of(request, subscription, last, customer, invoice);
}

static bool preview_new(struct request *request, const struct preview *preview,
                        const struct customer *customer, struct invoice **invoice)
{
    struct subscription *subscription = resource_new(request, &subscription_resource);
    subscription_resource.prepare(request, subscription);
    subscription->customer = (struct ref){customer->object.id, customer->object.row, customer};
    subscription->currency = preview->currency;
    subscription->item_inputs = preview->details.items;
    subscription->trial_end_input = preview->details.trial_end;
    subscription->backdate_start_date = preview->details.start_date;
    subscription->coupon = preview->coupon;
    subscription->discount_entries = preview->discount_entries;
    subscription->coupon_given = preview->coupon.id.data != NULL;
    subscription->discounts_given = preview->discounts_given;
    subscription->payment_behavior.value = PAYMENT_DEFAULT_INCOMPLETE;
    if (!add_items(request, customer, preview, preview->currency) ||
        !subscription_create(request, subscription))
        return false;
    if (preview->mode.value == MODE_RECURRING) {
        request->now = subscription->current_period_end.seconds;
        return subscription_renew(request, subscription, invoice);
    }
    *invoice = resource_follow(request, &invoice_resource, &subscription->latest_invoice);
    return *invoice != NULL;
}

/* What waits for the customer, without a subscription. */
static bool preview_pending(struct request *request, const struct preview *preview,
                            const struct customer *customer, struct invoice **invoice)
{
    struct str currency = preview->currency.data    ? preview->currency
                          : customer->currency.data ? customer->currency
                                                    : STR("usd");
    if (!add_items(request, customer, preview, currency))
        return false;
    *invoice = invoice_draft(request, customer, currency, REASON_UPCOMING);
    if (!invoice_items_take(request, *invoice, STR_NULL))
        return false;
    if ((*invoice)->all_lines.count == 0)
        return fail_none(request, customer);
    invoice_inherit(request, *invoice, customer);
    return invoice_store(request, *invoice);
}

STATEMENT(find_subscription, "SELECT seq FROM subscriptions WHERE tenant = $1 AND customer = $2"
                             " AND ended_at IS NULL ORDER BY seq DESC LIMIT 1");

/* The only, or newest, subscription of the customer. */
static struct subscription *only_subscription(struct request *request,
                                              const struct customer *customer)
{
    struct query query = db_query(request->db, &find_subscription);
    db_bind_int(&query, request->tenant);
    db_bind_str(&query, customer->object.id);
    int64_t row = db_row(&query) ? db_int(&query, 0) : 0;
    db_end(&query);
    return row ? resource_load(request, &subscription_resource, row) : NULL;
}

/* The discounts that the call gives the invoice itself. */
static bool set_discounts(struct request *request, const struct preview *preview,
                          struct invoice *invoice)
{
    struct discount_entry entry = {.coupon = preview->coupon};
    const struct list legacy = {&entry, 1};
    const struct refs none = {0};
    const struct discount on = {.customer = invoice->customer, .invoice = invoice->object.id};
    const struct purchase purchase = {
        .surface = invoice->parent.type.value ? SURFACE_SUBSCRIPTION_INVOICE : SURFACE_INVOICE,
        .customer = invoice->customer.id,
        .customer_is_new = customer_is_new(request, invoice->customer.id, STR_NULL),
        .currency = invoice->currency,
        .amount = {true, invoice->subtotal},
    };
    const struct discounts_change change = {
        .entries = preview->coupon.id.data ? &legacy : &preview->discount_entries,
        .param = STR("discounts"),
        .legacy = preview->coupon.id.data != NULL,
        .had = &none,
        .on = &on,
        .purchase = &purchase,
    };
    if (!preview->coupon.id.data && !preview->discounts_given)
        return true;
    if (!discounts_set(request, &change, &invoice->discounts))
        return false;
    invoice_compute(request, invoice);
    return true;
}

/* Makes it look like what it is: no invoice yet. */
static void disguise(struct request *request, struct invoice *invoice)
{
    struct line_item *lines = invoice->all_lines.items;
    struct str id = invoice->object.id;
    invoice->object.id = str_format(request->arena, "upcoming_%.*s", STR_FMT(id));
    invoice->billing_reason.value = REASON_UPCOMING;
    invoice->status.value = INVOICE_DRAFT;
    invoice->status_transitions = (struct status_transitions){0};
    invoice->number = invoice->hosted_invoice_url = invoice->invoice_pdf = STR_NULL;
    invoice->ending_balance = (struct opt_int){0};
    invoice->effective_at = invoice->automatically_finalizes_at = (struct opt_time){0};
    invoice->attempted = false;
    invoice->amount_remaining = invoice->amount_due;
    for (size_t i = 0; i < invoice->all_lines.count; i++) {
        /* By its place, so that the next page can be asked for. */
        lines[i].object.id = str_format(request->arena, "il_tmp_%03zu", i + 1);
        lines[i].invoice = invoice->object.id;
    }
    invoice_resource.derive(request, invoice);
}

static bool work_out(struct request *request, const struct route *route, struct preview *preview,
                     struct invoice **invoice)
{
    struct subscription *subscription =
        (struct subscription *)(uintptr_t)preview->subscription.object;
    const struct customer *customer = preview->customer.object;
    if (subscription && !customer)
        customer = resource_find(request, &customer_resource, subscription->customer.id);
    if (!customer)
        return fail(request, CODE_NONE, STR_NULL,
                    "You must either provide a `customer` or a `subscription` to the upcoming "
                    "invoice endpoint.");
    if (subscription && !str_equal(subscription->customer.id, customer->object.id))
        return fail(request, CODE_resource_missing, STR("subscription"),
                    "No such subscription: '%.*s'", STR_FMT(subscription->object.id));
    test_clock_enter(request, &customer->test_clock);
    if (!subscription && !preview->details.items.count)
        subscription = only_subscription(request, customer);
    preview->discounts_given =
        parameter_given(request, route->parameters, offsetof(struct preview, discount_entries));
    memset(request->given, 0, sizeof(request->given)); /* they were rows of another table */
    if (preview->coupon.id.data && preview->discounts_given)
        return fail(request, CODE_NONE, STR("coupon"),
                    "You may only specify one of these parameters: coupon, discounts.");
    bool new = !subscription && preview->details.items.count > 0;
    bool made = subscription ? preview_change(request, preview, subscription, customer, invoice)
                : new        ? preview_new(request, preview, customer, invoice)
                             : preview_pending(request, preview, customer, invoice);
    if (!made || (!new && !set_discounts(request, preview, *invoice))) {
        attempt_is_preview(request);
        return false;
    }
    disguise(request, *invoice);
    return true;
}

bool invoice_route_preview(struct request *request, const struct route *route,
                           struct answer *answer)
{
    struct preview preview = {0};
    struct invoice *invoice;
    if (!resource_parameters(request, route, &preview) ||
        !resource_resolve(request, route->parameters, &preview, ACTION) ||
        !work_out(request, route, &preview, &invoice))
        return false;
    answer_object(answer, &invoice_resource, invoice);
    return true;
}

bool invoice_route_upcoming_lines(struct request *request, const struct route *route,
                                  struct answer *answer)
{
    struct preview preview = {0};
    struct invoice *invoice;
    if (!list_read_page_with(request, route, &preview, &preview.page) ||
        !resource_resolve(request, route->parameters, &preview, ACTION) ||
        !work_out(request, route, &preview, &invoice))
        return false;
    return invoice_answer_lines(request, invoice, &preview.page, answer);
}
