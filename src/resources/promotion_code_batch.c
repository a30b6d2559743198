/* Batches of promotion codes. A chunk of codes and the progress of the batch commit together, so
 * that a batch that was interrupted goes on where it was. Whether a code is free is looked up, and
 * a code that exists already is drawn again. There is no event for each code, but for the batch. */
#include "resources/promotion_code_batch.h"

#include "base/arena.h"
#include "base/limits.h"
#include "base/request.h"
#include "redemption/code_shapes.h"
#include "base/text.h"
#include "resources/coupon.h"
#include "resources/event.h"
#include "resources/registry.h"
#include "resources/timer.h"

#define DEFAULT_PATTERN "########"
#define DRAWS_PER_CHUNK 500 /* so that other writers wait for a few milliseconds only */
/* A pattern whose codes are all to be made takes ln(count) draws for each code, 14 for a million.
 * When there were this many, others must have taken its codes before. */
#define DRAWS_PER_CODE_MAX 40
#define DRAWS_MIN 1000
#define FAILURES_IN_PLACE_MAX 16
#define CODES_PER_PIECE 1000 /* of an answer */
#define GUESS_BITS_WANTED 24 /* one guess in ten million or less hits */

static const char *const statuses[] = {"canceled",   "complete", "failed",
                                       "generating", "pending",  NULL};

#define THIS struct promotion_code_batch
static const struct field batch_fields[] = {
    FIELD_ID,
    FIELD(active, "Whether the codes can be redeemed as soon as they exist.", .in = CREATE),
    FIELD(alphabet, "What is drawn; `unambiguous` has no 0, O, 1, I and L.", .in = CREATE,
          .values = code_alphabet_names),
    FIELD(check_character,
          "Whether the last character drawn is one that shows mistyped codes to be wrong.",
          .in = CREATE),
    FIELD(check_character_enforced,
          "Whether codes of this pattern with a wrong check character are refused without being "
          "looked up.",
          .is = DERIVED),
    FIELD(count, "How many codes.", .in = CREATE, .is = REQUIRED, .min = 1,
          .max = CODES_PER_BATCH_MAX),
    FIELD_CREATED,
    FIELD(entropy_bits,
          "How hard it is to guess one of the codes: one of 2 to the power of it guesses hits.",
          .is = DERIVED, .min = INT64_MIN),
    FIELD(expires_at, "When the codes can no longer be redeemed.", .in = CREATE),
    FIELD(failure_message, "Why no more codes are made.", .is = WHEN_SET),
    FIELD(generated, "How many codes there are already."),
    FIELD_LIVEMODE,
    FIELD(rules.max_amount_off_total, "What each code may take off altogether, in minor units.",
          .as = "max_amount_off_total", .in = CREATE, .is = WHEN_SET, .min = 1,
          .max = AMOUNT_OFF_TOTAL_MAX),
    FIELD(rules.max_amount_off_total_currency,
          "Currency of `max_amount_off_total`; that of the coupon by default.",
          .as = "max_amount_off_total_currency", .in = CREATE, .is = WHEN_SET,
          .format = FORMAT_CURRENCY),
    FIELD(max_redemptions, "How often each code can be redeemed.", .in = CREATE, .min = 1),
    FIELD_METADATA(.in = CREATE),
    FIELD(pattern,
          "What the codes look like: each `#` is drawn; letters, digits, `-` and `_` are as they "
          "are.",
          .in = CREATE, .is = NOT_NULL, .max = PATTERN_CHARACTERS_MAX),
    HASH(promotion, promotion_schema, "What the codes are for.", .in = CREATE, .is = REQUIRED),
    FIELD(rules.release_policy,
          "Which redemptions can be cancelled: `held_only` by default, `anytime` or `none`.",
          .as = "release_policy", .in = CREATE, .is = WHEN_SET, .values = release_policies),
    FIELD(rules.release_window,
          "For how many seconds after it was redeemed one can be cancelled, with `anytime`.",
          .as = "release_window", .in = CREATE, .is = WHEN_SET, .min = 1),
    OPT_HASH(restrictions, restrictions_schema, "Who can redeem the codes, on what.", .in = CREATE),
    FIELD(rules.starts_at, "The first moment at which the codes can be redeemed.",
          .as = "starts_at", .in = CREATE, .is = WHEN_SET),
    FIELD(status, "How far it is.", .in = FILTER, .values = statuses),
    FIELD(url, "Where the codes are, as CSV.", .is = NOT_NULL | DERIVED),
    FIELD(warnings, "What may not be as intended.", .is = DERIVED),
    FIELD(draws, "How many codes were drawn.", .is = INTERNAL),
};
#undef THIS

