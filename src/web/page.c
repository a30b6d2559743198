/* The frame of all pages, and what guards their forms. */
#include "web/page.h"

#include "api/exchange.h"
#include "api/service.h"
#include "base/arena.h"
#include "base/limits.h"
#include "redemption/guesses.h"
#include "resources/redemption_attempt.h"
#include "schema/form.h"
#include "store/db.h"
#include "web/html.h"
#include "web/site.h"

#include <sodium.h>

#define PAGE_BYTES_MAX (16 * 1024 * 1024)
#define HTML_TYPE "text/html; charset=utf-8"

/* ---- frame ---- */

void page_begin(struct visit *visit, struct str title)
{
    text_init(&visit->html, visit->request->arena, PAGE_BYTES_MAX);
    html_add(&visit->html,
             "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
             "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
             "<meta name=\"robots\" content=\"noindex\">\n"
             "<meta name=\"color-scheme\" content=\"light dark\">\n"
             "<title>{}</title>\n<link rel=\"icon\" href=\"data:,\">\n"
             "<link rel=\"stylesheet\" href=\"" STYLE_PATH "\">\n</head>\n<body>\n<main>\n",
             title);
}

static void add_headers(struct visit *visit, struct str leads_to)
{
    struct exchange *exchange = visit->exchange;
    /* Browsers hold a form's redirect against form-action too. */
    struct str origin = site_origin_of(leads_to);
    exchange_add_header(
        exchange, "Content-Security-Policy",
        str_format(visit->request->arena,
                   "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'%s%.*s; "
                   "base-uri 'none'; frame-ancestors 'none'",
                   origin.data ? " " : "", STR_FMT(origin)));
    exchange_add_header(exchange, "Cross-Origin-Opener-Policy", STR("same-origin"));
    exchange_add_header(exchange, "Cross-Origin-Resource-Policy", STR("same-origin"));
    exchange_add_header(exchange, "Permissions-Policy", STR("camera=(), geolocation=()"));
    /* With no-referrer browsers would say `Origin: null` even to this site. */
    exchange_add_header(exchange, "Referrer-Policy", STR("same-origin"));
    exchange_add_header(exchange, "X-Content-Type-Options", STR("nosniff"));
}

void page_end(struct visit *visit, struct str leads_to)
{
    html_literal(&visit->html, "</main>\n</body>\n</html>\n");
    struct str body = text_str(&visit->html);
    if (!body.data) {
        page_notice(visit, 500, "Something went wrong", "Please try again.", STR_NULL, "");
        return;
    }
    exchange_answer(visit->exchange, 200, HTML_TYPE, body);
    add_headers(visit, leads_to);
}

void page_notice(struct visit *visit, int status, const char *heading, const char *message,
                 struct str link, const char *link_text)
{
    page_begin(visit, str_from(heading));
    html_add(&visit->html, "<div class=\"card notice\">\n<h1>{}</h1>\n<p>{}</p>\n",
             str_from(heading), str_from(message));
    if (link.data)
        html_add(&visit->html, "<p><a class=\"button\" href=\"{}\">{}</a></p>\n", link,
                 str_from(link_text));
    html_literal(&visit->html, "</div>\n");
    page_end(visit, STR_NULL);
    visit->exchange->status = status;
}

void page_redirect(struct visit *visit, struct str url)
{
    exchange_answer(visit->exchange, 303, HTML_TYPE, STR(""));
    exchange_add_header(visit->exchange, "Location", url);
    add_headers(visit, STR_NULL);
}

/* ---- forms ---- */

struct str page_token(struct visit *visit)
{
    struct arena *arena = visit->request->arena;
    return key_hash(arena, visit->service->pepper,
                    str_format(arena, "page %.*s", STR_FMT(visit->id)));
}

/* Whether a header that browsers send of their own accord speaks for the form; without it (older
 * browsers) the token has to do. */
static bool is_same_site(const struct visit *visit)
{
    const struct exchange *exchange = visit->exchange;
    if (exchange->fetch_site.data)
        return str_is(exchange->fetch_site, "same-origin");
    /* A proxy may have ended TLS, so that only the host can be compared. */
    struct str own = visit->request->origin, sender = exchange->origin, host, own_host;
    if (!sender.data)
        return true;
    (void)str_split(sender, '/', &host);
    (void)str_split(own, '/', &own_host);
    return str_equal(host, own_host);
}

bool page_form_is_own(struct visit *visit)
{
    struct str token = page_field(visit, "token"), wanted = page_token(visit);
    if (token.length == wanted.length &&
        sodium_memcmp(token.data, wanted.data, wanted.length) == 0 && is_same_site(visit))
        return true;
    page_notice(visit, 403, "This did not come from the page",
                "Please go back, reload the page and try again.", STR_NULL, "");
    return false;
}

/* Not for the key: a visitor could use up the budget of the shop. */
static struct guessers guessers_of(const struct visit *visit, const struct code_try *tried)
{
    return (struct guessers){{
        [GUESSER_CUSTOMER] = tried->customer,
        [GUESSER_ADDRESS] = visit->request->address,
    }};
}

/* Of a visitor who goes on all the same, one attempt is kept while the refusals count. */
static bool is_within_limit(const struct visit *visit, const struct code_try *tried, bool *first)
{
    int64_t now = visit->request->now;
    if (!tried->since->set || now - tried->since->seconds >= CODE_REFUSAL_SECONDS) {
        *tried->refused = 0;
        *tried->since = (struct opt_time){true, now};
    }
    *first = *tried->refused == CODE_REFUSALS_MAX;
    *tried->refused += *first;
    return *tried->refused < CODE_REFUSALS_MAX;
}

bool page_may_try_code(const struct visit *visit, const struct code_try *tried)
{
    struct request *request = visit->request;
    const struct guessers guessers = guessers_of(visit, tried);
    const struct redemption_attempt known = {
        .code = tried->text,
        .customer.id = tried->customer,
    };
    bool first;
    if (is_within_limit(visit, tried, &first) && guess_allow(request, &guessers, &first))
        return true;
    if (first)
        attempt_note(request, &known, NULL, NULL, REFUSAL_BIT(REFUSAL_RATE_LIMITED));
    return false;
}

void page_code_refused(const struct visit *visit, const struct code_try *tried)
{
    struct request *request = visit->request;
    struct redemption_attempt *attempt = request->attempt;
    const struct guessers guessers = guessers_of(visit, tried);
    ++*tried->refused;
    bool suspects = guess_count(request, &guessers);
    if (!attempt)
        return; /* no rule of the code's: it has the coupon of another discount */
    attempt->code = tried->text;
    attempt->suspects = suspects;
}

void page_undo(struct visit *visit)
{
    db_rollback_to_savepoint(visit->request->db);
    db_savepoint(visit->request->db);
    visit->request->error = (struct error){0};
}

struct str page_field(const struct visit *visit, const char *name)
{
    const struct form_node *node = form_find(visit->request->form, str_from(name));
    struct str value = node && !node->first ? str_trim(node->value) : STR_NULL;
    return value.length && str_characters(value) <= STRING_CHARACTERS_MAX ? value : STR_NULL;
}
