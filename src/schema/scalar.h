#pragma once
/* Single values of a form: text to typed value, or the error that the API has for it. */
#include "schema/field.h"

struct form_node;
struct request;

/* Whether the text has the shape of a code: one or more of a-z A-Z 0-9 - _. */
bool is_code(struct str text);

/* The parameter at `path` was empty and cannot be unset. Returns false. */
bool fail_empty_value(struct request *request, struct str path) MUST_CHECK;

/* A node with children is no string. */
bool scalar_require(struct request *request, const struct form_node *node) MUST_CHECK;

/* Whether the value is within the bounds and of the format of the row; it may be spelled anew. */
bool scalar_check_string(struct request *request, const struct field *field, struct str path,
                         struct str *value) MUST_CHECK;
bool scalar_check_bounds(struct request *request, struct str path, int64_t value, int64_t min,
                         int64_t max) MUST_CHECK;

/* Each reads the node into *target, within the bounds and the format of the row. */
bool scalar_string(struct request *request, const struct field *field, const struct form_node *node,
                   struct str *target) MUST_CHECK;
bool scalar_integer(struct request *request, const struct form_node *node, int64_t min, int64_t max,
                    int64_t *target) MUST_CHECK;
bool scalar_percent(struct request *request, const struct form_node *node, int64_t min, int64_t max,
                    struct opt_percent *target) MUST_CHECK;
bool scalar_bool(struct request *request, const struct form_node *node, bool *target) MUST_CHECK;
bool scalar_choice(struct request *request, const struct field *field, const struct form_node *node,
                   struct choice *target) MUST_CHECK;
