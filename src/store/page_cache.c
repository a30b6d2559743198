/* Frames are made as they are needed, never given back before the cache is, and reused by the clock
 * algorithm: a hand goes round over them and takes the first that nobody asked for since it last
 * came by. A cache is used by one thread at a time. */
#include "store/page_cache.h"

#include <assert.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#define FIRST_SLAB_FRAMES 16
#define SLAB_FRAMES_MAX 256
#define FIRST_BUCKETS 256 /* a power of two; at least as many as frames in a slab */
#define LINE_BYTES 64

/* Room for one page. */
struct frame {
    sqlite3_pcache_page page; /* first, because it is what SQLite hands back */
    struct frame *next;       /* in its bucket, or among the free ones */
    uint32_t key;             /* number of the page; 0: free */
    bool pinned;
    bool wanted; /* since the hand was here */
};

/* Frames that were made together. */
struct slab {
    struct slab *next;
    uint32_t frame_count;
    char *memory;
    struct frame frames[];
};

struct page_cache {
    size_t page_bytes, extra_bytes;
    uint32_t page_count, pinned_count, page_max;
    uint32_t frame_count;
    struct frame **buckets;
    uint32_t bucket_count;
    struct frame *free;
    struct slab *slabs;
    struct slab *hand; /* with the next frame to look at */
    uint32_t hand_frame;
};

static struct page_cache *from(sqlite3_pcache *cache)
{
    return (struct page_cache *)(void *)cache;
}

static struct frame **bucket_of(struct page_cache *cache, uint32_t key)
{
    return &cache->buckets[key & (cache->bucket_count - 1)];
}

static struct frame **find(struct page_cache *cache, uint32_t key)
{
    struct frame **at = bucket_of(cache, key);
    while (*at && (*at)->key != key)
        at = &(*at)->next;
    return at;
}

static void enter(struct page_cache *cache, struct frame *frame, uint32_t key)
{
    struct frame **bucket = bucket_of(cache, key);
    frame->key = key;
    frame->next = *bucket;
    *bucket = frame;
}

/* What leads to the frame, if any does. */
static void unlink_frame(struct page_cache *cache, const struct frame *frame)
{
    struct frame **at = find(cache, frame->key);
    if (*at)
        *at = frame->next;
}

/* The frame becomes free. */
static void discard(struct page_cache *cache, struct frame *frame)
{
    unlink_frame(cache, frame);
    cache->page_count--;
    cache->pinned_count -= frame->pinned;
    frame->pinned = false;
    frame->key = 0;
    frame->next = cache->free;
    cache->free = frame;
}

static bool add_buckets(struct page_cache *cache)
{
    uint32_t count = cache->bucket_count ? 2 * cache->bucket_count : FIRST_BUCKETS;
    struct frame **old = cache->buckets, **buckets = calloc(count, sizeof(buckets[0]));
    if (!buckets)
        return false;
    uint32_t old_count = cache->bucket_count;
    cache->buckets = buckets;
    cache->bucket_count = count;
    for (uint32_t i = 0; i < old_count; i++) {
        for (struct frame *frame = old[i], *next; frame; frame = next) {
            next = frame->next;
            enter(cache, frame, frame->key);
        }
    }
    free(old);
    return true;
}

static bool add_frames(struct page_cache *cache)
{
    if (cache->frame_count >= cache->bucket_count && !add_buckets(cache))
        return false;
    uint32_t count = cache->slabs ? 2 * cache->slabs->frame_count : FIRST_SLAB_FRAMES;
    count = count < SLAB_FRAMES_MAX ? count : SLAB_FRAMES_MAX;
    size_t frame_bytes = cache->page_bytes + cache->extra_bytes;
    struct slab *slab = calloc(1, sizeof(*slab) + count * sizeof(slab->frames[0]));
    char *memory = malloc(count * frame_bytes);
    if (!slab || !memory) {
        free(slab);
        free(memory);
        return false;
    }
    *slab = (struct slab){.next = cache->slabs, .frame_count = count, .memory = memory};
    cache->slabs = slab;
    cache->frame_count += count;
    for (uint32_t i = count; i-- > 0;) {
        struct frame *frame = &slab->frames[i];
        frame->page.pBuf = memory + i * frame_bytes;
        frame->page.pExtra = memory + i * frame_bytes + cache->page_bytes;
        frame->next = cache->free;
        cache->free = frame;
    }
    return true;
}

