/* PaymentIntents. Whether a payment succeeds is known at once from the test card. */
#include "resources/payment_intent.h"

#include "base/arena.h"
#include "base/limits.h"
#include "base/random.h"
#include "base/request.h"
#include "resources/customer.h"
#include "resources/charge.h"
#include "resources/event.h"
#include "resources/payment_method.h"
#include "resources/registry.h"
#include "resources/test_card.h"

#include <stddef.h>

#define V_2022_11_15 20221115

static const char *const cancellation_reasons[] = {"abandoned", "duplicate", "fraudulent",
                                                   "requested_by_customer", NULL};
static const char *const future_usages[] = {"off_session", "on_session", NULL};
static const char *const statuses[] = {"canceled", "requires_confirmation",
                                       "requires_payment_method", "succeeded", NULL};

enum status {
    STATUS_CANCELED = 1,
    STATUS_REQUIRES_CONFIRMATION,
    STATUS_REQUIRES_PAYMENT_METHOD,
    STATUS_SUCCEEDED
};

#define THIS struct payment_intent
static const struct field payment_intent_fields[] = {
    FIELD_ID,
    FIELD(amount, "What is to be paid, in minor units.", .in = CREATE | UPDATE, .is = REQUIRED,
          .min = 1, .max = AMOUNT_MAX),
    CONSTANT("amount_capturable", "0", "Amounts are captured at once."),
    CONSTANT("amount_details", "{\"tip\": {}}", "Not supported.", .since = V_2022_11_15),
    FIELD(amount_received, "What was paid."),
    CONSTANT("application", "null", "Not supported."),
    CONSTANT("application_fee_amount", "null", "Not supported."),
    OPT_HASH(automatic_payment_methods, automatic_payment_methods_schema,
             "Whether methods are chosen automatically.", .in = CREATE),
    FIELD(canceled_at, "When it was canceled."),
    FIELD(cancellation_reason, "Why it was canceled.", .is = NULL_WHEN_EMPTY,
          .values = cancellation_reasons),
    CONSTANT("capture_method", "\"automatic\"", "Amounts are captured at once.",
             .until = V_2024_04_10),
    CONSTANT("capture_method", "\"automatic_async\"", "Amounts are captured at once.",
             .since = V_2024_04_10),
    FIELD(client_secret, "What the customer's browser knows it by."),
    FIELD(confirm, "Pay at once.", .in = CREATE, .is = INPUT),
    CONSTANT("confirmation_method", "\"automatic\"", "How it is confirmed."),
    FIELD_CREATED,
    FIELD(currency, "Currency.", .in = CREATE | UPDATE, .is = REQUIRED | NOT_NULL,
          .format = FORMAT_CURRENCY),
    FIELD(customer, "Who pays.", .in = CREATE | UPDATE | FILTER, .of = &customer_resource.schema),
    CONSTANT("customer_account", "null", "Not supported.", .since = V_2025_12_15),
    FIELD(description, "Anything about the payment.", .in = CREATE | UPDATE,
          .is = CLEARS_ON_UPDATE),
    FIELD(invoice, "The invoice that it pays.", .is = EXPANDABLE, .until = V_BASIL),
    FIELD(invoice, "The invoice that it pays.", .is = INTERNAL),
    OPT_HASH(last_payment_error, payment_error_schema, "Why the last payment failed."),
    FIELD(latest_charge, "The last charge.", .of = &charge_resource.schema, .since = V_2022_11_15),
    FIELD_LIVEMODE,
    FIELD_METADATA(.in = CREATE | UPDATE, .is = CLEARS_ON_CREATE | CLEARS_ON_UPDATE),
    CONSTANT("next_action", "null", "Nothing is ever left to do."),
    FIELD(off_session, "Accepted without effect.", .in = CREATE | ACTION, .is = INPUT),
    CONSTANT("on_behalf_of", "null", "Not supported."),
    FIELD(payment_method, "What is paid with.", .in = CREATE | UPDATE | ACTION,
          .of = &payment_method_resource.schema),
    CONSTANT("payment_method_configuration_details", "null", "Not supported.",
             .since = V_2024_04_10),
    CONSTANT("payment_method_options", "{}", "Not supported."),
    FIELD(payment_method_types, "Kinds of methods; only `card`.", .in = CREATE | UPDATE,
          .is = INPUT),
    CONSTANT("payment_method_types", "[\"card\"]", "Kinds of methods."),
    CONSTANT("processing", "null", "Nothing takes time."),
    FIELD(receipt_email, "Where a receipt would be sent.", .in = CREATE | UPDATE | ACTION,
          .is = CLEARS_ON_UPDATE, .format = FORMAT_EMAIL),
    FIELD(return_url, "Accepted without effect.", .in = CREATE | ACTION, .is = INPUT),
    CONSTANT("review", "null", "Not supported."),
    FIELD(setup_future_usage, "Save the method for the customer once it has been paid with.",
          .in = CREATE | UPDATE | ACTION, .is = NULL_WHEN_EMPTY | CLEARS_ON_UPDATE,
          .values = future_usages),
    CONSTANT("shipping", "null", "Not supported."),
    CONSTANT("source", "null", "Not supported."),
    CONSTANT("statement_descriptor", "null", "Not supported."),
    CONSTANT("statement_descriptor_suffix", "null", "Not supported."),
    FIELD(status, "How far it is.", .values = statuses),
    CONSTANT("transfer_data", "null", "Not supported."),
    CONSTANT("transfer_group", "null", "Not supported."),
};
#undef THIS

