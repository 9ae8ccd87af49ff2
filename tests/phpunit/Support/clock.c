/*
 * A wall clock that a test can set, for one PHP process (LD_PRELOAD). The clocks that nobody can set on a real machine
 * (CLOCK_MONOTONIC, CLOCK_BOOTTIME) go on as they are.
 *
 * The file named by MOVED_CLOCK holds two 64-bit integers: by how many seconds the clock is moved, and the second at which it
 * stands still (0: it goes). The file is mapped, so that another process, or this one, can set the clock at any moment.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile int64_t *setting;

__attribute__((constructor)) static void open_clock(void)
{
    const char *path = getenv("MOVED_CLOCK");
    int file = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    void *mapped = file < 0 ? MAP_FAILED : mmap(NULL, 2 * sizeof(int64_t), PROT_READ, MAP_SHARED, file, 0);
    if (mapped == MAP_FAILED) {
        perror("MOVED_CLOCK");
        _exit(70);
    }
    close(file);
    setting = mapped;
}

int clock_gettime(clockid_t clock, struct timespec *time)
{
    int result = (int) syscall(SYS_clock_gettime, clock, time);
    if (result == 0 && setting != NULL && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
        if (setting[1] != 0) {
            time->tv_sec = (time_t) setting[1];
            time->tv_nsec = 0;
        } else {
            time->tv_sec += (time_t) setting[0];
        }
    }
    return result;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone)
{
    struct timespec now;
    (void) zone;
    clock_gettime(CLOCK_REALTIME, &now);
    time->tv_sec = now.tv_sec;
    time->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *result)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (result != NULL) {
        *result = now.tv_sec;
    }
    return now.tv_sec;
}

/* PHP loads extensions so that they see the C library before this clock (RTLD_DEEPBIND): not here. */
void *dlopen(const char *file, int flags)
{
    void *(*real)(const char *, int) = (void *(*)(const char *, int)) dlsym(RTLD_NEXT, "dlopen");
    return real(file, flags & ~RTLD_DEEPBIND);
}
