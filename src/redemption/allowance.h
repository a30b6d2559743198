#pragma once
/* What rules beyond the caps count: the uses that one customer had, and the money that was taken
 * off. As with caps, the condition of one statement enforces them. */
#include "base/str.h"

struct request;

/* What is counted for: a coupon or a promotion code; the other of the two is 0. */
struct counted {
    int64_t coupon;
    int64_t promotion_code;
};

/* `who`: a customer's id, or an e-mail address as allowance_email_key() has it. */
int64_t allowance_uses(struct request *request, struct counted counted, struct str who);

/* Counts one use. False: there were `max` already. */
bool allowance_take_use(struct request *request, struct counted counted, struct str who,
                        int64_t max) MUST_CHECK;
void allowance_return_use(struct request *request, struct counted counted, struct str who);

/* Counts money that is taken off by a use that the ledger has counted. False: not so much is left.
 */
bool allowance_take_amount(struct request *request, struct counted counted,
                           int64_t amount) MUST_CHECK;
void allowance_return_amount(struct request *request, struct counted counted, int64_t amount);

/* An address as it is compared with others: in lower case, without what follows a + in its local
 * part (unless nothing is before it), and without a dot at the end of its domain. Null stays null.
 */
struct str allowance_email_key(struct request *request, struct str email);
