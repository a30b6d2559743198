/* Form decoder: grammar, limits, and one canonical form. */
#include "lib/unit.h"

#include "base/limits.h"
#include "base/request.h"
#include "schema/form.h"

static struct arena arena; /* of the request */
static struct arena kept;  /* of what tests compare */
static struct request request;

static bool parse(struct str query, struct str body)
{
    arena_reset(&arena);
    request = (struct request){.arena = &arena};
    return form_parse(&request, query, body);
}

static bool parse_body(const char *body)
{
    return parse(STR_NULL, str_from(body));
}

/* The tree in words: a=1 b{c=2 []{d=3}} */
static void describe(struct text *text, const struct form_node *node)
{
    for (const struct form_node *child = node->first; child; child = child->next) {
        if (child != node->first)
            text_add_char(text, ' ');
        text_add(text, child->name.length ? child->name : STR("[]"));
        if (child->first) {
            text_add_char(text, '{');
            describe(text, child);
            text_add_char(text, '}');
        } else {
            text_add_char(text, '=');
            text_add(text, child->value);
        }
    }
}

static struct str tree(void)
{
    struct text text;
    text_init(&text, &arena, 100000);
    describe(&text, request.form);
    return text_str(&text);
}

static struct str canonical(const char *body)
{
    if (!parse_body(body))
        BREAKS("\"%s\" is refused", body);
    return str_copy(&kept, form_canonical(&request, request.form));
}

