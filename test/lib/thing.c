/* The table of the test object, and values for any table. */
#include "lib/thing.h"

#include "base/arena.h"
#include "base/limits.h"
#include "base/text.h"
#include "lib/chance.h"

static const char *const colors[] = {"blue", "green", "red", NULL};

#define THIS struct thing_room
static const struct field room_fields[] = {
    FIELD(beds, "Beds.", .in = CREATE | UPDATE, .min = 1),
    FIELD(name, "Name.", .in = CREATE | UPDATE, .is = REQUIRED),
};
#undef THIS
static const struct schema room_schema = SCHEMA(struct thing_room, room_fields, "room");

#define THIS struct thing_price
static const struct field price_fields[] = {
    FIELD(amount, "Amount.", .in = CREATE | UPDATE, .is = REQUIRED, .min = 1, .max = AMOUNT_MAX),
};
#undef THIS
static const struct schema price_schema = SCHEMA(struct thing_price, price_fields, "price");

#define THIS struct thing_limits
static const struct field limits_fields[] = {
    FIELD(least, "Least.", .in = CREATE | UPDATE),
    FIELD(prices, "By currency.", .in = CREATE | UPDATE, .is = INCLUDABLE | WHEN_SET,
          .of = &price_schema, .format = FORMAT_CURRENCY),
    FIELD(unit, "Unit.", .in = CREATE | UPDATE),
};
#undef THIS
static const struct schema limits_schema = SCHEMA(struct thing_limits, limits_fields, "limits");

#define THIS struct thing_details
static const struct field details_fields[] = {
    FIELD(city, "City.", .in = CREATE | UPDATE, .is = CLEARS_ON_CREATE | CLEARS_ON_UPDATE),
    HASH(limits, limits_schema, "Limits.", .in = CREATE | UPDATE),
};
#undef THIS
static const struct schema details_schema = SCHEMA(struct thing_details, details_fields, "details");

#define THIS struct thing
static const struct field thing_fields[] = {
    FIELD_ID,
    FIELD(active, "Active.", .in = CREATE | UPDATE | FILTER),
    FIELD(amount, "Amount.", .in = CREATE, .min = -10, .max = 1000),
    FIELD(approved, "Approved.", .in = CREATE | UPDATE, .is = CLEARS_ON_UPDATE),
    FIELD(color, "Color.", .in = CREATE | UPDATE, .is = BLANK_IS_ABSENT, .values = colors),
    FIELD(colors, "Colors.", .in = CREATE | UPDATE, .is = CLEARS_ON_UPDATE),
    CONSTANT("constant", "\"always\"", "Constant."),
    FIELD_CREATED,
    FIELD(currency, "Currency.", .in = CREATE, .format = FORMAT_CURRENCY),
    OPT_HASH(details, details_schema, "Details.", .in = CREATE | UPDATE,
             .is = CLEARS_ON_CREATE | CLEARS_ON_UPDATE),
    FIELD(email, "E-mail.", .in = CREATE | UPDATE, .max = 20, .format = FORMAT_EMAIL),
    FIELD(expires_at, "Expiry.", .in = CREATE | UPDATE, .is = CLEARS_ON_UPDATE),
    FIELD(hidden, "Internal.", .is = INTERNAL),
    FIELD(limit, "Limit.", .in = CREATE | UPDATE, .is = WHEN_SET, .min = 1),
    HASH(limits, limits_schema, "Limits.", .in = CREATE | UPDATE),
    FIELD_LIVEMODE,
    FIELD_METADATA(.in = CREATE | UPDATE, .is = CLEARS_ON_CREATE | CLEARS_ON_UPDATE),
    FIELD(old_name, "Old name.", .in = CREATE | UPDATE, .until = V_CLOVER),
    FIELD(parent, "Parent.", .in = CREATE, .of = &thing_schema),
    FIELD(percent, "Percent.", .in = CREATE, .min = 1, .max = 10000),
    FIELD(prices, "Prices.", .in = CREATE | UPDATE, .is = INCLUDABLE | WHEN_SET,
          .of = &price_schema, .format = FORMAT_CURRENCY),
    FIELD(rooms, "Rooms.", .in = CREATE | UPDATE, .is = NULL_WHEN_EMPTY | CLEARS_ON_UPDATE,
          .of = &room_schema, .max = 3),
    FIELD(title, "Title.", .in = CREATE | UPDATE, .is = REQUIRED | NOT_NULL, .max = 8,
          .since = V_CLOVER),
    FIELD(url, "Address.", .in = CREATE | UPDATE, .format = FORMAT_URL),
};
#undef THIS

