/* Payment methods. */
#include "resources/payment_method.h"

#include "base/arena.h"
#include "base/date.h"
#include "base/limits.h"
#include "base/random.h"
#include "base/request.h"
#include "resources/event.h"
#include "resources/list.h"
#include "resources/registry.h"
#include "resources/test_card.h"

#include <assert.h>
#include <string.h>

#define METHOD_PREFIX "pm_card_"
#define TOKEN_PREFIX "tok_"
#define CENTURY 2000
#define VALID_YEARS 1 /* of the well-known cards */
#define WELL_KNOWN_MONTH 12

static const char *const redisplays[] = {"always", "limited", "unspecified", NULL};

enum {
    REDISPLAY_UNSPECIFIED = 3
};

#define CLEARS CLEARS_ON_CREATE | CLEARS_ON_UPDATE

#define THIS struct billing_details
static const struct field billing_details_fields[] = {
    HASH(address, address_schema, "Billing address.", .in = CREATE | UPDATE, .is = CLEARS),
    FIELD(email, "E-mail address.", .in = CREATE | UPDATE, .is = CLEARS,
          .max = EMAIL_CHARACTERS_MAX, .format = FORMAT_EMAIL),
    FIELD(name, "Full name.", .in = CREATE | UPDATE, .is = CLEARS),
    FIELD(phone, "Phone number.", .in = CREATE | UPDATE, .is = CLEARS),
    FIELD(tax_id, "Tax number.", .in = CREATE | UPDATE),
};
#undef THIS
static const struct schema billing_details_schema =
    SCHEMA(struct billing_details, billing_details_fields, "billing_details");

#define THIS struct card_checks
static const struct field card_checks_fields[] = {
    FIELD(address_line1_check, "Result of the check of the street."),
    FIELD(address_postal_code_check, "Result of the check of the postal code."),
    FIELD(cvc_check, "Result of the check of the security code."),
};
#undef THIS
static const struct schema card_checks_schema =
    SCHEMA(struct card_checks, card_checks_fields, "card_checks");

#define THIS struct card_networks
static const struct field card_networks_fields[] = {
    FIELD(available, "The networks that it can be charged through."),
    CONSTANT("preferred", "null", "Not supported."),
};
#undef THIS
static const struct schema card_networks_schema =
    SCHEMA(struct card_networks, card_networks_fields, "card_networks");

#define THIS struct card
static const struct field card_fields[] = {
    FIELD(brand, "Brand."),
    HASH(checks, card_checks_schema, "Results of checks."),
    FIELD(country, "Country of the issuer."),
    FIELD(cvc, "Security code; any will do.", .in = CREATE, .is = INPUT, .max = 4),
    FIELD(display_brand, "Brand to show.", .since = V_2024_04_10),
    FIELD(exp_month, "Month of expiry.", .in = CREATE | UPDATE),
    FIELD(exp_year, "Year of expiry, of two or four digits.", .in = CREATE | UPDATE),
    FIELD(fingerprint, "The same for cards of the same number."),
    FIELD(funding, "Kind of card."),
    CONSTANT("generated_from", "null", "Not supported."),
    FIELD(last4, "The last four digits."),
    HASH(networks, card_networks_schema, "Its networks."),
    FIELD(number, "Number of a test card.", .in = CREATE, .is = INPUT),
    CONSTANT("regulated_status", "\"unregulated\"", "Whether its fees are regulated.",
             .since = V_2024_04_10),
    CONSTANT("three_d_secure_usage", "{\"supported\": true}", "Whether 3D Secure is possible."),
    FIELD(token, "A test token such as `tok_visa`.", .in = CREATE, .is = INPUT),
    CONSTANT("wallet", "null", "Not supported."),
};
#undef THIS
static const struct schema card_schema = SCHEMA(struct card, card_fields, "card");

