/* What a buyer types. */
#include "web/checkout_form.h"

#include "base/arena.h"
#include "base/date.h"
#include "base/limits.h"
#include "resources/checkout_session.h"
#include "resources/promotion_code.h"
#include "resources/test_card.h"
#include "web/html.h"
#include "web/words.h"

#include <string.h>

#define CVC_DIGITS_MIN 3
#define CVC_DIGITS_MAX 4
#define CARD_DIGITS_MAX 19

/* ---- reading ---- */

void checkout_form_read(const struct visit *visit, struct checkout_form *form)
{
    *form = (struct checkout_form){
        .code.value = page_field(visit, "code"),
        .email.value = page_field(visit, "email"),
        .number.value = page_field(visit, "number"),
        .expiry.value = page_field(visit, "expiry"),
        .cvc.value = page_field(visit, "cvc"),
        .name.value = page_field(visit, "name"),
        .total = page_field(visit, "total"),
    };
}

/* Without the blanks and hyphens that people put between digits; null: not only digits. */
static struct str digits_of(struct arena *arena, struct str text, size_t max)
{
    char *digits = arena_alloc(arena, text.length + 1);
    size_t count = 0;
    for (size_t i = 0; i < text.length; i++) {
        char c = text.data[i];
        if (c == ' ' || c == '-')
            continue;
        if (c < '0' || c > '9')
            return STR_NULL;
        digits[count++] = c;
    }
    return count && count <= max ? (struct str){digits, count} : STR_NULL;
}

static void check_email(struct field_input *email)
{
    struct str domain, local = str_split(email->value, '@', &domain);
    bool good = local.length && domain.length && !memchr(domain.data, '@', domain.length) &&
                !memchr(email->value.data, ' ', email->value.length) &&
                str_characters(email->value) <= EMAIL_CHARACTERS_MAX;
    if (!good)
        email->problem = STR("Enter your e-mail address, such as jane@example.com.");
}

/* MM/YY or MM/YYYY, not in the past. */
static void check_expiry(struct visit const *visit, struct field_input *expiry)
{
    struct str rest, digits = digits_of(visit->request->arena, expiry->value, 4);
    struct str month = str_split(expiry->value, '/', &rest), year = rest;
    if (digits.length == 4) {
        month = (struct str){digits.data, 2};
        year = (struct str){digits.data + 2, 2};
    }
    int64_t month_number = 0, year_number = 0;
    month = digits_of(visit->request->arena, month, 2);
    year = digits_of(visit->request->arena, year, 4);
    if (!str_to_int64(month, &month_number) || !str_to_int64(year, &year_number) ||
        month_number < 1 || month_number > 12 || year.length % 2 != 0) {
        expiry->problem = STR("Enter the month and year of expiry, such as 12/34.");
        return;
    }
    struct date today = date_from_days(floor_divide(visit->request->now, SECONDS_PER_DAY));
    if (year.length == 2)
        year_number += 2000;
    if (year_number * 12 + month_number < today.year * 12 + today.month)
        expiry->problem = STR("Your card has expired.");
}

static void check_card(const struct visit *visit, struct checkout_form *form)
{
    struct arena *arena = visit->request->arena;
    struct str number = digits_of(arena, form->number.value, CARD_DIGITS_MAX);
    struct str cvc = digits_of(arena, form->cvc.value, CVC_DIGITS_MAX);
    form->card = number.data ? test_card_numbered(number) : NULL;
    if (!number.data)
        form->number.problem = STR("Enter the number of your card.");
    else if (!form->card)
        form->number.problem = STR("This is no test card. Use one, such as 4242 4242 4242 4242.");
    check_expiry(visit, &form->expiry);
    if (cvc.length < CVC_DIGITS_MIN)
        form->cvc.problem = STR("Enter the three or four digits of the security code.");
}

bool checkout_wants_email(const struct checkout_session *session)
{
    return !session->customer_details.email.data;
}

bool checkout_form_check(const struct visit *visit, const struct checkout_session *session,
                         struct checkout_form *form)
{
    if (checkout_wants_email(session))
        check_email(&form->email);
    if (checkout_wants_card(session))
        check_card(visit, form);
    return !form->email.problem.data && !form->number.problem.data && !form->expiry.problem.data &&
           !form->cvc.problem.data;
}

/* ---- showing ---- */

struct field_look {
    const char *name;
    const char *label;
    const char *type;
    const char *complete; /* what browsers may fill in */
    const char *example;
};

