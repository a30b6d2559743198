/* Memory never refuses more than the committed database says: exceptions are added and shapes given
 * up at once, even where that is rolled back later, and a new shape is only read after its commit.
 * What is written, in turn, never depends on memory. */
#include "redemption/code_shapes.h"

#include "base/arena.h"
#include "base/limits.h"
#include "base/request.h"
#include "base/text.h"
#include "store/db.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS 1024
#define LINES_SHOWN_MAX 10

STATEMENT(find_tenants, "SELECT DISTINCT tenant FROM code_shapes");
STATEMENT(find_shapes, "SELECT seq, pattern, alphabet FROM code_shapes WHERE tenant = $1"
                       " ORDER BY seq LIMIT $2");
STATEMENT(find_all, "SELECT seq, pattern, alphabet, tenant FROM code_shapes");
STATEMENT(find_pattern, "SELECT 1 FROM code_shapes WHERE tenant = $1 AND pattern = $2"
                        " AND alphabet = $3");
STATEMENT(find_oldest, "SELECT COUNT(*), MIN(seq) FROM code_shapes WHERE tenant = $1");
STATEMENT(add_shape, "INSERT INTO code_shapes (tenant, seq, pattern, alphabet)"
                     " VALUES ($1, $2, $3, $4)");
STATEMENT(drop_shape, "DELETE FROM code_shapes WHERE tenant = $1 AND seq = $2");
STATEMENT(find_exceptions, "SELECT code_key FROM code_shape_exceptions WHERE tenant = $1"
                           " AND shape = $2 ORDER BY code_key");
STATEMENT(count_exceptions, "SELECT COUNT(*) FROM code_shape_exceptions WHERE tenant = $1"
                            " AND shape = $2");
STATEMENT(add_exception, "INSERT INTO code_shape_exceptions (tenant, shape, code_key)"
                         " VALUES ($1, $2, $3) ON CONFLICT DO NOTHING");
STATEMENT(drop_exceptions, "DELETE FROM code_shape_exceptions WHERE tenant = $1 AND shape = $2");
STATEMENT(find_codes, "SELECT code_key FROM promotion_codes WHERE tenant = $1 AND code_key >= $2"
                      " AND code_key < $3 ORDER BY code_key LIMIT $4");
STATEMENT(find_unexpected,
          "SELECT o.code_key, o.seq FROM promotion_codes AS o LEFT JOIN code_shape_exceptions AS e"
          " ON e.tenant = o.tenant AND e.shape = $1 AND e.code_key = o.code_key"
          " WHERE o.tenant = $2 AND o.code_key >= $3 AND o.code_key < $4 AND e.shape IS NULL");

struct shape {
    int64_t row;
    struct code_pattern pattern;
    size_t count;
    char *exceptions; /* in order, each as long as the pattern */
};

/* What a tenant's look-ups go by. */
struct guard {
    struct guard *next;
    int64_t tenant;
    struct arena arena;
    size_t count;
    struct shape shapes[CODE_SHAPES_MAX];
};

struct code_shapes {
    pthread_rwlock_t lock;
    struct guard *buckets[BUCKETS];
};

/* ---- in memory ---- */

static void free_guard(struct guard *guard)
{
    if (guard)
        arena_release(&guard->arena);
    free(guard);
}

struct code_shapes *code_shapes_new(void)
{
    struct code_shapes *shapes = calloc(1, sizeof(*shapes));
    if (!shapes || pthread_rwlock_init(&shapes->lock, NULL) != 0)
        abort();
    return shapes;
}

void code_shapes_free(struct code_shapes *shapes)
{
    for (size_t i = 0; i < BUCKETS; i++)
        for (struct guard *guard = shapes->buckets[i], *next; guard; guard = next) {
            next = guard->next;
            free_guard(guard);
        }
    pthread_rwlock_destroy(&shapes->lock);
    free(shapes);
}

