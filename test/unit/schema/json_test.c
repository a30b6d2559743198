/* JSON writer: spelling, order, indentation; what changed; what expansion adds. */
#include "lib/document.h"
#include "lib/thing.h"
#include "lib/arena.h"
#include "lib/unit.h"

#include "schema/expansion.h"
#include "schema/json.h"

static const struct view compact = {.version = V_NEWEST, .indent = JSON_COMPACT};

static struct str rendered(const struct schema *schema, const void *object, const struct view *view,
                           const struct expansion *expansion)
{
    struct text text;
    text_init(&text, &arena, 1 << 20);
    json_object(&text, schema, object, view, expansion);
    return text_str(&text);
}

static struct str string_json(struct str value)
{
    struct text text;
    text_init(&text, &arena, 10000);
    json_string(&text, value);
    return text_str(&text);
}

TEST(test_strings_are_escaped)
{
    assert_str(string_json(STR("plain/é€")), "\"plain/é€\"");
    assert_str(string_json(STR("\"\\\n\r\t")), "\"\\\"\\\\\\n\\r\\t\"");
    assert_str(string_json(STR("\x01\x1F")), "\"\\u0001\\u001f\"");
    assert_str(string_json(STR("a\0b")), "\"a\\u0000b\"");
    assert_str(string_json(STR("")), "\"\"");
    assert_str(string_json(STR_NULL), "null");
}

TEST(test_every_string_is_read_back_as_it_was)
{
    struct chance chance = {5};
    for (int round = 0; round < 3000; round++) {
        char bytes[20];
        size_t length = chance_below(&chance, sizeof(bytes));
        for (size_t i = 0; i < length; i++)
            bytes[i] = (char)(1 + chance_below(&chance, 0x7F));
        struct arena_mark mark = arena_mark(&arena);
        struct str json = string_json((struct str){bytes, length});
        struct str member = str_format(&arena, "{\"k\":%.*s}", STR_FMT(json));
        if (!str_equal(document_string(&arena, member, "k"), (struct str){bytes, length}))
            BREAKS("%.*s", STR_FMT(json));
        arena_rewind(&arena, mark);
    }
}

TEST(test_an_object_without_values_shows_nulls_and_defaults)
{
    struct thing thing = {.object.id = STR("th_1"), .object.created.seconds = 5};
    assert_str(rendered(&thing_schema, &thing, &compact, NULL),
               "{\"id\":\"th_1\",\"object\":\"thing\",\"active\":false,\"amount\":0,"
               "\"approved\":null,\"color\":null,\"colors\":[],\"constant\":\"always\","
               "\"created\":5,\"currency\":null,\"details\":null,\"email\":null,"
               "\"expires_at\":null,\"limits\":{\"least\":null,\"unit\":null},"
               "\"livemode\":false,\"metadata\":{},\"parent\":null,\"percent\":null,"
               "\"rooms\":null,\"title\":null,\"url\":null}");
}

TEST(test_documents_are_indented_by_two)
{
    struct thing_room room = {.name = STR("a"), .beds = {true, 2}};
    struct str colors[] = {STR("x"), STR("y")};
    struct thing thing = {.object.id = STR("th_1"),
                          .rooms = {&room, 1},
                          .colors = {colors, 2},
                          .percent = {true, 2550},
                          .title = STR("t")};
    const struct view view = {.version = V_NEWEST};
    assert_str(rendered(&thing_schema, &thing, &view, NULL),
               "{\n  \"id\": \"th_1\",\n  \"object\": \"thing\",\n  \"active\": false,\n"
               "  \"amount\": 0,\n  \"approved\": null,\n  \"color\": null,\n"
               "  \"colors\": [\n    \"x\",\n    \"y\"\n  ],\n  \"constant\": \"always\",\n"
               "  \"created\": 0,\n  \"currency\": null,\n  \"details\": null,\n"
               "  \"email\": null,\n  \"expires_at\": null,\n"
               "  \"limits\": {\n    \"least\": null,\n    \"unit\": null\n  },\n"
               "  \"livemode\": false,\n  \"metadata\": {},\n  \"parent\": null,\n"
               "  \"percent\": 25.5,\n"
               "  \"rooms\": [\n    {\n      \"beds\": 2,\n      \"name\": \"a\"\n    }\n  ],\n"
               "  \"title\": \"t\",\n  \"url\": null\n}");
}

