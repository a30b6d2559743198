/* Accounts and keys: a handful of rows that no table of the API describes. */
#include "store/accounts.h"

#include "base/arena.h"
#include "base/random.h"
#include "store/db.h"

#include <sodium.h>
#include <string.h>

#define HINT_LAST_CHARACTERS 4
#define HINT_KEY_CHARACTERS_MIN 20 /* of a shorter key no end is shown */

STATEMENT(find_account, "SELECT number, id, name, parent, created FROM accounts WHERE id = $1");
STATEMENT(find_account_of_key,
          "SELECT a.number, a.id, a.name, a.parent, a.created FROM api_keys AS k"
          " JOIN accounts AS a ON a.number = k.account WHERE k.hash = $1");
STATEMENT(all_accounts, "SELECT number, id, name, parent, created FROM accounts ORDER BY number");
STATEMENT(add_account, "INSERT INTO accounts (number, id, name, parent, created)"
                       " VALUES ($1, $2, $3, $4, $5)");
STATEMENT(last_account, "SELECT COALESCE(MAX(number), 0) FROM accounts");
STATEMENT(all_keys, "SELECT id, hash, account, livemode, name, hint, created, revoked_at"
                    " FROM api_keys ORDER BY created, id");
STATEMENT(add_key, "INSERT INTO api_keys (id, hash, account, livemode, name, hint, created)"
                   " VALUES ($1, $2, $3, $4, $5, $6, $7)");
STATEMENT(revoke_key, "UPDATE api_keys SET revoked_at = $1 WHERE id = $2 AND revoked_at IS NULL");

struct str key_hash(struct arena *arena, const unsigned char pepper[PEPPER_BYTES], struct str key)
{
    unsigned char hash[KEY_HASH_CHARACTERS / 2];
    char *hexadecimal = arena_alloc(arena, KEY_HASH_CHARACTERS + 1);
    crypto_generichash(hash, sizeof(hash), (const unsigned char *)key.data, key.length, pepper,
                       PEPPER_BYTES);
    sodium_bin2hex(hexadecimal, KEY_HASH_CHARACTERS + 1, hash, sizeof(hash));
    return (struct str){hexadecimal, KEY_HASH_CHARACTERS};
}

struct str key_hint(struct arena *arena, struct str key)
{
    static const size_t prefix = sizeof("sk_test_") - 1;
    size_t shown = key.length >= HINT_KEY_CHARACTERS_MIN ? HINT_LAST_CHARACTERS : 0;
    char *hint = (char *)(uintptr_t)str_copy(arena, key).data;
    if (key.length <= prefix)
        return str_copy(arena, STR("****"));
    memset(hint + prefix, '*', key.length - prefix - shown);
    return (struct str){hint, key.length};
}

static void read_account(struct arena *arena, struct query *query, struct account_row *row)
{
    *row = (struct account_row){
        .number = db_int(query, 0),
        .id = str_copy(arena, db_str(query, 1)),
        .name = str_copy(arena, db_str(query, 2)),
        .parent = str_copy(arena, db_str(query, 3)),
        .created = db_int(query, 4),
    };
}

static bool find(struct arena *arena, struct db *db, const struct statement *statement,
                 struct str value, struct account_row *row)
{
    struct query query = db_query(db, statement);
    db_bind_str(&query, value);
    if (!db_row(&query))
        return false;
    read_account(arena, &query, row);
    db_end(&query);
    return true;
}

bool accounts_find(struct arena *arena, struct db *db, struct str id, struct account_row *row)
{
    return find(arena, db, &find_account, id, row);
}

bool accounts_of_key(struct arena *arena, struct db *db, struct str hash, struct account_row *row)
{
    return find(arena, db, &find_account_of_key, hash, row);
}

static int64_t next_number(struct db *db)
{
    struct query query = db_query(db, &last_account);
    int64_t number = db_row(&query) ? db_int(&query, 0) + 1 : 1;
    if (!query.done)
        db_end(&query);
    return number;
}

bool accounts_add(struct arena *arena, struct db *db, struct random *random,
                  struct account_row *row)
{
    char *id = arena_alloc(arena, sizeof("acct_1") + 15);
    memcpy(id, "acct_1", sizeof("acct_1"));
    random_characters(random, ALPHABET_BASE62, id + strlen("acct_1"), 15);
    row->id = str_from(id);
    row->number = next_number(db);
    struct query query = db_query(db, &add_account);
    db_bind_int(&query, row->number);
    db_bind_str(&query, row->id);
    db_bind_str(&query, row->name);
    db_bind_str(&query, row->parent);
    db_bind_int(&query, row->created);
    return db_run(&query) == DB_DONE;
}

bool accounts_default(struct arena *arena, struct db *db, struct random *random, int64_t now,
                      struct account_row *row)
{
    struct query query = db_query(db, &all_accounts);
    if (db_row(&query)) {
        read_account(arena, &query, row);
        db_end(&query);
        return true;
    }
    *row = (struct account_row){.name = STR("Default account"), .created = now};
    return accounts_add(arena, db, random, row);
}

bool keys_add(struct db *db, const struct key_row *row)
{
    struct query query = db_query(db, &add_key);
    db_bind_str(&query, row->id);
    db_bind_str(&query, row->hash);
    db_bind_int(&query, row->account);
    db_bind_int(&query, row->livemode);
    db_bind_str(&query, row->name);
    db_bind_str(&query, row->hint);
    db_bind_int(&query, row->created);
    return db_run(&query) == DB_DONE;
}

bool keys_revoke(struct db *db, struct str id, int64_t now)
{
    struct query query = db_query(db, &revoke_key);
    db_bind_int(&query, now);
    db_bind_str(&query, id);
    return db_run(&query) == DB_DONE && db_changes(db) == 1;
}

void accounts_each(struct arena *arena, struct db *db, account_fn *each, void *context)
{
    struct query query = db_query(db, &all_accounts);
    while (db_row(&query)) {
        struct account_row row;
        read_account(arena, &query, &row);
        each(context, &row);
    }
}

void keys_each(struct arena *arena, struct db *db, key_fn *each, void *context)
{
    struct query query = db_query(db, &all_keys);
    while (db_row(&query)) {
        struct key_row row = {
            .id = str_copy(arena, db_str(&query, 0)),
            .hash = str_copy(arena, db_str(&query, 1)),
            .account = db_int(&query, 2),
            .livemode = db_int(&query, 3) != 0,
            .name = str_copy(arena, db_str(&query, 4)),
            .hint = str_copy(arena, db_str(&query, 5)),
            .created = db_int(&query, 6),
            .revoked_at = db_int(&query, 7),
        };
        each(context, &row);
    }
}
