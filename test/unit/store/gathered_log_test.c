/* SQLite's log through the layer that gathers what is written to it. */
#include "lib/unit.h"

#include "base/text.h"
#include "store/gathered_log.h"

#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_BYTES 256
#define PLAIN_ACCESS "unix"

static char directory[] = "/tmp/coupond-log-XXXXXX";
static sqlite3 *db;

static void path_of(const char *name, char path[PATH_BYTES])
{
    snprintf(path, PATH_BYTES, "%s/%s", directory, name);
}

static int sql_on(sqlite3 *handle, const char *text)
{
    return sqlite3_exec(handle, text, NULL, NULL, NULL);
}

static void sql(const char *text)
{
    if (sql_on(db, text) != SQLITE_OK)
        fail_msg("%s: %s", text, sqlite3_errmsg(db));
}

static sqlite3 *open_as(const char *name, const char *access)
{
    char path[PATH_BYTES];
    sqlite3 *handle = NULL;
    path_of(name, path);
    assert_int_equal(
        sqlite3_open_v2(path, &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, access),
        SQLITE_OK);
    assert_int_equal(sql_on(handle, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                                    "PRAGMA wal_autocheckpoint=0;"),
                     SQLITE_OK);
    return handle;
}

/* The first column of the first row, as text to be freed. */
static char *ask(sqlite3 *handle, const char *question)
{
    sqlite3_stmt *statement = NULL;
    assert_int_equal(sqlite3_prepare_v2(handle, question, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    char *answer = sqlite3_mprintf("%s", sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    return answer;
}

static void check_answer(sqlite3 *handle, const char *question, const char *expected)
{
    char *answer = ask(handle, question);
    assert_string_equal(answer, expected);
    sqlite3_free(answer);
}

static void copy_file(const char *from, const char *to)
{
    char path[PATH_BYTES], bytes[4096];
    path_of(from, path);
    FILE *source = fopen(path, "rb");
    path_of(to, path);
    FILE *target = fopen(path, "wb");
    assert_true(source && target);
    for (size_t count; (count = fread(bytes, 1, sizeof(bytes), source)) > 0;)
        assert_int_equal(fwrite(bytes, 1, count, target), count);
    fclose(source);
    fclose(target);
}

/* What would be there if the process ended now, read without the layer. */
static sqlite3 *open_copy(void)
{
    copy_file("some.db", "copy.db");
    copy_file("some.db-wal", "copy.db-wal");
    sqlite3 *copy = open_as("copy.db", PLAIN_ACCESS);
    check_answer(copy, "PRAGMA integrity_check", "ok");
    return copy;
}

static void remove_files(const char *name)
{
    static const char *const endings[] = {"", "-wal", "-shm"};
    char path[PATH_BYTES];
    for (size_t i = 0; i < ARRAY_LENGTH(endings); i++) {
        snprintf(path, sizeof(path), "%s/%s%s", directory, name, endings[i]);
        unlink(path);
    }
}

static int set_up(void **state)
{
    (void)state;
    db = open_as("some.db", NULL);
    sql("CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT)");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    sqlite3_close(db);
    remove_files("some.db");
    remove_files("copy.db");
    return 0;
}

/* How many system calls wrote something since the process began. */
static long writes(void)
{
    FILE *file = fopen("/proc/self/io", "r");
    char line[128];
    long count = -1;
    assert_non_null(file);
    while (fgets(line, sizeof(line), file))
        if (sscanf(line, "syscw: %ld", &count) == 1)
            break;
    fclose(file);
    return count;
}

static long writes_of_a_commit(sqlite3 *handle)
{
    assert_int_equal(sql_on(handle, "BEGIN; WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT"
                                    " i + 1 FROM n WHERE i < 100)"
                                    " INSERT INTO notes SELECT NULL, hex(zeroblob(1500)) FROM n;"),
                     SQLITE_OK);
    long before = writes();
    assert_int_equal(sql_on(handle, "COMMIT"), SQLITE_OK);
    return writes() - before;
}

TEST(test_a_commit_of_many_pages_is_few_writes)
{
    sqlite3 *plain = open_as("copy.db", PLAIN_ACCESS);
    sql_on(plain, "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT)");
    assert_true(writes_of_a_commit(plain) >= 200); /* two for each page */
    assert_true(writes_of_a_commit(db) <= 8);
    sqlite3_close(plain);
}

TEST(test_what_was_committed_is_in_the_files)
{
    for (int i = 1; i <= 3; i++) {
        char *expected = sqlite3_mprintf("%d", i);
        sql("INSERT INTO notes (text) VALUES ('a note')");
        sqlite3 *copy = open_copy();
        check_answer(copy, "SELECT COUNT(*) FROM notes", expected);
        sqlite3_close(copy);
        sqlite3 *other = open_as("some.db", PLAIN_ACCESS);
        check_answer(other, "SELECT COUNT(*) FROM notes", expected);
        sqlite3_close(other);
        sqlite3_free(expected);
    }
}

/* Pages that the cache has no room for go to the log before the commit and are read from there. */
TEST(test_what_was_written_just_now_can_be_read)
{
    sql("PRAGMA cache_size=5; BEGIN;"
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20)"
        " INSERT INTO notes SELECT i, hex(zeroblob(1500)) || i FROM n;");
    check_answer(db, "SELECT COUNT(*) FROM notes WHERE text = hex(zeroblob(1500)) || id", "20");
    sql("COMMIT");
}

/* They are written a second time when they change again, and forgotten with a savepoint. */
TEST(test_a_transaction_larger_than_the_cache_is_whole)
{
    sql("PRAGMA cache_size=5; BEGIN;"
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)"
        " INSERT INTO notes SELECT i, hex(zeroblob(1500)) || i FROM n;"
        "SAVEPOINT some; UPDATE notes SET text = 'lost'; DELETE FROM notes WHERE id > 100;"
        "ROLLBACK TO some; RELEASE some;"
        "UPDATE notes SET text = 'kept' || id WHERE id % 2 = 0;");
    check_answer(db, "SELECT COUNT(*) FROM notes WHERE text LIKE 'kept%'", "250");
    sql("COMMIT");
    sqlite3 *copy = open_copy();
    check_answer(copy, "SELECT COUNT(*) FROM notes WHERE text = 'kept' || id", "250");
    check_answer(copy, "SELECT COUNT(*) FROM notes WHERE text = hex(zeroblob(1500)) || id", "250");
    sqlite3_close(copy);
    sql("PRAGMA wal_checkpoint(TRUNCATE)");
    check_answer(db, "PRAGMA integrity_check", "ok");
}

TEST(test_what_cannot_be_written_is_no_commit)
{
    struct rlimit usual, little;
    char path[PATH_BYTES];
    struct stat log;
    path_of("some.db-wal", path);
    assert_int_equal(stat(path, &log), 0);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &usual), 0);
    little = usual;
    little.rlim_cur = (rlim_t)log.st_size + 100;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
    assert_int_not_equal(sql_on(db, "INSERT INTO notes VALUES (1, hex(zeroblob(9000)))"),
                         SQLITE_OK);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &usual), 0);
    check_answer(db, "SELECT COUNT(*) FROM notes", "0");
    sql("INSERT INTO notes VALUES (2, 'a note')");
    sqlite3 *copy = open_copy();
    check_answer(copy, "SELECT group_concat(id) FROM notes", "2");
    sqlite3_close(copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_commit_of_many_pages_is_few_writes, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_what_was_committed_is_in_the_files, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_was_written_just_now_can_be_read, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_transaction_larger_than_the_cache_is_whole, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_what_cannot_be_written_is_no_commit, set_up,
                                        tear_down),
    };
    if (!mkdtemp(directory))
        return EXIT_FAILURE;
    gathered_log_start();
    int failures = cmocka_run_group_tests(tests, NULL, NULL);
    rmdir(directory);
    return failures;
}
