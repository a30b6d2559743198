/* Changing and canceling subscriptions. */
#include "base/limits.h"
#include "base/request.h"
#include "resources/event.h"
#include "resources/invoice_item.h"
#include "resources/invoice_life.h"
#include "resources/registry.h"
#include "resources/subscription_parts.h"
#include "resources/test_clock.h"
#include "resources/timer.h"

#include <stddef.h>

#define REASON_CANCELLATION_REQUESTED 1
#define REASON_PAYMENT_FAILED 3
#define ANCHOR_NOW 1

static struct subscription_item *items_of(const struct subscription *subscription)
{
    return subscription->items.items;
}

static const struct price *price_of(struct request *request,
                                    const struct subscription *subscription)
{
    return subscription_item_price(request, &items_of(subscription)[0]);
}

static bool interval_changed(struct request *request, const struct subscription *subscription,
                             const struct subscription *before)
{
    const struct price *new = price_of(request, subscription), *old = price_of(request, before);
    return new &&old && (new->recurring.interval.value != old->recurring.interval.value ||
                         new->recurring.interval_count != old->recurring.interval_count);
}

/* Whether a new period begins. One that has only just begun is no other, and a trial goes on. */
static bool asks_restart(struct request *request, const struct subscription *subscription,
                         const struct subscription *before)
{
    return interval_changed(request, subscription, before)
               ? subscription->status.value != SUBSCRIPTION_TRIALING
               : subscription->anchor_input.value == ANCHOR_NOW &&
                     before->current_period_start.seconds != request->now;
}

/* The trial ends earlier, later or now. *restart: a new period begins. */
static bool change_trial(struct request *request, struct subscription *subscription, bool *restart)
{
    struct str input = subscription->trial_end_input;
    int64_t end;
    if (!input.data)
        return true;
    if (str_is(input, "now")) {
        *restart |= subscription->status.value == SUBSCRIPTION_TRIALING;
        if (subscription->trial_end.set)
            subscription->trial_end.seconds = request->now;
        return true;
    }
    if (!str_to_int64(input, &end) || end <= request->now || end > TIMESTAMP_MAX)
        return fail(request, CODE_NONE, STR("trial_end"),
                    "Invalid timestamp: must be a time in the future, or `now`.");
    if (subscription->status.value != SUBSCRIPTION_TRIALING) {
        subscription->trial_start = (struct opt_time){true, request->now};
        subscription->current_period_start.seconds = request->now;
    }
    subscription->trial_end = (struct opt_time){true, end};
    subscription->status.value = SUBSCRIPTION_TRIALING;
    subscription->current_period_end.seconds = end;
    subscription->billing_cycle_anchor.seconds = end;
    return true;
}

static void restart_period(struct request *request, struct subscription *subscription)
{
    const struct price *price = price_of(request, subscription);
    subscription->billing_cycle_anchor.seconds = request->now;
    subscription->current_period_start.seconds = request->now;
    subscription->current_period_end.seconds = price_period_end(price, request->now, request->now);
    if (subscription->status.value == SUBSCRIPTION_TRIALING)
        subscription->status.value = SUBSCRIPTION_ACTIVE;
}

/* Invoices and prorations that follow from a change. */
static bool bill_change(struct request *request, struct subscription *subscription,
                        const struct subscription *before, bool restart)
{
    bool trial = before->status.value == SUBSCRIPTION_TRIALING;
    int behavior = subscription->proration_behavior.value ? subscription->proration_behavior.value
                                                          : PRORATION_CREATE;
    int64_t time =
        subscription->proration_date.set ? subscription->proration_date.seconds : request->now;
    if (time < before->current_period_start.seconds || time > before->current_period_end.seconds)
        return fail(request, CODE_NONE, STR("proration_date"),
                    "Invalid proration_date: it must be in the current period.");
    if (behavior != PRORATION_NONE && !trial &&
        !subscription_prorate(request, subscription, before, time))
        return false;
    if (restart)
        return subscription_invoice_now(request, subscription, REASON_SUBSCRIPTION_UPDATE, true);
    if (behavior == PRORATION_ALWAYS_INVOICE && !trial)
        return subscription_invoice_now(request, subscription, REASON_SUBSCRIPTION_UPDATE, false);
    return true;
}

