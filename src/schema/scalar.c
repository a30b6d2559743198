/* Single values of a form. */
#include "schema/scalar.h"

#include "base/arena.h"
#include "base/currency.h"
#include "base/decimal.h"
#include "base/limits.h"
#include "base/request.h"
#include "schema/form.h"
#include "schema/json.h"

#include <string.h>

#define ELIDED_CHARACTERS 4 /* of an overlong value, at each end */

bool fail_empty_value(struct request *request, struct str path)
{
    return fail(request, CODE_parameter_invalid_empty, path,
                "You passed an empty string for '%.*s'. We assume empty values are an attempt to "
                "unset a parameter; however '%.*s' cannot be unset. You should remove '%.*s' from "
                "your request or supply a non-empty value.",
                STR_FMT(path), STR_FMT(path), STR_FMT(path));
}

static void echo(struct text *text, const struct form_node *node)
{
    if (!node->first) {
        json_string(text, node->value);
        return;
    }
    struct json_scope scope = json_begin_object(text, JSON_COMPACT);
    for (const struct form_node *child = node->first; child; child = child->next) {
        json_key(&scope, child->name);
        echo(text, child); /* at most FORM_DEPTH_MAX deep */
    }
    json_end(&scope);
}

bool scalar_require(struct request *request, const struct form_node *node)
{
    if (!node->first)
        return true;
    struct text text;
    text_init(&text, request->arena, STRING_CHARACTERS_MAX);
    echo(&text, node);
    return fail(request, CODE_NONE, form_path(request, node), "Invalid string: %.*s",
                STR_FMT(text_str(&text)));
}

bool is_code(struct str text)
{
    for (size_t i = 0; i < text.length; i++) {
        char c = text.data[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '-' || c == '_'))
            return false;
    }
    return text.length > 0;
}

/* Blanks and controls: those of ASCII and Latin-1, and what begins like others beyond, along with
 * punctuation that stands in no address (U+2000 to U+207F). */
static bool has_blanks(struct str text)
{
    static const char *const blanks[] = {"\xc2\xad", "\xe1\x9a\x80", "\xe2\x80",
                                         "\xe2\x81", "\xe3\x80\x80", "\xef\xbb\xbf"};
    for (size_t i = 0; i < text.length; i++) {
        struct str rest = {text.data + i, text.length - i};
        unsigned char c = (unsigned char)text.data[i];
        if (c <= ' ' || c == 0x7f)
            return true;
        if (c == 0xc2 && rest.length > 1 && (unsigned char)text.data[i + 1] <= 0xa0)
            return true;
        for (size_t j = 0; j < ARRAY_LENGTH(blanks); j++)
            if (str_starts(rest, str_from(blanks[j])))
                return true;
    }
    return false;
}

/* Something before one @, something after it, no blanks. */
static bool is_email(struct str text)
{
    struct str domain, local = str_split(text, '@', &domain);
    return local.length && domain.length && !memchr(domain.data, '@', domain.length) &&
           !has_blanks(text);
}

static bool is_url(struct str text)
{
    size_t scheme = str_starts(text, STR("https://"))  ? strlen("https://")
                    : str_starts(text, STR("http://")) ? strlen("http://")
                                                       : 0;
    for (size_t i = 0; i < text.length; i++)
        if ((unsigned char)text.data[i] <= ' ')
            return false; /* nor could it stand in a header */
    return scheme && text.length > scheme;
}

static bool fail_currency(struct request *request, struct str path, struct str code)
{
    return fail(request, CODE_NONE, path,
                "Invalid currency: %.*s. Stripe currently supports these currencies: %s",
                STR_FMT(code), currency_list);
}

static bool check_format(struct request *request, const struct field *field, struct str path,
                         struct str *value)
{
    switch (field->format) {
    case FORMAT_ANY:
        return true;
    case FORMAT_CODE:
        return is_code(*value) ||
               fail(request, CODE_NONE, path,
                    "This value must match the regex pattern. (/\\A[a-zA-Z0-9\\-_]+\\z/ does not "
                    "match for the value %.*s).",
                    STR_FMT(*value));
    case FORMAT_CURRENCY: {
        struct str lower = str_lower(request->arena, *value);
        if (!currency_is_listed(currency_list, lower))
            return fail_currency(request, path, *value);
        *value = lower;
        return true;
    }
    case FORMAT_EMAIL:
        return is_email(*value) || fail(request, CODE_email_invalid, path,
                                        "Invalid email address: %.*s", STR_FMT(*value));
    case FORMAT_URL:
        return is_url(*value) || fail(request, CODE_url_invalid, path, "Not a valid URL");
    }
    return true;
}

bool scalar_check_string(struct request *request, const struct field *field, struct str path,
                         struct str *value)
{
    size_t max = field->max ? (size_t)field->max : STRING_CHARACTERS_MAX;
    if (str_characters(*value) > max) {
        size_t end = value->length - ELIDED_CHARACTERS;
        return fail(request, CODE_NONE, path,
                    "Invalid string: %.*s...%.*s; must be at most %zu characters",
                    ELIDED_CHARACTERS, value->data, ELIDED_CHARACTERS, value->data + end, max);
    }
    return check_format(request, field, path, value);
}

