#pragma once
/* Parameters: an overlay of the form on an object. A name that is absent leaves the member, an
 * empty value clears it where the row allows that, a value sets it. */
#include "schema/field.h"

struct form_node;
struct request;

/* A table of parameters and the object that takes their values. */
struct parameters {
    const struct schema *schema;
    void *object;
    unsigned in; /* CREATE, UPDATE, FILTER or ACTION */
};

/* Reads request->form into the tables' objects: first refuses names that no table accepts, then
 * reads the rows in the order of the tables; the first mistake is the one reported. Notes in
 * request->given which rows of the first table the form named. */
bool decode_parameters(struct request *request, const struct parameters *tables,
                       size_t count) MUST_CHECK;

/* Whether the form named the row at that place of the first table, or that of the member; no row of
 * another table is named, though objects of it may change in the same call. */
bool row_given(const struct request *request, size_t row);
bool parameter_given(const struct request *request, const struct schema *schema, size_t offset);

/* From here on the row of that member counts as named: of filters that the form does not name. */
void parameter_give(struct request *request, const struct schema *schema, size_t offset);

/* Whether metadata at `path` can have the pair, and so many of them. */
bool decode_check_pair(struct request *request, struct str path, struct pair pair) MUST_CHECK;
bool decode_check_pairs(struct request *request, struct str path, size_t count) MUST_CHECK;

/* A range filter: an integer, or a hash of gt, gte, lt, lte. Unset bounds are not set. */
struct range {
    struct opt_time equal, gt, gte, lt, lte;
};

bool decode_range(struct request *request, const struct form_node *node,
                  struct range *range) MUST_CHECK;
