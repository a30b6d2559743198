#pragma once
/* Delivers events to webhook endpoints: a thread that sends what is due in the outbox, several
 * deliveries at a time, and has the executor note down what came of each. An endpoint that takes
 * its time delays nobody but itself. What was not noted down when the process ended is sent again
 * by the next one. */

struct courier;
struct executor;
struct service;

struct courier *courier_start(const struct service *service, struct executor *executor);

/* Begins no more deliveries and gives those that are under way a moment to end. */
void courier_stop(struct courier *courier);

/* After courier_stop() and executor_stop(). */
void courier_free(struct courier *courier);
