/* misbehave [CASE...]: what a program can do wrong with the library; all cases by default. */
#define _POSIX_C_SOURCE 200809L
#include "check.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MOST_CASES 128

static struct {
  const char *name;
  void (*run)(void);
} cases[MOST_CASES];

static size_t count;

void add_case(const char *name, void (*run)(void)) {
  if (count == MOST_CASES) abort();
  cases[count].name = name;
  cases[count++].run = run;
}

static void fail(const char *file, int line, const char *what, const char *how) {
  fprintf(stderr, "%s:%d: %s: %s; last error: %s\n", file, line, what, how, pancar_last_error());
  _exit(1);
}

void check(bool holds, const char *file, int line, const char *what) {
  if (!holds) fail(file, line, what, "does not hold");
}

void expect(pancar_status wanted, pancar_status got, const char *file, int line, const char *what) {
  char how[160];
  if (wanted == got) return;
  snprintf(how, sizeof how, "%d (%s) instead of %d (%s)", got, pancar_status_text(got), wanted,
           pancar_status_text(wanted));
  fail(file, line, what, how);
}

void refused(pancar_status got, const char *file, int line, const char *what) {
  if (got == PANCAR_OK || got == PANCAR_PANIC) fail(file, line, what, pancar_status_text(got));
}

int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static bool run(const char *name) {
  bool found = false;
  for (size_t i = 0; i < count; i++) {
    if (name != NULL && strcmp(name, cases[i].name) != 0) continue;
    printf("%s\n", cases[i].name);
    fflush(stdout);
    cases[i].run();
    found = true;
  }
  return found;
}

int main(int argc, char **argv) {
  if (argc < 2) return run(NULL) ? 0 : 2;
  for (int i = 1; i < argc; i++) {
    if (!run(argv[i])) {
      fprintf(stderr, "no case %s\n", argv[i]);
      return 2;
    }
  }
  return 0;
}
