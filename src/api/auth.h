#pragma once
/* Who is asking. */
#include "base/str.h"
#include "store/accounts.h"

#define AUTH_MEMO_BYTES 256

/* The last Authorization header of a connection and what it hashed to: clients send the same one
 * with every request. */
struct auth_memo {
    char header[AUTH_MEMO_BYTES];
    size_t length; /* 0: none */
    char hash[KEY_HASH_CHARACTERS];
};

struct db;
struct exchange;
struct random;
struct service;

/* Finds the tenant of the key in exchange->prepared. False: 401 or 403. */
bool authenticate(const struct service *service, struct exchange *exchange) MUST_CHECK;

/* Opens the account of exchange->key_to_admit, in the transaction that is open. */
bool admit(const struct service *service, struct exchange *exchange, struct db *db,
           struct random *random) MUST_CHECK;
