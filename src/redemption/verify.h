#pragma once
/* Recomputes from the ledger what the counters say, and checks what must hold between rows. */
#include "base/str.h"

struct db;
struct text;

/* Appends a line for each violation found, and at the end a line that sums up. True: there is none.
 */
bool verify_run(struct db *db, struct text *report);
