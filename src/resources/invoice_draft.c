/* Drafts of invoices: what they begin with, and the rules of creating and changing them. */
#include "base/request.h"
#include "resources/invoice.h"
#include "resources/invoice_item.h"
#include "resources/invoice_life.h"
#include "resources/payment_method.h"
#include "resources/subscription.h"
#include "resources/test_clock.h"
#include "schema/decode.h"

#include <stddef.h>

#define SECONDS_PER_DAY 86400

void invoice_prepare(struct request *request, void *object)
{
    struct invoice *invoice = object;
    (void)request;
    invoice->status.value = INVOICE_DRAFT;
    invoice->collection_method.value = CHARGE_AUTOMATICALLY;
    invoice->billing_reason.value = REASON_MANUAL;
}

/* What an invoice takes over from its customer. */
static void address_to(struct request *request, struct invoice *invoice,
                       const struct customer *customer)
{
    const struct customer_invoice_settings *settings = &customer->invoice_settings;
    invoice->object.id = resource_new_id(request, &invoice_resource);
    invoice->customer = (struct ref){customer->object.id, customer->object.row, NULL};
    invoice->customer_address = customer->address;
    invoice->customer_email = customer->email;
    invoice->customer_name = customer->name;
    invoice->customer_phone = customer->phone;
    invoice->customer_shipping = customer->shipping;
    invoice->customer_tax_exempt = customer->tax_exempt;
    invoice->starting_balance = customer->balance;
    invoice->test_clock = customer->test_clock;
    invoice->period_start.seconds = invoice->period_end.seconds = request->now;
    invoice->webhooks_delivered_at = (struct opt_time){true, request->now};
    if (!invoice->custom_fields.count)
        invoice->custom_fields = settings->custom_fields;
    if (!invoice->footer.data)
        invoice->footer = settings->footer;
    if (!invoice->currency.data)
        invoice->currency = customer->currency.data ? customer->currency : STR("usd");
}

struct invoice *invoice_draft(struct request *request, const struct customer *customer,
                              struct str currency, enum billing_reason reason)
{
    struct invoice *invoice = resource_new(request, &invoice_resource);
    invoice_prepare(request, invoice);
    invoice->billing_reason.value = (int)reason;
    invoice->currency = currency;
    address_to(request, invoice, customer);
    return invoice;
}

void invoice_inherit(struct request *request, struct invoice *invoice,
                     const struct customer *customer)
{
    struct ref discount = customer->discount;
    const struct refs had = {&discount, discount.id.data ? 1 : 0};
    invoice->discounts = discounts_at(request, &had, request->now);
}

static int64_t gross(const struct invoice *invoice)
{
    const struct line_item *lines = invoice->all_lines.items;
    int64_t sum = 0;
    for (size_t i = 0; i < invoice->all_lines.count; i++)
        sum += lines[i].amount > 0 ? lines[i].amount : 0;
    return sum;
}

/* Sets the discounts that the call names. */
static bool set_discounts(struct request *request, struct invoice *invoice)
{
    const struct discount on = {.customer = invoice->customer, .invoice = invoice->object.id};
    const struct purchase purchase = {
        .surface = invoice->parent.subscription_details.subscription.id.data
                       ? SURFACE_SUBSCRIPTION_INVOICE
                       : SURFACE_INVOICE,
        .customer = invoice->customer.id,
        .customer_is_new = customer_is_new(request, invoice->customer.id, STR_NULL),
        .currency = invoice->currency,
        .amount = {invoice->all_lines.count > 0, gross(invoice)},
    };
    const struct refs had = invoice->discounts;
    const struct discounts_change change = {
        .entries = &invoice->discount_entries,
        .param = STR("discounts"),
        .had = &had,
        .on = &on,
        .purchase = &purchase,
    };
    return discounts_set(request, &change, &invoice->discounts);
}

static bool was_given(const struct request *request, size_t offset)
{
    return parameter_given(request, &invoice_resource.schema, offset);
}

/* Discounts that the call names, or else inherited ones. */
static bool set_first_discounts(struct request *request, struct invoice *invoice,
                                const struct customer *customer)
{
    const struct subscription *subscription = invoice->subscription.object;
    if (was_given(request, offsetof(struct invoice, discount_entries)))
        return set_discounts(request, invoice);
    if (subscription)
        subscription_give_discounts(request, subscription, customer, invoice);
    else
        invoice_inherit(request, invoice, customer);
    return true;
}

