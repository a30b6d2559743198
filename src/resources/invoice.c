/* Invoices: the table, and the calls that every object has. */
#include "resources/invoice.h"

#include "base/arena.h"
#include "base/request.h"
#include "resources/charge.h"
#include "resources/event.h"
#include "resources/invoice_item.h"
#include "resources/invoice_life.h"
#include "resources/invoice_payment.h"
#include "resources/invoice_preview.h"
#include "resources/list.h"
#include "resources/payment_intent.h"
#include "resources/payment_method.h"
#include "resources/price.h"
#include "resources/registry.h"
#include "resources/search.h"
#include "resources/subscription.h"
#include "resources/test_clock.h"
#include "schema/json.h"

#include <stddef.h>
#include <string.h>

#define LINES_SHOWN 10

const char *const collection_methods[] = {"charge_automatically", "send_invoice", NULL};
static const char *const billing_reasons[] = {"automatic_pending_invoice_item_invoice",
                                              "manual",
                                              "quote_accept",
                                              "subscription",
                                              "subscription_create",
                                              "subscription_cycle",
                                              "subscription_threshold",
                                              "subscription_update",
                                              "upcoming",
                                              NULL};
static const char *const statuses[] = {"draft", "open", "paid", "uncollectible", "void", NULL};
static const char *const pending_behaviors[] = {"exclude", "include", NULL};
static const char *const parent_types[] = {"subscription_details", NULL};

#define THIS struct automatic_tax_setting
static const struct field automatic_tax_setting_fields[] = {
    FIELD(enabled, "Only false.", .in = CREATE | UPDATE, .is = REQUIRED),
};
#undef THIS
const struct schema automatic_tax_setting_schema =
    SCHEMA(struct automatic_tax_setting, automatic_tax_setting_fields, "automatic_tax_setting");

#define THIS struct invoice_subscription_details
static const struct field subscription_details_fields[] = {
    FIELD(metadata, "The metadata of the subscription."),
    FIELD(subscription, "The subscription.", .is = NOT_NULL | DECIDES,
          .of = &subscription_resource.schema),
};
static const struct field legacy_details_fields[] = {
    FIELD(metadata, "The metadata of the subscription."),
};
#undef THIS
static const struct schema subscription_details_schema =
    SCHEMA(struct invoice_subscription_details, subscription_details_fields,
           "invoice_subscription_details");
static const struct schema legacy_details_schema =
    SCHEMA(struct invoice_subscription_details, legacy_details_fields, "subscription_details");

#define THIS struct invoice_parent
static const struct field parent_fields[] = {
    CONSTANT("quote_details", "null", "Not supported."),
    HASH(subscription_details, subscription_details_schema, "The subscription.",
         .is = NULL_WHEN_EMPTY | DECIDES),
    FIELD(type, "What it is for.", .values = parent_types),
};
#undef THIS
static const struct schema invoice_parent_schema =
    SCHEMA(struct invoice_parent, parent_fields, "invoice_parent");

#define THIS struct status_transitions
static const struct field status_transitions_fields[] = {
    FIELD(finalized_at, "When it was finalized."),
    FIELD(marked_uncollectible_at, "When it was given up."),
    FIELD(paid_at, "When it was paid."),
    FIELD(voided_at, "When it was voided."),
};
#undef THIS
static const struct schema status_transitions_schema =
    SCHEMA(struct status_transitions, status_transitions_fields, "status_transitions");