#define THIS struct payment_method
static const struct field payment_method_fields[] = {
    FIELD_ID,
    FIELD(allow_redisplay, "Whether it may be offered to its customer again.",
          .in = CREATE | UPDATE | FILTER, .values = redisplays, .since = V_2024_04_10),
    HASH(billing_details, billing_details_schema, "Whom it belongs to.", .in = CREATE | UPDATE),
    OPT_HASH(card, card_schema, "The card.", .in = CREATE | UPDATE),
    FIELD(object.created, "When the object was created.", .as = "created", .is = DERIVED),
    FIELD(customer, "The customer that it was saved for.", .in = FILTER,
          .of = &customer_resource.schema),
    CONSTANT("customer_account", "null", "Not supported.", .since = V_2025_12_15),
    FIELD_LIVEMODE,
    FIELD_METADATA(.in = CREATE | UPDATE, .is = CLEARS),
    FIELD(type, "Kind of payment method; only `card`.", .in = CREATE | FILTER,
          .is = REQUIRED | NOT_NULL),
    FIELD(detached, "Whether it was taken from its customer.", .is = INTERNAL),
    FIELD(test_card, "The test card that it is.", .is = INTERNAL),
};
#undef THIS

/* ---- making ---- */

static struct date today(const struct request *request)
{
    return date_from_days(floor_divide(request->now, SECONDS_PER_DAY));
}

static void prepare(struct request *request, void *object)
{
    struct payment_method *method = object;
    (void)request;
    method->allow_redisplay.value = REDISPLAY_UNSPECIFIED;
    method->type = STR("card");
}

static void describe_card(struct request *request, struct payment_method *method,
                          const struct test_card *test_card)
{
    struct card *card = method->card;
    struct str *network = ARENA_NEW(request->arena, struct str);
    *network = card->brand = card->display_brand = str_from(test_card->brand);
    card->networks.available = (struct strings){network, 1};
    card->country = STR("US");
    card->funding = str_from(test_card->funding);
    card->last4 = test_card_last4(test_card);
    card->fingerprint = test_card_fingerprint(request->arena, test_card);
    if (card->cvc.data)
        card->checks.cvc_check = STR("pass");
    method->test_card = str_from(test_card->name);
}

static struct payment_method *make(struct request *request, const struct test_card *test_card)
{
    struct payment_method *method = resource_new(request, &payment_method_resource);
    prepare(request, method);
    method->object.created.seconds = request->now;
    method->object.livemode = request->livemode;
    method->card = ARENA_NEW(request->arena, struct card);
    method->card->exp_month = WELL_KNOWN_MONTH;
    method->card->exp_year = today(request).year + VALID_YEARS;
    describe_card(request, method, test_card);
    return method;
}

/* The card that a prefix and a name stand for; NULL: none. */
static const struct test_card *find_card(struct str id, struct str prefix)
{
    if (!str_starts(id, prefix))
        return NULL;
    return test_card_named((struct str){id.data + prefix.length, id.length - prefix.length});
}

static void *well_known(struct request *request, struct str id)
{
    const struct test_card *test_card = find_card(id, STR(METHOD_PREFIX));
    if (!test_card)
        return NULL;
    struct payment_method *method = make(request, test_card);
    method->object.id = id;
    return method;
}

bool payment_method_of_token(struct request *request, struct str token, struct str param,
                             struct payment_method **method)
{
    const struct test_card *test_card = find_card(token, STR(TOKEN_PREFIX));
    if (!test_card)
        return fail(request, CODE_resource_missing, param, "No such token: '%.*s'", STR_FMT(token));
    *method = make(request, test_card);
    (*method)->object.id = id_long(request->random, request->arena, "card_", request->now);
    return true;
}

const struct test_card *payment_method_card(const struct payment_method *method)
{
    const struct test_card *card = test_card_named(method->test_card);
    return card ? card : test_card_named(STR("visa")); /* one that was brought in from elsewhere */
}

/* ---- storing ---- */

static void insert(struct request *request, struct payment_method *method)
{
    method->object.row = db_next_row(request->db, request->now);
    enum db_result result = rows_insert(request, catalog_of(request, &payment_method_resource),
                                        &payment_method_resource.schema, method);
    assert(result != DB_CONFLICT);
}

static void save(struct request *request, const struct payment_method *method)
{
    rows_update(request, catalog_of(request, &payment_method_resource),
                &payment_method_resource.schema, method);
}

