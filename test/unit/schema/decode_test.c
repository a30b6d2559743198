/* Form to struct: the rules that every parameter of every table follows. */
#include "lib/thing.h"
#include "lib/arena.h"
#include "lib/unit.h"
#include "lib/world.h"

#include "base/limits.h"
#include "schema/decode.h"
#include "schema/form.h"
#include "schema/scalar.h"

#include <stdlib.h>

static struct request request;
static struct thing thing;

/* Decodes over what `thing` is already. */
static bool decode_over(unsigned in, int32_t version, const char *form)
{
    struct str body = str_from(form);
    request = (struct request){.arena = &arena, .version = version};
    if (!form_parse(&request, STR_NULL, body))
        BREAKS("\"%s\" is no form: %.*s", form, STR_FMT(request.error.message));
    struct parameters table = {&thing_schema, &thing, in};
    return decode_parameters(&request, &table, 1);
}

static bool decode(const char *form)
{
    thing = (struct thing){0};
    return decode_over(UPDATE, V_NEWEST, form);
}

static bool create(const char *form)
{
    thing = (struct thing){0};
    return decode_over(CREATE, V_NEWEST, form);
}

static void accepts(const char *form)
{
    if (!create(str_format(&arena, "title=x&%s", form).data))
        BREAKS("\"%s\" is refused: %.*s", form, STR_FMT(request.error.message));
}

static void refuses(const char *form, const char *param, const char *code, const char *message)
{
    if (create(str_format(&arena, "title=x&%s", form).data))
        BREAKS("\"%s\" is accepted", form);
    assert_int_equal(request.error.status, 400);
    assert_int_equal(request.error.type, ERROR_INVALID_REQUEST);
    assert_str(request.error.param, param);
    assert_str(request.error.code, code);
    if (message)
        assert_str(request.error.message, message);
}

TEST(test_absent_leaves_a_value_sets_an_empty_one_clears)
{
    assert_true(decode("expires_at=5&approved=true"));
    assert_true(decode_over(UPDATE, V_NEWEST, "active=true"));
    assert_true(thing.expires_at.set && thing.expires_at.seconds == 5);
    assert_true(decode_over(UPDATE, V_NEWEST, "expires_at=6"));
    assert_int_equal(thing.expires_at.seconds, 6);
    assert_true(decode_over(UPDATE, V_NEWEST, "expires_at=&approved="));
    assert_false(thing.expires_at.set);
    assert_false(thing.approved.set);
    assert_true(thing.active);
}

TEST(test_an_empty_value_is_refused_where_nothing_can_be_cleared)
{
    refuses("amount=", "amount", "parameter_invalid_empty",
            "You passed an empty string for 'amount'. We assume empty values are an attempt to "
            "unset a parameter; however 'amount' cannot be unset. You should remove 'amount' from "
            "your request or supply a non-empty value.");
    refuses("expires_at=", "expires_at", "parameter_invalid_empty", NULL); /* on update only */
    refuses("limits[unit]=", "limits[unit]", "parameter_invalid_empty", NULL);
    refuses("colors[]=", "colors[0]", "parameter_invalid_empty", NULL);
    accepts("color="); /* as good as none */
    assert_int_equal(thing.color.value, 0);
    accepts("details=");
    assert_null(thing.details);
}

TEST(test_unknown_names_are_reported_all_together_and_first)
{
    refuses("nope=1", "nope", "parameter_unknown", "Received unknown parameter: nope");
    refuses("amount=bad&nope=1&never[a][b]=2", "nope", "parameter_unknown",
            "Received unknown parameters: nope, never");
    refuses("limits[least]=1&limits[most]=2", "limits[most]", "parameter_unknown", NULL);
    refuses("rooms[0][name]=a&rooms[0][size]=1", "rooms[0][size]", "parameter_unknown", NULL);
    refuses("prices[eur][amount]=1&prices[eur][x]=1", "prices[eur][x]", "parameter_unknown", NULL);
    refuses("hidden=1", "hidden", "parameter_unknown", NULL); /* stored, but no parameter */
    refuses("livemode=1", "livemode", "parameter_unknown", NULL);
    refuses("old_name=1", "old_name", "parameter_unknown", NULL); /* older versions only */
    assert_false(decode("amount=1"));                             /* only on creation */
    assert_str(request.error.code, "parameter_unknown");
}

