/* Rows that are kept: by themselves, and as connections that read answer with them. */
#include "lib/unit.h"
#include "lib/world.h"

#include "store/kept_rows.h"
#include "store/sqlite.h"

#define STATEMENT_NUMBER 7
#define QUESTIONS (2 * KEPT_ROWS_MAX)
#define STEPS 200000

/* ---- by themselves ---- */

static struct kept_rows *rows;

static int set_up_rows(void **state)
{
    (void)state;
    rows = kept_rows_new();
    return 0;
}

static int tear_down_rows(void **state)
{
    (void)state;
    kept_rows_free(rows);
    return 0;
}

static struct row_key key_of(int64_t number)
{
    struct row_key key;
    row_key_begin(&key, STATEMENT_NUMBER);
    row_key_add_int(&key, number);
    return key;
}

static struct str letters(size_t length)
{
    static char bytes[KEPT_ROW_BYTES_MAX + 1];
    memset(bytes, 'x', sizeof(bytes));
    return (struct str){bytes, length};
}

TEST(test_a_row_is_found_as_it_was_kept)
{
    struct row_key key = key_of(1);
    assert_null(kept_rows_find(rows, &key));
    struct kept_row *row = kept_rows_add(rows, &key, 6);
    assert_non_null(row);
    kept_row_set_int(row, 0, INT64_MIN);
    kept_row_set_int(row, 1, INT64_MAX);
    assert_true(kept_row_set_str(row, 2, STR("a\0b")));
    assert_true(kept_row_set_str(row, 3, STR("")));
    kept_row_set_int(row, 5, 0);
    const struct kept_row *found = kept_rows_find(rows, &key);
    assert_ptr_equal(found, row);
    assert_int_equal(kept_row_columns(found), 6);
    assert_true(kept_row_int(found, 0) == INT64_MIN);
    assert_true(kept_row_int(found, 1) == INT64_MAX);
    assert_true(str_equal(kept_row_str(found, 2), STR("a\0b")));
    assert_str(kept_row_str(found, 3), "");
    assert_null_str(kept_row_str(found, 4));
    for (int i = 0; i < 6; i++)
        assert_int_equal(kept_row_is_null(found, i), i == 4);
    assert_int_equal(kept_row_int(found, 4), 0);
}

TEST(test_what_is_dropped_or_forgotten_is_not_found)
{
    struct row_key first = key_of(1), second = key_of(2);
    kept_rows_add(rows, &first, 1);
    kept_rows_add(rows, &second, 0);
    kept_rows_drop(rows, kept_rows_find(rows, &first));
    assert_null(kept_rows_find(rows, &first));
    assert_int_equal(kept_row_columns(kept_rows_find(rows, &second)), 0);
    kept_rows_forget(rows);
    assert_null(kept_rows_find(rows, &second));
}

/* The ways in which parameters could be taken for others. */
TEST(test_questions_are_told_apart)
{
    struct row_key keys[9];
    for (size_t i = 0; i < ARRAY_LENGTH(keys); i++)
        row_key_begin(&keys[i], i == 0 ? STATEMENT_NUMBER + 1 : STATEMENT_NUMBER);
    row_key_add_str(&keys[0], STR("ab"));
    row_key_add_str(&keys[1], STR("ab"));
    row_key_add_str(&keys[2], STR("a"));
    row_key_add_str(&keys[3], STR("a"));
    row_key_add_str(&keys[3], STR("b"));
    row_key_add_str(&keys[4], STR(""));
    row_key_add_null(&keys[5]);
    row_key_add_int(&keys[6], 0);
    row_key_add_null(&keys[7]);
    row_key_add_null(&keys[7]);
    for (size_t i = 0; i < ARRAY_LENGTH(keys); i++) {
        for (size_t j = 0; j < i; j++)
            if (kept_rows_find(rows, &keys[i]) || !kept_rows_find(rows, &keys[j]))
                BREAKS("question %zu after %zu", i, j);
        kept_rows_add(rows, &keys[i], 1);
    }
}

