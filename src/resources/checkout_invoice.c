/* The invoice of a Checkout Session in payment mode that asks for one. */
#include "base/request.h"
#include "resources/checkout_session.h"
#include "resources/invoice_item.h"
#include "resources/invoice_life.h"
#include "resources/payment_intent.h"

static bool add_item(struct request *request, const struct checkout_session *session,
                     struct checkout_item *line, const struct invoice *invoice)
{
    struct invoice_item *item = resource_new(request, &invoice_item_resource);
    const struct price *price = checkout_item_price(request, line);
    if (!price)
        return false; /* the database has failed, which the transaction will notice */
    invoice_item_resource.prepare(request, item);
    item->object.metadata = line->object.metadata;
    item->currency = session->currency;
    item->customer = (struct ref){session->customer.id, session->customer.row,
                                  resource_find(request, &customer_resource, session->customer.id)};
    item->description = line->description;
    item->invoice = (struct ref){invoice->object.id, invoice->object.row, invoice};
    item->pricing_input.price = (struct ref){price->object.id, price->object.row, price};
    item->quantity = line->quantity;
    return item->customer.object && invoice_item_check(request, item) &&
           resource_insert(request, &invoice_item_resource, item);
}

static struct invoice *make_draft(struct request *request, struct checkout_session *session,
                                  const struct customer *customer)
{
    const struct checkout_invoice_data *data = &session->invoice_creation.invoice_data;
    struct invoice *draft = invoice_draft(request, customer, session->currency, REASON_MANUAL);
    draft->description = data->description;
    draft->footer = data->footer;
    draft->object.metadata = data->metadata;
    draft->discounts = (struct refs){&session->discount, session->discount.row ? 1 : 0};
    if (!invoice_store(request, draft))
        return NULL;
    for (size_t i = 0; i < session->items.count; i++)
        if (!add_item(request, session, checkout_item_at(session, i), draft))
            return NULL;
    return resource_load(request, &invoice_resource, draft->object.row);
}

bool checkout_invoice(struct request *request, struct checkout_session *session, struct str method)
{
    const struct customer *customer =
        resource_find(request, &customer_resource, session->customer.id);
    struct invoice *invoice = customer ? make_draft(request, session, customer) : NULL;
    struct payment_intent *intent = NULL;
    if (!invoice || !invoice_finalize(request, invoice))
        return false;
    session->invoice = (struct ref){invoice->object.id, invoice->object.row, NULL};
    if (invoice->status.value == INVOICE_PAID)
        return true;
    if (invoice_collect(request, invoice, method, &intent) != PAYMENT_PAID)
        return false;
    session->payment_intent = (struct ref){intent->object.id, intent->object.row, NULL};
    return true;
}
