#pragma once
/* GET /v1/customers/search. */
#include "resources/resource.h"

struct text;

extern const struct schema search_schema;

handler_fn search_customers;

/* Its statement with every kind of condition, for trying it on a database. */
void search_statements(struct request *request, struct text *text);
