#pragma once
/* Rules that several objects share. */
#include "schema/field.h"

struct request;

/* Whether a time is in the future and no further than SCHEDULE_YEARS_MAX; unset is fine. `name`: of
 * the parameter. */
bool check_schedule(struct request *request, const char *name,
                    const struct opt_time *time) MUST_CHECK;

/* Whether the keys of a dictionary, of elements `of`, are currencies in lower case. */
bool check_currency_keys(struct request *request, const char *name, const struct schema *of,
                         const struct dictionary *dictionary) MUST_CHECK;
