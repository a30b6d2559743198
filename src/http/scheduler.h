#pragma once
/* Does what is due: a thread that hands the writer a turn of timers at a time, so that other
 * writes come in between. */

struct executor;
struct scheduler;
struct service;

struct scheduler *scheduler_start(const struct service *service, struct executor *executor);

/* Ends the thread. To be called before executor_stop(). */
void scheduler_stop(struct scheduler *scheduler);
