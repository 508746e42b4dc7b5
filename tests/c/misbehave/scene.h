/* Callbacks of every kind, each of which does the same thing on purpose. */
#ifndef SCENE_H
#define SCENE_H

#include "stage.h"

/* A server and a client, and what is done in a callback. */
struct scene {
  pancar_server server;
  uint16_t port;
  struct client client;
  /* Done once, by the first callback that is called. */
  void (*act)(struct scene *scene, pancar_socket socket);
  atomic_int acted;
  /* User data given away, and given back. */
  atomic_int given;
  atomic_int destroyed;
};

/* How a callback of one kind comes to be called. */
struct kind {
  const char *name;
  /* Registers it. */
  void (*arrange)(struct scene *scene);
  /* What the client sends to "/" after it has joined; NULL when joining is enough. */
  const char *trigger;
};

extern const struct kind KINDS[];
extern const size_t KIND_COUNT;

/* A scene whose callback of this kind is arranged. */
void scene_open(struct scene *scene, const struct kind *kind, void (*act)(struct scene *, pancar_socket));

/* Lets the client join and send, and dispatches until the callback has acted; the status of the last dispatch. */
pancar_status scene_play(struct scene *scene, const struct kind *kind);

/* The same while `pancar_server_run` runs on another thread; its status. */
pancar_status scene_run(struct scene *scene, const struct kind *kind);

/* Frees the server, and checks that all user data came back once. */
void scene_close(struct scene *scene);

#endif