TEST(test_long_questions_are_not_kept)
{
    size_t rest = ROW_KEY_BYTES_MAX - sizeof(uint64_t) - 1 - sizeof(size_t);
    for (size_t length = rest - 1; length <= rest + 1; length++) {
        struct row_key key;
        row_key_begin(&key, STATEMENT_NUMBER);
        row_key_add_str(&key, letters(length));
        assert_int_equal(kept_rows_add(rows, &key, 1) != NULL, length <= rest);
        assert_int_equal(kept_rows_find(rows, &key) != NULL, length <= rest);
    }
    struct row_key key;
    row_key_begin(&key, STATEMENT_NUMBER);
    row_key_add_str(&key, letters(KEPT_ROW_BYTES_MAX));
    row_key_add_int(&key, 1); /* would fit where the text did not */
    assert_null(kept_rows_add(rows, &key, 1));
    assert_null(kept_rows_find(rows, &key));
}

TEST(test_large_rows_are_not_kept)
{
    struct row_key key = key_of(1);
    size_t room = KEPT_ROW_BYTES_MAX - KEPT_ROW_OWN_BYTES - key.length;
    size_t most = room - 2 * KEPT_COLUMN_BYTES;
    for (size_t length = most - 1; length <= most + 1; length++)
        assert_int_equal(kept_row_set_str(kept_rows_add(rows, &key, 2), 1, letters(length)),
                         length <= most);
    int columns = (int)(room / KEPT_COLUMN_BYTES);
    for (int count = columns - 1; count <= columns + 1; count++)
        assert_int_equal(kept_rows_add(rows, &key, count) != NULL, count <= columns);
    const struct kept_row *row = kept_rows_add(rows, &key, columns);
    for (int i = 0; i < columns; i++)
        assert_true(kept_row_is_null(row, i));
}

/* A set takes as many rows as it has places, whatever was dropped there before. */
TEST(test_what_was_dropped_leaves_its_place_to_the_next)
{
    for (int64_t number = 0; number < KEPT_ROWS_MAX / 4; number++) {
        struct row_key key = key_of(number);
        kept_rows_add(rows, &key, 1);
    }
    size_t before = 0, after = 0;
    for (int64_t number = 0; number < KEPT_ROWS_MAX / 4; number++) {
        struct row_key key = key_of(number);
        before += kept_rows_find(rows, &key) != NULL;
    }
    struct row_key other = key_of(-1);
    for (int i = 0; i < 1000; i++)
        kept_rows_drop(rows, kept_rows_add(rows, &other, 1));
    for (int64_t number = 0; number < KEPT_ROWS_MAX / 4; number++) {
        struct row_key key = key_of(number);
        after += kept_rows_find(rows, &key) != NULL;
    }
    assert_true(before > KEPT_ROWS_MAX / 5);
    assert_in_range(after, before - 1, before);
}

/* Whatever is found is what was added last, however often places are taken by others. */
TEST(test_no_question_gets_the_answer_of_another)
{
    static int64_t added[QUESTIONS];
    struct chance chance = {0};
    size_t found = 0;
    for (int64_t step = 1; step <= STEPS; step++) {
        int64_t question = (int64_t)chance_below(&chance, QUESTIONS);
        struct row_key key = key_of(question);
        const struct kept_row *row = kept_rows_find(rows, &key);
        if (row && (!added[question] || kept_row_int(row, 1) != added[question]))
            BREAKS("step %lld of question %lld", (long long)step, (long long)question);
        found += row != NULL;
        if (row && chance_below(&chance, 4)) {
            kept_rows_drop(rows, row);
            continue;
        }
        struct kept_row *new = kept_rows_add(rows, &key, 2);
        assert_true(kept_row_set_str(new, 0, letters((size_t)question % 1000)));
        kept_row_set_int(new, 1, added[question] = step);
    }
    assert_true(found > STEPS / 10);
}

/* ---- as they answer ---- */

static struct world world;
static struct db *reader;
static int steps; /* that SQLite was asked for */

int __real_sqlite3_step(void *statement);
int __wrap_sqlite3_step(void *statement);

int __wrap_sqlite3_step(void *statement)
{
    steps++;
    return __real_sqlite3_step(statement);
}

STATEMENT(note_of, "SELECT text, id FROM notes WHERE owner = $1 AND text >= $2");

