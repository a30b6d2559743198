/* What a redemption costs without a server: a loop over SQLite that runs the statements of
 * POST /v1/redemptions with an Idempotency-Key and leaves the same rows, as many to a transaction
 * as it is told. With a batch of one it is the naive way.
 *
 *   redeem_loop DATABASE BATCH SECONDS CODES [SYNCS [INDEX…]]
 *
 * DATABASE was made by coupond and holds one redemption made that way, whose rows are the pattern.
 * CODES is among how many of its codes the uses are spread: 1 makes one hot code. Each INDEX is
 * dropped first, which shows what it costs. Prints one line of JSON, as load.c does; a latency is
 * that of a transaction. */
#include "loop.h"

enum {
    FIND_ANSWER,
    FIND_CODE,
    FIND_COUPON,
    FIND_EXPIRED,
    FIND_COUPON_USES,
    FIND_CODE_USES,
    FINDERS,
};

struct code {
    char key[TEXT_BYTES];
    int64_t seq;
};

/* The statements and the values that change. */
static struct {
    sqlite3_stmt *find[FINDERS], *take_coupon, *take_code, *count_code;
    struct insert entry, record, created, updated, answer, key;
    struct code *codes;
    size_t code_count;
    int64_t coupon;
    char record_id[TEXT_BYTES], created_id[TEXT_BYTES], updated_id[TEXT_BYTES];
    char idempotency_key[TEXT_BYTES];
} of;

static const char *const finders[FINDERS] = {
    [FIND_ANSWER] = "SELECT a.* FROM idempotency_keys AS k JOIN idempotency_answers AS a"
                    " ON a.tenant = k.tenant AND a.seq = k.answer"
                    " WHERE k.tenant = ?1 AND k.slot = ?2",
    [FIND_CODE] = "SELECT p.*, u.*, c.*, cu.* FROM promotion_codes AS p"
                  " LEFT JOIN promotion_code_uses AS u ON u.tenant = p.tenant"
                  " AND u.promotion_code = p.seq JOIN coupons AS c ON c.tenant = p.tenant"
                  " AND c.seq = p.promotion_coupon_seq LEFT JOIN coupon_uses AS cu"
                  " ON cu.tenant = c.tenant AND cu.coupon = c.seq"
                  " WHERE p.tenant = ?1 AND p.code_key = ?2"
                  " AND COALESCE(p.customer, p.customer_account, '') = ''"
                  " ORDER BY CASE WHEN p.enabled = 1 THEN 0 ELSE p.seq END LIMIT 1",
    [FIND_COUPON] = "SELECT c.*, u.* FROM coupons AS c LEFT JOIN coupon_uses AS u"
                    " ON u.tenant = c.tenant AND u.coupon = c.seq"
                    " WHERE c.tenant = ?1 AND c.seq = ?2",
    [FIND_EXPIRED] = "SELECT seq, slot FROM idempotency_answers WHERE tenant = ?1 AND seq < ?2"
                     " ORDER BY seq LIMIT 4",
    [FIND_COUPON_USES] = "SELECT times_redeemed, previous_redemption FROM coupon_uses"
                         " WHERE tenant = ?1 AND coupon = ?2",
    [FIND_CODE_USES] = "SELECT times_redeemed, previous_redemption FROM promotion_code_uses"
                       " WHERE tenant = ?1 AND promotion_code = ?2",
};

#define TAKE(table, column)                                                                      \
    "UPDATE " table " SET times_redeemed = times_redeemed + 1,"                                  \
    " previous_redemption = last_redemption, last_redemption = ?2 WHERE tenant = ?1 AND " column \
    " = ?3 AND (max_redemptions IS NULL OR times_redeemed + 1 <= max_redemptions)"

static void read_pattern(struct loop *loop)
{
    static const char *const entry[] = {"seq", "promotion_code", NULL};
    static const char *const record[] = {"seq", "id", "promotion_code_seq", NULL};
    static const char *const event[] = {"seq", "id", "request_idempotency_key", NULL};
    static const char *const answer[] = {"seq", "slot", "idempotency_key", NULL};
    static const char *const key[] = {"slot", "answer", NULL};
    of.entry = insert_like(loop, "redemptions", "1", entry);
    of.record = insert_like(loop, "redemption_records", "1", record);
    of.created = insert_like(loop, "events", "type = 'redemption.created'", event);
    of.updated = insert_like(loop, "events", "type = 'promotion_code.updated'", event);
    of.answer = insert_like(loop, "idempotency_answers", "1", answer);
    of.key = insert_like(loop, "idempotency_keys", "1", key);
    sqlite3_stmt *first =
        prepare(loop, "SELECT r.tenant, r.coupon_seq, r.id, e.id,"
                      " MAX((SELECT MAX(seq) FROM events), (SELECT MAX(seq) FROM redemptions),"
                      " (SELECT MAX(seq) FROM idempotency_answers))"
                      " FROM redemption_records AS r JOIN events AS e LIMIT 1");
    check(loop, sqlite3_step(first) == SQLITE_ROW);
    loop->tenant = sqlite3_column_int64(first, 0);
    of.coupon = sqlite3_column_int64(first, 1);
    snprintf(of.record_id, TEXT_BYTES, "%s", sqlite3_column_text(first, 2));
    snprintf(of.created_id, TEXT_BYTES, "%s", sqlite3_column_text(first, 3));
    snprintf(of.updated_id, TEXT_BYTES, "%s", sqlite3_column_text(first, 3));
    loop->seq = sqlite3_column_int64(first, 4);
    sqlite3_finalize(first);
}

