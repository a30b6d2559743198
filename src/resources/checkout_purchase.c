/* The end of a Checkout Session: completed or expired. */
#include "base/arena.h"
#include "base/random.h"
#include "base/request.h"
#include "resources/checkout_session.h"
#include "resources/customer.h"
#include "resources/event.h"
#include "resources/payment_intent.h"
#include "resources/payment_method.h"
#include "resources/registry.h"
#include "resources/test_card.h"
#include "resources/test_clock.h"
#include "resources/timer.h"

#define EVENTS "checkout.session"

/* One of all tenants: that an id of 58 random characters is known is what entitles to it. */
STATEMENT(find_tenant, "SELECT tenant FROM checkout_sessions WHERE id = $1");

struct checkout_session *checkout_session_enter(struct request *request, struct str id)
{
    struct query query = db_query(request->db, &find_tenant);
    db_bind_str(&query, id);
    if (!db_row(&query))
        return NULL;
    request->tenant = db_int(&query, 0);
    request->livemode = request->tenant & 1;
    db_end(&query);
    struct checkout_session *session = resource_find(request, &checkout_session_resource, id);
    if (!session || !session->customer.id.data)
        return session;
    const struct customer *customer =
        resource_follow(request, &customer_resource, &session->customer);
    if (customer)
        test_clock_enter(request, &customer->test_clock);
    return session;
}

void checkout_session_save(struct request *request, struct checkout_session *session)
{
    for (size_t i = 0; i < session->items.count; i++)
        checkout_item_at(session, i)->price.object = NULL; /* lines are kept without it */
    rows_update(request, catalog_of(request, &checkout_session_resource),
                &checkout_session_resource.schema, session);
}

static void finish(struct request *request, struct checkout_session *session,
                   enum checkout_status status, const char *verb)
{
    session->status.value = (int)status;
    checkout_session_save(request, session);
    timer_clear(request, TIMER_checkout_session, session->object.row);
    checkout_session_resource.derive(request, session);
    event_record(request, EVENTS, verb, &checkout_session_resource.schema, session, NULL);
}

void checkout_session_expire(struct request *request, struct checkout_session *session)
{
    finish(request, session, CHECKOUT_EXPIRED, "expired");
}

bool checkout_session_due(struct request *request, int64_t row)
{
    struct checkout_session *session = resource_load(request, &checkout_session_resource, row);
    if (session && session->status.value == CHECKOUT_OPEN)
        checkout_session_expire(request, session);
    return true;
}

bool checkout_wants_card(const struct checkout_session *session)
{
    return session->amount_total > 0 || session->payment_method_collection.value == WHEN_ALWAYS;
}

/* ---- paying ---- */

/* A customer whose address was not known gets the one that was typed. */
static bool complete_customer(struct request *request, const struct checkout_session *session)
{
    struct customer *customer = resource_find(request, &customer_resource, session->customer.id);
    if (!customer || customer->email.data)
        return true;
    const struct customer before = *customer;
    customer->email = session->customer_details.email;
    return resource_change(request, &customer_resource, customer, &before);
}

static bool make_customer(struct request *request, struct checkout_session *session)
{
    if (session->customer.id.data)
        return complete_customer(request, session);
    if (session->customer_creation.value == WHEN_REQUIRED &&
        !session->invoice_creation.enabled.value)
        return true;
    struct customer *customer = resource_new(request, &customer_resource);
    customer_resource.prepare(request, customer);
    customer->email = session->customer_details.email;
    customer->name = session->customer_details.name;
    if (!resource_insert(request, &customer_resource, customer))
        return false;
    session->customer = (struct ref){customer->object.id, customer->object.row, NULL};
    return true;
}

/* The payment of the session; one that was declined is tried again. */
static struct payment_intent *open_payment(struct request *request,
                                           struct checkout_session *session)
{
    const struct checkout_payment_intent_data *data = session->payment_intent_data;
    if (session->payment_intent.id.data) {
        struct payment_intent *found =
            resource_follow(request, &payment_intent_resource, &session->payment_intent);
        if (found) {
            found->amount = session->amount_total;
            found->customer = session->customer;
        }
        return found;
    }
    struct payment_intent *made = resource_new(request, &payment_intent_resource);
    payment_intent_resource.prepare(request, made);
    made->amount = session->amount_total;
    made->currency = session->currency;
    made->customer = session->customer;
    if (data) {
        made->description = data->description;
        made->object.metadata = data->metadata;
        made->receipt_email = data->receipt_email;
        made->setup_future_usage = data->setup_future_usage;
    }
    if (!resource_insert(request, &payment_intent_resource, made))
        return NULL;
    session->payment_intent = (struct ref){made->object.id, made->object.row, NULL};
    return made;
}

