#pragma once
/* What becomes of an invoice: finalized, paid, voided, given up. */
#include "resources/invoice.h"

struct page;

#define ADVANCE_DELAY_SECONDS 3600 /* between two steps that an invoice does by itself */

extern const struct schema invoice_action_schema;
extern const struct schema invoice_pay_schema;

/* Calls of their own. */
handler_fn invoice_route_finalize, invoice_route_pay, invoice_route_send, invoice_route_void,
    invoice_route_mark_uncollectible, invoice_route_delete, invoice_route_lines;

/* Draft to open, or to paid when nothing is due; writes it back, with the events. */
bool invoice_finalize(struct request *request, struct invoice *invoice) MUST_CHECK;

/* Tries to get an open invoice paid and writes back what came of it, with the events.
 * `payment_method`: null: what the invoice or the customer has. *intent is the payment, NULL when
 * nothing was due or there is nothing to pay with. */
enum payment_outcome invoice_collect(struct request *request, struct invoice *invoice,
                                     struct str payment_method,
                                     struct payment_intent **intent) MUST_CHECK;

/* Plans the first attempt to collect what an open invoice is about, or none. */
void invoice_plan_payment(struct request *request, struct invoice *invoice);

/* Sets the timer for what the invoice does next by itself. */
void invoice_wind(struct request *request, const struct invoice *invoice);

/* Answers with a page of its lines. */
bool invoice_answer_lines(struct request *request, struct invoice *invoice, const struct page *page,
                          struct answer *answer) MUST_CHECK;

/* Open to void. */
bool invoice_void(struct request *request, struct invoice *invoice) MUST_CHECK;

/* The error of an invoice that nothing can pay. */
bool fail_no_payment_method(struct request *request) MUST_CHECK;

/* Whether the customer never paid, nor tried to, never had a trial, and never redeemed by a call
 * for just that. `except`: a payment, invoice or subscription that does not count; null: none. */
bool customer_is_new(struct request *request, struct str customer, struct str except);
