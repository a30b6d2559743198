/* Tables in words. */
#include "schema/describe.h"

#include "base/text.h"

#include <string.h>

#define DESCRIPTION_BYTES_MAX 4096

const char *describe_article(const char *noun)
{
    return strchr("aeiou", noun[0]) ? "an" : "a";
}

static struct str join(struct arena *arena, const char *const *values)
{
    struct text text;
    text_init(&text, arena, DESCRIPTION_BYTES_MAX);
    for (size_t i = 0; values[i]; i++) {
        text_add(&text, i ? STR(", ") : STR(""));
        text_add(&text, str_from(values[i]));
    }
    return text_str(&text);
}

struct str describe_type(struct arena *arena, const struct field *field)
{
    switch (field->kind) {
    case KIND_STRING:
        return field->format == FORMAT_CURRENCY ? STR("currency") : STR("string");
    case KIND_BOOL:
        return STR("boolean");
    case KIND_INTEGER:
        return STR("integer");
    case KIND_TIME:
        return STR("unix seconds");
    case KIND_PERCENT:
        return STR("decimal");
    case KIND_CHOICE:
        return str_format(arena, "one of %.*s", STR_FMT(join(arena, field->values)));
    case KIND_REF:
        if (field->is & INLINED)
            return str_format(arena, "%s", field->of->name);
        return field->of ? str_format(arena, "id of %s %s, expandable",
                                      describe_article(field->of->name), field->of->name)
                         : STR("id");
    case KIND_REFS:
        return str_format(arena, "list of ids of %s %s, expandable",
                          describe_article(field->of->name), field->of->name);
    case KIND_EMBEDDED:
        return str_format(arena, "list object of %s %s", describe_article(field->of->name),
                          field->of->name);
    case KIND_METADATA:
        return STR("map of strings");
    case KIND_STRINGS:
        return STR("list of strings");
    case KIND_HASH:
    case KIND_OPT_HASH:
        return STR("hash");
    case KIND_LIST:
        return STR("list of hashes");
    case KIND_DICTIONARY:
        return field->format == FORMAT_CURRENCY ? STR("map of currencies to hashes")
                                                : STR("map of hashes");
    case KIND_SNAPSHOT:
        return STR("object");
    case KIND_CONSTANT:
        return str_format(arena, "always %s", field->literal);
    }
    return STR("");
}

struct str describe_versions(struct arena *arena, const struct field *field)
{
    if (field->since && field->until)
        return str_format(arena, "%.*s up to, not including, %.*s",
                          STR_FMT(version_name(field->since)), STR_FMT(version_name(field->until)));
    if (field->since)
        return str_format(arena, "since %.*s", STR_FMT(version_name(field->since)));
    if (field->until)
        return str_format(arena, "before %.*s", STR_FMT(version_name(field->until)));
    return STR("");
}

static void add_flags(struct text *text, const struct field *field)
{
    static const struct {
        unsigned flag;
        const char *word;
    } operations[] = {
        {CREATE, "create"}, {UPDATE, "update"}, {FILTER, "filter"}, {ACTION, "parameter"}};
    const char *separator = " [";
    for (size_t i = 0; i < ARRAY_LENGTH(operations); i++) {
        if (!(field->in & operations[i].flag))
            continue;
        text_addf(text, "%s%s", separator, operations[i].word);
        separator = ", ";
    }
    if (field->is & REQUIRED)
        text_addf(text, "%srequired", separator);
    if (field->in)
        text_add_char(text, ']');
    if (field->is & INPUT)
        text_add_literal(text, " (not shown)");
    if (field->is & INCLUDABLE)
        text_add_literal(text, " (only when expanded)");
}

static void add_rows(struct text *text, const struct schema *schema, int depth)
{
    for (size_t i = 0; i < schema->count; i++) {
        const struct field *field = &schema->fields[i];
        if (field->is & INTERNAL)
            continue;
        text_addf(text, "%*s%-*s %.*s%s", depth * 2, "", 24 - depth * 2, field_name(field),
                  STR_FMT(describe_type(text->arena, field)),
                  (field->nullable && !(field->is & NOT_NULL)) ? ", nullable" : "");
        add_flags(text, field);
        struct str versions = describe_versions(text->arena, field);
        if (versions.length)
            text_addf(text, " {%.*s}", STR_FMT(versions));
        text_addf(text, "\n%*s%s\n", depth * 2 + 26, "", field->help);
        bool nests = field->kind == KIND_HASH || field->kind == KIND_OPT_HASH ||
                     field->kind == KIND_LIST || field->kind == KIND_DICTIONARY;
        if (nests)
            add_rows(text, field->of, depth + 1); /* as deep as the tables nest */
    }
}

void describe_schema(struct text *text, const struct schema *schema)
{
    text_addf(text, "%s: %s\n\n", schema->name, schema->help ? schema->help : "");
    add_rows(text, schema, 0);
}
