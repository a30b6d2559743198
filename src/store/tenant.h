#pragma once
/* A tenant's data as a whole. */
#include "base/str.h"

struct db;

/* Removes every object, counter, event and stored answer of the tenant. */
void tenant_empty(struct db *db, int64_t tenant);
