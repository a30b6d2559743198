#pragma once
/* Promotion codes from a table: many codes that exist elsewhere already, in one call. Our own,
 * beside Stripe's API. */
#include "resources/resource.h"

/* Why a line did not become a code. */
struct import_refusal {
    struct str code;
    int64_t line; /* from 1, the heading */
    struct str message;
    struct choice reason;
};

struct promotion_code_import {
    int64_t imported;
    struct list refused; /* of struct import_refusal */
};

extern const struct resource promotion_code_import_resource;

/* What stands between the values of a line of CSV: the comma, semicolon or tab that its heading
 * has. */
char import_separator(struct str heading);

/* Takes the next value off a line, without blanks and quotes around it. */
struct str import_value(struct str *rest, char separator);