static void read_codes(struct loop *loop, size_t count)
{
    of.codes = calloc(count, sizeof(*of.codes));
    sqlite3_stmt *all = prepare(loop, "SELECT code_key, seq FROM promotion_codes LIMIT ?1");
    sqlite3_bind_int64(all, 1, (int64_t)count);
    for (; of.codes && sqlite3_step(all) == SQLITE_ROW; of.code_count++) {
        snprintf(of.codes[of.code_count].key, TEXT_BYTES, "%s", sqlite3_column_text(all, 0));
        of.codes[of.code_count].seq = sqlite3_column_int64(all, 1);
    }
    sqlite3_finalize(all);
    check(loop, of.code_count == count);
}

static void prepare_all(struct loop *loop)
{
    for (int i = 0; i < FINDERS; i++) {
        of.find[i] = prepare(loop, finders[i]);
        sqlite3_bind_int64(of.find[i], 1, loop->tenant);
    }
    of.take_coupon = prepare(loop, TAKE("coupon_uses", "coupon"));
    of.take_code = prepare(loop, TAKE("promotion_code_uses", "promotion_code"));
    of.count_code = prepare(loop, "INSERT INTO promotion_code_uses (tenant, promotion_code,"
                                  " times_redeemed, max_redemptions, max_amount_off_total)"
                                  " SELECT tenant, seq, 0, max_redemptions,"
                                  " rules_max_amount_off_total FROM promotion_codes"
                                  " WHERE tenant = ?1 AND seq = ?2");
    sqlite3_bind_int64(of.count_code, 1, loop->tenant);
    sqlite3_bind_int64(of.take_coupon, 1, loop->tenant);
    sqlite3_bind_int64(of.take_code, 1, loop->tenant);
}

static bool find_int(struct loop *loop, int finder, int64_t value)
{
    sqlite3_bind_int64(of.find[finder], 2, value);
    return find(loop, of.find[finder]);
}

static bool take(struct loop *loop, sqlite3_stmt *statement, int finder, int64_t entry, int64_t row)
{
    sqlite3_bind_int64(statement, 2, entry);
    sqlite3_bind_int64(statement, 3, row);
    run(loop, statement);
    return sqlite3_changes(loop->db) > 0 && find_int(loop, finder, row);
}

/* A code has a counter from its first use on. */
static void take_code(struct loop *loop, int64_t entry, int64_t row)
{
    if (take(loop, of.take_code, FIND_CODE_USES, entry, row))
        return;
    sqlite3_bind_int64(of.count_code, 2, row);
    run(loop, of.count_code);
    check(loop, take(loop, of.take_code, FIND_CODE_USES, entry, row));
}

static void insert_event(struct loop *loop, const struct insert *event, char *id, int64_t date)
{
    renew_id(loop, id, date);
    change_int(event, 0, ++loop->seq);
    change_text(event, 1, id);
    change_text(event, 2, of.idempotency_key);
    run(loop, event->statement);
}

static void step(struct loop *loop, int64_t date)
{
    const struct code *code = &of.codes[next_random(loop) % of.code_count];
    int64_t slot = (int64_t)next_random(loop), entry = ++loop->seq;
    fill(loop, of.idempotency_key, 36);
    check(loop, !find_int(loop, FIND_ANSWER, slot));
    sqlite3_bind_text(of.find[FIND_CODE], 2, code->key, -1, SQLITE_STATIC);
    check(loop, find(loop, of.find[FIND_CODE]) && find_int(loop, FIND_COUPON, of.coupon) &&
                    take(loop, of.take_coupon, FIND_COUPON_USES, entry, of.coupon));
    take_code(loop, entry, code->seq);
    change_int(&of.entry, 0, entry);
    change_int(&of.entry, 1, code->seq);
    run(loop, of.entry.statement);
    renew_id(loop, of.record_id, date);
    change_int(&of.record, 0, entry);
    change_text(&of.record, 1, of.record_id);
    change_int(&of.record, 2, code->seq);
    run(loop, of.record.statement);
    insert_event(loop, &of.created, of.created_id, date);
    insert_event(loop, &of.updated, of.updated_id, date);
    check(loop, !find_int(loop, FIND_EXPIRED, 1));
    change_int(&of.answer, 0, ++loop->seq);
    change_int(&of.answer, 1, slot);
    change_text(&of.answer, 2, of.idempotency_key);
    run(loop, of.answer.statement);
    change_int(&of.key, 0, slot);
    change_int(&of.key, 1, loop->seq);
    run(loop, of.key.statement);
}

static void drop_index(struct loop *loop, const char *index)
{
    char sql[256];
    snprintf(sql, sizeof(sql), "DROP INDEX IF EXISTS \"%s\"", index);
    check(loop, sqlite3_exec(loop->db, sql, NULL, NULL, NULL) == SQLITE_OK);
}

int main(int argc, char **argv)
{
    static struct loop loop;
    if (argc < 5) {
        fputs("usage: redeem_loop DATABASE BATCH SECONDS CODES [SYNCS [INDEX...]]\n", stderr);
        return EXIT_FAILURE;
    }
    open_database(&loop, argv[1]);
    for (int i = 6; i < argc; i++)
        drop_index(&loop, argv[i]);
    read_pattern(&loop);
    prepare_all(&loop);
    read_codes(&loop, strtoul(argv[4], NULL, 10));
    measure(&loop, strtoul(argv[2], NULL, 10), strtod(argv[3], NULL),
            syncs_map(argc > 5 ? argv[5] : NULL));
    return EXIT_SUCCESS;
}
