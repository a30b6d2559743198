/* The billing portal: which page, and what is done. */
#include "web/portal_page.h"

#include "base/arena.h"
#include "base/limits.h"
#include "resources/coupon.h"
#include "resources/customer.h"
#include "resources/subscription.h"

static struct subscription *find(struct portal *portal, struct str id)
{
    return portal_subscription(portal->visit->request, portal->session, id);
}

static enum portal_flow_type flow_of(const struct portal *portal)
{
    const struct portal_flow *flow = portal->session->flow;
    return flow ? (enum portal_flow_type)flow->type.value : 0;
}

/* The subscription that the customer comes for. */
static struct str flow_subscription(const struct portal *portal)
{
    const struct portal_flow *flow = portal->session->flow;
    switch (flow_of(portal)) {
    case FLOW_SUBSCRIPTION_CANCEL:
        return flow->subscription_cancel->subscription;
    case FLOW_SUBSCRIPTION_UPDATE:
        return flow->subscription_update->subscription;
    case FLOW_SUBSCRIPTION_UPDATE_CONFIRM:
        return flow->subscription_update_confirm->subscription;
    }
    return STR_NULL;
}

static bool can_update(const struct portal *portal, const struct subscription *subscription)
{
    return subscription && subscription->items.count == 1 &&
           portal->configuration->features->subscription_update.enabled;
}

static bool can_confirm(const struct portal *portal)
{
    return flow_of(portal) == FLOW_SUBSCRIPTION_UPDATE_CONFIRM &&
           portal->configuration->features->subscription_update.enabled;
}

static bool can_cancel(const struct portal *portal, const struct subscription *subscription)
{
    return subscription && portal->configuration->features->subscription_cancel.enabled;
}

/* Where the customer begins, or has asked to go. */
static void show(struct portal *portal)
{
    struct subscription *subscription = find(portal, flow_subscription(portal));
    if (subscription && can_confirm(portal)) {
        portal_show_confirm(portal, subscription);
        return;
    }
    if (!flow_of(portal))
        subscription = find(portal, page_field(portal->visit, "update"));
    if (can_update(portal, subscription) && flow_of(portal) != FLOW_SUBSCRIPTION_CANCEL) {
        portal_show_update(portal, subscription);
        return;
    }
    if (!flow_of(portal))
        subscription = find(portal, page_field(portal->visit, "cancel"));
    if (can_cancel(portal, subscription) && flow_of(portal) != FLOW_SUBSCRIPTION_UPDATE)
        portal_show_cancel(portal, subscription);
    else
        portal_show_home(portal);
}

/* What comes after something was done: where the flow leads, or all subscriptions as they are now.
 */
static void finish(struct portal *portal, struct str notice)
{
    const struct portal_flow *flow = portal->session->flow;
    const struct portal_completion *after = flow ? &flow->after_completion : NULL;
    if (after && after->type.value == AFTER_REDIRECT && after->redirect) {
        page_redirect(portal->visit, after->redirect->return_url);
    } else if (after && after->type.value == AFTER_CONFIRMATION) {
        struct str message =
            after->hosted_confirmation ? after->hosted_confirmation->custom_message : STR_NULL;
        page_notice(portal->visit, 200, "Done", message.data ? message.data : notice.data,
                    portal->session->return_url, "Back");
    } else {
        portal->notice = notice;
        portal_show_home(portal);
    }
}

/* ---- what is done ---- */

static void undo(struct portal *portal)
{
    page_undo(portal->visit);
    portal_session_save(portal->visit->request, portal->session); /* that it was used stays */
}

static bool was_discount(const struct request *request)
{
    return str_starts(request->error.param, STR("discounts"));
}

/* What was chosen; false: it is not to be had. */
static bool read_change(struct portal *portal, const struct subscription *subscription,
                        struct portal_change *change)
{
    const struct subscription_item *item = subscription->items.items;
    struct str price = page_field(portal->visit, "price");
    struct str quantity = page_field(portal->visit, "quantity");
    portal->price = price;
    portal->quantity = quantity;
    *change = (struct portal_change){0};
    if (price.data && !str_equal(price, item->price.id)) {
        if (!portal_allows(portal->configuration, "price") ||
            !portal_offers(portal->configuration, price))
            return false;
        change->price = price;
    }
    if (quantity.data && portal_allows(portal->configuration, "quantity")) {
        if (!str_to_int64(quantity, &change->quantity.value) || change->quantity.value < 1 ||
            change->quantity.value > CHECKOUT_QUANTITY_MAX)
            return false;
        change->quantity.set = change->quantity.value != item->quantity.value;
    }
    return true;
}

static bool apply(struct portal *portal, struct str id, const struct portal_change *change)
{
    struct subscription *subscription = find(portal, id);
    if (subscription &&
        portal_update(portal->visit->request, portal->configuration, subscription, change))
        return true;
    return false;
}

/* False: the code cannot be used, or the change itself cannot be made, which is undone. */
static bool apply_with_code(struct portal *portal, const struct subscription *subscription,
                            struct portal_change *change)
{
    struct request *request = portal->visit->request;
    struct portal_session *session = portal->session;
    const struct code_try tried = {portal->code, session->customer.id, &session->refused_codes,
                                   &session->refused_at};
    bool refused = true;
    if (!page_may_try_code(portal->visit, &tried)) {
        portal->code_problem = STR("Too many codes were tried. Please wait a minute.");
        portal_session_save(request, session);
        return false;
    }
    if (portal_take_code(request, subscription, portal->code, change)) {
        if (apply(portal, subscription->object.id, change))
            return true;
        refused = was_discount(request);
        undo(portal);
    }
    if (!refused) {
        portal->problem = STR("The change could not be made. Nothing was charged or used.");
        return false;
    }
    portal->code_problem = STR("This code is invalid.");
    page_code_refused(portal->visit, &tried);
    portal_session_save(request, session);
    return false;
}