static bool fail_ended(struct request *request)
{
    return fail(request, CODE_NONE, STR_NULL,
                "A canceled subscription can only update its cancellation_details and metadata.");
}

static bool update_ended(struct request *request, struct subscription *subscription,
                         const struct subscription *before)
{
    const struct schema *schema = &subscription_resource.schema;
    for (size_t i = 0; i < schema->count; i++) {
        size_t offset = schema->fields[i].offset;
        if (parameter_given(request, schema, offset) &&
            offset != offsetof(struct subscription, cancellation_details) &&
            offset != offsetof(struct subscription, object.metadata))
            return fail_ended(request);
    }
    return resource_change(request, &subscription_resource, subscription, before);
}

bool subscription_update(struct request *request, struct subscription *subscription,
                         const struct subscription *before)
{
    const struct customer *customer =
        resource_find(request, &customer_resource, subscription->customer.id);
    bool restart = false;
    if (!customer)
        return false;
    if (before->ended_at.set)
        return fail_ended(request);
    subscription_take_plan(request, subscription);
    if (!subscription_check_settings(request, subscription) ||
        !subscription_apply_items(request, subscription) ||
        !subscription_set_discounts(request, subscription, SURFACE_SUBSCRIPTION_UPDATE) ||
        !change_trial(request, subscription, &restart) ||
        !subscription_add_invoice_items(request, subscription, customer))
        return false;
    restart |= asks_restart(request, subscription, before);
    if (restart)
        restart_period(request, subscription);
    subscription_store_items(request, subscription, before);
    subscription_plan_end(request, subscription, before);
    rows_update(request, catalog_of(request, &subscription_resource), &subscription_resource.schema,
                subscription);
    if (!bill_change(request, subscription, before, restart))
        return false;
    subscription_wind(request, subscription);
    return resource_change(request, &subscription_resource, subscription, before);
}

bool subscription_route_update(struct request *request, const struct route *route,
                               struct answer *answer)
{
    struct str id = request->path_ids[0];
    if (!resource_parameters(request, route, resource_new(request, &subscription_resource)))
        return false;
    struct subscription *subscription = resource_find(request, &subscription_resource, id);
    if (!subscription)
        return fail_missing(request, STR("id"), subscription_resource.noun, id);
    test_clock_enter(request, &subscription->test_clock);
    const struct subscription *before = subscription_copy(request, subscription);
    if (!resource_parameters(request, route, subscription) ||
        !subscription_check_parameters(request, subscription) ||
        !resource_resolve(request, &subscription_resource.schema, subscription, UPDATE) ||
        !(before->ended_at.set ? update_ended(request, subscription, before)
                               : subscription_update(request, subscription, before)))
        return false;
    answer_object(answer, &subscription_resource, subscription);
    return true;
}

/* ---- canceling ---- */

STATEMENT(find_bought,
          "SELECT seq FROM subscriptions WHERE tenant = $1 AND customer = $2 AND seq > $3"
          " AND ended_at IS NULL AND deleted_at IS NULL ORDER BY seq LIMIT 1");
STATEMENT(find_unpaid,
          "SELECT seq FROM invoices WHERE tenant = $1"
          " AND parent_subscription_details_subscription = $2 AND seq > $3"
          " AND status IN ('draft', 'open') AND deleted_at IS NULL ORDER BY seq LIMIT 1");

/* Nobody tries to get its invoices paid any more. */
static bool stop_collecting(struct request *request, const struct subscription *subscription)
{
    for (int64_t row = 0;;) {
        struct query query = db_query(request->db, &find_unpaid);
        db_bind_int(&query, request->tenant);
        db_bind_str(&query, subscription->object.id);
        db_bind_int(&query, row);
        if (!db_row(&query))
            return true;
        row = db_int(&query, 0);
        db_end(&query);
        struct invoice *invoice = resource_load(request, &invoice_resource, row);
        if (!invoice)
            return false;
        const struct invoice *before = invoice_copy(request, invoice);
        invoice->auto_advance = false;
        invoice->automatically_finalizes_at = invoice->next_payment_attempt = (struct opt_time){0};
        if (!invoice_change(request, invoice, before))
            return false;
    }
}

