#pragma once
/* Shapes of codes: pattern and alphabet of those with a check character. A text that has the shape
 * of such codes but a wrong check character is no code, unless one was made by hand or brought in:
 * these are the shape's exceptions. So a mistyped or guessed code is refused without the database.
 *
 * The database says what the shapes and exceptions are, in memory is what look-ups go by. A shape
 * with too many exceptions is given up. Safe to use from several threads; what changes the database
 * runs on the writer. */
#include "redemption/code_pattern.h"

struct code_shapes;
struct db;
struct request;
struct text;

struct code_shapes *code_shapes_new(void);
void code_shapes_free(struct code_shapes *shapes);

/* Takes over what the database says about all tenants. False: it failed. */
bool code_shapes_load(struct code_shapes *shapes, struct db *db) MUST_CHECK;

/* Takes over what was committed for a tenant; to be called on the writer, between transactions.
 * When the database fails everything stays as it is. */
void code_shapes_load_tenant(struct code_shapes *shapes, struct db *db, int64_t tenant);

/* Whether there is certainly no code of that text, which is in lower case. */
bool code_shapes_refuse(const struct request *request, struct str code_key);

/* There is to be a code of that text. To be called for each, whatever becomes of it. */
void code_shapes_note(struct request *request, struct str code_key);

/* Codes of the pattern, which has a check character, are to be made: look-ups will be refused by
 * its shape once the request is committed, unless too many codes of that beginning exist. Where
 * there are too many shapes the oldest is given up. */
void code_shapes_guard(struct request *request, const struct code_pattern *pattern);

/* Whether the pattern's shape is one of them. */
bool code_shapes_have(struct request *request, const struct code_pattern *pattern);

/* The tenant's codes are about to be deleted, and its shapes. */
void code_shapes_forget(struct request *request);

/* Adds a line to the report for each code that would wrongly be refused; returns how many. */
int64_t code_shapes_verify(struct db *db, struct text *report);
