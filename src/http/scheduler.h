#pragma once
/* Does what is due: a thread that hands the writer a turn of timers at a time, so that other
 * writes come in between. */

#include "base/str.h"

struct executor;
struct scheduler;
struct service;

/* `origin`: of links to pages, which outlives the scheduler. */
struct scheduler *scheduler_start(const struct service *service, struct executor *executor,
                                  struct str origin);

/* Ends the thread. To be called before executor_stop(). */
void scheduler_stop(struct scheduler *scheduler);
