/* Import of codes: CSV in, a line for each code, with what the codes have in common as parameters.
 * A line that cannot become a code is told and left out; the others are stored, without an event
 * for each. */
#include "resources/promotion_code_import.h"

#include "base/arena.h"
#include "base/limits.h"
#include "base/request.h"
#include "resources/promotion_code.h"
#include "resources/registry.h"
#include "resources/rules.h"
#include "schema/scalar.h"

#include <string.h>

static const char *const reasons[] = {"duplicate", "invalid", NULL};

enum {
    REASON_DUPLICATE = 1,
    REASON_INVALID
};

#define THIS struct import_refusal
static const struct field refusal_fields[] = {
    FIELD(code, "The code."),
    FIELD(line, "Number of the line; the heading is 1."),
    FIELD(message, "What is wrong with it.", .is = NOT_NULL),
    FIELD(reason, "`duplicate`: there is an active code of that text.", .values = reasons),
};
#undef THIS
static const struct schema refusal_schema =
    SCHEMA(struct import_refusal, refusal_fields, "promotion_code_import_refusal");

#define THIS struct promotion_code_import
static const struct field import_fields[] = {
    FIELD(imported, "How many codes were stored."),
    CONSTANT("object", "\"promotion_code_import\"", "What it is."),
    FIELD(refused, "The lines that were left out.", .of = &refusal_schema),
};
#undef THIS

/* What the codes have in common; the columns of a line come before it. */
#define THIS struct promotion_code
static const struct field parameter_fields[] = {
    FIELD(active, "Whether the codes can be redeemed.", .in = CREATE),
    FIELD(expires_at, "When the codes can no longer be redeemed.", .in = CREATE),
    FIELD(rules.max_amount_off_total, "What each code may take off altogether, in minor units.",
          .as = "max_amount_off_total", .in = CREATE, .min = 1, .max = AMOUNT_OFF_TOTAL_MAX),
    FIELD(rules.max_amount_off_total_currency,
          "Currency of `max_amount_off_total`; that of the coupon by default.",
          .as = "max_amount_off_total_currency", .in = CREATE, .format = FORMAT_CURRENCY),
    FIELD(max_redemptions, "How often each code can be redeemed.", .in = CREATE, .min = 1),
    FIELD_METADATA(.in = CREATE),
    HASH(promotion, promotion_schema, "What the codes are for.", .in = CREATE, .is = REQUIRED),
    FIELD(rules.release_policy,
          "Which redemptions can be cancelled: `held_only` by default, `anytime` or `none`.",
          .as = "release_policy", .in = CREATE, .values = release_policies),
    FIELD(rules.release_window,
          "For how many seconds after it was redeemed one can be cancelled, with `anytime`.",
          .as = "release_window", .in = CREATE, .min = 1),
    HASH(restrictions, restrictions_schema, "Who can redeem the codes, on what.", .in = CREATE),
    FIELD(rules.starts_at, "The first moment at which the codes can be redeemed.",
          .as = "starts_at", .in = CREATE),
};
#undef THIS
static const struct schema parameters =
    SCHEMA(struct promotion_code, parameter_fields, "promotion_code_import_parameters");

enum column {
    COLUMN_CODE,
    COLUMN_ACTIVE,
    COLUMN_EXPIRES_AT,
    COLUMN_MAX_REDEMPTIONS,
    COLUMN_ID, /* from here on, what codes.csv has beside these: a new code begins anew */
    COLUMN_TIMES_REDEEMED,
    COLUMN_CREATED,
    COLUMN_COUNT
};

struct importer {
    struct request *request;
    const struct promotion_code *model;
    enum column columns[COLUMN_COUNT]; /* what stands in each place of a line */
    size_t column_count;
    char separator;
    struct promotion_code_import *result;
};

/* The next line, without its end. */
static struct str next_line(struct str *rest)
{
    struct str line = str_split(*rest, '\n', rest);
    if (line.length && line.data[line.length - 1] == '\r')
        line.length--;
    return line;
}

char import_separator(struct str heading)
{
    static const char separators[] = ",;\t";
    for (size_t i = 0; i < heading.length; i++)
        if (heading.data[i] && strchr(separators, heading.data[i]))
            return heading.data[i];
    return separators[0];
}

/* None that is understood here has a separator or a quote in it. */
struct str import_value(struct str *rest, char separator)
{
    struct str value = str_trim(str_split(*rest, separator, rest));
    if (value.length >= 2 && value.data[0] == '"' && value.data[value.length - 1] == '"')
        value = (struct str){value.data + 1, value.length - 2};
    return value;
}

static bool read_heading(struct importer *importer, struct str line)
{
    static const char *const names[] = {"code", "active",         "expires_at", "max_redemptions",
                                        "id",   "times_redeemed", "created"};
    bool seen[COLUMN_COUNT] = {false};
    importer->separator = import_separator(line);
    while (line.data) {
        struct str name =
            str_lower(importer->request->arena, import_value(&line, importer->separator));
        enum column column = COLUMN_CODE;
        while (column < COLUMN_COUNT && !str_is(name, names[column]))
            column++;
        if (column == COLUMN_COUNT || seen[column])
            return fail(importer->request, CODE_NONE, STR_NULL,
                        "The first line names the columns: code and, as you like, active, "
                        "expires_at and max_redemptions. There is no other column '%.*s'.",
                        STR_FMT(name));
        seen[column] = true;
        importer->columns[importer->column_count++] = column;
    }
    return seen[COLUMN_CODE] ||
           fail(importer->request, CODE_NONE, STR_NULL, "There is no column 'code'.");
}

