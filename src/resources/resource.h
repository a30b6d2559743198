#pragma once
/* A kind of object and its regular operations. What is irregular about an object is in its hooks
 * and hand-written routes; there are seven hooks and no more. */
#include "schema/decode.h"
#include "schema/field.h"
#include "store/rows.h"

struct request;
struct resource;
struct route;

enum {
    RETRIEVE = 16,
    DELETE = 32,
};

enum id_form {
    ID_LONG,  /* prefix and 24 characters */
    ID_SHORT, /* prefix and 14 characters */
    ID_CODE,  /* 8 letters and digits, no prefix */
};

struct resource {
    struct schema schema; /* first: a schema that is an object leads to its resource */
    struct table table;
    size_t number;          /* place in the registry */
    const char *path;       /* of the collection */
    const char *noun;       /* in error messages */
    const char *path_param; /* what a 404 for the id in the path calls it */
    const char *events;     /* prefix of event types; NULL: changes make no events */
    const char *id_prefix;
    enum id_form id_form;
    unsigned operations;
    int64_t retention_seconds;  /* for how long objects are shown; 0: for good */
    bool is_own;                /* ours, not Stripe's */
    bool stays;                 /* not carried by exports to another server */
    bool ids_return;            /* the id of a deleted one can be that of another */
    bool deleted_is_shown;      /* retrieving a deleted one gives its stub */
    bool lists_past;            /* those of what is deleted are listed too */
    bool hooks_make_events;     /* saved and deleted record the events, among others of theirs */
    const struct route *routes; /* hand-written ones */
    size_t route_count;

    void (*prepare)(struct request *request, void *object); /* defaults, before the form */
    /* Rules across fields, after the form. `before`: the state to be changed, NULL on creation. */
    bool (*check)(struct request *request, void *object, const void *before, unsigned operation);
    void (*derive)(struct request *request, void *object); /* computed fields, after loading */
    /* Computed fields that only older versions show, from those of the newest. */
    void (*older)(struct request *request, void *object);
    /* Consequences in the same transaction: of creation (before == NULL) and update … */
    bool (*saved)(struct request *request, void *object, const void *before);
    bool (*deleted)(struct request *request, void *object); /* … and of deletion */
    /* The object that an id stands for although none is stored (its row is 0); NULL: none. */
    void *(*well_known)(struct request *request, struct str id);
};

struct text;

/* A long answer, made piece by piece, each in a transaction of its own. */
struct csv {
    /* Adds the next piece; false: it was the last one. */
    bool (*next)(struct request *request, struct csv *csv, struct text *piece);
    int64_t object;   /* row of what it is about */
    int64_t position; /* row that the piece before ended with */
};

/* What a request is answered with. */
enum answer_form {
    ANSWER_OBJECT,
    ANSWER_DELETED,
    ANSWER_LIST,
    ANSWER_SEARCH,
    ANSWER_TEXT, /* JSON that the handler wrote itself */
    ANSWER_CSV,
};

struct answer {
    enum answer_form form;
    const struct resource *resource;
    const void *object; /* ANSWER_OBJECT, ANSWER_DELETED */
    const void **items; /* ANSWER_LIST, ANSWER_SEARCH */
    size_t count;
    bool has_more;
    struct str next_page; /* ANSWER_SEARCH; null: none */
    struct str url;
    struct str text; /* ANSWER_TEXT */
    struct csv csv;  /* ANSWER_CSV */
};

typedef bool handler_fn(struct request *request, const struct route *route, struct answer *answer);

/* A call of the API. `path` has `:id` for each id. */
struct route {
    const char *method;
    const char *path;
    handler_fn *handler;
    const struct resource *resource; /* what the answer is made of */
    enum answer_form form;
    const struct schema *parameters; /* NULL: none but expand */
    unsigned in;                     /* which rows of `parameters` */
    const char *name;                /* operation id: PostCoupons */
    const char *summary;
    bool no_expand;
    bool raw_body; /* not a form: the handler reads request->body */
    bool undone;   /* what the call does is undone when its answer is written */
    bool looks;    /* changes nothing, for all that it is a POST; it has no idempotency */
    int32_t until; /* first API version that has it no more; 0: still has */
};

/* The resource of a schema that is an object. */
const struct resource *resource_of(const struct schema *schema);

/* Whether a deleted one is answered with a stub. */
bool resource_leaves_stubs(const struct resource *resource);

/* A new id for one of its objects. */
struct str resource_new_id(struct request *request, const struct resource *resource);

/* The same for the object of a row, of those that are made by the thousand in a second: the ids
 * grow with the rows, so that their index is appended to. */
struct str resource_ordered_id(struct request *request, const struct resource *resource,
                               int64_t row);

/* A zeroed object. */
void *resource_new(struct request *request, const struct resource *resource);

/* Finders; NULL: there is none. They fill in the computed fields. */
void *resource_find(struct request *request, const struct resource *resource, struct str id);
void *resource_find_past(struct request *request, const struct resource *resource, struct str id);
void *resource_load(struct request *request, const struct resource *resource, int64_t row);
void *resource_look_up(struct request *request, const struct resource *resource, struct str first,
                       struct str second); /* by the table's own condition */

/* The object of a reference, live or deleted; NULL: there is none. */
void *resource_follow(struct request *request, const struct resource *resource,
                      const struct ref *ref);

/* Reads parameters and expand[] and checks both; `object` takes the values. After it has succeeded,
 * the answer to the request is kept under its idempotency key. */
bool resource_parameters(struct request *request, const struct route *route,
                         void *object) MUST_CHECK;

/* Finds what the references of the object that the form named point at; 400 when there is none. */
bool resource_resolve(struct request *request, const struct schema *schema, void *object,
                      unsigned in) MUST_CHECK;

/* The regular operations. */
handler_fn resource_create, resource_retrieve, resource_update, resource_delete;

/* Their halves, for routes and imports that bring their own object: insert with everything that
 * follows from it, write back a change, and delete. */
bool resource_insert(struct request *request, const struct resource *resource,
                     void *object) MUST_CHECK;
bool resource_change(struct request *request, const struct resource *resource, void *object,
                     const void *before) MUST_CHECK;

bool resource_remove(struct request *request, const struct resource *resource,
                     void *object) MUST_CHECK;

/* Puts one object into the answer. */
void answer_object(struct answer *answer, const struct resource *resource, const void *object);
