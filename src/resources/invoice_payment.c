/* Invoice payments. */
#include "resources/invoice_payment.h"

#include "base/arena.h"
#include "base/request.h"
#include "resources/event.h"
#include "resources/payment_intent.h"
#include "resources/registry.h"

#include <assert.h>

#define PAYMENTS_SHOWN 10

static const char *const statuses[] = {"canceled", "open", "paid", NULL};
static const char *const payment_types[] = {"payment_intent", NULL};

enum {
    PAYMENT_STATUS_PAID = 3
};

struct payment {
    struct ref payment_intent;
    struct choice type;
};

struct payment_transitions {
    struct opt_time canceled_at;
    struct opt_time paid_at;
};

struct invoice_payment {
    struct object object;
    struct opt_int amount_paid;
    int64_t amount_requested;
    struct str currency;
    struct ref invoice;
    struct payment payment;
    struct choice status;
    struct payment_transitions status_transitions;
};

#define THIS struct payment
static const struct field payment_fields[] = {
    FIELD(payment_intent, "The PaymentIntent.", .in = FILTER, .is = NOT_NULL,
          .of = &payment_intent_resource.schema),
    FIELD(type, "What it was paid with.", .in = FILTER, .values = payment_types),
};
#undef THIS
static const struct schema payment_schema =
    SCHEMA(struct payment, payment_fields, "invoice_payment_payment");

#define THIS struct payment_transitions
static const struct field transitions_fields[] = {
    FIELD(canceled_at, "When it was canceled."),
    FIELD(paid_at, "When it was paid."),
};
#undef THIS
static const struct schema transitions_schema =
    SCHEMA(struct payment_transitions, transitions_fields, "invoice_payment_status_transitions");

#define THIS struct invoice_payment
static const struct field invoice_payment_fields[] = {
    FIELD_ID,
    FIELD(amount_paid, "What was paid, in minor units."),
    FIELD(amount_requested, "What was to be paid, in minor units."),
    FIELD_CREATED,
    FIELD(currency, "Currency.", .is = NOT_NULL),
    FIELD(invoice, "The invoice.", .in = FILTER, .is = NOT_NULL, .of = &invoice_resource.schema),
    CONSTANT("is_default", "true", "Always true."),
    FIELD_LIVEMODE,
    HASH(payment, payment_schema, "What it was paid with.", .in = FILTER),
    FIELD(status, "How it went.", .in = FILTER, .values = statuses),
    HASH(status_transitions, transitions_schema, "When its status changed."),
};
#undef THIS

const struct resource invoice_payment_resource = {
    .schema = SCHEMA(struct invoice_payment, invoice_payment_fields, "invoice_payment",
                     .is_object = true, .help = "A payment of an invoice."),
    .table = {&invoice_payment_resource.schema, "invoice_payments", NULL},
    .number = RESOURCE_invoice_payment,
    .path = "/v1/invoice_payments",
    .noun = "invoice_payment",
    .path_param = "invoice_payment",
    .id_prefix = "inpay_",
    .id_form = ID_LONG,
    .operations = RETRIEVE | FILTER,
};

STATEMENT(find_of, "SELECT seq FROM invoice_payments WHERE tenant = $1 AND invoice = $2"
                   " ORDER BY seq DESC LIMIT $3");

void invoice_payment_add(struct request *request, const struct invoice *invoice,
                         const struct payment_intent *intent)
{
    struct invoice_payment *payment = resource_new(request, &invoice_payment_resource);
    *payment = (struct invoice_payment){
        .amount_paid = {true, intent->amount},
        .amount_requested = intent->amount,
        .currency = intent->currency,
        .invoice = {invoice->object.id, invoice->object.row, NULL},
        .payment = {{intent->object.id, intent->object.row, NULL}, {1}},
        .status = {PAYMENT_STATUS_PAID},
        .status_transitions = {.paid_at = {true, request->now}},
    };
    bool inserted = resource_insert(request, &invoice_payment_resource, payment);
    assert(inserted);
    event_record(request, "invoice_payment", "paid", &invoice_payment_resource.schema, payment,
                 NULL);
}

void invoice_payments_of(struct request *request, struct invoice *invoice)
{
    invoice->payments.url = STR("/v1/invoices/payments");
    invoice->payments.total_count = -1;
    invoice->payments.count = 0;
    if (invoice->amount_paid == 0 || invoice->paid_out_of_band)
        return;
    int64_t rows[PAYMENTS_SHOWN];
    size_t count = 0;
    struct query query = db_query(request->db, &find_of);
    db_bind_int(&query, request->tenant);
    db_bind_str(&query, invoice->object.id);
    db_bind_int(&query, PAYMENTS_SHOWN);
    while (db_row(&query))
        rows[count++] = db_int(&query, 0);
    db_end(&query);
    struct invoice_payment *payments =
        ARENA_ARRAY(request->arena, struct invoice_payment, count + 1);
    for (size_t i = 0; i < count; i++) {
        const struct invoice_payment *payment =
            resource_load(request, &invoice_payment_resource, rows[i]);
        if (payment)
            payments[invoice->payments.count++] = *payment;
    }
    invoice->payments.items = payments;
}
