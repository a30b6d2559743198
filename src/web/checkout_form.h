#pragma once
/* The form of the checkout page: what was typed, what is wrong with it, and how it is shown. */
#include "web/page.h"

struct checkout_session;
struct coupon;
struct promotion_code;
struct test_card;

/* What was typed, and beside it what is wrong with that (null: nothing). */
struct field_input {
    struct str value;
    struct str problem;
};

struct checkout_form {
    struct field_input code;
    struct field_input email;
    struct field_input number;
    struct field_input expiry;
    struct field_input cvc;
    struct field_input name;
    struct str total;   /* that the page had shown, in minor units */
    struct str problem; /* with the whole */
    struct str notice;  /* good news */
    const struct test_card *card;
};

void checkout_form_read(const struct visit *visit, struct checkout_form *form);

/* Whether the session can be paid with what was typed; else the problems are noted. */
bool checkout_form_check(const struct visit *visit, const struct checkout_session *session,
                         struct checkout_form *form) MUST_CHECK;

/* Whether the buyer still has to say who they are. */
bool checkout_wants_email(const struct checkout_session *session);

/* Adds the form to the page. `code`: the one that applies, NULL: none. */
void checkout_form_show(struct visit *visit, const struct checkout_session *session,
                        const struct promotion_code *code, const struct checkout_form *form);