TEST(test_rows_belong_to_versions)
{
    thing = (struct thing){0};
    assert_true(decode_over(CREATE, V_CLOVER - 1, "old_name=x"));
    assert_str(thing.old_name, "x");
    assert_false(decode_over(CREATE, V_CLOVER - 1, "title=x"));
    assert_true(decode_over(CREATE, V_CLOVER, "title=x"));
    assert_false(decode_over(CREATE, V_CLOVER, "title=x&old_name=x"));
}

TEST(test_required_rows_are_required_of_creation)
{
    assert_false(create("amount=1"));
    assert_str(request.error.code, "parameter_missing");
    assert_str(request.error.param, "title");
    assert_str(request.error.message, "Missing required param: title.");
    assert_true(decode("active=1"));
    refuses("rooms[0][beds]=1", "rooms[0][name]", "parameter_missing",
            "Missing required param: rooms[0][name].");
    refuses("prices[eur][]=1", "prices[eur][0]", "parameter_unknown", NULL);
}

TEST(test_integers_keep_within_their_bounds)
{
    static const struct {
        const char *value;
        bool good;
    } cases[] = {{"-11", false}, {"-10", true},
                 {"-9", true},   {"999", true},
                 {"1000", true}, {"1001", false},
                 {"1.0", false}, {"1e2", false},
                 {"x", false},   {"99999999999999999999", false},
                 {"+1", false}};
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        const char *form = str_format(&arena, "amount=%s", cases[i].value).data;
        if (cases[i].good)
            accepts(str_format(&arena, "amount=%s", cases[i].value).data);
        else
            refuses(form, "amount", "parameter_invalid_integer", NULL);
    }
    refuses("amount=x1", "amount", "parameter_invalid_integer", "Invalid integer: x1");
    refuses("amount[a]=1", "amount", "parameter_invalid_integer", "Invalid integer: {\"a\":\"1\"}");
    refuses("amount=-11", "amount", "parameter_invalid_integer",
            "This value must be greater than or equal to -10.");
    refuses("amount=1001", "amount", "parameter_invalid_integer",
            "This value must be less than or equal to 1000 (it currently is '1001').");
    /* Where a row says no more, counts and times have bounds of their own. */
    accepts("limit=2147483647");
    refuses("limit=2147483648", "limit", "parameter_invalid_integer", NULL);
    refuses("limit=0", "limit", "parameter_invalid_integer", NULL);
    accepts("expires_at=253402300799");
    refuses("expires_at=253402300800", "expires_at", "parameter_invalid_integer", NULL);
    refuses("expires_at=-1", "expires_at", "parameter_invalid_integer", NULL);
}

TEST(test_percentages_are_exact)
{
    accepts("percent=33.33");
    assert_int_equal(thing.percent.hundredths, 3333);
    accepts("percent=100");
    accepts("percent=100.00000");
    accepts("percent=0.01");
    assert_int_equal(thing.percent.hundredths, 1);
    refuses("percent=0", "percent", NULL, NULL);
    refuses("percent=-5", "percent", NULL, NULL);
    refuses("percent=100.01", "percent", NULL,
            "This value must be less than or equal to 100 (it currently is '100.01').");
    refuses("percent=150", "percent", NULL,
            "This value must be less than or equal to 100 (it currently is '150.0').");
    refuses("percent=33.333", "percent", NULL,
            "Invalid decimal: 33.333; must contain at maximum two decimal places.");
    refuses("percent=1e1", "percent", NULL, "Invalid decimal: 1e1");
    refuses("percent=99999999999999999999999", "percent", NULL, NULL);
}

