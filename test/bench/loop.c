/* What creating a promotion code costs without a server: a loop over SQLite that leaves the same
 * rows as POST /v1/promotion_codes with an Idempotency-Key, as many to a transaction as it is told.
 *
 *   loop DATABASE BATCH SECONDS [SYNCS]
 *
 * DATABASE was made by coupond and holds one promotion code made that way. Its rows are the
 * pattern: new ones differ from them in keys, code and idempotency key only, so that schema,
 * indexes and sizes are those of the product. The look-ups are those without which the result could
 * be wrong. Prints one line of JSON, as load.c does; a latency is that of a transaction. */
#include "loop.h"

#include <ctype.h>

/* The statements and the values that change. */
static struct {
    sqlite3_stmt *find_answer, *find_coupon, *find_code, *find_expired;
    struct insert code, event, answer, key;
    char coupon[TEXT_BYTES];
    char code_id[TEXT_BYTES], event_id[TEXT_BYTES];
    char text[TEXT_BYTES], text_key[TEXT_BYTES], idempotency_key[TEXT_BYTES];
} of = {.text_key = "save"};

static void read_pattern(struct loop *loop)
{
    static const char *const code[] = {"seq", "id", "code", "code_key", NULL};
    static const char *const event[] = {"seq", "id", "request_idempotency_key", NULL};
    static const char *const answer[] = {"seq", "slot", "idempotency_key", NULL};
    static const char *const key[] = {"slot", "answer", NULL};
    of.code = insert_like(loop, "promotion_codes", "1", code);
    of.event = insert_like(loop, "events", "type = 'promotion_code.created'", event);
    of.answer = insert_like(loop, "idempotency_answers", "1", answer);
    of.key = insert_like(loop, "idempotency_keys", "1", key);
    sqlite3_stmt *first =
        prepare(loop, "SELECT p.tenant, p.promotion_coupon, p.id,"
                      " (SELECT id FROM events WHERE type = 'promotion_code.created' LIMIT 1),"
                      " MAX(p.seq, (SELECT MAX(seq) FROM events), (SELECT MAX(seq) FROM"
                      " idempotency_answers), (SELECT MAX(seq) FROM promotion_codes))"
                      " FROM promotion_codes AS p LIMIT 1");
    check(loop, sqlite3_step(first) == SQLITE_ROW);
    loop->tenant = sqlite3_column_int64(first, 0);
    snprintf(of.coupon, TEXT_BYTES, "%s", sqlite3_column_text(first, 1));
    snprintf(of.code_id, TEXT_BYTES, "%s", sqlite3_column_text(first, 2));
    snprintf(of.event_id, TEXT_BYTES, "%s", sqlite3_column_text(first, 3));
    loop->seq = sqlite3_column_int64(first, 4);
    sqlite3_finalize(first);
}

static void look_up(struct loop *loop, int64_t slot)
{
    sqlite3_bind_int64(of.find_answer, 2, slot);
    check(loop, !find(loop, of.find_answer));
    check(loop, find(loop, of.find_coupon));
    sqlite3_bind_text(of.find_code, 2, of.text_key, -1, SQLITE_STATIC);
    check(loop, !find(loop, of.find_code));
    check(loop, !find(loop, of.find_expired));
}

static void step(struct loop *loop, int64_t date)
{
    int64_t slot = (int64_t)next_random(loop), seq = ++loop->seq;
    fill(loop, of.text_key + 4, 12); /* behind "save" */
    for (size_t i = 0; of.text_key[i]; i++)
        of.text[i] = (char)toupper((unsigned char)of.text_key[i]);
    fill(loop, of.idempotency_key, 36);
    renew_id(loop, of.code_id, date);
    renew_id(loop, of.event_id, date);
    look_up(loop, slot);

    change_int(&of.code, 0, seq);
    change_text(&of.code, 1, of.code_id);
    change_text(&of.code, 2, of.text);
    change_text(&of.code, 3, of.text_key);
    run(loop, of.code.statement);
    change_int(&of.event, 0, ++loop->seq);
    change_text(&of.event, 1, of.event_id);
    change_text(&of.event, 2, of.idempotency_key);
    run(loop, of.event.statement);
    change_int(&of.answer, 0, ++loop->seq);
    change_int(&of.answer, 1, slot);
    change_text(&of.answer, 2, of.idempotency_key);
    run(loop, of.answer.statement);
    change_int(&of.key, 0, slot);
    change_int(&of.key, 1, loop->seq);
    run(loop, of.key.statement);
}

static void prepare_all(struct loop *loop)
{
    read_pattern(loop);
    of.find_answer = prepare(loop, "SELECT a.* FROM idempotency_keys AS k"
                                   " JOIN idempotency_answers AS a"
                                   " ON a.tenant = k.tenant AND a.seq = k.answer"
                                   " WHERE k.tenant = ?1 AND k.slot = ?2");
    of.find_coupon = prepare(loop, "SELECT c.*, u.* FROM coupons AS c LEFT JOIN coupon_uses AS u"
                                   " ON u.tenant = c.tenant AND u.coupon = c.seq"
                                   " WHERE c.tenant = ?1 AND c.id = ?2"
                                   " AND c.deleted_at IS NULL");
    of.find_code = prepare(loop, "SELECT seq, customer, customer_account FROM promotion_codes"
                                 " WHERE tenant = ?1 AND code_key = ?2 AND enabled = 1");
    of.find_expired = prepare(loop, "SELECT seq, slot FROM idempotency_answers"
                                    " WHERE tenant = ?1 AND seq < 1 ORDER BY seq LIMIT 4");
    sqlite3_stmt *const with_tenant[] = {of.find_answer, of.find_coupon, of.find_code,
                                         of.find_expired};
    for (size_t i = 0; i < sizeof(with_tenant) / sizeof(*with_tenant); i++)
        sqlite3_bind_int64(with_tenant[i], 1, loop->tenant);
    sqlite3_bind_text(of.find_coupon, 2, of.coupon, -1, SQLITE_STATIC);
}

int main(int argc, char **argv)
{
    static struct loop loop;
    if (argc < 4) {
        fputs("usage: loop DATABASE BATCH SECONDS [SYNCS]\n", stderr);
        return EXIT_FAILURE;
    }
    open_database(&loop, argv[1]);
    prepare_all(&loop);
    measure(&loop, strtoul(argv[2], NULL, 10), strtod(argv[3], NULL),
            syncs_map(argc > 4 ? argv[4] : NULL));
    return EXIT_SUCCESS;
}
