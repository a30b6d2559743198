#pragma once
/* The billing portal: pages on which customers look after their subscriptions. A configuration says
 * what they may do there, a session lets one customer in. */
#include "resources/discounts.h"
#include "resources/resource.h"

struct subscription;

enum portal_flow_type {
    FLOW_SUBSCRIPTION_CANCEL = 1,
    FLOW_SUBSCRIPTION_UPDATE,
    FLOW_SUBSCRIPTION_UPDATE_CONFIRM
};

enum portal_after {
    AFTER_CONFIRMATION = 1,
    AFTER_HOMEPAGE,
    AFTER_REDIRECT
};

enum portal_cancel_mode {
    CANCEL_AT_PERIOD_END = 1,
    CANCEL_IMMEDIATELY
};

struct portal_enabled {
    bool enabled;
};

struct portal_customer_update {
    struct strings allowed_updates;
    bool enabled;
};

struct portal_cancellation_reason {
    bool enabled;
    struct strings options;
};

struct portal_cancel {
    struct portal_cancellation_reason cancellation_reason;
    bool enabled;
    struct choice mode;
    struct choice proration_behavior;
};

/* Prices of a product that customers may change to. */
struct portal_product {
    struct strings prices;
    struct str product;
};

struct portal_condition {
    struct choice type;
};

struct portal_schedule {
    struct list conditions; /* of struct portal_condition */
};

struct portal_update {
    struct choice billing_cycle_anchor;
    struct strings default_allowed_updates;
    bool enabled;
    struct list products; /* of struct portal_product */
    struct choice proration_behavior;
    struct portal_schedule schedule_at_period_end;
    struct choice trial_update_behavior;
};

struct portal_features {
    struct portal_customer_update customer_update;
    struct portal_enabled invoice_history;
    struct portal_enabled payment_method_update;
    struct portal_cancel subscription_cancel;
    struct portal_enabled subscription_pause;
    struct portal_update subscription_update;
};

struct portal_business_profile {
    struct str headline;
    struct str privacy_policy_url;
    struct str terms_of_service_url;
};

struct portal_configuration {
    struct object object;
    bool active;
    struct portal_business_profile business_profile;
    struct str default_return_url;
    struct portal_features *features;
    bool is_default;
    struct portal_enabled login_page;
    struct str name;
    struct timestamp updated;
};

struct portal_confirmation {
    struct str custom_message;
};

struct portal_redirect {
    struct str return_url;
};

struct portal_completion {
    struct portal_confirmation *hosted_confirmation;
    struct portal_redirect *redirect;
    struct choice type;
};

struct portal_coupon_offer {
    struct str coupon;
};

struct portal_retention {
    struct portal_coupon_offer coupon_offer;
    struct choice type;
};

struct portal_flow_cancel {
    struct portal_retention *retention;
    struct str subscription;
};

struct portal_flow_update {
    struct str subscription;
};

struct portal_flow_discount {
    struct str coupon;
    struct str promotion_code;
};

struct portal_flow_item {
    struct str id;
    struct str price;
    struct opt_int quantity;
};

struct portal_flow_confirm {
    struct list discounts; /* of struct portal_flow_discount */
    struct list items;     /* of struct portal_flow_item */
    struct str subscription;
};

/* What the customer comes for; the pages begin there. */
struct portal_flow {
    struct portal_completion after_completion;
    struct portal_flow_cancel *subscription_cancel;
    struct portal_flow_update *subscription_update;
    struct portal_flow_confirm *subscription_update_confirm;
    struct choice type;
};

struct portal_session {
    struct object object;
    struct ref configuration;
    struct ref customer;
    struct portal_flow *flow;
    struct choice locale;
    struct str return_url;
    struct str token; /* of a new session */
    struct str url;   /* of a new session: nobody else knows it */

    struct str token_hash;
    struct opt_time used_at;    /* last */
    int64_t refused_codes;      /* that were typed … */
    struct opt_time refused_at; /* … since then */
};

extern const struct resource portal_configuration_resource;
extern const struct resource portal_session_resource;

/* Whether customers may change that of a subscription: price, promotion_code or quantity. */
bool portal_allows(const struct portal_configuration *configuration, const char *update);

/* The configuration that is used when none is named; the first time it is made. */
bool portal_default(struct request *request, struct ref *configuration) MUST_CHECK;

/* The session that a token lets in, with the request made to act for its account; NULL: there is
 * none, or it has ended. That it was used is noted, by the customer's clock. */
struct portal_session *portal_session_enter(struct request *request, struct str token);

void portal_session_save(struct request *request, const struct portal_session *session);

/* The customer's subscription of that id; NULL: none, or it has ended. */
struct subscription *portal_subscription(struct request *request,
                                         const struct portal_session *session, struct str id);

/* Whether the price is among those that customers may change to. */
bool portal_offers(const struct portal_configuration *configuration, struct str price);

/* ---- what customers do (portal_change.c) ---- */

struct portal_change {
    struct str item;         /* id; null: the only one */
    struct str price;        /* null: stays */
    struct opt_int quantity; /* unset: stays */
    struct str coupon;       /* to add, in addition to what the subscription has; null: none */
    struct str promotion_code;
};

/* Makes the code that was typed part of the change. False: there is none that could be used. */
bool portal_take_code(struct request *request, const struct subscription *subscription,
                      struct str text, struct portal_change *change) MUST_CHECK;

/* Changes the subscription, everything or nothing. False: request->error says why, and what was
 * done has to be undone. */
bool portal_update(struct request *request, const struct portal_configuration *configuration,
                   struct subscription *subscription,
                   const struct portal_change *change) MUST_CHECK;

/* Cancels as the configuration says. `feedback`: one of the reasons; null: none. */
bool portal_cancel_subscription(struct request *request,
                                const struct portal_configuration *configuration,
                                struct subscription *subscription, struct str feedback) MUST_CHECK;

/* It goes on after all. */
bool portal_resume(struct request *request, struct subscription *subscription) MUST_CHECK;

/* Why customers may say they leave, as the API names it and in words; NULL: no more. */
const char *portal_reason(size_t n);
const char *portal_reason_words(size_t n);
