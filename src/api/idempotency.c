/* Stored answers. They are appended in the order of time; narrow rows lead from a hash of the key
 * to them. Each answer that is kept makes room by removing a few expired ones, so nothing has to
 * sweep. */
#include "api/idempotency.h"

#include "base/arena.h"
#include "base/limits.h"
#include "base/request.h"
#include "base/seal.h"
#include "base/text.h"
#include "schema/form.h"
#include "store/db.h"

#include <sodium.h>
#include <string.h>

#define FINGERPRINT_BYTES 32
#define PRUNED_PER_ANSWER 4

STATEMENT(find_answer,
          "SELECT a.seq, a.created, a.idempotency_key, a.path, a.fingerprint, a.request_id,"
          " a.status, a.body FROM idempotency_keys AS k"
          " JOIN idempotency_answers AS a ON a.tenant = k.tenant AND a.seq = k.answer"
          " WHERE k.tenant = $1 AND k.slot = $2");
STATEMENT(keep_answer,
          "INSERT INTO idempotency_answers (tenant, seq, created, slot, idempotency_key, path,"
          " fingerprint, request_id, status, body) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9,"
          " $10)");
STATEMENT(keep_key, "INSERT INTO idempotency_keys (tenant, slot, answer) VALUES ($1, $2, $3)");
STATEMENT(find_expired, "SELECT seq, slot FROM idempotency_answers"
                        " WHERE tenant = $1 AND seq < $2 ORDER BY seq LIMIT $3");
STATEMENT(drop_key, "DELETE FROM idempotency_keys WHERE tenant = $1 AND slot = $2 AND answer = $3");
STATEMENT(drop_answer, "DELETE FROM idempotency_answers WHERE tenant = $1 AND seq = $2");

struct found {
    int64_t seq;
    bool expired;
    struct str path;
    struct str fingerprint;
    struct stored_answer answer;
};

/* Two keys may have the same hash: the later one then takes the next free slot. *slot is the key's
 * own or, when it is not found, the free one. */
static bool find_slot(struct request *request, const unsigned char *pepper, int64_t *slot,
                      struct found *found)
{
    unsigned char hash[crypto_shorthash_BYTES];
    struct str key = request->idempotency_key;
    crypto_shorthash(hash, (const unsigned char *)key.data, key.length, pepper);
    memcpy(slot, hash, sizeof(*slot));
    for (;; *slot = (int64_t)((uint64_t)*slot + 1)) {
        struct query query = db_query(request->db, &find_answer);
        db_bind_int(&query, request->tenant);
        db_bind_int(&query, *slot);
        if (!db_row(&query))
            return false;
        bool same = str_equal(db_str(&query, 2), key);
        if (same)
            *found = (struct found){
                .seq = db_int(&query, 0),
                .expired = db_int(&query, 1) <= request->now - IDEMPOTENCY_RETENTION_SECONDS,
                .path = str_copy(request->arena, db_str(&query, 3)),
                .fingerprint = str_copy(request->arena, db_str(&query, 4)),
                .answer = {.request_id = str_copy(request->arena, db_str(&query, 5)),
                           .status = (int)db_int(&query, 6),
                           .body = str_copy(request->arena, db_str(&query, 7))},
            };
        db_end(&query);
        if (same)
            return true;
    }
}

static void drop(struct request *request, int64_t seq, int64_t slot)
{
    struct query key = db_query(request->db, &drop_key);
    db_bind_int(&key, request->tenant);
    db_bind_int(&key, slot);
    db_bind_int(&key, seq);
    db_do(&key);
    struct query answer = db_query(request->db, &drop_answer);
    db_bind_int(&answer, request->tenant);
    db_bind_int(&answer, seq);
    db_do(&answer);
}