static bool check_due(struct request *request, struct invoice *invoice)
{
    bool days = was_given(request, offsetof(struct invoice, days_until_due));
    bool date = was_given(request, offsetof(struct invoice, due_date));
    if (days && date)
        return fail(request, CODE_NONE, STR("days_until_due"),
                    "You may only specify one of these parameters: days_until_due, due_date.");
    if (invoice->collection_method.value == CHARGE_AUTOMATICALLY) {
        invoice->days_until_due = (struct opt_int){0};
        invoice->due_date = (struct opt_time){0};
        return !(days || date) ||
               fail(request, CODE_NONE, days ? STR("days_until_due") : STR("due_date"),
                    "A due date can only be given with `collection_method=send_invoice`.");
    }
    if (!invoice->days_until_due.set && !invoice->due_date.set)
        return fail(request, CODE_NONE, STR("days_until_due"),
                    "If invoice's collection method is `send_invoice`, then `days_until_due` or "
                    "`due_date` must be given.");
    if (date)
        invoice->days_until_due = (struct opt_int){0};
    if (days)
        invoice->due_date =
            (struct opt_time){true, request->now + invoice->days_until_due.value * SECONDS_PER_DAY};
    return true;
}

static bool check_settings(struct request *request, struct invoice *invoice)
{
    if (invoice->automatic_tax.enabled)
        return fail(request, CODE_NONE, STR("automatic_tax[enabled]"),
                    "Automatic tax is not supported.");
    return payment_method_belongs(request, &invoice->default_payment_method, invoice->customer.id,
                                  STR("default_payment_method"));
}

static void plan_finalization(struct request *request, struct invoice *invoice)
{
    if (!invoice->auto_advance)
        invoice->automatically_finalizes_at = (struct opt_time){0};
    else if (!invoice->automatically_finalizes_at.set)
        invoice->automatically_finalizes_at =
            (struct opt_time){true, request->now + ADVANCE_DELAY_SECONDS};
}

static bool check_new(struct request *request, struct invoice *invoice)
{
    const struct customer *customer = invoice->customer.object;
    const struct subscription *subscription = invoice->subscription.object;
    bool old = request->version < V_2022_11_15;
    test_clock_enter(request, &customer->test_clock);
    address_to(request, invoice, customer);
    if (subscription && !str_equal(subscription->customer.id, customer->object.id))
        return fail(request, CODE_resource_missing, STR("subscription"),
                    "No such subscription: '%.*s'", STR_FMT(subscription->object.id));
    if (subscription)
        subscription_mark_invoice(request, subscription, invoice);
    if (!invoice->pending_invoice_items_behavior.value)
        invoice->pending_invoice_items_behavior.value =
            old || subscription ? PENDING_INCLUDE : PENDING_EXCLUDE;
    if (!check_settings(request, invoice) || !check_due(request, invoice))
        return false;
    if (invoice->pending_invoice_items_behavior.value == PENDING_INCLUDE &&
        !invoice_items_take(request, invoice, subscription ? subscription->object.id : STR_NULL))
        return false;
    if (old && invoice->all_lines.count == 0)
        return fail(request, CODE_invoice_no_customer_line_items, STR_NULL,
                    "Nothing to invoice for customer");
    if (!set_first_discounts(request, invoice, customer))
        return false;
    plan_finalization(request, invoice);
    invoice_compute(request, invoice);
    return true;
}

/* What can be changed of an invoice that is no draft any more. */
static bool is_always_editable(const struct field *field)
{
    return field->offset == offsetof(struct invoice, object.metadata) ||
           field->offset == offsetof(struct invoice, auto_advance) ||
           field->offset == offsetof(struct invoice, default_payment_method) ||
           field->offset == offsetof(struct invoice, automatic_tax);
}

static bool check_change(struct request *request, struct invoice *invoice,
                         const struct invoice *before)
{
    const struct schema *schema = &invoice_resource.schema;
    for (size_t i = 0; before->status.value != INVOICE_DRAFT && i < schema->count; i++)
        if (row_given(request, i) && !is_always_editable(&schema->fields[i]))
            return fail(request, CODE_invoice_not_editable,
                        str_from(field_name(&schema->fields[i])),
                        "Finalized invoices can't be updated in this way");
    test_clock_enter(request, &invoice->test_clock);
    if (!check_settings(request, invoice))
        return false;
    if (before->status.value != INVOICE_DRAFT) {
        if (invoice->auto_advance != before->auto_advance)
            invoice_plan_payment(request, invoice);
        return true;
    }
    if (!check_due(request, invoice))
        return false;
    invoice->all_lines = invoice_copy(request, before)->all_lines;
    if (was_given(request, offsetof(struct invoice, discount_entries)) &&
        !set_discounts(request, invoice))
        return false;
    plan_finalization(request, invoice);
    invoice_compute(request, invoice);
    invoice_resource.derive(request, invoice);
    return true;
}

bool invoice_check(struct request *request, void *object, const void *before, unsigned operation)
{
    if (operation == FILTER)
        return true;
    return before ? check_change(request, object, before) : check_new(request, object);
}
