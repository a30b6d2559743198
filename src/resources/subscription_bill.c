/* Billing of subscriptions: their invoices, period after period. */
#include "base/arena.h"
#include "base/date.h"
#include "base/request.h"
#include "resources/event.h"
#include "resources/invoice_item.h"
#include "resources/invoice_life.h"
#include "resources/payment_intent.h"
#include "resources/registry.h"
#include "resources/subscription.h"
#include "resources/test_clock.h"
#include "resources/timer.h"

#define TRIAL_NOTICE_SECONDS (3 * SECONDS_PER_DAY)
#define FINALIZE_DELAY_SECONDS 3600
#define INCOMPLETE_SECONDS (23 * 3600)

/* ---- drafts ---- */

void subscription_mark_invoice(struct request *request, const struct subscription *subscription,
                               struct invoice *invoice)
{
    (void)request;
    invoice->parent.type.value = 1;
    invoice->parent.subscription_details = (struct invoice_subscription_details){
        subscription->object.metadata, {subscription->object.id, subscription->object.row, NULL}};
}

void subscription_give_discounts(struct request *request, const struct subscription *subscription,
                                 const struct customer *customer, struct invoice *invoice)
{
    if (subscription->discounts.count)
        invoice->discounts = discounts_at(request, &subscription->discounts, request->now);
    else if (!subscription->suppresses_discounts)
        invoice_inherit(request, invoice, customer);
}

struct invoice *subscription_draft(struct request *request, const struct subscription *subscription,
                                   const struct customer *customer, enum billing_reason reason)
{
    struct invoice *invoice = invoice_draft(request, customer, subscription->currency, reason);
    subscription_mark_invoice(request, subscription, invoice);
    invoice->auto_advance = true;
    invoice->collection_method = subscription->collection_method;
    if (subscription->collection_method.value == SEND_INVOICE)
        invoice->due_date = (struct opt_time){
            true, request->now + subscription->days_until_due.value * SECONDS_PER_DAY};
    subscription_give_discounts(request, subscription, customer, invoice);
    return invoice;
}

bool subscription_add_lines(struct request *request, const struct subscription *subscription,
                            struct invoice *invoice, int64_t start, int64_t end, bool trial)
{
    const struct subscription_item *items = subscription->items.items;
    for (size_t i = 0; i < subscription->items.count; i++) {
        const struct price *price = subscription_item_price(request, &items[i]);
        int64_t quantity = items[i].quantity.value, amount = 0;
        if (!price || !price_amount(price, subscription->currency, quantity, &amount))
            return false;
        const struct line_source source = {
            .price = price,
            .unit_amount_decimal = trial ? STR("0") : STR_NULL,
            .quantity = quantity,
            .amount = trial ? 0 : amount,
            .description = trial
                               ? wording_of_trial(request, price, quantity)
                               : wording_of_price(request, price, quantity, subscription->currency),
            .start = start,
            .end = end,
            .discounts = discounts_at(request, &items[i].discounts, request->now),
            .subscription = subscription->object.id,
            .subscription_item = items[i].object.id,
            .metadata = items[i].object.metadata,
        };
        if (!invoice_add_line(request, invoice, &source))
            return false;
    }
    return true;
}

__extension__ typedef __int128 product;

int64_t subscription_part_of(int64_t amount, int64_t part, int64_t whole)
{
    bool negative = amount < 0;
    product scaled = (product)(negative ? -amount : amount) * part * 2 + whole;
    int64_t rounded = (int64_t)(scaled / (2 * (product)whole));
    return negative ? -rounded : rounded;
}

bool subscription_add_time(struct request *request, const struct subscription *subscription,
                           struct invoice *invoice, int64_t from, int64_t until)
{
    const struct subscription_item *items = subscription->items.items;
    const struct price *price = subscription_item_price(request, &items[0]);
    if (!price)
        return false;
    for (int64_t start = from, end; start < until; start = end) {
        size_t first = invoice->all_lines.count;
        end = price_period_end(price, from, start);
        int64_t whole = end - start;
        if (end > until)
            end = until;
        if (!subscription_add_lines(request, subscription, invoice, start, end, false))
            return false;
        struct line_item *lines = invoice->all_lines.items;
        for (size_t i = first; end - start < whole && i < invoice->all_lines.count; i++) {
            lines[i].amount = subscription_part_of(lines[i].amount, end - start, whole);
            lines[i].parent.subscription_item_details.proration = true;
            lines[i].pricing.unit_amount_decimal = STR_NULL;
        }
    }
    return true;
}

static struct customer *customer_of(struct request *request,
                                    const struct subscription *subscription)
{
    return resource_find(request, &customer_resource, subscription->customer.id);
}

/* ---- time ---- */

