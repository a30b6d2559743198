#pragma once
/* Writes HTML. A template is a literal of ours; what it is filled with is escaped, always, so that
 * no text of anybody's becomes markup. Attributes stand in double quotes. */
#include "base/text.h"

/* Text as it may stand between tags or inside a quoted attribute. */
void html_text(struct text *text, struct str value);

/* Adds the template with each {} replaced by the next value, escaped. */
void html_fill(struct text *text, const char *template, const struct str *values, size_t count);

#define html_add(text, template, ...)                                 \
    html_fill((text), "" template, (const struct str[]){__VA_ARGS__}, \
              sizeof((const struct str[]){__VA_ARGS__}) / sizeof(struct str))

/* A template without values. */
#define html_literal(text, template) text_add_literal((text), template)