TEST(test_booleans_are_spelled_as_clients_do)
{
    accepts("active=true");
    assert_true(thing.active);
    accepts("active=1");
    assert_true(thing.active);
    accepts("approved=false");
    assert_true(thing.approved.set && !thing.approved.value);
    accepts("approved=0");
    accepts("active=True"); /* older Python clients */
    assert_true(thing.active);
    refuses("active=yes", "active", NULL, "Invalid boolean: yes");
    refuses("active=TRUE", "active", NULL, NULL);
    refuses("active=", "active", "parameter_invalid_empty", NULL);
    refuses("active[a]=1", "active", NULL, NULL);
}

TEST(test_choices_name_what_can_be_chosen)
{
    accepts("color=green");
    assert_int_equal(thing.color.value, 2);
    refuses("color=pink", "color", NULL, "Invalid color: must be one of blue, green, or red");
    refuses("color=GREEN", "color", NULL, NULL);
}

TEST(test_strings_are_limited_in_characters_not_bytes)
{
    static const struct {
        const char *title;
        bool good;
    } cases[] = {{"1234567", true}, {"12345678", true}, {"123456789", false}, {"ääääääää", true}};
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
        assert_int_equal(create(str_format(&arena, "title=%s", cases[i].title).data),
                         cases[i].good);
    assert_false(create("title=123456789"));
    assert_str(request.error.message, "Invalid string: 1234...6789; must be at most 8 characters");
    assert_false(create("title[a]=1"));
    assert_str(request.error.message, "Invalid string: {\"a\":\"1\"}");
    for (size_t length = STRING_CHARACTERS_MAX - 1; length <= STRING_CHARACTERS_MAX + 1; length++) {
        const char *form = str_format(&arena, "title=x&limits[unit]=%0*d", (int)length, 7).data;
        assert_int_equal(create(form), length <= STRING_CHARACTERS_MAX);
    }
}

TEST(test_formats)
{
    accepts("currency=EUR");
    assert_str(thing.currency, "eur");
    refuses("currency=eu", "currency", NULL, NULL);
    assert_true(str_starts(request.error.message, STR("Invalid currency: eu. ")));
    accepts("email=a@b.c");
    static const char *const emails[] = {"a",      "a@",          "@b",        "a@b@c",
                                         "a b@c",  "a@b%09",      "a@b%C2%A0", "%E2%80%8Ba@b",
                                         "a@b%0A", "a@%EF%BB%BF", "a@b%C2%85"};
    for (size_t i = 0; i < ARRAY_LENGTH(emails); i++)
        refuses(str_format(&arena, "email=%s", emails[i]).data, "email", "email_invalid", NULL);
    accepts("url=https://example.com/x");
    static const char *const urls[] = {"example.com", "https://", "javascript:alert(1)",
                                       "ftp://example.com", "https://a b"};
    for (size_t i = 0; i < ARRAY_LENGTH(urls); i++)
        refuses(str_format(&arena, "url=%s", urls[i]).data, "url", "url_invalid", NULL);
    assert_true(is_code(STR("aZ0-_")));
    assert_false(is_code(STR("")));
    assert_false(is_code(STR("a b")));
    assert_false(is_code(STR("ä")));
}

TEST(test_metadata_is_merged_key_by_key)
{
    assert_true(decode("metadata[a]=1&metadata[b]=2"));
    assert_true(decode_over(UPDATE, V_NEWEST, "metadata[b]=3&metadata[c]=4&metadata[a]="));
    assert_int_equal(thing.object.metadata.count, 2);
    assert_str(thing.object.metadata.items[0].key, "b");
    assert_str(thing.object.metadata.items[0].value, "3");
    assert_str(thing.object.metadata.items[1].key, "c");
    assert_true(decode_over(UPDATE, V_NEWEST, "metadata[never]="));
    assert_int_equal(thing.object.metadata.count, 2);
    assert_true(decode_over(UPDATE, V_NEWEST, "metadata="));
    assert_int_equal(thing.object.metadata.count, 0);
    refuses("metadata=x", "metadata", NULL, NULL);
    refuses("metadata[a][b]=x", "metadata[a]", NULL, NULL);
    refuses("metadata[]=x", "metadata[0]", NULL, NULL);
}

