/* SetupIntents. Whether a card can be saved is known at once from the test card. */
#include "resources/setup_intent.h"

#include "base/arena.h"
#include "base/random.h"
#include "base/request.h"
#include "resources/customer.h"
#include "resources/event.h"
#include "resources/payment_method.h"
#include "resources/registry.h"
#include "resources/test_card.h"

#include <stddef.h>

static const char *const cancellation_reasons[] = {"abandoned", "duplicate",
                                                   "requested_by_customer", NULL};
static const char *const statuses[] = {"canceled", "requires_confirmation",
                                       "requires_payment_method", "succeeded", NULL};
static const char *const usages[] = {"off_session", "on_session", NULL};

enum status {
    STATUS_CANCELED = 1,
    STATUS_REQUIRES_CONFIRMATION,
    STATUS_REQUIRES_PAYMENT_METHOD,
    STATUS_SUCCEEDED
};
enum {
    USAGE_OFF_SESSION = 1
};

#define THIS struct setup_intent
static const struct field setup_intent_fields[] = {
    FIELD_ID,
    CONSTANT("application", "null", "Not supported."),
    OPT_HASH(automatic_payment_methods, automatic_payment_methods_schema,
             "Whether methods are chosen automatically.", .in = CREATE),
    FIELD(cancellation_reason, "Why it was canceled.", .is = NULL_WHEN_EMPTY,
          .values = cancellation_reasons),
    FIELD(client_secret, "What the customer's browser knows it by."),
    FIELD(confirm, "Save the method at once.", .in = CREATE, .is = INPUT),
    FIELD_CREATED,
    FIELD(customer, "For whom the method is saved.", .in = CREATE | UPDATE | FILTER,
          .of = &customer_resource.schema),
    CONSTANT("customer_account", "null", "Not supported.", .since = V_2025_12_15),
    FIELD(description, "Anything about it.", .in = CREATE | UPDATE, .is = CLEARS_ON_UPDATE),
    CONSTANT("flow_directions", "null", "Not supported."),
    OPT_HASH(last_setup_error, payment_error_schema, "Why the method could not be saved."),
    CONSTANT("latest_attempt", "null", "Attempts are not kept.", .is = EXPANDABLE),
    FIELD_LIVEMODE,
    CONSTANT("mandate", "null", "Not supported.", .is = EXPANDABLE),
    FIELD_METADATA(.in = CREATE | UPDATE, .is = CLEARS_ON_CREATE | CLEARS_ON_UPDATE),
    CONSTANT("next_action", "null", "Nothing is ever left to do."),
    CONSTANT("on_behalf_of", "null", "Not supported."),
    FIELD(payment_method, "What is saved.", .in = CREATE | UPDATE | FILTER | ACTION,
          .of = &payment_method_resource.schema),
    CONSTANT("payment_method_configuration_details", "null", "Not supported.",
             .since = V_2024_04_10),
    CONSTANT("payment_method_options", "{}", "Not supported."),
    FIELD(payment_method_types, "Kinds of methods; only `card`.", .in = CREATE | UPDATE,
          .is = INPUT),
    CONSTANT("payment_method_types", "[\"card\"]", "Kinds of methods."),
    FIELD(return_url, "Accepted without effect.", .in = CREATE | ACTION, .is = INPUT),
    CONSTANT("single_use_mandate", "null", "Not supported.", .is = EXPANDABLE),
    FIELD(status, "How far it is.", .values = statuses),
    FIELD(usage, "Whether the customer is there when it is paid with.", .in = CREATE,
          .values = usages),
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
    struct setup_intent *intent = object;
    intent->object.id =
        id_long(request->random, request->arena, setup_intent_resource.id_prefix, request->now);
    intent->client_secret = client_secret(request, intent->object.id);
    intent->status.value = STATUS_REQUIRES_PAYMENT_METHOD;
    intent->usage.value = USAGE_OFF_SESSION;
}

static bool is_open(const struct setup_intent *intent)
{
    return intent->status.value == STATUS_REQUIRES_CONFIRMATION ||
           intent->status.value == STATUS_REQUIRES_PAYMENT_METHOD;
}

static bool check_open(struct request *request, const struct setup_intent *intent, const char *verb)
{
    return is_open(intent) || fail(request, CODE_setup_intent_unexpected_state, STR_NULL,
                                   "You cannot %s this SetupIntent because it has a status of %s.",
                                   verb, statuses[intent->status.value - 1]);
}