TEST(test_rows_are_shown_in_the_versions_that_have_them)
{
    struct thing thing = {.old_name = STR("old"), .title = STR("new")};
    struct view old = {.version = V_CLOVER - 1, .indent = JSON_COMPACT};
    struct str before = rendered(&thing_schema, &thing, &old, NULL);
    struct str after = rendered(&thing_schema, &thing, &compact, NULL);
    assert_non_null(strstr(before.data, "\"old_name\":\"old\""));
    assert_null(strstr(before.data, "\"title\""));
    assert_null(strstr(after.data, "\"old_name\""));
    assert_non_null(strstr(after.data, "\"title\":\"new\""));
}

TEST(test_internal_rows_are_never_shown)
{
    struct thing thing = {.hidden = STR("secret")};
    struct view everything = {.version = V_NEWEST, .indent = JSON_COMPACT, .everything = true};
    assert_null(strstr(rendered(&thing_schema, &thing, &compact, NULL).data, "secret"));
    assert_null(strstr(rendered(&thing_schema, &thing, &everything, NULL).data, "secret"));
}

TEST(test_rows_that_are_shown_when_set)
{
    struct thing thing = {.limit = {true, 3}};
    assert_non_null(
        strstr(rendered(&thing_schema, &thing, &compact, NULL).data, "\"limit\":3,\"limits\""));
}

TEST(test_includable_rows_wait_to_be_asked_for)
{
    struct thing_price price = {STR("eur"), 5};
    struct thing thing = {.prices = {&price, 1}, .limits.prices = {&price, 1}};
    struct expansion inner = {.name = STR("prices")};
    struct expansion prices = {.name = STR("prices")},
                     limits = {.name = STR("limits"), .first = &inner, .next = &prices},
                     root = {.first = &limits};
    assert_null(strstr(rendered(&thing_schema, &thing, &compact, NULL).data, "prices"));
    const char *asked = rendered(&thing_schema, &thing, &compact, &root).data;
    assert_non_null(strstr(asked, "\"limits\":{\"least\":null,\"prices\":{\"eur\":{\"amount\":5}},"
                                  "\"unit\":null}"));
    assert_non_null(strstr(asked, "\"percent\":null,\"prices\":{\"eur\":{\"amount\":5}}"));
    thing.prices.count = 0;
    assert_null(strstr(rendered(&thing_schema, &thing, &compact, &prices).data, "prices"));
}

TEST(test_references_are_ids_until_they_are_expanded)
{
    struct thing parent = {.object.id = STR("th_0")};
    struct thing thing = {.object.id = STR("th_1"),
                          .parent = {.id = STR("th_0"), .object = &parent}};
    struct expansion child = {.name = STR("parent")}, root = {.first = &child};
    assert_non_null(
        strstr(rendered(&thing_schema, &thing, &compact, NULL).data, "\"parent\":\"th_0\""));
    assert_non_null(strstr(rendered(&thing_schema, &thing, &compact, &root).data,
                           "\"parent\":{\"id\":\"th_0\",\"object\":\"thing\","));
    parent.object.deleted = true;
    assert_non_null(strstr(rendered(&thing_schema, &thing, &compact, &root).data,
                           "\"parent\":{\"id\":\"th_0\",\"object\":\"thing\",\"deleted\":true}"));
    thing.parent.object = NULL; /* was not found */
    assert_non_null(
        strstr(rendered(&thing_schema, &thing, &compact, &root).data, "\"parent\":\"th_0\""));
}

TEST(test_a_full_object_is_valid_json_with_each_key_once)
{
    struct chance chance = {6};
    for (int round = 0; round < 200; round++) {
        struct arena_mark mark = arena_mark(&arena);
        struct thing thing = {0};
        fill_object(&arena, &chance, &thing_schema, &thing);
        const struct view views[] = {
            {.version = V_NEWEST, .indent = JSON_COMPACT, .everything = true},
            {.version = V_NEWEST, .indent = 3},
            {.version = V_CLOVER - 1}};
        for (size_t i = 0; i < ARRAY_LENGTH(views); i++) {
            struct str json = rendered(&thing_schema, &thing, &views[i], NULL);
            if (!document_is_valid(json))
                BREAKS("no JSON: %.*s", STR_FMT(json));
        }
        arena_rewind(&arena, mark);
    }
}

TEST(test_a_text_that_is_too_long_fails_as_a_whole)
{
    struct thing thing = {.object.id = STR("th_1")};
    struct text text;
    text_init(&text, &arena, 100);
    json_object(&text, &thing_schema, &thing, &compact, NULL);
    assert_true(text.failed);
}

/* ---- differences ---- */

static struct str difference(const struct thing *before, const struct thing *after)
{
    struct text text;
    text_init(&text, &arena, 1 << 20);
    json_difference(&text, &thing_schema, before, after, &compact);
    return text_str(&text);
}

