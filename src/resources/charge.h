#pragma once
/* Charges: attempts to take money from a card. */
#include "resources/payment_intent.h"

extern const struct resource charge_resource;

/* Records an attempt to pay the intent with the method, with its event. `error`: why it failed,
 * NULL: it did not. Returns the reference to the charge. */
struct ref charge_record(struct request *request, const struct payment_intent *intent,
                         const struct payment_method *method, const struct payment_error *error);
