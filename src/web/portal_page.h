#pragma once
/* The billing portal: a customer's subscriptions, and what the customer may do with them. */
#include "resources/portal.h"
#include "web/page.h"

struct customer;

/* What the pages of one visit share. */
struct portal {
    struct visit *visit;
    struct portal_session *session;
    const struct portal_configuration *configuration;
    const struct customer *customer;
    struct str notice;  /* good news */
    struct str problem; /* bad news */
    struct str price;   /* that was chosen */
    struct str quantity;
    struct str code; /* that was typed, with what is wrong with it */
    struct str code_problem;
};

void portal_page(struct visit *visit);

/* The pages (portal_show.c). */
void portal_show_home(struct portal *portal);
void portal_show_update(struct portal *portal, const struct subscription *subscription);
void portal_show_confirm(struct portal *portal, const struct subscription *subscription);
void portal_show_cancel(struct portal *portal, const struct subscription *subscription);

/* What a discount of the flow is: a coupon, or a code with its coupon; NULL: none. */
const struct coupon *portal_offered_coupon(struct portal *portal);
