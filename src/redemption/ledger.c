/* The ledger and its counters. A cap is enforced by the condition of one UPDATE, never by reading
 * first and writing then; which number of use an entry is, is read after it in the transaction that
 * then owns the counter. RETURNING would cost SQLite several times as much. */
#include "redemption/ledger.h"

#include "base/request.h"
#include "store/db.h"

#include <assert.h>

STATEMENT(count_coupon, "INSERT INTO coupon_uses (tenant, coupon, times_redeemed, max_redemptions,"
                        " max_amount_off_total) SELECT tenant, seq, 0, max_redemptions,"
                        " rules_max_amount_off_total FROM coupons WHERE tenant = $1 AND seq = $2"
                        " ON CONFLICT (tenant, coupon) DO NOTHING");
STATEMENT(count_code, "INSERT INTO promotion_code_uses (tenant, promotion_code, times_redeemed,"
                      " max_redemptions, max_amount_off_total) SELECT tenant, seq, 0,"
                      " max_redemptions, rules_max_amount_off_total FROM promotion_codes"
                      " WHERE tenant = $1 AND seq = $2"
                      " ON CONFLICT (tenant, promotion_code) DO NOTHING");
STATEMENT(recap_coupon,
          "UPDATE coupon_uses SET max_redemptions = $1 WHERE tenant = $2 AND coupon = $3");
STATEMENT(recap_code, "UPDATE promotion_code_uses SET max_redemptions = $1"
                      " WHERE tenant = $2 AND promotion_code = $3");
STATEMENT(take_coupon, "UPDATE coupon_uses SET times_redeemed = times_redeemed + $1,"
                       " previous_redemption = last_redemption, last_redemption = $2"
                       " WHERE tenant = $3 AND coupon = $4"
                       " AND (max_redemptions IS NULL OR times_redeemed + $1 <= max_redemptions)");
STATEMENT(take_code, "UPDATE promotion_code_uses SET times_redeemed = times_redeemed + $1,"
                     " previous_redemption = last_redemption, last_redemption = $2"
                     " WHERE tenant = $3 AND promotion_code = $4"
                     " AND (max_redemptions IS NULL OR times_redeemed + $1 <= max_redemptions)");
STATEMENT(enter,
          "INSERT INTO redemptions (tenant, seq, created, uses, coupon, coupon_ordinal,"
          " coupon_previous, promotion_code, promotion_code_ordinal, promotion_code_previous,"
          " customer, discount, releases)"
          " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)");
STATEMENT(name_discount, "UPDATE redemptions SET discount = $1 WHERE tenant = $2 AND seq = $3");
STATEMENT(give_coupon, "UPDATE coupon_uses SET times_redeemed = times_redeemed - $1,"
                       " previous_redemption = last_redemption, last_redemption = $2"
                       " WHERE tenant = $3 AND coupon = $4 AND times_redeemed >= $1");
STATEMENT(give_code, "UPDATE promotion_code_uses SET times_redeemed = times_redeemed - $1,"
                     " previous_redemption = last_redemption, last_redemption = $2"
                     " WHERE tenant = $3 AND promotion_code = $4 AND times_redeemed >= $1");
STATEMENT(bring_coupon, "UPDATE coupon_uses SET unnamed_uses = unnamed_uses + $1"
                        " WHERE tenant = $2 AND coupon = $3");
STATEMENT(bring_code, "UPDATE promotion_code_uses SET unnamed_uses = unnamed_uses + $1"
                      " WHERE tenant = $2 AND promotion_code = $3");
STATEMENT(name_coupon, "UPDATE coupon_uses SET unnamed_uses = unnamed_uses - $1,"
                       " previous_redemption = last_redemption, last_redemption = $2"
                       " WHERE tenant = $3 AND coupon = $4 AND unnamed_uses >= $1");
STATEMENT(name_code, "UPDATE promotion_code_uses SET unnamed_uses = unnamed_uses - $1,"
                     " previous_redemption = last_redemption, last_redemption = $2"
                     " WHERE tenant = $3 AND promotion_code = $4 AND unnamed_uses >= $1");
