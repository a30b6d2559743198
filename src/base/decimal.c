/* Exact decimals with two places. */
#include "base/decimal.h"

#include "base/text.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* digits[.digits] with at least one digit on each side of a point that is there. */
static bool is_plain_decimal(struct str text, size_t *point)
{
    size_t i = 0;
    while (i < text.length && is_digit(text.data[i]))
        i++;
    *point = i;
    if (i == 0)
        return false;
    if (i == text.length)
        return true;
    if (text.data[i++] != '.' || i == text.length)
        return false;
    while (i < text.length && is_digit(text.data[i]))
        i++;
    return i == text.length;
}

enum decimal_result decimal_parse(struct str text, int64_t *hundredths)
{
    bool negative = text.length > 0 && text.data[0] == '-';
    if (negative)
        text = (struct str){text.data + 1, text.length - 1};
    size_t point;
    if (!text.data || !is_plain_decimal(text, &point))
        return DECIMAL_INVALID;
    while (text.length > point && (text.data[text.length - 1] == '0' || text.length == point + 1))
        text.length--; /* trailing zeros after the point, then the point itself */
    size_t places = text.length > point ? text.length - point - 1 : 0;
    int64_t value = 0;
    for (size_t i = 0; i < text.length && i < point + 3; i++) {
        if (i == point)
            continue;
        if (__builtin_mul_overflow(value, (int64_t)10, &value) ||
            __builtin_add_overflow(value, (int64_t)(text.data[i] - '0'), &value)) {
            *hundredths = negative ? INT64_MIN : INT64_MAX;
            return DECIMAL_OUT_OF_RANGE;
        }
    }
    for (size_t i = places < 2 ? places : 2; i < 2; i++) {
        if (__builtin_mul_overflow(value, (int64_t)10, &value)) {
            *hundredths = negative ? INT64_MIN : INT64_MAX;
            return DECIMAL_OUT_OF_RANGE;
        }
    }
    *hundredths = negative ? -value : value;
    return places > 2 ? DECIMAL_TOO_PRECISE : DECIMAL_OK;
}

void decimal_write(struct text *text, int64_t hundredths)
{
    uint64_t magnitude = hundredths < 0 ? -(uint64_t)hundredths : (uint64_t)hundredths;
    if (hundredths < 0)
        text_add_char(text, '-');
    text_add_int64(text, (int64_t)(magnitude / 100));
    text_add_char(text, '.');
    text_add_char(text, (char)('0' + magnitude % 100 / 10));
    if (magnitude % 10)
        text_add_char(text, (char)('0' + magnitude % 10));
}
