/* Form decoder: never reads beyond the input, keeps its limits, and says the same of the same pairs
 * in whatever order they come. */
#include "lib/fuzz.h"

#include "base/arena.h"
#include "base/limits.h"
#include "base/request.h"
#include "base/text.h"
#include "schema/form.h"

#include <string.h>

struct pairs {
    struct str items[FORM_PARAMETERS_MAX];
    size_t count;
};

static struct arena arena;

static bool parse(struct request *request, struct str query, struct str body)
{
    *request = (struct request){.arena = &arena};
    bool good = form_parse(request, query, body);
    HOLDS(good == (request->error.type == ERROR_NONE));
    HOLDS(good || (request->error.status == 400 && request->error.message.length > 0));
    return good;
}

static size_t check_tree(struct request *request, const struct form_node *node, size_t depth)
{
    size_t count = 0;
    HOLDS(depth <= FORM_DEPTH_MAX + 1);
    for (const struct form_node *child = node->first; child; child = child->next) {
        HOLDS(child->parent == node);
        HOLDS((child->first != NULL) != (child->value.data != NULL));
        HOLDS(str_is_text(child->name) && (!child->value.data || str_is_text(child->value)));
        HOLDS(form_path(request, child).length > 0);
        HOLDS(child->next || node->last == child);
        count += 1 + check_tree(request, child, depth + 1);
    }
    return count;
}

/* The order of pairs has a meaning only for names that say `[]` and for repeated names. */
static bool has_order(const struct pairs *pairs)
{
    for (size_t i = 0; i < pairs->count; i++) {
        struct str value, name = str_split(pairs->items[i], '=', &value);
        struct str decoded;
        if (!form_unescape(&arena, name, true, &decoded) || strstr(decoded.data, "[]"))
            return true;
        for (size_t j = 0; j < i; j++) {
            struct str other = str_split(pairs->items[j], '=', &value);
            if (!form_unescape(&arena, other, true, &other) || str_equal(other, decoded))
                return true;
        }
    }
    return false;
}

static struct str joined(const struct pairs *pairs, size_t start, size_t step)
{
    struct text text;
    text_init(&text, &arena, 1 << 20);
    for (size_t i = 0; i < pairs->count; i++) {
        if (i)
            text_add_char(&text, '&');
        text_add(&text, pairs->items[(start + i * step) % pairs->count]);
    }
    return text_str(&text);
}

static size_t divisor(size_t a, size_t b)
{
    return b ? divisor(b, a % b) : a;
}

static void check_orders(struct str body, struct str canonical)
{
    static struct pairs pairs;
    struct request request;
    pairs.count = 0;
    while (body.data) {
        struct str pair = str_split(body, '&', &body);
        if (pair.length)
            pairs.items[pairs.count++] = pair;
    }
    if (pairs.count < 2 || pairs.count > 50 || has_order(&pairs))
        return;
    for (size_t step = 1; step < pairs.count; step++) {
        if (divisor(step, pairs.count) != 1)
            continue; /* would visit some pairs twice */
        HOLDS(parse(&request, STR_NULL, joined(&pairs, step, step)));
        HOLDS(str_equal(form_canonical(&request, request.form), canonical));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct request request, again;
    struct str body = {(const char *)data, size};
    if (!arena.first)
        arena_init(&arena);
    arena_reset(&arena);
    if (!parse(&request, STR_NULL, body))
        return 0;
    HOLDS(check_tree(&request, request.form, 0) <= FORM_PARAMETERS_MAX * (FORM_DEPTH_MAX + 1));
    struct str canonical = form_canonical(&request, request.form);
    HOLDS(parse(&again, body, STR_NULL)); /* a query is read as a body is */
    HOLDS(str_equal(form_canonical(&again, again.form), canonical));
    check_orders(body, canonical);
    return 0;
}
