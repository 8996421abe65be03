/* Loaded in front of libc: the FAIL_SYNC-th fsync or fdatasync of the process fails, no other. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

static atomic_int calls;

static int sync_or_fail(const char *name, int fd) {
    const char *nth = getenv("FAIL_SYNC");
    if (nth != NULL && atomic_fetch_add(&calls, 1) + 1 == atoi(nth)) {
        if (write(STDOUT_FILENO, "a sync failed\n", 14) < 0) abort();
        errno = EIO;
        return -1;
    }
    return ((int (*)(int))dlsym(RTLD_NEXT, name))(fd);
}

int fsync(int fd) { return sync_or_fail("fsync", fd); }
int fdatasync(int fd) { return sync_or_fail("fdatasync", fd); }
