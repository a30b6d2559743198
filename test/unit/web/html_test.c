/* HTML: whatever a template is filled with stays text. */
#include "web/html.h"

#include "lib/arena.h"
#include "lib/unit.h"

static struct text new_text(size_t limit)
{
    struct text text;
    text_init(&text, &arena, limit);
    return text;
}

TEST(test_text_is_escaped)
{
    struct text text = new_text(100);
    html_text(&text, STR("a<b>&\"'c"));
    assert_str(text_str(&text), "a&lt;b&gt;&amp;&quot;&#39;c");
}

TEST(test_plain_text_stays)
{
    struct text text = new_text(100);
    html_text(&text, STR("Grüße, €5"));
    html_text(&text, STR(""));
    html_text(&text, STR_NULL);
    assert_str(text_str(&text), "Grüße, €5");
}

TEST(test_holes_are_filled_in_order)
{
    struct text text = new_text(100);
    html_add(&text, "<a href=\"{}\">{}</a>", STR("/?a&b"), STR("<here>"));
    assert_str(text_str(&text), "<a href=\"/?a&amp;b\">&lt;here&gt;</a>");
}

TEST(test_a_value_is_no_template)
{
    struct text text = new_text(100);
    html_add(&text, "{}{}", STR("{}"), STR("x"));
    assert_str(text_str(&text), "{}x");
}

TEST(test_no_byte_becomes_markup)
{
    for (int c = 1; c < 256; c++) {
        struct text text = new_text(100);
        char byte = (char)c;
        html_add(&text, "{}", ((struct str){&byte, 1}));
        struct str shown = text_str(&text);
        if (strpbrk(shown.data, "<>\"'") || (c == '&' && !str_is(shown, "&amp;")))
            BREAKS("byte %d came through as %s", c, shown.data);
    }
}

TEST(test_a_page_that_is_too_long_fails)
{
    struct text text = new_text(8);
    html_text(&text, STR("<<"));
    assert_str(text_str(&text), "&lt;&lt;");
    html_text(&text, STR("<"));
    assert_null_str(text_str(&text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_is_escaped),
        cmocka_unit_test(test_plain_text_stays),
        cmocka_unit_test(test_holes_are_filled_in_order),
        cmocka_unit_test(test_a_value_is_no_template),
        cmocka_unit_test(test_no_byte_becomes_markup),
        cmocka_unit_test(test_a_page_that_is_too_long_fails),
    };
    return cmocka_run_group_tests(tests, arena_set_up, arena_tear_down);
}