const struct schema thing_schema =
    SCHEMA(struct thing, thing_fields, "thing", .is_object = true, .referred_by_seq = true);

/* ---- values ---- */

static struct str random_string(struct arena *arena, struct chance *chance)
{
    static const char *const pieces[] = {
        "a",  "B", "7",    " ",  "\"", "\\", "/", "\n", "\t", "<", "é", "€", "\xF0\x9F\x98\x80",
        "\r", "%", "null", "[]", "{",  "'"};
    struct text text;
    text_init(&text, arena, 1000);
    for (uint64_t i = chance_below(chance, 8); i < 9; i++)
        text_add(&text, str_from(pieces[chance_below(chance, ARRAY_LENGTH(pieces))]));
    return text_str(&text);
}

static int64_t random_number(struct chance *chance, const struct field *field)
{
    int64_t max = field->max ? field->max : COUNT_MAX;
    uint64_t count = (uint64_t)max - (uint64_t)field->min + 1; /* 0: all there are */
    uint64_t number = count ? chance_below(chance, count) : chance_next(chance);
    return (int64_t)((uint64_t)field->min + number);
}

static void fill_pairs(struct arena *arena, struct chance *chance, struct metadata *metadata)
{
    metadata->count = 1 + chance_below(chance, 3);
    metadata->items = ARENA_ARRAY(arena, struct pair, metadata->count);
    for (size_t i = 0; i < metadata->count; i++) {
        struct str word = random_string(arena, chance); /* the number keeps keys apart */
        metadata->items[i] = (struct pair){str_format(arena, "%zu%.*s", i, STR_FMT(word)),
                                           random_string(arena, chance)};
    }
}

static void fill_strings(struct arena *arena, struct chance *chance, struct strings *strings)
{
    strings->count = 1 + chance_below(chance, 3);
    strings->items = ARENA_ARRAY(arena, struct str, strings->count);
    for (size_t i = 0; i < strings->count; i++)
        strings->items[i] = random_string(arena, chance);
}

/* As deep as the tables nest. */
static void *fill_elements(struct arena *arena, struct chance *chance, const struct schema *of,
                           size_t count)
{
    void *items = arena_alloc(arena, of->size * count);
    for (size_t i = 0; i < count; i++)
        fill_object(arena, chance, of, element_at(of, items, i));
    return items;
}

static void fill_dictionary(struct arena *arena, struct chance *chance, const struct schema *of,
                            struct dictionary *dictionary)
{
    static const char *const keys[] = {"eur", "gbp", "jpy"};
    dictionary->count = 1 + chance_below(chance, ARRAY_LENGTH(keys));
    dictionary->items = fill_elements(arena, chance, of, dictionary->count);
    for (size_t i = 0; i < dictionary->count; i++)
        *(struct str *)element_at(of, dictionary->items, i) = str_from(keys[i]);
}

static void fill_number(struct chance *chance, const struct field *field, void *member)
{
    int64_t number = random_number(chance, field);
    if (field->kind == KIND_BOOL && field->nullable)
        *(struct opt_bool *)member = (struct opt_bool){true, number % 2 != 0};
    else if (field->kind == KIND_BOOL)
        *(bool *)member = number % 2 != 0;
    else if (field->kind == KIND_PERCENT)
        *(struct opt_percent *)member = (struct opt_percent){true, number};
    else if (field->nullable)
        *(struct opt_int *)member = (struct opt_int){true, number};
    else
        *(int64_t *)member = number;
}

