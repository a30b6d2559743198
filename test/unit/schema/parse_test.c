/* JSON to struct, and back again for every table there is. */
#include "lib/thing.h"
#include "lib/arena.h"
#include "lib/unit.h"

#include "resources/registry.h"
#include "schema/json.h"
#include "schema/parse.h"

static struct str rendered(const struct schema *schema, const void *object, const struct view *view)
{
    struct text text;
    text_init(&text, &arena, 1 << 20);
    json_object(&text, schema, object, view, NULL);
    return text_str(&text);
}

static void check_round_trip(const struct schema *schema, struct chance *chance)
{
    static const struct view views[] = {
        {.version = V_NEWEST, .indent = JSON_COMPACT, .everything = true},
        {.version = V_NEWEST, .indent = JSON_COMPACT, .everything = true, .sparse = true},
        {.version = V_NEWEST, .indent = JSON_COMPACT},
        {.version = V_NEWEST},
        {.version = V_2020_08_27}};
    for (size_t i = 0; i < ARRAY_LENGTH(views); i++) {
        void *object = arena_alloc(&arena, schema->size),
             *again = arena_alloc(&arena, schema->size);
        struct str problem = STR_NULL;
        fill_object(&arena, chance, schema, object);
        struct str json = rendered(schema, object, &views[i]);
        if (!parse_object(&arena, schema, json, again, &problem))
            BREAKS("%.*s in %.*s", STR_FMT(problem), STR_FMT(json));
        struct str back = rendered(schema, again, &views[i]);
        if (!str_equal(json, back))
            BREAKS("%s, view %zu: %.*s\nbecomes\n%.*s", schema->name, i, STR_FMT(json),
                   STR_FMT(back));
    }
}

static const struct view kept = {
    .version = V_NEWEST, .indent = JSON_COMPACT, .everything = true, .sparse = true};

static struct str noted(const struct schema *schema, const void *object, struct str *values)
{
    struct text text;
    text_init(&text, &arena, 1 << 20);
    json_object_noting(&text, schema, object, &kept, values);
    return text_str(&text);
}

/* What events keep: the object after a change, and what it had before. */
static void check_undoing(const struct schema *schema, struct chance *chance)
{
    void *before = arena_alloc(&arena, schema->size), *after = arena_alloc(&arena, schema->size);
    void *again = arena_alloc(&arena, schema->size);
    struct str problem, *values = ARENA_ARRAY(&arena, struct str, schema->count);
    struct text undo;
    fill_object(&arena, chance, schema, before);
    struct str was = noted(schema, before, values);
    text_init(&undo, &arena, 1 << 20);
    json_undo(&undo, schema, before, before, values, &kept);
    assert_str(text_str(&undo), "{}");
    fill_object(&arena, chance, schema, after);
    struct str is = noted(schema, after, values);
    text_init(&undo, &arena, 1 << 20);
    json_undo(&undo, schema, before, after, values, &kept);
    if (!parse_object(&arena, schema, is, again, &problem) ||
        !parse_object(&arena, schema, text_str(&undo), again, &problem))
        BREAKS("%.*s", STR_FMT(problem));
    struct str back = noted(schema, again, values);
    if (!str_equal(was, back))
        BREAKS("%.*s\nbecomes\n%.*s\nby\n%.*s", STR_FMT(was), STR_FMT(back),
               STR_FMT(text_str(&undo)));
}

TEST(test_every_table_survives_the_round_trip)
{
    struct chance chance = {8};
    for (int round = 0; round < 50; round++) {
        struct arena_mark mark = arena_mark(&arena);
        check_round_trip(&thing_schema, &chance);
        for (size_t i = 0; i < RESOURCE_COUNT; i++) {
            if (i == RESOURCE_event) /* shows snapshots, is never brought in */
                continue;
            check_round_trip(&resources[i]->schema, &chance);
            if (resources[i]->schema.is_object)
                check_undoing(&resources[i]->schema, &chance);
        }
        arena_rewind(&arena, mark);
    }
}

