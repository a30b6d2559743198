/* Form decoder: bytes to a tree of names, within limits. */
#include "schema/form.h"

#include "base/arena.h"
#include "base/limits.h"
#include "base/request.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

struct decoder {
    struct request *request;
    struct form_node *root;
    size_t pairs;
};

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

bool form_unescape(struct arena *arena, struct str text, bool plus, struct str *result)
{
    char *data = arena_alloc(arena, text.length + 1);
    size_t length = 0;
    for (size_t i = 0; i < text.length; i++) {
        char c = text.data[i];
        if (c == '+' && plus) {
            c = ' ';
        } else if (c == '%') {
            bool whole = text.length - i > 2;
            int high = whole ? hex_digit(text.data[i + 1]) : -1;
            int low = whole ? hex_digit(text.data[i + 2]) : -1;
            if (high < 0 || low < 0)
                return false;
            c = (char)(high * 16 + low);
            i += 2;
        }
        data[length++] = c;
    }
    *result = (struct str){data, length};
    return str_is_text(*result);
}

static struct form_node *append(struct decoder *decoder, struct form_node *parent, struct str name)
{
    struct form_node *node = ARENA_NEW(decoder->request->arena, struct form_node);
    node->name = name;
    node->parent = parent;
    if (parent->last)
        parent->last->next = node;
    else
        parent->first = node;
    parent->last = node;
    return node;
}

const struct form_node *form_find(const struct form_node *parent, struct str name)
{
    for (const struct form_node *node = parent->first; node; node = node->next)
        if (str_equal(node->name, name))
            return node;
    return NULL;
}

/* The child that a segment leads to. [] appends, except that in a list of hashes a new element only
 * starts when the key that follows is already there: a[][k]=1&a[][l]=2 is one element. */
static struct form_node *descend(struct decoder *decoder, struct form_node *parent,
                                 struct str segment, struct str following)
{
    if (segment.length == 0) {
        struct form_node *last = parent->last;
        if (last && last->name.length == 0 && !last->value.data && following.length &&
            !form_find(last, following))
            return last;
        return append(decoder, parent, segment);
    }
    const struct form_node *found = form_find(parent, segment);
    return found ? (struct form_node *)(uintptr_t)found : append(decoder, parent, segment);
}

/* Splits a name into its segments. False: brackets do not match, or too many. */
static bool split_name(struct str name, struct str segments[FORM_DEPTH_MAX + 1], size_t *count)
{
    const char *bracket = memchr(name.data, '[', name.length);
    size_t key = bracket ? (size_t)(bracket - name.data) : name.length;
    segments[0] = (struct str){name.data, key};
    *count = 1;
    for (size_t i = key; i < name.length;) {
        const char *open = name.data + i;
        if (*open != '[')
            return false;
        const char *close = memchr(open, ']', name.length - i);
        if (!close || memchr(open + 1, '[', (size_t)(close - open - 1)))
            return false;
        if (*count == FORM_DEPTH_MAX + 1)
            return false;
        segments[(*count)++] = (struct str){open + 1, (size_t)(close - open - 1)};
        i = (size_t)(close - name.data) + 1;
    }
    return key > 0 && !memchr(name.data, ']', key);
}

static bool add_pair(struct decoder *decoder, struct str pair)
{
    struct request *request = decoder->request;
    struct str value, name = str_split(pair, '=', &value);
    if (++decoder->pairs > FORM_PARAMETERS_MAX)
        return fail(request, CODE_NONE, STR_NULL,
                    "Too many parameters: a request may have at most %d.", FORM_PARAMETERS_MAX);
    if (name.length > FORM_KEY_BYTES_MAX)
        return fail(request, CODE_NONE, STR_NULL,
                    "Invalid parameter name: it must be at most %d bytes long.",
                    FORM_KEY_BYTES_MAX);
    if (!form_unescape(request->arena, name, true, &name))
        return fail(request, CODE_NONE, STR_NULL,
                    "Invalid parameter name: it must be percent-encoded UTF-8 without control "
                    "characters.");
    struct str segments[FORM_DEPTH_MAX + 1];
    size_t count;
    if (!split_name(name, segments, &count))
        return fail(request, CODE_NONE, name,
                    "Invalid parameter name: brackets must match and nest at most %d deep.",
                    FORM_DEPTH_MAX);
    if (!form_unescape(request->arena, value.data ? value : STR(""), true, &value))
        return fail(request, CODE_NONE, name,
                    "Invalid value: it must be percent-encoded UTF-8 without control characters.");
    struct form_node *node = decoder->root;
    for (size_t i = 0; i < count; i++) {
        node = descend(decoder, node, segments[i], i + 1 < count ? segments[i + 1] : STR(""));
        if (i + 1 < count && node->value.data)
            return fail(request, CODE_NONE, name,
                        "Invalid parameter: %.*s is given both as a value and as a hash or list.",
                        STR_FMT(form_path(request, node)));
    }
    if (node->first)
        return fail(request, CODE_NONE, name,
                    "Invalid parameter: %.*s is given both as a value and as a hash or list.",
                    STR_FMT(name));
    node->value = value; /* of a repeated name the last one counts */
    return true;
}

