/* Customers. Since API version basil a customer's discount can no longer be set by the API, only
 * read and deleted; older versions set it with `coupon` and `promotion_code`. */
#include "resources/customer.h"

#include "base/arena.h"
#include "base/limits.h"
#include "base/random.h"
#include "base/request.h"
#include "resources/applicable.h"
#include "resources/coupon.h"
#include "resources/discount.h"
#include "resources/event.h"
#include "resources/payment_method.h"
#include "resources/promotion_code.h"
#include "resources/registry.h"
#include "resources/search.h"
#include "resources/subscription.h"
#include "resources/test_clock.h"

#include <stddef.h>
#include <string.h>

#define INVOICE_PREFIX_LENGTH 8
#define NAME_CHARACTERS_MAX 256
#define PHONE_CHARACTERS_MAX 20
#define LOCALE_CHARACTERS_MAX 40

const char *const tax_exempts[] = {"exempt", "none", "reverse", NULL};
static const char *const reconciliation_modes[] = {"automatic", "manual", "merchant_default", NULL};
static const char *const validate_locations[] = {"auto", "deferred", "immediately", NULL};

enum {
    TAX_EXEMPT_NONE = 2
};

#define THIS struct address
static const struct field address_fields[] = {
    FIELD(city, "City, district or town.", .in = CREATE | UPDATE,
          .is = CLEARS_ON_CREATE | CLEARS_ON_UPDATE),
    FIELD(country, "Two-letter country code.", .in = CREATE | UPDATE,
          .is = CLEARS_ON_CREATE | CLEARS_ON_UPDATE),
    FIELD(line1, "Street and number.", .in = CREATE | UPDATE,
          .is = CLEARS_ON_CREATE | CLEARS_ON_UPDATE),
    FIELD(line2, "Apartment, suite, building.", .in = CREATE | UPDATE,
          .is = CLEARS_ON_CREATE | CLEARS_ON_UPDATE),
    FIELD(postal_code, "ZIP or postal code.", .in = CREATE | UPDATE,
          .is = CLEARS_ON_CREATE | CLEARS_ON_UPDATE),
    FIELD(state, "State, county, province or region.", .in = CREATE | UPDATE,
          .is = CLEARS_ON_CREATE | CLEARS_ON_UPDATE),
};
#undef THIS
const struct schema address_schema = SCHEMA(struct address, address_fields, "address");

#define THIS struct shipping
static const struct field shipping_fields[] = {
    OPT_HASH(address, address_schema, "Where to.", .in = CREATE | UPDATE, .is = REQUIRED),
    FIELD(name, "To whom.", .in = CREATE | UPDATE, .is = REQUIRED),
    FIELD(phone, "Phone number.", .in = CREATE | UPDATE, .is = CLEARS_ON_CREATE | CLEARS_ON_UPDATE),
};
#undef THIS
const struct schema shipping_schema = SCHEMA(struct shipping, shipping_fields, "shipping");

#define THIS struct custom_field
static const struct field custom_field_fields[] = {
    FIELD(name, "Name of the field.", .in = CREATE | UPDATE, .is = REQUIRED | NOT_NULL, .max = 40),
    FIELD(value, "Its value.", .in = CREATE | UPDATE, .is = REQUIRED | NOT_NULL, .max = 140),
};
#undef THIS
const struct schema custom_field_schema =
    SCHEMA(struct custom_field, custom_field_fields, "custom_field");

#define THIS struct rendering_options
static const struct field rendering_options_fields[] = {
    FIELD(amount_tax_display, "How line amounts show tax.", .in = CREATE | UPDATE,
          .is = CLEARS_ON_CREATE | CLEARS_ON_UPDATE),
    FIELD(template, "The invoice template.", .in = CREATE | UPDATE,
          .is = CLEARS_ON_CREATE | CLEARS_ON_UPDATE),
};
#undef THIS
static const struct schema rendering_options_schema =
    SCHEMA(struct rendering_options, rendering_options_fields, "rendering_options");

