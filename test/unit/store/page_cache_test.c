/* The page cache, as SQLite calls it and under SQLite. */
#include "lib/chance.h"
#include "lib/unit.h"

#include "base/str.h"
#include "store/page_cache.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <unistd.h>

#define PAGE_BYTES 1024
#define EXTRA_BYTES 200
#define LIMIT 40
#define KEYS 120
#define STEPS 200000

static sqlite3_pcache_methods2 methods;
static sqlite3_pcache *cache;

static int set_up(void **state)
{
    (void)state;
    sqlite3_shutdown();
    page_cache_start();
    assert_int_equal(sqlite3_config(SQLITE_CONFIG_GETPCACHE2, &methods), SQLITE_OK);
    cache = methods.xCreate(PAGE_BYTES, EXTRA_BYTES, 1);
    assert_non_null(cache);
    methods.xCachesize(cache, LIMIT);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    methods.xDestroy(cache);
    return 0;
}

static sqlite3_pcache_page *fetch(unsigned key, int create_flag)
{
    return methods.xFetch(cache, key, create_flag);
}

static bool is_new(const sqlite3_pcache_page *page)
{
    return *(void **)page->pExtra == NULL;
}

/* All of a page and of what SQLite keeps with it. */
static void write_stamp(const sqlite3_pcache_page *page, unsigned stamp)
{
    memset(page->pBuf, (int)stamp, PAGE_BYTES);
    memset(page->pExtra, (int)stamp, EXTRA_BYTES);
}

static bool has_stamp(const sqlite3_pcache_page *page, unsigned stamp)
{
    const unsigned char *bytes = page->pBuf, *extra = page->pExtra;
    for (int i = 0; i < PAGE_BYTES; i++)
        if (bytes[i] != stamp)
            return false;
    for (int i = 0; i < EXTRA_BYTES; i++)
        if (extra[i] != stamp)
            return false;
    return true;
}

TEST(test_only_what_was_asked_for_is_made)
{
    assert_null(fetch(7, 0));
    sqlite3_pcache_page *page = fetch(7, 1);
    assert_non_null(page);
    assert_true(is_new(page));
    write_stamp(page, 5);
    assert_ptr_equal(fetch(7, 0), page);
    assert_true(has_stamp(page, 5));
    methods.xUnpin(cache, page, 0);
    assert_ptr_equal(fetch(7, 0), page);
    methods.xUnpin(cache, page, 1);
    assert_null(fetch(7, 0));
    assert_int_equal(methods.xPagecount(cache), 0);
}

TEST(test_no_more_pages_are_kept_than_the_limit)
{
    for (unsigned key = 1; key <= LIMIT + 1; key++) {
        methods.xUnpin(cache, fetch(key, 1), 0);
        assert_int_equal(methods.xPagecount(cache), key <= LIMIT ? key : LIMIT);
    }
}

TEST(test_pages_in_use_stay_whatever_the_limit)
{
    sqlite3_pcache_page *pages[LIMIT + 2];
    for (unsigned key = 1; key <= LIMIT; key++)
        assert_non_null(pages[key] = fetch(key, 1));
    assert_null(fetch(LIMIT + 1, 1)); /* SQLite then writes some out, and insists */
    assert_non_null(pages[LIMIT + 1] = fetch(LIMIT + 1, 2));
    for (unsigned key = 1; key <= LIMIT + 1; key++)
        assert_ptr_equal(fetch(key, 0), pages[key]);
}

TEST(test_what_is_asked_for_again_and_again_outlives_what_is_not)
{
    unsigned lost = 0;
    methods.xUnpin(cache, fetch(1, 1), 0);
    for (unsigned key = 2; key < 50 * LIMIT; key++) {
        methods.xUnpin(cache, fetch(key, 1), 0);
        sqlite3_pcache_page *page = fetch(1, 0);
        lost += !page;
        methods.xUnpin(cache, page ? page : fetch(1, 1), 0);
    }
    assert_true(lost * LIMIT < 50 * LIMIT / 2); /* of 50 rounds through the cache */
}

TEST(test_pages_from_a_number_on_are_forgotten_all_at_once)
{
    for (int round = 0; round < 3; round++) {
        for (unsigned key = 1; key <= LIMIT; key++) {
            sqlite3_pcache_page *page = fetch(key, 1);
            assert_true(is_new(page));
            write_stamp(page, key);
            if (key % 2)
                methods.xUnpin(cache, page, 0);
        }
        methods.xTruncate(cache, LIMIT / 2);
        assert_int_equal(methods.xPagecount(cache), LIMIT / 2 - 1);
        assert_null(fetch(LIMIT / 2, 0));
        assert_true(has_stamp(fetch(LIMIT / 2 - 1, 0), LIMIT / 2 - 1));
        methods.xTruncate(cache, 1);
        assert_int_equal(methods.xPagecount(cache), 0);
        assert_null(fetch(1, 0));
    }
}

