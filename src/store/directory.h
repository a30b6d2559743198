#pragma once
/* The data directory: the database, the pepper under which keys are hashed, and the lock that keeps
 * every other process out. */
#include "base/str.h"
#include "store/accounts.h"

struct arena;

struct directory {
    struct str path;
    struct str database; /* path of the database file */
    struct str socket;   /* path of the server's control socket */
    unsigned char pepper[PEPPER_BYTES];
    int lock;
};

enum directory_result {
    DIRECTORY_OPEN,
    DIRECTORY_IN_USE, /* another process has it */
    DIRECTORY_FAILED, /* logged */
};

/* Whether there is a database. What only reads has no use for a directory that is created. */
bool directory_is_used(struct arena *arena, const char *path);

/* Opens the directory, which is created if it is missing, and locks it. `path` must not be
 * accessible for others. */
enum directory_result directory_open(struct arena *arena, const char *path,
                                     struct directory *directory);

void directory_close(struct directory *directory);

/* Makes sure that the name of a file that was created is on the disk. Failing is logged. */
bool directory_sync(const char *file) MUST_CHECK;
