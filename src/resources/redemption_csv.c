/* The ledger for spreadsheets, piece by piece. */
#include "resources/redemption_csv.h"

#include "base/request.h"
#include "base/text.h"
#include "resources/list.h"
#include "resources/promotion_code.h"
#include "resources/redemption.h"

#include <string.h>

#define ROWS_PER_PIECE 500

static const char header[] =
    "id,created,status,source,coupon,promotion_code,code,customer,customer_email,currency,amount,"
    "amount_discount,amount_total,client_reference_id,hold_expires_at,redeemed_at,canceled_at,"
    "expired_at\n";

/* A text that callers chose: in quotes, and not a formula to whoever opens it. */
static void add_text(struct text *piece, struct str value)
{
    text_add_char(piece, ',');
    if (!value.length)
        return;
    text_add_char(piece, '"');
    if (strchr("=+-@\t\r", value.data[0]))
        text_add_char(piece, '\'');
    for (size_t i = 0; i < value.length; i++) {
        if (value.data[i] == '"')
            text_add_char(piece, '"');
        text_add_char(piece, value.data[i]);
    }
    text_add_char(piece, '"');
}

static void add_plain(struct text *piece, struct str value)
{
    text_add_char(piece, ',');
    text_add(piece, value);
}

static void add_number(struct text *piece, bool set, int64_t value)
{
    text_add_char(piece, ',');
    if (set)
        text_add_int64(piece, value);
}

static void add_amount(struct text *piece, struct opt_int amount)
{
    add_number(piece, amount.set, amount.value);
}

static void add_time(struct text *piece, struct opt_time time)
{
    add_number(piece, time.set, time.seconds);
}

static void add_row(struct request *request, struct text *piece, const struct redemption *row)
{
    const struct promotion_code *code =
        row->promotion_code.row
            ? resource_follow(request, &promotion_code_resource, &row->promotion_code)
            : NULL;
    text_add(piece, row->object.id);
    add_number(piece, true, row->object.created.seconds);
    add_plain(piece, redemption_status_name(row));
    add_plain(piece, redemption_source_name(row));
    add_text(piece, row->coupon.id);
    add_plain(piece, row->promotion_code.id);
    add_text(piece, code ? code->code : STR_NULL);
    add_plain(piece, row->customer.id);
    add_text(piece, row->customer_email);
    add_plain(piece, row->currency);
    add_amount(piece, row->amount);
    add_amount(piece, row->amount_discount);
    add_amount(piece, row->amount_total);
    add_text(piece, row->client_reference_id);
    add_time(piece, row->hold_expires_at);
    add_time(piece, row->status_transitions.redeemed_at);
    add_time(piece, row->status_transitions.canceled_at);
    add_time(piece, row->status_transitions.expired_at);
    text_add_char(piece, '\n');
}

static bool next_piece(struct request *request, struct csv *csv, struct text *piece)
{
    struct answer rows;
    if (csv->position == 0)
        text_add(piece, str_from(header));
    if (!list_older(request, &redemption_resource, csv->position, ROWS_PER_PIECE, &rows))
        return false;
    for (size_t i = 0; i < rows.count; i++) {
        const struct redemption *row = rows.items[i];
        add_row(request, piece, row);
        csv->position = row->object.row;
    }
    return rows.count == ROWS_PER_PIECE;
}

bool redemptions_csv(struct request *request, const struct route *route, struct answer *answer)
{
    struct answer ignored;
    (void)route;
    if (!list_older(request, &redemption_resource, 0, 1, &ignored)) /* the filters are wrong */
        return false;
    *answer = (struct answer){.form = ANSWER_CSV, .csv = {.next = next_piece}};
    return true;
}
