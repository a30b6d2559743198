#pragma once
/* API versions. A version is compared by its date alone, written as a number: 2025-09-30.clover is
 * 20250930. */
#include "base/str.h"

/* The versions at which something in the tables changes. */
#define V_2020_08_27 20200827 /* the oldest shape that is rendered */
#define V_2022_08_01 20220801
#define V_2022_11_15 20221115
#define V_2023_08_16 20230816
#define V_2023_10_16 20231016
#define V_2024_04_10 20240410
#define V_2024_06_20 20240620
#define V_ACACIA 20240930
#define V_2024_12_18 20241218
#define V_BASIL 20250331
#define V_2025_08_27 20250827
#define V_CLOVER 20250930
#define V_2025_12_15 20251215
#define V_DAHLIA 20260325
#define V_ENDIVE 20260930
#define V_2026_10_28 20261028
#define V_NEWEST V_2026_10_28

/* Reads a Stripe-Version header. Known names give their date, at least V_2020_08_27; a well-formed
 * newer name gives V_NEWEST; what follows a semicolon is ignored. False: no such version. `*name`
 * is the version to echo: the known name, or the newest known one. */
bool version_parse(struct str header, int32_t *version, struct str *name) MUST_CHECK;

/* Full name of the newest version. */
struct str version_newest(void);

/* Full name of a version of which only the date is known; null when there is none. */
struct str version_name(int32_t version);

/* All accepted names, oldest first. */
extern const char *const version_names[];
extern const size_t version_count;
