/* A library to preload. It records what a process asks of the files in one directory, and what it
 * sends, in the order in which it happened; and it makes one of those calls fail.
 *
 *   RECORD_DIRECTORY  where the files are
 *   RECORD_TRACE      file that records are added to; none: nothing is recorded
 *   FAULT_CALL        write, sync, truncate, open or read: which call fails
 *   FAULT_AT          which of them, from 1; it does nothing but fail
 *   FAULT_ERRNO       with what
 *
 * Each record is a struct record, the path relative to the directory, and the data. Files that
 * SQLite makes anew at each start (-shm) are left out. All calls take one lock, so that a record's
 * place is when it happened; what is sent is recorded before it is. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#define FILES_MAX 1024
#define PATH_BYTES 256

enum kind {
    RECORD_CREATE = 1, /* the file was not there */
    RECORD_WRITE,
    RECORD_TRUNCATE, /* to `offset` bytes */
    RECORD_SYNC,
    RECORD_SYNC_DIRECTORY,
    RECORD_RENAME, /* to the path that is the data */
    RECORD_UNLINK,
    RECORD_SEND,
};

struct record {
    uint32_t kind;
    uint32_t path_length;
    uint64_t offset;
    uint64_t data_length;
};

enum call {
    CALL_WRITE,
    CALL_SYNC,
    CALL_TRUNCATE,
    CALL_OPEN,
    CALL_READ,
    CALL_COUNT,
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const char *directory;
static int trace = -1;
static int fault_call = -1, fault_errno;
static long fault_at, calls;
static char paths[FILES_MAX][PATH_BYTES]; /* of open files; "" is another file, "." the directory */

/* The function that this library stands before. */
#define REAL(name, type)                                             \
    ({                                                               \
        type *real_;                                                 \
        *(void **)&real_ = dlsym(RTLD_NEXT, name); /* POSIX's way */ \
        real_;                                                       \
    })

typedef int open_fn(const char *, int, ...);
typedef ssize_t write_fn(int, const void *, size_t);
typedef ssize_t pwrite_fn(int, const void *, size_t, off_t);
typedef ssize_t pread_fn(int, void *, size_t, off_t);
typedef int truncate_fn(int, off_t);
typedef int file_fn(int);
typedef int rename_fn(const char *, const char *);
typedef int unlink_fn(const char *);
typedef ssize_t sendmsg_fn(int, const struct msghdr *, int);
typedef ssize_t send_fn(int, const void *, size_t, int);

__attribute__((constructor)) static void begin(void)
{
    static const char *const names[CALL_COUNT] = {"write", "sync", "truncate", "open", "read"};
    const char *file = getenv("RECORD_TRACE"), *call = getenv("FAULT_CALL");
    directory = getenv("RECORD_DIRECTORY");
    if (file)
        trace = REAL("open", open_fn)(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    for (int i = 0; call && i < CALL_COUNT; i++)
        if (strcmp(call, names[i]) == 0) {
            fault_call = i;
            fault_at = atol(getenv("FAULT_AT"));
            fault_errno = atoi(getenv("FAULT_ERRNO"));
        }
}

static void put(const void *bytes, size_t count)
{
    if (count && REAL("write", write_fn)(trace, bytes, count) != (ssize_t)count)
        abort();
}

static void record(enum kind kind, const char *path, uint64_t offset, const void *data,
                   size_t count)
{
    struct record head = {kind, (uint32_t)strlen(path), offset, count};
    if (trace < 0)
        return;
    put(&head, sizeof(head));
    put(path, head.path_length);
    put(data, count);
}

/* The path of a file in the directory; NULL: it is not there, or made anew at each start. */
static const char *relative(const char *path)
{
    size_t length = directory ? strlen(directory) : 0;
    if (!length || strncmp(path, directory, length) != 0)
        return NULL;
    if (path[length] == '\0')
        return ".";
    size_t rest = strlen(path + length + 1);
    bool anew = rest > 4 && strcmp(path + length + 1 + rest - 4, "-shm") == 0;
    return path[length] != '/' || anew || rest >= PATH_BYTES ? NULL : path + length + 1;
}

static const char *path_of(int file)
{
    return file >= 0 && file < FILES_MAX && paths[file][0] ? paths[file] : NULL;
}

/* Whether the call has to fail now. */
static bool fails(enum call call, const char *path)
{
    if (!path || (int)call != fault_call || ++calls != fault_at)
        return false;
    dprintf(STDERR_FILENO, "recorder: a call fails\n");
    errno = fault_errno;
    return true;
}

static int open_any(const char *name, const char *path, int flags, mode_t mode)
{
    struct stat status;
    pthread_mutex_lock(&lock);
    const char *known = relative(path);
    bool is_new = known && (flags & O_CREAT) && stat(path, &status) != 0;
    int file = fails(CALL_OPEN, known) ? -1 : REAL(name, open_fn)(path, flags, mode);
    if (file >= 0 && file < FILES_MAX) {
        strncpy(paths[file], known ? known : "", PATH_BYTES - 1);
        if (is_new)
            record(RECORD_CREATE, known, 0, NULL, 0);
        else if (known && (flags & O_TRUNC))
            record(RECORD_TRUNCATE, known, 0, NULL, 0);
    }
    pthread_mutex_unlock(&lock);
    return file;
}

#define OPEN(name)                                 \
    int name(const char *path, int flags, ...)     \
    {                                              \
        va_list more;                              \
        va_start(more, flags);                     \
        mode_t mode = va_arg(more, mode_t);        \
        va_end(more);                              \
        return open_any(#name, path, flags, mode); \
    }

OPEN(open)
OPEN(open64)

int close(int file)
{
    pthread_mutex_lock(&lock);
    if (path_of(file))
        paths[file][0] = '\0';
    int result = REAL("close", file_fn)(file);
    pthread_mutex_unlock(&lock);
    return result;
}

static ssize_t write_at(int file, const void *bytes, size_t count, off_t offset)
{
    pthread_mutex_lock(&lock);
    const char *path = path_of(file);
    ssize_t written =
        fails(CALL_WRITE, path) ? -1 : REAL("pwrite", pwrite_fn)(file, bytes, count, offset);
    if (path && written > 0)
        record(RECORD_WRITE, path, (uint64_t)offset, bytes, (size_t)written);
    pthread_mutex_unlock(&lock);
    return written;
}

ssize_t pwrite(int file, const void *bytes, size_t count, off_t offset)
{
    return write_at(file, bytes, count, offset);
}

ssize_t pwrite64(int file, const void *bytes, size_t count, off_t offset)
{
    return write_at(file, bytes, count, offset);
}

ssize_t write(int file, const void *bytes, size_t count)
{
    return path_of(file) ? write_at(file, bytes, count, lseek(file, 0, SEEK_CUR))
                         : REAL("write", write_fn)(file, bytes, count);
}

static ssize_t read_at(int file, void *bytes, size_t count, off_t offset)
{
    pthread_mutex_lock(&lock);
    bool failed = fails(CALL_READ, path_of(file));
    pthread_mutex_unlock(&lock);
    return failed ? -1 : REAL("pread", pread_fn)(file, bytes, count, offset);
}

ssize_t pread(int file, void *bytes, size_t count, off_t offset)
{
    return read_at(file, bytes, count, offset);
}

ssize_t pread64(int file, void *bytes, size_t count, off_t offset)
{
    return read_at(file, bytes, count, offset);
}

static int truncate_to(int file, off_t size)
{
    pthread_mutex_lock(&lock);
    const char *path = path_of(file);
    int result = fails(CALL_TRUNCATE, path) ? -1 : REAL("ftruncate", truncate_fn)(file, size);
    if (path && result == 0)
        record(RECORD_TRUNCATE, path, (uint64_t)size, NULL, 0);
    pthread_mutex_unlock(&lock);
    return result;
}

int ftruncate(int file, off_t size)
{
    return truncate_to(file, size);
}

int ftruncate64(int file, off_t size)
{
    return truncate_to(file, size);
}

static int sync_file(const char *name, int file)
{
    pthread_mutex_lock(&lock);
    const char *path = path_of(file);
    int result = fails(CALL_SYNC, path) ? -1 : REAL(name, file_fn)(file);
    if (path && result == 0)
        record(strcmp(path, ".") == 0 ? RECORD_SYNC_DIRECTORY : RECORD_SYNC, path, 0, NULL, 0);
    pthread_mutex_unlock(&lock);
    return result;
}

int fsync(int file)
{
    return sync_file("fsync", file);
}

int fdatasync(int file)
{
    return sync_file("fdatasync", file);
}

int rename(const char *from, const char *to)
{
    pthread_mutex_lock(&lock);
    int result = REAL("rename", rename_fn)(from, to);
    if (result == 0 && relative(from) && relative(to))
        record(RECORD_RENAME, relative(from), 0, relative(to), strlen(relative(to)));
    pthread_mutex_unlock(&lock);
    return result;
}

int unlink(const char *path)
{
    pthread_mutex_lock(&lock);
    int result = REAL("unlink", unlink_fn)(path);
    if (result == 0 && relative(path))
        record(RECORD_UNLINK, relative(path), 0, NULL, 0);
    pthread_mutex_unlock(&lock);
    return result;
}

ssize_t sendmsg(int socket, const struct msghdr *message, int flags)
{
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < message->msg_iovlen; i++)
        record(RECORD_SEND, "", (uint64_t)socket, message->msg_iov[i].iov_base,
               message->msg_iov[i].iov_len);
    pthread_mutex_unlock(&lock);
    return REAL("sendmsg", sendmsg_fn)(socket, message, flags);
}

ssize_t send(int socket, const void *bytes, size_t count, int flags)
{
    pthread_mutex_lock(&lock);
    record(RECORD_SEND, "", (uint64_t)socket, bytes, count);
    pthread_mutex_unlock(&lock);
    return REAL("send", send_fn)(socket, bytes, count, flags);
}