STATEMENT(find_coupon_unnamed,
          "SELECT unnamed_uses FROM coupon_uses WHERE tenant = $1 AND coupon = $2");
STATEMENT(find_code_unnamed, "SELECT unnamed_uses FROM promotion_code_uses"
                             " WHERE tenant = $1 AND promotion_code = $2");
STATEMENT(find_coupon, "SELECT times_redeemed, previous_redemption FROM coupon_uses"
                       " WHERE tenant = $1 AND coupon = $2");
STATEMENT(find_code, "SELECT times_redeemed, previous_redemption FROM promotion_code_uses"
                     " WHERE tenant = $1 AND promotion_code = $2");

static bool recap(struct request *request, const struct statement *statement, int64_t row,
                  struct opt_int max_redemptions)
{
    struct query query = db_query(request->db, statement);
    if (max_redemptions.set)
        db_bind_int(&query, max_redemptions.value);
    else
        db_bind_null(&query);
    db_bind_int(&query, request->tenant);
    db_bind_int(&query, row);
    return db_run(&query) == DB_DONE;
}

bool ledger_recap_coupon(struct request *request, int64_t coupon, struct opt_int max_redemptions)
{
    return recap(request, &recap_coupon, coupon, max_redemptions);
}

bool ledger_recap_promotion_code(struct request *request, int64_t promotion_code,
                                 struct opt_int max_redemptions)
{
    return recap(request, &recap_code, promotion_code, max_redemptions);
}

/* Where a use stands among those of its coupon or code. */
struct place {
    int64_t ordinal;
    int64_t previous; /* 0: the first */
};

/* The statements on one of the two kinds of counters. */
struct counters {
    const struct statement *count, *take, *give, *bring, *name, *find, *find_unnamed;
};

static const struct counters coupons = {
    .count = &count_coupon,
    .take = &take_coupon,
    .give = &give_coupon,
    .bring = &bring_coupon,
    .name = &name_coupon,
    .find = &find_coupon,
    .find_unnamed = &find_coupon_unnamed,
};

static const struct counters codes = {
    .count = &count_code,
    .take = &take_code,
    .give = &give_code,
    .bring = &bring_code,
    .name = &name_code,
    .find = &find_code,
    .find_unnamed = &find_code_unnamed,
};

static bool changes(struct request *request, const struct statement *statement, int64_t row,
                    int64_t entry, int64_t uses)
{
    struct query query = db_query(request->db, statement);
    db_bind_int(&query, uses);
    db_bind_int(&query, entry);
    db_bind_int(&query, request->tenant);
    db_bind_int(&query, row);
    return db_run(&query) == DB_DONE && db_changes(request->db) > 0;
}

/* Makes the counter of a coupon or code that was never used. False: there is one. */
static bool begin_counting(struct request *request, const struct statement *statement, int64_t row)
{
    struct query query = db_query(request->db, statement);
    db_bind_int(&query, request->tenant);
    db_bind_int(&query, row);
    return db_run(&query) == DB_DONE && db_changes(request->db) > 0;
}

/* Moves a counter by `statement`, and finds where it is then. False: it would leave its bounds. */
static bool move(struct request *request, const struct counters *of,
                 const struct statement *statement, int64_t row, int64_t entry, int64_t uses,
                 struct place *place)
{
    if (!changes(request, statement, row, entry, uses) &&
        !(begin_counting(request, of->count, row) && changes(request, statement, row, entry, uses)))
        return false;
    struct query found = db_query(request->db, of->find);
    db_bind_int(&found, request->tenant);
    db_bind_int(&found, row);
    if (!db_row(&found))
        return false;
    *place = (struct place){db_int(&found, 0), db_int(&found, 1)};
    db_end(&found);
    return true;
}

static void bind_optional(struct query *query, int64_t value)
{
    if (value)
        db_bind_int(query, value);
    else
        db_bind_null(query);
}

