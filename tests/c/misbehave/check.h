/* Named cases and what they demand. A case that fails ends the process. */
#ifndef CHECK_H
#define CHECK_H

#include <pancar.h>

/* Defines a case that `misbehave NAME` runs. */
#define CASE(name)                                                                 \
  static void name(void);                                                          \
  __attribute__((constructor)) static void add_##name(void) { add_case(#name, name); } \
  static void name(void)

void add_case(const char *name, void (*run)(void));

/* A condition that must hold. */
#define CHECK(condition) check((condition), __FILE__, __LINE__, #condition)

/* A call that must return this status. */
#define EXPECT(status, call) expect((status), (call), __FILE__, __LINE__, #call)

/* A call that must do nothing but return a status, whichever. */
#define REFUSED(call) refused((call), __FILE__, __LINE__, #call)

void check(bool holds, const char *file, int line, const char *what);
void expect(pancar_status wanted, pancar_status got, const char *file, int line, const char *what);
void refused(pancar_status got, const char *file, int line, const char *what);

/* How long anything may take before a case has failed, in milliseconds. */
#define PATIENCE 60000

/* Milliseconds of a clock that only goes forward. */
int64_t now(void);

#endif