TEST(test_metadata_is_limited)
{
    for (size_t count = METADATA_KEYS_MAX - 1; count <= METADATA_KEYS_MAX + 1; count++) {
        struct text text;
        text_init(&text, &arena, 100000);
        text_add_literal(&text, "title=x");
        for (size_t i = 0; i < count; i++)
            text_addf(&text, "&metadata[k%zu]=v", i);
        assert_int_equal(create(text_str(&text).data), count <= METADATA_KEYS_MAX);
    }
    for (size_t length = METADATA_KEY_CHARACTERS_MAX - 1; length <= METADATA_KEY_CHARACTERS_MAX + 1;
         length++)
        assert_int_equal(
            create(str_format(&arena, "title=x&metadata[%0*d]=v", (int)length, 1).data),
            length <= METADATA_KEY_CHARACTERS_MAX);
    for (size_t length = METADATA_VALUE_CHARACTERS_MAX - 1;
         length <= METADATA_VALUE_CHARACTERS_MAX + 1; length++)
        assert_int_equal(
            create(str_format(&arena, "title=x&metadata[k]=%0*d", (int)length, 1).data),
            length <= METADATA_VALUE_CHARACTERS_MAX);
}

/* The state before an update stays what it was: events show it. */
TEST(test_decoding_does_not_touch_the_state_before)
{
    assert_true(decode("metadata[a]=1&prices[eur][amount]=1&details[city]=x&rooms[0][name]=a"));
    struct thing before = thing;
    assert_true(decode_over(
        UPDATE, V_NEWEST, "metadata[a]=2&prices[eur][amount]=2&details[city]=y&rooms[0][name]=b"));
    assert_str(before.object.metadata.items[0].value, "1");
    assert_int_equal(((struct thing_price *)before.prices.items)->amount, 1);
    assert_str(before.details->city, "x");
    assert_str(((struct thing_room *)before.rooms.items)->name, "a");
    assert_str(thing.object.metadata.items[0].value, "2");
    assert_int_equal(((struct thing_price *)thing.prices.items)->amount, 2);
    assert_str(thing.details->city, "y");
}

TEST(test_lists_are_ordered_by_index)
{
    accepts("colors[2]=c&colors[0]=a&colors[1]=b");
    assert_int_equal(thing.colors.count, 3);
    assert_str(thing.colors.items[0], "a");
    assert_str(thing.colors.items[2], "c");
    accepts("colors[]=x&colors[]=y");
    assert_str(thing.colors.items[1], "y");
    accepts("rooms[1][name]=b&rooms[0][name]=a&rooms[0][beds]=2");
    assert_int_equal(thing.rooms.count, 2);
    const struct thing_room *rooms = thing.rooms.items;
    assert_str(rooms[0].name, "a");
    assert_int_equal(rooms[0].beds.value, 2);
    assert_false(rooms[1].beds.set);
    refuses("colors=x", "colors", NULL, "Invalid array");
    refuses("colors[x]=1", "colors", NULL, "Invalid array");
    refuses("colors[-1]=1", "colors", NULL, "Invalid array");
    refuses("colors[100]=1", "colors", NULL, "Invalid array");
}

TEST(test_lists_are_limited)
{
    accepts("rooms[][name]=a&rooms[][name]=b&rooms[][name]=c");
    refuses("rooms[][name]=a&rooms[][name]=b&rooms[][name]=c&rooms[][name]=d", "rooms", NULL,
            "Array rooms exceeded maximum 3 allowed elements.");
    for (size_t count = FORM_ITEMS_MAX - 1; count <= FORM_ITEMS_MAX + 1; count++) {
        struct text text;
        text_init(&text, &arena, 100000);
        text_add_literal(&text, "title=x");
        for (size_t i = 0; i < count; i++)
            text_add_literal(&text, "&colors[]=v");
        assert_int_equal(create(text_str(&text).data), count <= FORM_ITEMS_MAX);
    }
}

