/* A list of blocks filled from the front. Blocks after the current one are empty and wait for
 * reuse. Under AddressSanitizer the unused part of a block is poisoned, so that a pointer kept
 * beyond a rewind is reported when it is used. */
#include "base/arena.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef __has_feature /* clang's way of saying it */
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#endif

#define ARENA_BLOCK_BYTES ((size_t)32 * 1024 - sizeof(struct arena_block))
#define ARENA_KEPT_BYTES ((size_t)256 * 1024)
#define ARENA_ALIGNMENT sizeof(max_align_t)

struct arena_block {
    struct arena_block *next;
    size_t size;
    size_t used;
    max_align_t data[];
};

static struct arena_block *block_new(size_t size)
{
    struct arena_block *block = malloc(sizeof(*block) + size);
    if (!block) {
        fputs("coupond: out of memory\n", stderr);
        fflush(stderr);
        abort();
    }
    *block = (struct arena_block){.size = size};
    ASAN_POISON_MEMORY_REGION(block->data, block->size);
    return block;
}

void arena_init(struct arena *arena)
{
    arena->first = arena->current = block_new(ARENA_BLOCK_BYTES);
}

static void free_from(struct arena_block *block)
{
    while (block) {
        struct arena_block *next = block->next;
        ASAN_UNPOISON_MEMORY_REGION(block->data, block->size);
        free(block);
        block = next;
    }
}

void arena_release(struct arena *arena)
{
    free_from(arena->first);
    *arena = (struct arena){0};
}

void *arena_alloc(struct arena *arena, size_t size)
{
    size_t needed = (size + ARENA_ALIGNMENT - 1) / ARENA_ALIGNMENT * ARENA_ALIGNMENT;
    struct arena_block *block = arena->current;
    while (block->size - block->used < needed) {
        if (!block->next || block->next->size < needed) {
            struct arena_block *fresh =
                block_new(needed > ARENA_BLOCK_BYTES ? needed : ARENA_BLOCK_BYTES);
            fresh->next = block->next;
            block->next = fresh;
        }
        block = block->next;
        block->used = 0;
    }
    arena->current = block;
    void *result = (char *)block->data + block->used;
    block->used += needed;
    ASAN_UNPOISON_MEMORY_REGION(result, size);
    return memset(result, 0, size);
}

struct arena_mark arena_mark(const struct arena *arena)
{
    return (struct arena_mark){arena->current, arena->current->used};
}

void arena_rewind(struct arena *arena, struct arena_mark mark)
{
    arena->current = mark.block;
    mark.block->used = mark.used;
    ASAN_POISON_MEMORY_REGION((char *)mark.block->data + mark.used, mark.block->size - mark.used);
    for (struct arena_block *block = mark.block->next; block; block = block->next)
        ASAN_POISON_MEMORY_REGION(block->data, block->size);
}

void arena_reset(struct arena *arena)
{
    arena_rewind(arena, (struct arena_mark){arena->first, 0});
    size_t kept = 0;
    for (struct arena_block *block = arena->first; block; block = block->next) {
        kept += block->size;
        if (kept > ARENA_KEPT_BYTES) {
            free_from(block->next);
            block->next = NULL;
        }
    }
}