static void write_entry(struct request *request, const struct use *use, int64_t entry,
                        const struct place *coupon, const struct place *code, int64_t uses)
{
    struct query query = db_query(request->db, &enter);
    db_bind_int(&query, request->tenant);
    db_bind_int(&query, entry);
    db_bind_int(&query, request->now);
    db_bind_int(&query, uses);
    db_bind_int(&query, use->coupon);
    db_bind_int(&query, coupon->ordinal);
    bind_optional(&query, coupon->previous);
    bind_optional(&query, use->promotion_code);
    if (use->promotion_code)
        db_bind_int(&query, code->ordinal);
    else
        db_bind_null(&query);
    bind_optional(&query, code->previous);
    db_bind_str(&query, use->customer);
    bind_optional(&query, use->discount);
    bind_optional(&query, uses < 0 ? use->entry : 0);
    db_do(&query);
}

enum ledger_result ledger_redeem(struct request *request, const struct use *use)
{
    struct place coupon = {0}, code = {0};
    int64_t entry = use->entry ? use->entry : db_next_row(request->db, request->now);
    if (use->coupon &&
        !move(request, &coupons, coupons.take, use->coupon, entry, use->uses, &coupon))
        return LEDGER_COUPON_USED_UP;
    if (use->promotion_code &&
        !move(request, &codes, codes.take, use->promotion_code, entry, use->uses, &code))
        return LEDGER_CODE_USED_UP;
    write_entry(request, use, entry, &coupon, &code, use->uses);
    return LEDGER_DONE;
}

void ledger_name_discount(struct request *request, const struct use *use)
{
    struct query query = db_query(request->db, &name_discount);
    db_bind_int(&query, use->discount);
    db_bind_int(&query, request->tenant);
    db_bind_int(&query, use->entry);
    db_do(&query);
}

void ledger_release(struct request *request, const struct use *use)
{
    struct place coupon = {0}, code = {0};
    int64_t entry = db_next_row(request->db, request->now);
    bool moved = move(request, &coupons, coupons.give, use->coupon, entry, use->uses, &coupon) &&
                 (!use->promotion_code ||
                  move(request, &codes, codes.give, use->promotion_code, entry, use->uses, &code));
    assert(moved || db_failed(request->db) != DB_OK); /* what was counted can be taken back */
    write_entry(request, use, entry, &coupon, &code, -use->uses);
}

/* ---- uses that happened elsewhere ---- */

enum ledger_result ledger_bring(struct request *request, const struct use *use)
{
    enum ledger_result result = ledger_redeem(request, use);
    if (result != LEDGER_DONE)
        return result;
    struct query query = db_query(request->db, use->coupon ? coupons.bring : codes.bring);
    db_bind_int(&query, use->uses);
    db_bind_int(&query, request->tenant);
    db_bind_int(&query, use->coupon ? use->coupon : use->promotion_code);
    db_do(&query);
    return LEDGER_DONE;
}

static bool is_unnamed(struct request *request, const struct statement *statement, int64_t row)
{
    struct query query = db_query(request->db, statement);
    db_bind_int(&query, request->tenant);
    db_bind_int(&query, row);
    bool unnamed = db_row(&query) && db_int(&query, 0) > 0;
    db_end(&query);
    return unnamed;
}

enum ledger_result ledger_name(struct request *request, const struct use *use)
{
    struct place coupon = {0}, code = {0};
    bool of_coupon = is_unnamed(request, coupons.find_unnamed, use->coupon);
    bool of_code =
        use->promotion_code && is_unnamed(request, codes.find_unnamed, use->promotion_code);
    if (use->uses && !of_coupon && !of_code)
        return ledger_redeem(request, use);
    if (!move(request, &coupons, coupons.name, use->coupon, use->entry, use->uses, &coupon))
        return LEDGER_COUPON_USED_UP;
    if (use->promotion_code &&
        !move(request, &codes, codes.name, use->promotion_code, use->entry, use->uses, &code))
        return LEDGER_CODE_USED_UP;
    write_entry(request, use, use->entry, &coupon, &code, 0);
    return LEDGER_DONE;
}
