/* What the pages of the billing portal look like. */
#include "base/arena.h"
#include "resources/coupon.h"
#include "resources/customer.h"
#include "resources/invoice.h"
#include "resources/price.h"
#include "resources/product.h"
#include "resources/promotion_code.h"
#include "resources/subscription.h"
#include "store/db.h"
#include "web/html.h"
#include "web/portal_page.h"
#include "web/words.h"

#define SHOWN_MAX 50 /* subscriptions, invoices */

STATEMENT(find_subscriptions, "SELECT seq FROM subscriptions WHERE tenant = $1 AND customer = $2"
                              " AND ended_at IS NULL ORDER BY seq DESC LIMIT $3");
STATEMENT(find_invoices, "SELECT seq FROM invoices WHERE tenant = $1 AND customer = $2"
                         " AND status <> 'draft' ORDER BY seq DESC LIMIT $3");

static struct text *html_of(struct portal *portal)
{
    return &portal->visit->html;
}

static size_t find_rows(struct portal *portal, const struct statement *statement,
                        int64_t rows[SHOWN_MAX])
{
    struct request *request = portal->visit->request;
    struct query query = db_query(request->db, statement);
    size_t count = 0;
    db_bind_int(&query, request->tenant);
    db_bind_str(&query, portal->session->customer.id);
    db_bind_int(&query, SHOWN_MAX);
    while (db_row(&query))
        rows[count++] = db_int(&query, 0);
    db_end(&query);
    return count;
}

/* ---- frame ---- */

static void begin(struct portal *portal, const char *heading)
{
    struct text *html;
    const struct portal_business_profile *profile = &portal->configuration->business_profile;
    bool wrong = portal->problem.data || portal->code_problem.data;
    page_begin(portal->visit, wrong ? str_format(portal->visit->request->arena,
                                                 "Not yet: please check – %s", heading)
                                    : str_from(heading));
    html = html_of(portal);
    if (portal->session->return_url.data)
        html_add(html, "<p class=\"back\"><a href=\"{}\">← Back</a></p>\n",
                 portal->session->return_url);
    if (profile->headline.data)
        html_add(html, "<p class=\"hint\">{}</p>\n", profile->headline);
    html_add(html, "<h1>{}</h1>\n", str_from(heading));
    if (portal->problem.data)
        html_add(html, "<p class=\"problem banner\" role=\"alert\">{}</p>\n", portal->problem);
    if (portal->notice.data)
        html_add(html, "<p class=\"good banner\" role=\"status\">{}</p>\n", portal->notice);
}

static void end(struct portal *portal)
{
    const struct portal_business_profile *profile = &portal->configuration->business_profile;
    const struct portal_flow *flow = portal->session->flow;
    struct text *html = html_of(portal);
    if (profile->terms_of_service_url.data || profile->privacy_policy_url.data)
        html_literal(html, "<p class=\"hint\">\n");
    if (profile->terms_of_service_url.data)
        html_add(html, "<a href=\"{}\">Terms</a>\n", profile->terms_of_service_url);
    if (profile->privacy_policy_url.data)
        html_add(html, "<a href=\"{}\">Privacy</a>\n", profile->privacy_policy_url);
    if (profile->terms_of_service_url.data || profile->privacy_policy_url.data)
        html_literal(html, "</p>\n");
    page_end(portal->visit, flow && flow->after_completion.redirect
                                ? flow->after_completion.redirect->return_url
                                : STR_NULL);
}

static void begin_form(struct portal *portal, const struct subscription *subscription)
{
    html_add(html_of(portal),
             "<form class=\"card\" method=\"post\" novalidate>\n"
             "<input type=\"hidden\" name=\"token\" value=\"{}\">\n"
             "<input type=\"hidden\" name=\"subscription\" value=\"{}\">\n",
             page_token(portal->visit), subscription->object.id);
}

static void end_form(struct portal *portal, bool has_home)
{
    if (has_home)
        html_add(html_of(portal), "<a href=\"/p/session/{}\">Back to the overview</a>\n",
                 portal->visit->id);
    html_literal(html_of(portal), "</div>\n</form>\n");
}