static int set_up(void **state)
{
    (void)state;
    world_open(&world);
    world_sql(&world, "CREATE TABLE notes (id BIGINT PRIMARY KEY, owner BIGINT, text TEXT)");
    world_sql(&world, "INSERT INTO notes VALUES (1, 10, 'one'), (2, 20, 'two'), (3, 20, 'three'),"
                      " (4, 40, NULL)");
    reader = world_reader(&world);
    db_begin(reader, false);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    db_rollback(reader);
    sqlite_close(reader);
    world_close(&world);
    return 0;
}

/* A newer state, as far as there is one. */
static void begin_again(void)
{
    db_rollback(reader);
    db_begin(reader, false);
}

static struct query ask_from(struct db *db, int64_t owner, struct str from)
{
    struct query query = db_query(db, &note_of);
    db_remember(&query);
    db_bind_int(&query, owner);
    db_bind_str(&query, from);
    return query;
}

/* The notes of an owner, with a space behind each; how often SQLite was asked is in `steps`. */
static const char *notes_of(int64_t owner)
{
    static char text[256];
    size_t length = 0;
    text[0] = '\0';
    steps = 0;
    struct query query = ask_from(reader, owner, STR(""));
    while (db_row(&query)) {
        struct str note = db_str(&query, 0);
        assert_int_equal(db_is_null(&query, 0), note.data == NULL);
        length += (size_t)snprintf(text + length, sizeof(text) - length, "%lld:%.*s ",
                                   (long long)db_int(&query, 1), STR_FMT(note));
    }
    return text;
}

TEST(test_what_is_asked_again_is_not_searched_again)
{
    assert_string_equal(notes_of(10), "1:one ");
    assert_int_equal(steps, 2);
    assert_string_equal(notes_of(10), "1:one ");
    assert_int_equal(steps, 0);
    assert_string_equal(notes_of(30), "");
    assert_int_equal(steps, 1);
    assert_string_equal(notes_of(30), "");
    assert_int_equal(steps, 0);
}

TEST(test_one_row_is_enough)
{
    struct query query = ask_from(reader, 10, STR("a"));
    assert_true(db_row(&query));
    db_end(&query);
    query = ask_from(reader, 10, STR("a"));
    steps = 0;
    assert_true(db_row(&query));
    assert_str(db_str(&query, 0), "one");
    db_end(&query);
    assert_int_equal(steps, 0);
}

TEST(test_of_several_rows_all_are_found_every_time)
{
    for (int i = 0; i < 3; i++) {
        assert_string_equal(notes_of(20), "2:two 3:three ");
        assert_int_equal(steps, 3);
    }
}

TEST(test_rows_are_those_of_the_state_that_is_seen)
{
    assert_string_equal(notes_of(10), "1:one ");
    assert_string_equal(notes_of(30), "");
    world_sql(&world, "UPDATE notes SET text = 'changed' WHERE id = 1");
    world_sql(&world, "UPDATE notes SET owner = 30 WHERE id = 3");
    assert_string_equal(notes_of(10), "1:one ");
    assert_int_equal(steps, 0);
    assert_string_equal(notes_of(20), "2:two 3:three ");
    begin_again();
    assert_string_equal(notes_of(20), "2:two ");
    assert_string_equal(notes_of(10), "1:changed ");
    assert_string_equal(notes_of(30), "3:three ");
}

/* The first query of a transaction finds out which state that has, whatever was kept for it. */
TEST(test_what_was_kept_outlives_a_transaction_but_no_change)
{
    notes_of(10);
    begin_again();
    assert_string_equal(notes_of(20), "2:two 3:three ");
    assert_string_equal(notes_of(10), "1:one ");
    assert_int_equal(steps, 0);
    world_sql(&world, "UPDATE notes SET text = 'changed' WHERE id = 1");
    begin_again();
    assert_string_equal(notes_of(10), "1:changed ");
    assert_int_equal(steps, 2);
}