/* Each kind's value on its own, as columns keep it. */
TEST(test_every_member_survives_the_round_trip)
{
    const struct view stored = {.version = V_NEWEST, .indent = JSON_COMPACT, .everything = true};
    struct chance chance = {9};
    for (int round = 0; round < 50; round++) {
        struct thing full = {0};
        fill_object(&arena, &chance, &thing_schema, &full);
        for (size_t i = 0; i < thing_schema.count; i++) {
            const struct field *field = &thing_schema.fields[i];
            struct thing again = {0};
            struct text text;
            if (field->kind == KIND_CONSTANT)
                continue;
            text_init(&text, &arena, 100000);
            json_value(&text, field, &full, &stored, NULL);
            assert_true(parse_value(&arena, field, text_str(&text), &again));
            if (!field_equal(field, &full, &again))
                BREAKS("%s: %.*s", field->name, STR_FMT(text_str(&text)));
        }
    }
}

TEST(test_percentages_come_out_of_json_numbers_exactly)
{
    for (int64_t hundredths = 1; hundredths <= 10000; hundredths++) {
        struct arena_mark mark = arena_mark(&arena);
        struct thing thing = {0};
        struct str problem = STR_NULL;
        struct str json = str_format(&arena, "{\"percent\":%lld.%02lld}",
                                     (long long)hundredths / 100, (long long)hundredths % 100);
        assert_true(parse_object(&arena, &thing_schema, json, &thing, &problem));
        if (!thing.percent.set || thing.percent.hundredths != hundredths)
            BREAKS("%.*s is read as %lld", STR_FMT(json), (long long)thing.percent.hundredths);
        arena_rewind(&arena, mark);
    }
}

TEST(test_a_reference_may_be_the_whole_object)
{
    struct thing thing = {0};
    struct str problem = STR_NULL;
    assert_true(parse_object(&arena, &thing_schema, STR("{\"parent\":{\"id\":\"th_0\",\"x\":1}}"),
                             &thing, &problem));
    assert_str(thing.parent.id, "th_0");
}

TEST(test_what_is_not_there_stays_and_null_empties_it)
{
    struct thing thing = {.amount = 5, .title = STR("t"), .url = STR("u")};
    struct str problem = STR_NULL;
    assert_true(parse_object(&arena, &thing_schema, STR("{\"url\":null,\"unknown\":[1]}"), &thing,
                             &problem));
    assert_int_equal(thing.amount, 5);
    assert_str(thing.title, "t");
    assert_null_str(thing.url);
}

TEST(test_internal_members_cannot_be_brought_in)
{
    struct thing thing = {0};
    struct str problem = STR_NULL;
    assert_true(parse_object(&arena, &thing_schema, STR("{\"hidden\":\"x\"}"), &thing, &problem));
    assert_null_str(thing.hidden);
}

TEST(test_exports_have_internal_members_and_rows)
{
    struct thing thing = {0};
    struct str problem = STR_NULL;
    const struct str json = STR("{\"hidden\":\"x\",\"parent\":{\"id\":\"a\",\"row\":7}}");
    assert_true(parse_exported(&arena, &thing_schema, json, &thing, &problem));
    assert_str(thing.hidden, "x");
    assert_int_equal(thing.parent.row, 7);
    assert_true(parse_object(&arena, &thing_schema, json, &thing, &problem));
    assert_int_equal(thing.parent.row, 0);
}

