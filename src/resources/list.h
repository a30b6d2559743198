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

/* The parameters that every list takes: limit, starting_after, ending_before. */
extern const struct schema page_schema;

/* The list's statement with every filter that the table offers, each on its own and all together,
 * one per line: for trying them on a database. */
void list_statements(struct request *request, const struct resource *resource, struct text *text);
