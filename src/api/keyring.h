#pragma once
/* Accounts and keys in memory, so that a request is let in without asking the database. Safe to use
 * from several threads. */
#include "base/str.h"
#include "store/accounts.h"

struct db;
struct keyring;

struct keyring *keyring_new(void);
void keyring_free(struct keyring *keyring);

/* Replaces the contents with what the database says. False: it failed, and the contents stay. */
bool keyring_load(struct keyring *keyring, struct db *db) MUST_CHECK;

/* Adds a new account with its first key, unless they are there already. */
void keyring_add(struct keyring *keyring, const struct account_row *account,
                 const struct key_row *key);

enum key_state {
    KEY_UNKNOWN,
    KEY_REVOKED,
    KEY_IN_FORCE
};

struct credential {
    int64_t account; /* number */
    struct str account_id;
    bool livemode;
};

/* Looks a key's hash up. Strings are copied into the arena. */
/* Adds a new account with its first key, unless they are there already. */
void keyring_add(struct keyring *keyring, const struct account_row *account,
                 const struct key_row *key);

enum key_state keyring_find(struct keyring *keyring, struct arena *arena, struct str hash,
                            struct credential *credential);

/* Whether the account of `credential` may act for the account `id`, and if so, replaces it by that.
 */
bool keyring_act_for(struct keyring *keyring, struct arena *arena, struct str id,
                     struct credential *credential);
