/* expand[]: which paths there are, how deep they go. */
#include "lib/thing.h"
#include "lib/arena.h"
#include "lib/unit.h"

#include "base/limits.h"
#include "base/request.h"
#include "schema/expansion.h"

static struct request request;

/* Reads paths that a space separates. */
static bool expand(const char *paths, bool list)
{
    struct strings strings = {ARENA_ARRAY(&arena, struct str, 8), 0};
    for (struct str rest = str_from(paths); rest.data;)
        strings.items[strings.count++] = str_split(rest, ' ', &rest);
    request = (struct request){.arena = &arena, .version = V_NEWEST};
    return expansion_read(&request, &strings, &thing_schema, list);
}

static void refuses(const char *paths, bool list, const char *code, const char *message)
{
    if (expand(paths, list))
        BREAKS("\"%s\" is accepted", paths);
    assert_str(request.error.param, "expand");
    assert_str(request.error.code, code);
    assert_str(request.error.message, message);
}

TEST(test_references_and_includables_can_be_expanded)
{
    assert_true(expand("parent", false));
    assert_true(expand("prices", false));
    assert_true(expand("limits.prices", false));
    assert_true(expand("parent.parent.prices", false));
}

TEST(test_paths_become_one_tree)
{
    assert_true(expand("parent.parent parent.prices limits.prices", false));
    const struct expansion *parent = expansion_child(request.expansion, STR("parent"));
    assert_non_null(parent);
    assert_non_null(expansion_child(parent, STR("parent")));
    assert_non_null(expansion_child(parent, STR("prices")));
    assert_null(expansion_child(parent, STR("limits")));
    assert_non_null(expansion_child(request.expansion, STR("limits")));
    assert_null(expansion_child(NULL, STR("parent")));
}

TEST(test_what_is_no_reference_cannot_be_expanded)
{
    refuses("title", false, NULL, "This property cannot be expanded (title).");
    refuses("nope", false, NULL, "This property cannot be expanded (nope).");
    refuses("hidden", false, NULL, "This property cannot be expanded (hidden).");
    refuses("parent title", false, NULL, "This property cannot be expanded (title).");
    refuses("Parent", false, NULL, "This property cannot be expanded (Parent).");
}

TEST(test_in_a_list_paths_start_with_data)
{
    assert_true(expand("data.parent", true));
    assert_non_null(expansion_child(request.expansion, STR("parent")));
    assert_true(expand("data", true));
    refuses("parent", true, NULL,
            "This property cannot be expanded (parent). You may want to try expanding "
            "'data.parent' instead.");
    refuses("data.title", true, NULL, "This property cannot be expanded (data.title).");
    refuses("total_count", true, NULL, "This property cannot be included (total_count)");
    refuses("data.parent", false, NULL, "This property cannot be expanded (data.parent).");
}

TEST(test_depth_is_limited)
{
    assert_true(expand("parent.parent.parent", false));
    assert_true(expand("parent.parent.parent.parent", false));
    refuses("parent.parent.parent.parent.parent", false, "property_expansion_max_depth",
            "You cannot expand more than 4 levels of a property. Property: "
            "parent.parent.parent.parent.parent");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_references_and_includables_can_be_expanded),
        cmocka_unit_test(test_paths_become_one_tree),
        cmocka_unit_test(test_what_is_no_reference_cannot_be_expanded),
        cmocka_unit_test(test_in_a_list_paths_start_with_data),
        cmocka_unit_test(test_depth_is_limited),
    };
    return cmocka_run_group_tests(tests, arena_set_up, arena_tear_down);
}
