/* Migrations: numbered SQL files that are part of the program. One file serves both databases; only
 * the word CLUSTERED differs. */
#include "store/migrate.h"

#include "base/arena.h"
#include "base/log.h"
#include "base/text.h"
#include "store/db.h"
#include "store/plan.h"
#include "store/sqlite.h"

#include <migrations_sum.h> /* so that this file depends on what it embeds */
#include <string.h>

#define MIGRATION_BYTES_MAX (256 * 1024)

/* The file's bytes with a NUL behind them. */
#define EMBED(name, file)                                                        \
    __asm__(".section .rodata\n.global " #name "\n.hidden " #name "\n" #name     \
            ":\n.incbin \"" MIGRATIONS_DIR "/" file "\"\n.byte 0\n.previous\n"); \
    extern const char name[]

EMBED(migration_0001, "0001_objects.sql");
EMBED(migration_0002, "0002_billing.sql");
EMBED(migration_0003, "0003_webhooks.sql");
EMBED(migration_0004, "0004_payments.sql");
EMBED(migration_0005, "0005_redemptions.sql");
EMBED(migration_0006, "0006_batches.sql");
EMBED(migration_0007, "0007_checkout.sql");
EMBED(migration_0008, "0008_code_shapes.sql");
EMBED(migration_0009, "0009_attempts.sql");
EMBED(migration_0010, "0010_unnamed_uses.sql");
EMBED(migration_0011, "0011_batch_rules.sql");
EMBED(migration_0012, "0012_counters_on_use.sql");
EMBED(migration_0013, "0013_codes_apart_from_key.sql");

static const char *const migrations[] = {
    migration_0001, migration_0002, migration_0003, migration_0004, migration_0005,
    migration_0006, migration_0007, migration_0008, migration_0009, migration_0010,
    migration_0011, migration_0012, migration_0013};

STATEMENT(find_version, "SELECT version FROM schema_version");
STATEMENT(set_version, "UPDATE schema_version SET version = $1");

int64_t migrate_newest(void)
{
    return ARRAY_LENGTH(migrations);
}

struct str migrate_sql(struct arena *arena, int64_t number, enum dialect dialect)
{
    static const char marker[] = ") CLUSTERED;";
    struct text text;
    text_init(&text, arena, MIGRATION_BYTES_MAX);
    if (number == 1)
        text_add_literal(&text, "CREATE TABLE schema_version (version BIGINT NOT NULL);\n"
                                "INSERT INTO schema_version (version) VALUES (0);\n");
    const char *rest = migrations[number - 1];
    for (const char *found; (found = strstr(rest, marker)); rest = found + strlen(marker)) {
        text_add(&text, (struct str){rest, (size_t)(found - rest)});
        text_add(&text, dialect == DIALECT_SQLITE ? STR(") WITHOUT ROWID;") : STR(");"));
    }
    text_add(&text, str_from(rest));
    return text_str(&text);
}

int64_t migrate_current(struct db *db)
{
    struct query exists =
        db_query_text(db, STR("SELECT 1 FROM sqlite_schema WHERE name = 'schema_version'"));
    if (!db_row(&exists))
        return 0;
    db_end(&exists);
    struct query query = db_query(db, &find_version);
    int64_t version = db_row(&query) ? db_int(&query, 0) : 0;
    if (!query.done)
        db_end(&query);
    return version;
}

static bool run_one(struct arena *arena, struct db *db, int64_t number)
{
    db_begin(db, true);
    bool done = sqlite_execute(db, migrate_sql(arena, number, DIALECT_SQLITE).data);
    if (done) {
        struct query query = db_query(db, &set_version);
        db_bind_int(&query, number);
        done = db_run(&query) == DB_DONE && db_commit(db);
    }
    if (!done)
        db_rollback(db);
    return done;
}

bool migrate_run(struct arena *arena, struct db *db)
{
    int64_t current = migrate_current(db);
    if (current > migrate_newest()) {
        log_message(LOG_ERROR, "migrate",
                    "the database has schema %lld, this program knows up to %lld: use a newer "
                    "coupond",
                    (long long)current, (long long)migrate_newest());
        return false;
    }
    if (current == migrate_newest())
        return db_failed(db) == DB_OK;
    for (int64_t number = current + 1; number <= migrate_newest(); number++)
        if (!run_one(arena, db, number))
            return false;
    return plan_indexes(db);
}