#define THIS struct customer_invoice_settings
static const struct field invoice_settings_fields[] = {
    FIELD(custom_fields, "Shown on invoices.", .in = CREATE | UPDATE,
          .is = NULL_WHEN_EMPTY | CLEARS_ON_CREATE | CLEARS_ON_UPDATE, .of = &custom_field_schema,
          .max = 4),
    FIELD(default_payment_method, "How invoices are paid.", .in = CREATE | UPDATE,
          .is = CLEARS_ON_UPDATE, .of = &payment_method_resource.schema),
    FIELD(footer, "Shown at the foot of invoices.", .in = CREATE | UPDATE,
          .is = CLEARS_ON_CREATE | CLEARS_ON_UPDATE),
    OPT_HASH(rendering_options, rendering_options_schema, "How invoices are rendered.",
             .in = CREATE | UPDATE, .is = CLEARS_ON_CREATE | CLEARS_ON_UPDATE,
             .since = V_2022_08_01),
};
#undef THIS
static const struct schema invoice_settings_schema =
    SCHEMA(struct customer_invoice_settings, invoice_settings_fields, "customer_invoice_settings");

#define THIS struct cash_balance_settings
static const struct field cash_balance_settings_fields[] = {
    FIELD(reconciliation_mode, "How cash is matched with payments.", .in = CREATE | UPDATE,
          .values = reconciliation_modes),
};
#undef THIS
static const struct schema cash_balance_settings_schema =
    SCHEMA(struct cash_balance_settings, cash_balance_settings_fields, "cash_balance_settings");

#define THIS struct cash_balance
static const struct field cash_balance_fields[] = {
    HASH(settings, cash_balance_settings_schema, "Settings.", .in = CREATE | UPDATE),
};
#undef THIS
static const struct schema cash_balance_schema =
    SCHEMA(struct cash_balance, cash_balance_fields, "cash_balance");

#define THIS struct customer_tax
static const struct field tax_fields[] = {
    FIELD(ip_address, "Where the customer is.", .in = CREATE | UPDATE,
          .is = CLEARS_ON_CREATE | CLEARS_ON_UPDATE),
    FIELD(validate_location, "When to check that.", .in = CREATE | UPDATE,
          .values = validate_locations),
};
#undef THIS
static const struct schema tax_schema = SCHEMA(struct customer_tax, tax_fields, "customer_tax");

#define THIS struct tax_id_data
static const struct field tax_id_fields[] = {
    FIELD(type, "Kind of tax ID.", .in = CREATE, .is = REQUIRED),
    FIELD(value, "The tax ID.", .in = CREATE, .is = REQUIRED),
};
#undef THIS
static const struct schema tax_id_schema = SCHEMA(struct tax_id_data, tax_id_fields, "tax_id_data");

