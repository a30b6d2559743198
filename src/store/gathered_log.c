/* A layer over SQLite's own access to files. A log file keeps the methods that SQLite gave it, but
 * for those that write or that must find written what was. */
#include "store/gathered_log.h"

#include <assert.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define GATHERED_BYTES_MAX (120 * 1024) /* SQLite's access takes less than 128 KiB at once */

/* Behind SQLite's own state of a file. */
struct gathered {
    const sqlite3_io_methods *plain;
    sqlite3_io_methods methods;
    sqlite3_int64 offset; /* where the bytes belong */
    int length;           /* how many there are */
    char *bytes;
};

static sqlite3_vfs *plain_access;

static size_t plain_size(void)
{
    size_t alignment = _Alignof(struct gathered);
    return ((size_t)plain_access->szOsFile + alignment - 1) / alignment * alignment;
}

static struct gathered *gathered(sqlite3_file *file)
{
    return (struct gathered *)(void *)((char *)file + plain_size());
}

/* What cannot be written is gone; SQLite rolls back whatever met the error. */
static int flush(sqlite3_file *file)
{
    struct gathered *of = gathered(file);
    int length = of->length;
    of->length = 0;
    return length ? of->plain->xWrite(file, of->bytes, length, of->offset) : SQLITE_OK;
}

static int log_write(sqlite3_file *file, const void *bytes, int length, sqlite3_int64 offset)
{
    struct gathered *of = gathered(file);
    assert(length <= GATHERED_BYTES_MAX); /* a page at most */
    bool fits = offset == of->offset + of->length && length <= GATHERED_BYTES_MAX - of->length;
    int code = fits ? SQLITE_OK : flush(file);
    if (code != SQLITE_OK)
        return code;
    if (!of->bytes && !(of->bytes = malloc(GATHERED_BYTES_MAX)))
        return SQLITE_IOERR_NOMEM;
    if (of->length == 0)
        of->offset = offset;
    memcpy(of->bytes + of->length, bytes, (size_t)length);
    of->length += length;
    return SQLITE_OK;
}

static int log_read(sqlite3_file *file, void *bytes, int length, sqlite3_int64 offset)
{
    int code = flush(file);
    return code == SQLITE_OK ? gathered(file)->plain->xRead(file, bytes, length, offset) : code;
}

static int log_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    int code = flush(file);
    return code == SQLITE_OK ? gathered(file)->plain->xTruncate(file, size) : code;
}

static int log_sync(sqlite3_file *file, int flags)
{
    int code = flush(file);
    return code == SQLITE_OK ? gathered(file)->plain->xSync(file, flags) : code;
}

static int log_size(sqlite3_file *file, sqlite3_int64 *size)
{
    int code = flush(file);
    return code == SQLITE_OK ? gathered(file)->plain->xFileSize(file, size) : code;
}

static int log_close(sqlite3_file *file)
{
    int flushed = flush(file);
    int closed = gathered(file)->plain->xClose(file);
    free(gathered(file)->bytes);
    return flushed == SQLITE_OK ? closed : flushed;
}

static int open_file(sqlite3_vfs *access, const char *path, sqlite3_file *file, int flags,
                     int *flags_out)
{
    (void)access;
    int code = plain_access->xOpen(plain_access, path, file, flags, flags_out);
    if (code != SQLITE_OK || !(flags & SQLITE_OPEN_WAL))
        return code;
    struct gathered *of = gathered(file);
    *of = (struct gathered){.plain = file->pMethods, .methods = *file->pMethods};
    of->methods.xWrite = log_write;
    of->methods.xRead = log_read;
    of->methods.xTruncate = log_truncate;
    of->methods.xSync = log_sync;
    of->methods.xFileSize = log_size;
    of->methods.xClose = log_close;
    file->pMethods = &of->methods;
    return SQLITE_OK;
}

void gathered_log_start(void)
{
    static sqlite3_vfs access;
    plain_access = sqlite3_vfs_find(NULL);
    assert(plain_access); /* SQLite has one on every system that this is built for */
    access = *plain_access;
    access.zName = "gathered-log";
    access.szOsFile = (int)(plain_size() + sizeof(struct gathered));
    access.xOpen = open_file;
    sqlite3_vfs_register(&access, 1);
}
