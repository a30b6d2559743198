/* A library to preload: counts the calls of fsync and fdatasync of a process in the file that
 * BENCH_SYNCS names, and makes each last BENCH_FSYNC_DELAY_MS longer, as a slower disk would. */
#include "syncs.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>

typedef int sync_fn(int file);

static struct syncs *syncs;
static struct timespec delay;

__attribute__((constructor)) static void begin(void)
{
    const char *milliseconds = getenv("BENCH_FSYNC_DELAY_MS");
    long value = milliseconds ? strtol(milliseconds, NULL, 10) : 0;
    delay = (struct timespec){value / 1000, value % 1000 * 1000000};
    syncs = syncs_map(getenv("BENCH_SYNCS"));
}

static int count_and_sync(const char *name, int file)
{
    sync_fn *real;
    *(void **)&real = dlsym(RTLD_NEXT, name); /* POSIX's way from an object to a function */
    if (syncs)
        atomic_fetch_add(&syncs->count, 1);
    if (delay.tv_sec || delay.tv_nsec)
        nanosleep(&delay, NULL);
    return real(file);
}

int fsync(int file)
{
    return count_and_sync("fsync", file);
}

int fdatasync(int file)
{
    return count_and_sync("fdatasync", file);
}