static bool read_number(struct request *request, const char *name, struct str text, int64_t max,
                        struct opt_int *number)
{
    number->set = true;
    return (str_to_int64(text, &number->value) && number->value >= 1 && number->value <= max) ||
           fail(request, CODE_NONE, STR_NULL, "Invalid %s: %.*s", name, STR_FMT(text));
}

static bool read_column(struct request *request, enum column column, struct str value,
                        struct promotion_code *code)
{
    struct opt_int number = {0};
    switch (column) {
    case COLUMN_CODE:
        code->code = value;
        return (is_code(value) && value.length <= CODE_CHARACTERS_MAX) ||
               fail(request, CODE_NONE, STR_NULL,
                    "A code has 1 to %d letters, digits, `-` and `_`.", CODE_CHARACTERS_MAX);
    case COLUMN_ACTIVE:
        value = str_lower(request->arena, value);
        code->active = str_is(value, "true");
        return code->active || str_is(value, "false") ||
               fail(request, CODE_NONE, STR_NULL, "Invalid active: %.*s", STR_FMT(value));
    case COLUMN_EXPIRES_AT:
        if (!read_number(request, "expires_at", value, TIMESTAMP_MAX, &number))
            return false;
        code->expires_at = (struct opt_time){true, number.value};
        return true;
    case COLUMN_MAX_REDEMPTIONS:
        return read_number(request, "max_redemptions", value, COUNT_MAX, &code->max_redemptions);
    case COLUMN_ID:
    case COLUMN_TIMES_REDEEMED:
    case COLUMN_CREATED:
        return true;
    case COLUMN_COUNT:
        break;
    }
    return false;
}

/* An empty value, and one that is missing at the end of the line, is that of the parameters. */
static bool read_line(struct importer *importer, struct str line, struct promotion_code *code)
{
    for (size_t i = 0; i < importer->column_count && line.data; i++) {
        enum column column = importer->columns[i];
        struct str value = import_value(&line, importer->separator);
        if ((value.length || column == COLUMN_CODE) &&
            !read_column(importer->request, column, value, code))
            return false;
    }
    if (line.data)
        return fail(importer->request, CODE_NONE, STR_NULL, "There are too many columns.");
    return code->code.data || fail(importer->request, CODE_NONE, STR_NULL, "There is no code.");
}

/* The failure is that of the line, not of the request. */
static void refuse(struct importer *importer, int64_t line, struct str code, int reason)
{
    struct arena *arena = importer->request->arena;
    struct list *refused = &importer->result->refused;
    struct error *error = &importer->request->error;
    ((struct import_refusal *)refused->items)[refused->count++] = (struct import_refusal){
        str_make_text(arena, code), line, str_make_text(arena, error->message), {reason}};
    *error = (struct error){0};
}

static void import_line(struct importer *importer, int64_t number, struct str line)
{
    struct request *request = importer->request;
    struct promotion_code code = *importer->model;
    if (!read_line(importer, line, &code) || !promotion_code_check_terms(request, &code)) {
        refuse(importer, number, code.code, REASON_INVALID);
        return;
    }
    code.code_key = str_lower(request->arena, code.code);
    if (!promotion_code_check_free(request, &code)) {
        refuse(importer, number, code.code, REASON_DUPLICATE);
        return;
    }
    promotion_code_store(request, &code);
    importer->result->imported++;
}

static bool import_lines_of(struct importer *importer, struct str body)
{
    struct request *request = importer->request;
    struct import_refusal *refusals =
        ARENA_ARRAY(request->arena, struct import_refusal, CODES_PER_IMPORT_MAX);
    int64_t number = 1, codes = 0;
    importer->result->refused.items = refusals;
    if (!read_heading(importer, next_line(&body)))
        return false;
    while (body.data) {
        struct str line = next_line(&body);
        number++;
        if (line.length == 0)
            continue;
        if (++codes > CODES_PER_IMPORT_MAX)
            return fail(request, CODE_NONE, STR_NULL, "There may be at most %d codes in one call.",
                        CODES_PER_IMPORT_MAX);
        import_line(importer, number, line);
    }
    return true;
}

/* The text without the mark that spreadsheets put before it. */
static struct str without_mark(struct str text)
{
    static const char mark[] = "\xEF\xBB\xBF";
    size_t length = str_starts(text, str_from(mark)) ? sizeof(mark) - 1 : 0;
    return (struct str){text.data + length, text.length - length};
}

static bool import(struct request *request, const struct route *route, struct answer *answer)
{
    struct promotion_code *model = resource_new(request, &promotion_code_resource);
    struct promotion_code_import *result = resource_new(request, &promotion_code_import_resource);
    struct importer importer = {.request = request, .model = model, .result = result};
    promotion_code_resource.prepare(request, model);
    if (!resource_parameters(request, route, model) ||
        !resource_resolve(request, &parameters, model, CREATE))
        return false;
    struct promotion_code checked = *model;
    if (!promotion_code_check_terms(request, &checked) ||
        !import_lines_of(&importer, without_mark(request->body)))
        return false;
    answer_object(answer, route->resource, result);
    return true;
}

static const struct route routes[] = {
    {.method = "POST",
     .path = "/v1/promotion_code_batches/import",
     .handler = import,
     .resource = &promotion_code_import_resource,
     .parameters = &parameters,
     .in = CREATE,
     .name = "PostPromotionCodeBatchesImport",
     .summary = "Store codes that exist elsewhere, one line of CSV each",
     .no_expand = true,
     .raw_body = true},
};

const struct resource promotion_code_import_resource = {
    .schema = SCHEMA(struct promotion_code_import, import_fields, "promotion_code_import",
                     .help = "What came of an import of codes."),
    .number = RESOURCE_promotion_code_import,
    .noun = "promotion code import",
    .path_param = "id",
    .is_own = true,
    .routes = routes,
    .route_count = ARRAY_LENGTH(routes),
};