STATEMENT(find_text, "SELECT 1 FROM promotion_codes WHERE tenant = $1 AND code_key = $2 LIMIT 1");
STATEMENT(next_codes,
          "SELECT o.seq, o.id, o.code, o.created, o.enabled, o.expires_at, o.max_redemptions,"
          " COALESCE(u.times_redeemed, 0), o.rules_starts_at, o.rules_max_amount_off_total,"
          " COALESCE(u.amount_off_total, 0)"
          " FROM promotion_codes AS o"
          " LEFT JOIN promotion_code_uses AS u ON u.tenant = o.tenant AND u.promotion_code = o.seq"
          " WHERE o.tenant = $1 AND o.batch_seq = $2 AND o.seq > $3 ORDER BY o.seq LIMIT $4");

static struct code_pattern pattern_of(const struct promotion_code_batch *batch)
{
    return (struct code_pattern){batch->pattern, (enum code_alphabet)batch->alphabet.value,
                                 batch->check_character};
}

/* ---- creation ---- */

static void prepare(struct request *request, void *object)
{
    struct promotion_code_batch *batch = object;
    batch->active = true;
    batch->alphabet.value = ALPHABET_UNAMBIGUOUS;
    batch->pattern = STR(DEFAULT_PATTERN);
    batch->restrictions = ARENA_NEW(request->arena, struct restrictions);
    batch->status.value = BATCH_PENDING;
}

/* What all codes of the batch have in common. */
static struct promotion_code *new_code(struct request *request,
                                       const struct promotion_code_batch *batch)
{
    struct promotion_code *code = resource_new(request, &promotion_code_resource);
    promotion_code_resource.prepare(request, code);
    code->object.metadata = batch->object.metadata;
    code->active = batch->active;
    code->expires_at = batch->expires_at;
    code->max_redemptions = batch->max_redemptions;
    code->promotion = batch->promotion;
    code->restrictions = *batch->restrictions;
    code->rules = batch->rules;
    return code;
}

static bool check_pattern(struct request *request, const struct promotion_code_batch *batch)
{
    const struct code_pattern pattern = pattern_of(batch);
    if (!code_pattern_is_valid(batch->pattern))
        return fail(request, CODE_NONE, STR("pattern"),
                    "A pattern has letters, digits, `-`, `_` and, for each character to be drawn, "
                    "`#`.");
    int64_t capacity = code_pattern_capacity(&pattern);
    if (capacity >= batch->count)
        return true;
    return fail(
        request, CODE_NONE, STR("pattern"),
        "There are only %lld codes of the pattern '%.*s'%s: for a count of %lld it needs at "
        "least %zu `#`.",
        (long long)capacity, STR_FMT(batch->pattern),
        batch->check_character ? " with a check character" : "", (long long)batch->count,
        code_pattern_places_for(&pattern, batch->count));
}

static bool check(struct request *request, void *object, const void *before, unsigned operation)
{
    struct promotion_code_batch *batch = object;
    (void)before;
    if (operation == FILTER)
        return true;
    struct promotion_code *code = new_code(request, batch);
    if (!check_pattern(request, batch) || !promotion_code_check_terms(request, code))
        return false;
    batch->expires_at = code->expires_at;
    batch->rules = code->rules;
    return true;
}

static void derive(struct request *request, void *object)
{
    struct promotion_code_batch *batch = object;
    const struct code_pattern pattern = pattern_of(batch);
    batch->check_character_enforced = code_shapes_have(request, &pattern);
    batch->entropy_bits = code_pattern_guess_bits(&pattern, batch->count);
    batch->url = str_format(request->arena, "%s/%.*s/codes.csv", promotion_code_batch_resource.path,
                            STR_FMT(batch->object.id));
    if (batch->entropy_bits >= GUESS_BITS_WANTED)
        return;
    batch->warnings = (struct strings){ARENA_NEW(request->arena, struct str), 1};
    batch->warnings.items[0] = str_format(
        request->arena,
        "The codes are easy to guess: about one of %lld guesses hits. More `#` make it harder.",
        batch->entropy_bits > 0 ? 1LL << batch->entropy_bits : 1LL);
}

void promotion_code_batch_guard(struct request *request, const struct promotion_code_batch *batch)
{
    const struct code_pattern pattern = pattern_of(batch);
    if (batch->check_character && code_pattern_is_valid(batch->pattern))
        code_shapes_guard(request, &pattern);
}