bool subscription_cancel(struct request *request, struct subscription *subscription,
                         const char *reason)
{
    subscription->status.value = SUBSCRIPTION_CANCELED;
    subscription->ended_at = (struct opt_time){true, request->now};
    if (!subscription->canceled_at.set)
        subscription->canceled_at = (struct opt_time){true, request->now};
    subscription->cancellation_details.reason.value =
        reason ? REASON_PAYMENT_FAILED : REASON_CANCELLATION_REQUESTED;
    rows_update(request, catalog_of(request, &subscription_resource), &subscription_resource.schema,
                subscription);
    subscription_wind(request, subscription);
    if (!stop_collecting(request, subscription))
        return false;
    event_record(request, subscription_resource.events, "deleted", &subscription_resource.schema,
                 subscription, NULL);
    return true;
}

bool subscriptions_cancel(struct request *request, struct str customer)
{
    for (int64_t row = 0;;) {
        struct query query = db_query(request->db, &find_bought);
        db_bind_int(&query, request->tenant);
        db_bind_str(&query, customer);
        db_bind_int(&query, row);
        if (!db_row(&query))
            return true;
        row = db_int(&query, 0);
        db_end(&query);
        struct subscription *subscription = resource_load(request, &subscription_resource, row);
        if (!subscription || !subscription_cancel(request, subscription, NULL))
            return false;
    }
}

struct cancellation {
    struct cancellation_details cancellation_details;
    bool invoice_now;
    bool prorate;
};

#define THIS struct cancellation
static const struct field cancellation_fields[] = {
    HASH(cancellation_details, cancellation_details_schema, "Why.", .in = ACTION,
         .since = V_2023_08_16),
    FIELD(invoice_now, "Whether to invoice what waits.", .in = ACTION),
    FIELD(prorate, "Whether to credit the rest of the period.", .in = ACTION),
};
#undef THIS
const struct schema cancellation_schema =
    SCHEMA(struct cancellation, cancellation_fields, "cancellation");

static struct subscription *find_live(struct request *request)
{
    struct str id = request->path_ids[0];
    struct subscription *subscription = resource_find(request, &subscription_resource, id);
    if (!subscription || subscription->ended_at.set) {
        (void)!fail_missing(request, STR("id"), subscription_resource.noun, id);
        return NULL;
    }
    test_clock_enter(request, &subscription->test_clock);
    return subscription;
}

bool subscription_route_cancel(struct request *request, const struct route *route,
                               struct answer *answer)
{
    struct cancellation cancellation = {0};
    if (!resource_parameters(request, route, &cancellation))
        return false;
    struct subscription *subscription = find_live(request);
    if (!subscription)
        return false;
    if (cancellation.prorate && subscription->status.value != SUBSCRIPTION_TRIALING) {
        struct subscription *empty = subscription_copy(request, subscription);
        empty->items.count = 0;
        if (!subscription_prorate(request, empty, subscription, request->now))
            return false;
    }
    if (cancellation.invoice_now &&
        !subscription_invoice_now(request, subscription, REASON_SUBSCRIPTION_UPDATE, false))
        return false;
    subscription->cancellation_details = cancellation.cancellation_details;
    if (!subscription_cancel(request, subscription, NULL))
        return false;
    answer_object(answer, &subscription_resource, subscription);
    return true;
}

bool subscription_route_delete_discount(struct request *request, const struct route *route,
                                        struct answer *answer)
{
    if (!resource_parameters(request, route, NULL))
        return false;
    struct subscription *subscription = find_live(request);
    if (!subscription)
        return false;
    if (subscription->discounts.count == 0) {
        bool failed =
            fail(request, CODE_resource_missing, STR_NULL,
                 "No active discount for subscription: %.*s", STR_FMT(subscription->object.id));
        request->error.status = 404;
        return failed;
    }
    const struct subscription *before = subscription_copy(request, subscription);
    const struct discount on = {.customer = subscription->customer,
                                .subscription = subscription->object.id};
    const struct ref first = subscription->discounts.items[0];
    const struct refs discounts = subscription->discounts;
    subscription->discounts = (struct refs){0};
    discounts_end(request, &discounts, &on);
    if (!resource_change(request, &subscription_resource, subscription, before))
        return false;
    answer_object(answer, &discount_resource, resource_follow(request, &discount_resource, &first));
    return true;
}