TEST(test_dictionaries_are_merged_by_key)
{
    assert_true(decode("prices[eur][amount]=1&prices[gbp][amount]=2"));
    assert_true(decode_over(UPDATE, V_NEWEST, "prices[gbp][amount]=3&prices[jpy][amount]=4"));
    const struct thing_price *prices = thing.prices.items;
    assert_int_equal(thing.prices.count, 3);
    assert_str(prices[1].currency, "gbp");
    assert_int_equal(prices[1].amount, 3);
    assert_int_equal(prices[2].amount, 4);
    refuses("prices=1", "prices", NULL, "Invalid object");
    refuses("prices[eur]=1", "prices[eur]", NULL, "Invalid object");
}

TEST(test_hashes_are_overlaid)
{
    assert_true(decode("limits[least]=1&limits[unit]=kg&details[limits][least]=5"));
    assert_true(decode_over(UPDATE, V_NEWEST, "limits[least]=2&details[city]=x"));
    assert_int_equal(thing.limits.least.value, 2);
    assert_str(thing.limits.unit, "kg");
    assert_int_equal(thing.details->limits.least.value, 5);
    assert_str(thing.details->city, "x");
    refuses("limits=1", "limits", NULL, "Invalid object");
}

TEST(test_given_rows_are_noted)
{
    assert_true(decode("active=false&color="));
    assert_true(parameter_given(&request, &thing_schema, offsetof(struct thing, active)));
    assert_true(parameter_given(&request, &thing_schema, offsetof(struct thing, color)));
    assert_false(parameter_given(&request, &thing_schema, offsetof(struct thing, approved)));
}

TEST(test_ranges_are_a_time_or_bounds)
{
    struct range range;
    thing = (struct thing){0};
    assert_true(decode_over(FILTER, V_NEWEST, "created[gte]=5&created[lt]=9"));
    const struct form_node *node = form_find(request.form, STR("created"));
    assert_true(decode_range(&request, node, &range));
    assert_true(range.gte.set && range.gte.seconds == 5 && range.lt.set && range.lt.seconds == 9);
    assert_false(range.gt.set || range.lte.set || range.equal.set);
    assert_true(decode_over(FILTER, V_NEWEST, "created=7"));
    assert_true(decode_range(&request, form_find(request.form, STR("created")), &range));
    assert_true(range.equal.set && range.equal.seconds == 7);
    assert_false(decode_over(FILTER, V_NEWEST, "created[before]=5"));
    assert_str(request.error.param, "created[before]");
    assert_str(request.error.code, "parameter_unknown");
    assert_false(decode_over(FILTER, V_NEWEST, "created[gt]=x"));
    assert_str(request.error.param, "created[gt]");
    assert_false(decode_over(FILTER, V_NEWEST, "created=x"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_absent_leaves_a_value_sets_an_empty_one_clears),
        cmocka_unit_test(test_an_empty_value_is_refused_where_nothing_can_be_cleared),
        cmocka_unit_test(test_unknown_names_are_reported_all_together_and_first),
        cmocka_unit_test(test_rows_belong_to_versions),
        cmocka_unit_test(test_required_rows_are_required_of_creation),
        cmocka_unit_test(test_integers_keep_within_their_bounds),
        cmocka_unit_test(test_percentages_are_exact),
        cmocka_unit_test(test_booleans_are_spelled_as_clients_do),
        cmocka_unit_test(test_choices_name_what_can_be_chosen),
        cmocka_unit_test(test_strings_are_limited_in_characters_not_bytes),
        cmocka_unit_test(test_formats),
        cmocka_unit_test(test_metadata_is_merged_key_by_key),
        cmocka_unit_test(test_metadata_is_limited),
        cmocka_unit_test(test_decoding_does_not_touch_the_state_before),
        cmocka_unit_test(test_lists_are_ordered_by_index),
        cmocka_unit_test(test_lists_are_limited),
        cmocka_unit_test(test_dictionaries_are_merged_by_key),
        cmocka_unit_test(test_hashes_are_overlaid),
        cmocka_unit_test(test_given_rows_are_noted),
        cmocka_unit_test(test_ranges_are_a_time_or_bounds),
    };
    return cmocka_run_group_tests(tests, arena_set_up, arena_tear_down);
}