static void record(struct request *request, const char *verb, const struct payment_method *method,
                   const struct payment_method *before)
{
    event_record(request, payment_method_resource.events, verb, &payment_method_resource.schema,
                 method, before);
}

static struct payment_method *copy(struct request *request, const struct payment_method *method)
{
    struct payment_method *copy = resource_new(request, &payment_method_resource);
    *copy = *method;
    return copy;
}

void payment_method_keep(struct request *request, struct ref *ref)
{
    const struct payment_method *found = ref->object;
    if (!found || found->object.row)
        return;
    struct payment_method *method = copy(request, found);
    if (find_card(method->object.id, STR(METHOD_PREFIX)))
        method->object.id = id_long(request->random, request->arena,
                                    payment_method_resource.id_prefix, request->now);
    insert(request, method);
    *ref = (struct ref){method->object.id, method->object.row, method};
}

bool payment_method_attach(struct request *request, struct ref *ref, struct str customer)
{
    const struct payment_method *found = ref->object;
    if (str_equal(found->customer.id, customer))
        return true;
    if (found->detached)
        return fail(request, CODE_NONE, STR_NULL,
                    "This PaymentMethod was previously used without being attached to a Customer "
                    "or was detached from a Customer, and may not be used again.");
    if (found->customer.id.data)
        return fail(request, CODE_NONE, STR_NULL,
                    "The payment method you provided has already been attached to a customer.");
    const struct test_card *card = payment_method_card(found);
    if (!card->can_be_saved)
        return fail_card(request, card);
    payment_method_keep(request, ref);
    struct payment_method *method = copy(request, ref->object);
    method->customer = (struct ref){.id = customer};
    save(request, method);
    record(request, "attached", method, NULL);
    ref->object = method;
    return true;
}

bool payment_method_belongs(struct request *request, const struct ref *ref, struct str customer,
                            struct str param)
{
    const struct payment_method *method = ref->object;
    return !method || str_equal(method->customer.id, customer) ||
           fail(request, CODE_resource_missing, param,
                "The customer does not have a payment method with the ID %.*s. The payment method "
                "must be attached to the customer.",
                STR_FMT(ref->id));
}

STATEMENT(forget_default_method,
          "UPDATE customers SET invoice_settings_default_payment_method = NULL "
          "WHERE tenant = $1 AND id = $2 AND invoice_settings_default_payment_method = $3");
STATEMENT(forget_default_source, "UPDATE customers SET default_source = NULL "
                                 "WHERE tenant = $1 AND id = $2 AND default_source = $3");
STATEMENT(find_methods, "SELECT seq FROM payment_methods WHERE tenant = $1 AND customer = $2 "
                        "AND seq > $3 ORDER BY seq LIMIT 1");

static void forget(struct request *request, const struct statement *statement,
                   const struct payment_method *method)
{
    struct query query = db_query(request->db, statement);
    db_bind_int(&query, request->tenant);
    db_bind_str(&query, method->customer.id);
    db_bind_str(&query, method->object.id);
    db_do(&query);
}

void payment_method_detach(struct request *request, struct payment_method *method)
{
    struct payment_method *before = copy(request, method);
    forget(request, &forget_default_method, method);
    forget(request, &forget_default_source, method);
    method->customer = (struct ref){0};
    method->detached = true;
    save(request, method);
    record(request, "detached", method, before);
}

void payment_methods_detach(struct request *request, struct str customer)
{
    for (int64_t row = 0;;) { /* one by one, because each is an event */
        struct query query = db_query(request->db, &find_methods);
        db_bind_int(&query, request->tenant);
        db_bind_str(&query, customer);
        db_bind_int(&query, row);
        if (!db_row(&query))
            return;
        row = db_int(&query, 0);
        db_end(&query);
        struct payment_method *method = resource_load(request, &payment_method_resource, row);
        if (!method)
            return;
        payment_method_detach(request, method);
    }
}

/* ---- calls ---- */

