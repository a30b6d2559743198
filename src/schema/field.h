#pragma once
/* What an object looks like. A resource is a plain C struct and a table of rows beside it; a row
 * binds a member to its name on the wire, and everything regular (reading forms, validation, JSON,
 * database columns, list filters, expansion, OpenAPI, documentation) follows from the rows.
 *
 * The C type of a member is its kind: FIELD() picks it with _Generic, so a row never restates a
 * type. Rows stand in the order in which the API prints them (alphabetical). */
#include "base/str.h"
#include "base/version.h"

/* ---- types of members ---- */

struct timestamp {
    int64_t seconds; /* unix */
};

struct opt_int {
    bool set;
    int64_t value;
};

struct opt_bool {
    bool set;
    bool value;
};

struct opt_time {
    bool set;
    int64_t seconds;
};

struct opt_percent {
    bool set;
    int64_t hundredths; /* of a percent */
};

/* One of the row's `values`, counted from 1; 0 is null. */
struct choice {
    int value;
};

/* Another object. `row` is its key in the database where an id alone is ambiguous (an id may be
 * used again after deletion); `object` is set once it was loaded. */
struct ref {
    struct str id;
    int64_t row;
    const void *object;
};

struct pair {
    struct str key;
    struct str value;
};

/* Several other objects, in order. */
struct refs {
    struct ref *items;
    size_t count;
};

/* A list of objects inside an object, as much of it as is shown there. */
struct embedded {
    void *items; /* of the row's schema `of`, one after the other */
    size_t count;
    bool has_more;
    int64_t total_count; /* negative: not shown */
    struct str url;
};

struct metadata {
    struct pair *items;
    size_t count;
};

struct strings {
    struct str *items;
    size_t count;
};

/* Hashes of the row's schema `of`, one after the other. */
struct list {
    void *items;
    size_t count;
};

/* Hashes under keys. The first member of the element is its key (struct str). */
struct dictionary {
    void *items;
    size_t count;
};

/* An object of any schema with its state before a change (NULL: none): what events carry. */
struct snapshot {
    const struct schema *schema;
    const void *object;
    const void *before;
};

/* First member of every object that has an id. */
struct object {
    struct str id;
    int64_t row; /* database key; grows with creation time */
    struct timestamp created;
    bool livemode;
    bool deleted; /* a tombstone */
    struct metadata metadata;
};

/* ---- rows ---- */

enum kind {
    KIND_STRING,
    KIND_BOOL,
    KIND_INTEGER,
    KIND_TIME,
    KIND_PERCENT,
    KIND_CHOICE,
    KIND_REF,
    KIND_REFS,
    KIND_METADATA,
    KIND_STRINGS,
    KIND_HASH,     /* a struct inside the struct */
    KIND_OPT_HASH, /* a pointer to a struct, NULL is null */
    KIND_LIST,
    KIND_DICTIONARY,
    KIND_EMBEDDED,
    KIND_SNAPSHOT,
    KIND_CONSTANT, /* the same JSON literal always */
};

/* .in: the operations that accept a row as a parameter. */
enum {
    CREATE = 1,
    UPDATE = 2,
    FILTER = 4, /* list */
    ACTION = 8, /* any other call that has this table for its parameters */
};

/* .is */
enum {
    REQUIRED = 1,            /* as a parameter: of creation, and wherever its hash is given */
    NOT_NULL = 2,            /* on the wire, although its type could be null */
    DERIVED = 4,             /* shown, but computed instead of stored */
    INPUT = 8,               /* a parameter only: neither shown nor stored */
    INTERNAL = 16,           /* stored, but not shown */
    INCLUDABLE = 32,         /* absent until asked for with expand[] */
    EXPANDABLE = 64,         /* expand[] may name it, without effect */
    INLINED = 128,           /* a reference that is always shown as the full object */
    WHEN_SET = 256,          /* absent, not null, when empty */
    CLEARS_ON_CREATE = 512,  /* an empty value unsets it */
    CLEARS_ON_UPDATE = 1024, /* … and with an ACTION */
    BLANK_IS_ABSENT = 2048,  /* an empty value is as good as none */
    DIFFERENCE = 4096,       /* of a snapshot: shows what changed instead of the object */
    NULL_WHEN_EMPTY = 8192,  /* of a collection */
    LIVE_ONLY = 16384,       /* not shown of a deleted object */
    DECIDES = 32768,         /* the hash that it is in is null when it is */
    KEPT = 65536,            /* of an INTERNAL row: events keep it, for versions that show it */
    RARE = 131072,           /* a filter: mostly at most one object has the value */
};

enum format {
    FORMAT_ANY,
    FORMAT_CODE,     /* [a-zA-Z0-9-_]+ */
    FORMAT_CURRENCY, /* supported, kept in lower case */
    FORMAT_EMAIL,
    FORMAT_URL,
};

struct field {
    const char *name; /* the member */
    const char *help;
    enum kind kind;
    bool nullable;
    uint16_t offset;

    const char *as; /* name on the wire, when it is not the member's */
    unsigned in;
    unsigned is;
    int32_t since; /* first API version that has it; 0: always had */
    int32_t until; /* first API version that has it no more; 0: still has */
    int64_t min;
    int64_t max; /* of numbers; of strings in characters (0: STRING_CHARACTERS_MAX) */
    const char *const *values;
    const struct schema *of;
    const char *column;  /* SQL to read it from, when it is no column of the object's own table */
    const char *where;   /* SQL condition of the filter; ? is the value, @now the time */
    const char *literal; /* of a constant */
    enum format format;
};

