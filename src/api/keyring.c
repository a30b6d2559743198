/* Keys as a hash table, accounts as an array. A new account of development is added; any other
 * change, which is rare, loads them anew. */
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
    size_t key_count;
    struct account_row *accounts;
    size_t account_count;
    size_t account_capacity;
};

static void make_slots(struct keyring *keyring, size_t count)
{
    keyring->slots = ARENA_ARRAY(&keyring->arena, struct key_entry, count);
    keyring->slot_count = count;
}

struct keyring *keyring_new(void)
{
    struct keyring *keyring = calloc(1, sizeof(*keyring));
    if (!keyring || pthread_rwlock_init(&keyring->lock, NULL) != 0)
        abort();
    arena_init(&keyring->arena);
    make_slots(keyring, SLOTS_MIN);
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

/* Where an account with that number stands or would have to: they are in order, but the one that is
 * committed first is not always the one that is heard of first. */
static size_t place_of_account(const struct keyring *keyring, int64_t number)
{
    size_t place = keyring->account_count;
    while (place > 0 && keyring->accounts[place - 1].number >= number)
        place--;
    return place;
}

static void make_room(struct keyring *keyring)
{
    if (keyring->account_count < keyring->account_capacity)
        return;
    size_t capacity = keyring->account_capacity ? keyring->account_capacity * 2 : SLOTS_MIN;
    struct account_row *larger = ARENA_ARRAY(&keyring->arena, struct account_row, capacity);
    if (keyring->account_count)
        memcpy(larger, keyring->accounts, sizeof(*larger) * keyring->account_count);
    keyring->accounts = larger;
    keyring->account_capacity = capacity;
}

static void add_account(void *context, const struct account_row *row)
{
    struct keyring *keyring = context;
    size_t place = place_of_account(keyring, row->number);
    if (place < keyring->account_count && keyring->accounts[place].number == row->number)
        return;
    make_room(keyring);
    memmove(&keyring->accounts[place + 1], &keyring->accounts[place],
            sizeof(*keyring->accounts) * (keyring->account_count - place));
    keyring->account_count++;
    keyring->accounts[place] = (struct account_row){
        .number = row->number,
        .id = str_copy(&keyring->arena, row->id),
        .parent = str_copy(&keyring->arena, row->parent),
        .created = row->created,
    };
}

static void add_key(void *context, const struct key_row *row)
{
    struct keyring *keyring = context;
    if (find_entry(keyring, row->hash)->hash.data)
        return;
    if (++keyring->key_count * 2 > keyring->slot_count) {
        const struct key_entry *old = keyring->slots;
        size_t count = keyring->slot_count;
        make_slots(keyring, count * 2);
        for (size_t i = 0; i < count; i++)
            if (old[i].hash.data)
                *find_entry(keyring, old[i].hash) = old[i];
    }
    *find_entry(keyring, row->hash) = (struct key_entry){
        .hash = str_copy(&keyring->arena, row->hash),
        .account = row->account,
        .livemode = row->livemode,
        .revoked = row->revoked_at != 0,
    };
}

void keyring_add(struct keyring *keyring, const struct account_row *account,
                 const struct key_row *key)
{
    pthread_rwlock_wrlock(&keyring->lock);
    add_account(keyring, account);
    add_key(keyring, key);
    pthread_rwlock_unlock(&keyring->lock);
}

bool keyring_load(struct keyring *keyring, struct db *db)
{
    struct keyring fresh = {0};
    struct arena rows; /* what the database says, before it is copied */
    arena_init(&fresh.arena);
    arena_init(&rows);
    make_slots(&fresh, SLOTS_MIN);
    accounts_each(&rows, db, add_account, &fresh);
    keys_each(&rows, db, add_key, &fresh);
    arena_release(&rows);
    bool loaded = db_failed(db) == DB_OK;
    if (loaded) {
        pthread_rwlock_wrlock(&keyring->lock);
        struct arena old = keyring->arena;
        keyring->arena = fresh.arena;
        keyring->slots = fresh.slots;
        keyring->slot_count = fresh.slot_count;
        keyring->key_count = fresh.key_count;
        keyring->accounts = fresh.accounts;
        keyring->account_count = fresh.account_count;
        keyring->account_capacity = fresh.account_capacity;
        pthread_rwlock_unlock(&keyring->lock);
        fresh.arena = old;
    }
    arena_release(&fresh.arena);
    return loaded;
}

static int compare_numbers(const void *number, const void *account)
{
    int64_t wanted = *(const int64_t *)number,
            found = ((const struct account_row *)account)->number;
    return wanted < found ? -1 : wanted > found;
}

static const struct account_row *account_numbered(const struct keyring *keyring, int64_t number)
{
    return keyring->account_count ? bsearch(&number, keyring->accounts, keyring->account_count,
                                            sizeof(*keyring->accounts), compare_numbers)
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
