/* Migrations: once, whole, and never backwards. */
#include "lib/unit.h"
#include "lib/world.h"

#include "store/migrate.h"
#include "store/sqlite.h"

#include <stdlib.h>
#include <unistd.h>

static struct arena arena;
static struct db *db;
static char path[] = "/tmp/coupond-migrate-XXXXXX";

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena);
    memcpy(path + sizeof(path) - 7, "XXXXXX", 6);
    int file = mkstemp(path);
    assert_true(file >= 0);
    close(file);
    db = sqlite_open(path, SQLITE_WRITER);
    assert_non_null(db);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    sqlite_close(db);
    unlink(path);
    unlink(str_format(&arena, "%s-wal", path).data);
    unlink(str_format(&arena, "%s-shm", path).data);
    arena_release(&arena);
    return 0;
}

static bool has_table(const char *name)
{
    struct query query = db_query_text(db, STR("SELECT 1 FROM sqlite_schema WHERE name = $1"));
    db_bind_str(&query, str_from(name));
    bool found = db_row(&query);
    db_end(&query);
    return found;
}

TEST(test_an_empty_database_gets_the_newest_schema)
{
    assert_int_equal(migrate_current(db), 0);
    assert_true(migrate_run(&arena, db));
    assert_int_equal(migrate_current(db), migrate_newest());
    assert_true(has_table("coupons"));
    assert_true(has_table("redemptions"));
}

TEST(test_running_again_changes_nothing)
{
    assert_true(migrate_run(&arena, db));
    assert_true(
        sqlite_execute(db, "INSERT INTO accounts (number, id, created) VALUES (1, 'a', 2)"));
    assert_true(migrate_run(&arena, db));
    struct query query = db_query_text(db, STR("SELECT COUNT(*) FROM accounts"));
    assert_true(db_row(&query));
    assert_int_equal(db_int(&query, 0), 1);
    db_end(&query);
}

TEST(test_a_newer_database_is_refused)
{
    assert_true(migrate_run(&arena, db));
    assert_true(sqlite_execute(db, "UPDATE schema_version SET version = version + 1"));
    assert_false(migrate_run(&arena, db));
    assert_int_equal(migrate_current(db), migrate_newest() + 1);
}

TEST(test_a_migration_that_fails_leaves_nothing)
{
    assert_true(sqlite_execute(db, "CREATE TABLE events (in_the_way BIGINT)"));
    assert_false(migrate_run(&arena, db));
    db_clear(db);
    assert_int_equal(migrate_current(db), 0);
    assert_false(has_table("coupons")); /* comes before events */
    assert_false(has_table("schema_version"));
    assert_true(sqlite_execute(db, "DROP TABLE events"));
    assert_true(migrate_run(&arena, db));
}

TEST(test_counters_of_what_was_never_used_go)
{
    assert_true(migrate_run(&arena, db));
    assert_true(sqlite_execute(
        db, "UPDATE schema_version SET version = 11;"
            "INSERT INTO coupon_uses (tenant, coupon, times_redeemed, last_redemption)"
            " VALUES (1, 1, 0, NULL), (1, 2, 0, 7), (1, 3, 4, 8);"
            "INSERT INTO promotion_code_uses (tenant, promotion_code, times_redeemed,"
            " last_redemption) VALUES (1, 1, 0, NULL), (1, 2, 0, 7), (1, 3, 4, 8);"));
    assert_true(migrate_run(&arena, db));
    assert_int_equal(migrate_current(db), migrate_newest());
    struct query query = db_query_text(
        db, STR("SELECT SUM(coupon), (SELECT SUM(promotion_code) FROM promotion_code_uses)"
                " FROM coupon_uses"));
    assert_true(db_row(&query));
    assert_int_equal(db_int(&query, 0), 2 + 3);
    assert_int_equal(db_int(&query, 1), 2 + 3);
    db_end(&query);
}

/* Each column of the old table with a value of its own. */
TEST(test_codes_keep_every_column_when_their_table_is_made_anew)
{
    enum {
        BEFORE = 12
    };
    for (int64_t number = 1; number <= BEFORE; number++)
        assert_true(sqlite_execute(db, migrate_sql(&arena, number, DIALECT_SQLITE).data));
    assert_true(sqlite_execute(db, "UPDATE schema_version SET version = 12"));
    struct str columns = STR(""), values = STR("");
    struct query query =
        db_query_text(db, STR("SELECT name FROM pragma_table_info('promotion_codes')"));
    for (int i = 1; db_row(&query); i++) {
        struct str name = db_str(&query, 0);
        columns =
            str_format(&arena, "%.*s%s%.*s", STR_FMT(columns), i > 1 ? ", " : "", STR_FMT(name));
        values = str_format(&arena, "%.*s%s%d", STR_FMT(values), i > 1 ? ", " : "", i);
    }
    assert_true(
        sqlite_execute(db, str_format(&arena, "INSERT INTO promotion_codes (%.*s) VALUES (%.*s)",
                                      STR_FMT(columns), STR_FMT(values))
                               .data));
    assert_true(migrate_run(&arena, db));
    struct query found = db_query_text(
        db, str_format(&arena, "SELECT COUNT(*) FROM promotion_codes WHERE (%.*s) = (%.*s)",
                       STR_FMT(columns), STR_FMT(values)));
    assert_true(db_row(&found));
    assert_int_equal(db_int(&found, 0), 1);
    db_end(&found);
}

TEST(test_one_file_serves_both_databases)
{
    for (int64_t number = 1; number <= migrate_newest(); number++) {
        struct str sqlite = migrate_sql(&arena, number, DIALECT_SQLITE);
        struct str postgres = migrate_sql(&arena, number, DIALECT_POSTGRES);
        assert_null(strstr(sqlite.data, "CLUSTERED;"));
        assert_null(strstr(postgres.data, "CLUSTERED;"));
        assert_null(strstr(postgres.data, "WITHOUT ROWID;"));
    }
    assert_non_null(strstr(migrate_sql(&arena, 1, DIALECT_SQLITE).data, ") WITHOUT ROWID;"));
}

/* So that tenants can be spread over machines. Except: timers, which one scheduler serves, and what
 * a page is found by, which knows no tenant. */
TEST(test_the_tenant_comes_first_in_every_index)
{
    static const char *const exempt =
        "accounts api_keys schema_version timers checkout_sessions portal_sessions invoices";
    assert_true(migrate_run(&arena, db));
    struct query query = db_query_text(
        db, STR("SELECT m.tbl_name, m.name, (SELECT name FROM pragma_index_info(m.name) WHERE"
                " seqno = 0) FROM sqlite_schema AS m WHERE m.type = 'index'"));
    size_t count = 0;
    while (db_row(&query)) {
        struct str table = str_copy(&arena, db_str(&query, 0));
        if (strstr(exempt, table.data))
            continue;
        count++;
        if (!str_is(db_str(&query, 2), "tenant"))
            BREAKS("index %.*s starts with %.*s", STR_FMT(db_str(&query, 1)),
                   STR_FMT(db_str(&query, 2)));
    }
    assert_true(count > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_an_empty_database_gets_the_newest_schema, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_running_again_changes_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_newer_database_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_counters_of_what_was_never_used_go, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_codes_keep_every_column_when_their_table_is_made_anew,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_migration_that_fails_leaves_nothing, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_one_file_serves_both_databases, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_tenant_comes_first_in_every_index, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