static bool check(struct request *request, void *object, const void *before, unsigned operation)
{
    struct setup_intent *intent = object;
    const struct schema *schema = &setup_intent_resource.schema;
    if (operation == FILTER)
        return true;
    bool moves = parameter_given(request, schema, offsetof(struct setup_intent, customer)) ||
                 parameter_given(request, schema, offsetof(struct setup_intent, payment_method));
    if (before && moves && !check_open(request, before, "update"))
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

static void save(struct request *request, const struct setup_intent *intent)
{
    rows_update(request, catalog_of(request, &setup_intent_resource), &setup_intent_resource.schema,
                intent);
}

static void record(struct request *request, const char *verb, const struct setup_intent *intent)
{
    event_record(request, setup_intent_resource.events, verb, &setup_intent_resource.schema, intent,
                 NULL);
}

static bool confirm_intent(struct request *request, struct setup_intent *intent)
{
    if (!intent->payment_method.id.data)
        return fail(request, CODE_setup_intent_unexpected_state, STR_NULL,
                    "You cannot confirm this SetupIntent because it's missing a payment method. "
                    "Update the SetupIntent with a payment method and then confirm it again.");
    const struct payment_method *method =
        resource_follow(request, &payment_method_resource, &intent->payment_method);
    if (!method)
        return true; /* the database has failed, which the transaction will notice */
    if (!payment_method_card(method)->can_be_saved) {
        intent->status.value = STATUS_REQUIRES_PAYMENT_METHOD;
        intent->last_setup_error = payment_error_of(request, method, STR_NULL);
        intent->payment_method = (struct ref){0};
        save(request, intent);
        record(request, "setup_failed", intent);
        return fail_payment(request, intent->last_setup_error, &setup_intent_resource, intent);
    }
    intent->payment_method.object = method;
    if (intent->customer.id.data &&
        !payment_method_attach(request, &intent->payment_method, intent->customer.id))
        return false;
    intent->status.value = STATUS_SUCCEEDED;
    intent->last_setup_error = NULL;
    save(request, intent);
    record(request, "succeeded", intent);
    return true;
}

/* ---- calls ---- */

static bool create(struct request *request, const struct route *route, struct answer *answer)
{
    if (!resource_create(request, route, answer))
        return false;
    struct setup_intent *intent = (struct setup_intent *)(uintptr_t)answer->object;
    return !intent->confirm || confirm_intent(request, intent);
}

static struct setup_intent *find(struct request *request)
{
    const struct resource *resource = &setup_intent_resource;
    struct setup_intent *intent = resource_find(request, resource, request->path_ids[0]);
    if (!intent)
        (void)!fail_missing(request, str_from(resource->path_param), resource->noun,
                            request->path_ids[0]);
    return intent;
}

/* The intent in the path with the parameters on it, and what it was before. */
static bool find_changed(struct request *request, const struct route *route,
                         struct setup_intent **intent, struct setup_intent *before)
{
    if (!resource_parameters(request, route, before))
        return false;
    *intent = find(request);
    if (!*intent)
        return false;
    *before = **intent;
    return resource_parameters(request, route, *intent) &&
           resource_resolve(request, &setup_intent_resource.schema, *intent, route->in);
}

static bool update(struct request *request, const struct route *route, struct answer *answer)
{
    struct setup_intent *intent, before = {0};
    if (!find_changed(request, route, &intent, &before) || !check(request, intent, &before, UPDATE))
        return false;
    save(request, intent);
    answer_object(answer, &setup_intent_resource, intent);
    return true;
}

static bool confirm(struct request *request, const struct route *route, struct answer *answer)
{
    struct setup_intent *intent, before = {0};
    if (!find_changed(request, route, &intent, &before) ||
        !check_open(request, &before, "confirm") || !check(request, intent, &before, ACTION) ||
        !confirm_intent(request, intent))
        return false;
    answer_object(answer, &setup_intent_resource, intent);
    return true;
}

static bool cancel(struct request *request, const struct route *route, struct answer *answer)
{
    struct cancellation cancellation = {0};
    if (!resource_parameters(request, route, &cancellation))
        return false;
    struct setup_intent *intent = find(request);
    if (!intent || !check_open(request, intent, "cancel"))
        return false;
    intent->status.value = STATUS_CANCELED;
    intent->cancellation_reason = cancellation.cancellation_reason;
    save(request, intent);
    record(request, "canceled", intent);
    answer_object(answer, &setup_intent_resource, intent);
    return true;
}

static const struct route routes[] = {
    {.method = "POST",
     .path = "/v1/setup_intents",
     .handler = create,
     .resource = &setup_intent_resource,
     .parameters = &setup_intent_resource.schema,
     .in = CREATE,
     .name = "PostSetupIntents",
     .summary = "Create a SetupIntent"},
    {.method = "POST",
     .path = "/v1/setup_intents/:id",
     .handler = update,
     .resource = &setup_intent_resource,
     .parameters = &setup_intent_resource.schema,
     .in = UPDATE,
     .name = "PostSetupIntentsSetupIntent",
     .summary = "Update a SetupIntent"},
    {.method = "POST",
     .path = "/v1/setup_intents/:id/confirm",
     .handler = confirm,
     .resource = &setup_intent_resource,
     .parameters = &setup_intent_resource.schema,
     .in = ACTION,
     .name = "PostSetupIntentsSetupIntentConfirm",
     .summary = "Save the method of a SetupIntent"},
    {.method = "POST",
     .path = "/v1/setup_intents/:id/cancel",
     .handler = cancel,
     .resource = &setup_intent_resource,
     .parameters = &cancellation_schema,
     .in = ACTION,
     .name = "PostSetupIntentsSetupIntentCancel",
     .summary = "Cancel a SetupIntent"},
};

const struct resource setup_intent_resource = {
    .schema = SCHEMA(struct setup_intent, setup_intent_fields, "setup_intent", .is_object = true,
                     .help = "A payment method on its way to be saved, or saved."),
    .table = {&setup_intent_resource.schema, "setup_intents", NULL},
    .number = RESOURCE_setup_intent,
    .path = "/v1/setup_intents",
    .noun = "setupintent",
    .path_param = "intent",
    .events = "setup_intent",
    .id_prefix = "seti_",
    .id_form = ID_LONG,
    .operations = RETRIEVE | FILTER,
    .routes = routes,
    .route_count = ARRAY_LENGTH(routes),
    .prepare = prepare,
    .check = check,
};