/* A card can expire this month at the earliest. */
static bool check_expiry(struct request *request, struct card *card)
{
    const struct date now = today(request);
    if (card->exp_year < 100)
        card->exp_year += CENTURY;
    bool month_is_past = card->exp_year == now.year && card->exp_month < now.month;
    if (card->exp_month < 1 || card->exp_month > 12 || month_is_past) {
        bool failed = fail_with(request, 402, ERROR_CARD, CODE_invalid_expiry_month,
                                "Your card's expiration month is invalid.");
        request->error.param = STR("exp_month");
        return failed;
    }
    if (card->exp_year < now.year || card->exp_year > now.year + CARD_EXPIRY_YEARS_MAX) {
        bool failed = fail_with(request, 402, ERROR_CARD, CODE_invalid_expiry_year,
                                "Your card's expiration year is invalid.");
        request->error.param = STR("exp_year");
        return failed;
    }
    return true;
}

static bool check_new_card(struct request *request, struct payment_method *method)
{
    struct card *card = method->card;
    const struct test_card *test_card;
    if (!str_is(method->type, "card"))
        return fail(request, CODE_NONE, STR("type"), "Invalid type: must be one of card");
    if (!card || (!card->number.data && !card->token.data)) {
        struct str param = card ? STR("card[number]") : STR("card");
        return fail(request, CODE_parameter_missing, param, "Missing required param: %s.",
                    param.data);
    }
    if (card->token.data) {
        test_card = find_card(card->token, STR(TOKEN_PREFIX));
        if (!test_card)
            return fail(request, CODE_resource_missing, STR("card[token]"), "No such token: '%.*s'",
                        STR_FMT(card->token));
        method->card = make(request, test_card)->card;
        method->test_card = str_from(test_card->name);
        return true;
    }
    if (!card->exp_month || !card->exp_year) {
        struct str param = card->exp_month ? STR("card[exp_year]") : STR("card[exp_month]");
        return fail(request, CODE_parameter_missing, param, "Missing required param: %s.",
                    param.data);
    }
    test_card = test_card_numbered(card->number);
    if (!test_card) {
        bool failed = fail_with(request, 402, ERROR_CARD, CODE_incorrect_number,
                                "Your card number is not that of a test card.");
        request->error.param = STR("number");
        return failed;
    }
    describe_card(request, method, test_card);
    return check_expiry(request, card);
}

static bool check(struct request *request, void *object, const void *before, unsigned operation)
{
    struct payment_method *method = object;
    (void)before;
    if (operation == FILTER)
        return true;
    if (!method->customer.id.data)
        return fail(request, CODE_NONE, STR_NULL,
                    "You must save this PaymentMethod to a customer before you can update it.");
    return !method->card || check_expiry(request, method->card);
}

static bool create(struct request *request, const struct route *route, struct answer *answer)
{
    struct payment_method *method = resource_new(request, &payment_method_resource);
    prepare(request, method);
    if (!resource_parameters(request, route, method) || !check_new_card(request, method))
        return false;
    method->object.id =
        id_long(request->random, request->arena, payment_method_resource.id_prefix, request->now);
    method->object.created.seconds = request->now;
    method->object.livemode = request->livemode;
    insert(request, method);
    answer_object(answer, &payment_method_resource, method);
    return true;
}

struct attachment {
    struct ref customer;
};

#define THIS struct attachment
static const struct field attachment_fields[] = {
    FIELD(customer, "The customer to save it for.", .in = ACTION, .is = REQUIRED,
          .of = &customer_resource.schema),
};
#undef THIS
static const struct schema attachment_schema =
    SCHEMA(struct attachment, attachment_fields, "attachment");

static struct payment_method *find(struct request *request, struct str id)
{
    struct payment_method *method = resource_find(request, &payment_method_resource, id);
    if (!method)
        (void)!fail_missing(request, str_from(payment_method_resource.path_param),
                            payment_method_resource.noun, id);
    return method;
}

static bool attach(struct request *request, const struct route *route, struct answer *answer)
{
    struct attachment attachment = {0};
    if (!resource_parameters(request, route, &attachment))
        return false;
    struct ref ref = {.object = find(request, request->path_ids[0])};
    if (!ref.object || !resource_resolve(request, &attachment_schema, &attachment, ACTION) ||
        !payment_method_attach(request, &ref, attachment.customer.id))
        return false;
    answer_object(answer, &payment_method_resource, ref.object);
    return true;
}