TEST(test_other_connections_and_other_queries_keep_nothing)
{
    for (int i = 0; i < 2; i++) {
        steps = 0;
        struct query query = ask_from(world.db, 10, STR(""));
        assert_true(db_row(&query));
        db_end(&query);
        query = db_query(reader, &note_of);
        db_bind_int(&query, 10);
        db_bind_str(&query, STR(""));
        assert_true(db_row(&query));
        db_end(&query);
        assert_int_equal(steps, 2);
    }
    db_rollback(reader); /* each query sees a state of its own then */
    for (int i = 0; i < 2; i++) {
        assert_string_equal(notes_of(10), "1:one ");
        assert_int_equal(steps, 2);
    }
    db_begin(reader, false);
}

TEST(test_large_rows_are_searched_again)
{
    world_sql(&world, "UPDATE notes SET text = printf('%.*c', 3000, 'x') WHERE id = 1");
    begin_again();
    for (int i = 0; i < 2; i++) {
        steps = 0;
        struct query query = ask_from(reader, 10, STR(""));
        assert_true(db_row(&query));
        assert_int_equal(db_str(&query, 0).length, 3000);
        assert_int_equal(db_int(&query, 1), 1);
        assert_false(db_row(&query));
        assert_int_equal(steps, 2);
    }
}

/* Another statement may stand where a forgotten one stood. */
TEST(test_statements_are_told_apart_when_they_are_prepared_again)
{
    for (int i = 0; i < 2000; i++) {
        struct query query = db_query_text(
            reader, str_format(&world.arena, "SELECT id + %d FROM notes WHERE id = $1", i));
        db_remember(&query);
        db_bind_int(&query, 1);
        assert_true(db_row(&query));
        assert_int_equal(db_int(&query, 0), 1 + i);
        db_end(&query);
    }
}

TEST(test_a_failed_search_is_not_kept)
{
    for (int i = 0; i < 2; i++) {
        steps = 0;
        struct query query = db_query_text(reader, STR("SELECT abs($1)"));
        db_remember(&query);
        db_bind_int(&query, INT64_MIN); /* which has no absolute value */
        assert_false(db_row(&query));
        assert_int_equal(steps, 1);
        assert_int_equal(db_failed(reader), DB_MISUSED);
        db_clear(reader);
    }
}

/* The second row is a failure: that there was a first one is not the whole answer. */
TEST(test_a_search_that_fails_later_is_not_kept)
{
    for (int i = 0; i < 2; i++) {
        struct query query =
            db_query_text(reader, STR("SELECT CASE id WHEN 3 THEN abs($1) ELSE id END FROM notes"
                                      " WHERE owner = 20 ORDER BY id"));
        db_remember(&query);
        db_bind_int(&query, INT64_MIN);
        assert_true(db_row(&query));
        assert_false(db_row(&query));
        assert_int_equal(db_failed(reader), DB_MISUSED);
        db_clear(reader);
        begin_again();
        notes_of(10);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_row_is_found_as_it_was_kept, set_up_rows,
                                        tear_down_rows),
        cmocka_unit_test_setup_teardown(test_what_is_dropped_or_forgotten_is_not_found, set_up_rows,
                                        tear_down_rows),
        cmocka_unit_test_setup_teardown(test_questions_are_told_apart, set_up_rows, tear_down_rows),
        cmocka_unit_test_setup_teardown(test_long_questions_are_not_kept, set_up_rows,
                                        tear_down_rows),
        cmocka_unit_test_setup_teardown(test_large_rows_are_not_kept, set_up_rows, tear_down_rows),
        cmocka_unit_test_setup_teardown(test_what_was_dropped_leaves_its_place_to_the_next,
                                        set_up_rows, tear_down_rows),
        cmocka_unit_test_setup_teardown(test_no_question_gets_the_answer_of_another, set_up_rows,
                                        tear_down_rows),
        cmocka_unit_test_setup_teardown(test_what_is_asked_again_is_not_searched_again, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_one_row_is_enough, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_of_several_rows_all_are_found_every_time, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_rows_are_those_of_the_state_that_is_seen, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_what_was_kept_outlives_a_transaction_but_no_change,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_other_connections_and_other_queries_keep_nothing,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_large_rows_are_searched_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_statements_are_told_apart_when_they_are_prepared_again,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_failed_search_is_not_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_search_that_fails_later_is_not_kept, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
