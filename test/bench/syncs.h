#pragma once
/* What the programs of a benchmark share about fsync: a file with a counter, mapped by those who
 * count (syncs.c, inside the server) and those who read (load.c, loop.c). */
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

struct syncs {
    atomic_uint_least64_t count;
};

/* NULL: there is no such file. It is made by whoever runs the benchmark. */
static inline struct syncs *syncs_map(const char *path)
{
    int file = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (file < 0)
        return NULL;
    void *mapped = mmap(NULL, sizeof(struct syncs), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    return mapped == MAP_FAILED ? NULL : mapped;
}
