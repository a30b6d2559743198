#pragma once
/* The API reference as Markdown, made from the tables. */
struct router;
struct text;

void reference_write(const struct router *router, struct text *text);