/* ---- what there is ---- */

static struct str name_of(struct portal *portal, const struct price *price)
{
    const struct product *product =
        resource_follow(portal->visit->request, &product_resource, &price->product);
    return product ? product->name : STR("");
}

/* "$25.00 per month" */
static struct str words_price(struct portal *portal, const struct price *price, int64_t quantity,
                              struct str currency)
{
    struct arena *arena = portal->visit->request->arena;
    struct str period = words_period(arena, &price->recurring);
    int64_t amount;
    if (!price_amount(price, currency, quantity, &amount))
        return period;
    return str_format(arena, "%.*s %.*s", STR_FMT(words_amount(arena, amount, currency)),
                      STR_FMT(period));
}

static void add_items(struct portal *portal, const struct subscription *subscription)
{
    const struct subscription_item *items = subscription->items.items;
    struct text *html = html_of(portal);
    for (size_t i = 0; i < subscription->items.count; i++) {
        const struct price *price = subscription_item_price(portal->visit->request, &items[i]);
        int64_t quantity = items[i].quantity.set ? items[i].quantity.value : 1;
        if (!price)
            continue;
        html_add(html, "<h2>{}", name_of(portal, price));
        if (quantity > 1)
            html_add(html, " × {}",
                     str_format(portal->visit->request->arena, "%lld", (long long)quantity));
        html_add(html, "</h2>\n<p>{}</p>\n",
                 words_price(portal, price, quantity, subscription->currency));
    }
}

static struct str words_status(struct portal *portal, const struct subscription *subscription)
{
    struct arena *arena = portal->visit->request->arena;
    const struct subscription_item *items = subscription->items.items;
    int64_t end = items[0].current_period_end.seconds;
    if (subscription->cancel_at.set)
        return str_format(arena, "Ends on %.*s",
                          STR_FMT(words_date(arena, subscription->cancel_at.seconds)));
    switch (subscription->status.value) {
    case SUBSCRIPTION_ACTIVE:
        return str_format(arena, "Active, renews on %.*s", STR_FMT(words_date(arena, end)));
    case SUBSCRIPTION_TRIALING:
        return str_format(arena, "Trial, until %.*s", STR_FMT(words_date(arena, end)));
    case SUBSCRIPTION_PAST_DUE:
    case SUBSCRIPTION_UNPAID:
        return STR("A payment is overdue");
    case SUBSCRIPTION_PAUSED:
        return STR("Paused");
    default:
        return STR("Waiting for the first payment");
    }
}

static void add_discount(struct portal *portal, const struct discount *discount,
                         struct str currency)
{
    struct request *request = portal->visit->request;
    const struct coupon *coupon =
        resource_load(request, &coupon_resource, discount->source.coupon.row);
    const struct promotion_code *code =
        discount->promotion_code.row
            ? resource_load(request, &promotion_code_resource, discount->promotion_code.row)
            : NULL;
    if (!coupon)
        return;
    struct str words = words_discount(request->arena, coupon, discount, currency);
    struct str name = code ? code->code : coupon->name.data ? coupon->name : coupon->object.id;
    html_add(html_of(portal), "<li><strong class=\"tag\">{}</strong> {}</li>\n", name,
             words.data ? words : STR("Not in this currency"));
}

/* Its own discounts, or else the customer's. */
static void add_discounts(struct portal *portal, const struct subscription *subscription)
{
    struct request *request = portal->visit->request;
    struct refs discounts = discounts_at(request, &subscription->discounts, request->now);
    struct refs inherited = {(struct ref *)(uintptr_t)&portal->customer->discount,
                             portal->customer->discount.row ? 1 : 0};
    if (!discounts.count && !subscription->suppresses_discounts)
        discounts = discounts_at(request, &inherited, request->now);
    if (!discounts.count)
        return;
    html_literal(html_of(portal), "<ul class=\"discounts\" aria-label=\"Discounts\">\n");
    for (size_t i = 0; i < discounts.count; i++)
        add_discount(portal, discounts.items[i].object, subscription->currency);
    html_literal(html_of(portal), "</ul>\n");
}

