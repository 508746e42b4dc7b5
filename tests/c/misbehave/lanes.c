/* Several lanes, each with a thread of its own. */
#define _POSIX_C_SOURCE 200809L
#include "stage.h"
#include <pthread.h>
#include <stdio.h>

enum { LANES = 4, CLIENTS = 8, EVENTS = 20 };

static const pancar_str GO = {"go", 2};

struct hall {
  pancar_server server;
  uint16_t port;
  pthread_t runner;
  struct client clients[CLIENTS];
  atomic_int joined;
  atomic_int heard;
  struct counter counter;
};

static void *run_it(void *data) {
  EXPECT(PANCAR_OK, pancar_server_run(((struct hall *)data)->server));
  return NULL;
}

/* A server that runs, whose clients have joined. */
static void hall_open(struct hall *hall, pancar_event_fn on_go, pancar_connection_fn connected) {
  pancar_config *config = pancar_config_new();
  *hall = (struct hall){0};
  EXPECT(PANCAR_OK, pancar_config_set_lanes(config, LANES));
  EXPECT(PANCAR_OK, pancar_server_new(config, &hall->server));
  pancar_config_free(config);
  if (connected != NULL) EXPECT(PANCAR_OK, pancar_on_connection(hall->server, connected, hall, NULL));
  EXPECT(PANCAR_OK, pancar_on(hall->server, GO, on_go, hall, NULL));
  EXPECT(PANCAR_OK, pancar_on(hall->server, GO, on_event, &hall->counter, destroyed));
  EXPECT(PANCAR_OK, pancar_server_listen(hall->server, PANCAR_STR("127.0.0.1:0"), &hall->port));
  CHECK(pthread_create(&hall->runner, NULL, run_it, hall) == 0);
  for (int i = 0; i < CLIENTS; i++) {
    client_open(&hall->clients[i], hall->port);
    client_send(&hall->clients[i], "40");
    CHECK(client_read(&hall->clients[i]) != NULL);
  }
}

static void hall_close(struct hall *hall) {
  for (int i = 0; i < CLIENTS; i++) client_leave(&hall->clients[i]);
  CHECK(pthread_join(hall->runner, NULL) == 0);
  pancar_server_free(hall->server);
  CHECK(hall->counter.destroyed == 1);
}

static void all_say_go(struct hall *hall) {
  for (int event = 0; event < EVENTS; event++) {
    for (int i = 0; i < CLIENTS; i++) client_send(&hall->clients[i], "42[\"go\"]");
  }
}

static pancar_status close_after_all(pancar_socket socket, const pancar_event *event, void *data) {
  struct hall *hall = data;
  (void)event;
  EXPECT(PANCAR_OK, pancar_emit(socket, GO, NULL));
  if (++hall->heard == CLIENTS * EVENTS) EXPECT(PANCAR_OK, pancar_server_close(hall->server));
  return PANCAR_OK;
}

CASE(closed_on_one_of_many_lanes) {
  static struct hall hall;
  hall_open(&hall, close_after_all, NULL);
  all_say_go(&hall);
  hall_close(&hall);
  CHECK(hall.heard == CLIENTS * EVENTS && hall.counter.calls == CLIENTS * EVENTS);
}

static pancar_status free_it(pancar_socket socket, const pancar_event *event, void *data) {
  (void)socket, (void)event;
  if (++((struct hall *)data)->heard == CLIENTS) pancar_server_free(((struct hall *)data)->server);
  return PANCAR_OK;
}

CASE(freed_on_one_of_many_lanes) {
  static struct hall hall;
  hall_open(&hall, free_it, NULL);
  all_say_go(&hall);
  hall_close(&hall);
}

static pancar_status remember(pancar_socket socket, const pancar_event *event, void *data) {
  struct hall *hall = data;
  pthread_t *known = pancar_socket_user_data(socket);
  (void)event;
  CHECK(known != NULL && pthread_equal(*known, pthread_self()));
  if (++hall->heard == CLIENTS * EVENTS) EXPECT(PANCAR_OK, pancar_server_close(hall->server));
  return PANCAR_OK;
}

static pancar_status note_thread(pancar_socket socket, void *data) {
  static pthread_t threads[CLIENTS];
  pthread_t *own = &threads[((struct hall *)data)->joined++];
  *own = pthread_self();
  return pancar_socket_set_user_data(socket, own, NULL);
}

/* All callbacks of a socket come on the same thread. */
CASE(a_socket_keeps_its_lane) {
  static struct hall hall;
  hall_open(&hall, remember, note_thread);
  all_say_go(&hall);
  hall_close(&hall);
}