static bool saved(struct request *request, void *object, const void *before)
{
    const struct promotion_code_batch *batch = object;
    if (before)
        return true;
    promotion_code_batch_guard(request, batch);
    timer_set(request, TIMER_promotion_code_batch, batch->object.row, request->now);
    return true;
}

/* ---- generation ---- */

static bool is_taken(struct request *request, struct str code_key)
{
    struct query query = db_query(request->db, &find_text);
    db_bind_int(&query, request->tenant);
    db_bind_str(&query, code_key);
    bool taken = db_row(&query);
    db_end(&query);
    return taken;
}

/* Draws one code; it becomes one of the batch when it is free. After many that were not, from all
 * that the pattern has. */
static bool draw(struct request *request, const struct promotion_code_batch *batch,
                 const struct code_pattern *pattern, const struct promotion_code *model,
                 int failures)
{
    struct promotion_code code = *model;
    char text[PATTERN_CHARACTERS_MAX];
    code_pattern_draw(pattern, request->random, batch->generated,
                      failures < FAILURES_IN_PLACE_MAX ? batch->count : 0, text);
    code.code = (struct str){text, pattern->text.length};
    code.code_key = str_lower(request->arena, code.code);
    if (is_taken(request, code.code_key))
        return false;
    promotion_code_store(request, &code);
    return true;
}

static void make_chunk(struct request *request, struct promotion_code_batch *batch)
{
    const struct code_pattern pattern = pattern_of(batch);
    struct promotion_code *model = new_code(request, batch);
    model->batch = (struct ref){batch->object.id, batch->object.row, NULL};
    int failures = 0;
    for (int i = 0; i < DRAWS_PER_CHUNK && batch->generated < batch->count; i++, batch->draws++) {
        struct arena_mark mark = arena_mark(request->arena);
        bool made = draw(request, batch, &pattern, model, failures);
        failures = made ? 0 : failures + 1;
        batch->generated += made;
        arena_rewind(request->arena, mark);
    }
}

/* Ends the batch, or goes on with it soon. */
static void finish_chunk(struct request *request, struct promotion_code_batch *batch)
{
    const struct coupon *coupon =
        resource_load(request, &coupon_resource, batch->promotion.coupon.row);
    const char *event = NULL;
    if (batch->generated == batch->count) {
        batch->status.value = BATCH_COMPLETE;
        event = "completed";
    } else if (!coupon || coupon->object.deleted) {
        batch->failure_message = STR("The coupon was deleted.");
    } else if (batch->draws > DRAWS_PER_CODE_MAX * batch->count + DRAWS_MIN) {
        batch->failure_message = STR("Most codes of the pattern exist already.");
    } else { /* behind everything else that is due */
        timer_set(request, TIMER_promotion_code_batch, batch->object.row, request->started);
    }
    if (batch->failure_message.data) {
        batch->status.value = BATCH_FAILED;
        event = "failed";
    }
    rows_update(request, catalog_of(request, &promotion_code_batch_resource),
                &promotion_code_batch_resource.schema, batch);
    if (event)
        event_record(request, promotion_code_batch_resource.events, event,
                     &promotion_code_batch_resource.schema, batch, NULL);
}

static bool is_under_way(const struct promotion_code_batch *batch)
{
    return batch->status.value == BATCH_PENDING || batch->status.value == BATCH_GENERATING;
}

bool promotion_code_batch_due(struct request *request, int64_t row)
{
    struct promotion_code_batch *batch =
        resource_load(request, &promotion_code_batch_resource, row);
    timer_clear(request, TIMER_promotion_code_batch, row);
    if (!batch || !is_under_way(batch))
        return true;
    batch->status.value = BATCH_GENERATING;
    make_chunk(request, batch);
    finish_chunk(request, batch);
    return true;
}

void promotion_code_batch_rest(struct promotion_code_batch *batch)
{
    if (is_under_way(batch))
        batch->status.value = BATCH_CANCELED;
}

/* ---- calls ---- */

static struct promotion_code_batch *find(struct request *request)
{
    struct promotion_code_batch *batch =
        resource_find(request, &promotion_code_batch_resource, request->path_ids[0]);
    if (!batch)
        (void)!fail_missing(request, STR("id"), promotion_code_batch_resource.noun,
                            request->path_ids[0]);
    return batch;
}