/* Buttons and links name their subscription for those who only hear them. */
static void add_actions(struct portal *portal, const struct subscription *subscription)
{
    const struct portal_features *features = portal->configuration->features;
    const struct subscription_item *items = subscription->items.items;
    const struct price *price = subscription_item_price(portal->visit->request, &items[0]);
    struct str name = price ? name_of(portal, price) : STR(""), id = subscription->object.id;
    struct text *html = html_of(portal);
    html_literal(html, "<div class=\"actions\">\n");
    if (features->subscription_update.enabled && subscription->items.count == 1)
        html_add(html,
                 "<a class=\"button quiet\" href=\"?update={}\">Change "
                 "<span class=\"unseen\">{}</span></a>\n",
                 id, name);
    if (features->subscription_cancel.enabled && subscription->cancel_at_period_end)
        html_add(html,
                 "<form method=\"post\">\n<input type=\"hidden\" name=\"token\" value=\"{}\">\n"
                 "<input type=\"hidden\" name=\"subscription\" value=\"{}\">\n"
                 "<button name=\"action\" value=\"resume\">Keep <span class=\"unseen\">{}</span>"
                 "</button>\n</form>\n",
                 page_token(portal->visit), id, name);
    else if (features->subscription_cancel.enabled && !subscription->cancel_at.set)
        html_add(html,
                 "<a class=\"button quiet\" href=\"?cancel={}\">Cancel "
                 "<span class=\"unseen\">{}</span></a>\n",
                 id, name);
    html_literal(html, "</div>\n");
}

static void add_invoice(struct portal *portal, const struct invoice *invoice)
{
    static const char *const statuses[] = {"", "Draft", "Open", "Paid", "Given up", "Void"};
    struct arena *arena = portal->visit->request->arena;
    html_add(html_of(portal),
             "<tr>\n<th scope=\"row\">{}</th>\n<td>{}</td>\n<td>{}</td>\n<td>{}</td>\n</tr>\n",
             words_date(arena, invoice->object.created.seconds), invoice->number,
             str_from(statuses[invoice->status.value]),
             words_amount(arena, invoice->total, invoice->currency));
}

static void add_invoices(struct portal *portal)
{
    int64_t rows[SHOWN_MAX];
    size_t count = find_rows(portal, &find_invoices, rows);
    struct text *html = html_of(portal);
    html_literal(html, "<section class=\"card\" aria-labelledby=\"invoices\">\n"
                       "<h2 id=\"invoices\">Invoices</h2>\n");
    if (count == 0) {
        html_literal(html, "<p>There are no invoices yet.</p>\n</section>\n");
        return;
    }
    html_literal(html, "<table>\n<thead>\n<tr><th scope=\"col\">Date</th>"
                       "<th scope=\"col\">Number</th><th scope=\"col\">Status</th>"
                       "<th scope=\"col\">Total</th></tr>\n</thead>\n<tbody>\n");
    for (size_t i = 0; i < count; i++) {
        const struct invoice *invoice =
            resource_load(portal->visit->request, &invoice_resource, rows[i]);
        if (invoice)
            add_invoice(portal, invoice);
    }
    html_literal(html, "</tbody>\n</table>\n</section>\n");
}

void portal_show_home(struct portal *portal)
{
    int64_t rows[SHOWN_MAX];
    size_t count = find_rows(portal, &find_subscriptions, rows);
    begin(portal, "Your subscriptions");
    struct text *html = html_of(portal);
    if (count == 0)
        html_literal(html, "<p class=\"card\">You have no subscription.</p>\n");
    for (size_t i = 0; i < count; i++) {
        const struct subscription *subscription =
            resource_load(portal->visit->request, &subscription_resource, rows[i]);
        if (!subscription || !subscription->items.count)
            continue;
        html_literal(html, "<section class=\"card\">\n");
        add_items(portal, subscription);
        html_add(html, "<p class=\"hint\">{}</p>\n", words_status(portal, subscription));
        add_discounts(portal, subscription);
        add_actions(portal, subscription);
        html_literal(html, "</section>\n");
    }
    if (portal->configuration->features->invoice_history.enabled)
        add_invoices(portal);
    end(portal);
}

