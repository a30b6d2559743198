#pragma once
/* Redemptions: every use of a coupon or code on any surface, and uses made by a call for just that,
 * at once or held first. */
#include "redemption/eligibility.h"
#include "resources/resource.h"

struct appraisal;
struct coupon;
struct customer;
struct promotion_code;

enum redemption_status {
    REDEMPTION_CANCELED = 1,
    REDEMPTION_EXPIRED,
    REDEMPTION_HELD,
    REDEMPTION_REDEEMED,
};

enum redemption_source {
    SOURCE_API = 1,
    SOURCE_CHECKOUT,
    SOURCE_CUSTOMER,
    SOURCE_INVOICE,
    SOURCE_INVOICE_ITEM,
    SOURCE_SUBSCRIPTION,
    SOURCE_SUBSCRIPTION_ITEM,
};

enum capture_method {
    CAPTURE_AUTOMATIC = 1,
    CAPTURE_MANUAL,
};

struct redemption_line {
    int64_t amount; /* of all of it, minor units */
    int64_t amount_discount;
    int64_t amount_total;
    struct str product;
    struct opt_int quantity;
};

struct redemption_transitions {
    struct opt_time canceled_at;
    struct opt_time expired_at;
    struct opt_time redeemed_at;
};

struct redemption {
    struct object object; /* its row is that of the ledger entry */
    struct opt_int amount;
    struct opt_int amount_discount;
    struct opt_int amount_total;
    struct choice capture_method; /* a parameter */
    struct str client_reference_id;
    bool client_reference_id_unique; /* a parameter */
    struct str code;                 /* a parameter: what the customer typed */
    struct ref coupon;
    struct str currency;
    struct ref customer;
    struct str customer_email;
    struct ref discount;
    struct str email_key; /* the address as it is compared */
    struct opt_time hold_expires_at;
    struct str ip_address;  /* a parameter: of the visitor */
    struct list line_items; /* of struct redemption_line */
    struct ref promotion_code;
    struct str reference_key; /* the client's reference while no other use may have it */
    struct choice source;
    struct choice status;
    struct choice status_filter; /* a parameter, which is one of the following two */
    struct choice other_filter;
    struct choice redeemed_filter;
    struct redemption_transitions status_transitions;
};

extern const struct resource redemption_resource;
extern const struct schema redemption_line_schema;

struct str redemption_status_name(const struct redemption *redemption);
struct str redemption_source_name(const struct redemption *redemption);

/* Reads the parameters of a call and appraises what they say. False: they are wrong. */
bool redemption_appraise(struct request *request, const struct route *route,
                         struct redemption *redemption, struct appraisal *appraisal) MUST_CHECK;

/* The source that redemptions of a surface have. */
enum redemption_source redemption_source(enum surface surface);

/* Notes in the purchase how often its customer, or the guest with the address, has used the coupon
 * and the code, where that is limited; and as what the address is compared, unless it says so. */
void redemption_count_uses(struct request *request, struct purchase *purchase,
                           const struct coupon *coupon, const struct promotion_code *code);

/* Enters a use: counts it against every cap and limit, writes ledger and record, and records what
 * changed of the code. The redemption brings what is known of it; the rest is filled in. False: a
 * cap or limit refuses it, and the request has to fail, so that what was counted is undone. When
 * the rules were asked in the same transaction, which nobody else can write in, that only happens
 * when the database fails. */
bool redemption_enter(struct request *request, struct redemption *redemption,
                      const struct coupon *coupon, const struct promotion_code *code) MUST_CHECK;

/* The address of a buyer (NULL: a guest) as rules per customer compare it: their own before one
 * that is given, or else another one would get around limits. Null: there is none. */
struct str redemption_email_key(struct request *request, const struct customer *customer,
                                struct str given);

/* Fills in the address that rules per customer compare, as for a new redemption. */
void redemption_find_email_key(struct request *request, struct redemption *redemption);

/* Stores one that was made elsewhere, counted as the ledger's uses brought in are, or brings it to
 * what has become of it since (`before`: as it is here). No events are made, no timer is set. */
bool redemption_bring(struct request *request, struct redemption *redemption,
                      const struct redemption *before) MUST_CHECK;

/* Ends a redemption that is counted: held becomes redeemed; or its use is given back. */
void redemption_capture(struct request *request, struct redemption *redemption);
void redemption_release(struct request *request, struct redemption *redemption,
                        enum redemption_status status);