static struct guard **find_guard(struct code_shapes *shapes, int64_t tenant)
{
    struct guard **place = &shapes->buckets[(uint64_t)tenant % BUCKETS];
    while (*place && (*place)->tenant != tenant)
        place = &(*place)->next;
    return place;
}

/* `guard`: NULL: the tenant has no shapes. */
static void set_guard(struct code_shapes *shapes, int64_t tenant, struct guard *guard)
{
    pthread_rwlock_wrlock(&shapes->lock);
    struct guard **place = find_guard(shapes, tenant), *old = *place;
    if (old)
        *place = old->next;
    if (guard) {
        guard->next = *place;
        *place = guard;
    }
    pthread_rwlock_unlock(&shapes->lock);
    free_guard(old);
}

/* Where the text stands among the exceptions or would have to. */
static char *place_of(const struct shape *shape, struct str code_key, bool *found)
{
    size_t length = shape->pattern.text.length, low = 0, high = shape->count;
    *found = false;
    while (low < high && !*found) {
        size_t middle = (low + high) / 2;
        int order = memcmp(code_key.data, shape->exceptions + middle * length, length);
        *found = order == 0;
        if (order > 0)
            low = middle + 1;
        else
            high = middle;
    }
    return shape->exceptions ? shape->exceptions + high * length : NULL;
}

/* False: there are too many. */
static bool add_to_shape(struct guard *guard, struct shape *shape, struct str code_key)
{
    bool found;
    size_t length = shape->pattern.text.length;
    if (!shape->exceptions)
        shape->exceptions = arena_alloc(&guard->arena, length * CODE_SHAPE_EXCEPTIONS_MAX);
    char *place = place_of(shape, code_key, &found);
    if (found || shape->count == CODE_SHAPE_EXCEPTIONS_MAX)
        return found;
    memmove(place + length, place, (size_t)(shape->exceptions + shape->count++ * length - place));
    memcpy(place, code_key.data, length);
    return true;
}

/* Lets the code pass, or whatever has the shape (code_key: null). */
static void let_pass(const struct request *request, int64_t row, struct str code_key)
{
    struct code_shapes *shapes = request->code_shapes;
    if (!shapes)
        return;
    pthread_rwlock_wrlock(&shapes->lock);
    struct guard *guard = *find_guard(shapes, request->tenant);
    for (size_t i = 0; guard && i < guard->count; i++) {
        struct shape *shape = &guard->shapes[i];
        if (shape->row != row)
            continue;
        if (!code_key.data || !add_to_shape(guard, shape, code_key))
            *shape = guard->shapes[--guard->count];
        break;
    }
    pthread_rwlock_unlock(&shapes->lock);
}

bool code_shapes_refuse(const struct request *request, struct str code_key)
{
    struct code_shapes *shapes = request->code_shapes;
    bool refused = false, excepted;
    if (!shapes)
        return false;
    pthread_rwlock_rdlock(&shapes->lock);
    const struct guard *guard = *find_guard(shapes, request->tenant);
    for (size_t i = 0; guard && i < guard->count && !refused; i++) {
        const struct shape *shape = &guard->shapes[i];
        if (code_pattern_fit(&shape->pattern, code_key) != CODE_WRONG)
            continue;
        (void)place_of(shape, code_key, &excepted);
        refused = !excepted;
    }
    pthread_rwlock_unlock(&shapes->lock);
    return refused;
}

void code_shapes_forget(struct request *request)
{
    if (request->code_shapes)
        set_guard(request->code_shapes, request->tenant, NULL);
}

/* ---- from the database ---- */

static struct str alphabet_name(const struct code_pattern *pattern)
{
    return str_from(code_alphabet_names[pattern->alphabet - 1]);
}

/* The pattern of the current row, which lives as long as it is. */
static struct code_pattern pattern_of_row(struct query *query)
{
    struct str alphabet = db_str(query, 2);
    size_t i = 0;
    for (; !str_is(alphabet, code_alphabet_names[i]); i++)
        assert(code_alphabet_names[i]);
    return (struct code_pattern){db_str(query, 1), (enum code_alphabet)(i + 1), true};
}