struct cancellation {
    struct choice cancellation_reason;
};

#define THIS struct cancellation
static const struct field cancellation_fields[] = {
    FIELD(cancellation_reason, "Why it is canceled.", .in = ACTION, .values = cancellation_reasons),
};
#undef THIS
static const struct schema cancellation_schema =
    SCHEMA(struct cancellation, cancellation_fields, "cancellation");

static void prepare(struct request *request, void *object)
{
    struct payment_intent *intent = object;
    intent->object.id =
        id_long(request->random, request->arena, payment_intent_resource.id_prefix, request->now);
    intent->client_secret = client_secret(request, intent->object.id);
    intent->status.value = STATUS_REQUIRES_PAYMENT_METHOD;
}

static bool is_open(const struct payment_intent *intent)
{
    return intent->status.value == STATUS_REQUIRES_CONFIRMATION ||
           intent->status.value == STATUS_REQUIRES_PAYMENT_METHOD;
}

static bool check_open(struct request *request, const struct payment_intent *intent,
                       const char *verb)
{
    return is_open(intent) ||
           fail(request, CODE_payment_intent_unexpected_state, STR_NULL,
                "You cannot %s this PaymentIntent because it has a status of %s.", verb,
                statuses[intent->status.value - 1]);
}

/* What a finished payment was about stays as it was. */
static bool check_change(struct request *request, const struct payment_intent *intent)
{
    static const size_t members[] = {
        offsetof(struct payment_intent, amount), offsetof(struct payment_intent, currency),
        offsetof(struct payment_intent, customer), offsetof(struct payment_intent, payment_method),
        offsetof(struct payment_intent, setup_future_usage)};
    for (size_t i = 0; i < ARRAY_LENGTH(members); i++)
        if (parameter_given(request, &payment_intent_resource.schema, members[i]) &&
            !check_open(request, intent, "update"))
            return false;
    return true;
}

static bool check(struct request *request, void *object, const void *before, unsigned operation)
{
    struct payment_intent *intent = object;
    if (operation == FILTER)
        return true;
    if (before && !check_change(request, before))
        return false;
    if (!check_payment_method_types(request, &intent->payment_method_types) ||
        !check_payment_method(request, &intent->payment_method, intent->customer.id))
        return false;
    complete_automatic_payment_methods(intent->automatic_payment_methods);
    if (is_open(intent))
        intent->status.value = intent->payment_method.id.data ? STATUS_REQUIRES_CONFIRMATION
                                                              : STATUS_REQUIRES_PAYMENT_METHOD;
    return true;
}

/* ---- paying ---- */

static void save(struct request *request, const struct payment_intent *intent)
{
    rows_update(request, catalog_of(request, &payment_intent_resource),
                &payment_intent_resource.schema, intent);
}

static void record(struct request *request, const char *verb, const struct payment_intent *intent)
{
    event_record(request, payment_intent_resource.events, verb, &payment_intent_resource.schema,
                 intent, NULL);
}

bool payment_intent_pay(struct request *request, struct payment_intent *intent)
{
    const struct payment_method *method =
        resource_follow(request, &payment_method_resource, &intent->payment_method);
    if (!method)
        return true; /* the database has failed, which the transaction will notice */
    bool paid = payment_method_card(method)->code == CODE_NONE;
    struct payment_error *error = paid ? NULL : payment_error_of(request, method, STR_NULL);
    intent->latest_charge = charge_record(request, intent, method, error);
    if (paid) {
        intent->amount_received = intent->amount;
        intent->status.value = STATUS_SUCCEEDED;
        intent->last_payment_error = NULL;
    } else {
        intent->status.value = STATUS_REQUIRES_PAYMENT_METHOD;
        error->charge = intent->latest_charge.id;
        intent->last_payment_error = error;
        intent->payment_method = (struct ref){0};
    }
    save(request, intent);
    record(request, paid ? "succeeded" : "payment_failed", intent);
    return paid;
}

