#pragma once
/* Wakes a thread that waits for something to do. Ringing before anybody waits is not lost. */
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct bell {
    pthread_mutex_t lock;
    pthread_cond_t rings;
    bool rung;
};

void bell_init(struct bell *bell);
void bell_destroy(struct bell *bell);
void bell_ring(struct bell *bell);

/* Waits until the bell is rung, that many milliseconds at most. True: it was. */
bool bell_wait(struct bell *bell, int64_t milliseconds);
