#pragma once
/* Accounts and their API keys. A key is kept as a keyed hash; the key itself is shown once, when it
 * is made. */
#include "base/str.h"

struct arena;
struct db;
struct random;

#define PEPPER_BYTES 32
#define KEY_HASH_CHARACTERS 64

/* Tenant of an account's test or live objects. */
#define TENANT_OF(account_number, livemode) ((account_number)*2 + ((livemode) ? 1 : 0))

struct account_row {
    int64_t number;
    struct str id;     /* acct_… */
    struct str name;   /* null: none */
    struct str parent; /* acct_… of the account whose keys may act for it; null: none */
    int64_t created;
};

struct key_row {
    struct str id; /* key_… */
    struct str hash;
    int64_t account; /* number */
    bool livemode;
    struct str name;
    struct str hint; /* sk_test_****1234 */
    int64_t created;
    int64_t revoked_at; /* 0: in force */
};

/* Hash of a key under the pepper, in hexadecimal. */
struct str key_hash(struct arena *arena, const unsigned char pepper[PEPPER_BYTES], struct str key);

/* What may be shown of a key: its beginning up to the mode, asterisks, its last four characters. */
struct str key_hint(struct arena *arena, struct str key);

bool accounts_find(struct arena *arena, struct db *db, struct str id, struct account_row *row);

/* The account of the key with that hash, whether the key is in force or not. */
bool accounts_of_key(struct arena *arena, struct db *db, struct str hash, struct account_row *row);

/* Adds an account; fills in number and id. */
bool accounts_add(struct arena *arena, struct db *db, struct random *random,
                  struct account_row *row) MUST_CHECK;

/* The account that keys belong to when none is named: the oldest one, made when there is none. */
bool accounts_default(struct arena *arena, struct db *db, struct random *random, int64_t now,
                      struct account_row *row) MUST_CHECK;

bool keys_add(struct db *db, const struct key_row *row) MUST_CHECK;

/* False: no such key in force. */
bool keys_revoke(struct db *db, struct str id, int64_t now) MUST_CHECK;

/* Call `each` for every account or key, oldest first. */
typedef void account_fn(void *context, const struct account_row *row);
typedef void key_fn(void *context, const struct key_row *row);
void accounts_each(struct arena *arena, struct db *db, account_fn *each, void *context);
void keys_each(struct arena *arena, struct db *db, key_fn *each, void *context);