void subscription_wind(struct request *request, const struct subscription *subscription)
{
    int64_t due = subscription->current_period_end.seconds, row = subscription->object.row;
    int64_t notice = subscription->trial_end.seconds - TRIAL_NOTICE_SECONDS;
    switch (subscription->status.value) {
    case SUBSCRIPTION_CANCELED:
    case SUBSCRIPTION_INCOMPLETE_EXPIRED:
        timer_clear(request, TIMER_subscription, row);
        return;
    case SUBSCRIPTION_INCOMPLETE:
        timer_set(request, TIMER_subscription, row,
                  subscription->object.created.seconds + INCOMPLETE_SECONDS);
        return;
    case SUBSCRIPTION_TRIALING:
        if (request->now < notice)
            due = notice;
        break;
    default:
        break;
    }
    if (subscription->cancel_at.set && subscription->cancel_at.seconds < due)
        due = subscription->cancel_at.seconds;
    timer_set(request, TIMER_subscription, row, due);
}

/* Writes it back and winds it up again. */
static bool save(struct request *request, struct subscription *subscription,
                 const struct subscription *before)
{
    subscription_wind(request, subscription);
    return resource_change(request, &subscription_resource, subscription, before);
}

bool subscription_renew(struct request *request, struct subscription *subscription,
                        struct invoice **made)
{
    const struct subscription *before = subscription_copy(request, subscription);
    const struct subscription_item *items = subscription->items.items;
    const struct customer *customer = customer_of(request, subscription);
    const struct price *price = subscription_item_price(request, &items[0]);
    if (!customer || !price)
        return false;
    int64_t start = subscription->current_period_end.seconds;
    int64_t anchor = subscription->billing_cycle_anchor.seconds;
    int64_t end = anchor > start ? anchor : price_period_end(price, anchor, start);
    struct invoice *invoice =
        subscription_draft(request, subscription, customer, REASON_SUBSCRIPTION_CYCLE);
    if (!(anchor > start
              ? subscription_add_time(request, subscription, invoice, start, end)
              : subscription_add_lines(request, subscription, invoice, start, end, false)) ||
        !invoice_items_take(request, invoice, subscription->object.id))
        return false;
    invoice->period_start = subscription->current_period_start;
    invoice->period_end = subscription->current_period_end;
    invoice->automatically_finalizes_at =
        (struct opt_time){true, request->now + FINALIZE_DELAY_SECONDS};
    if (!invoice_store(request, invoice))
        return false;
    subscription->current_period_start.seconds = start;
    subscription->current_period_end.seconds = end;
    subscription->latest_invoice = (struct ref){invoice->object.id, invoice->object.row, NULL};
    if (subscription->status.value == SUBSCRIPTION_TRIALING)
        subscription->status.value = SUBSCRIPTION_ACTIVE;
    *made = invoice;
    return save(request, subscription, before);
}

static bool expire(struct request *request, struct subscription *subscription)
{
    const struct subscription *before = subscription_copy(request, subscription);
    struct invoice *invoice =
        resource_follow(request, &invoice_resource, &subscription->latest_invoice);
    subscription->status.value = SUBSCRIPTION_INCOMPLETE_EXPIRED;
    subscription->ended_at = (struct opt_time){true, request->now};
    if (invoice && invoice->status.value == INVOICE_OPEN && !invoice_void(request, invoice))
        return false;
    return save(request, subscription, before);
}

bool subscription_due(struct request *request, int64_t row)
{
    struct subscription *subscription = resource_load(request, &subscription_resource, row);
    struct invoice *invoice;
    if (!subscription || subscription->object.deleted || subscription->ended_at.set) {
        timer_clear(request, TIMER_subscription, row);
        return true;
    }
    if (subscription->status.value == SUBSCRIPTION_INCOMPLETE)
        return expire(request, subscription);
    if (subscription->cancel_at.set && request->now >= subscription->cancel_at.seconds)
        return subscription_cancel(request, subscription, NULL);
    if (request->now >= subscription->current_period_end.seconds)
        return subscription_renew(request, subscription, &invoice);
    if (subscription->status.value == SUBSCRIPTION_TRIALING)
        event_record(request, subscription_resource.events, "trial_will_end",
                     &subscription_resource.schema, subscription, NULL);
    subscription_wind(request, subscription);
    return true;
}

/* What an invoice has changed of the stored subscription is not undone by writing it again. */
static bool catch_up(struct request *request, struct subscription *subscription,
                     const struct invoice *invoice)
{
    const struct subscription *stored =
        resource_load(request, &subscription_resource, subscription->object.row);
    if (!stored)
        return false;
    subscription->status = stored->status;
    subscription_drop_used(request, subscription);
    if (invoice->status.value == INVOICE_OPEN &&
        invoice->collection_method.value == CHARGE_AUTOMATICALLY &&
        subscription->status.value == SUBSCRIPTION_ACTIVE)
        subscription->status.value = SUBSCRIPTION_PAST_DUE;
    return true;
}

