#pragma once
/* Batches of promotion codes: up to a million random codes of one pattern, made in the background,
 * a chunk in each transaction. Our own, beside Stripe's API. */
#include "resources/promotion_code.h"

enum batch_status {
    BATCH_CANCELED = 1,
    BATCH_COMPLETE,
    BATCH_FAILED,
    BATCH_GENERATING,
    BATCH_PENDING
};

struct promotion_code_batch {
    struct object object;
    bool active;
    struct choice alphabet; /* enum code_alphabet */
    bool check_character;
    bool check_character_enforced;
    int64_t count;
    int64_t draws;
    int64_t entropy_bits;
    struct opt_time expires_at;
    struct str failure_message;
    int64_t generated;
    struct opt_int max_redemptions;
    struct str pattern;
    struct promotion promotion;
    struct restrictions *restrictions;
    struct redemption_rules rules; /* of each code */
    struct choice status;          /* enum batch_status */
    struct str url;
    struct strings warnings;
};

extern const struct resource promotion_code_batch_resource;

/* Look-ups of what looks like the batch's codes, but has a wrong check character, will be refused.
 */
void promotion_code_batch_guard(struct request *request, const struct promotion_code_batch *batch);

/* A batch that comes from elsewhere is not gone on with. */
void promotion_code_batch_rest(struct promotion_code_batch *batch);
