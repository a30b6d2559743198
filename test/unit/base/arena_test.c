/* Memory of one request. */
#include "lib/unit.h"

#define BIG (1024 * 1024)

TEST(test_memory_is_zeroed_even_when_it_is_used_again)
{
    struct arena arena;
    arena_init(&arena);
    for (int round = 0; round < 3; round++) {
        unsigned char *bytes = arena_alloc(&arena, 10000);
        for (size_t i = 0; i < 10000; i++)
            assert_int_equal(bytes[i], 0);
        memset(bytes, 0xAA, 10000);
        arena_reset(&arena);
    }
    arena_release(&arena);
}

TEST(test_allocations_are_aligned_and_apart)
{
    struct arena arena;
    arena_init(&arena);
    unsigned char *last = NULL;
    for (size_t size = 0; size < 200; size++) {
        unsigned char *bytes = arena_alloc(&arena, size);
        assert_int_equal((uintptr_t)bytes % _Alignof(max_align_t), 0);
        memset(bytes, (int)size, size);
        if (last && size > 1)
            assert_int_equal(last[size - 2], size - 1); /* was not written over */
        last = bytes;
    }
    arena_release(&arena);
}

TEST(test_rewinding_gives_the_same_memory_again)
{
    struct arena arena;
    arena_init(&arena);
    char *kept = arena_alloc(&arena, 100);
    memset(kept, 'k', 100);
    struct arena_mark mark = arena_mark(&arena);
    void *first = arena_alloc(&arena, 50);
    arena_rewind(&arena, mark);
    assert_ptr_equal(arena_alloc(&arena, 50), first);
    assert_int_equal(kept[99], 'k');
    arena_release(&arena);
}

TEST(test_rewinding_over_blocks_keeps_what_was_before_the_mark)
{
    struct arena arena;
    arena_init(&arena);
    char *kept = arena_alloc(&arena, 20000);
    memset(kept, 'k', 20000);
    struct arena_mark mark = arena_mark(&arena);
    for (int round = 0; round < 5; round++) {
        for (int i = 0; i < 100; i++)
            memset(arena_alloc(&arena, 4000), 'x', 4000);
        memset(arena_alloc(&arena, BIG), 'y', BIG);
        arena_rewind(&arena, mark);
    }
    for (size_t i = 0; i < 20000; i++)
        assert_int_equal(kept[i], 'k');
    arena_release(&arena);
}

TEST(test_an_allocation_may_be_larger_than_a_block)
{
    struct arena arena;
    arena_init(&arena);
    char *small = arena_alloc(&arena, 10), *big = arena_alloc(&arena, BIG),
         *after = arena_alloc(&arena, 10);
    memset(small, 's', 10);
    memset(big, 'b', BIG);
    memset(after, 'a', 10);
    assert_int_equal(small[9], 's');
    assert_int_equal(big[0], 'b');
    assert_int_equal(big[BIG - 1], 'b');
    arena_release(&arena);
}

/* Random allocations, marks and rewinds against a list of what must still be there. */
TEST(test_live_allocations_never_overlap)
{
    enum {
        LIVE_MAX = 400
    };
    struct {
        unsigned char *bytes;
        size_t size;
        unsigned char fill;
    } live[LIVE_MAX];
    struct arena arena;
    struct chance chance = {1};
    struct arena_mark mark = {0};
    size_t count = 0, marked = 0;
    bool has_mark = false;
    arena_init(&arena);
    for (int step = 0; step < 20000; step++) {
        uint64_t what = chance_below(&chance, 100);
        if (what == 0 || count == LIVE_MAX) {
            arena_reset(&arena);
            count = 0;
            has_mark = false;
        } else if (what < 4) {
            mark = arena_mark(&arena);
            marked = count;
            has_mark = true;
        } else if (what < 7 && has_mark) {
            arena_rewind(&arena, mark);
            count = marked;
        } else {
            size_t size = chance_below(&chance, what < 10 ? 100000 : 600);
            live[count].bytes = arena_alloc(&arena, size);
            live[count].size = size;
            live[count].fill = (unsigned char)step;
            memset(live[count].bytes, live[count].fill, size);
            count++;
        }
        if (step % 50 != 0)
            continue;
        for (size_t i = 0; i < count; i++)
            for (size_t j = 0; j < live[i].size; j++)
                if (live[i].bytes[j] != live[i].fill)
                    BREAKS("step %d: allocation %zu was written over", step, i);
    }
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory_is_zeroed_even_when_it_is_used_again),
        cmocka_unit_test(test_allocations_are_aligned_and_apart),
        cmocka_unit_test(test_rewinding_gives_the_same_memory_again),
        cmocka_unit_test(test_rewinding_over_blocks_keeps_what_was_before_the_mark),
        cmocka_unit_test(test_an_allocation_may_be_larger_than_a_block),
        cmocka_unit_test(test_live_allocations_never_overlap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
