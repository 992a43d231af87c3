/* A disk that fails: the Nth call of a kind on a file whose path holds a given text returns an error.

   Loaded with LD_PRELOAD in front of the C library, it stands between SQLite and the system. Armed from
   Python with ctypes after a fork, since SQLite's own file layer cannot be reached through sqlite3. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

enum { WRITE = 1, SYNC = 2, REMOVE = 4, CUT = 8 };

static char wanted[256];
static int kinds, failing, error, for_good, seen;

void disk_arm(const char *text, int of_kinds, int nth, int with_error, int stays) {
  snprintf(wanted, sizeof wanted, "%s", text);
  kinds = of_kinds, failing = nth, error = with_error, for_good = stays, seen = 0;
}

int disk_seen(void) { return seen; }

static int fails(const char *path, int kind) {
  if (!(kinds & kind) || !strstr(path, wanted)) return 0;
  seen++;
  if (seen != failing && !(for_good && failing && seen > failing)) return 0;
  errno = error;
  return 1;
}

static int fails_at(int file, int kind) {
  char link[64], path[4096];
  if (!(kinds & kind)) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return fails(path, kind);
}

#define REAL(name) static __typeof__(&name) real; if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

ssize_t pwrite64(int file, const void *from, size_t count, off64_t at) {
  REAL(pwrite64);
  return fails_at(file, WRITE) ? -1 : real(file, from, count, at);
}

ssize_t write(int file, const void *from, size_t count) {
  REAL(write);
  return fails_at(file, WRITE) ? -1 : real(file, from, count);
}

int fsync(int file) {
  REAL(fsync);
  return fails_at(file, SYNC) ? -1 : real(file);
}

int fdatasync(int file) {
  REAL(fdatasync);
  return fails_at(file, SYNC) ? -1 : real(file);
}

int ftruncate64(int file, off64_t size) {
  REAL(ftruncate64);
  return fails_at(file, CUT) ? -1 : real(file, size);
}

int unlink(const char *path) {
  REAL(unlink);
  return fails(path, REMOVE) ? -1 : real(path);
}