enum claim idempotency_claim(struct request *request, const unsigned char *pepper, struct str path,
                             struct str fingerprint, struct stored_answer *stored)
{
    struct found found;
    if (!find_slot(request, pepper, &stored->slot, &found))
        return CLAIM_NEW;
    if (found.expired) {
        drop(request, found.seq, stored->slot);
        return CLAIM_NEW;
    }
    if (!str_equal(found.path, path)) {
        (void)!fail_with(request, 400, ERROR_IDEMPOTENCY, CODE_NONE,
                         "Keys for idempotent requests can only be used for the same endpoint they "
                         "were first used for ('%.*s' vs '%.*s'). Try using a key other than "
                         "'%.*s' if you meant to execute a different request.",
                         STR_FMT(path), STR_FMT(found.path), STR_FMT(request->idempotency_key));
        return CLAIM_REFUSED;
    }
    if (!str_equal(found.fingerprint, fingerprint)) {
        (void)!fail_with(request, 400, ERROR_IDEMPOTENCY, CODE_NONE,
                         "Keys for idempotent requests can only be used with the same parameters "
                         "they were first used with. Try using a key other than '%.*s' if you "
                         "meant to execute a different request.",
                         STR_FMT(request->idempotency_key));
        return CLAIM_REFUSED;
    }
    *stored = found.answer;
    stored->body = unseal(request->arena, request->sealing_key, stored->body);
    return CLAIM_REPLAY;
}

/* Removes a few answers of the tenant that are past their retention. */
static void prune(struct request *request)
{
    struct {
        int64_t seq, slot;
    } expired[PRUNED_PER_ANSWER];
    size_t found = 0;
    struct query query = db_query(request->db, &find_expired);
    db_bind_int(&query, request->tenant);
    db_bind_int(&query, (request->now - IDEMPOTENCY_RETENTION_SECONDS) << ROW_SECOND_BITS);
    db_bind_int(&query, PRUNED_PER_ANSWER);
    while (db_row(&query)) {
        expired[found].seq = db_int(&query, 0);
        expired[found++].slot = db_int(&query, 1);
    }
    for (size_t i = 0; i < found; i++)
        drop(request, expired[i].seq, expired[i].slot);
}

void idempotency_keep(struct request *request, struct str path, struct str fingerprint,
                      const struct stored_answer *stored)
{
    int64_t seq = db_next_row(request->db, request->now);
    prune(request);
    struct query answer = db_query(request->db, &keep_answer);
    db_bind_int(&answer, request->tenant);
    db_bind_int(&answer, seq);
    db_bind_int(&answer, request->now);
    db_bind_int(&answer, stored->slot);
    db_bind_str(&answer, request->idempotency_key);
    db_bind_str(&answer, path);
    db_bind_str(&answer, fingerprint);
    db_bind_str(&answer, stored->request_id);
    db_bind_int(&answer, stored->status);
    db_bind_str(&answer, request->shows_secret ? seal(request->arena, request->random,
                                                      request->sealing_key, stored->body)
                                               : stored->body);
    db_do(&answer);
    struct query key = db_query(request->db, &keep_key);
    db_bind_int(&key, request->tenant);
    db_bind_int(&key, stored->slot);
    db_bind_int(&key, seq);
    db_do(&key);
}

struct str idempotency_fingerprint(struct request *request, struct str method, struct str path)
{
    unsigned char hash[FINGERPRINT_BYTES];
    struct text text;
    text_init(&text, request->arena, SIZE_MAX / 2);
    text_add(&text, method);
    text_add_char(&text, ' ');
    text_add(&text, path);
    text_add_char(&text, '\n');
    text_add(&text, form_canonical(request, request->form));
    text_add(&text, request->body);
    struct str whole = text_str(&text);
    crypto_generichash(hash, sizeof(hash), (const unsigned char *)whole.data, whole.length, NULL,
                       0);
    char *hexadecimal = arena_alloc(request->arena, sizeof(hash) * 2 + 1);
    sodium_bin2hex(hexadecimal, sizeof(hash) * 2 + 1, hash, sizeof(hash));
    return (struct str){hexadecimal, sizeof(hash) * 2};
}