#define THIS struct invoice
static const struct field invoice_fields[] = {
    FIELD_ID,
    CONSTANT("account_country", "\"US\"", "Country of the account."),
    CONSTANT("account_name", "null", "Not supported."),
    CONSTANT("account_tax_ids", "null", "Not supported."),
    FIELD(all_lines, "All lines.", .is = INTERNAL, .of = &line_item_resource.schema),
    FIELD(amount_due, "What is to be paid: the total with the balance."),
    CONSTANT("amount_overpaid", "0", "Not supported.", .since = V_2024_12_18),
    FIELD(amount_paid, "What was paid."),
    FIELD(amount_remaining, "What is still to be paid."),
    CONSTANT("amount_shipping", "0", "Not supported.", .since = V_2023_08_16),
    CONSTANT("application", "null", "Not supported.", .is = EXPANDABLE, .since = V_2022_11_15),
    CONSTANT("application_fee_amount", "null", "Not supported.", .until = V_BASIL),
    FIELD(attempt_count, "How often it was tried to be paid."),
    FIELD(attempted, "Whether it was tried to be paid."),
    FIELD(auto_advance, "Whether it goes its way by itself.", .in = CREATE | UPDATE),
    HASH(automatic_tax, automatic_tax_setting_schema, "Accepted when it is off.",
         .in = CREATE | UPDATE, .is = INPUT),
    CONSTANT("automatic_tax",
             "{\"disabled_reason\": null, \"enabled\": false, \"liability\": null, \"provider\": "
             "null, \"status\": null}",
             "Not supported."),
    FIELD(automatically_finalizes_at, "When it is finalized by itself.", .in = CREATE | UPDATE,
          .since = V_2024_06_20),
    FIELD(billing_reason, "Why it was made.", .values = billing_reasons),
    FIELD(charge, "The charge.", .is = INTERNAL | KEPT),
    FIELD(charge, "The charge.", .of = &charge_resource.schema, .until = V_BASIL),
    FIELD(collection_method, "Who takes the first step to pay.", .in = CREATE | UPDATE | FILTER,
          .values = collection_methods),
    CONSTANT("confirmation_secret", "null", "Not supported.", .is = INCLUDABLE, .since = V_BASIL),
    FIELD_CREATED,
    FIELD(currency, "Currency.", .in = CREATE, .is = NOT_NULL, .format = FORMAT_CURRENCY),
    FIELD(custom_fields, "Shown on the invoice.", .in = CREATE | UPDATE,
          .is = NULL_WHEN_EMPTY | CLEARS_ON_CREATE | CLEARS_ON_UPDATE, .of = &custom_field_schema,
          .max = 4),
    FIELD(customer, "Who pays.", .in = CREATE | FILTER, .is = NOT_NULL | REQUIRED,
          .of = &customer_resource.schema),
    CONSTANT("customer_account", "null", "Not supported.", .since = V_2025_12_15),
    OPT_HASH(customer_address, address_schema, "The customer's address."),
    FIELD(customer_email, "The customer's e-mail address."),
    FIELD(customer_name, "The customer's name."),
    FIELD(customer_phone, "The customer's phone number."),
    OPT_HASH(customer_shipping, shipping_schema, "The customer's shipping address."),
    FIELD(customer_tax_exempt, "Whether the customer pays tax.", .values = tax_exempts),
    CONSTANT("customer_tax_ids", "[]", "Not supported."),
    FIELD(days_until_due, "Days until it has to be paid.", .in = CREATE | UPDATE, .is = INTERNAL,
          .min = 0, .max = 3650),
    FIELD(default_payment_method, "What it is paid with; null: the customer's own.",
          .in = CREATE | UPDATE, .of = &payment_method_resource.schema),
    CONSTANT("default_source", "null", "Not supported.", .is = EXPANDABLE),
    CONSTANT("default_tax_rates", "[]", "Not supported."),
    FIELD(description, "Anything about it.", .in = CREATE | UPDATE, .is = CLEARS_ON_UPDATE),
    FIELD(discount, "The first discount.", .is = INLINED, .of = &discount_resource.schema,
          .until = V_BASIL),
    FIELD(discount_entries, "The coupons, codes and discounts that it has.", .as = "discounts",
          .in = CREATE | UPDATE, .is = INPUT | CLEARS_ON_CREATE | CLEARS_ON_UPDATE,
          .of = &discount_entry_schema),
    FIELD(discounts, "The discounts of the whole invoice.", .of = &discount_resource.schema),
    FIELD(due_date, "When it has to be paid.", .in = CREATE | UPDATE | FILTER),
    FIELD(effective_at, "The date that is printed on it.", .in = CREATE | UPDATE,
          .is = CLEARS_ON_UPDATE, .since = V_2023_08_16),
    FIELD(ending_balance, "The customer's balance after it; null: it is a draft."),
    FIELD(footer, "Shown at its foot.", .in = CREATE | UPDATE, .is = CLEARS_ON_UPDATE),
    CONSTANT("from_invoice", "null", "Not supported.", .since = V_2022_11_15),
    FIELD(hosted_invoice_url, "A page to see it on."),
    FIELD(invoice_pdf, "The same page."),
    CONSTANT("issuer", "{\"type\": \"self\"}", "Always the account.", .since = V_2024_04_10),
    CONSTANT("last_finalization_error", "null", "Not supported."),
    CONSTANT("latest_revision", "null", "Not supported.", .is = EXPANDABLE, .since = V_2022_11_15),
    FIELD(lines, "What is to be paid for.", .is = DERIVED, .of = &line_item_resource.schema),
    FIELD_LIVEMODE,
    FIELD_METADATA(.in = CREATE | UPDATE, .is = CLEARS_ON_CREATE | CLEARS_ON_UPDATE),
    FIELD(next_payment_attempt, "When it is tried to be paid next."),
    FIELD(number, "Its number; null: it is a draft.", .in = CREATE | UPDATE, .is = CLEARS_ON_UPDATE,
          .max = 26),
    CONSTANT("on_behalf_of", "null", "Not supported.", .is = EXPANDABLE),
    FIELD(paid, "Whether it is paid.", .is = DERIVED, .until = V_BASIL),
    FIELD(paid_out_of_band, "Whether it was paid elsewhere.", .is = INTERNAL | KEPT),
    FIELD(paid_out_of_band, "Whether it was paid elsewhere.", .since = V_2022_11_15,
          .until = V_BASIL),
    HASH(parent, invoice_parent_schema, "What it is for.", .is = NULL_WHEN_EMPTY,
         .since = V_2024_12_18),
    FIELD(payment_intent, "The payment.", .is = INTERNAL | KEPT),
    FIELD(payment_intent, "The payment.", .of = &payment_intent_resource.schema, .until = V_BASIL),
    CONSTANT("payment_settings",
             "{\"default_mandate\": null, \"payment_method_options\": null, "
             "\"payment_method_types\": null}",
             "Not supported."),
    FIELD(payments, "How it was paid.", .is = DERIVED | INCLUDABLE,
          .of = &invoice_payment_resource.schema, .since = V_BASIL),
    FIELD(pending_invoice_items_behavior, "Whether it takes the invoice items that wait.",
          .in = CREATE, .is = INPUT, .values = pending_behaviors),
    FIELD(period_end, "End of the time in which items were added."),
    FIELD(period_start, "Start of that time."),
    CONSTANT("post_payment_credit_notes_amount", "0", "Not supported."),
    CONSTANT("pre_payment_credit_notes_amount", "0", "Not supported."),
    CONSTANT("quote", "null", "Not supported.", .is = EXPANDABLE, .until = V_BASIL),
    CONSTANT("receipt_number", "null", "Not supported."),
    CONSTANT("rendering", "null", "Not supported.", .since = V_2023_10_16),
    CONSTANT("rendering_options", "null", "Not supported.", .since = V_2022_11_15,
             .until = V_2024_04_10),
    CONSTANT("shipping_cost", "null", "Not supported.", .since = V_2023_08_16),
    CONSTANT("shipping_details", "null", "Not supported.", .since = V_2023_08_16),
    FIELD(starting_balance, "The customer's balance before it."),
    FIELD(statement_descriptor, "What appears on a card statement.", .in = CREATE | UPDATE,
          .max = 22),
    FIELD(status, "Where it is on its way.", .in = FILTER, .values = statuses),
    HASH(status_transitions, status_transitions_schema, "When its status changed."),
    FIELD(subscription, "A subscription to invoice what waits for it.", .in = CREATE | FILTER,
          .is = INPUT, .of = &subscription_resource.schema,
          .where = "o.parent_subscription_details_subscription = ?"),
    FIELD(parent.subscription_details.subscription, "The subscription.", .as = "subscription",
          .of = &subscription_resource.schema, .until = V_BASIL),
    HASH(parent.subscription_details, legacy_details_schema, "About the subscription.",
         .as = "subscription_details", .since = V_2023_08_16, .until = V_BASIL),
    FIELD(subtotal, "The lines with their own discounts."),
    FIELD(subtotal, "The same.", .as = "subtotal_excluding_tax", .is = DERIVED,
          .since = V_2022_08_01),
    CONSTANT("tax", "null", "Not supported.", .until = V_BASIL),
    FIELD(test_clock, "The test clock that the customer lives by.",
          .of = &test_clock_resource.schema, .since = V_2022_08_01),
    FIELD(total, "The subtotal with the discounts of the invoice."),
    FIELD(total_discount_amounts, "What each discount took off.", .of = &discount_amount_schema),
    FIELD(total, "The same.", .as = "total_excluding_tax", .is = DERIVED, .since = V_2022_08_01),
    FIELD(total_discount_amounts, "What each discount took off.",
          .as = "total_pretax_credit_amounts", .is = DERIVED, .of = &pretax_credit_schema,
          .since = V_ACACIA),
    CONSTANT("total_tax_amounts", "[]", "Not supported.", .until = V_BASIL),
    CONSTANT("total_taxes", "[]", "Not supported.", .since = V_2024_12_18),
    CONSTANT("transfer_data", "null", "Not supported.", .until = V_BASIL),
    FIELD(webhooks_delivered_at, "When everybody who wants to know knew of it."),
};
#undef THIS

