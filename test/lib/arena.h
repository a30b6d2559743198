#pragma once
/* An arena that a file of tests shares: arena_set_up and arena_tear_down are for cmocka's group. */
#include "base/arena.h"

static struct arena arena;

static int arena_set_up(void **state)
{
    (void)state;
    arena_init(&arena);
    return 0;
}

static int arena_tear_down(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}