#define THIS struct customer
static const struct field customer_fields[] = {
    FIELD_ID,
    OPT_HASH(address, address_schema, "Postal address.", .in = CREATE | UPDATE,
             .is = CLEARS_ON_CREATE | CLEARS_ON_UPDATE),
    FIELD(balance, "What the customer owes (positive) or has in credit, in minor units.",
          .in = CREATE | UPDATE, .min = -AMOUNT_MAX, .max = AMOUNT_MAX),
    FIELD(business_name, "Name of the business.", .in = CREATE | UPDATE,
          .is = WHEN_SET | CLEARS_ON_CREATE | CLEARS_ON_UPDATE, .max = 150, .since = V_CLOVER),
    HASH(cash_balance, cash_balance_schema, "Accepted without effect.", .in = CREATE | UPDATE,
         .is = INPUT),
    CONSTANT("cash_balance", "null", "Not supported.", .is = INCLUDABLE),
    FIELD(coupon, "The coupon to give the customer; an empty value takes the discount away.",
          .in = CREATE | UPDATE, .is = INPUT | BLANK_IS_ABSENT | CLEARS_ON_UPDATE,
          .of = &coupon_resource.schema, .until = V_BASIL),
    FIELD_CREATED,
    FIELD(currency, "The currency that the customer is billed in."),
    CONSTANT("customer_account", "null", "Not supported.", .since = V_2025_12_15),
    FIELD(default_source, "The card that is charged when there is no default payment method.",
          .in = UPDATE, .of = &payment_method_resource.schema),
    CONSTANT("delinquent", "false", "Whether the last invoice is overdue."),
    FIELD(description, "Anything about the customer.", .in = CREATE | UPDATE,
          .is = CLEARS_ON_CREATE | CLEARS_ON_UPDATE),
    FIELD(discount, "The discount that the customer has now.", .is = INLINED,
          .of = &discount_resource.schema),
    FIELD(email, "E-mail address.", .in = CREATE | UPDATE | FILTER, .is = CLEARS_ON_UPDATE,
          .max = EMAIL_CHARACTERS_MAX, .format = FORMAT_EMAIL),
    FIELD(individual_name, "Name of the person.", .in = CREATE | UPDATE,
          .is = WHEN_SET | CLEARS_ON_CREATE | CLEARS_ON_UPDATE, .max = 150, .since = V_CLOVER),
    CONSTANT("invoice_credit_balance", "{}", "Credit by currency.", .is = INCLUDABLE),
    FIELD(invoice_prefix, "Start of the customer's invoice numbers: 3 to 12 capitals or digits.",
          .in = CREATE | UPDATE, .max = 12),
    HASH(invoice_settings, invoice_settings_schema, "Defaults of invoices.", .in = CREATE | UPDATE),
    FIELD_LIVEMODE,
    FIELD_METADATA(.in = CREATE | UPDATE, .is = CLEARS_ON_CREATE | CLEARS_ON_UPDATE),
    FIELD(name, "Full name.", .in = CREATE | UPDATE, .is = CLEARS_ON_CREATE | CLEARS_ON_UPDATE,
          .max = NAME_CHARACTERS_MAX),
    FIELD(next_invoice_sequence, "Number of the next invoice.", .in = CREATE | UPDATE, .min = 1),
    FIELD(payment_method, "A payment method to save.", .in = CREATE, .is = INPUT,
          .of = &payment_method_resource.schema),
    FIELD(phone, "Phone number.", .in = CREATE | UPDATE, .is = CLEARS_ON_CREATE | CLEARS_ON_UPDATE,
          .max = PHONE_CHARACTERS_MAX),
    FIELD(preferred_locales, "Languages, the preferred one first.", .in = CREATE | UPDATE,
          .is = CLEARS_ON_UPDATE, .max = LOCALE_CHARACTERS_MAX),
    FIELD(promotion_code, "The code to give the customer; an empty value takes the discount away.",
          .in = CREATE | UPDATE, .is = INPUT | BLANK_IS_ABSENT | CLEARS_ON_UPDATE,
          .of = &promotion_code_resource.schema, .until = V_BASIL),
    OPT_HASH(shipping, shipping_schema, "Where goods are sent.", .in = CREATE | UPDATE,
             .is = CLEARS_ON_CREATE | CLEARS_ON_UPDATE),
    FIELD(source, "A test token such as `tok_visa`, which becomes the default source.",
          .in = CREATE | UPDATE, .is = INPUT),
    CONSTANT("sources", "null", "Not supported.", .is = INCLUDABLE),
    CONSTANT("subscriptions", "null", "Not supported.", .is = INCLUDABLE),
    HASH(tax, tax_schema, "Accepted without effect.", .in = CREATE | UPDATE, .is = INPUT),
    CONSTANT("tax", "null", "Not supported.", .is = INCLUDABLE),
    FIELD(tax_exempt, "Whether the customer pays tax.", .in = CREATE | UPDATE,
          .is = BLANK_IS_ABSENT, .values = tax_exempts),
    FIELD(tax_id_data, "Accepted without effect.", .in = CREATE, .is = INPUT, .of = &tax_id_schema),
    CONSTANT("tax_ids", "null", "Not supported.", .is = INCLUDABLE),
    FIELD(off_clock, "Without a test clock.", .is = INPUT, .where = "o.test_clock_seq IS NULL"),
    FIELD(test_clock, "The test clock that the customer lives by.", .in = CREATE | FILTER,
          .of = &test_clock_resource.schema),
    FIELD(validate, "Accepted without effect.", .in = CREATE | UPDATE, .is = INPUT,
          .since = V_2022_08_01),
};
#undef THIS

