/* The way of an invoice from draft to paid, void or uncollectible. */
#include "resources/invoice_life.h"

#include "base/arena.h"
#include "base/request.h"
#include "resources/coupon.h"
#include "resources/event.h"
#include "resources/invoice_item.h"
#include "resources/invoice_payment.h"
#include "resources/list.h"
#include "resources/payment_intent.h"
#include "resources/payment_method.h"
#include "resources/registry.h"
#include "resources/subscription.h"
#include "resources/test_clock.h"
#include "resources/timer.h"

#include <stddef.h>

#define SECONDS_PER_DAY 86400

/* Days after an attempt to collect a payment that the next one follows. */
static const int64_t retry_days[] = {3, 5, 7};

STATEMENT(find_payment,
          "SELECT 1 FROM payment_intents WHERE tenant = $1 AND customer = $2 AND id <> $3 LIMIT 1");
STATEMENT(find_paid, "SELECT 1 FROM invoices WHERE tenant = $1 AND customer = $2 AND"
                     " amount_paid > 0 AND id <> $3 LIMIT 1");
STATEMENT(find_trial, "SELECT 1 FROM subscriptions WHERE tenant = $1 AND customer = $2 AND"
                      " trial_start IS NOT NULL AND id <> $3 LIMIT 1");
STATEMENT(find_redemption,
          "SELECT 1 FROM redemption_records WHERE tenant = $1 AND customer = $2 AND id <> $3 AND"
          " source = 'api' AND status IN ('held', 'redeemed') LIMIT 1");

bool customer_is_new(struct request *request, struct str customer, struct str except)
{
    const struct statement *const statements[] = {&find_payment, &find_paid, &find_trial,
                                                  &find_redemption};
    bool found = false;
    for (size_t i = 0; i < ARRAY_LENGTH(statements) && !found; i++) {
        struct query query = db_query(request->db, statements[i]);
        db_bind_int(&query, request->tenant);
        db_bind_str(&query, customer);
        db_bind_str(&query, except.data ? except : STR(""));
        found = db_row(&query);
        db_end(&query);
    }
    return !found;
}

static void record(struct request *request, const char *verb, const struct invoice *invoice)
{
    event_record(request, invoice_resource.events, verb, &invoice_resource.schema, invoice, NULL);
}

/* Writes the invoice and tells everybody what happened; and before, that it changed, unless they
 * have only just learned that it exists. */
static bool change(struct request *request, struct invoice *invoice, const struct invoice *before,
                   const char *verb)
{
    if (!invoice_change(request, invoice, invoice->is_new ? NULL : before))
        return false;
    record(request, verb, invoice);
    return true;
}

/* ---- finalizing ---- */

/* Gives the invoice its number, and the customer the balance after it. */
static bool take_number(struct request *request, struct invoice *invoice)
{
    struct customer *customer = resource_find(request, &customer_resource, invoice->customer.id);
    if (!customer) /* who is deleted is not billed any more */
        return fail(request, CODE_NONE, STR_NULL, "The customer of the invoice was deleted.");
    struct customer *before = resource_new(request, &customer_resource);
    *before = *customer;
    invoice->starting_balance = customer->balance;
    invoice_compute(request, invoice);
    /* A debt is collected with something to pay; a credit, and what is given back, remain. */
    int64_t balance = invoice->total + customer->balance;
    customer->balance = invoice->total > 0 && balance > 0 ? 0 : balance;
    invoice->ending_balance = (struct opt_int){true, customer->balance};
    if (!invoice->number.data)
        invoice->number =
            str_format(request->arena, "%.*s-%04lld", STR_FMT(customer->invoice_prefix),
                       (long long)customer->next_invoice_sequence++);
    return resource_change(request, &customer_resource, customer, before);
}

/* A discount that is good for one invoice has been used: its owner loses it, the invoice does not.
 */
static bool use_up(struct request *request, const struct refs *discounts)
{
    for (size_t i = 0; i < discounts->count; i++) {
        struct discount *discount =
            resource_follow(request, &discount_resource, &discounts->items[i]);
        const struct coupon *coupon =
            discount ? resource_load(request, &coupon_resource, discount->source.coupon.row) : NULL;
        if (!coupon || discount->object.deleted || coupon->duration.value != DURATION_ONCE)
            continue;
        if (!discount_release(request, discount))
            return false;
    }
    return true;
}

