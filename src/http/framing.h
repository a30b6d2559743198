#pragma once
/* The gate that refuses requests whose extent two servers could read differently. */
#include "base/str.h"

struct MHD_Connection;

struct framing_problem {
    int status; /* 400, 414 or 431; 0: none */
    const char *message;
};

/* What is wrong with the request line or the headers. `line_bytes`: of the request line. */
struct framing_problem framing_check(struct MHD_Connection *connection, const char *version,
                                     size_t line_bytes);