static void prepare(struct request *request, void *object)
{
    struct customer *customer = object;
    char *prefix = arena_alloc(request->arena, INVOICE_PREFIX_LENGTH + 1);
    random_characters(request->random, ALPHABET_UPPER, prefix, INVOICE_PREFIX_LENGTH);
    customer->invoice_prefix = (struct str){prefix, INVOICE_PREFIX_LENGTH};
    customer->next_invoice_sequence = 1;
    customer->tax_exempt.value = TAX_EXEMPT_NONE;
}

static bool was_given(const struct request *request, size_t offset)
{
    return parameter_given(request, &customer_resource.schema, offset);
}

static bool check_invoice_prefix(struct request *request, struct str prefix)
{
    bool good = prefix.length >= 3;
    for (size_t i = 0; i < prefix.length; i++)
        good &= (prefix.data[i] >= 'A' && prefix.data[i] <= 'Z') ||
                (prefix.data[i] >= '0' && prefix.data[i] <= '9');
    return good || fail(request, CODE_NONE, STR("invoice_prefix"),
                        "Invalid invoice_prefix: it must be 3 to 12 uppercase letters or numbers.");
}

static bool check(struct request *request, void *object, const void *before, unsigned operation)
{
    const struct customer *customer = object;
    (void)before;
    if (operation == FILTER) {
        if (!customer->test_clock.id.data)
            parameter_give(request, &customer_resource.schema,
                           offsetof(struct customer, off_clock));
        return true;
    }
    if (!before)
        test_clock_enter(request, &customer->test_clock);
    if (customer->coupon.id.data && customer->promotion_code.id.data)
        return fail(request, CODE_NONE, STR("coupon"),
                    "You may only specify one of these parameters: coupon, promotion_code.");
    return check_invoice_prefix(request, customer->invoice_prefix);
}

static void set_discount(struct request *request, struct customer *customer,
                         const struct discount *discount)
{
    customer->discount = (struct ref){0};
    if (discount)
        customer->discount = (struct ref){discount->object.id, discount->object.row, NULL};
    rows_update(request, catalog_of(request, &customer_resource), &customer_resource.schema,
                customer);
}

static void record_discount(struct request *request, const char *verb,
                            const struct discount *discount, const struct discount *before)
{
    event_record(request, discount_resource.events, verb, &discount_resource.schema, discount,
                 before);
}

/* The customer's discount, ended. NULL: there was none. */
static struct discount *take_discount(struct request *request, struct customer *customer)
{
    if (!customer->discount.row)
        return NULL;
    struct discount *discount = resource_load(request, &discount_resource, customer->discount.row);
    if (discount)
        discount_end(request, discount);
    return discount;
}

static bool remove_discount(struct request *request, struct customer *customer,
                            struct discount **removed)
{
    *removed = take_discount(request, customer);
    if (!*removed)
        return true;
    set_discount(request, customer, NULL);
    record_discount(request, "deleted", *removed, NULL);
    return true;
}

/* Whether the customer has just this discount already: sending it again changes and counts nothing.
 */
static bool has_discount(struct request *request, const struct customer *customer,
                         const struct coupon *coupon, const struct promotion_code *code)
{
    if (!customer->discount.row)
        return false;
    const struct discount *discount =
        resource_load(request, &discount_resource, customer->discount.row);
    return discount && discount->source.coupon.row == coupon->object.row &&
           discount->promotion_code.row == (code ? code->object.row : 0);
}