/* ---- changing ---- */

static void add_choice(struct portal *portal, const struct subscription *subscription,
                       struct str id)
{
    const struct subscription_item *item = subscription->items.items;
    const struct price *price = resource_find(portal->visit->request, &price_resource, id);
    struct text *html = html_of(portal);
    int64_t amount;
    if (!price || !price_amount(price, subscription->currency, 1, &amount))
        return;
    html_add(html, "<label class=\"choice\"><input type=\"radio\" name=\"price\" value=\"{}\"", id);
    if (str_equal(id, portal->price.data ? portal->price : item->price.id))
        html_literal(html, " checked");
    html_add(html, "> <span>{}<span class=\"hint\">{}</span></span></label>\n",
             name_of(portal, price), words_price(portal, price, 1, subscription->currency));
}

static void add_choices(struct portal *portal, const struct subscription *subscription)
{
    const struct list *products = &portal->configuration->features->subscription_update.products;
    const struct subscription_item *item = subscription->items.items;
    struct text *html = html_of(portal);
    html_literal(html, "<fieldset class=\"choices\">\n<legend>Choose a plan</legend>\n");
    if (!portal_offers(portal->configuration, item->price.id))
        add_choice(portal, subscription, item->price.id);
    for (size_t i = 0; i < products->count; i++) {
        const struct strings *prices = &((const struct portal_product *)products->items)[i].prices;
        for (size_t j = 0; j < prices->count; j++)
            add_choice(portal, subscription, prices->items[j]);
    }
    html_literal(html, "</fieldset>\n");
}

static void add_code(struct portal *portal)
{
    struct text *html = html_of(portal);
    html_add(html,
             "<div class=\"field\">\n<label for=\"code\">Promotion code</label>\n"
             "<input id=\"code\" name=\"code\" type=\"text\" autocomplete=\"off\" value=\"{}\"",
             portal->code);
    if (portal->code_problem.data)
        html_add(html,
                 " aria-invalid=\"true\" aria-describedby=\"code-problem\" autofocus>\n"
                 "<p class=\"problem\" id=\"code-problem\" role=\"alert\">{}</p>\n</div>\n",
                 portal->code_problem);
    else
        html_literal(html, ">\n</div>\n");
}

void portal_show_update(struct portal *portal, const struct subscription *subscription)
{
    const struct subscription_item *item = subscription->items.items;
    begin(portal, "Change your subscription");
    begin_form(portal, subscription);
    struct text *html = html_of(portal);
    if (portal_allows(portal->configuration, "price"))
        add_choices(portal, subscription);
    if (portal_allows(portal->configuration, "quantity"))
        html_add(html,
                 "<div class=\"field\">\n<label for=\"quantity\">Quantity</label>\n"
                 "<input id=\"quantity\" name=\"quantity\" type=\"text\" inputmode=\"numeric\" "
                 "autocomplete=\"off\" value=\"{}\">\n</div>\n",
                 portal->quantity.data
                     ? portal->quantity
                     : str_format(portal->visit->request->arena, "%lld",
                                  (long long)(item->quantity.set ? item->quantity.value : 1)));
    if (portal_allows(portal->configuration, "promotion_code"))
        add_code(portal);
    html_literal(html,
                 "<div class=\"actions\">\n"
                 "<button class=\"main\" name=\"action\" value=\"update\">Confirm</button>\n");
    end_form(portal, !portal->session->flow);
    end(portal);
}