/* A labelled field with its problem; the first problem of the page gets the focus. */
static void add_field(struct visit *visit, const struct field_look *look,
                      const struct field_input *input, bool *focused)
{
    struct text *html = &visit->html;
    struct str name = str_from(look->name);
    html_add(html,
             "<div class=\"field\">\n<label for=\"{}\">{}</label>\n"
             "<input id=\"{}\" name=\"{}\" type=\"{}\" autocomplete=\"{}\" placeholder=\"{}\" "
             "value=\"{}\"",
             name, str_from(look->label), name, name, str_from(look->type),
             str_from(look->complete), str_from(look->example), input->value);
    if (input->problem.data) {
        html_add(html, " aria-invalid=\"true\" aria-describedby=\"{}-problem\"", name);
        if (!*focused)
            html_literal(html, " autofocus");
        *focused = true;
    }
    html_literal(html, ">\n");
    if (input->problem.data)
        html_add(html, "<p class=\"problem\" id=\"{}-problem\" role=\"alert\">{}</p>\n", name,
                 input->problem);
    html_literal(html, "</div>\n");
}

static void add_code(struct visit *visit, const struct checkout_session *session,
                     const struct promotion_code *code, const struct checkout_form *form,
                     bool *focused)
{
    static const struct field_look look = {"code", "Promotion code", "text", "off", ""};
    struct text *html = &visit->html;
    if (!session->allow_promotion_codes.value)
        return;
    html_literal(html, "<div class=\"code\">\n");
    if (code) {
        html_add(html,
                 "<p>Promotion code <strong class=\"tag\">{}</strong></p>\n"
                 "<button name=\"action\" value=\"remove\" aria-label=\"Remove code {}\">Remove"
                 "</button>\n",
                 code->code, code->code);
    } else {
        add_field(visit, &look, &form->code, focused);
        html_literal(html, "<button name=\"action\" value=\"apply\">Apply</button>\n");
    }
    html_literal(html, "</div>\n");
}

static void add_card(struct visit *visit, const struct checkout_form *form, bool *focused)
{
    static const struct field_look number = {"number", "Card number", "text", "cc-number",
                                             "4242 4242 4242 4242"};
    static const struct field_look expiry = {"expiry", "Expiry", "text", "cc-exp", "MM / YY"};
    static const struct field_look cvc = {"cvc", "Security code", "text", "cc-csc", "CVC"};
    static const struct field_look name = {"name", "Name on the card", "text", "cc-name", ""};
    const struct field_input typed_again = {STR_NULL, form->cvc.problem};
    struct text *html = &visit->html;
    html_literal(html, "<fieldset>\n<legend>Card</legend>\n"
                       "<p class=\"hint\">Payments are simulated: no money moves. "
                       "4242 4242 4242 4242 pays, 4000 0000 0000 0002 is declined.</p>\n");
    add_field(visit, &number, &form->number, focused);
    html_literal(html, "<div class=\"pair\">\n");
    add_field(visit, &expiry, &form->expiry, focused);
    add_field(visit, &cvc, &typed_again, focused);
    html_literal(html, "</div>\n");
    add_field(visit, &name, &form->name, focused);
    html_literal(html, "</fieldset>\n");
}

static const char *verb_of(const struct checkout_session *session)
{
    static const char *const verbs[] = {NULL, NULL, "Book", "Donate", "Pay", "Subscribe"};
    const char *verb = verbs[session->submit_type.value];
    return verb ? verb : session->mode.value == MODE_SUBSCRIPTION ? "Subscribe" : "Pay";
}

void checkout_form_show(struct visit *visit, const struct checkout_session *session,
                        const struct promotion_code *code, const struct checkout_form *form)
{
    static const struct field_look email = {"email", "E-mail", "email", "email",
                                            "jane@example.com"};
    struct text *html = &visit->html;
    bool focused = false;
    html_literal(html, "<form class=\"card\" method=\"post\" novalidate>\n");
    html_add(html, "<input type=\"hidden\" name=\"token\" value=\"{}\">\n", page_token(visit));
    html_add(html, "<input type=\"hidden\" name=\"total\" value=\"{}\">\n",
             str_format(visit->request->arena, "%lld", (long long)session->amount_total));
    /* The Enter key presses the first button: it must be none that removes or applies. */
    html_literal(html, "<button class=\"default\" name=\"action\" value=\"pay\" tabindex=\"-1\" "
                       "aria-hidden=\"true\">Continue</button>\n");
    if (form->problem.data)
        html_add(html, "<p class=\"problem banner\" role=\"alert\">{}</p>\n", form->problem);
    if (form->notice.data)
        html_add(html, "<p class=\"good banner\" role=\"status\">{}</p>\n", form->notice);
    add_code(visit, session, code, form, &focused);
    if (checkout_wants_email(session))
        add_field(visit, &email, &form->email, &focused);
    if (checkout_wants_card(session))
        add_card(visit, form, &focused);
    struct str amount =
        words_amount(visit->request->arena, session->amount_total, session->currency);
    if (session->amount_total > 0)
        html_add(html, "<button class=\"main\" name=\"action\" value=\"pay\">{} {}</button>\n",
                 str_from(verb_of(session)), amount);
    else
        html_add(html, "<button class=\"main\" name=\"action\" value=\"pay\">{}</button>\n",
                 checkout_has_trial(session) ? STR("Start trial") : STR("Complete order"));
    html_literal(html, "</form>\n");
}
