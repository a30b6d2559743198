#pragma once
/* The API reference as Markdown, made from the tables. */
struct request;
struct router;
struct text;

void reference_write(struct request *request, const struct router *router, struct text *text);
