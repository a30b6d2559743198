#pragma once
/* Answers and errors as bytes. */
#include "base/str.h"

struct answer;
struct request;

/* The body for an answer, in the shape of the request's version. Null: it would be too long. */
struct str answer_render(struct request *request, const struct answer *answer);

/* The body for request->error. */
struct str error_render(const struct request *request);