static struct query query_shapes(struct db *db, int64_t tenant)
{
    struct query query = db_query(db, &find_shapes);
    db_bind_int(&query, tenant);
    db_bind_int(&query, CODE_SHAPES_MAX);
    return query;
}

static bool read_exceptions(struct db *db, struct guard *guard, struct shape *shape)
{
    bool few = true;
    struct query query = db_query(db, &find_exceptions);
    db_bind_int(&query, guard->tenant);
    db_bind_int(&query, shape->row);
    while (db_row(&query))
        few &= add_to_shape(guard, shape, db_str(&query, 0));
    return few;
}

static void read_shapes(struct db *db, struct guard *guard)
{
    struct query query = query_shapes(db, guard->tenant);
    while (db_row(&query)) {
        struct shape *shape = &guard->shapes[guard->count];
        shape->row = db_int(&query, 0);
        shape->pattern = pattern_of_row(&query);
        shape->pattern.text = str_copy(&guard->arena, shape->pattern.text);
        guard->count += read_exceptions(db, guard, shape);
    }
}

void code_shapes_load_tenant(struct code_shapes *shapes, struct db *db, int64_t tenant)
{
    struct guard *guard = calloc(1, sizeof(*guard));
    if (!guard)
        abort();
    guard->tenant = tenant;
    arena_init(&guard->arena);
    read_shapes(db, guard);
    bool loaded = db_failed(db) == DB_OK;
    if (!loaded || guard->count == 0) {
        free_guard(guard);
        guard = NULL;
    }
    if (loaded)
        set_guard(shapes, tenant, guard);
}

bool code_shapes_load(struct code_shapes *shapes, struct db *db)
{
    struct query query = db_query(db, &find_tenants);
    while (db_row(&query))
        code_shapes_load_tenant(shapes, db, db_int(&query, 0));
    return db_failed(db) == DB_OK;
}

/* ---- into the database ---- */

static void run_on_shape(struct request *request, const struct statement *statement, int64_t row)
{
    struct query query = db_query(request->db, statement);
    db_bind_int(&query, request->tenant);
    db_bind_int(&query, row);
    db_do(&query);
}

static void give_up(struct request *request, int64_t row)
{
    run_on_shape(request, &drop_shape, row);
    run_on_shape(request, &drop_exceptions, row);
    let_pass(request, row, STR_NULL);
}

static void except(struct request *request, int64_t row, struct str code_key)
{
    struct query query = db_query(request->db, &add_exception);
    db_bind_int(&query, request->tenant);
    db_bind_int(&query, row);
    db_bind_str(&query, code_key);
    db_do(&query);
    let_pass(request, row, code_key);
    query = db_query(request->db, &count_exceptions);
    db_bind_int(&query, request->tenant);
    db_bind_int(&query, row);
    bool many = db_row(&query) && db_int(&query, 0) > CODE_SHAPE_EXCEPTIONS_MAX;
    db_end(&query);
    if (many)
        give_up(request, row);
}

void code_shapes_note(struct request *request, struct str code_key)
{
    int64_t rows[CODE_SHAPES_MAX];
    size_t count = 0;
    struct query query = query_shapes(request->db, request->tenant);
    while (db_row(&query)) {
        const struct code_pattern pattern = pattern_of_row(&query);
        if (code_pattern_fit(&pattern, code_key) == CODE_WRONG)
            rows[count++] = db_int(&query, 0);
    }
    for (size_t i = 0; i < count; i++)
        except(request, rows[i], code_key);
}

bool code_shapes_have(struct request *request, const struct code_pattern *pattern)
{
    if (!pattern->check_character)
        return false;
    struct query query = db_query(request->db, &find_pattern);
    db_bind_int(&query, request->tenant);
    db_bind_str(&query, str_lower(request->arena, pattern->text));
    db_bind_str(&query, alphabet_name(pattern));
    bool found = db_row(&query);
    db_end(&query);
    return found;
}

