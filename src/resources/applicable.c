/* Looking at a bounded number of codes, those of the customer first, and ordering what applies. */
#include "resources/applicable.h"

#include "base/arena.h"
#include "base/limits.h"
#include "base/request.h"
#include "resources/appraisal.h"
#include "resources/coupon.h"
#include "resources/customer.h"
#include "resources/promotion_code.h"
#include "resources/registry.h"

#include <stdlib.h>

#define CANDIDATES_MAX (APPLICABLE_OWN_CODES_MAX + APPLICABLE_OPEN_CODES_MAX)

STATEMENT(find_own, "SELECT seq FROM (SELECT seq, enabled FROM promotion_codes WHERE tenant = $1"
                    " AND customer = $2 ORDER BY seq DESC LIMIT $3) AS newest WHERE enabled = 1");
STATEMENT(find_open,
          "SELECT seq FROM (SELECT seq, enabled, customer, customer_account FROM promotion_codes"
          " WHERE tenant = $1 ORDER BY seq DESC LIMIT $2) AS newest"
          " WHERE enabled = 1 AND customer IS NULL AND customer_account IS NULL");

struct applicable {
    struct opt_int amount_discount;
    struct opt_int amount_total;
    struct ref promotion_code;
    size_t place; /* the customer's own before others, newer before older */
};

struct applicable_query {
    struct opt_int amount;
    struct str currency;
    int64_t limit;
    struct list line_items;
};

#define THIS struct applicable_query
static const struct field query_fields[] = {
    FIELD(amount, "What the purchase comes to, in minor units.", .in = ACTION, .max = AMOUNT_MAX),
    FIELD(currency, "Currency of the amounts.", .in = ACTION, .format = FORMAT_CURRENCY),
    FIELD(limit, "How many codes at most, 1 to 100; 10 by default.", .in = ACTION, .min = 1,
          .max = LIST_LIMIT_MAX),
    FIELD(line_items, "What is bought, instead of an amount.", .in = ACTION,
          .of = &redemption_line_schema),
};
#undef THIS
const struct schema applicable_query_schema =
    SCHEMA(struct applicable_query, query_fields, "applicable_query");

#define THIS struct applicable
static const struct field applicable_fields[] = {
    CONSTANT("object", "\"applicable_promotion_code\"", "Kind of the object."),
    FIELD(amount_discount, "What it would take off, in minor units; null without an amount."),
    FIELD(amount_total, "What would be left to pay."),
    FIELD(promotion_code, "The promotion code.", .is = NOT_NULL,
          .of = &promotion_code_resource.schema),
};
#undef THIS

const struct resource applicable_promotion_code_resource = {
    .schema = SCHEMA(struct applicable, applicable_fields, "applicable_promotion_code",
                     .help = "A code that a customer could use for a purchase."),
    .number = RESOURCE_applicable_promotion_code,
    .noun = "applicable promotion code",
};

static size_t read_rows(struct query *query, int64_t *rows)
{
    size_t count = 0;
    while (db_row(query))
        rows[count++] = db_int(query, 0);
    return count;
}

/* The codes to look at, by row. */
static size_t find_candidates(struct request *request, struct str customer, int64_t *rows)
{
    struct query own = db_query(request->db, &find_own);
    db_bind_int(&own, request->tenant);
    db_bind_str(&own, customer);
    db_bind_int(&own, APPLICABLE_OWN_CODES_MAX);
    size_t count = read_rows(&own, rows);
    struct query open = db_query(request->db, &find_open);
    db_bind_int(&open, request->tenant);
    db_bind_int(&open, APPLICABLE_OPEN_CODES_MAX);
    return count + read_rows(&open, rows + count);
}

static int compare(const void *a, const void *b)
{
    const struct applicable *left = a, *right = b;
    int64_t more = right->amount_discount.value - left->amount_discount.value;
    if (more != 0)
        return more < 0 ? -1 : 1;
    return left->place < right->place ? -1 : 1;
}

/* Those of the candidates that apply, the best first. */
static size_t find_applicable(struct request *request, struct redemption *purchase,
                              struct appraisal *appraisal, struct applicable *found)
{
    int64_t *rows = ARENA_ARRAY(request->arena, int64_t, CANDIDATES_MAX);
    size_t candidates = find_candidates(request, purchase->customer.id, rows), count = 0;
    for (size_t i = 0; i < candidates; i++) {
        const struct coupon *last = appraisal->coupon;
        appraisal->code = resource_load(request, &promotion_code_resource, rows[i]);
        if (!appraisal->code || !appraisal->code->active)
            continue;
        int64_t coupon = appraisal->code->promotion.coupon.row;
        if (!last || last->object.row != coupon)
            appraisal->coupon = resource_load(request, &coupon_resource, coupon);
        appraise(request, purchase, appraisal);
        if (!appraisal->coupon || appraisal->refusals)
            continue;
        int64_t left = purchase->amount.value - purchase->amount_discount.value;
        found[count] = (struct applicable){
            .amount_discount = purchase->amount_discount,
            .amount_total = {purchase->amount_discount.set, left},
            .promotion_code = {appraisal->code->object.id, rows[i], appraisal->code},
            .place = count,
        };
        count++;
    }
    qsort(found, count, sizeof(*found), compare);
    return count;
}

bool applicable_promotion_codes(struct request *request, const struct route *route,
                                struct answer *answer)
{
    struct applicable_query query = {.limit = LIST_LIMIT_DEFAULT};
    struct redemption *purchase = resource_new(request, &redemption_resource);
    struct str id = request->path_ids[0];
    struct appraisal appraisal;
    if (!resource_parameters(request, route, &query))
        return false;
    struct customer *customer = resource_find(request, &customer_resource, id);
    if (!customer)
        return fail_missing(request, STR("customer"), customer_resource.noun, id);
    purchase->amount = query.amount;
    purchase->currency = query.currency;
    purchase->line_items = query.line_items;
    purchase->customer = (struct ref){id, customer->object.row, customer};
    if (!appraisal_check(request, purchase, &appraisal))
        return false;
    struct applicable *found = ARENA_ARRAY(request->arena, struct applicable, CANDIDATES_MAX);
    size_t count = find_applicable(request, purchase, &appraisal, found);
    size_t shown = count < (size_t)query.limit ? count : (size_t)query.limit;
    *answer = (struct answer){
        .form = ANSWER_LIST,
        .resource = &applicable_promotion_code_resource,
        .items = ARENA_ARRAY(request->arena, const void *, shown),
        .count = shown,
        .has_more = shown < count,
        .url = str_format(request->arena, "/v1/customers/%.*s/applicable_promotion_codes",
                          STR_FMT(id)),
    };
    for (size_t i = 0; i < shown; i++)
        answer->items[i] = &found[i];
    return true;
}