static void update(struct portal *portal, const struct subscription *subscription)
{
    struct str id = subscription->object.id;
    struct portal_change change;
    bool done = false;
    bool takes_codes = portal_allows(portal->configuration, "promotion_code");
    portal->code = takes_codes ? page_field(portal->visit, "code") : STR_NULL;
    if (!read_change(portal, subscription, &change)) {
        portal->problem = STR("Please choose one of the plans, and a quantity of at least 1.");
    } else if (portal->code.data) {
        done = apply_with_code(portal, subscription, &change);
    } else if (!change.price.data && !change.quantity.set) {
        portal->problem = STR("Nothing was changed.");
    } else {
        done = apply(portal, id, &change);
        if (!done) {
            undo(portal);
            portal->problem = STR("The change could not be made. Nothing was charged or used.");
        }
    }
    if (done)
        finish(portal, STR("Your subscription was changed."));
    else
        portal_show_update(portal, find(portal, id));
}

/* Agrees to what the session proposes. */
static void confirm(struct portal *portal, const struct subscription *subscription)
{
    const struct portal_flow_confirm *proposed = portal->session->flow->subscription_update_confirm;
    const struct portal_flow_item *item = proposed->items.items;
    const struct portal_flow_discount *discount =
        proposed->discounts.count ? proposed->discounts.items : NULL;
    struct portal_change change = {item->id, item->price, item->quantity, STR_NULL, STR_NULL};
    if (discount) {
        change.coupon = discount->coupon;
        change.promotion_code = discount->promotion_code;
    }
    if (apply(portal, subscription->object.id, &change)) {
        finish(portal, STR("Your subscription was changed."));
        return;
    }
    portal->problem = was_discount(portal->visit->request)
                          ? STR("The discount can no longer be used. Nothing was changed.")
                          : STR("The change could not be made. Nothing was charged or used.");
    undo(portal);
    portal_show_confirm(portal, find(portal, subscription->object.id));
}

/* Takes the coupon instead of leaving. */
static void stay(struct portal *portal, const struct subscription *subscription)
{
    const struct coupon *coupon = portal_offered_coupon(portal);
    struct portal_change change = {.coupon = coupon ? coupon->object.id : STR_NULL};
    if (coupon && apply(portal, subscription->object.id, &change)) {
        finish(portal, STR("Thank you for staying. The discount was added."));
        return;
    }
    undo(portal);
    portal->problem = STR("The offer can no longer be had. Nothing was changed.");
    portal_show_cancel(portal, find(portal, subscription->object.id));
}

static void cancel(struct portal *portal, struct subscription *subscription)
{
    struct str id = subscription->object.id, reason = page_field(portal->visit, "reason");
    if (portal_cancel_subscription(portal->visit->request, portal->configuration, subscription,
                                   reason)) {
        finish(portal, STR("Your subscription was cancelled."));
        return;
    }
    undo(portal);
    portal->problem = STR("It could not be cancelled. Nothing was changed.");
    portal_show_cancel(portal, find(portal, id));
}

static void resume(struct portal *portal, struct subscription *subscription)
{
    if (portal_resume(portal->visit->request, subscription)) {
        finish(portal, STR("Your subscription goes on."));
        return;
    }
    undo(portal);
    portal->problem = STR("It could not be kept. Nothing was changed.");
    portal_show_home(portal);
}

static void act(struct portal *portal)
{
    struct str action = page_field(portal->visit, "action");
    struct subscription *subscription = find(portal, page_field(portal->visit, "subscription"));
    enum portal_flow_type flow = flow_of(portal);
    struct str wanted = flow_subscription(portal);
    bool meant = subscription && (!flow || str_equal(wanted, subscription->object.id));
    if (!meant)
        show(portal);
    else if (str_is(action, "confirm") && can_confirm(portal))
        confirm(portal, subscription);
    else if (str_is(action, "update") && can_update(portal, subscription))
        update(portal, subscription);
    else if (str_is(action, "stay") && flow == FLOW_SUBSCRIPTION_CANCEL &&
             can_cancel(portal, subscription))
        stay(portal, subscription);
    else if (str_is(action, "cancel") && can_cancel(portal, subscription))
        cancel(portal, subscription);
    else if (str_is(action, "resume") && can_cancel(portal, subscription))
        resume(portal, subscription);
    else
        show(portal);
}

void portal_page(struct visit *visit)
{
    struct request *request = visit->request;
    struct portal portal = {.visit = visit};
    portal.session = portal_session_enter(request, visit->id);
    if (portal.session) {
        portal.configuration = resource_follow(request, &portal_configuration_resource,
                                               &portal.session->configuration);
        portal.customer = resource_find(request, &customer_resource, portal.session->customer.id);
    }
    if (!portal.configuration || !portal.customer) {
        page_notice(visit, 404, "This link has ended",
                    "Links to this page are good for a short time. Please ask for a new one.",
                    STR_NULL, "");
        return;
    }
    if (visit->posts && !page_form_is_own(visit))
        return;
    if (visit->posts)
        act(&portal);
    else
        show(&portal);
}
