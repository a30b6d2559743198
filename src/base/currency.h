#pragma once
/* The currencies that the API supports. */
#include "base/str.h"

/* "usd, aed, …": the values of a currency parameter. */
extern const char currency_list[];

/* The same for the keys of a map of currencies, which may be a few more. */
extern const char currency_key_list[];

/* Whether the lower-case code is in the list. */
bool currency_is_listed(const char *list, struct str code);

/* How many decimal places of the currency's unit its minor unit is: 2, 0 or 3. */
int currency_decimals(struct str code);
