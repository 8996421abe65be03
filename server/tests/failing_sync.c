/* Loaded in front of libc: the first fsync or fdatasync after the file FAIL_SYNCS_IF appeared fails, no other. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

static atomic_int failed;

static int sync_or_fail(const char *name, int fd) {
    const char *trigger = getenv("FAIL_SYNCS_IF");
    if (trigger != NULL && access(trigger, F_OK) == 0 && atomic_fetch_add(&failed, 1) == 0) {
        errno = EIO;
        return -1;
    }
    return ((int (*)(int))dlsym(RTLD_NEXT, name))(fd);
}

int fsync(int fd) { return sync_or_fail("fsync", fd); }
int fdatasync(int fd) { return sync_or_fail("fdatasync", fd); }