static bool cancel(struct request *request, const struct route *route, struct answer *answer)
{
    struct promotion_code_batch *batch;
    if (!resource_parameters(request, route, NULL) || !(batch = find(request)))
        return false;
    if (!is_under_way(batch))
        return fail(request, CODE_promotion_code_batch_unexpected_state, STR_NULL,
                    "This batch cannot be canceled because its status is `%s`.",
                    statuses[batch->status.value - 1]);
    batch->status.value = BATCH_CANCELED;
    timer_clear(request, TIMER_promotion_code_batch, batch->object.row);
    rows_update(request, catalog_of(request, route->resource), &route->resource->schema, batch);
    event_record(request, route->resource->events, "canceled", &route->resource->schema, batch,
                 NULL);
    answer_object(answer, route->resource, batch);
    return true;
}

static void add_code(struct request *request, struct text *piece, struct query *query,
                     const struct coupon *coupon)
{
    struct promotion_code code = {.enabled = db_int(query, 4)};
    struct str text = db_str(query, 2);
    if (!db_is_null(query, 5))
        code.expires_at = (struct opt_time){true, db_int(query, 5)};
    if (!db_is_null(query, 6))
        code.max_redemptions = (struct opt_int){true, db_int(query, 6)};
    code.times_redeemed = db_int(query, 7);
    if (!db_is_null(query, 8))
        code.rules.starts_at = (struct opt_time){true, db_int(query, 8)};
    if (!db_is_null(query, 9))
        code.rules.max_amount_off_total = (struct opt_int){true, db_int(query, 9)};
    code.amount_off_total = db_int(query, 10);
    promotion_code_resource.derive(request, &code);
    text_add(piece, db_str(query, 1));
    text_add_char(piece, ',');
    text_add(piece, text);
    text_add(piece, coupon->valid && code.active ? STR(",true,") : STR(",false,"));
    text_add_int64(piece, code.times_redeemed);
    text_add_char(piece, ',');
    text_add_int64(piece, db_int(query, 3));
    text_add_char(piece, '\n');
}

/* The next codes after the last one that was told. */
static bool next_piece(struct request *request, struct csv *csv, struct text *piece)
{
    const struct promotion_code_batch *batch =
        resource_load(request, &promotion_code_batch_resource, csv->object);
    const struct coupon *coupon =
        batch ? resource_load(request, &coupon_resource, batch->promotion.coupon.row) : NULL;
    if (!coupon)
        return false;
    if (csv->position == 0)
        text_add_literal(piece, "id,code,active,times_redeemed,created\n");
    struct query query = db_query(request->db, &next_codes);
    db_bind_int(&query, request->tenant);
    db_bind_int(&query, csv->object);
    db_bind_int(&query, csv->position);
    db_bind_int(&query, CODES_PER_PIECE);
    int count = 0;
    for (; db_row(&query); count++) {
        add_code(request, piece, &query, coupon);
        csv->position = db_int(&query, 0);
    }
    db_end(&query);
    return count == CODES_PER_PIECE;
}

static bool list_codes(struct request *request, const struct route *route, struct answer *answer)
{
    const struct promotion_code_batch *batch;
    if (!resource_parameters(request, route, NULL) || !(batch = find(request)))
        return false;
    *answer = (struct answer){.form = ANSWER_CSV,
                              .csv = {.next = next_piece, .object = batch->object.row}};
    return true;
}

static const struct route routes[] = {
    {.method = "POST",
     .path = "/v1/promotion_code_batches/:id/cancel",
     .handler = cancel,
     .resource = &promotion_code_batch_resource,
     .name = "PostPromotionCodeBatchesPromotionCodeBatchCancel",
     .summary = "Make no more codes; those that exist stay"},
    {.method = "GET",
     .path = "/v1/promotion_code_batches/:id/codes.csv",
     .handler = list_codes,
     .resource = &promotion_code_batch_resource,
     .form = ANSWER_CSV,
     .name = "GetPromotionCodeBatchesPromotionCodeBatchCodesCsv",
     .summary = "The codes that exist so far, oldest first, as CSV",
     .no_expand = true},
};

const struct resource promotion_code_batch_resource = {
    .schema = SCHEMA(struct promotion_code_batch, batch_fields, "promotion_code_batch",
                     .is_object = true, .referred_by_seq = true,
                     .help = "Many promotion codes of one pattern, made in the background."),
    .table = {&promotion_code_batch_resource.schema, "promotion_code_batches", NULL},
    .number = RESOURCE_promotion_code_batch,
    .path = "/v1/promotion_code_batches",
    .noun = "promotion code batch",
    .path_param = "id",
    .events = "promotion_code_batch",
    .id_prefix = "pcb_",
    .id_form = ID_LONG,
    .operations = CREATE | RETRIEVE | FILTER,
    .is_own = true,
    .routes = routes,
    .route_count = ARRAY_LENGTH(routes),
    .prepare = prepare,
    .check = check,
    .derive = derive,
    .saved = saved,
};
