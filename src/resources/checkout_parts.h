#pragma once
/* The hashes inside Checkout Sessions. */
#include "schema/field.h"

extern const struct schema checkout_enabled_schema;
extern const struct schema checkout_optional_enabled_schema;
extern const struct schema checkout_automatic_tax_schema;
extern const struct schema checkout_after_expiration_schema;
extern const struct schema checkout_branding_schema;
extern const struct schema checkout_collected_schema;
extern const struct schema checkout_custom_text_schema;
extern const struct schema checkout_saved_methods_schema;
extern const struct schema checkout_customer_details_schema;
extern const struct schema checkout_customer_update_schema;
extern const struct schema checkout_invoice_creation_schema;
extern const struct schema checkout_payment_intent_data_schema;
extern const struct schema checkout_subscription_data_schema;
extern const struct schema checkout_total_details_schema;
