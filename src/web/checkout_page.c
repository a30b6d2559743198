/* The hosted page of a Checkout Session. */
#include "web/checkout_page.h"

#include "base/arena.h"
#include "base/random.h"
#include "resources/checkout_session.h"
#include "resources/coupon.h"
#include "resources/price.h"
#include "resources/promotion_code.h"
#include "resources/test_card.h"
#include "web/checkout_form.h"
#include "web/html.h"
#include "web/words.h"

#include <string.h>

#define PLACE_OF_ID "{CHECKOUT_SESSION_ID}"

/* ---- where it leads ---- */

static struct str success_url(struct visit *visit, const struct checkout_session *session)
{
    struct text text;
    struct str url = session->success_url;
    text_init(&text, visit->request->arena, url.length * (session->object.id.length + 1) + 1);
    for (size_t i = 0; i < url.length;) {
        struct str rest = {url.data + i, url.length - i};
        if (str_starts(rest, STR(PLACE_OF_ID))) {
            text_add(&text, session->object.id);
            i += strlen(PLACE_OF_ID);
        } else {
            text_add_char(&text, url.data[i++]);
        }
    }
    return text_str(&text);
}

static void show_closed(struct visit *visit, const struct checkout_session *session)
{
    if (session->status.value == CHECKOUT_COMPLETE)
        page_notice(visit, 200, "All done", "This order is complete. Thank you.",
                    success_url(visit, session), "Continue");
    else
        page_notice(visit, 200, "This page has expired",
                    "Nothing was charged. Please start again from the shop.", session->cancel_url,
                    "Back to the shop");
}

/* ---- what is bought ---- */

/* "$25.00 per month" */
static struct str words_recurring(struct visit *visit, const struct checkout_item *item,
                                  const struct price *price)
{
    struct arena *arena = visit->request->arena;
    struct str period = words_period(arena, &price->recurring);
    int64_t amount;
    if (!price_amount(price, item->currency, item->quantity, &amount))
        return period;
    return str_format(arena, "%.*s %.*s", STR_FMT(words_amount(arena, amount, item->currency)),
                      STR_FMT(period));
}

static void add_line(struct visit *visit, struct checkout_item *item)
{
    struct arena *arena = visit->request->arena;
    struct text *html = &visit->html;
    const struct price *price = checkout_item_price(visit->request, item);
    html_add(html, "<tr>\n<th scope=\"row\">{}", item->description);
    if (item->quantity > 1)
        html_add(html, " <span class=\"hint\">× {}</span>",
                 str_format(arena, "%lld", (long long)item->quantity));
    if (price && price->type.value == PRICE_RECURRING)
        html_add(html, "<span class=\"hint\">{}</span>", words_recurring(visit, item, price));
    html_add(html, "</th>\n<td>{}</td>\n</tr>\n",
             words_amount(arena, item->amount_subtotal, item->currency));
}

/* CODE, 25% off */
static struct str name_discount(struct visit *visit, const struct checkout_session *session,
                                const struct coupon *coupon, const struct promotion_code *code)
{
    struct arena *arena = visit->request->arena;
    struct str name = code ? code->code : coupon->name.data ? coupon->name : coupon->object.id;
    struct str words = words_coupon(arena, coupon, session->currency);
    return words.data ? str_format(arena, "%.*s, %.*s", STR_FMT(name), STR_FMT(words)) : name;
}

static void add_sum(struct visit *visit, const char *class, struct str label, struct str amount)
{
    html_add(&visit->html, "<tr class=\"{}\">\n<th scope=\"row\">{}</th>\n<td>{}</td>\n</tr>\n",
             str_from(class), label, amount);
}

static void add_summary(struct visit *visit, const struct checkout_session *session,
                        const struct promotion_code *code)
{
    struct arena *arena = visit->request->arena;
    struct text *html = &visit->html;
    struct str currency = session->currency;
    const struct coupon *coupon =
        session->coupon.row ? resource_load(visit->request, &coupon_resource, session->coupon.row)
                            : NULL;
    html_literal(html, "<section class=\"card\" aria-labelledby=\"summary\">\n"
                       "<h1 id=\"summary\">Your order</h1>\n<table>\n<tbody>\n");
    for (size_t i = 0; i < session->items.count; i++)
        add_line(visit, checkout_item_at(session, i));
    html_literal(html, "</tbody>\n<tfoot>\n");
    add_sum(visit, "subtotal", STR("Subtotal"),
            words_amount(arena, session->amount_subtotal, currency));
    if (coupon)
        add_sum(visit, "discount",
                str_format(arena, "Discount (%.*s)",
                           STR_FMT(name_discount(visit, session, coupon, code))),
                words_amount(arena, -session->total_details.amount_discount, currency));
    add_sum(visit, "total", STR("Total due today"),
            words_amount(arena, session->amount_total, currency));
    html_literal(html, "</tfoot>\n</table>\n</section>\n");
}