/* What the cache must hold: key to page, stamp and whether it is in use. */
static struct model {
    sqlite3_pcache_page *page; /* NULL: not seen since it may have gone */
    unsigned stamp;
    bool pinned;
} model[KEYS + 1];

static void check_fetch(unsigned key, int create_flag, unsigned stamp)
{
    struct model *known = &model[key];
    sqlite3_pcache_page *page = fetch(key, create_flag);
    if (known->pinned)
        assert_ptr_equal(page, known->page);
    if (!page) {
        assert_true(create_flag < 2);
        *known = (struct model){0};
        return;
    }
    if (is_new(page)) {
        assert_true(create_flag > 0 && !known->pinned);
        write_stamp(page, stamp);
        *known = (struct model){page, stamp, true};
    }
    assert_non_null(known->page);
    known->page = page;
    known->pinned = true;
    assert_true(has_stamp(page, known->stamp));
}

static void check_rekey(unsigned key, unsigned other)
{
    if (!model[key].pinned || model[other].pinned || key == other)
        return;
    methods.xRekey(cache, model[key].page, key, other);
    model[other] = model[key];
    model[key] = (struct model){0};
    assert_null(fetch(key, 0));
}

static void check_truncate(unsigned limit)
{
    methods.xTruncate(cache, limit);
    for (unsigned key = limit; key <= KEYS; key++) {
        assert_null(fetch(key, 0));
        model[key] = (struct model){0};
    }
}

TEST(test_it_keeps_what_it_says_through_any_calls)
{
    struct chance chance = {21};
    for (int i = 0; i < STEPS; i++) {
        unsigned key = 1 + (unsigned)(chance_next(&chance) % KEYS);
        struct model *known = &model[key];
        switch (chance_next(&chance) % 16) {
        case 0:
            check_rekey(key, 1 + (unsigned)(chance_next(&chance) % KEYS));
            break;
        case 1:
            if (chance_next(&chance) % 64 == 0)
                check_truncate(key);
            break;
        case 2:
        case 3:
        case 4:
        case 5:
        case 6:
        case 7:
            if (known->pinned) {
                bool discarded = chance_next(&chance) % 8 == 0;
                methods.xUnpin(cache, known->page, discarded);
                known->pinned = false;
                if (discarded)
                    assert_null(fetch(key, 0));
            }
            break;
        default:
            check_fetch(key, (int)(chance_next(&chance) % 3), 1 + (unsigned)(i % 255));
        }
    }
    int pinned = 0;
    for (unsigned key = 1; key <= KEYS; key++)
        pinned += model[key].pinned;
    assert_true(pinned > 0 && methods.xPagecount(cache) >= pinned);
}

static void sql(sqlite3 *db, const char *text)
{
    if (sqlite3_exec(db, text, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", text, sqlite3_errmsg(db));
}

static int64_t ask(sqlite3 *db, const char *question)
{
    sqlite3_stmt *statement = NULL;
    assert_int_equal(sqlite3_prepare_v2(db, question, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    int64_t answer = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return answer;
}

/* Far more pages than the cache has room for: they are written out in the middle of transactions,
 * some of which are undone. */
TEST(test_a_database_much_larger_than_its_cache_is_whole)
{
    char path[] = "/tmp/coupond-pages-XXXXXX";
    close(mkstemp(path));
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    sql(db, "PRAGMA cache_size=20; PRAGMA synchronous=OFF;"
            "CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT, c INTEGER); CREATE INDEX tb ON t (b)");
    sql(db, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)"
            " INSERT INTO t SELECT i, hex(i * 7919 % 20011) || printf('%060d', i), 0 FROM n");
    for (int i = 0; i < 4; i++) {
        sql(db, "BEGIN; UPDATE t SET c = c + 1; SAVEPOINT s; UPDATE t SET b = b || 'x' WHERE a % 3;"
                "ROLLBACK TO s; RELEASE s; COMMIT; BEGIN; DELETE FROM t WHERE a % 2; ROLLBACK");
    }
    sql(db, "DELETE FROM t WHERE a > 15000; VACUUM");
    assert_int_equal(ask(db, "SELECT COUNT(*) FROM t WHERE c = 4 AND LENGTH(b) < 80"), 15000);
    assert_int_equal(ask(db, "SELECT COUNT(*) FROM pragma_integrity_check WHERE integrity_check ="
                             " 'ok'"),
                     1);
    sqlite3_close(db);
    unlink(path);
}

int main(void)
{
#define WITH_CACHE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH_CACHE(test_only_what_was_asked_for_is_made),
        WITH_CACHE(test_no_more_pages_are_kept_than_the_limit),
        WITH_CACHE(test_pages_in_use_stay_whatever_the_limit),
        WITH_CACHE(test_what_is_asked_for_again_and_again_outlives_what_is_not),
        WITH_CACHE(test_pages_from_a_number_on_are_forgotten_all_at_once),
        WITH_CACHE(test_it_keeps_what_it_says_through_any_calls),
        WITH_CACHE(test_a_database_much_larger_than_its_cache_is_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
