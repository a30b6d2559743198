/* Frames are made as they are needed, never given back before the cache is, and reused by the clock
 * algorithm: a hand goes round over them and takes the first that nobody asked for since it last
 * came by. A table says which frame a page is in, a byte for each frame how it is kept; all
 * else is in the frame, beside the page. A cache is used by one thread at a time. */
#include "store/page_cache.h"

#include <assert.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define SLAB_FRAMES 16  /* made together */
#define FIRST_PLACES 64 /* in the table; a power of two */
#define LINE_BYTES 64   /* of memory, as it comes into the processor's cache */

/* Room for one page, which comes behind it, and for what SQLite keeps with the page behind that. */
struct frame {
    sqlite3_pcache_page page; /* first, because it is what SQLite hands back */
    uint32_t number;
    uint32_t key;       /* number of the page */
    uint32_t next_free; /* number of a frame plus one; 0: none */
};

/* Of a frame; apart from it, because the hand looks at many. */
enum state {
    FREE,
    KEPT,
    WANTED, /* since the hand was here */
    PINNED, /* in use */
};

struct place {
    uint32_t key; /* 0: empty */
    uint32_t frame;
};

struct page_cache {
    size_t page_bytes, frame_bytes;
    uint32_t page_count, pinned_count, page_max;
    struct place *places;              /* with linear probing, at most half of them taken */
    uint32_t place_count, place_shift; /* what is left of 32 bits */
    char **slabs;
    unsigned char *states;
    uint32_t slab_count;
    uint32_t frame_count; /* that were in use since the cache was empty */
    uint32_t first_free;  /* number of a frame plus one; 0: none */
    uint32_t hand;
};

static struct page_cache *from(sqlite3_pcache *cache)
{
    return (struct page_cache *)(void *)cache;
}

static size_t whole_lines(size_t bytes)
{
    return (bytes + LINE_BYTES - 1) / LINE_BYTES * LINE_BYTES;
}

static struct frame *frame_at(const struct page_cache *cache, uint32_t number)
{
    char *slab = cache->slabs[number / SLAB_FRAMES];
    return (struct frame *)(void *)(slab + number % SLAB_FRAMES * cache->frame_bytes);
}

/* ---- the table ---- */

/* Where the search begins. Pages that follow each other are spread, or else they would be in each
 * other's way. */
static uint32_t home_of(const struct page_cache *cache, uint32_t key)
{
    return (uint32_t)(key * UINT32_C(0x9E3779B1)) >> cache->place_shift;
}

/* Where the key is, or else where it would be. */
static uint32_t find(const struct page_cache *cache, uint32_t key)
{
    uint32_t mask = cache->place_count - 1, at = home_of(cache, key);
    while (cache->places[at].key && cache->places[at].key != key)
        at = (at + 1) & mask;
    return at;
}

static void enter(struct page_cache *cache, uint32_t key, uint32_t frame)
{
    cache->places[find(cache, key)] = (struct place){key, frame};
}

/* Those that stand behind the key because its place was taken move up. */
static void leave(struct page_cache *cache, uint32_t key)
{
    uint32_t mask = cache->place_count - 1, gap = find(cache, key);
    for (uint32_t at = (gap + 1) & mask; cache->places[at].key; at = (at + 1) & mask) {
        uint32_t home = home_of(cache, cache->places[at].key);
        if (((at - home) & mask) < ((at - gap) & mask))
            continue;
        cache->places[gap] = cache->places[at];
        gap = at;
    }
    cache->places[gap] = (struct place){0};
}

static bool add_places(struct page_cache *cache)
{
    uint32_t old_count = cache->place_count;
    struct place *old = cache->places;
    uint32_t count = old_count ? 2 * old_count : FIRST_PLACES;
    struct place *places = calloc(count, sizeof(places[0]));
    if (!places)
        return false;
    cache->places = places;
    cache->place_count = count;
    cache->place_shift = 32 - (uint32_t)__builtin_ctz(count);
    for (uint32_t i = 0; i < old_count; i++)
        if (old[i].key)
            enter(cache, old[i].key, old[i].frame);
    free(old);
    return true;
}

/* ---- frames ---- */

static void discard(struct page_cache *cache, struct frame *frame)
{
    leave(cache, frame->key);
    cache->page_count--;
    cache->pinned_count -= cache->states[frame->number] == PINNED;
    cache->states[frame->number] = FREE;
    frame->next_free = cache->first_free;
    cache->first_free = frame->number + 1;
}

/* Frees the frame of a page that is not in use. */
static bool evict(struct page_cache *cache)
{
    while (cache->pinned_count < cache->page_count) {
        cache->hand = cache->hand + 1 < cache->frame_count ? cache->hand + 1 : 0;
        unsigned char *state = &cache->states[cache->hand];
        if (*state == KEPT) {
            discard(cache, frame_at(cache, cache->hand));
            return true;
        }
        if (*state == WANTED)
            *state = KEPT;
    }
    return false;
}

static bool add_slab(struct page_cache *cache)
{
    uint32_t count = cache->slab_count + 1;
    char **slabs = realloc(cache->slabs, count * sizeof(slabs[0]));
    cache->slabs = slabs ? slabs : cache->slabs;
    unsigned char *states = realloc(cache->states, (size_t)count * SLAB_FRAMES);
    cache->states = states ? states : cache->states;
    char *slab = aligned_alloc(LINE_BYTES, SLAB_FRAMES * cache->frame_bytes);
    if (!slabs || !states || !slab) {
        free(slab);
        return false;
    }
    slabs[cache->slab_count++] = slab;
    return true;
}