/* Which of the discounts took something off. */
static bool was_used(const struct invoice *invoice, struct str discount)
{
    const struct discount_amount *amounts = invoice->total_discount_amounts.items;
    for (size_t i = 0; i < invoice->total_discount_amounts.count; i++)
        if (str_equal(amounts[i].discount.id, discount))
            return true;
    return false;
}

static struct refs used_of(struct request *request, const struct invoice *invoice,
                           const struct refs *discounts)
{
    struct refs used = {ARENA_ARRAY(request->arena, struct ref, discounts->count + 1), 0};
    for (size_t i = 0; i < discounts->count; i++)
        if (was_used(invoice, discounts->items[i].id))
            used.items[used.count++] = discounts->items[i];
    return used;
}

static bool use_up_discounts(struct request *request, const struct invoice *invoice)
{
    const struct line_item *lines = invoice->all_lines.items;
    struct refs used = used_of(request, invoice, &invoice->discounts);
    if (!use_up(request, &used))
        return false;
    for (size_t i = 0; i < invoice->all_lines.count; i++) {
        used = used_of(request, invoice, &lines[i].discounts);
        if (!use_up(request, &used))
            return false;
    }
    return true;
}

static bool mark_paid(struct request *request, struct invoice *invoice,
                      const struct invoice *before)
{
    invoice->status.value = INVOICE_PAID;
    invoice->attempted = true;
    invoice->amount_remaining = 0;
    invoice->next_payment_attempt = (struct opt_time){0};
    invoice->status_transitions.paid_at = (struct opt_time){true, request->now};
    if (!change(request, invoice, before, "paid"))
        return false;
    record(request, "payment_succeeded", invoice);
    return subscription_invoice_paid(request, invoice);
}

bool invoice_finalize(struct request *request, struct invoice *invoice)
{
    struct invoice *before = invoice_copy(request, invoice);
    if (!take_number(request, invoice))
        return false;
    invoice->status.value = INVOICE_OPEN;
    invoice->automatically_finalizes_at = (struct opt_time){0};
    invoice->status_transitions.finalized_at = (struct opt_time){true, request->now};
    if (!invoice->effective_at.set)
        invoice->effective_at = (struct opt_time){true, request->now};
    invoice->hosted_invoice_url = str_format(request->arena, "%.*s/i/%.*s",
                                             STR_FMT(request->origin), STR_FMT(invoice->object.id));
    invoice->invoice_pdf = invoice->hosted_invoice_url;
    if (!change(request, invoice, before, "finalized") || !use_up_discounts(request, invoice))
        return false;
    if (invoice->amount_due > 0)
        return true;
    before = invoice_copy(request, invoice);
    return mark_paid(request, invoice, before);
}

/* ---- paying ---- */

static struct str method_of(struct request *request, const struct invoice *invoice)
{
    const struct subscription *subscription = resource_follow(
        request, &subscription_resource, &invoice->parent.subscription_details.subscription);
    if (invoice->default_payment_method.id.data)
        return invoice->default_payment_method.id;
    return subscription ? subscription->default_payment_method.id : STR_NULL;
}

static void plan_retry(struct request *request, struct invoice *invoice)
{
    int64_t attempt = invoice->attempt_count - 1;
    bool again = invoice->auto_advance && attempt < (int64_t)ARRAY_LENGTH(retry_days);
    invoice->next_payment_attempt =
        (struct opt_time){again, again ? request->now + retry_days[attempt] * SECONDS_PER_DAY : 0};
}

void invoice_plan_payment(struct request *request, struct invoice *invoice)
{
    bool planned =
        invoice->auto_advance && invoice->collection_method.value == CHARGE_AUTOMATICALLY;
    invoice->next_payment_attempt =
        (struct opt_time){planned, planned ? request->now + ADVANCE_DELAY_SECONDS : 0};
}