static bool give_discount(struct request *request, struct customer *customer)
{
    const struct promotion_code *code = customer->promotion_code.object;
    const struct coupon *coupon =
        code ? resource_load(request, &coupon_resource, code->promotion.coupon.row)
             : customer->coupon.object;
    struct discount *discount;
    if (!coupon)
        return true; /* the database has failed, which the transaction will notice */
    if (has_discount(request, customer, coupon, code))
        return true;
    const struct purchase purchase = {
        .surface = SURFACE_CUSTOMER,
        .customer = customer->object.id,
        .customer_is_new = true, /* asked again when something is bought */
    };
    const struct discount on = {.customer = {customer->object.id, customer->object.row, NULL}};
    if (!discount_redeem(request, &purchase, &on, coupon, code,
                         code ? STR("promotion_code") : STR("coupon"), &discount))
        return false;
    struct discount *replaced = take_discount(request, customer);
    set_discount(request, customer, discount);
    if (replaced)
        replaced->object.deleted = false; /* as it was */
    record_discount(request, replaced ? "updated" : "created", discount, replaced);
    return true;
}

static bool save_discount(struct request *request, struct customer *customer, bool is_new)
{
    struct discount *removed;
    test_clock_enter(request, &customer->test_clock);
    if (customer->coupon.id.data || customer->promotion_code.id.data)
        return give_discount(request, customer);
    bool cleared = was_given(request, offsetof(struct customer, coupon)) ||
                   was_given(request, offsetof(struct customer, promotion_code));
    return is_new || !cleared || remove_discount(request, customer, &removed);
}

/* The card of a token takes the place of the default source. */
static bool take_source(struct request *request, struct customer *customer)
{
    struct payment_method *method;
    struct ref ref = {0};
    if (!payment_method_of_token(request, customer->source, STR("source"), &method))
        return false;
    ref.object = method;
    if (!payment_method_attach(request, &ref, customer->object.id))
        return false;
    if (customer->default_source.id.data) {
        struct payment_method *replaced =
            resource_follow(request, &payment_method_resource, &customer->default_source);
        if (replaced)
            payment_method_detach(request, replaced);
        if (str_equal(customer->default_source.id,
                      customer->invoice_settings.default_payment_method.id))
            customer->invoice_settings.default_payment_method = (struct ref){0};
    }
    customer->default_source = ref;
    return true;
}

/* A well-known method that is saved and made the default in one call is one method. */
static bool save_payment_methods(struct request *request, struct customer *customer)
{
    struct ref *method = &customer->payment_method;
    struct ref *standard = &customer->invoice_settings.default_payment_method;
    if (method->object) {
        bool same = str_equal(method->id, standard->id);
        if (!payment_method_attach(request, method, customer->object.id))
            return false;
        if (same)
            *standard = *method;
    }
    if (!payment_method_belongs(request, standard, customer->object.id,
                                STR("invoice_settings[default_payment_method]")) ||
        !payment_method_belongs(request, &customer->default_source, customer->object.id,
                                STR("default_source")) ||
        (customer->source.data && !take_source(request, customer)))
        return false;
    if (method->object || customer->source.data)
        rows_update(request, catalog_of(request, &customer_resource), &customer_resource.schema,
                    customer);
    return true;
}

static bool saved(struct request *request, void *object, const void *before)
{
    return save_payment_methods(request, object) && save_discount(request, object, !before);
}

static bool deleted(struct request *request, void *object)
{
    const struct customer *customer = object;
    struct discount *removed;
    test_clock_enter(request, &customer->test_clock);
    if (!subscriptions_cancel(request, customer->object.id))
        return false;
    payment_methods_detach(request, customer->object.id);
    return remove_discount(request, object, &removed);
}

bool customer_drop_discount(struct request *request, struct discount *discount)
{
    struct customer *customer = resource_find(request, &customer_resource, discount->customer.id);
    struct discount *removed;
    if (!customer || customer->discount.row != discount->object.row)
        return true;
    return remove_discount(request, customer, &removed);
}

