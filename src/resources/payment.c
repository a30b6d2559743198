/* Paying. */
#include "resources/payment.h"

#include "base/arena.h"
#include "base/random.h"
#include "base/request.h"
#include "resources/customer.h"
#include "resources/payment_intent.h"
#include "resources/payment_method.h"
#include "resources/test_card.h"

#define SECRET_CHARACTERS 25

static const char *const redirects[] = {"always", "never", NULL};

enum {
    REDIRECTS_ALWAYS = 1
};

#define THIS struct payment_error
static const struct field payment_error_fields[] = {
    FIELD(charge, "The charge that failed.", .is = WHEN_SET),
    FIELD(code, "What kind of failure."),
    FIELD(decline_code, "Why the card was declined.", .is = WHEN_SET),
    FIELD(doc_url, "Where the code is documented."),
    FIELD(message, "What happened."),
    FIELD(payment_method, "What was to be paid with.", .is = INLINED,
          .of = &payment_method_resource.schema),
    CONSTANT("type", "\"card_error\"", "Type of the error."),
};
#undef THIS
const struct schema payment_error_schema =
    SCHEMA(struct payment_error, payment_error_fields, "payment_error");

#define THIS struct automatic_payment_methods
static const struct field automatic_payment_methods_fields[] = {
    FIELD(allow_redirects, "Whether methods that redirect are offered.", .in = CREATE,
          .values = redirects),
    FIELD(enabled, "Whether methods are chosen automatically.", .in = CREATE, .is = REQUIRED),
};
#undef THIS
const struct schema automatic_payment_methods_schema =
    SCHEMA(struct automatic_payment_methods, automatic_payment_methods_fields,
           "automatic_payment_methods");

struct payment_error *payment_error_of(struct request *request, const struct payment_method *method,
                                       struct str charge)
{
    const struct test_card *card = payment_method_card(method);
    struct payment_error *error = ARENA_NEW(request->arena, struct payment_error);
    *error = (struct payment_error){
        .charge = charge,
        .code = str_from(error_code_name(card->code)),
        .decline_code = str_from(card->decline_code),
        .message = str_from(card->message),
        .payment_method = {method->object.id, method->object.row, method},
    };
    error->doc_url = error_code_documentation(request->arena, error->code);
    return error;
}

bool fail_payment(struct request *request, const struct payment_error *error,
                  const struct resource *resource, const void *intent)
{
    const struct payment_method *method = error->payment_method.object;
    bool failed = fail_card(request, payment_method_card(method));
    request->error.keeps = true;
    request->error.objects[0] = (struct error_object){&resource->schema, intent};
    request->error.objects[1] = (struct error_object){&payment_method_resource.schema, method};
    return failed;
}

bool check_payment_method(struct request *request, struct ref *method, struct str customer)
{
    const struct payment_method *found = method->object;
    const struct str param = STR("payment_method");
    if (!found)
        return true;
    if (found->detached)
        return fail(request, CODE_NONE, param,
                    "This PaymentMethod was previously used without being attached to a Customer "
                    "or was detached from a Customer, and may not be used again.");
    if (found->customer.id.data && !customer.data)
        return fail(request, CODE_NONE, param,
                    "The payment method supplied (%.*s) belongs to a customer. Please include the "
                    "Customer in the `customer` parameter.",
                    STR_FMT(found->object.id));
    if (found->customer.id.data && !str_equal(found->customer.id, customer))
        return fail(request, CODE_NONE, param,
                    "The PaymentMethod `%.*s` does not belong to the Customer you supplied "
                    "`%.*s`. Please use this PaymentMethod with the Customer that it belongs to "
                    "instead.",
                    STR_FMT(found->object.id), STR_FMT(customer));
    payment_method_keep(request, method);
    return true;
}

bool check_payment_method_types(struct request *request, const struct strings *types)
{
    for (size_t i = 0; i < types->count; i++)
        if (!str_is(types->items[i], "card"))
            return fail(request, CODE_NONE, STR("payment_method_types"),
                        "The payment method type provided: %.*s is invalid. Only card is "
                        "supported.",
                        STR_FMT(types->items[i]));
    return true;
}

void complete_automatic_payment_methods(struct automatic_payment_methods *methods)
{
    if (methods && !methods->allow_redirects.value)
        methods->allow_redirects.value = REDIRECTS_ALWAYS;
}

struct str client_secret(struct request *request, struct str id)
{
    char secret[SECRET_CHARACTERS];
    random_characters(request->random, ALPHABET_BASE62, secret, sizeof(secret));
    return str_format(request->arena, "%.*s_secret_%.*s", STR_FMT(id), (int)sizeof(secret), secret);
}

/* The method that was named, or that of the customer. */
static struct payment_method *find_method(struct request *request, const struct charge *charge)
{
    struct str id = charge->payment_method;
    const struct customer *customer = resource_find(request, &customer_resource, charge->customer);
    if (!id.data && customer)
        id = customer->invoice_settings.default_payment_method.id;
    if (!id.data && customer)
        id = customer->default_source.id;
    struct payment_method *method =
        id.data ? resource_find(request, &payment_method_resource, id) : NULL;
    return method && !method->detached ? method : NULL;
}

enum payment_outcome payment_charge(struct request *request, const struct charge *charge,
                                    struct payment_intent **intent)
{
    struct payment_method *method = find_method(request, charge);
    *intent = NULL;
    if (!method)
        return PAYMENT_NO_METHOD;
    struct payment_intent *made = resource_new(request, &payment_intent_resource);
    payment_intent_resource.prepare(request, made);
    made->amount = charge->amount;
    made->currency = charge->currency;
    made->customer.id = charge->customer;
    made->description = charge->description;
    made->invoice = charge->invoice;
    made->payment_method = (struct ref){method->object.id, method->object.row, method};
    payment_method_keep(request, &made->payment_method);
    if (!resource_insert(request, &payment_intent_resource, made))
        return PAYMENT_NO_METHOD; /* cannot be: its id is new */
    *intent = made;
    return payment_intent_pay(request, made) ? PAYMENT_PAID : PAYMENT_DECLINED;
}

bool fail_declined(struct request *request, const struct payment_intent *intent)
{
    return fail_payment(request, intent->last_payment_error, &payment_intent_resource, intent);
}
