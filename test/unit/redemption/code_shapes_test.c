/* Look-ups that are refused by a check character: without the database, and never a code that is
 * there, whatever was rolled back. */
#include "lib/unit.h"
#include "lib/world.h"

#include "redemption/code_shapes.h"
#include "resources/promotion_code.h"

/* The sum of X-28 is right, those of the others are not. */
#define RIGHT STR("x-28")
#define WRONG STR("x-29")
#define WRONG_TOO STR("x-20")

static struct world world;
static struct code_shapes *shapes;

static int set_up(void **state)
{
    (void)state;
    world_open(&world);
    shapes = code_shapes_new();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    code_shapes_free(shapes);
    world_close(&world);
    return 0;
}

static struct request *new_request(void)
{
    struct request *request = world_request(&world);
    request->code_shapes = shapes;
    return request;
}

static void guard(const char *text)
{
    const struct code_pattern pattern = {str_from(text), ALPHABET_DIGITS, true};
    code_shapes_guard(new_request(), &pattern);
}

static void note(struct str code_key)
{
    code_shapes_note(new_request(), code_key);
}

static void load(void)
{
    code_shapes_load_tenant(shapes, world.db, WORLD_TENANT);
}

/* With no connection that could be asked. */
static bool refuses(struct str code_key)
{
    struct request *request = new_request();
    request->db = NULL;
    return code_shapes_refuse(request, code_key);
}

static void begin(void)
{
    db_begin(world.db, true);
}

static void commit(void)
{
    assert_true(db_commit(world.db));
}

static void roll_back(void)
{
    db_rollback(world.db);
}

static void begin_with_shape(void)
{
    begin();
    guard("X-##");
    commit();
    load();
    begin();
}

TEST(test_a_wrong_check_character_is_refused_without_a_database)
{
    begin_with_shape();
    assert_true(refuses(WRONG));
    assert_false(refuses(RIGHT));
    assert_false(refuses(STR("x-190")));
    assert_false(refuses(STR("y-19")));
    assert_false(refuses(STR("x-1a")));
    assert_false(refuses(STR("")));
    struct request *request = new_request();
    request->db = NULL;
    assert_int_equal(promotion_code_meant(request, STR("X-29"), STR_NULL, false), 0);
    request->tenant++;
    assert_false(code_shapes_refuse(request, WRONG));
    request->tenant--;
    request->code_shapes = NULL;
    assert_false(code_shapes_refuse(request, WRONG));
    roll_back();
}

TEST(test_all_tenants_are_loaded)
{
    begin();
    guard("X-##");
    struct request *request = new_request();
    request->tenant++;
    const struct code_pattern other = {STR("Y-##"), ALPHABET_DIGITS, true};
    code_shapes_guard(request, &other);
    commit();
    note(WRONG);
    assert_true(code_shapes_load(shapes, world.db));
    assert_false(refuses(WRONG));
    assert_true(refuses(WRONG_TOO));
    assert_false(refuses(STR("y-19")));
    request = new_request();
    request->tenant++;
    assert_true(code_shapes_refuse(request, STR("y-19")));
}

TEST(test_a_shape_counts_when_it_is_committed)
{
    begin();
    guard("X-##");
    assert_false(refuses(WRONG));
    roll_back();
    load();
    assert_false(refuses(WRONG));
}

TEST(test_a_shape_is_known_to_the_transaction_that_makes_it)
{
    begin();
    guard("X-##");
    note(WRONG);
    commit();
    load();
    assert_false(refuses(WRONG));
    assert_true(refuses(WRONG_TOO));
}

TEST(test_a_code_passes_before_it_is_committed)
{
    begin_with_shape();
    note(WRONG);
    assert_false(refuses(WRONG));
    assert_true(refuses(WRONG_TOO));
    commit();
    load();
    assert_false(refuses(WRONG));
}

TEST(test_a_code_that_was_rolled_back_once_is_written_the_next_time)
{
    begin_with_shape();
    note(WRONG);
    roll_back();
    assert_false(refuses(WRONG));
    begin();
    note(WRONG);
    commit();
    load();
    assert_false(refuses(WRONG));
}

TEST(test_a_code_is_written_although_its_shape_was_given_up_by_what_was_rolled_back)
{
    begin_with_shape();
    code_shapes_forget(new_request());
    roll_back();
    assert_false(refuses(WRONG));
    begin();
    note(WRONG);
    commit();
    load();
    assert_false(refuses(WRONG));
    assert_true(refuses(WRONG_TOO));
}

TEST(test_without_anything_in_memory_the_database_is_kept_up_to_date)
{
    begin_with_shape();
    code_shapes_note(world_request(&world), WRONG);
    commit();
    load();
    assert_false(refuses(WRONG));
    assert_true(refuses(WRONG_TOO));
}

TEST(test_a_second_shape_does_not_let_the_exceptions_of_the_first_pass)
{
    begin_with_shape();
    note(WRONG);
    guard("x-##");
    guard("#-##");
    commit();
    load();
    assert_int_equal(world_int(&world, "SELECT COUNT(*) FROM code_shapes"), 2);
    assert_false(refuses(WRONG));
    assert_true(refuses(STR("1-33")));
}

TEST(test_a_pattern_without_a_check_character_has_no_shape)
{
    struct code_pattern open = {STR("X-##"), ALPHABET_DIGITS, false};
    begin_with_shape();
    assert_false(code_shapes_have(new_request(), &open));
    open.check_character = true;
    assert_true(code_shapes_have(new_request(), &open));
    open.alphabet = ALPHABET_LETTERS;
    assert_false(code_shapes_have(new_request(), &open));
    roll_back();
}

#define UNIT(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT(test_a_wrong_check_character_is_refused_without_a_database),
        UNIT(test_all_tenants_are_loaded),
        UNIT(test_a_shape_counts_when_it_is_committed),
        UNIT(test_a_shape_is_known_to_the_transaction_that_makes_it),
        UNIT(test_a_code_passes_before_it_is_committed),
        UNIT(test_a_code_that_was_rolled_back_once_is_written_the_next_time),
        UNIT(test_a_code_is_written_although_its_shape_was_given_up_by_what_was_rolled_back),
        UNIT(test_without_anything_in_memory_the_database_is_kept_up_to_date),
        UNIT(test_a_second_shape_does_not_let_the_exceptions_of_the_first_pass),
        UNIT(test_a_pattern_without_a_check_character_has_no_shape),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
