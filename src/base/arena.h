#pragma once
/* Memory of one request: allocations are zeroed, never freed one by one, and valid until the arena
 * is reset. Running out of memory aborts the process: what a request may ask for is bounded before.
 */
#include <stddef.h>

struct arena_block;

struct arena {
    struct arena_block *first;
    struct arena_block *current;
};

struct arena_mark {
    struct arena_block *block;
    size_t used;
};

void arena_init(struct arena *arena);

/* Gives everything back to the system. */
void arena_release(struct arena *arena);

/* Zeroed, aligned for any type. */
void *arena_alloc(struct arena *arena, size_t size) __attribute__((malloc, returns_nonnull));

#define ARENA_NEW(arena, type) ((type *)arena_alloc((arena), sizeof(type)))
#define ARENA_ARRAY(arena, type, count) ((type *)arena_alloc((arena), sizeof(type) * (count)))

struct arena_mark arena_mark(const struct arena *arena);

/* Forgets what was allocated since the mark; the blocks stay for reuse. */
void arena_rewind(struct arena *arena, struct arena_mark mark);

/* Forgets everything and keeps at most ARENA_KEPT_BYTES for reuse. */
void arena_reset(struct arena *arena);
