/* The keys in force as a hash table, the accounts as an array. Both are small and change rarely: a
 * change loads them anew. */
#include "api/keyring.h"

#include "base/arena.h"
#include "store/db.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS_MIN 64

struct key_entry {
    struct str hash;
    int64_t account;
    bool livemode;
    bool revoked;
};

struct keyring {
    pthread_rwlock_t lock;
    struct arena arena;
    struct key_entry *slots; /* open addressing; a free one has no hash */
    size_t slot_count;
    struct account_row *accounts;
    size_t account_count;
};

struct keyring *keyring_new(void)
{
    struct keyring *keyring = calloc(1, sizeof(*keyring));
    if (!keyring || pthread_rwlock_init(&keyring->lock, NULL) != 0)
        abort();
    arena_init(&keyring->arena);
    return keyring;
}

void keyring_free(struct keyring *keyring)
{
    pthread_rwlock_destroy(&keyring->lock);
    arena_release(&keyring->arena);
    free(keyring);
}

/* The hash is random already: its first characters choose the slot. */
static size_t first_slot(const struct keyring *keyring, struct str hash)
{
    uint64_t start;
    memcpy(&start, hash.data, sizeof(start));
    return (size_t)(start * UINT64_C(0x9E3779B97F4A7C15) >> 32) & (keyring->slot_count - 1);
}

static struct key_entry *find_entry(const struct keyring *keyring, struct str hash)
{
    size_t slot = first_slot(keyring, hash);
    while (keyring->slots[slot].hash.data &&
           sodium_memcmp(keyring->slots[slot].hash.data, hash.data, KEY_HASH_CHARACTERS) != 0)
        slot = (slot + 1) & (keyring->slot_count - 1);
    return &keyring->slots[slot];
}

static void count_account(void *context, const struct account_row *row)
{
    (void)row;
    ++*(size_t *)context;
}

static void count_key(void *context, const struct key_row *row)
{
    (void)row;
    ++*(size_t *)context;
}

static void add_account(void *context, const struct account_row *row)
{
    struct keyring *keyring = context;
    keyring->accounts[keyring->account_count++] = *row;
}

static void add_key(void *context, const struct key_row *row)
{
    struct keyring *keyring = context;
    *find_entry(keyring, row->hash) = (struct key_entry){
        .hash = row->hash,
        .account = row->account,
        .livemode = row->livemode,
        .revoked = row->revoked_at != 0,
    };
}

void keyring_load(struct keyring *keyring, struct db *db)
{
    size_t accounts = 0, keys = 0, slots = SLOTS_MIN;
    pthread_rwlock_wrlock(&keyring->lock);
    arena_reset(&keyring->arena);
    accounts_each(&keyring->arena, db, count_account, &accounts);
    keys_each(&keyring->arena, db, count_key, &keys);
    while (slots < keys * 2)
        slots *= 2;
    keyring->accounts = ARENA_ARRAY(&keyring->arena, struct account_row, accounts);
    keyring->account_count = 0;
    keyring->slots = ARENA_ARRAY(&keyring->arena, struct key_entry, slots);
    keyring->slot_count = slots;
    accounts_each(&keyring->arena, db, add_account, keyring);
    keys_each(&keyring->arena, db, add_key, keyring);
    pthread_rwlock_unlock(&keyring->lock);
}

static const struct account_row *account_numbered(const struct keyring *keyring, int64_t number)
{
    /* Numbers are given in order and accounts are never deleted. */
    return number >= 1 && (size_t)number <= keyring->account_count ? &keyring->accounts[number - 1]
                                                                   : NULL;
}

enum key_state keyring_find(struct keyring *keyring, struct arena *arena, struct str hash,
                            struct credential *credential)
{
    enum key_state state = KEY_UNKNOWN;
    pthread_rwlock_rdlock(&keyring->lock);
    const struct key_entry *entry = find_entry(keyring, hash);
    const struct account_row *account = account_numbered(keyring, entry->account);
    if (entry->hash.data && account) {
        state = entry->revoked ? KEY_REVOKED : KEY_IN_FORCE;
        *credential = (struct credential){
            .account = entry->account,
            .account_id = str_copy(arena, account->id),
            .livemode = entry->livemode,
        };
    }
    pthread_rwlock_unlock(&keyring->lock);
    return state;
}

bool keyring_act_for(struct keyring *keyring, struct arena *arena, struct str id,
                     struct credential *credential)
{
    bool found = false;
    pthread_rwlock_rdlock(&keyring->lock);
    for (size_t i = 0; i < keyring->account_count && !found; i++) {
        const struct account_row *account = &keyring->accounts[i];
        if (!str_equal(account->id, id))
            continue;
        found = str_equal(id, credential->account_id) ||
                str_equal(account->parent, credential->account_id);
        if (found) {
            credential->account = account->number;
            credential->account_id = str_copy(arena, account->id);
        }
    }
    pthread_rwlock_unlock(&keyring->lock);
    return found;
}