/* ---- what is computed ---- */

void line_item_older(struct request *request, struct line_item *line)
{
    const struct line_parent *parent = &line->parent;
    bool of_item = parent->type.value == LINE_OF_INVOICE_ITEM;
    line->proration = of_item ? parent->invoice_item_details.proration
                              : parent->subscription_item_details.proration;
    line->subscription = of_item ? parent->invoice_item_details.subscription
                                 : parent->subscription_item_details.subscription;
    if (request->version >= V_BASIL)
        return;
    const struct price *price =
        resource_follow(request, &price_resource, &line->pricing.price_details.price);
    if (price && price->type.value == PRICE_RECURRING)
        line->plan = price_plan(request, price);
}

/* What only older versions show. */
static void older(struct request *request, void *object)
{
    struct invoice *invoice = object;
    struct line_item *lines = invoice->lines.items;
    invoice->paid = invoice->status.value == INVOICE_PAID;
    invoice->discount = invoice->discounts.count ? invoice->discounts.items[0] : (struct ref){0};
    for (size_t i = 0; i < invoice->lines.count; i++)
        line_item_older(request, &lines[i]);
}

static void derive(struct request *request, void *object)
{
    struct invoice *invoice = object;
    size_t count = invoice->all_lines.count;
    invoice->lines = (struct embedded){
        .items = invoice->all_lines.items,
        .count = count < LINES_SHOWN ? count : LINES_SHOWN,
        .has_more = count > LINES_SHOWN,
        .total_count = (int64_t)count,
        .url = str_format(request->arena, "/v1/invoices/%.*s/lines", STR_FMT(invoice->object.id)),
    };
    invoice_payments_of(request, invoice);
    older(request, invoice);
}