static void show(struct visit *visit, const struct checkout_session *session,
                 const struct checkout_form *form)
{
    const struct promotion_code *code =
        session->promotion_code.row
            ? resource_load(visit->request, &promotion_code_resource, session->promotion_code.row)
            : NULL;
    bool wrong = form->problem.data || form->code.problem.data || form->email.problem.data ||
                 form->number.problem.data || form->expiry.problem.data || form->cvc.problem.data;
    page_begin(visit, wrong ? STR("Not yet: please check – Checkout") : STR("Checkout"));
    if (session->cancel_url.data)
        html_add(&visit->html, "<p class=\"back\"><a href=\"{}\">← Back</a></p>\n",
                 session->cancel_url);
    html_literal(&visit->html, "<div class=\"columns\">\n");
    add_summary(visit, session, code);
    checkout_form_show(visit, session, code, form);
    html_literal(&visit->html, "</div>\n");
    page_end(visit, session->success_url);
}

/* ---- what is done ---- */

/* One text for codes that do not exist, are somebody else's, have expired or were used up. */
static void apply(struct visit *visit, struct checkout_session *session, struct checkout_form *form)
{
    struct request *request = visit->request;
    const struct code_try tried = {form->code.value, session->customer.id, &session->refused_codes,
                                   &session->refused_at};
    if (!page_may_try_code(visit, &tried)) {
        form->code.problem = STR("Too many codes were tried. Please wait a minute.");
        if (!request->attempt)
            return; /* and that it was told before is known */
    } else if (checkout_code_apply(request, session, form->code.value)) {
        form->notice = STR("The code was applied. This is the new total.");
        form->code.value = STR_NULL;
    } else {
        form->code.problem = STR("This code is invalid.");
        page_code_refused(visit, &tried);
    }
    checkout_session_save(request, session);
}

/* What the purchase had done so far is undone, and the buyer is told. */
static void undo(struct visit *visit, struct checkout_session *session, struct checkout_form *form,
                 bool drop_discount)
{
    struct request *request = visit->request;
    page_undo(visit);
    session = resource_load(request, &checkout_session_resource, session->object.row);
    if (!session)
        return; /* the database has failed, which the transaction will notice */
    form->problem = STR("This order cannot be completed. Nothing was charged.");
    if (drop_discount) {
        checkout_discount_remove(request, session);
        checkout_session_save(request, session);
        form->problem = STR("The discount is no longer available and was taken off. Nothing was "
                            "charged. This is the new total.");
    }
    show(visit, session, form);
}

static struct str make_uuid(struct request *request)
{
    char hex[32];
    random_characters(request->random, "0123456789abcdef", hex, sizeof(hex));
    hex[12] = '4';
    hex[16] = "89ab"[random_below(request->random, 4)];
    return str_format(request->arena, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16,
                      hex + 20);
}

static void pay(struct visit *visit, struct checkout_session *session, struct checkout_form *form)
{
    struct request *request = visit->request;
    int64_t total;
    if (form->total.data &&
        !(str_to_int64(form->total, &total) && total == session->amount_total)) {
        form->problem = STR("The total has changed. Nothing was charged. This is the new total.");
        show(visit, session, form);
        return;
    }
    if (!checkout_form_check(visit, session, form)) {
        show(visit, session, form);
        return;
    }
    request->idempotency_key = make_uuid(request); /* what the events of one purchase share */
    switch (checkout_session_complete(request, session, form->card, form->email.value,
                                      form->name.value)) {
    case CHECKOUT_DONE:
        page_redirect(visit, success_url(visit, session));
        break;
    case CHECKOUT_DECLINED:
        form->problem = str_from(form->card ? form->card->message : "The payment failed.");
        show(visit, session, form);
        break;
    case CHECKOUT_NO_LONGER:
        undo(visit, session, form, true);
        break;
    case CHECKOUT_IMPOSSIBLE:
        undo(visit, session, form, false);
        break;
    }
}

static void act(struct visit *visit, struct checkout_session *session)
{
    struct checkout_form form;
    struct str action = page_field(visit, "action");
    bool takes_codes = session->allow_promotion_codes.value, has_code = session->coupon.row != 0;
    checkout_form_read(visit, &form);
    if (takes_codes && has_code && str_is(action, "remove")) {
        checkout_discount_remove(visit->request, session);
        checkout_session_save(visit->request, session);
        form.notice = STR("The code was removed. This is the new total.");
    } else if (takes_codes && !has_code && form.code.value.data) {
        apply(visit, session, &form); /* even when the button was another: the total may change */
    } else if (str_is(action, "apply")) {
        form.code.problem = STR("Enter a code.");
    } else if (str_is(action, "pay")) {
        pay(visit, session, &form);
        return;
    }
    show(visit, session, &form);
}

void checkout_page(struct visit *visit)
{
    struct request *request = visit->request;
    static const struct checkout_form empty = {0};
    struct checkout_session *session = checkout_session_enter(request, visit->id);
    if (!session) {
        page_notice(visit, 404, "There is nothing here", "The address is wrong, or too old.",
                    STR_NULL, "");
        return;
    }
    bool open = session->status.value == CHECKOUT_OPEN;
    bool late = request->now >= session->expires_at.seconds;
    if (visit->posts && !page_form_is_own(visit))
        return;
    if (open && late && visit->posts)
        checkout_session_expire(request, session);
    if (!open || late)
        show_closed(visit, session);
    else if (visit->posts)
        act(visit, session);
    else
        show(visit, session, &empty);
}
