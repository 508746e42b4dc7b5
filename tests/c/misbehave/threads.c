/* Many threads at once. */
#define _POSIX_C_SOURCE 200809L
#include "stage.h"
#include <pthread.h>
#include <semaphore.h>
#include <string.h>

enum { THREADS = 4, TIMES = 50 };

static const pancar_str GO = {"go", 2};

static void start(pthread_t *threads, void *(*work)(void *), void *data) {
  for (int i = 0; i < THREADS; i++) CHECK(pthread_create(&threads[i], NULL, work, data) == 0);
}

static void finish(pthread_t *threads) {
  for (int i = 0; i < THREADS; i++) CHECK(pthread_join(threads[i], NULL) == 0);
}

/* A callback that stays until it is told to go. */
struct gate {
  pancar_server server;
  sem_t entered;
  sem_t open;
  struct counter counter;
  atomic_int inside;
};

static void stay(void *data) {
  struct gate *gate = data;
  gate->inside = 1;
  sem_post(&gate->entered);
  while (sem_wait(&gate->open) != 0) continue;
  CHECK(gate->counter.destroyed == 0);
  gate->inside = 0;
}

static void gate_destroyed(void *data) {
  struct gate *gate = data;
  CHECK(!gate->inside);
  gate->counter.destroyed++;
}

static void *dispatch_one(void *data) {
  struct gate *gate = data;
  pancar_status status = pancar_dispatch(gate->server, 0, PATIENCE);
  CHECK(status == PANCAR_OK || status == PANCAR_CLOSED);
  return NULL;
}

static void gate_open(struct gate *gate, pthread_t *thread) {
  EXPECT(PANCAR_OK, pancar_server_new(NULL, &gate->server));
  CHECK(sem_init(&gate->entered, 0, 0) == 0 && sem_init(&gate->open, 0, 0) == 0);
  gate->counter = (struct counter){0};
  EXPECT(PANCAR_OK, pancar_post(gate->server, stay, gate, gate_destroyed));
  CHECK(pthread_create(thread, NULL, dispatch_one, gate) == 0);
  while (sem_wait(&gate->entered) != 0) continue;
}

static void gate_close(struct gate *gate, pthread_t thread) {
  sem_post(&gate->open);
  CHECK(pthread_join(thread, NULL) == 0);
  pancar_server_free(gate->server);
  CHECK(gate->counter.destroyed == 1);
  sem_destroy(&gate->entered);
  sem_destroy(&gate->open);
}

CASE(two_threads_on_one_lane) {
  struct gate gate = {0};
  pthread_t thread;
  gate_open(&gate, &thread);
  EXPECT(PANCAR_BUSY, pancar_dispatch(gate.server, 0, -1));
  EXPECT(PANCAR_BUSY, pancar_dispatch_lane(gate.server, 0, 0, -1));
  EXPECT(PANCAR_BUSY, pancar_server_run(gate.server));
  gate_close(&gate, thread);
}

static void *free_it(void *server) {
  pancar_server_free(*(pancar_server *)server);
  return NULL;
}

/* The user data of a callback that is being called outlive the server. */
CASE(freed_by_another_thread_while_a_callback_runs) {
  struct gate gate = {0};
  pthread_t thread, other;
  gate_open(&gate, &thread);
  CHECK(pthread_create(&other, NULL, free_it, &gate.server) == 0);
  for (int64_t end = now() + PATIENCE; pancar_server_close(gate.server) == PANCAR_OK;) CHECK(now() < end);
  CHECK(gate.counter.destroyed == 0);
  sem_post(&gate.open);
  CHECK(pthread_join(other, NULL) == 0);
  gate_close(&gate, thread);
}

/* Also those that a socket keeps. */
struct guest {
  pancar_server server;
  sem_t entered;
  sem_t open;
  atomic_int data_destroyed;
};

static void guest_destroyed(void *data) { ((struct guest *)data)->data_destroyed++; }

static pancar_status stay_with_data(pancar_socket socket, const pancar_event *event, void *data) {
  struct guest *guest = data, *own = pancar_socket_user_data(socket);
  (void)event;
  sem_post(&guest->entered);
  while (sem_wait(&guest->open) != 0) continue;
  CHECK(own == guest && own->data_destroyed == 0);
  return PANCAR_OK;
}

static void *run_it(void *data) {
  EXPECT(PANCAR_OK, pancar_server_run(((struct guest *)data)->server));
  return NULL;
}

