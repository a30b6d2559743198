/* The hosted page of an invoice. */
#include "web/invoice_page.h"

#include "base/arena.h"
#include "resources/coupon.h"
#include "resources/invoice.h"
#include "resources/promotion_code.h"
#include "store/db.h"
#include "web/html.h"
#include "web/page.h"
#include "web/words.h"

/* One of all tenants: that the id with its random characters is known is what entitles to it.
 * Drafts have no page. */
STATEMENT(find_page, "SELECT tenant FROM invoices WHERE id = $1 AND number IS NOT NULL"
                     " AND deleted_at IS NULL");

static const struct invoice *find(struct request *request, struct str id)
{
    struct query query = db_query(request->db, &find_page);
    db_bind_str(&query, id);
    if (!db_row(&query))
        return NULL;
    request->tenant = db_int(&query, 0);
    request->livemode = request->tenant & 1;
    db_end(&query);
    return resource_find(request, &invoice_resource, id);
}

static void add_row(struct visit *visit, const char *class, struct str label, struct str amount)
{
    html_add(&visit->html, "<tr class=\"{}\">\n<th scope=\"row\">{}</th>\n<td>{}</td>\n</tr>\n",
             str_from(class), label, amount);
}

static struct str name_of(struct request *request, const struct ref *ref)
{
    const struct discount *discount = resource_follow(request, &discount_resource, ref);
    const struct promotion_code *code =
        discount && discount->promotion_code.row
            ? resource_load(request, &promotion_code_resource, discount->promotion_code.row)
            : NULL;
    const struct coupon *coupon =
        discount ? resource_load(request, &coupon_resource, discount->source.coupon.row) : NULL;
    if (code)
        return code->code;
    return coupon ? coupon->name.data ? coupon->name : coupon->object.id : STR_NULL;
}

static void add_lines(struct visit *visit, const struct invoice *invoice)
{
    struct request *request = visit->request;
    struct arena *arena = request->arena;
    const struct line_item *lines = invoice->all_lines.items;
    const struct discount_amount *amounts = invoice->total_discount_amounts.items;
    html_literal(&visit->html, "<table>\n<tbody>\n");
    for (size_t i = 0; i < invoice->all_lines.count; i++)
        add_row(visit, "line", lines[i].description.data ? lines[i].description : STR("Item"),
                words_amount(arena, lines[i].amount, invoice->currency));
    html_literal(&visit->html, "</tbody>\n<tfoot>\n");
    for (size_t i = 0; i < invoice->total_discount_amounts.count; i++)
        add_row(
            visit, "discount",
            str_format(arena, "Discount (%.*s)", STR_FMT(name_of(request, &amounts[i].discount))),
            words_amount(arena, -amounts[i].amount, invoice->currency));
    add_row(visit, "subtotal", STR("Total"),
            words_amount(arena, invoice->total, invoice->currency));
    add_row(visit, "total", STR("Still to be paid"),
            words_amount(arena,
                         invoice->status.value == INVOICE_VOID ? 0 : invoice->amount_remaining,
                         invoice->currency));
    html_literal(&visit->html, "</tfoot>\n</table>\n");
}

static struct str status_of(struct visit *visit, const struct invoice *invoice)
{
    struct arena *arena = visit->request->arena;
    switch (invoice->status.value) {
    case INVOICE_PAID:
        return str_format(arena, "Paid on %.*s.",
                          STR_FMT(words_date(arena, invoice->status_transitions.paid_at.seconds)));
    case INVOICE_VOID:
        return STR("This invoice is void: nothing has to be paid.");
    default:
        break;
    }
    return invoice->due_date.set ? str_format(arena, "To be paid by %.*s.",
                                              STR_FMT(words_date(arena, invoice->due_date.seconds)))
                                 : STR("Not paid yet.");
}

void invoice_page(struct visit *visit)
{
    const struct invoice *invoice = visit->posts ? NULL : find(visit->request, visit->id);
    if (!invoice) {
        page_notice(visit, 404, "There is nothing here", "The address is wrong, or too old.",
                    STR_NULL, "");
        return;
    }
    struct arena *arena = visit->request->arena;
    page_begin(visit, str_format(arena, "Invoice %.*s", STR_FMT(invoice->number)));
    html_add(&visit->html,
             "<section class=\"card\" aria-labelledby=\"invoice\">\n<h1 id=\"invoice\">Invoice "
             "{}</h1>\n<p>{}</p>\n<p class=\"hint\">{}</p>\n",
             invoice->number, status_of(visit, invoice),
             invoice->customer_name.data ? invoice->customer_name : invoice->customer_email);
    add_lines(visit, invoice);
    html_literal(&visit->html, "</section>\n");
    page_end(visit, STR_NULL);
}
