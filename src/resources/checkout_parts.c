/* The hashes inside Checkout Sessions. */
#include "resources/checkout_parts.h"

#include "resources/checkout_session.h"

static const char *const missing_methods[] = {"cancel", "create_invoice", "pause", NULL};
static const char *const future_usages[] = {"off_session", "on_session", NULL};
static const char *const updates[] = {"auto", "never", NULL};

#define NOTHING(name) CONSTANT(name, "null", "Not supported.")

#define THIS struct checkout_enabled
static const struct field enabled_fields[] = {
    FIELD(enabled, "Whether it is on.", .in = CREATE, .is = REQUIRED),
};
static const struct field optional_enabled_fields[] = {
    FIELD(enabled, "Whether it is on.", .in = CREATE),
};
static const struct field automatic_tax_fields[] = {
    FIELD(enabled, "Only false: there are no taxes.", .in = CREATE, .is = REQUIRED),
    NOTHING("liability"),
    CONSTANT("provider", "null", "Not supported.", .since = V_2025_08_27),
    NOTHING("status"),
};
#undef THIS
const struct schema checkout_enabled_schema =
    SCHEMA(struct checkout_enabled, enabled_fields, "checkout_enabled");
const struct schema checkout_optional_enabled_schema =
    SCHEMA(struct checkout_enabled, optional_enabled_fields, "checkout_optional_enabled");
const struct schema checkout_automatic_tax_schema =
    SCHEMA(struct checkout_enabled, automatic_tax_fields, "checkout_automatic_tax");

#define THIS struct checkout_recovery
static const struct field recovery_fields[] = {
    FIELD(allow_promotion_codes, "Whether the recovered session takes codes.", .in = CREATE),
    FIELD(enabled, "Whether an expired session could be recovered.", .in = CREATE, .is = REQUIRED),
    NOTHING("expires_at"),
    NOTHING("url"),
};
#undef THIS
static const struct schema recovery_schema =
    SCHEMA(struct checkout_recovery, recovery_fields, "checkout_recovery");

#define THIS struct checkout_after_expiration
static const struct field after_expiration_fields[] = {
    OPT_HASH(recovery, recovery_schema, "How it could be recovered.", .in = CREATE),
};
#undef THIS
const struct schema checkout_after_expiration_schema =
    SCHEMA(struct checkout_after_expiration, after_expiration_fields, "checkout_after_expiration");

#define THIS struct checkout_session
static const struct field branding_fields[] = {
    CONSTANT("background_color", "\"#ffffff\"", "Colour of the page."),
    CONSTANT("border_style", "\"rounded\"", "Shape of its borders."),
    CONSTANT("button_color", "\"#0055cc\"", "Colour of its buttons."),
    CONSTANT("display_name", "\"\"", "Not supported."),
    CONSTANT("font_family", "\"default\"", "Font of the page."),
    NOTHING("icon"),
    NOTHING("logo"),
};
static const struct field collected_fields[] = {
    CONSTANT("business_name", "null", "Not supported.", .since = V_CLOVER),
    CONSTANT("individual_name", "null", "Not supported.", .since = V_CLOVER),
    NOTHING("shipping_details"),
};
static const struct field custom_text_fields[] = {
    NOTHING("after_submit"),
    NOTHING("shipping_address"),
    NOTHING("submit"),
    NOTHING("terms_of_service_acceptance"),
};
static const struct field saved_methods_fields[] = {
    CONSTANT("allow_redisplay_filters", "[\"always\"]", "Not supported."),
    CONSTANT("payment_method_remove", "\"disabled\"", "Not supported."),
    NOTHING("payment_method_save"),
};
#undef THIS
const struct schema checkout_branding_schema =
    SCHEMA(struct checkout_session, branding_fields, "checkout_branding_settings");
const struct schema checkout_collected_schema =
    SCHEMA(struct checkout_session, collected_fields, "checkout_collected_information");
const struct schema checkout_custom_text_schema =
    SCHEMA(struct checkout_session, custom_text_fields, "checkout_custom_text");
const struct schema checkout_saved_methods_schema =
    SCHEMA(struct checkout_session, saved_methods_fields, "checkout_saved_payment_method_options");

#define THIS struct checkout_customer_details
static const struct field customer_details_fields[] = {
    NOTHING("address"),
    CONSTANT("business_name", "null", "Not supported.", .since = V_CLOVER),
    FIELD(email, "E-mail address.", .in = FILTER, .is = DECIDES),
    CONSTANT("individual_name", "null", "Not supported.", .since = V_CLOVER),
    FIELD(name, "Name."),
    FIELD(phone, "Phone number."),
    FIELD(tax_exempt, "Whether the customer pays tax."),
    CONSTANT("tax_ids", "[]", "Not supported."),
};
#undef THIS
const struct schema checkout_customer_details_schema =
    SCHEMA(struct checkout_customer_details, customer_details_fields, "checkout_customer_details");

