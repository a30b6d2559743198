#pragma once
/* An object that has one row of every kind, for tests of what follows from tables. */
#include "schema/field.h"

struct arena;
struct chance;

struct thing_room {
    struct str name;
    struct opt_int beds;
};

struct thing_price {
    struct str currency; /* the key */
    int64_t amount;
};

struct thing_limits {
    struct opt_int least;
    struct str unit;
    struct dictionary prices; /* of struct thing_price */
};

struct thing_details {
    struct str city;
    struct thing_limits limits;
};

struct thing {
    struct object object;
    bool active;
    int64_t amount;
    struct opt_bool approved;
    struct choice color;
    struct strings colors;
    struct str currency;
    struct thing_details *details;
    struct str email;
    struct opt_time expires_at;
    struct str hidden;
    struct opt_int limit;
    struct thing_limits limits;
    struct str old_name;
    struct ref parent;
    struct opt_percent percent;
    struct dictionary prices; /* of struct thing_price */
    struct list rooms;        /* of struct thing_room */
    struct str title;
    struct str url;
};

extern const struct schema thing_schema;

/* Gives every member of an object of any table a value, nested ones too. Numbers keep within the
 * bounds of their rows; strings are of all the characters that JSON has to escape and some more. */
void fill_object(struct arena *arena, struct chance *chance, const struct schema *schema,
                 void *object);

/* Takes one member's value away. */
void clear_member(const struct field *field, void *object);
