#pragma once
/* Objects brought in from elsewhere: JSON lines in the API's own shape, of any version. Ids, times
 * and counts are kept; no events are made. */
#include "base/str.h"

struct request;

/* Imports every line; the first has the number `first`. An object whose id exists already is
 * replaced. False: a line is wrong, which the error names; nothing is to be kept then. */
bool import_lines(struct request *request, struct str lines, size_t first,
                  size_t *count) MUST_CHECK;