#define THIS struct checkout_customer_update
static const struct field customer_update_fields[] = {
    FIELD(address, "Whether the customer gets the address.", .in = CREATE, .values = updates),
    FIELD(name, "Whether the customer gets the name.", .in = CREATE, .values = updates),
    FIELD(shipping, "Whether the customer gets the address of delivery.", .in = CREATE,
          .values = updates),
};
#undef THIS
const struct schema checkout_customer_update_schema =
    SCHEMA(struct checkout_customer_update, customer_update_fields, "checkout_customer_update");

#define THIS struct checkout_invoice_data
static const struct field invoice_data_fields[] = {
    NOTHING("account_tax_ids"),
    NOTHING("custom_fields"),
    FIELD(description, "Description of the invoice.", .in = CREATE),
    FIELD(footer, "Foot of the invoice.", .in = CREATE),
    NOTHING("issuer"),
    FIELD(metadata, "Pairs of your own, of the invoice.", .in = CREATE),
    NOTHING("rendering_options"),
};
#undef THIS
static const struct schema invoice_data_schema =
    SCHEMA(struct checkout_invoice_data, invoice_data_fields, "checkout_invoice_data");

#define THIS struct checkout_invoice_creation
static const struct field invoice_creation_fields[] = {
    FIELD(enabled, "Whether there is an invoice.", .in = CREATE, .is = REQUIRED),
    HASH(invoice_data, invoice_data_schema, "What the invoice has.", .in = CREATE),
};
#undef THIS
const struct schema checkout_invoice_creation_schema =
    SCHEMA(struct checkout_invoice_creation, invoice_creation_fields, "checkout_invoice_creation");

#define THIS struct checkout_payment_intent_data
static const struct field payment_intent_data_fields[] = {
    FIELD(description, "Description of the payment.", .in = CREATE),
    FIELD(metadata, "Pairs of your own, of the payment.", .in = CREATE),
    FIELD(receipt_email, "Where a receipt would be sent.", .in = CREATE, .format = FORMAT_EMAIL),
    FIELD(setup_future_usage, "Save the card for the customer.", .in = CREATE,
          .values = future_usages),
};
#undef THIS
const struct schema checkout_payment_intent_data_schema =
    SCHEMA(struct checkout_payment_intent_data, payment_intent_data_fields,
           "checkout_payment_intent_data");

#define THIS struct checkout_end_behavior
static const struct field end_behavior_fields[] = {
    FIELD(missing_payment_method, "What happens at the end of a trial without a card.",
          .in = CREATE, .is = REQUIRED, .values = missing_methods),
};
#undef THIS
static const struct schema end_behavior_schema =
    SCHEMA(struct checkout_end_behavior, end_behavior_fields, "checkout_end_behavior");

#define THIS struct checkout_trial_settings
static const struct field trial_settings_fields[] = {
    HASH(end_behavior, end_behavior_schema, "What happens at its end.", .in = CREATE,
         .is = REQUIRED),
};
#undef THIS
static const struct schema trial_settings_schema =
    SCHEMA(struct checkout_trial_settings, trial_settings_fields, "checkout_trial_settings");

#define THIS struct checkout_subscription_data
static const struct field subscription_data_fields[] = {
    FIELD(coupon, "The coupon of the subscription.", .in = CREATE, .is = INPUT,
          .until = V_2022_08_01),
    FIELD(description, "Description of the subscription.", .in = CREATE, .max = 500),
    FIELD(metadata, "Pairs of your own, of the subscription.", .in = CREATE),
    FIELD(trial_end, "When its trial ends.", .in = CREATE),
    FIELD(trial_period_days, "Days of its trial.", .in = CREATE, .min = 1, .max = 730),
    OPT_HASH(trial_settings, trial_settings_schema, "Settings of its trial.", .in = CREATE),
};
#undef THIS
const struct schema checkout_subscription_data_schema = SCHEMA(
    struct checkout_subscription_data, subscription_data_fields, "checkout_subscription_data");

#define THIS struct checkout_breakdown
static const struct field breakdown_fields[] = {
    FIELD(discounts, "What each discount takes off.", .of = &checkout_discount_schema),
    CONSTANT("taxes", "[]", "Not supported."),
};
#undef THIS
static const struct schema breakdown_schema =
    SCHEMA(struct checkout_breakdown, breakdown_fields, "checkout_breakdown");

#define THIS struct checkout_total_details
static const struct field total_details_fields[] = {
    FIELD(amount_discount, "What the discount takes off."),
    CONSTANT("amount_shipping", "0", "Not supported."),
    CONSTANT("amount_tax", "0", "Not supported."),
    OPT_HASH(breakdown, breakdown_schema, "By discount.", .is = INCLUDABLE | DERIVED),
};
#undef THIS
const struct schema checkout_total_details_schema =
    SCHEMA(struct checkout_total_details, total_details_fields, "checkout_total_details");
