/* A table of prepared statements with linear probing. It is emptied when it is full: what is asked
 * for again is prepared again. */
#include "store/statement_cache.h"

#include <assert.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

static void finalize(struct db_statement *statement)
{
    sqlite3_finalize(statement->handle);
    free(statement->sql);
    free(statement);
}

void statement_cache_clear(struct statement_cache *cache)
{
    struct db_statement *running[STATEMENT_SLOTS];
    size_t count = 0;
    for (size_t i = 0; i < STATEMENT_SLOTS; i++) {
        if (cache->slots[i] && cache->slots[i]->running)
            running[count++] = cache->slots[i];
        else if (cache->slots[i])
            finalize(cache->slots[i]);
        cache->slots[i] = NULL;
    }
    for (size_t i = 0; i < count; i++) {
        uint64_t slot = running[i]->hash;
        while (cache->slots[slot % STATEMENT_SLOTS])
            slot++;
        cache->slots[slot % STATEMENT_SLOTS] = running[i];
    }
    cache->taken = count;
}

static struct db_statement *prepare(sqlite3 *handle, struct str sql)
{
    struct db_statement *statement = calloc(1, sizeof(*statement));
    if (!statement)
        abort();
    int code = sqlite3_prepare_v3(handle, sql.data, (int)sql.length, SQLITE_PREPARE_PERSISTENT,
                                  &statement->handle, NULL);
    if (code != SQLITE_OK || !statement->handle) {
        finalize(statement);
        return NULL;
    }
    /* Named parameters count by first appearance; $n must therefore be the n-th. */
    for (int i = 1; i <= sqlite3_bind_parameter_count(statement->handle); i++) {
        int64_t number;
        bool counted =
            str_to_int64(str_from(sqlite3_bind_parameter_name(statement->handle, i) + 1), &number);
        assert(counted && number == i);
    }
    statement->writes = !sqlite3_stmt_readonly(statement->handle);
    return statement;
}

static struct db_statement **find_slot(struct statement_cache *cache, uint64_t hash,
                                       const struct statement *declared, struct str sql)
{
    for (uint64_t i = hash;; i++) {
        struct db_statement **slot = &cache->slots[i % STATEMENT_SLOTS];
        const struct db_statement *found = *slot;
        if (!found ||
            (declared ? found->declared == declared : found->sql && str_is(sql, found->sql)))
            return slot;
    }
}

static struct db_statement *get(struct statement_cache *cache, sqlite3 *handle, uint64_t hash,
                                const struct statement *declared, struct str sql)
{
    struct db_statement **slot = find_slot(cache, hash, declared, sql);
    if (*slot)
        return *slot;
    if (cache->taken >= STATEMENT_SLOTS / 2) {
        statement_cache_clear(cache);
        slot = find_slot(cache, hash, declared, sql);
    }
    *slot = prepare(handle, sql);
    if (!*slot)
        return NULL;
    cache->taken++;
    (*slot)->number = ++cache->prepared;
    (*slot)->hash = hash;
    (*slot)->declared = declared;
    if (!declared && !((*slot)->sql = strndup(sql.data, sql.length)))
        abort();
    return *slot;
}

struct db_statement *statement_cache_declared(struct statement_cache *cache, sqlite3 *handle,
                                              const struct statement *statement)
{
    uint64_t hash = (uint64_t)(uintptr_t)statement / sizeof(*statement);
    return get(cache, handle, hash * UINT64_C(0x9E3779B97F4A7C15) >> 32, statement,
               str_from(statement->sql));
}

struct db_statement *statement_cache_text(struct statement_cache *cache, sqlite3 *handle,
                                          struct str sql)
{
    return get(cache, handle, str_hash(sql), NULL, sql);
}