/* Binds between which texts all codes of the shape are: ~ comes after all characters of codes. */
static void bind_range(struct arena *arena, struct query *query, struct str pattern)
{
    struct str rest, beginning = str_split(pattern, '#', &rest);
    db_bind_str(query, str_copy(arena, beginning));
    db_bind_str(query, str_format(arena, "%.*s~", STR_FMT(beginning)));
}

/* The codes that exist although they are wrong for the shape. False: there are too many, or too
 * many codes to tell. */
static bool find_wrong(struct request *request, const struct code_pattern *shape,
                       struct str wrong[CODE_SHAPE_EXCEPTIONS_MAX], size_t *count)
{
    struct query query = db_query(request->db, &find_codes);
    bool few = true;
    *count = 0;
    db_bind_int(&query, request->tenant);
    bind_range(request->arena, &query, shape->text);
    db_bind_int(&query, CODE_SHAPE_ROWS_MAX + 1);
    for (int rows = 0; few && db_row(&query); rows++) {
        struct str code_key = db_str(&query, 0);
        few = rows < CODE_SHAPE_ROWS_MAX;
        if (code_pattern_fit(shape, code_key) != CODE_WRONG ||
            (*count && str_equal(wrong[*count - 1], code_key)))
            continue;
        few &= *count < CODE_SHAPE_EXCEPTIONS_MAX;
        if (few)
            wrong[(*count)++] = str_copy(request->arena, code_key);
    }
    db_end(&query);
    return few;
}

static void make_room(struct request *request)
{
    struct query query = db_query(request->db, &find_oldest);
    db_bind_int(&query, request->tenant);
    bool full = db_row(&query) && db_int(&query, 0) >= CODE_SHAPES_MAX;
    int64_t oldest = full ? db_int(&query, 1) : 0;
    db_end(&query);
    if (full)
        give_up(request, oldest);
}

void code_shapes_guard(struct request *request, const struct code_pattern *pattern)
{
    struct str *wrong = ARENA_ARRAY(request->arena, struct str, CODE_SHAPE_EXCEPTIONS_MAX);
    struct code_pattern shape = *pattern;
    size_t count;
    shape.text = str_lower(request->arena, pattern->text);
    if (code_shapes_have(request, pattern) || !find_wrong(request, &shape, wrong, &count))
        return;
    make_room(request);
    int64_t row = db_next_row(request->db, request->now);
    struct query query = db_query(request->db, &add_shape);
    db_bind_int(&query, request->tenant);
    db_bind_int(&query, row);
    db_bind_str(&query, shape.text);
    db_bind_str(&query, alphabet_name(&shape));
    db_do(&query);
    for (size_t i = 0; i < count; i++)
        except(request, row, wrong[i]);
    request->guards_shape = request->code_shapes != NULL;
}

/* ---- verification ---- */

static int64_t verify_shape(struct db *db, struct text *report, struct query *shape, int64_t found)
{
    const struct code_pattern pattern = pattern_of_row(shape);
    int64_t tenant = db_int(shape, 3);
    struct query query = db_query(db, &find_unexpected);
    db_bind_int(&query, db_int(shape, 0));
    db_bind_int(&query, tenant);
    bind_range(report->arena, &query, pattern.text);
    while (db_row(&query))
        if (code_pattern_fit(&pattern, db_str(&query, 0)) == CODE_WRONG &&
            found++ < LINES_SHOWN_MAX)
            text_addf(report, "a code is refused for its check character (tenant %lld, seq %lld)\n",
                      (long long)tenant, (long long)db_int(&query, 1));
    return found;
}

int64_t code_shapes_verify(struct db *db, struct text *report)
{
    int64_t found = 0;
    struct query query = db_query(db, &find_all);
    while (db_row(&query))
        found = verify_shape(db, report, &query, found);
    return found;
}