static bool add_pairs(struct decoder *decoder, struct str text)
{
    while (text.data) {
        struct str rest, pair = str_split(text, '&', &rest);
        if (pair.length && !add_pair(decoder, pair))
            return false;
        text = rest;
    }
    return true;
}

bool form_parse(struct request *request, struct str query, struct str body)
{
    struct decoder decoder = {request, ARENA_NEW(request->arena, struct form_node), 0};
    request->form = decoder.root;
    return add_pairs(&decoder, query) && add_pairs(&decoder, body);
}

static void add_path(struct text *text, const struct form_node *node)
{
    if (!node->parent) /* the root has no name */
        return;
    add_path(text, node->parent); /* at most FORM_DEPTH_MAX deep */
    if (!node->parent->parent) {
        text_add(text, node->name);
        return;
    }
    text_add_char(text, '[');
    if (node->name.length) {
        text_add(text, node->name);
    } else {
        int64_t position = 0;
        for (const struct form_node *before = node->parent->first; before != node;
             before = before->next)
            position++;
        text_add_int64(text, position);
    }
    text_add_char(text, ']');
}

struct str form_path(struct request *request, const struct form_node *node)
{
    struct text text;
    text_init(&text, request->arena, SIZE_MAX / 2);
    add_path(&text, node);
    return text_str(&text);
}

struct str form_path_of(struct request *request, const struct form_node *parent, const char *name)
{
    if (!parent || !parent->parent)
        return str_copy(request->arena, str_from(name));
    return str_format(request->arena, "%.*s[%s]", STR_FMT(form_path(request, parent)), name);
}

struct ordered {
    const struct form_node *node;
    size_t position;
};

static int compare_names(const void *a, const void *b)
{
    const struct ordered *left = a, *right = b;
    struct str x = left->node->name, y = right->node->name;
    int order = memcmp(x.data, y.data, x.length < y.length ? x.length : y.length);
    if (order == 0)
        order = x.length < y.length ? -1 : x.length > y.length;
    if (order == 0)
        order = left->position < right->position ? -1 : 1;
    return order;
}

static void add_canonical(struct text *text, const struct form_node *node)
{
    size_t count = 0;
    for (const struct form_node *child = node->first; child; child = child->next)
        count++;
    struct ordered *children = ARENA_ARRAY(text->arena, struct ordered, count);
    size_t position = 0;
    for (const struct form_node *child = node->first; child; child = child->next, position++)
        children[position] = (struct ordered){child, position};
    if (count > 1)
        qsort(children, count, sizeof(*children), compare_names);
    for (size_t i = 0; i < count; i++) {
        const struct form_node *child = children[i].node;
        text_add_int64(text, (int64_t)child->name.length);
        text_add_char(text, ':');
        text_add(text, child->name);
        if (child->first) {
            text_add_char(text, '{');
            add_canonical(text, child); /* at most FORM_DEPTH_MAX deep */
            text_add_char(text, '}');
        } else {
            text_add_char(text, '=');
            text_add_int64(text, (int64_t)child->value.length);
            text_add_char(text, ':');
            text_add(text, child->value);
        }
    }
}

struct str form_canonical(struct request *request, const struct form_node *node)
{
    struct text text;
    text_init(&text, request->arena, SIZE_MAX / 2);
    add_canonical(&text, node);
    return text_str(&text);
}

struct str form_inner(struct request *request, struct str param, struct str inner)
{
    struct str rest, first = str_split(inner, '[', &rest);
    return str_format(request->arena, "%.*s[%.*s]%s%.*s", STR_FMT(param), STR_FMT(first),
                      rest.data ? "[" : "", STR_FMT(rest));
}
