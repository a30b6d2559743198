#pragma once
/* The well-known test cards: there is no card network here, so that these are all the cards that
 * can be paid with. What becomes of a payment is known from the card. */
#include "base/error.h"

struct test_card {
    const char *name; /* of pm_card_NAME and tok_NAME */
    const char *number;
    const char *brand;
    const char *funding;
    enum error_code code; /* CODE_NONE: payments succeed */
    const char *decline_code;
    const char *message;
    bool can_be_saved; /* although payments fail */
};

/* By the part of pm_card_NAME or tok_NAME, or by number; NULL: there is no such card. */
const struct test_card *test_card_named(struct str name);
const struct test_card *test_card_numbered(struct str number);

/* 402: what a card that fails answers. */
bool fail_card(struct request *request, const struct test_card *card) MUST_CHECK;

/* What tells cards of the same number from others: 16 characters, the same each time. */
struct str test_card_fingerprint(struct arena *arena, const struct test_card *card);

/* The last four digits. */
struct str test_card_last4(const struct test_card *card);
