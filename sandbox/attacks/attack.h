// What every attack begins with. A program that ends with status 0 says that the jail held.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <dirent.h>
#include <pthread.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <netinet/in.h>
#include <arpa/inet.h>

static int got_through;

// Notes a try that must fail, with one of two error numbers.
static inline void must_fail(const char *what, long result, int one, int other) {
    if (result >= 0 || (errno != one && errno != other)) {
        printf("%s: result %ld, %s\n", what, result, result < 0 ? strerror(errno) : "got through");
        got_through = 1;
    }
}

static inline int verdict(void) {
    if (!got_through) puts("held");
    return got_through;
}
