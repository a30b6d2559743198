#pragma once
/* The values of `seq` columns, which grow with time and are unique on a database. They are reserved
 * in advance, so that none is given twice. */
#include "base/str.h"

struct db;

struct row_numbers {
    int64_t last;     /* the last that was given */
    int64_t reserved; /* those below this one may be given in this transaction */
};

/* Those of the connection; the driver forgets what was reserved when it rolls back. */
struct row_numbers *db_row_numbers(struct db *db);
