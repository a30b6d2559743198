#pragma once
/* Lists with cursors and filters: GET on a collection. */
#include "resources/resource.h"

struct text;

/* The regular list. */
handler_fn resource_list;

/* The objects that the filters of the form name, without cursors: at most `limit` of those older
 * than `below`, a row; 0: from the newest on. For answers that come in pieces. */
bool list_older(struct request *request, const struct resource *resource, int64_t below,
                int64_t limit, struct answer *answer) MUST_CHECK;

/* What every list takes. */
struct page {
    int64_t limit;
    struct str starting_after;
    struct str ending_before;
    struct strings expand;
};

/* Reads the parameters of a list: the filters that the resource offers, and the page. */
bool list_read_page(struct request *request, const struct route *route, void *filter,
                    struct page *page) MUST_CHECK;

/* The same with the parameters of the route in place of the filters. */
bool list_read_page_with(struct request *request, const struct route *route, void *parameters,
                         struct page *page) MUST_CHECK;

/* Answers with a page of objects that are all there, in the order in which they are. */
bool list_page_of(struct request *request, const struct page *page, const struct resource *resource,
                  const void *items, size_t count, struct str url,
                  struct answer *answer) MUST_CHECK;

/* The list of those that meet a condition too, in which ? is the value. */
bool resource_list_of(struct request *request, const struct route *route, struct answer *answer,
                      const char *condition, struct str value) MUST_CHECK;

/* The parameters that every list takes: limit, starting_after, ending_before. */
extern const struct schema page_schema;
/* The same without expand[], of objects in which there is nothing to expand. */
extern const struct schema plain_page_schema;

/* The list's statement with every filter that the table offers, each on its own and all together,
 * one per line: for trying them on a database. */
void list_statements(struct request *request, const struct resource *resource, struct text *text);