enum payment_outcome invoice_collect(struct request *request, struct invoice *invoice,
                                     struct str payment_method, struct payment_intent **intent)
{
    struct invoice *before = invoice_copy(request, invoice);
    const struct charge charge = {
        .customer = invoice->customer.id,
        .amount = invoice->amount_remaining,
        .currency = invoice->currency,
        .payment_method = payment_method.data ? payment_method : method_of(request, invoice),
        .invoice = invoice->object.id,
        .description = invoice->billing_reason.value == REASON_SUBSCRIPTION_CREATE
                           ? STR("Subscription creation")
                       : invoice->parent.type.value ? STR("Subscription update")
                                                    : STR_NULL,
    };
    enum payment_outcome outcome = payment_charge(request, &charge, intent);
    if (outcome == PAYMENT_NO_METHOD)
        return outcome;
    invoice->attempted = true;
    invoice->attempt_count++;
    invoice->payment_intent = (struct ref){(*intent)->object.id, (*intent)->object.row, NULL};
    invoice->charge = (*intent)->latest_charge;
    if (outcome == PAYMENT_PAID) {
        invoice->amount_paid += charge.amount;
        invoice_payment_add(request, invoice, *intent);
        return mark_paid(request, invoice, before) ? PAYMENT_PAID : PAYMENT_NO_METHOD;
    }
    plan_retry(request, invoice);
    return change(request, invoice, before, "payment_failed") &&
                   subscription_invoice_failed(request, invoice)
               ? PAYMENT_DECLINED
               : PAYMENT_NO_METHOD;
}

bool fail_no_payment_method(struct request *request)
{
    return fail(request, CODE_resource_missing, STR_NULL,
                "This customer has no attached payment source or default payment method. Please "
                "consider adding a default payment method. For more information, visit "
                "https://stripe.com/docs/billing/subscriptions/payment-methods-setting#payment-"
                "method-priority.");
}

/* The balance that the invoice used is the customer's again. */
static bool return_balance(struct request *request, const struct invoice *invoice)
{
    struct customer *customer = resource_find(request, &customer_resource, invoice->customer.id);
    int64_t used = invoice->starting_balance - invoice->ending_balance.value;
    if (!customer || used == 0)
        return true;
    struct customer *before = resource_new(request, &customer_resource);
    *before = *customer;
    customer->balance += used;
    return resource_change(request, &customer_resource, customer, before);
}

bool invoice_void(struct request *request, struct invoice *invoice)
{
    struct invoice *before = invoice_copy(request, invoice);
    if (!return_balance(request, invoice))
        return false;
    invoice->status.value = INVOICE_VOID;
    invoice->next_payment_attempt = (struct opt_time){0};
    invoice->status_transitions.voided_at = (struct opt_time){true, request->now};
    return change(request, invoice, before, "voided");
}

/* ---- by itself ---- */

void invoice_wind(struct request *request, const struct invoice *invoice)
{
    if (invoice->status.value == INVOICE_DRAFT && invoice->automatically_finalizes_at.set)
        timer_set(request, TIMER_invoice, invoice->object.row,
                  invoice->automatically_finalizes_at.seconds);
    else if (invoice->status.value == INVOICE_OPEN && invoice->next_payment_attempt.set)
        timer_set(request, TIMER_invoice, invoice->object.row,
                  invoice->next_payment_attempt.seconds);
    else
        timer_clear(request, TIMER_invoice, invoice->object.row);
}

/* There is nothing to pay with: that counts as an attempt that failed. */
static bool count_attempt(struct request *request, struct invoice *invoice)
{
    struct invoice *before = invoice_copy(request, invoice);
    if (request->error.type != ERROR_NONE)
        return false;
    invoice->attempted = true;
    invoice->attempt_count++;
    plan_retry(request, invoice);
    return change(request, invoice, before, "payment_failed") &&
           subscription_invoice_failed(request, invoice);
}

bool invoice_due(struct request *request, int64_t row)
{
    struct invoice *invoice = resource_load(request, &invoice_resource, row);
    struct payment_intent *intent;
    timer_clear(request, TIMER_invoice, row);
    if (!invoice || invoice->object.deleted ||
        !resource_find(request, &customer_resource, invoice->customer.id))
        return true; /* who is deleted is not billed any more */
    if (invoice->status.value == INVOICE_DRAFT && !invoice_finalize(request, invoice))
        return false;
    if (invoice->status.value != INVOICE_OPEN)
        return true;
    if (invoice->collection_method.value == SEND_INVOICE) {
        record(request, "sent", invoice);
        return true;
    }
    return invoice_collect(request, invoice, STR_NULL, &intent) != PAYMENT_NO_METHOD ||
           count_attempt(request, invoice);
}