/* Frees the frame of a page that nobody uses and few asked for. */
static bool evict(struct page_cache *cache)
{
    if (cache->pinned_count == cache->page_count)
        return false;
    for (;;) {
        if (!cache->hand || cache->hand_frame == cache->hand->frame_count) {
            cache->hand = cache->hand && cache->hand->next ? cache->hand->next : cache->slabs;
            cache->hand_frame = 0;
        }
        struct frame *frame = &cache->hand->frames[cache->hand_frame++];
        if (frame->key == 0 || frame->pinned)
            continue;
        if (!frame->wanted) {
            discard(cache, frame);
            return true;
        }
        frame->wanted = false;
    }
}

static sqlite3_pcache *create(int page_bytes, int extra_bytes, int purgeable)
{
    (void)purgeable; /* what is not is never unpinned */
    struct page_cache *cache = calloc(1, sizeof(*cache));
    if (!cache)
        return NULL;
    cache->page_bytes = (size_t)page_bytes;
    cache->extra_bytes = ((size_t)extra_bytes + LINE_BYTES - 1) / LINE_BYTES * LINE_BYTES;
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
static void read_ahead(const struct page_cache *cache, const struct frame *frame)
{
    const char *page = frame->page.pBuf;
    for (size_t i = 0; i < cache->page_bytes + cache->extra_bytes; i += LINE_BYTES)
        __builtin_prefetch(page + i);
}

static bool may_add(const struct page_cache *cache, int create_flag)
{
    return create_flag == 2 || (create_flag == 1 && cache->pinned_count < cache->page_max);
}

static struct frame *add(struct page_cache *cache, uint32_t key)
{
    if (cache->page_count >= cache->page_max)
        (void)!evict(cache);
    if (!cache->free && !add_frames(cache) && !evict(cache))
        return NULL;
    struct frame *frame = cache->free;
    cache->free = frame->next;
    enter(cache, frame, key);
    cache->page_count++;
    *(void **)frame->page.pExtra = NULL; /* tells SQLite that it is new */
    return frame;
}

static sqlite3_pcache_page *fetch(sqlite3_pcache *of, unsigned key, int create_flag)
{
    struct page_cache *cache = from(of);
    struct frame *frame = cache->buckets ? *find(cache, key) : NULL;
    if (frame && !frame->pinned)
        read_ahead(cache, frame);
    if (!frame && may_add(cache, create_flag))
        frame = add(cache, key);
    if (!frame)
        return NULL;
    cache->pinned_count += !frame->pinned;
    frame->pinned = true;
    return &frame->page;
}

static void unpin(sqlite3_pcache *of, sqlite3_pcache_page *page, int discarded)
{
    struct page_cache *cache = from(of);
    struct frame *frame = (struct frame *)page;
    assert(frame->pinned);
    if (discarded) {
        discard(cache, frame);
        return;
    }
    cache->pinned_count--;
    frame->pinned = false;
    frame->wanted = true;
}

static void rekey(sqlite3_pcache *of, sqlite3_pcache_page *page, unsigned old_key, unsigned key)
{
    struct page_cache *cache = from(of);
    struct frame *frame = (struct frame *)page, *other = *find(cache, key);
    if (other)
        discard(cache, other);
    assert(frame->key == old_key);
    unlink_frame(cache, frame);
    enter(cache, frame, key);
}

static void truncate_from(sqlite3_pcache *of, unsigned limit_key)
{
    struct page_cache *cache = from(of);
    for (uint32_t i = 0; i < cache->bucket_count && cache->page_count; i++) {
        for (struct frame *frame = cache->buckets[i], *next; frame; frame = next) {
            next = frame->next;
            if (frame->key >= limit_key)
                discard(cache, frame);
        }
    }
}

static void destroy(sqlite3_pcache *of)
{
    struct page_cache *cache = from(of);
    for (struct slab *slab = cache->slabs, *next; slab; slab = next) {
        next = slab->next;
        free(slab->memory);
        free(slab);
    }
    free(cache->buckets);
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
