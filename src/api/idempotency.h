#pragma once
/* Idempotency keys: a POST that is sent again is answered as it was the first time. The answer is
 * kept in the transaction of its effect. */
#include "base/str.h"

struct request;

struct stored_answer {
    int64_t slot; /* where the key leads to it */
    int status;
    struct str body;
    struct str request_id; /* of the request that was executed */
};

enum claim {
    CLAIM_NEW,
    CLAIM_REPLAY,
    CLAIM_REFUSED
};

/* Looks request->idempotency_key up. `fingerprint`: of method, path and parameters. Fills in
 * *stored: all of it on CLAIM_REPLAY, the slot on CLAIM_NEW. CLAIM_REFUSED: the key was used for
 * something else, with the error set. */
enum claim idempotency_claim(struct request *request, const unsigned char *pepper, struct str path,
                             struct str fingerprint, struct stored_answer *stored);

/* Keeps the answer under the key, in the slot that claiming it found. */
void idempotency_keep(struct request *request, struct str path, struct str fingerprint,
                      const struct stored_answer *stored);

struct str idempotency_fingerprint(struct request *request, struct str method, struct str path);
