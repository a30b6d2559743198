/* HTML with escaping by default. */
#include "web/html.h"

#include <assert.h>
#include <string.h>

static const char *escape_of(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

void html_text(struct text *text, struct str value)
{
    size_t plain = 0;
    for (size_t i = 0; i < value.length; i++) {
        const char *escape = escape_of(value.data[i]);
        if (!escape)
            continue;
        text_add(text, (struct str){value.data + plain, i - plain});
        text_add(text, str_from(escape));
        plain = i + 1;
    }
    if (value.length > plain)
        text_add(text, (struct str){value.data + plain, value.length - plain});
}

void html_fill(struct text *text, const char *template, const struct str *values, size_t count)
{
    size_t used = 0;
    for (const char *hole; (hole = strstr(template, "{}")); template = hole + strlen("{}")) {
        assert(used < count && "a template has as many holes as values");
        text_add(text, (struct str){template, (size_t)(hole - template)});
        html_text(text, values[used++]);
    }
    assert(used == count && "a template has as many holes as values");
    text_add(text, str_from(template));
}
