#pragma once
/* What the rows of parameters demand, of objects that no form brought. */
#include "schema/field.h"

struct request;

/* Whether every member could have come as a parameter of creation or update: within the bounds and
 * of the format of its row, and there if it is required. Times are checked wherever they come from.
 * Values are spelled anew as a form's would be. `amount_max`: instead of AMOUNT_MAX, of objects
 * whose amounts are worked out. */
bool bounds_check(struct request *request, const struct schema *schema, void *object,
                  int64_t amount_max) MUST_CHECK;
