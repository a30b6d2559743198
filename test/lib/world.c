/* The service without sockets. */
#include "lib/world.h"

#include "api/keyring.h"
#include "api/router.h"
#include "base/version.h"
#include "schema/form.h"
#include "store/migrate.h"
#include "store/sqlite.h"

#include <assert.h>
#include <dirent.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int64_t clock_seconds(void *context)
{
    return ((struct world *)context)->now;
}

static int64_t clock_microseconds(void *context)
{
    return ((struct world *)context)->now * 1000000;
}

/* In memory where that is possible: nothing here tests durability. */
static void make_directory(struct world *world)
{
    static const char in_memory[] = "/dev/shm/coupond-unit-XXXXXX";
    snprintf(world->directory, sizeof(world->directory), "%s", in_memory);
    if (mkdtemp(world->directory))
        return;
    snprintf(world->directory, sizeof(world->directory), "/tmp/coupond-unit-XXXXXX");
    if (!mkdtemp(world->directory))
        abort();
}

void world_open(struct world *world)
{
    *world = (struct world){.now = WORLD_NOW};
    if (sodium_init() < 0)
        abort();
    arena_init(&world->arena);
    arena_init(&world->request_arena);
    random_init(&world->random);
    make_directory(world);
    world->path = str_format(&world->arena, "%s/coupond.db", world->directory);
    world->db = sqlite_open(world->path.data, SQLITE_WRITER);
    if (!world->db || !migrate_run(&world->arena, world->db))
        abort();
    world->clock = (struct clock){clock_seconds, clock_microseconds, world};
    struct service *service = &world->service;
    service->clock = &world->clock;
    service->dev = true;
    service->default_version = V_NEWEST;
    service->wakeup = -1;
    memset(service->pepper, 7, sizeof(service->pepper));
    catalog_build(&world->arena, &service->catalog);
    service->router = router_build(&world->arena, true);
    service->keyring = keyring_new();
    if (!keyring_load(service->keyring, world->db))
        abort();
    db_take_rows(world->db);
}

static void remove_directory(const char *path)
{
    DIR *directory = opendir(path);
    assert(directory);
    for (struct dirent *entry; (entry = readdir(directory));) {
        char file[512];
        snprintf(file, sizeof(file), "%s/%s", path, entry->d_name);
        if (entry->d_name[0] != '.')
            unlink(file);
    }
    closedir(directory);
    rmdir(path);
}

void world_close(struct world *world)
{
    keyring_free(world->service.keyring);
    sqlite_close(world->db);
    remove_directory(world->directory);
    arena_release(&world->request_arena);
    arena_release(&world->arena);
}

struct db *world_reader(struct world *world)
{
    struct db *db = sqlite_open(world->path.data, SQLITE_READER);
    assert(db);
    return db;
}

struct request *world_request(struct world *world)
{
    arena_reset(&world->request_arena);
    db_reserve_rows(world->db, world->now);
    world->request = (struct request){
        .arena = &world->request_arena,
        .db = world->db,
        .catalog = &world->service.catalog,
        .random = &world->random,
        .id = STR("req_unit"),
        .now = world->now,
        .version = V_NEWEST,
        .tenant = WORLD_TENANT,
        .account = STR("acct_1unit"),
        .sealing_key = world->service.sealing_key,
    };
    return &world->request;
}

struct request *world_form(struct world *world, int32_t version, const char *form)
{
    struct request *request = world_request(world);
    request->version = version;
    if (!form_parse(request, STR_NULL, str_from(form)))
        abort();
    return request;
}

void world_exchange(struct world *world, struct exchange *exchange)
{
    enum exchange_next next = exchange_prepare(&world->service, exchange, &world->random);
    if (next == EXCHANGE_ANSWERED)
        return;
    db_clear(world->db);
    db_begin(world->db, next == EXCHANGE_WRITES);
    if (next == EXCHANGE_WRITES)
        db_reserve_rows(world->db, world->now);
    exchange_run(&world->service, exchange, world->db, &world->random);
    if (db_failed(world->db) != DB_OK || !db_commit(world->db)) {
        fprintf(stderr, "the database failed: %.*s\n", STR_FMT(db_failure_text(world->db)));
        abort();
    }
}

void world_sql(struct world *world, const char *sql)
{
    if (!sqlite_execute(world->db, sql))
        abort();
}

int64_t world_int(struct world *world, const char *sql)
{
    struct query query = db_query_text(world->db, str_from(sql));
    int64_t value = -1;
    if (db_row(&query)) {
        value = db_int(&query, 0);
        db_end(&query);
    }
    return value;
}