TEST(test_wrong_types_are_named)
{
    static const struct {
        const char *json;
        const char *problem; /* how it starts */
    } cases[] = {
        {"", "not JSON"},
        {"{", "not JSON"},
        {"{\"a\":1,\"a\":2}", "not JSON"}, /* one key, two values */
        {"{\"title\":\"\\ud800\"}", "not JSON"},
        {"{\"title\":\"\xC0\x80\"}", "not JSON"},
        {"{} x", "not JSON"},
        {"[]", "not a JSON object"},
        {"5", "not a JSON object"},
        {"{\"title\":5}", "title: expected a string"},
        {"{\"active\":\"true\"}", "active: expected true or false"},
        {"{\"amount\":1.5}", "amount: expected an integer"},
        {"{\"amount\":99999999999999999999}", "not JSON"},
        {"{\"percent\":\"5\"}", "percent: expected a number"},
        {"{\"percent\":100.01}", "percent: expected a smaller number"},
        {"{\"percent\":-1}", "percent: expected a smaller number"},
        {"{\"color\":\"pink\"}", "color: expected one of the values"},
        {"{\"parent\":5}", "parent: expected an id"},
        {"{\"parent\":{}}", "parent: expected an id"},
        {"{\"metadata\":[]}", "metadata: expected an object"},
        {"{\"metadata\":{\"a\":1}}", "metadata: expected strings"},
        {"{\"colors\":\"red\"}", "colors: expected an array"},
        {"{\"colors\":[1]}", "colors: expected strings"},
        {"{\"rooms\":{}}", "rooms: expected an array"},
        {"{\"rooms\":[1]}", "rooms: expected objects"},
        {"{\"rooms\":[{\"beds\":\"x\"}]}", "beds: expected an integer"},
        {"{\"prices\":[]}", "prices: expected an object"},
        {"{\"prices\":{\"eur\":1}}", "prices: expected objects"},
        {"{\"details\":[]}", "details: expected an object"},
        {"{\"limits\":5}", "limits: expected an object"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct thing thing = {0};
        struct str problem = STR_NULL;
        if (parse_object(&arena, &thing_schema, str_from(cases[i].json), &thing, &problem))
            BREAKS("%s is accepted", cases[i].json);
        if (!problem.data || !str_starts(problem, str_from(cases[i].problem)))
            BREAKS("%s: %.*s", cases[i].json, STR_FMT(problem));
    }
}

TEST(test_one_string_of_an_object)
{
    assert_str(parse_string_member(&arena, STR("{\"object\":\"coupon\"}"), "object"), "coupon");
    assert_null_str(parse_string_member(&arena, STR("{\"object\":5}"), "object"));
    assert_null_str(parse_string_member(&arena, STR("{}"), "object"));
    assert_null_str(parse_string_member(&arena, STR("[]"), "object"));
    assert_null_str(parse_string_member(&arena, STR("{"), "object"));
}

TEST(test_one_truth_of_an_object)
{
    assert_true(parse_is_true(STR("{\"deleted\":true}"), "deleted"));
    static const char *const others[] = {"{\"deleted\":false}", "{\"deleted\":1}", "{}", "[]", "{"};
    for (size_t i = 0; i < ARRAY_LENGTH(others); i++)
        assert_false(parse_is_true(str_from(others[i]), "deleted"));
}

TEST(test_items_of_an_array_are_lines)
{
    struct strings items;
    assert_true(parse_items(&arena, STR("{\"data\":[{\"a\": 1,\n\"b\":[2.5,\"x\\n\"]},3]}"), "data",
                            &items));
    assert_int_equal(items.count, 2);
    assert_str(items.items[0], "{\"a\":1,\"b\":[2.5,\"x\\n\"]}");
    assert_str(items.items[1], "3");
    assert_true(parse_items(&arena, STR("{\"data\":[]}"), "data", &items));
    assert_int_equal(items.count, 0);
    assert_false(parse_items(&arena, STR("{\"data\":{}}"), "data", &items));
    assert_false(parse_items(&arena, STR("no JSON"), "data", &items));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_table_survives_the_round_trip),
        cmocka_unit_test(test_every_member_survives_the_round_trip),
        cmocka_unit_test(test_percentages_come_out_of_json_numbers_exactly),
        cmocka_unit_test(test_a_reference_may_be_the_whole_object),
        cmocka_unit_test(test_what_is_not_there_stays_and_null_empties_it),
        cmocka_unit_test(test_internal_members_cannot_be_brought_in),
        cmocka_unit_test(test_exports_have_internal_members_and_rows),
        cmocka_unit_test(test_wrong_types_are_named),
        cmocka_unit_test(test_one_string_of_an_object),
        cmocka_unit_test(test_one_truth_of_an_object),
        cmocka_unit_test(test_items_of_an_array_are_lines),
    };
    return cmocka_run_group_tests(tests, arena_set_up, arena_tear_down);
}