static void fill_member(struct arena *arena, struct chance *chance, const struct field *field,
                        void *member)
{
    int choices = 0;
    switch (field->kind) {
    case KIND_STRING:
        *(struct str *)member = random_string(arena, chance);
        break;
    case KIND_BOOL:
    case KIND_INTEGER:
    case KIND_TIME:
    case KIND_PERCENT:
        fill_number(chance, field, member);
        break;
    case KIND_CHOICE:
        while (field->values[choices])
            choices++;
        ((struct choice *)member)->value = 1 + (int)chance_below(chance, (uint64_t)choices);
        break;
    case KIND_REF:
        *(struct ref *)member = (struct ref){.id = random_string(arena, chance),
                                             .row = (int64_t)chance_below(chance, 1u << 30)};
        break;
    case KIND_REFS:
        ((struct refs *)member)->count = 2;
        ((struct refs *)member)->items = ARENA_ARRAY(arena, struct ref, 2);
        for (size_t i = 0; i < 2; i++)
            ((struct refs *)member)->items[i].id = random_string(arena, chance);
        break;
    case KIND_METADATA:
        fill_pairs(arena, chance, member);
        break;
    case KIND_STRINGS:
        fill_strings(arena, chance, member);
        break;
    case KIND_HASH:
        fill_object(arena, chance, field->of, member);
        break;
    case KIND_OPT_HASH:
        *(void **)member = fill_elements(arena, chance, field->of, 1);
        break;
    case KIND_LIST:
        ((struct list *)member)->count = 2;
        ((struct list *)member)->items = fill_elements(arena, chance, field->of, 2);
        break;
    case KIND_DICTIONARY:
        fill_dictionary(arena, chance, field->of, member);
        break;
    case KIND_EMBEDDED:
        *(struct embedded *)member = (struct embedded){
            .items = fill_elements(arena, chance, field->of, 2),
            .count = 2,
            .total_count = 2,
            .url = random_string(arena, chance),
        };
        break;
    case KIND_SNAPSHOT:
    case KIND_CONSTANT:
        break;
    }
}

void fill_object(struct arena *arena, struct chance *chance, const struct schema *schema,
                 void *object)
{
    for (size_t i = 0; i < schema->count; i++)
        fill_member(arena, chance, &schema->fields[i], (char *)object + schema->fields[i].offset);
}

void clear_member(const struct field *field, void *object)
{
    void *member = (char *)object + field->offset;
    switch (field->kind) {
    case KIND_STRING:
        *(struct str *)member = STR_NULL;
        break;
    case KIND_BOOL:
        if (field->nullable)
            ((struct opt_bool *)member)->set = false;
        break;
    case KIND_INTEGER:
    case KIND_TIME:
        if (field->nullable)
            ((struct opt_int *)member)->set = false;
        break;
    case KIND_PERCENT:
        ((struct opt_percent *)member)->set = false;
        break;
    case KIND_CHOICE:
        ((struct choice *)member)->value = 0;
        break;
    case KIND_REF:
        *(struct ref *)member = (struct ref){0};
        break;
    case KIND_REFS:
        ((struct refs *)member)->count = 0;
        break;
    case KIND_METADATA:
        ((struct metadata *)member)->count = 0;
        break;
    case KIND_STRINGS:
        ((struct strings *)member)->count = 0;
        break;
    case KIND_LIST:
        ((struct list *)member)->count = 0;
        break;
    case KIND_DICTIONARY:
        ((struct dictionary *)member)->count = 0;
        break;
    case KIND_EMBEDDED:
        ((struct embedded *)member)->count = 0;
        break;
    case KIND_OPT_HASH:
        *(void **)member = NULL;
        break;
    case KIND_HASH:
    case KIND_SNAPSHOT:
    case KIND_CONSTANT:
        break;
    }
}
