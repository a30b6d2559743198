/* Timers of what was brought in: its own calls would have set them. */
#include "resources/import_timers.h"

#include "base/request.h"
#include "resources/checkout_session.h"
#include "resources/customer.h"
#include "resources/discount.h"
#include "resources/invoice.h"
#include "resources/invoice_life.h"
#include "resources/redemption.h"
#include "resources/registry.h"
#include "resources/subscription.h"
#include "resources/test_clock.h"
#include "resources/timer.h"

static void set(struct request *request, enum timer_kind kind, int64_t row, struct opt_time due)
{
    if (due.set)
        timer_set(request, kind, row, due.seconds);
    else
        timer_clear(request, kind, row);
}

static void of_redemption(struct request *request, const struct redemption *redemption)
{
    bool held = redemption->status.value == REDEMPTION_HELD;
    set(request, TIMER_redemption, redemption->object.row,
        held ? redemption->hold_expires_at : (struct opt_time){0});
}

/* One that is over has no effect any more. */
static void of_discount(struct request *request, const struct discount *discount)
{
    struct opt_time ends = discount->ends;
    ends.set = ends.set && ends.seconds > request->now && !discount->object.deleted;
    set(request, TIMER_discount, discount->object.row, ends);
}

static void of_session(struct request *request, const struct checkout_session *session)
{
    bool open = session->status.value == CHECKOUT_OPEN;
    set(request, TIMER_checkout_session, session->object.row,
        (struct opt_time){open, session->expires_at.seconds});
}

static void of_clock(struct request *request, const struct test_clock *clock)
{
    if (clock->object.deleted)
        timer_clear(request, TIMER_CLOCK, clock->object.row);
    else
        test_clock_resource.saved(request, (void *)(uintptr_t)clock, NULL);
}

static void of_invoice(struct request *request, const struct invoice *invoice)
{
    if (invoice->object.deleted)
        timer_clear(request, TIMER_invoice, invoice->object.row);
    else
        invoice_wind(request, invoice);
}

/* Nothing is due of one whose items have not come yet. */
static void of_subscription(struct request *request, const struct ref *ref)
{
    struct subscription *subscription = resource_follow(request, &subscription_resource, ref);
    if (subscription && !subscription->object.deleted && subscription->items.count)
        subscription_wind(request, subscription);
}

/* Whose clock it goes by. */
static const struct ref *customer_of(const struct resource *resource, const void *object)
{
    if (resource == &redemption_resource)
        return &((const struct redemption *)object)->customer;
    if (resource == &discount_resource)
        return &((const struct discount *)object)->customer;
    if (resource == &checkout_session_resource)
        return &((const struct checkout_session *)object)->customer;
    if (resource == &subscription_resource)
        return &((const struct subscription *)object)->customer;
    return resource == &invoice_resource ? &((const struct invoice *)object)->customer : NULL;
}

static void enter_clock(struct request *request, const struct ref *ref)
{
    const struct customer *customer =
        ref && ref->id.data ? resource_find(request, &customer_resource, ref->id) : NULL;
    if (customer)
        test_clock_enter(request, &customer->test_clock);
}

void import_timers(struct request *request, const struct resource *resource, const void *object)
{
    const int64_t now = request->now, clock = request->clock;
    if (resource == &test_clock_resource) {
        of_clock(request, object);
        return;
    }
    if (resource == &subscription_item_resource) {
        const struct subscription_item *item = object;
        const struct subscription *subscription =
            resource_follow(request, &subscription_resource, &item->subscription);
        if (subscription)
            import_timers(request, &subscription_resource, subscription);
        return;
    }
    enter_clock(request, customer_of(resource, object));
    if (resource == &redemption_resource)
        of_redemption(request, object);
    else if (resource == &discount_resource)
        of_discount(request, object);
    else if (resource == &checkout_session_resource)
        of_session(request, object);
    else if (resource == &invoice_resource)
        of_invoice(request, object);
    else if (resource == &subscription_resource)
        of_subscription(request, &(struct ref){.id = ((const struct object *)object)->id});
    request->now = now;
    request->clock = clock;
}