static bool confirm_intent(struct request *request, struct payment_intent *intent)
{
    if (!intent->payment_method.id.data)
        return fail(request, CODE_payment_intent_unexpected_state, STR_NULL,
                    "You cannot confirm this PaymentIntent because it's missing a payment method. "
                    "You can either update the PaymentIntent with a payment method and then "
                    "confirm it again, or confirm it again directly with a payment method.");
    if (!payment_intent_pay(request, intent))
        return fail_declined(request, intent);
    if (!intent->setup_future_usage.value || !intent->customer.id.data)
        return true;
    intent->payment_method.object =
        resource_follow(request, &payment_method_resource, &intent->payment_method);
    return payment_method_attach(request, &intent->payment_method, intent->customer.id);
}

/* ---- calls ---- */

static bool create(struct request *request, const struct route *route, struct answer *answer)
{
    if (!resource_create(request, route, answer))
        return false;
    struct payment_intent *intent = (struct payment_intent *)(uintptr_t)answer->object;
    return !intent->confirm || confirm_intent(request, intent);
}

/* The intent in the path with the parameters on it, and what it was before. */
static bool find_changed(struct request *request, const struct route *route,
                         struct payment_intent **intent, struct payment_intent *before)
{
    const struct resource *resource = &payment_intent_resource;
    if (!resource_parameters(request, route, before))
        return false;
    *intent = resource_find(request, resource, request->path_ids[0]);
    if (!*intent)
        return fail_missing(request, str_from(resource->path_param), resource->noun,
                            request->path_ids[0]);
    *before = **intent;
    return resource_parameters(request, route, *intent) &&
           resource_resolve(request, &resource->schema, *intent, route->in);
}

static bool update(struct request *request, const struct route *route, struct answer *answer)
{
    struct payment_intent *intent, before = {0};
    if (!find_changed(request, route, &intent, &before) || !check(request, intent, &before, UPDATE))
        return false;
    save(request, intent);
    answer_object(answer, &payment_intent_resource, intent);
    return true;
}

static bool confirm(struct request *request, const struct route *route, struct answer *answer)
{
    struct payment_intent *intent, before = {0};
    if (!find_changed(request, route, &intent, &before) ||
        !check_open(request, &before, "confirm") || !check(request, intent, &before, ACTION) ||
        !confirm_intent(request, intent))
        return false;
    answer_object(answer, &payment_intent_resource, intent);
    return true;
}

static bool cancel(struct request *request, const struct route *route, struct answer *answer)
{
    struct cancellation cancellation = {0};
    if (!resource_parameters(request, route, &cancellation))
        return false;
    const struct resource *resource = &payment_intent_resource;
    struct payment_intent *intent = resource_find(request, resource, request->path_ids[0]);
    if (!intent)
        return fail_missing(request, str_from(resource->path_param), resource->noun,
                            request->path_ids[0]);
    if (!check_open(request, intent, "cancel"))
        return false;
    intent->status.value = STATUS_CANCELED;
    intent->canceled_at = (struct opt_time){true, request->now};
    intent->cancellation_reason = cancellation.cancellation_reason;
    save(request, intent);
    record(request, "canceled", intent);
    answer_object(answer, resource, intent);
    return true;
}

static const struct route routes[] = {
    {.method = "POST",
     .path = "/v1/payment_intents",
     .handler = create,
     .resource = &payment_intent_resource,
     .parameters = &payment_intent_resource.schema,
     .in = CREATE,
     .name = "PostPaymentIntents",
     .summary = "Create a PaymentIntent"},
    {.method = "POST",
     .path = "/v1/payment_intents/:id",
     .handler = update,
     .resource = &payment_intent_resource,
     .parameters = &payment_intent_resource.schema,
     .in = UPDATE,
     .name = "PostPaymentIntentsPaymentIntent",
     .summary = "Update a PaymentIntent"},
    {.method = "POST",
     .path = "/v1/payment_intents/:id/confirm",
     .handler = confirm,
     .resource = &payment_intent_resource,
     .parameters = &payment_intent_resource.schema,
     .in = ACTION,
     .name = "PostPaymentIntentsPaymentIntentConfirm",
     .summary = "Pay a PaymentIntent"},
    {.method = "POST",
     .path = "/v1/payment_intents/:id/cancel",
     .handler = cancel,
     .resource = &payment_intent_resource,
     .parameters = &cancellation_schema,
     .in = ACTION,
     .name = "PostPaymentIntentsPaymentIntentCancel",
     .summary = "Cancel a PaymentIntent"},
};

const struct resource payment_intent_resource = {
    .schema = SCHEMA(struct payment_intent, payment_intent_fields, "payment_intent",
                     .is_object = true, .help = "A payment on its way, or made."),
    .table = {&payment_intent_resource.schema, "payment_intents", NULL},
    .number = RESOURCE_payment_intent,
    .path = "/v1/payment_intents",
    .noun = "payment_intent",
    .path_param = "intent",
    .events = "payment_intent",
    .id_prefix = "pi_",
    .id_form = ID_LONG,
    .operations = RETRIEVE | FILTER,
    .routes = routes,
    .route_count = ARRAY_LENGTH(routes),
    .prepare = prepare,
    .check = check,
};
