#pragma once
/* Query plans on SQLite. */
#include "base/str.h"

struct db;

/* Tells the query planner what the indexes are good for. To be called after the schema has changed;
 * connections that are opened later know it. */
bool plan_indexes(struct db *db) MUST_CHECK;
