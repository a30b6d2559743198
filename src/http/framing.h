#pragma once
/* The gate that refuses requests whose extent two servers could read differently. */
#include "base/str.h"

struct MHD_Connection;

/* NULL: unambiguous. Otherwise what is wrong with the headers. */
const char *framing_problem(struct MHD_Connection *connection, const char *version);
