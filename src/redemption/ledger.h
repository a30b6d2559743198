#pragma once
/* Uses of coupons and codes: the counters that caps are enforced on, and the ledger that they are
 * equal to. Both move in the transaction of whatever the use is for. An entry's ordinal is the
 * count after it, so that each entry proves the one before: no count is ever changed or removed.
 *
 * A counter is made by the first use, because most codes of a batch are never used: those have none
 * to be made, kept and read. */
#include "schema/field.h"

struct request;

/* Changes the cap of a coupon or code, whose row says it already. False: it was used more often. */
bool ledger_recap_coupon(struct request *request, int64_t coupon,
                         struct opt_int max_redemptions) MUST_CHECK;
bool ledger_recap_promotion_code(struct request *request, int64_t promotion_code,
                                 struct opt_int max_redemptions) MUST_CHECK;

/* One use. */
struct use {
    int64_t uses;           /* how many at once: 1, but for uses brought in from elsewhere */
    int64_t coupon;         /* 0: not to be counted again, of uses brought in from elsewhere */
    int64_t promotion_code; /* 0: the coupon itself was used */
    struct str customer;    /* null: nobody known */
    int64_t discount;       /* 0: none */
    int64_t entry;          /* number for the ledger, from db_next_row(); 0: the next one */
};

enum ledger_result {
    LEDGER_DONE,
    LEDGER_COUPON_USED_UP,
    LEDGER_CODE_USED_UP,
};

/* Counts the use against every cap and enters it into the ledger. When a cap refuses it, the
 * request has to fail, so that what was counted is undone with it. */
enum ledger_result ledger_redeem(struct request *request, const struct use *use) MUST_CHECK;

/* Uses of a coupon or a code, one of the two, of which nothing is known but how many they were. */
enum ledger_result ledger_bring(struct request *request, const struct use *use) MUST_CHECK;

/* Enters a use about which more is known. Where its coupon and code have uses brought in of which
 * nothing is known it is one of those: the counters stay, and its entry has no uses of its own.
 * Else it counts like any other. `uses` 0: it was given back before, and counts in no case. */
enum ledger_result ledger_name(struct request *request, const struct use *use) MUST_CHECK;

/* Names the discount of an entry that was brought in without it. */
void ledger_name_discount(struct request *request, const struct use *use);

/* Gives the use of the entry back: the counters go down again, and an entry that says so follows.
 * To be called once for an entry. */
void ledger_release(struct request *request, const struct use *use);
