#pragma once
/* Who is asking. */
#include "base/str.h"

struct db;
struct exchange;
struct random;
struct service;

/* Finds the tenant of the key in exchange->prepared. False: 401 or 403. */
bool authenticate(const struct service *service, struct exchange *exchange) MUST_CHECK;

/* Opens the account of exchange->key_to_admit, in the transaction that is open. */
bool admit(const struct service *service, struct exchange *exchange, struct db *db,
           struct random *random) MUST_CHECK;
