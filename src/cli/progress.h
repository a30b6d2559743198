#pragma once
/* How far a long command is, on standard error when that is a terminal. */
#include <stdbool.h>
#include <stdint.h>

struct progress {
    bool shown;
    int64_t started_ms;
    int64_t drawn_ms;
};

void progress_begin(struct progress *progress);

/* `total` 0: not known. Draws at most ten times a second. */
void progress_show(struct progress *progress, int64_t done, int64_t total);

/* Clears the line. */
void progress_end(struct progress *progress);
