/* The SQLite driver behind db.h. */
#include "lib/unit.h"
#include "lib/world.h"

#include "store/sqlite.h"

static struct world world;
static struct db *db;

STATEMENT(insert_note, "INSERT INTO notes (id, text) VALUES ($1, $2)");
STATEMENT(find_note, "SELECT text FROM notes WHERE id = $1");
STATEMENT(count_notes, "SELECT COUNT(*) FROM notes");

static enum db_result add_note(int64_t id, struct str text)
{
    struct query query = db_query(db, &insert_note);
    db_bind_int(&query, id);
    db_bind_str(&query, text);
    return db_run(&query);
}

static int64_t notes_in(struct db *where)
{
    struct query query = db_query(where, &count_notes);
    int64_t count = db_row(&query) ? db_int(&query, 0) : -1;
    if (!query.done)
        db_end(&query);
    return count;
}

static int64_t notes(void)
{
    return notes_in(db);
}

static int set_up(void **state)
{
    (void)state;
    world_open(&world);
    db = world.db;
    world_sql(&world, "CREATE TABLE notes (id BIGINT PRIMARY KEY, text TEXT NOT NULL,"
                      " CHECK (id <> 13))");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    world_close(&world);
    return 0;
}

TEST(test_values_come_back_as_they_went_in)
{
    static const int64_t numbers[] = {0, 1, -1, INT64_MAX, INT64_MIN};
    const struct str texts[] = {STR(""), STR("plain"), STR("a\0b"), STR("é€\xF0\x9F\x98\x80")};
    for (size_t i = 0; i < ARRAY_LENGTH(numbers); i++) {
        struct query query = db_query_text(db, STR("SELECT $1"));
        db_bind_int(&query, numbers[i]);
        assert_true(db_row(&query));
        assert_true(db_int(&query, 0) == numbers[i]);
        db_end(&query);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
        struct query query = db_query_text(db, STR("SELECT $1, $2, $3"));
        db_bind_str(&query, texts[i]);
        db_bind_str(&query, texts[i]);
        db_bind_null(&query);
        assert_true(db_row(&query));
        assert_true(str_equal(db_str(&query, 0), texts[i]));
        assert_true(str_equal(db_str(&query, 1), texts[i]));
        assert_true(db_is_null(&query, 2));
        assert_null_str(db_str(&query, 2));
        assert_false(db_row(&query));
    }
    struct query query = db_query_text(db, STR("SELECT $1"));
    db_bind_str(&query, STR_NULL);
    assert_true(db_row(&query));
    assert_true(db_is_null(&query, 0));
    db_end(&query);
}

TEST(test_a_conflict_is_an_answer_and_no_failure)
{
    assert_int_equal(add_note(1, STR("a")), DB_DONE);
    assert_int_equal(db_changes(db), 1);
    assert_int_equal(add_note(1, STR("b")), DB_CONFLICT);  /* unique */
    assert_int_equal(add_note(13, STR("b")), DB_CONFLICT); /* check */
    assert_int_equal(add_note(2, STR_NULL), DB_CONFLICT);  /* not null */
    assert_int_equal(db_failed(db), DB_OK);
    assert_int_equal(notes(), 1);
}

TEST(test_a_failure_is_remembered_until_it_is_cleared)
{
    struct query broken = db_query_text(db, STR("SELECT nothing FROM nowhere"));
    db_bind_int(&broken, 1); /* goes nowhere */
    assert_false(db_row(&broken));
    db_end(&broken);
    assert_int_equal(db_failed(db), DB_MISUSED);
    assert_true(db_failure_text(db).length > 0);
    assert_int_equal(add_note(1, STR("a")), DB_FAILED);
    assert_int_equal(notes(), -1); /* no row, rather than a wrong one */
    db_begin(db, false);
    assert_false(db_commit(db)); /* whatever the transaction did */
    db_rollback(db);
    db_clear(db);
    assert_int_equal(db_failed(db), DB_OK);
    assert_int_equal(add_note(1, STR("a")), DB_DONE);
    assert_int_equal(notes(), 1);
}

TEST(test_rolling_back_to_the_savepoint_keeps_what_was_before)
{
    db_begin(db, true);
    add_note(1, STR("kept"));
    db_savepoint(db);
    add_note(2, STR("undone"));
    assert_int_equal(notes(), 2);
    db_rollback_to_savepoint(db);
    assert_int_equal(notes(), 1);
    db_savepoint(db);
    add_note(3, STR("kept"));
    db_release(db);
    db_savepoint(db); /* a request that fails without having written anything */
    assert_int_equal(notes(), 2);
    db_rollback_to_savepoint(db);
    assert_true(db_commit(db));
    assert_int_equal(notes(), 2);
    assert_int_equal(world_int(&world, "SELECT COUNT(*) FROM notes WHERE text = 'kept'"), 2);
}

