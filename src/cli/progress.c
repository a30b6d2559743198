/* The progress bar. */
#include "cli/progress.h"

#include "base/clock.h"

#include <stdio.h>
#include <unistd.h>

#define REDRAW_MS 100
#define BAR_COLUMNS 30

static int64_t now_ms(void)
{
    return system_clock.microseconds(system_clock.context) / 1000;
}

void progress_begin(struct progress *progress)
{
    *progress = (struct progress){.shown = isatty(STDERR_FILENO), .started_ms = now_ms()};
}

void progress_show(struct progress *progress, int64_t done, int64_t total)
{
    static const char full[] = "##############################",
                      none[] = "..............................";
    int64_t now = now_ms(), elapsed = now - progress->started_ms;
    if (!progress->shown || now - progress->drawn_ms < REDRAW_MS)
        return;
    progress->drawn_ms = now;
    int64_t rate = elapsed > 0 ? done * 1000 / elapsed : 0;
    fprintf(stderr, "\r\033[K");
    if (total > 0) {
        int part = (int)(done * BAR_COLUMNS / total);
        fprintf(stderr, "[%.*s%.*s] %lld of ", part, full, BAR_COLUMNS - part, none,
                (long long)done);
        fprintf(stderr, "%lld", (long long)total);
    } else {
        fprintf(stderr, "%lld", (long long)done);
    }
    fprintf(stderr, ", %lld/s", (long long)rate);
    if (total > 0 && rate > 0)
        fprintf(stderr, ", %lld s left", (long long)((total - done) / rate));
    fflush(stderr);
}

void progress_end(struct progress *progress)
{
    if (progress->shown && progress->drawn_ms)
        fprintf(stderr, "\r\033[K");
    progress->shown = false;
}