struct invoice *invoice_copy(struct request *request, const struct invoice *invoice)
{
    struct invoice *copy = resource_new(request, &invoice_resource);
    size_t count = invoice->all_lines.count;
    *copy = *invoice;
    copy->all_lines.items = ARENA_ARRAY(request->arena, struct line_item, count + 1);
    if (count)
        memcpy(copy->all_lines.items, invoice->all_lines.items, count * sizeof(struct line_item));
    derive(request, copy);
    return copy;
}

bool invoice_store(struct request *request, struct invoice *invoice)
{
    invoice_compute(request, invoice);
    invoice->is_new = true;
    return resource_insert(request, &invoice_resource, invoice);
}

bool invoice_change(struct request *request, struct invoice *invoice, const struct invoice *before)
{
    derive(request, invoice);
    if (before)
        return resource_change(request, &invoice_resource, invoice, before);
    rows_update(request, catalog_of(request, &invoice_resource), &invoice_resource.schema, invoice);
    invoice_wind(request, invoice);
    return true;
}

static bool saved(struct request *request, void *object, const void *before)
{
    struct invoice *invoice = object;
    invoice_wind(request, invoice);
    return before || customer_bill_in(request, &invoice->customer, invoice->currency);
}

static const struct route routes[] = {
    {.method = "GET",
     .path = "/v1/invoices/search",
     .handler = search_objects,
     .resource = &invoice_resource,
     .form = ANSWER_SEARCH,
     .parameters = &search_schema,
     .in = ACTION,
     .name = "GetInvoicesSearch",
     .summary = "Search invoices by some of their fields or metadata"},
    {.method = "GET",
     .path = "/v1/invoices/upcoming",
     .handler = invoice_route_preview,
     .resource = &invoice_resource,
     .parameters = &upcoming_schema,
     .in = ACTION,
     .name = "GetInvoicesUpcoming",
     .summary = "Preview the next invoice of a customer or subscription",
     .undone = true,
     .until = V_BASIL},
    {.method = "GET",
     .path = "/v1/invoices/upcoming/lines",
     .handler = invoice_route_upcoming_lines,
     .resource = &line_item_resource,
     .form = ANSWER_LIST,
     .parameters = &upcoming_schema,
     .in = ACTION,
     .name = "GetInvoicesUpcomingLines",
     .summary = "List the lines of the next invoice",
     .undone = true,
     .until = V_BASIL},
    {.method = "POST",
     .path = "/v1/invoices/create_preview",
     .handler = invoice_route_preview,
     .resource = &invoice_resource,
     .parameters = &preview_schema,
     .in = ACTION,
     .name = "PostInvoicesCreatePreview",
     .summary = "Preview an invoice",
     .undone = true},
    {.method = "GET",
     .path = "/v1/invoices/:id/lines",
     .handler = invoice_route_lines,
     .resource = &line_item_resource,
     .form = ANSWER_LIST,
     .parameters = &page_schema,
     .in = FILTER,
     .name = "GetInvoicesInvoiceLines",
     .summary = "List the lines of an invoice",
     .no_expand = true},
    {.method = "POST",
     .path = "/v1/invoices/:id/finalize",
     .handler = invoice_route_finalize,
     .resource = &invoice_resource,
     .parameters = &invoice_action_schema,
     .in = ACTION,
     .name = "PostInvoicesInvoiceFinalize",
     .summary = "Finalize a draft invoice"},
    {.method = "POST",
     .path = "/v1/invoices/:id/pay",
     .handler = invoice_route_pay,
     .resource = &invoice_resource,
     .parameters = &invoice_pay_schema,
     .in = ACTION,
     .name = "PostInvoicesInvoicePay",
     .summary = "Pay an invoice"},
    {.method = "POST",
     .path = "/v1/invoices/:id/send",
     .handler = invoice_route_send,
     .resource = &invoice_resource,
     .name = "PostInvoicesInvoiceSend",
     .summary = "Send an invoice to its customer"},
    {.method = "POST",
     .path = "/v1/invoices/:id/void",
     .handler = invoice_route_void,
     .resource = &invoice_resource,
     .name = "PostInvoicesInvoiceVoid",
     .summary = "Void an invoice"},
    {.method = "POST",
     .path = "/v1/invoices/:id/mark_uncollectible",
     .handler = invoice_route_mark_uncollectible,
     .resource = &invoice_resource,
     .name = "PostInvoicesInvoiceMarkUncollectible",
     .summary = "Give an invoice up"},
    {.method = "DELETE",
     .path = "/v1/invoices/:id",
     .handler = invoice_route_delete,
     .resource = &invoice_resource,
     .form = ANSWER_DELETED,
     .name = "DeleteInvoicesInvoice",
     .summary = "Delete a draft invoice",
     .no_expand = true},
};

const struct resource invoice_resource = {
    .schema = SCHEMA(struct invoice, invoice_fields, "invoice", .is_object = true,
                     .help = "What is to be paid."),
    .table = {&invoice_resource.schema, "invoices", NULL},
    .number = RESOURCE_invoice,
    .path = "/v1/invoices",
    .noun = "invoice",
    .path_param = "invoice",
    .events = "invoice",
    .id_prefix = "in_",
    .id_form = ID_LONG,
    .operations = CREATE | RETRIEVE | UPDATE | FILTER,
    .routes = routes,
    .route_count = ARRAY_LENGTH(routes),
    .prepare = invoice_prepare,
    .check = invoice_check,
    .derive = derive,
    .older = older,
    .saved = saved,
};