static bool add_frame(struct page_cache *cache)
{
    if ((2 * cache->frame_count >= cache->place_count && !add_places(cache)) ||
        (cache->frame_count == cache->slab_count * SLAB_FRAMES && !add_slab(cache)))
        return false;
    uint32_t number = cache->frame_count++;
    struct frame *frame = frame_at(cache, number);
    char *page = (char *)frame + whole_lines(sizeof(*frame));
    *frame = (struct frame){.page = {page, page + cache->page_bytes}, .number = number};
    cache->states[number] = FREE;
    cache->first_free = number + 1;
    return true;
}

static bool add_page(struct page_cache *cache, uint32_t key, uint32_t *number)
{
    if (cache->page_count >= cache->page_max)
        (void)!evict(cache);
    if (!cache->first_free && !add_frame(cache) && !evict(cache))
        return false;
    *number = cache->first_free - 1;
    struct frame *frame = frame_at(cache, *number);
    cache->first_free = frame->next_free;
    cache->page_count++;
    frame->key = key;
    enter(cache, key, *number);
    *(void **)frame->page.pExtra = NULL; /* tells SQLite that it is new */
    return true;
}

/* ---- what SQLite calls ---- */

static sqlite3_pcache *create(int page_bytes, int extra_bytes, int purgeable)
{
    (void)purgeable; /* what is not is never unpinned */
    struct page_cache *cache = calloc(1, sizeof(*cache));
    if (!cache || !add_places(cache)) {
        free(cache);
        return NULL;
    }
    cache->page_bytes = (size_t)page_bytes;
    cache->frame_bytes =
        whole_lines(sizeof(struct frame)) + (size_t)page_bytes + whole_lines((size_t)extra_bytes);
    return (sqlite3_pcache *)(void *)cache;
}

static void set_limit(sqlite3_pcache *of, int page_max)
{
    from(of)->page_max = page_max > 0 ? (uint32_t)page_max : 0;
}

static int page_count(sqlite3_pcache *of)
{
    return (int)from(of)->page_count;
}

/* A search in a page goes from line to line of memory, each of which is known only after the one
 * before was read. Asked for together they come together. */
static void read_ahead(const struct page_cache *cache, uint32_t number)
{
    const char *frame = (const char *)frame_at(cache, number);
    for (size_t i = 0; i < cache->frame_bytes; i += LINE_BYTES)
        __builtin_prefetch(frame + i);
}

static sqlite3_pcache_page *fetch(sqlite3_pcache *of, unsigned key, int create_flag)
{
    struct page_cache *cache = from(of);
    const struct place place = cache->places[find(cache, key)];
    uint32_t number = place.frame;
    bool may_add = create_flag == 2 || (create_flag == 1 && cache->pinned_count < cache->page_max);
    if (!place.key && !(may_add && add_page(cache, key, &number)))
        return NULL;
    if (cache->states[number] != PINNED) {
        read_ahead(cache, number);
        cache->states[number] = PINNED;
        cache->pinned_count++;
    }
    return &frame_at(cache, number)->page;
}

static void unpin(sqlite3_pcache *of, sqlite3_pcache_page *page, int discarded)
{
    struct page_cache *cache = from(of);
    struct frame *frame = (struct frame *)page;
    assert(cache->states[frame->number] == PINNED);
    if (discarded) {
        discard(cache, frame);
        return;
    }
    cache->pinned_count--;
    cache->states[frame->number] = WANTED;
}

static void rekey(sqlite3_pcache *of, sqlite3_pcache_page *page, unsigned old_key, unsigned key)
{
    struct page_cache *cache = from(of);
    struct frame *frame = (struct frame *)page;
    const struct place *other = &cache->places[find(cache, key)];
    if (other->key)
        discard(cache, frame_at(cache, other->frame));
    leave(cache, old_key);
    frame->key = key;
    enter(cache, key, frame->number);
}

/* A connection that reads forgets all pages whenever another one has written. */
static void clear(struct page_cache *cache)
{
    memset(cache->places, 0, cache->place_count * sizeof(cache->places[0]));
    cache->page_count = cache->pinned_count = 0;
    cache->frame_count = cache->first_free = cache->hand = 0;
}

static void truncate_from(sqlite3_pcache *of, unsigned limit)
{
    struct page_cache *cache = from(of);
    if (limit <= 1) {
        clear(cache);
        return;
    }
    for (uint32_t i = 0; i < cache->place_count;) {
        const struct place *place = &cache->places[i];
        if (place->key >= limit)
            discard(cache, frame_at(cache, place->frame)); /* others may move up to here */
        else
            i++;
    }
}

static void destroy(sqlite3_pcache *of)
{
    struct page_cache *cache = from(of);
    for (uint32_t i = 0; i < cache->slab_count; i++)
        free(cache->slabs[i]);
    free(cache->slabs);
    free(cache->states);
    free(cache->places);
    free(cache);
}

static void shrink(sqlite3_pcache *of)
{
    (void)of; /* nothing asks for it */
}

static int init(void *arg)
{
    (void)arg;
    return SQLITE_OK;
}

void page_cache_start(void)
{
    static const sqlite3_pcache_methods2 methods = {
        .iVersion = 1,
        .xInit = init,
        .xCreate = create,
        .xCachesize = set_limit,
        .xPagecount = page_count,
        .xFetch = fetch,
        .xUnpin = unpin,
        .xRekey = rekey,
        .xTruncate = truncate_from,
        .xDestroy = destroy,
        .xShrink = shrink,
    };
    int code = sqlite3_config(SQLITE_CONFIG_PCACHE2, &methods);
    assert(code == SQLITE_OK);
    (void)code;
}