static bool detach(struct request *request, const struct route *route, struct answer *answer)
{
    if (!resource_parameters(request, route, NULL))
        return false;
    struct payment_method *method = find(request, request->path_ids[0]);
    if (!method)
        return false;
    if (!method->customer.id.data)
        return fail(request, CODE_NONE, STR_NULL,
                    "The payment method you provided is not attached to a customer so detachment "
                    "is impossible.");
    payment_method_detach(request, method);
    answer_object(answer, &payment_method_resource, method);
    return true;
}

static bool find_customer(struct request *request)
{
    struct str id = request->path_ids[0];
    return resource_find(request, &customer_resource, id) ||
           fail_missing(request, STR("id"), customer_resource.noun, id);
}

static bool list_of_customer(struct request *request, const struct route *route,
                             struct answer *answer)
{
    if (!find_customer(request))
        return false;
    bool listed = resource_list_of(request, route, answer, "o.customer = ?", request->path_ids[0]);
    answer->url = str_format(request->arena, "%s/%.*s/payment_methods", customer_resource.path,
                             STR_FMT(request->path_ids[0]));
    return listed;
}

static bool retrieve_of_customer(struct request *request, const struct route *route,
                                 struct answer *answer)
{
    if (!resource_parameters(request, route, NULL) || !find_customer(request))
        return false;
    struct payment_method *method = find(request, request->path_ids[1]);
    if (!method)
        return false;
    if (!str_equal(method->customer.id, request->path_ids[0]))
        return fail_missing(request, str_from(payment_method_resource.path_param),
                            payment_method_resource.noun, request->path_ids[1]);
    answer_object(answer, &payment_method_resource, method);
    return true;
}

static const struct route routes[] = {
    {.method = "POST",
     .path = "/v1/payment_methods",
     .handler = create,
     .resource = &payment_method_resource,
     .parameters = &payment_method_resource.schema,
     .in = CREATE,
     .name = "PostPaymentMethods",
     .summary = "Create a PaymentMethod"},
    {.method = "POST",
     .path = "/v1/payment_methods/:id/attach",
     .handler = attach,
     .resource = &payment_method_resource,
     .parameters = &attachment_schema,
     .in = ACTION,
     .name = "PostPaymentMethodsPaymentMethodAttach",
     .summary = "Save a PaymentMethod for a customer"},
    {.method = "POST",
     .path = "/v1/payment_methods/:id/detach",
     .handler = detach,
     .resource = &payment_method_resource,
     .name = "PostPaymentMethodsPaymentMethodDetach",
     .summary = "Take a PaymentMethod from its customer"},
    {.method = "GET",
     .path = "/v1/customers/:id/payment_methods",
     .handler = list_of_customer,
     .resource = &payment_method_resource,
     .form = ANSWER_LIST,
     .parameters = &payment_method_resource.schema,
     .in = FILTER,
     .name = "GetCustomersCustomerPaymentMethods",
     .summary = "List a customer's PaymentMethods"},
    {.method = "GET",
     .path = "/v1/customers/:id/payment_methods/:id",
     .handler = retrieve_of_customer,
     .resource = &payment_method_resource,
     .name = "GetCustomersCustomerPaymentMethodsPaymentMethod",
     .summary = "Retrieve a customer's PaymentMethod"},
};

const struct resource payment_method_resource = {
    .schema = SCHEMA(struct payment_method, payment_method_fields, "payment_method",
                     .is_object = true, .help = "A test card to pay with."),
    .table = {&payment_method_resource.schema, "payment_methods", NULL},
    .number = RESOURCE_payment_method,
    .path = "/v1/payment_methods",
    .noun = "PaymentMethod",
    .path_param = "payment_method",
    .events = "payment_method",
    .id_prefix = "pm_",
    .id_form = ID_LONG,
    .operations = RETRIEVE | UPDATE | FILTER,
    .routes = routes,
    .route_count = ARRAY_LENGTH(routes),
    .prepare = prepare,
    .check = check,
    .well_known = well_known,
};