TEST(test_pairs_become_a_tree_of_names)
{
    static const struct {
        const char *body;
        const char *tree;
    } cases[] = {
        {"", ""},
        {"a=1", "a=1"},
        {"a", "a="},
        {"a=", "a="},
        {"a=b=c", "a=b=c"},
        {"&&a=1&", "a=1"},
        {"a=1&b=2", "a=1 b=2"},
        {"a=1&a=2", "a=2"}, /* of a repeated name the last one counts */
        {"a[b]=1&a[c]=2", "a{b=1 c=2}"},
        {"a[b][c]=1&a[b][d]=2", "a{b{c=1 d=2}}"},
        {"a[0]=x&a[1]=y", "a{0=x 1=y}"},
        {"a[]=x&a[]=y", "a{[]=x []=y}"},
        {"a[][k]=1&a[][l]=2", "a{[]{k=1 l=2}}"}, /* one element until a key comes again */
        {"a[][k]=1&a[][l]=2&a[][k]=3", "a{[]{k=1 l=2} []{k=3}}"},
        {"a[][k]=1&a[]=2&a[][l]=3", "a{[]{k=1} []=2 []{l=3}}"},
        {"a%5Bb%5D=1", "a{b=1}"},
        {"a%5bb%5d=1", "a{b=1}"},
        {"a=%41%20b+c", "a=A b c"},
        {"a=%2B%25%26%3D", "a=+%&="},
        {"a[b+c]=1", "a{b c=1}"},
        {"%C3%A4=%E2%82%AC", "ä=€"},
        {"a=\t%0A", "a=\t\n"},
        {"a[b%2Ec]=1", "a{b.c=1}"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        if (!parse_body(cases[i].body))
            BREAKS("\"%s\" is refused: %.*s", cases[i].body, STR_FMT(request.error.message));
        if (!str_is(tree(), cases[i].tree))
            BREAKS("\"%s\" becomes %.*s", cases[i].body, STR_FMT(tree()));
    }
}

TEST(test_what_is_no_form_is_refused)
{
    static const char *const bodies[] = {
        "=1",      "[a]=1",    "[]=1",     "a]=1",      "a[=1",           "a[b=1",
        "a[b]]=1", "a[b]c=1",  "a[[b]]=1", "a[b[c]]=1", "a]b[=1",         "a[b]c[d]=1",
        "a=%",     "a=%4",     "a=%4G",    "a=%G4",     "a=%%41",         "%=1",
        "a=%00",   "a=%01",    "a=%7F",    "a=%80",     "a=%C0%80",       "a=%ED%A0%80",
        "a%00b=1", "a[%00]=1", "a=%FF",    "%FF=1",     "a=%F4%90%80%80",
    };
    for (size_t i = 0; i < ARRAY_LENGTH(bodies); i++) {
        if (parse_body(bodies[i]))
            BREAKS("\"%s\" is accepted as %.*s", bodies[i], STR_FMT(tree()));
        assert_int_equal(request.error.status, 400);
        assert_int_equal(request.error.type, ERROR_INVALID_REQUEST);
    }
}

TEST(test_a_name_is_a_value_or_a_hash_but_not_both)
{
    static const char *const bodies[] = {"a=1&a[b]=2",       "a[b]=2&a=1", "a[b]=1&a[b][c]=2",
                                         "a[b][c]=2&a[b]=1", "a=&a[]=1",   "a[]=1&a="};
    for (size_t i = 0; i < ARRAY_LENGTH(bodies); i++)
        if (parse_body(bodies[i]))
            BREAKS("\"%s\" is accepted", bodies[i]);
}

TEST(test_the_query_comes_before_the_body)
{
    assert_true(parse(STR("a=1&b=2"), STR("a=3&c=4")));
    assert_str(tree(), "a=3 b=2 c=4");
    assert_true(parse(STR_NULL, STR_NULL));
    assert_str(tree(), "");
}

/* `count` times `piece`, with the number of the piece in place of a #. */
static struct str repeated(const char *piece, size_t count)
{
    struct text text;
    text_init(&text, &kept, 10 << 20);
    for (size_t i = 0; i < count; i++) {
        for (const char *c = piece; *c; c++) {
            if (*c == '#')
                text_add_int64(&text, (int64_t)i);
            else
                text_add_char(&text, *c);
        }
    }
    return text_str(&text);
}

TEST(test_the_number_of_parameters_is_limited)
{
    assert_true(parse(STR_NULL, repeated("p#=1&", FORM_PARAMETERS_MAX - 1)));
    assert_true(parse(STR_NULL, repeated("p#=1&", FORM_PARAMETERS_MAX)));
    assert_false(parse(STR_NULL, repeated("p#=1&", FORM_PARAMETERS_MAX + 1)));
    assert_false(parse(STR("q=1"), repeated("p#=1&", FORM_PARAMETERS_MAX)));
}

TEST(test_the_length_of_a_name_is_limited)
{
    for (size_t length = FORM_KEY_BYTES_MAX - 1; length <= FORM_KEY_BYTES_MAX + 1; length++)
        assert_int_equal(parse(STR_NULL, repeated("k", length)), length <= FORM_KEY_BYTES_MAX);
}

TEST(test_the_depth_of_brackets_is_limited)
{
    for (size_t depth = FORM_DEPTH_MAX - 1; depth <= FORM_DEPTH_MAX + 1; depth++) {
        struct str name = str_format(&kept, "a%.*s=1", STR_FMT(repeated("[b]", depth)));
        assert_int_equal(parse(STR_NULL, name), depth <= FORM_DEPTH_MAX);
    }
}

TEST(test_paths_are_in_bracket_notation)
{
    assert_true(parse_body("a[b][]=1&a[b][]=2&a[c][x][y]=3&d=4"));
    const struct form_node *a = form_find(request.form, STR("a"));
    const struct form_node *b = form_find(a, STR("b"));
    assert_str(form_path(&request, b->first), "a[b][0]");
    assert_str(form_path(&request, b->last), "a[b][1]");
    assert_str(form_path(&request, form_find(a, STR("c"))->first->first), "a[c][x][y]");
    assert_str(form_path(&request, form_find(request.form, STR("d"))), "d");
    assert_str(form_path_of(&request, b, "name"), "a[b][name]");
    assert_str(form_path_of(&request, NULL, "name"), "name");
    assert_null(form_find(request.form, STR("e")));
}

TEST(test_the_canonical_form_says_what_the_request_says)
{
    assert_true(str_equal(canonical("a=1&b=2"), canonical("b=2&a=1")));
    assert_true(str_equal(canonical("a=x+y"), canonical("a=x%20y")));
    assert_true(str_equal(canonical("a%5Bb%5D=1"), canonical("a[b]=1")));
    assert_true(str_equal(canonical("a[b]=1&a[c]=2&d=3"), canonical("d=3&a[c]=2&a[b]=1")));
    assert_true(str_equal(canonical("a=1&a=2"), canonical("a=2")));
    assert_true(str_equal(canonical("a"), canonical("a=")));
    assert_false(str_equal(canonical("a=1"), canonical("a=2")));
    assert_false(str_equal(canonical("a[]=1&a[]=2"), canonical("a[]=2&a[]=1")));
    assert_false(str_equal(canonical("a=1"), canonical("a=1&b=")));
    /* What looks like syntax of the canonical form is data. */
    assert_false(str_equal(canonical("a=1%3Ab%3D1%3A2"), canonical("a=1&b=2")));
    assert_false(str_equal(canonical("a[b]=1"), canonical("a%7B1%3Ab=1")));
    assert_false(str_equal(canonical("ab=c"), canonical("a=bc")));
}

TEST(test_unescaping_a_path_keeps_plus_signs)
{
    struct str result;
    assert_true(form_unescape(&arena, STR("a+b%2Fc"), false, &result));
    assert_str(result, "a+b/c");
    assert_false(form_unescape(&arena, STR("a%2"), false, &result));
    assert_false(form_unescape(&arena, STR("%0a%00"), false, &result));
}

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena);
    arena_init(&kept);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_release(&arena);
    arena_release(&kept);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pairs_become_a_tree_of_names),
        cmocka_unit_test(test_what_is_no_form_is_refused),
        cmocka_unit_test(test_a_name_is_a_value_or_a_hash_but_not_both),
        cmocka_unit_test(test_the_query_comes_before_the_body),
        cmocka_unit_test(test_the_number_of_parameters_is_limited),
        cmocka_unit_test(test_the_length_of_a_name_is_limited),
        cmocka_unit_test(test_the_depth_of_brackets_is_limited),
        cmocka_unit_test(test_paths_are_in_bracket_notation),
        cmocka_unit_test(test_the_canonical_form_says_what_the_request_says),
        cmocka_unit_test(test_unescaping_a_path_keeps_plus_signs),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
