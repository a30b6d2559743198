/* From a request to a page. */
#include "web/site.h"

#include "api/exchange.h"
#include "api/service.h"
#include "base/arena.h"
#include "resources/redemption_attempt.h"
#include "schema/form.h"
#include "store/db.h"
#include "web/checkout_page.h"
#include "web/invoice_page.h"
#include "web/page.h"
#include "web/portal_page.h"

#include <string.h>
#include <style_sum.h> /* so that this file depends on what it embeds */

#define FORM_TYPE "application/x-www-form-urlencoded"

/* The file's bytes with a NUL behind them. */
__asm__(".section .rodata\n.global web_style\n.hidden web_style\nweb_style:\n.incbin \"" WEB_DIR
        "/style.css\"\n.byte 0\n.previous\n");
extern const char web_style[];

static const struct page pages[] = {
    {"/c/pay/:id", checkout_page, false, SOURCE_CHECKOUT},
    {"/i/:id", invoice_page, false, 0},
    {"/p/session/:id", portal_page, true, SOURCE_PORTAL},
};

/* ---- addresses ---- */

static bool is_host_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == ':' || c == '[' || c == ']';
}

struct str site_origin_of(struct str url)
{
    size_t length = str_starts(url, STR("https://"))  ? strlen("https://")
                    : str_starts(url, STR("http://")) ? strlen("http://")
                                                      : 0;
    size_t scheme = length;
    while (length && length < url.length && is_host_character(url.data[length]))
        length++;
    bool ends = length == url.length || url.data[length] == '/' || url.data[length] == '?' ||
                url.data[length] == '#';
    return length > scheme && ends ? (struct str){url.data, length} : STR_NULL;
}

bool site_is_origin(struct str url)
{
    return url.length && site_origin_of(url).length == url.length;
}

/* ---- requests ---- */

/* The page of a path, and the id in it. */
static const struct page *find_page(struct str path, struct str *id)
{
    for (size_t i = 0; i < ARRAY_LENGTH(pages); i++) {
        struct str prefix = {pages[i].path, strlen(pages[i].path) - strlen(":id")};
        if (!str_starts(path, prefix))
            continue;
        *id = (struct str){path.data + prefix.length, path.length - prefix.length};
        if (id->length && !memchr(id->data, '/', id->length))
            return &pages[i];
    }
    return NULL;
}

static bool not_found(struct visit *visit)
{
    page_notice(visit, 404, "There is nothing here", "The address is wrong, or too old.", STR_NULL,
                "");
    return true;
}

static bool read_form(struct exchange *exchange, bool posts)
{
    if (!posts)
        return form_parse(&exchange->prepared, exchange->query, STR_NULL);
    struct str type = str_lower(&exchange->arena, exchange->content_type);
    return str_starts(type, STR(FORM_TYPE)) &&
           form_parse(&exchange->prepared, STR_NULL, exchange->body);
}

static bool prepare(const struct service *service, struct exchange *exchange,
                    enum exchange_next *next)
{
    struct visit visit = {service, exchange, &exchange->prepared, STR_NULL, false, {0}};
    struct str path = exchange->path;
    static const struct page nothing = {0};
    if (!str_starts(path, STR("/c/")) && !str_starts(path, STR("/i/")) &&
        !str_starts(path, STR("/p/")))
        return false;
    exchange->page = &nothing;
    *next = EXCHANGE_ANSWERED;
    bool gets = str_is(exchange->method, "GET") || str_is(exchange->method, "HEAD");
    if (gets && str_is(path, STYLE_PATH)) {
        exchange_answer(exchange, 200, "text/css; charset=utf-8", str_from(web_style));
        exchange_add_header(exchange, "X-Content-Type-Options", STR("nosniff"));
        return true;
    }
    const struct page *page = find_page(path, &exchange->prepared.path_ids[0]);
    if (!page)
        return not_found(&visit);
    if (!gets && !str_is(exchange->method, "POST")) {
        page_notice(&visit, 405, "This cannot be done here", "Please go back.", STR_NULL, "");
        return true;
    }
    if (!read_form(exchange, !gets)) {
        page_notice(&visit, 400, "The form was not understood", "Please go back and try again.",
                    STR_NULL, "");
        return true;
    }
    exchange->page = page;
    *next = gets && !page->notes_visits ? EXCHANGE_READS : EXCHANGE_WRITES;
    return true;
}

static void run(const struct service *service, struct exchange *exchange)
{
    struct request *request = &exchange->request;
    request->id = STR_NULL; /* nobody's call of the API */
    struct visit visit = {
        service, exchange, request, request->path_ids[0], str_is(exchange->method, "POST"), {0}};
    bool writes = visit.posts || exchange->page->notes_visits;
    if (writes)
        db_savepoint(request->db);
    exchange->page->serve(&visit);
    if (request->attempt)
        request->attempt->source.value = exchange->page->source;
    if (writes)
        db_release(request->db);
}

static void fail_page(const struct service *service, struct exchange *exchange, int status)
{
    struct visit visit = {service, exchange, &exchange->request, STR_NULL, false, {0}};
    page_notice(&visit, status, "This did not work",
                "Nothing was changed. Please try again in a moment.", STR_NULL, "");
}

const struct site web_site = {prepare, run, fail_page};
