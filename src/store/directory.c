/* Data directory: created private, locked as a whole, with its secret in a file of its own. */
#include "store/directory.h"

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static bool make_private(const char *path)
{
    struct stat status;
    if (mkdir(path, 0700) != 0 && errno != EEXIST) {
        log_message(LOG_ERROR, "data", "cannot create %s: %s", path, strerror(errno));
        return false;
    }
    if (stat(path, &status) != 0 || !S_ISDIR(status.st_mode)) {
        log_message(LOG_ERROR, "data", "%s is no directory", path);
        return false;
    }
    if (status.st_mode & (S_IRWXG | S_IRWXO)) {
        log_message(LOG_ERROR, "data", "%s is accessible for others: chmod 700 it", path);
        return false;
    }
    return true;
}

static struct str database_of(struct arena *arena, const char *path)
{
    return str_format(arena, "%s/coupond.db", path);
}

bool directory_is_used(struct arena *arena, const char *path)
{
    return access(database_of(arena, path).data, F_OK) == 0;
}

bool directory_sync(const char *file)
{
    char path[PATH_MAX];
    snprintf(path, sizeof(path), "%s", file);
    int directory = open(dirname(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool synced = directory >= 0 && fsync(directory) == 0;
    if (!synced)
        log_message(LOG_ERROR, "data", "cannot sync %s: %s", path, strerror(errno));
    if (directory >= 0)
        close(directory);
    return synced;
}

static int open_private(const char *path, int flags)
{
    return open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0600);
}

/* The pepper is written whole under another name first, so that it is never seen half-written. */
static bool create_pepper(struct arena *arena, const char *path)
{
    struct str draft = str_format(arena, "%s.new", path);
    unsigned char pepper[PEPPER_BYTES];
    randombytes_buf(pepper, sizeof(pepper));
    int file = open_private(draft.data, O_WRONLY | O_CREAT | O_TRUNC);
    bool written = file >= 0 && write(file, pepper, sizeof(pepper)) == sizeof(pepper) &&
                   fsync(file) == 0 && rename(draft.data, path) == 0;
    if (file >= 0)
        close(file);
    return written && directory_sync(path);
}

static bool read_pepper(struct arena *arena, struct directory *directory)
{
    struct str path = str_format(arena, "%s/pepper", directory->path.data);
    bool is_new = access(path.data, F_OK) != 0 && errno == ENOENT &&
                  access(directory->database.data, F_OK) != 0;
    if (is_new && !create_pepper(arena, path.data)) {
        log_message(LOG_ERROR, "data", "cannot create %s: %s", path.data, strerror(errno));
        return false;
    }
    int file = open_private(path.data, O_RDONLY);
    bool whole = file >= 0 && read(file, directory->pepper, PEPPER_BYTES) == PEPPER_BYTES;
    if (file >= 0)
        close(file);
    if (!whole)
        log_message(LOG_ERROR, "data", "cannot read %s", path.data);
    return whole;
}

enum directory_result directory_open(struct arena *arena, const char *path,
                                     struct directory *directory)
{
    *directory = (struct directory){
        .path = str_copy(arena, str_from(path)),
        .database = database_of(arena, path),
        .socket = str_format(arena, "%s/control.sock", path),
        .lock = -1,
    };
    umask(077);
    if (!make_private(path))
        return DIRECTORY_FAILED;
    directory->lock = open_private(str_format(arena, "%s/lock", path).data, O_RDWR | O_CREAT);
    if (directory->lock < 0) {
        log_message(LOG_ERROR, "data", "cannot lock %s: %s", path, strerror(errno));
        return DIRECTORY_FAILED;
    }
    if (flock(directory->lock, LOCK_EX | LOCK_NB) != 0) {
        directory_close(directory);
        return DIRECTORY_IN_USE;
    }
    if (!read_pepper(arena, directory)) {
        directory_close(directory);
        return DIRECTORY_FAILED;
    }
    return DIRECTORY_OPEN;
}

void directory_close(struct directory *directory)
{
    if (directory->lock >= 0)
        close(directory->lock);
    directory->lock = -1;
}
