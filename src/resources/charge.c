/* Charges. */
#include "resources/charge.h"

#include "base/request.h"
#include "resources/event.h"
#include "resources/invoice.h"
#include "resources/payment_method.h"
#include "resources/registry.h"

#include <assert.h>

static const char *const statuses[] = {"failed", "pending", "succeeded", NULL};

enum {
    STATUS_FAILED = 1,
    STATUS_SUCCEEDED = 3
};

struct charge_object {
    struct object object;
    int64_t amount;
    int64_t amount_captured;
    struct str currency;
    struct ref customer;
    struct str description;
    struct str failure_code;
    struct str failure_message;
    struct ref invoice;
    bool paid;
    struct ref payment_intent;
    struct str payment_method;
    struct choice status;
};

#define THIS struct charge_object
static const struct field charge_fields[] = {
    FIELD_ID,
    FIELD(amount, "What was to be paid, in minor units."),
    FIELD(amount_captured, "What was taken, in minor units."),
    CONSTANT("amount_refunded", "0", "Not supported."),
    CONSTANT("application", "null", "Not supported."),
    CONSTANT("application_fee", "null", "Not supported."),
    CONSTANT("application_fee_amount", "null", "Not supported."),
    CONSTANT("balance_transaction", "null", "Not supported.", .is = EXPANDABLE),
    CONSTANT("calculated_statement_descriptor", "null", "Not supported."),
    FIELD(paid, "The same as paid.", .as = "captured", .is = DERIVED),
    FIELD_CREATED,
    FIELD(currency, "Currency.", .is = NOT_NULL),
    FIELD(customer, "Who pays.", .in = FILTER, .of = &customer_resource.schema),
    FIELD(description, "What it is for."),
    CONSTANT("disputed", "false", "Not supported."),
    FIELD(failure_code, "Why it failed."),
    FIELD(failure_message, "The same in words."),
    CONSTANT("fraud_details", "{}", "Not supported."),
    FIELD(invoice, "The invoice that it pays.", .is = INTERNAL | KEPT),
    FIELD(invoice, "The invoice that it pays.", .of = &invoice_resource.schema, .until = V_BASIL),
    FIELD_LIVEMODE,
    CONSTANT("metadata", "{}", "Not supported."),
    CONSTANT("on_behalf_of", "null", "Not supported."),
    CONSTANT("outcome", "null", "Not supported."),
    FIELD(paid, "Whether it succeeded."),
    FIELD(payment_intent, "What it is an attempt of.", .in = FILTER, .is = NOT_NULL,
          .of = &payment_intent_resource.schema),
    FIELD(payment_method, "The card.", .is = EXPANDABLE),
    CONSTANT("receipt_email", "null", "Not supported."),
    CONSTANT("receipt_number", "null", "Not supported."),
    CONSTANT("receipt_url", "null", "Not supported."),
    CONSTANT("refunded", "false", "Not supported."),
    CONSTANT("review", "null", "Not supported."),
    CONSTANT("shipping", "null", "Not supported."),
    CONSTANT("source", "null", "Not supported."),
    CONSTANT("source_transfer", "null", "Not supported."),
    CONSTANT("statement_descriptor", "null", "Not supported."),
    CONSTANT("statement_descriptor_suffix", "null", "Not supported."),
    FIELD(status, "How it went.", .values = statuses),
    CONSTANT("transfer_data", "null", "Not supported."),
    CONSTANT("transfer_group", "null", "Not supported."),
};
#undef THIS

const struct resource charge_resource = {
    .schema = SCHEMA(struct charge_object, charge_fields, "charge", .is_object = true,
                     .help = "An attempt to take money from a card."),
    .table = {&charge_resource.schema, "charges", NULL},
    .number = RESOURCE_charge,
    .path = "/v1/charges",
    .noun = "charge",
    .path_param = "id",
    .id_prefix = "ch_",
    .id_form = ID_LONG,
    .operations = RETRIEVE | FILTER,
};

struct ref charge_record(struct request *request, const struct payment_intent *intent,
                         const struct payment_method *method, const struct payment_error *error)
{
    struct charge_object *charge = resource_new(request, &charge_resource);
    *charge = (struct charge_object){
        .amount = intent->amount,
        .amount_captured = error ? 0 : intent->amount,
        .currency = intent->currency,
        .customer = intent->customer,
        .description = intent->description,
        .invoice = {.id = intent->invoice},
        .paid = !error,
        .payment_intent = {intent->object.id, intent->object.row, NULL},
        .payment_method = method->object.id,
        .status = {error ? STATUS_FAILED : STATUS_SUCCEEDED},
    };
    if (error) {
        charge->failure_code = error->code;
        charge->failure_message = error->message;
    }
    bool inserted = resource_insert(request, &charge_resource, charge);
    assert(inserted);
    event_record(request, "charge", error ? "failed" : "succeeded", &charge_resource.schema, charge,
                 NULL);
    return (struct ref){charge->object.id, charge->object.row, NULL};
}
