/*
 * Preloaded (LD_PRELOAD) into a PHP process: lets the operating system's clock fail for the extension, and only for it.
 * Rust's standard library panics when there is no clock. So every place where the extension looks at the time becomes a
 * bug that tests can switch on, in the very binary that is shipped.
 *
 * FAILING_CLOCK names a file of two numbers (64 bits): after how many more looks the clock fails once (0: never), and
 * how many looks there have been. FAILING_CLOCK_SPARES lists functions ("offset size", hexadecimal) below which it never
 * fails: Rust's own park_timeout() ends the process when it has no clock, which no bug of ours can bring about.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static volatile long *numbers;
static struct { unsigned long at, size; } spared[8];
static int spares;
static int (*real)(clockid_t, struct timespec *);

__attribute__((constructor)) static void begin(void) {
    real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    const char *path = getenv("FAILING_CLOCK");
    int file = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (file < 0) return;
    void *mapped = mmap(NULL, 2 * sizeof(long), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    const char *list = getenv("FAILING_CLOCK_SPARES");
    for (int read = 0; list && spares < 8 && sscanf(list, "%lx %lx%n", &spared[spares].at, &spared[spares].size, &read) == 2; list += read) spares++;
    /* The first call loads what backtrace() needs. */
    void *frames[1];
    backtrace(frames, 1);
    if (mapped != MAP_FAILED) numbers = mapped;
}

static int is_spared(const char *library) {
    void *frames[12];
    int count = backtrace(frames, 12);
    for (int frame = 0; frame < count; frame++) {
        unsigned long at = (const char *)frames[frame] - library;
        for (int i = 0; i < spares; i++) {
            if (at - spared[i].at < spared[i].size) return 1;
        }
    }
    return 0;
}

int clock_gettime(clockid_t clock, struct timespec *time) {
    Dl_info caller;
    if (numbers && dladdr(__builtin_return_address(0), &caller) && caller.dli_fname && strstr(caller.dli_fname, "squeeze_graph") && !is_spared(caller.dli_fbase)) {
        __sync_fetch_and_add(&numbers[1], 1);
        if (numbers[0] > 0 && __sync_sub_and_fetch(&numbers[0], 1) == 0) {
            errno = EINVAL;
            return -1;
        }
    }
    return real(clock, time);
}

/* PHP lets an extension look for symbols in its own libraries first, and so past this one. */
void *dlopen(const char *name, int flags) {
    void *(*open)(const char *, int) = (void *(*)(const char *, int))dlsym(RTLD_NEXT, "dlopen");
    return open(name, flags & ~RTLD_DEEPBIND);
}