CASE(data_of_a_socket_while_a_callback_uses_them) {
  uint16_t port;
  struct guest guest = {.server = serve(&port)};
  struct client client;
  pthread_t runner, other;
  pancar_socket socket = join(guest.server, &client, port);
  CHECK(sem_init(&guest.entered, 0, 0) == 0 && sem_init(&guest.open, 0, 0) == 0);
  EXPECT(PANCAR_OK, pancar_socket_set_user_data(socket, &guest, guest_destroyed));
  EXPECT(PANCAR_OK, pancar_on(socket, GO, stay_with_data, &guest, NULL));
  CHECK(pthread_create(&runner, NULL, run_it, &guest) == 0);
  client_send(&client, "42[\"go\"]");
  while (sem_wait(&guest.entered) != 0) continue;
  CHECK(pthread_create(&other, NULL, free_it, &guest.server) == 0);
  for (int64_t end = now() + PATIENCE; pancar_socket_connected(socket);) CHECK(now() < end);
  sem_post(&guest.open);
  client_leave(&client);
  CHECK(pthread_join(other, NULL) == 0 && pthread_join(runner, NULL) == 0);
  CHECK(guest.data_destroyed == 1);
  sem_destroy(&guest.entered);
  sem_destroy(&guest.open);
}

/* What many threads do at once. */
struct crowd {
  pancar_server server;
  pancar_socket socket;
  struct counter counter;
};

static void *post_many(void *data) {
  struct crowd *crowd = data;
  for (int i = 0; i < TIMES; i++) {
    EXPECT(PANCAR_OK, pancar_post(crowd->server, on_task, &crowd->counter, destroyed));
    EXPECT(PANCAR_OK, pancar_post_after(crowd->server, (uint64_t)i % 3, on_task, &crowd->counter, destroyed));
  }
  return NULL;
}

CASE(tasks_of_many_threads) {
  struct crowd crowd = {0};
  pthread_t threads[THREADS];
  int64_t end = now() + PATIENCE;
  EXPECT(PANCAR_OK, pancar_server_new(NULL, &crowd.server));
  start(threads, post_many, &crowd);
  while (crowd.counter.destroyed < THREADS * TIMES * 2) {
    pancar_dispatch(crowd.server, 3, 5);
    CHECK(now() < end);
  }
  finish(threads);
  CHECK(crowd.counter.calls == THREADS * TIMES * 2);
  pancar_server_free(crowd.server);
}

CASE(tasks_of_many_threads_while_the_server_is_freed) {
  struct crowd crowd = {0};
  pthread_t threads[THREADS];
  EXPECT(PANCAR_OK, pancar_server_new(NULL, &crowd.server));
  for (int i = 0; i < TIMES; i++) EXPECT(PANCAR_OK, pancar_post(crowd.server, on_task, &crowd.counter, destroyed));
  CHECK(pthread_create(&threads[0], NULL, free_it, &crowd.server) == 0);
  while (pancar_post(crowd.server, on_task, &crowd.counter, destroyed) == PANCAR_OK) crowd.counter.destroyed--;
  CHECK(pthread_join(threads[0], NULL) == 0);
  /* Each that was taken is destroyed, and so is the one that was not. */
  CHECK(crowd.counter.destroyed == TIMES + 1 && crowd.counter.calls == 0);
}

static void *emit_many(void *data) {
  struct crowd *crowd = data;
  pancar_args *args = pancar_args_new();
  EXPECT(PANCAR_OK, pancar_args_add_str(args, GO));
  for (int i = 0; i < TIMES; i++) {
    EXPECT(PANCAR_OK, pancar_emit(crowd->socket, GO, args));
    EXPECT(PANCAR_OK, pancar_emit(crowd->server, GO, args));
    EXPECT(PANCAR_OK, pancar_on(crowd->socket, GO, on_event, &crowd->counter, destroyed));
    pancar_off(crowd->socket, GO, on_event, &crowd->counter);
  }
  pancar_args_free(args);
  return NULL;
}

CASE(emits_of_many_threads) {
  struct crowd crowd = {0};
  pthread_t threads[THREADS];
  uint16_t port;
  struct client client;
  crowd.server = serve(&port);
  crowd.socket = join(crowd.server, &client, port);
  start(threads, emit_many, &crowd);
  for (int i = 0; i < THREADS * TIMES * 2; i++) {
    if (i % 10 == 0) client_send(&client, "42[\"go\"]");
    expect_message(crowd.server, &client, "42[\"go\",\"go\"]");
  }
  finish(threads);
  client_drop(&client);
  pancar_server_free(crowd.server);
  CHECK(crowd.counter.destroyed == THREADS * TIMES);
}

static void *emit_until_gone(void *data) {
  struct crowd *crowd = data;
  while (pancar_emit(crowd->socket, GO, NULL) == PANCAR_OK) continue;
  return NULL;
}

CASE(emits_of_many_threads_while_the_socket_goes) {
  struct crowd crowd = {0};
  pthread_t threads[THREADS];
  uint16_t port;
  struct client client;
  crowd.server = serve_with("max_buffered_packets", "100000", &port);
  crowd.socket = join(crowd.server, &client, port);
  EXPECT(PANCAR_OK, pancar_on_disconnect(crowd.socket, on_disconnect, &crowd.counter, destroyed));
  start(threads, emit_until_gone, &crowd);
  for (int i = 0; i < TIMES; i++) CHECK(hear(crowd.server, &client) != NULL);
  client_drop(&client);
  dispatch_until(crowd.server, &crowd.counter.destroyed);
  finish(threads);
  pancar_server_free(crowd.server);
}