static bool savepoint_is_open(void)
{
    bool open = sqlite_execute(db, "ROLLBACK TO request");
    db_clear(db);
    return open;
}

TEST(test_a_savepoint_is_opened_by_the_first_write)
{
    db_begin(db, true);
    db_savepoint(db);
    assert_false(savepoint_is_open());
    notes();
    assert_false(savepoint_is_open());
    add_note(1, STR("a"));
    assert_true(savepoint_is_open());
    db_rollback_to_savepoint(db);
    db_rollback(db);
}

/* A neighbour and one that is undone, as a batch has them. Whether it can be committed. */
static bool run_a_batch_with_one_undone(void)
{
    db_clear(db);
    db_begin(db, true);
    db_savepoint_unlikely(db);
    add_note(1, STR("neighbour"));
    db_release(db);
    db_savepoint_unlikely(db);
    add_note(2, STR("undone"));
    db_rollback_to_savepoint(db);
    return db_failed(db) == DB_OK && db_commit(db);
}

TEST(test_without_savepoints_what_is_undone_is_run_again_with_them)
{
    assert_false(run_a_batch_with_one_undone());
    assert_int_equal(db_failed(db), DB_BUSY);
    db_rollback(db);
    db_clear(db);
    assert_int_equal(notes(), 0);
    assert_true(run_a_batch_with_one_undone());
    assert_int_equal(notes(), 1);
    db_begin(db, true); /* and a while longer */
    db_savepoint_unlikely(db);
    add_note(3, STR("undone"));
    db_rollback_to_savepoint(db);
    assert_true(db_commit(db));
    assert_int_equal(notes(), 1);
}

TEST(test_without_savepoints_what_failed_without_writing_is_not_run_again)
{
    db_begin(db, true);
    db_savepoint_unlikely(db);
    add_note(1, STR("kept"));
    db_release(db);
    db_savepoint_unlikely(db);
    notes();
    db_rollback_to_savepoint(db);
    assert_true(db_commit(db));
    assert_int_equal(notes(), 1);
}

TEST(test_a_conflict_inside_a_savepoint_can_be_undone_alone)
{
    db_begin(db, true);
    add_note(1, STR("neighbour"));
    db_savepoint(db);
    add_note(2, STR("half"));
    assert_int_equal(add_note(1, STR("again")), DB_CONFLICT);
    db_rollback_to_savepoint(db);
    assert_true(db_commit(db));
    assert_int_equal(notes(), 1);
}

TEST(test_readers_see_what_was_committed_and_write_nothing)
{
    struct db *reader = world_reader(&world);
    db_begin(db, true);
    add_note(1, STR("a"));
    assert_int_equal(notes_in(reader), 0);
    assert_true(db_commit(db));
    assert_int_equal(notes_in(reader), 1);
    struct query query = db_query_text(reader, STR("DELETE FROM notes"));
    assert_int_equal(db_run(&query), DB_FAILED);
    assert_int_not_equal(db_failed(reader), DB_OK);
    sqlite_close(reader);
    assert_int_equal(notes(), 1);
}

TEST(test_a_reader_keeps_its_snapshot_for_a_transaction)
{
    struct db *reader = world_reader(&world);
    db_begin(reader, false);
    assert_int_equal(notes_in(reader), 0);
    add_note(1, STR("a"));
    assert_int_equal(notes_in(reader), 0);
    assert_true(db_commit(reader));
    assert_int_equal(notes_in(reader), 1);
    sqlite_close(reader);
}

TEST(test_rolling_back_undoes_the_transaction)
{
    db_begin(db, true);
    add_note(1, STR("a"));
    db_savepoint(db);
    add_note(2, STR("b"));
    db_rollback(db);
    assert_int_equal(notes(), 0);
    db_begin(db, true); /* and leaves nothing behind that would be in the way */
    add_note(1, STR("a"));
    assert_true(db_commit(db));
}

/* More statements than the connection keeps: they are forgotten and made again. */
TEST(test_any_number_of_statements_can_be_used)
{
    add_note(1, STR("found"));
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 1500; i++) {
            struct arena_mark mark = arena_mark(&world.arena);
            struct query query =
                db_query_text(db, str_format(&world.arena, "SELECT $1 + %d AS n%d", i, i));
            db_bind_int(&query, 1000);
            assert_true(db_row(&query));
            assert_int_equal(db_int(&query, 0), 1000 + i);
            db_end(&query);
            arena_rewind(&world.arena, mark); /* the text is the connection's now */
            struct query note = db_query(db, &find_note);
            db_bind_int(&note, 1);
            assert_true(db_row(&note));
            assert_str(db_str(&note, 0), "found");
            db_end(&note);
        }
    }
}