struct schema {
    const char *name; /* of the object on the wire; of hashes for documentation only */
    const struct field *fields;
    size_t count;
    size_t size; /* of the struct */
    const char *help;
    bool is_object;            /* has an `object` key and an id */
    bool tombstones_are_shown; /* a deleted one expands to its last state, not to a stub */
    bool referred_by_seq;      /* its ids can be used again: references keep the seq too */
};

/* clang-format off */
#define FIELD_KIND(member)                     \
    _Generic((member),                         \
        struct str: KIND_STRING,               \
        bool: KIND_BOOL,                       \
        struct opt_bool: KIND_BOOL,            \
        int64_t: KIND_INTEGER,                 \
        struct opt_int: KIND_INTEGER,          \
        struct timestamp: KIND_TIME,           \
        struct opt_time: KIND_TIME,            \
        struct opt_percent: KIND_PERCENT,      \
        struct choice: KIND_CHOICE,            \
        struct ref: KIND_REF,                  \
        struct refs: KIND_REFS,                \
        struct metadata: KIND_METADATA,        \
        struct strings: KIND_STRINGS,          \
        struct list: KIND_LIST,                \
        struct dictionary: KIND_DICTIONARY,    \
        struct embedded: KIND_EMBEDDED,        \
        struct snapshot: KIND_SNAPSHOT)

#define FIELD_NULLABLE(member)                 \
    _Generic((member),                         \
        struct str: true,                      \
        struct opt_bool: true,                 \
        struct opt_int: true,                  \
        struct opt_time: true,                 \
        struct opt_percent: true,              \
        struct ref: true,                      \
        default: false)
/* clang-format on */

/* Rows of the struct type THIS, which a file defines before its table. What follows the member is
 * the description, then attributes by name. */
#define FIELD(member, ...)                                                                 \
    {                                                                                      \
        .name = #member, .kind = FIELD_KIND(((THIS *)0)->member),                          \
        .nullable = FIELD_NULLABLE(((THIS *)0)->member), .offset = offsetof(THIS, member), \
        .help = __VA_ARGS__                                                                \
    }
#define HASH(member, schema, ...)                                                              \
    {                                                                                          \
        .name = #member, .kind = KIND_HASH, .of = &(schema), .offset = offsetof(THIS, member), \
        .help = __VA_ARGS__                                                                    \
    }
#define OPT_HASH(member, schema, ...)                                              \
    {                                                                              \
        .name = #member, .kind = KIND_OPT_HASH, .nullable = true, .of = &(schema), \
        .offset = offsetof(THIS, member), .help = __VA_ARGS__                      \
    }
#define CONSTANT(wire_name, json, ...)                                                 \
    {                                                                                  \
        .name = wire_name, .kind = KIND_CONSTANT, .literal = json, .help = __VA_ARGS__ \
    }

#define FIELD_ID FIELD(object.id, "Unique identifier.", .as = "id", .is = NOT_NULL | DERIVED)
#define FIELD_CREATED                                                                    \
    FIELD(object.created, "When the object was created.", .as = "created", .in = FILTER, \
          .is = DERIVED)
#define FIELD_LIVEMODE                                                                   \
    FIELD(object.livemode, "Whether the object belongs to live mode.", .as = "livemode", \
          .is = DERIVED)
#define FIELD_METADATA(...)                                                              \
    FIELD(object.metadata, "Up to 50 pairs of your own; an empty value removes a pair.", \
          .as = "metadata", __VA_ARGS__)

#define SCHEMA(type, table, wire_name, ...)                                                     \
    {                                                                                           \
        .name = wire_name, .fields = table, .count = ARRAY_LENGTH(table), .size = sizeof(type), \
        __VA_ARGS__                                                                             \
    }

/* The member of an object that a row describes. */
#define MEMBER(field, object, type) ((type *)(void *)((char *)(object) + (field)->offset))
#define CONST_MEMBER(field, object, type) \
    ((const type *)(const void *)((const char *)(object) + (field)->offset))

const char *field_name(const struct field *field);

/* Whether the API version has the row at all. */
bool field_in_version(const struct field *field, int32_t version);

/* The row of that name which the version has and the operations accept; NULL: none. */
const struct field *schema_parameter(const struct schema *schema, struct str name,
                                     unsigned operations, int32_t version);

/* Whether a column holds the row (hashes: whether columns hold rows of it). */
bool field_is_stored(const struct field *field);

/* Whether the member has no value: null, or an empty collection. */
bool field_is_empty(const struct field *field, const void *object);

/* Whether the member has the value that a new object has. A list object never has: it has a URL. */
bool field_is_default(const struct field *field, const void *object);

/* Bytes of the member. */
size_t field_size(const struct field *field);

/* Whether the member has the same value in both objects. */
bool field_equal(const struct field *field, const void *a, const void *b);

/* The element at `index` of a list or dictionary. */
void *element_at(const struct schema *of, void *items, size_t index);
const void *const_element_at(const struct schema *of, const void *items, size_t index);