TEST(test_a_difference_has_the_old_values_of_what_changed)
{
    struct thing before = {.amount = 1, .title = STR("a"), .url = STR("u")}, after = before;
    assert_str(difference(&before, &after), "{}");
    assert_false(json_differs(&thing_schema, &before, &after, V_NEWEST));
    after.amount = 2;
    after.title = STR("b");
    after.expires_at = (struct opt_time){true, 9};
    after.url = STR_NULL;
    assert_str(difference(&before, &after),
               "{\"amount\":1,\"expires_at\":null,\"title\":\"a\",\"url\":\"u\"}");
    assert_true(json_differs(&thing_schema, &before, &after, V_NEWEST));
}

TEST(test_a_difference_goes_into_hashes_and_metadata)
{
    struct pair old_pairs[] = {
        {STR("same"), STR("1")}, {STR("changed"), STR("2")}, {STR("gone"), STR("3")}};
    struct pair new_pairs[] = {
        {STR("same"), STR("1")}, {STR("changed"), STR("x")}, {STR("new"), STR("4")}};
    struct thing before = {.object.metadata = {old_pairs, 3}, .limits.least = {true, 5}};
    struct thing after = {.object.metadata = {new_pairs, 3}, .limits.least = {true, 6}};
    assert_str(difference(&before, &after),
               "{\"limits\":{\"least\":5},"
               "\"metadata\":{\"changed\":\"2\",\"gone\":\"3\",\"new\":null}}");
}

TEST(test_a_difference_that_no_caller_of_the_version_sees_is_none)
{
    struct thing before = {.title = STR("a"), .hidden = STR("a")}, after = before;
    after.hidden = STR("b");
    assert_false(json_differs(&thing_schema, &before, &after, V_NEWEST));
    after.title = STR("b");
    assert_true(json_differs(&thing_schema, &before, &after, V_NEWEST));
    assert_false(json_differs(&thing_schema, &before, &after, V_CLOVER - 1));
}

/* Whatever member changes, the difference has its key, and no other one but those of rows that look
 * at the same member. */
TEST(test_every_change_shows_up_alone)
{
    struct chance chance = {7};
    for (size_t i = 0; i < thing_schema.count; i++) {
        const struct field *field = &thing_schema.fields[i];
        struct thing full = {0}, less;
        fill_object(&arena, &chance, &thing_schema, &full);
        less = full;
        clear_member(field, &less);
        bool shown = !(field->is & INTERNAL) && field_in_version(field, V_NEWEST);
        bool changed = !field_equal(field, &full, &less);
        assert_int_equal(json_differs(&thing_schema, &full, &less, V_NEWEST), shown && changed);
        struct str json = difference(&full, &less);
        assert_int_equal(document_members(json), shown && changed ? 1 : 0);
        if (shown && changed)
            assert_true(document_has(json, field_name(field)));
    }
}

TEST(test_a_deleted_object_is_a_stub)
{
    struct text text;
    text_init(&text, &arena, 1000);
    json_deleted(&text, &thing_schema, STR("th_1"), 0);
    assert_str(text_str(&text),
               "{\n  \"id\": \"th_1\",\n  \"object\": \"thing\",\n  \"deleted\": true\n}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_strings_are_escaped),
        cmocka_unit_test(test_every_string_is_read_back_as_it_was),
        cmocka_unit_test(test_an_object_without_values_shows_nulls_and_defaults),
        cmocka_unit_test(test_documents_are_indented_by_two),
        cmocka_unit_test(test_rows_are_shown_in_the_versions_that_have_them),
        cmocka_unit_test(test_internal_rows_are_never_shown),
        cmocka_unit_test(test_rows_that_are_shown_when_set),
        cmocka_unit_test(test_includable_rows_wait_to_be_asked_for),
        cmocka_unit_test(test_references_are_ids_until_they_are_expanded),
        cmocka_unit_test(test_a_full_object_is_valid_json_with_each_key_once),
        cmocka_unit_test(test_a_text_that_is_too_long_fails_as_a_whole),
        cmocka_unit_test(test_a_difference_has_the_old_values_of_what_changed),
        cmocka_unit_test(test_a_difference_goes_into_hashes_and_metadata),
        cmocka_unit_test(test_a_difference_that_no_caller_of_the_version_sees_is_none),
        cmocka_unit_test(test_every_change_shows_up_alone),
        cmocka_unit_test(test_a_deleted_object_is_a_stub),
    };
    return cmocka_run_group_tests(tests, arena_set_up, arena_tear_down);
}
