/* Every function that takes a handle, as one call with everything else in order. */
#ifndef CALLS_H
#define CALLS_H

#include "stage.h"

enum { SERVER = 1, NAMESPACE = 2, SOCKET = 4, TOKEN = 8 };

/* Where a namespace is wanted a server will do. */
enum { SPACE = SERVER | NAMESPACE, ANY = SERVER | NAMESPACE | SOCKET };

struct call {
  const char *name;
  /* The kinds of handles that it takes. */
  int takes;
  pancar_status (*make)(pancar_handle handle);
};

extern const struct call CALLS[];
extern const size_t CALL_COUNT;

/* User data that the calls give away. */
extern struct counter lent;

/* How many calls give user data away. */
extern const int LENDERS;

#endif
