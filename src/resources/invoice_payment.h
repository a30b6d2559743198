#pragma once
/* Invoice payments: how invoices were paid. */
#include "resources/invoice.h"

extern const struct resource invoice_payment_resource;

/* Records that the payment paid what is due. */
void invoice_payment_add(struct request *request, const struct invoice *invoice,
                         const struct payment_intent *intent);

/* Fills in the payments of an invoice when the answer is to show them. */
void invoice_payments_of(struct request *request, struct invoice *invoice);