bool customer_bill_in(struct request *request, const struct ref *ref, struct str currency)
{
    struct customer *customer = resource_find(request, &customer_resource, ref->id);
    if (!customer || customer->currency.data)
        return true;
    struct customer *before = resource_new(request, &customer_resource);
    *before = *customer;
    customer->currency = currency;
    rows_update(request, catalog_of(request, &customer_resource), &customer_resource.schema,
                customer);
    event_record(request, customer_resource.events, "updated", &customer_resource.schema, customer,
                 before);
    return true;
}

static bool find_discount(struct request *request, const struct route *route,
                          struct customer **customer, struct discount **discount)
{
    struct str id = request->path_ids[0];
    if (!resource_parameters(request, route, NULL))
        return false;
    *customer = resource_find(request, &customer_resource, id);
    if (!*customer)
        return fail_missing(request, STR("id"), customer_resource.noun, id);
    *discount = (*customer)->discount.row
                    ? resource_load(request, &discount_resource, (*customer)->discount.row)
                    : NULL;
    if (!*discount) {
        bool failed = fail(request, CODE_resource_missing, STR_NULL,
                           "No active discount for customer: %.*s", STR_FMT(id));
        request->error.status = 404;
        return failed;
    }
    return true;
}

static bool retrieve_discount(struct request *request, const struct route *route,
                              struct answer *answer)
{
    struct customer *customer;
    struct discount *discount;
    if (!find_discount(request, route, &customer, &discount))
        return false;
    answer_object(answer, &discount_resource, discount);
    return true;
}

static bool delete_discount(struct request *request, const struct route *route,
                            struct answer *answer)
{
    struct customer *customer;
    struct discount *discount;
    if (!find_discount(request, route, &customer, &discount) ||
        !remove_discount(request, customer, &discount))
        return false;
    answer_object(answer, &discount_resource, discount);
    return true;
}

static const struct route routes[] = {
    {.method = "GET",
     .path = "/v1/customers/search",
     .handler = search_objects,
     .resource = &customer_resource,
     .form = ANSWER_SEARCH,
     .parameters = &search_schema,
     .in = ACTION,
     .name = "GetCustomersSearch",
     .summary = "Search customers by e-mail address, name or metadata"},
    {.method = "GET",
     .path = "/v1/customers/:id/applicable_promotion_codes",
     .handler = applicable_promotion_codes,
     .resource = &applicable_promotion_code_resource,
     .form = ANSWER_LIST,
     .parameters = &applicable_query_schema,
     .in = ACTION,
     .name = "GetCustomersCustomerApplicablePromotionCodes",
     .summary = "List the codes that a customer could use for a purchase, the best first"},
    {.method = "GET",
     .path = "/v1/customers/:id/discount",
     .handler = retrieve_discount,
     .resource = &discount_resource,
     .name = "GetCustomersCustomerDiscount",
     .summary = "Retrieve a customer's discount"},
    {.method = "DELETE",
     .path = "/v1/customers/:id/discount",
     .handler = delete_discount,
     .resource = &discount_resource,
     .name = "DeleteCustomersCustomerDiscount",
     .summary = "Remove a customer's discount",
     .no_expand = true},
};

const struct resource customer_resource = {
    .schema = SCHEMA(struct customer, customer_fields, "customer", .is_object = true,
                     .help = "Somebody who buys."),
    .table = {&customer_resource.schema, "customers", NULL},
    .number = RESOURCE_customer,
    .path = "/v1/customers",
    .noun = "customer",
    .path_param = "id",
    .events = "customer",
    .id_prefix = "cus_",
    .id_form = ID_SHORT,
    .operations = CREATE | RETRIEVE | UPDATE | DELETE | FILTER,
    .deleted_is_shown = true,
    .routes = routes,
    .route_count = ARRAY_LENGTH(routes),
    .prepare = prepare,
    .check = check,
    .saved = saved,
    .deleted = deleted,
};