/* ---- calls ---- */

struct invoice_action {
    struct opt_bool auto_advance;
};

#define THIS struct invoice_action
static const struct field action_fields[] = {
    FIELD(auto_advance, "Whether it goes its way by itself.", .in = ACTION),
};
#undef THIS
const struct schema invoice_action_schema =
    SCHEMA(struct invoice_action, action_fields, "invoice_action");

struct invoice_pay {
    bool forgive;
    struct str mandate;
    bool off_session;
    bool paid_out_of_band;
    struct ref payment_method;
    struct str source;
};

#define THIS struct invoice_pay
static const struct field pay_fields[] = {
    FIELD(forgive, "Accepted without effect.", .in = ACTION),
    FIELD(off_session, "Accepted without effect.", .in = ACTION),
    FIELD(paid_out_of_band, "It was paid elsewhere.", .in = ACTION),
    FIELD(payment_method, "What to pay with.", .in = ACTION, .of = &payment_method_resource.schema),
};
#undef THIS
const struct schema invoice_pay_schema = SCHEMA(struct invoice_pay, pay_fields, "invoice_pay");

/* The invoice that the path names; NULL: the request has failed. */
static struct invoice *find(struct request *request, const struct route *route, void *parameters)
{
    struct str id = request->path_ids[0];
    if (!resource_parameters(request, route, parameters))
        return NULL;
    struct invoice *invoice = resource_find(request, &invoice_resource, id);
    if (!invoice) {
        (void)!fail_missing(request, STR("invoice"), invoice_resource.noun, id);
        return NULL;
    }
    test_clock_enter(request, &invoice->test_clock);
    return invoice;
}

static bool fail_not_open(struct request *request)
{
    return fail(request, CODE_NONE, STR_NULL,
                "You can only pass in open invoices. This invoice isn't open.");
}

static bool finalize_draft(struct request *request, struct invoice *invoice)
{
    if (invoice->status.value != INVOICE_DRAFT)
        return fail(request, CODE_invoice_not_editable, STR_NULL,
                    "This invoice is already finalized, you can't re-finalize a non-draft "
                    "invoice.");
    return invoice_finalize(request, invoice);
}

bool invoice_route_finalize(struct request *request, const struct route *route,
                            struct answer *answer)
{
    struct invoice_action action = {0};
    struct invoice *invoice = find(request, route, &action);
    if (!invoice)
        return false;
    if (action.auto_advance.set)
        invoice->auto_advance = action.auto_advance.value;
    invoice_plan_payment(request, invoice);
    if (!finalize_draft(request, invoice))
        return false;
    answer_object(answer, &invoice_resource, invoice);
    return true;
}

static bool pay_out_of_band(struct request *request, struct invoice *invoice)
{
    struct invoice *before = invoice_copy(request, invoice);
    invoice->paid_out_of_band = true;
    invoice->amount_paid = invoice->amount_due;
    return mark_paid(request, invoice, before);
}

static bool pay(struct request *request, struct invoice *invoice, const struct invoice_pay *with)
{
    struct payment_intent *intent;
    if (invoice->status.value == INVOICE_PAID)
        return fail(request, CODE_NONE, STR_NULL, "Invoice is already paid");
    if (invoice->status.value == INVOICE_VOID)
        return fail(request, CODE_NONE, STR_NULL, "A void invoice cannot be paid.");
    if (invoice->status.value == INVOICE_DRAFT && !invoice_finalize(request, invoice))
        return false;
    if (invoice->status.value == INVOICE_PAID)
        return true;
    if (with->paid_out_of_band)
        return pay_out_of_band(request, invoice);
    switch (invoice_collect(request, invoice, with->payment_method.id, &intent)) {
    case PAYMENT_PAID:
        return true;
    case PAYMENT_DECLINED:
        return fail_declined(request, intent);
    case PAYMENT_NO_METHOD:
        break;
    }
    return fail_no_payment_method(request);
}