bool scalar_string(struct request *request, const struct field *field, const struct form_node *node,
                   struct str *target)
{
    struct str value = node->value;
    if (!scalar_require(request, node) ||
        !scalar_check_string(request, field, form_path(request, node), &value))
        return false;
    *target = value;
    return true;
}

bool scalar_check_bounds(struct request *request, struct str path, int64_t value, int64_t min,
                         int64_t max)
{
    if (value < min)
        return fail(request, CODE_parameter_invalid_integer, path,
                    "This value must be greater than or equal to %lld.", (long long)min);
    return value <= max ||
           fail(request, CODE_parameter_invalid_integer, path,
                "This value must be less than or equal to %lld (it currently is '%lld').",
                (long long)max, (long long)value);
}

bool scalar_integer(struct request *request, const struct form_node *node, int64_t min, int64_t max,
                    int64_t *target)
{
    struct str path = form_path(request, node);
    int64_t value;
    if (node->first || !str_to_int64(node->value, &value)) {
        struct text text;
        text_init(&text, request->arena, STRING_CHARACTERS_MAX);
        if (node->first)
            echo(&text, node);
        else
            text_add(&text, node->value);
        return fail(request, CODE_parameter_invalid_integer, path, "Invalid integer: %.*s",
                    STR_FMT(text_str(&text)));
    }
    *target = value;
    return scalar_check_bounds(request, path, value, min, max);
}

bool scalar_percent(struct request *request, const struct form_node *node, int64_t min, int64_t max,
                    struct opt_percent *target)
{
    if (!scalar_require(request, node))
        return false;
    struct str path = form_path(request, node);
    int64_t hundredths = 0;
    enum decimal_result result = decimal_parse(node->value, &hundredths);
    if (result == DECIMAL_INVALID)
        return fail(request, CODE_NONE, path, "Invalid decimal: %.*s", STR_FMT(node->value));
    struct text current, bound;
    text_init(&current, request->arena, STRING_CHARACTERS_MAX);
    text_init(&bound, request->arena, STRING_CHARACTERS_MAX);
    if (hundredths < min || hundredths > max) {
        bool low = hundredths < min;
        if (result == DECIMAL_OK)
            decimal_write(&current, hundredths);
        else
            text_add(&current, node->value);
        decimal_write(&bound, low ? min : max);
        struct str shown = text_str(&bound);
        if (str_ends(shown, STR(".0")))
            shown.length -= strlen(".0");
        return fail(request, CODE_NONE, path,
                    "This value must be %s than or equal to %.*s (it currently is '%.*s').",
                    low ? "greater" : "less", STR_FMT(shown), STR_FMT(text_str(&current)));
    }
    if (result == DECIMAL_TOO_PRECISE)
        return fail(request, CODE_NONE, path,
                    "Invalid decimal: %.*s; must contain at maximum two decimal places.",
                    STR_FMT(node->value));
    *target = (struct opt_percent){true, hundredths};
    return true;
}

bool scalar_bool(struct request *request, const struct form_node *node, bool *target)
{
    /* Older Python clients write them with a capital. */
    static const char *const spellings[2][3] = {{"false", "False", "0"}, {"true", "True", "1"}};
    bool yes = false, no = false;
    for (size_t i = 0; i < ARRAY_LENGTH(spellings[0]) && !node->first; i++) {
        no |= str_is(node->value, spellings[0][i]);
        yes |= str_is(node->value, spellings[1][i]);
    }
    if (!yes && !no) {
        struct text text;
        text_init(&text, request->arena, STRING_CHARACTERS_MAX);
        if (node->first)
            echo(&text, node);
        else
            text_add(&text, node->value);
        return fail(request, CODE_NONE, form_path(request, node), "Invalid boolean: %.*s",
                    STR_FMT(text_str(&text)));
    }
    *target = yes;
    return true;
}

/* "a", "a or b", "a, b, or c" */
static struct str join_values(struct request *request, const char *const *values)
{
    struct text text;
    text_init(&text, request->arena, STRING_CHARACTERS_MAX);
    size_t count = 0;
    while (values[count])
        count++;
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            text_add(&text, count == 2 ? STR(" or ") : i + 1 == count ? STR(", or ") : STR(", "));
        text_add(&text, str_from(values[i]));
    }
    return text_str(&text);
}

bool scalar_choice(struct request *request, const struct field *field, const struct form_node *node,
                   struct choice *target)
{
    for (int i = 0; !node->first && field->values[i]; i++) {
        if (str_is(node->value, field->values[i])) {
            target->value = i + 1;
            return true;
        }
    }
    struct str path = form_path(request, node);
    return fail(request, CODE_NONE, path, "Invalid %.*s: must be one of %.*s", STR_FMT(path),
                STR_FMT(join_values(request, field->values)));
}