static struct ref method_of(struct request *request, const struct test_card *card)
{
    struct str id = str_format(request->arena, "pm_card_%s", card->name);
    const struct payment_method *method = resource_find(request, &payment_method_resource, id);
    return (struct ref){id, method ? method->object.row : 0, method};
}

bool checkout_has_trial(const struct checkout_session *session)
{
    const struct checkout_subscription_data *data = session->subscription_data;
    return data && (data->trial_end.set || data->trial_period_days.set);
}

/* A card that was saved while nothing is due may fail later. */
static bool is_declined(const struct checkout_session *session, const struct test_card *card)
{
    bool free = session->amount_total == 0 && session->mode.value == MODE_SUBSCRIPTION;
    return card && card->code != CODE_NONE && !(free && card->can_be_saved);
}

/* A refusal of the discount names it. */
static enum checkout_outcome outcome_of(const struct request *request)
{
    return str_starts(request->error.param, STR("discounts[")) ? CHECKOUT_NO_LONGER
                                                               : CHECKOUT_IMPOSSIBLE;
}

static enum checkout_outcome subscribe(struct request *request, struct checkout_session *session,
                                       const struct test_card *card)
{
    struct ref method = {0};
    if (is_declined(session, card))
        return CHECKOUT_DECLINED;
    if (card) {
        method = method_of(request, card);
        if (!payment_method_attach(request, &method, session->customer.id))
            return CHECKOUT_IMPOSSIBLE;
    }
    return checkout_subscribe(request, session, &method) ? CHECKOUT_DONE : outcome_of(request);
}

/* Pays by way of an invoice. A card that is declined leaves none. */
static enum checkout_outcome pay_invoice(struct request *request, struct checkout_session *session,
                                         const struct test_card *card)
{
    struct ref method = {0};
    if (is_declined(session, card))
        return CHECKOUT_DECLINED;
    if (!checkout_redeem(request, session))
        return CHECKOUT_NO_LONGER;
    if (card) {
        method = method_of(request, card);
        payment_method_keep(request, &method);
    }
    return checkout_invoice(request, session, method.id) ? CHECKOUT_DONE : CHECKOUT_IMPOSSIBLE;
}

/* Pays, when there is something to pay. */
static enum checkout_outcome pay(struct request *request, struct checkout_session *session,
                                 const struct test_card *card)
{
    bool declined = is_declined(session, card);
    struct payment_intent *intent =
        session->amount_total > 0 ? open_payment(request, session) : NULL;
    /* A purchase that fails uses nothing up. */
    if (!declined && !checkout_redeem(request, session))
        return CHECKOUT_NO_LONGER;
    if (!intent)
        return declined ? CHECKOUT_DECLINED : CHECKOUT_DONE;
    intent->payment_method = method_of(request, card);
    payment_method_keep(request, &intent->payment_method);
    if (!payment_intent_pay(request, intent))
        return CHECKOUT_DECLINED;
    struct ref method = intent->payment_method;
    method.object = resource_follow(request, &payment_method_resource, &method);
    if (method.object && intent->setup_future_usage.value && session->customer.id.data &&
        !payment_method_attach(request, &method, session->customer.id))
        return CHECKOUT_IMPOSSIBLE;
    return CHECKOUT_DONE;
}

static enum checkout_outcome purchase(struct request *request, struct checkout_session *session,
                                      const struct test_card *card)
{
    if (session->mode.value == MODE_SUBSCRIPTION)
        return subscribe(request, session, card);
    return session->invoice_creation.enabled.value ? pay_invoice(request, session, card)
                                                   : pay(request, session, card);
}

enum checkout_outcome checkout_session_complete(struct request *request,
                                                struct checkout_session *session,
                                                const struct test_card *card, struct str email,
                                                struct str name)
{
    const struct checkout_customer_details known = session->customer_details;
    if (email.data)
        session->customer_details.email = email;
    if (name.data)
        session->customer_details.name = name;
    if (!session->customer_details.tax_exempt.data)
        session->customer_details.tax_exempt = STR("none");
    if (!is_declined(session, card) && !make_customer(request, session))
        return CHECKOUT_IMPOSSIBLE;
    enum checkout_outcome outcome = purchase(request, session, card);
    if (outcome == CHECKOUT_DECLINED) {
        session->customer_details = known;
        checkout_session_save(request, session);
    }
    if (outcome != CHECKOUT_DONE)
        return outcome;
    session->payment_status.value = session->amount_total > 0 ? CHECKOUT_PAID : CHECKOUT_FREE;
    request->idempotency_key = STR_NULL; /* what follows from the purchase is nobody's request */
    finish(request, session, CHECKOUT_COMPLETE, "completed");
    return CHECKOUT_DONE;
}