static int64_t next_row(int64_t now)
{
    db_reserve_rows(db, now);
    return db_next_row(db, now);
}

TEST(test_rows_grow_with_time_and_are_unique)
{
    int64_t last = 0;
    for (int64_t now = WORLD_NOW; now < WORLD_NOW + 3; now++) {
        for (int i = 0; i < 1000; i++) {
            int64_t row = next_row(now);
            assert_true(row > last);
            assert_int_equal(row >> ROW_SECOND_BITS, now);
            last = row;
        }
    }
    assert_true(next_row(WORLD_NOW - 1000) > last); /* the clock was set back */
    assert_int_equal(next_row(WORLD_NOW + 86400) >> ROW_SECOND_BITS, WORLD_NOW + 86400);
}

/* Whatever a killed process may have given away is not given again. */
TEST(test_rows_are_unique_across_restarts_and_clocks)
{
    int64_t last = 0;
    static const int64_t clocks[] = {WORLD_NOW, WORLD_NOW, WORLD_NOW - 3600, WORLD_NOW + 5};
    for (size_t i = 0; i < ARRAY_LENGTH(clocks); i++) {
        for (int j = 0; j < 10; j++) {
            int64_t row = next_row(clocks[i]);
            assert_true(row > last);
            last = row;
        }
        sqlite_close(db);
        db = world.db = sqlite_open(world.path.data, SQLITE_WRITER);
        assert_non_null(db);
        db_take_rows(db);
    }
}

/* Commands without a server open the database for every few hundred lines of an import. */
TEST(test_rows_hardly_run_ahead_of_the_clock_however_often_it_starts)
{
    int64_t row = 0;
    for (int i = 0; i < 200; i++) {
        sqlite_close(db);
        db = world.db = sqlite_open(world.path.data, SQLITE_WRITER);
        db_take_rows(db);
        row = next_row(WORLD_NOW);
    }
    assert_true(row >> ROW_SECOND_BITS < WORLD_NOW + 60 + 200 / 4);
    for (int i = 0; i < 200; i++) /* and the clock catches up */
        row = next_row(WORLD_NOW + i);
    assert_true(row >> ROW_SECOND_BITS == WORLD_NOW + 199);
}

TEST(test_a_reservation_that_was_rolled_back_is_made_again)
{
    db_begin(db, true);
    db_reserve_rows(db, WORLD_NOW);
    db_rollback(db);
    db_begin(db, true);
    db_reserve_rows(db, WORLD_NOW);
    int64_t row = db_next_row(db, WORLD_NOW);
    assert_true(db_commit(db));
    assert_true(world_int(&world, "SELECT reserved FROM row_numbers") > row);
}

/* What is given in a transaction is reserved by it, however much was undone before. */
TEST(test_what_is_given_is_reserved)
{
    static const struct {
        bool undone;
        int count;
    } cases[] = {{false, 5000000}, {true, 1}, {true, 5000000}};
    for (size_t c = 0; c < ARRAY_LENGTH(cases); c++) {
        int64_t row = 0, above = (WORLD_NOW + 86400 * (int64_t)(c + 1)) << ROW_SECOND_BITS;
        db_begin(db, true);
        db_reserve_rows(db, WORLD_NOW);
        db_savepoint(db);
        db_raise_row(db, above);
        assert_true(db_next_row(db, WORLD_NOW) > above);
        if (cases[c].undone)
            db_rollback_to_savepoint(db);
        else
            db_release(db);
        for (int i = 0; i < cases[c].count; i++)
            row = db_next_row(db, WORLD_NOW);
        assert_true(db_commit(db));
        assert_true(row > above);
        assert_true(world_int(&world, "SELECT reserved FROM row_numbers") > row);
    }
}

/* A file that may not grow is as good as a full disk. */
TEST(test_a_full_disk_changes_nothing_and_reading_goes_on)
{
    char big[4000];
    memset(big, 'x', sizeof(big));
    add_note(1, STR("before"));
    world_sql(&world, "PRAGMA max_page_count = 1"); /* becomes what there is now */
    db_begin(db, true);
    db_savepoint(db);
    enum db_result result = DB_DONE;
    for (int64_t id = 100; id < 200 && result == DB_DONE; id++)
        result = add_note(id, (struct str){big, sizeof(big)});
    assert_int_equal(result, DB_FAILED);
    assert_int_equal(db_failed(db), DB_FULL);
    db_rollback_to_savepoint(db);
    assert_false(db_commit(db));
    db_rollback(db);
    db_clear(db);
    assert_int_equal(notes(), 1);
    world_sql(&world, "PRAGMA max_page_count = 1000000");
    assert_int_equal(add_note(2, (struct str){big, sizeof(big)}), DB_DONE);
    assert_int_equal(notes(), 2);
}