bool subscription_invoice_now(struct request *request, struct subscription *subscription,
                              enum billing_reason reason, bool with_period)
{
    const struct customer *customer = customer_of(request, subscription);
    struct payment_intent *intent;
    if (!customer)
        return false;
    struct invoice *invoice = subscription_draft(request, subscription, customer, reason);
    if (with_period && !subscription_add_lines(request, subscription, invoice,
                                               subscription->current_period_start.seconds,
                                               subscription->current_period_end.seconds, false))
        return false;
    if (!invoice_items_take(request, invoice, subscription->object.id))
        return false;
    if (invoice->all_lines.count == 0)
        return true;
    if (!invoice_store(request, invoice))
        return false;
    subscription->latest_invoice = (struct ref){invoice->object.id, invoice->object.row, NULL};
    if (!invoice_finalize(request, invoice))
        return false;
    if (invoice->status.value != INVOICE_OPEN || invoice->collection_method.value == SEND_INVOICE)
        return catch_up(request, subscription, invoice);
    switch (invoice_collect(request, invoice, STR_NULL, &intent)) {
    case PAYMENT_PAID:
        break;
    case PAYMENT_DECLINED:
        if (subscription->payment_behavior.value == PAYMENT_ERROR_IF_INCOMPLETE) {
            bool failed = fail_declined(request, intent);
            request->error.keeps = false;
            return failed;
        }
        break;
    case PAYMENT_NO_METHOD:
        if (request->error.type != ERROR_NONE)
            return false;
        break;
    }
    return catch_up(request, subscription, invoice);
}

/* ---- what follows from invoices ---- */

static struct subscription *subscription_of(struct request *request, const struct invoice *invoice)
{
    const struct ref *ref = &invoice->parent.subscription_details.subscription;
    return ref->id.data ? resource_find(request, &subscription_resource, ref->id) : NULL;
}

bool subscription_invoice_paid(struct request *request, const struct invoice *invoice)
{
    struct subscription *subscription = subscription_of(request, invoice);
    if (!subscription)
        return true; /* none, or one that is only being made */
    int status = subscription->status.value;
    if (status != SUBSCRIPTION_INCOMPLETE && status != SUBSCRIPTION_PAST_DUE &&
        status != SUBSCRIPTION_UNPAID)
        return true;
    const struct subscription *before = subscription_copy(request, subscription);
    subscription->status.value = SUBSCRIPTION_ACTIVE;
    return save(request, subscription, before);
}

bool subscription_invoice_failed(struct request *request, const struct invoice *invoice)
{
    struct subscription *subscription = subscription_of(request, invoice);
    if (!subscription || subscription->ended_at.set)
        return true;
    if (subscription->status.value == SUBSCRIPTION_INCOMPLETE)
        return true;
    if (!invoice->next_payment_attempt.set && invoice->attempt_count > 1)
        return subscription_cancel(request, subscription, "payment_failed");
    if (subscription->status.value != SUBSCRIPTION_ACTIVE)
        return true;
    const struct subscription *before = subscription_copy(request, subscription);
    subscription->status.value = SUBSCRIPTION_PAST_DUE;
    return save(request, subscription, before);
}

/* ---- discounts that end ---- */

void subscription_drop_used(struct request *request, struct subscription *subscription)
{
    struct subscription_item *items = subscription->items.items;
    subscription->discounts = discounts_at(request, &subscription->discounts, request->now);
    for (size_t i = 0; i < subscription->items.count; i++)
        items[i].discounts = discounts_at(request, &items[i].discounts, request->now);
}

static void end_discount(struct request *request, struct discount *discount)
{
    discount_end(request, discount);
    event_record(request, discount_resource.events, "deleted", &discount_resource.schema, discount,
                 NULL);
}

bool subscription_drop_discount(struct request *request, struct discount *discount)
{
    struct subscription *subscription =
        resource_find(request, &subscription_resource, discount->subscription);
    end_discount(request, discount);
    if (!subscription)
        return true; /* it is only being made, and looks itself */
    const struct subscription *before = subscription_copy(request, subscription);
    struct subscription_item *items = subscription->items.items;
    for (size_t i = 0; i < subscription->items.count; i++) {
        if (!str_equal(items[i].object.id, discount->subscription_item))
            continue;
        items[i].discounts = discounts_without(request, &items[i].discounts, discount->object.row);
        rows_update(request, catalog_of(request, &subscription_item_resource),
                    &subscription_item_resource.schema, &items[i]);
    }
    subscription->discounts =
        discounts_without(request, &subscription->discounts, discount->object.row);
    return resource_change(request, &subscription_resource, subscription, before);
}