bool invoice_route_pay(struct request *request, const struct route *route, struct answer *answer)
{
    struct invoice_pay parameters = {0};
    struct invoice *invoice = find(request, route, &parameters);
    if (!invoice || !resource_resolve(request, &invoice_pay_schema, &parameters, ACTION) ||
        (parameters.payment_method.object &&
         !check_payment_method(request, &parameters.payment_method, invoice->customer.id)) ||
        !pay(request, invoice, &parameters))
        return false;
    answer_object(answer, &invoice_resource, invoice);
    return true;
}

bool invoice_route_send(struct request *request, const struct route *route, struct answer *answer)
{
    struct invoice *invoice = find(request, route, NULL);
    if (!invoice)
        return false;
    if (invoice->collection_method.value != SEND_INVOICE)
        return fail(request, CODE_NONE, STR_NULL,
                    "You can only manually send an invoice if its collection method is "
                    "'send_invoice'.");
    if (invoice->status.value == INVOICE_VOID || invoice->status.value == INVOICE_UNCOLLECTIBLE)
        return fail_not_open(request);
    if (invoice->status.value == INVOICE_DRAFT && !invoice_finalize(request, invoice))
        return false;
    record(request, "sent", invoice);
    answer_object(answer, &invoice_resource, invoice);
    return true;
}

bool invoice_route_void(struct request *request, const struct route *route, struct answer *answer)
{
    struct invoice *invoice = find(request, route, NULL);
    if (!invoice)
        return false;
    if (invoice->status.value != INVOICE_OPEN && invoice->status.value != INVOICE_UNCOLLECTIBLE)
        return fail_not_open(request);
    if (!invoice_void(request, invoice))
        return false;
    answer_object(answer, &invoice_resource, invoice);
    return true;
}

bool invoice_route_mark_uncollectible(struct request *request, const struct route *route,
                                      struct answer *answer)
{
    struct invoice *invoice = find(request, route, NULL);
    if (!invoice)
        return false;
    if (invoice->status.value != INVOICE_OPEN)
        return fail_not_open(request);
    struct invoice *before = invoice_copy(request, invoice);
    invoice->status.value = INVOICE_UNCOLLECTIBLE;
    invoice->next_payment_attempt = (struct opt_time){0};
    invoice->status_transitions.marked_uncollectible_at = (struct opt_time){true, request->now};
    if (!change(request, invoice, before, "marked_uncollectible"))
        return false;
    answer_object(answer, &invoice_resource, invoice);
    return true;
}

bool invoice_route_lines(struct request *request, const struct route *route, struct answer *answer)
{
    struct str id = request->path_ids[0];
    struct page page = {0};
    if (!list_read_page(request, route, NULL, &page))
        return false;
    struct invoice *invoice = resource_find(request, &invoice_resource, id);
    if (!invoice)
        return fail_missing(request, STR("invoice"), invoice_resource.noun, id);
    return invoice_answer_lines(request, invoice, &page, answer);
}

bool invoice_answer_lines(struct request *request, struct invoice *invoice, const struct page *page,
                          struct answer *answer)
{
    struct line_item *lines = invoice->all_lines.items;
    for (size_t i = 0; i < invoice->all_lines.count; i++)
        line_item_older(request, &lines[i]);
    return list_page_of(request, page, &line_item_resource, lines, invoice->all_lines.count,
                        invoice->lines.url, answer);
}

bool invoice_route_delete(struct request *request, const struct route *route, struct answer *answer)
{
    struct invoice *invoice = find(request, route, NULL);
    if (!invoice)
        return false;
    if (invoice->status.value != INVOICE_DRAFT)
        return fail(request, CODE_NONE, STR_NULL, "You can only delete draft invoices.");
    if (invoice->parent.type.value)
        return fail(request, CODE_NONE, STR_NULL,
                    "You can't delete invoices of subscriptions. Void the invoice instead, once it "
                    "is finalized.");
    const struct discount on = {.customer = invoice->customer, .invoice = invoice->object.id};
    timer_clear(request, TIMER_invoice, invoice->object.row);
    if (!resource_remove(request, &invoice_resource, invoice) ||
        !invoice_items_remove(request, invoice->object.id))
        return false;
    discounts_end(request, &invoice->discounts, &on);
    *answer =
        (struct answer){.form = ANSWER_DELETED, .resource = &invoice_resource, .object = invoice};
    return true;
}