const struct coupon *portal_offered_coupon(struct portal *portal)
{
    struct request *request = portal->visit->request;
    const struct portal_flow *flow = portal->session->flow;
    const struct portal_flow_confirm *confirm = flow ? flow->subscription_update_confirm : NULL;
    const struct portal_flow_cancel *cancel = flow ? flow->subscription_cancel : NULL;
    if (cancel && cancel->retention)
        return resource_find(request, &coupon_resource, cancel->retention->coupon_offer.coupon);
    const struct portal_flow_discount *discount = confirm ? confirm->discounts.items : NULL;
    if (!discount)
        return NULL;
    if (discount->coupon.data)
        return resource_find(request, &coupon_resource, discount->coupon);
    const struct promotion_code *code =
        resource_find(request, &promotion_code_resource, discount->promotion_code);
    return code ? resource_load(request, &coupon_resource, code->promotion.coupon.row) : NULL;
}

void portal_show_confirm(struct portal *portal, const struct subscription *subscription)
{
    const struct portal_flow_item *change =
        portal->session->flow->subscription_update_confirm->items.items;
    const struct subscription_item *item = subscription->items.items;
    const struct coupon *coupon = portal_offered_coupon(portal);
    struct str id = change->price.data ? change->price : item->price.id;
    int64_t quantity = change->quantity.set ? change->quantity.value : item->quantity.value;
    begin(portal, "Confirm the change");
    begin_form(portal, subscription);
    struct text *html = html_of(portal);
    const struct price *price = resource_find(portal->visit->request, &price_resource, id);
    if (price)
        html_add(html, "<h2>{}</h2>\n<p>{}</p>\n", name_of(portal, price),
                 words_price(portal, price, quantity, subscription->currency));
    if (coupon)
        html_add(html, "<p class=\"good\">{}</p>\n",
                 words_offer(portal->visit->request->arena, coupon, subscription->currency));
    html_literal(html,
                 "<div class=\"actions\">\n"
                 "<button class=\"main\" name=\"action\" value=\"confirm\">Confirm</button>\n");
    end_form(portal, false);
    end(portal);
}

/* ---- cancelling ---- */

static void add_reasons(struct portal *portal)
{
    const struct portal_cancellation_reason *asked =
        &portal->configuration->features->subscription_cancel.cancellation_reason;
    struct text *html = html_of(portal);
    if (!asked->enabled || !asked->options.count)
        return;
    html_literal(html, "<fieldset class=\"choices\">\n<legend>Why do you leave?</legend>\n");
    for (size_t i = 0; portal_reason(i); i++)
        for (size_t j = 0; j < asked->options.count; j++)
            if (str_is(asked->options.items[j], portal_reason(i)))
                html_add(html,
                         "<label class=\"choice\"><input type=\"radio\" name=\"reason\" "
                         "value=\"{}\"> <span>{}</span></label>\n",
                         str_from(portal_reason(i)), str_from(portal_reason_words(i)));
    html_literal(html, "</fieldset>\n");
}

void portal_show_cancel(struct portal *portal, const struct subscription *subscription)
{
    struct arena *arena = portal->visit->request->arena;
    const struct subscription_item *items = subscription->items.items;
    const struct coupon *coupon = portal_offered_coupon(portal);
    bool later =
        portal->configuration->features->subscription_cancel.mode.value == CANCEL_AT_PERIOD_END;
    begin(portal, "Cancel your subscription");
    begin_form(portal, subscription);
    struct text *html = html_of(portal);
    add_items(portal, subscription);
    html_add(html, "<p>It ends {}.</p>\n",
             later ? str_format(arena, "on %.*s",
                                STR_FMT(words_date(arena, items[0].current_period_end.seconds)))
                   : STR("at once"));
    add_reasons(portal);
    if (coupon && coupon->valid)
        html_add(html,
                 "<div class=\"offer\">\n<p>Stay, and get {}.</p>\n"
                 "<button class=\"main\" name=\"action\" value=\"stay\">Stay with this offer"
                 "</button>\n</div>\n",
                 words_offer(arena, coupon, subscription->currency));
    html_literal(html, "<div class=\"actions\">\n<button name=\"action\" value=\"cancel\">"
                       "Cancel subscription</button>\n");
    end_form(portal, !portal->session->flow);
    end(portal);
}