TEST(test_the_file_is_sound_and_set_up_for_durability)
{
    assert_str(sqlite_check(db, &world.arena), "ok");
    assert_int_equal(world_int(&world, "PRAGMA synchronous"), 2);
    assert_int_equal(world_int(&world, "PRAGMA mmap_size"), 0);
    assert_int_equal(world_int(&world, "PRAGMA wal_autocheckpoint"), 0);
    struct query query = db_query_text(db, STR("PRAGMA journal_mode"));
    assert_true(db_row(&query));
    assert_str(db_str(&query, 0), "wal");
    db_end(&query);
}

TEST(test_a_log_that_grew_is_checkpointed)
{
    char big[4000];
    memset(big, 'x', sizeof(big));
    assert_false(db_wants_maintenance(db, 1));
    for (int64_t id = 1; id <= 600; id++)
        if (id != 13)
            add_note(id, (struct str){big, sizeof(big)});
    assert_true(db_wants_maintenance(db, 0));
    db_maintain(db);
    assert_false(db_wants_maintenance(db, 0));
    assert_int_equal(db_failed(db), DB_OK);
    struct query query = db_query_text(db, STR("PRAGMA wal_checkpoint(PASSIVE)"));
    assert_true(db_row(&query));
    assert_int_equal(db_int(&query, 0), 0);
    assert_int_equal(db_int(&query, 1), db_int(&query, 2)); /* all of it was copied */
    db_end(&query);
    assert_int_equal(notes(), 599);
}

TEST(test_the_more_requests_wait_the_more_is_written_back_at_a_time)
{
    static const size_t waiting[] = {0, 1, 31, 32};
    int first[ARRAY_LENGTH(waiting)] = {0}; /* page at which it is time */
    add_note(1, STR("first"));
    db_maintain(db);
    for (int page = 1; page <= 4000; page++) {
        world_sql(&world, "UPDATE notes SET text = CASE text WHEN 'first' THEN 'other' ELSE "
                          "'first' END"); /* changes a page */
        for (size_t i = 0; i < ARRAY_LENGTH(waiting); i++)
            if (!first[i] && db_wants_maintenance(db, waiting[i]))
                first[i] = page;
    }
    assert_true(first[1] >= 250); /* more where syncs are slow */
    assert_int_equal(first[0], first[1] / 2);
    assert_int_equal(first[2], first[1]);
    assert_int_equal(first[3], first[1] > 1000 ? first[1] : 1000);
}

TEST(test_after_a_large_commit_more_is_written_back)
{
    char big[4000];
    memset(big, 'x', sizeof(big));
    db_maintain(db);
    db_maintain(db); /* takes no time, as if syncs did not */
    for (int64_t id = 100; id < 400; id += 100) {
        db_begin(db, true);
        for (int64_t i = 0; i < 100; i++) /* a page each */
            add_note(id + i, (struct str){big, sizeof(big)});
        assert_true(db_commit(db));
    }
    assert_false(db_wants_maintenance(db, 1));
    add_note(1, STR("little"));
    assert_true(db_wants_maintenance(db, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_values_come_back_as_they_went_in, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_conflict_is_an_answer_and_no_failure, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_failure_is_remembered_until_it_is_cleared, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_rolling_back_to_the_savepoint_keeps_what_was_before,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_savepoint_is_opened_by_the_first_write, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            test_without_savepoints_what_is_undone_is_run_again_with_them, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_without_savepoints_what_failed_without_writing_is_not_run_again, set_up,
            tear_down),
        cmocka_unit_test_setup_teardown(test_a_conflict_inside_a_savepoint_can_be_undone_alone,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_readers_see_what_was_committed_and_write_nothing,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_reader_keeps_its_snapshot_for_a_transaction, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_rolling_back_undoes_the_transaction, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_any_number_of_statements_can_be_used, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_rows_grow_with_time_and_are_unique, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_rows_are_unique_across_restarts_and_clocks, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            test_rows_hardly_run_ahead_of_the_clock_however_often_it_starts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_reservation_that_was_rolled_back_is_made_again,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_is_given_is_reserved, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_full_disk_changes_nothing_and_reading_goes_on,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_file_is_sound_and_set_up_for_durability, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_log_that_grew_is_checkpointed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_after_a_large_commit_more_is_written_back, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            test_the_more_requests_wait_the_more_is_written_back_at_a_time, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
