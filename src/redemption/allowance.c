/* Conditional statements on narrow rows. */
#include "redemption/allowance.h"

#include "base/request.h"
#include "store/db.h"

#include <assert.h>
#include <string.h>

STATEMENT(find_uses, "SELECT times_redeemed FROM customer_uses"
                     " WHERE tenant = $1 AND coupon = $2 AND promotion_code = $3 AND who = $4");
STATEMENT(take_use,
          "INSERT INTO customer_uses (tenant, coupon, promotion_code, who, times_redeemed)"
          " VALUES ($1, $2, $3, $4, 1) ON CONFLICT (tenant, coupon, promotion_code, who)"
          " DO UPDATE SET times_redeemed = customer_uses.times_redeemed + 1"
          " WHERE customer_uses.times_redeemed < $5");
STATEMENT(return_use, "UPDATE customer_uses SET times_redeemed = times_redeemed - 1"
                      " WHERE tenant = $1 AND coupon = $2 AND promotion_code = $3 AND who = $4"
                      " AND times_redeemed > 0");
STATEMENT(move_coupon, "UPDATE coupon_uses SET amount_off_total = amount_off_total + $1"
                       " WHERE tenant = $2 AND coupon = $3 AND amount_off_total + $1 >= 0"
                       " AND amount_off_total + $1 <= max_amount_off_total");
STATEMENT(move_code, "UPDATE promotion_code_uses SET amount_off_total = amount_off_total + $1"
                     " WHERE tenant = $2 AND promotion_code = $3 AND amount_off_total + $1 >= 0"
                     " AND amount_off_total + $1 <= max_amount_off_total");

static struct query query_uses(struct request *request, const struct statement *statement,
                               struct counted counted, struct str who)
{
    struct query query = db_query(request->db, statement);
    db_bind_int(&query, request->tenant);
    db_bind_int(&query, counted.coupon);
    db_bind_int(&query, counted.promotion_code);
    db_bind_str(&query, who);
    return query;
}

int64_t allowance_uses(struct request *request, struct counted counted, struct str who)
{
    struct query query = query_uses(request, &find_uses, counted, who);
    if (!db_row(&query))
        return 0;
    int64_t uses = db_int(&query, 0);
    db_end(&query);
    return uses;
}

bool allowance_take_use(struct request *request, struct counted counted, struct str who,
                        int64_t max)
{
    struct query query = query_uses(request, &take_use, counted, who);
    db_bind_int(&query, max);
    return db_run(&query) == DB_DONE && db_changes(request->db) > 0;
}

void allowance_return_use(struct request *request, struct counted counted, struct str who)
{
    struct query query = query_uses(request, &return_use, counted, who);
    db_do(&query);
}

static bool move_money(struct request *request, struct counted counted, int64_t amount)
{
    struct query query = db_query(request->db, counted.coupon ? &move_coupon : &move_code);
    db_bind_int(&query, amount);
    db_bind_int(&query, request->tenant);
    db_bind_int(&query, counted.coupon ? counted.coupon : counted.promotion_code);
    return db_run(&query) == DB_DONE && db_changes(request->db) > 0;
}

bool allowance_take_amount(struct request *request, struct counted counted, int64_t amount)
{
    return move_money(request, counted, amount);
}

void allowance_return_amount(struct request *request, struct counted counted, int64_t amount)
{
    bool moved = move_money(request, counted, -amount);
    assert(moved || db_failed(request->db) != DB_OK);
}

struct str allowance_email_key(struct request *request, struct str email)
{
    if (!email.data)
        return STR_NULL;
    struct str domain, lower = str_lower(request->arena, email);
    struct str local = str_split(lower, '@', &domain);
    struct str name = str_split(local, '+', &(struct str){0});
    if (!domain.data)
        return lower;
    if (name.length == 0)
        name = local;
    while (domain.length && domain.data[domain.length - 1] == '.')
        domain.length--;
    return str_format(request->arena, "%.*s@%.*s", STR_FMT(name), STR_FMT(domain));
}
