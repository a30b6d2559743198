#pragma once
/* A page for people: what serving one needs, and what all of them look like. They work without any
 * script, and none could run: the policy sent with each page forbids it. */
#include "base/request.h"
#include "base/text.h"
#include "schema/field.h"

struct exchange;
struct service;

/* Somebody looks at a page or sends its form. */
struct visit {
    const struct service *service;
    struct exchange *exchange;
    struct request *request;
    struct str id; /* in the path */
    bool posts;
    struct text html;
};

/* A page by its path, in which `:id` is the id. */
struct page {
    const char *path;
    void (*serve)(struct visit *visit);
    bool notes_visits; /* being looked at changes something too */
    int source;        /* of attempts that are made on it */
};

/* Opens and ends the document. `leads_to`: where the page's form may end up beside this site, as a
 * URL; null: nowhere. */
void page_begin(struct visit *visit, struct str title);
void page_end(struct visit *visit, struct str leads_to);

/* A whole page that says one thing. `link`: where it leads on to; null: nowhere. */
void page_notice(struct visit *visit, int status, const char *heading, const char *message,
                 struct str link, const char *link_text);

/* To another address, after a form was sent. */
void page_redirect(struct visit *visit, struct str url);

/* What a form carries to show that it comes from the page of that id. */
struct str page_token(struct visit *visit);

/* Whether the form was sent from that page; else the answer is made. */
bool page_form_is_own(struct visit *visit) MUST_CHECK;

/* A code that somebody typed. */
struct code_try {
    struct str text;
    struct str customer; /* who typed it; null: not known */
    int64_t *refused;    /* so many were since … */
    struct opt_time *since;
};

/* Whether the code can be looked up, or so many wrong ones were typed lately that somebody seems to
 * be guessing. */
bool page_may_try_code(const struct visit *visit, const struct code_try *tried);

/* Counts a wrong code, and completes the attempt that was noted. */
void page_code_refused(const struct visit *visit, const struct code_try *tried);

/* Undoes everything that was done for the visit. */
void page_undo(struct visit *visit);

/* What was typed into the field; null: nothing. Blanks around it are taken away. */
struct str page_field(const struct visit *visit, const char *name);
