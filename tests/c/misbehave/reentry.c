/* Callbacks that free or close the server that they are in, or dispatch it once more. */
#include "scene.h"

static void free_server(struct scene *scene, pancar_socket socket) {
  pancar_server other;
  pancar_server_free(scene->server);
  pancar_server_free(scene->server);
  EXPECT(PANCAR_INVALID_HANDLE, pancar_emit(scene->server, PANCAR_STR("late"), NULL));
  EXPECT(PANCAR_INVALID_HANDLE, pancar_server_close(scene->server));
  /* Socket and user data stay until the callback returns. */
  if (socket != 0) CHECK(pancar_emit(socket, PANCAR_STR("late"), NULL) != PANCAR_PANIC);
  CHECK(!pancar_socket_connected(socket));
  EXPECT(PANCAR_OK, pancar_server_new(NULL, &other));
  CHECK(other != scene->server);
  pancar_server_free(other);
}

CASE(server_freed_in_its_callbacks) {
  for (size_t i = 0; i < KIND_COUNT; i++) {
    struct scene scene;
    scene_open(&scene, &KINDS[i], free_server);
    EXPECT(PANCAR_CLOSED, scene_play(&scene, &KINDS[i]));
    EXPECT(PANCAR_INVALID_HANDLE, pancar_dispatch(scene.server, 0, 0));
    EXPECT(PANCAR_INVALID_HANDLE, pancar_server_run(scene.server));
    scene_close(&scene);
  }
}

CASE(server_freed_in_its_callbacks_while_it_runs) {
  for (size_t i = 0; i < KIND_COUNT; i++) {
    struct scene scene;
    scene_open(&scene, &KINDS[i], free_server);
    EXPECT(PANCAR_OK, scene_run(&scene, &KINDS[i]));
    scene_close(&scene);
  }
}

static void close_server(struct scene *scene, pancar_socket socket) {
  (void)socket;
  EXPECT(PANCAR_OK, pancar_server_close(scene->server));
  EXPECT(PANCAR_OK, pancar_server_close(scene->server));
}

CASE(server_closed_in_its_callbacks) {
  for (size_t i = 0; i < KIND_COUNT; i++) {
    struct scene scene;
    scene_open(&scene, &KINDS[i], close_server);
    EXPECT(PANCAR_OK, scene_run(&scene, &KINDS[i]));
    EXPECT(PANCAR_OK, pancar_server_run(scene.server));
    EXPECT(PANCAR_CLOSED, pancar_dispatch(scene.server, 0, -1));
    EXPECT(PANCAR_CLOSED, pancar_server_listen(scene.server, PANCAR_STR("127.0.0.1:0"), NULL));
    scene_close(&scene);
  }
}

static void dispatch_again(struct scene *scene, pancar_socket socket) {
  (void)socket;
  EXPECT(PANCAR_BUSY, pancar_dispatch(scene->server, 0, -1));
  EXPECT(PANCAR_BUSY, pancar_dispatch_lane(scene->server, 0, 1, 0));
  EXPECT(PANCAR_BUSY, pancar_server_run(scene->server));
}

CASE(dispatched_in_its_callbacks) {
  for (size_t i = 0; i < KIND_COUNT; i++) {
    struct scene scene;
    scene_open(&scene, &KINDS[i], dispatch_again);
    EXPECT(PANCAR_OK, scene_play(&scene, &KINDS[i]));
    scene_close(&scene);
  }
}

static void disconnect_all(struct scene *scene, pancar_socket socket) {
  pancar_target *all;
  EXPECT(PANCAR_OK, pancar_target_new(scene->server, &all));
  EXPECT(PANCAR_OK, pancar_target_disconnect(all, true));
  EXPECT(PANCAR_OK, pancar_target_emit(all, PANCAR_STR("late"), NULL));
  pancar_target_free(all);
  if (socket == 0) return;
  pancar_socket_disconnect(socket, true);
  pancar_socket_disconnect(socket, false);
  pancar_emit(socket, PANCAR_STR("late"), NULL);
  pancar_socket_join(socket, &(pancar_str){"room", 4}, 1);
}

CASE(clients_disconnected_in_callbacks) {
  for (size_t i = 0; i < KIND_COUNT; i++) {
    struct scene scene;
    scene_open(&scene, &KINDS[i], disconnect_all);
    EXPECT(PANCAR_OK, scene_play(&scene, &KINDS[i]));
    scene_close(&scene);
  }
}

static void task_that_counts(void *calls) { (*(atomic_int *)calls)++; }

/* A server in the callback of another one is one too many for this thread, or one like all others. */
static void serve_another(struct scene *scene, pancar_socket socket) {
  pancar_server other;
  atomic_int calls = 0;
  (void)scene, (void)socket;
  EXPECT(PANCAR_OK, pancar_server_new(NULL, &other));
  EXPECT(PANCAR_OK, pancar_post(other, task_that_counts, &calls, NULL));
  EXPECT(PANCAR_OK, pancar_dispatch(other, 0, PATIENCE));
  CHECK(calls == 1);
  pancar_server_free(other);
}

CASE(another_server_dispatched_in_a_callback) {
  struct scene scene;
  scene_open(&scene, &KINDS[0], serve_another);
  EXPECT(PANCAR_OK, scene_play(&scene, &KINDS[0]));
  scene_close(&scene);
}

/* Destroy may call the library, too. */

struct last_words {
  pancar_server server;
  atomic_int destroyed;
};

static void act_when_destroyed(void *data) {
  struct last_words *words = data;
  words->destroyed++;
  pancar_emit(words->server, PANCAR_STR("late"), NULL);
  pancar_on(words->server, PANCAR_STR("late"), on_event, &(struct counter){0}, destroyed);
  pancar_off(words->server, PANCAR_STR("late"), NULL, NULL);
  pancar_dispatch(words->server, 0, 0);
  pancar_server_close(words->server);
  pancar_server_free(words->server);
}

CASE(server_freed_when_user_data_are_destroyed) {
  pancar_server server;
  struct last_words words = {0};
  EXPECT(PANCAR_OK, pancar_server_new(NULL, &server));
  words.server = server;
  EXPECT(PANCAR_OK, pancar_on(server, PANCAR_STR("go"), on_event, &words, act_when_destroyed));
  EXPECT(PANCAR_OK, pancar_off(server, PANCAR_STR("go"), on_event, &words));
  CHECK(words.destroyed == 1);
  EXPECT(PANCAR_INVALID_HANDLE, pancar_dispatch(server, 0, 0));

  EXPECT(PANCAR_OK, pancar_server_new(NULL, &server));
  words.server = server;
  EXPECT(PANCAR_OK, pancar_post(server, on_task, &words, act_when_destroyed));
  EXPECT(PANCAR_OK, pancar_on_connection(server, on_connection, &words, act_when_destroyed));
  pancar_server_free(server);
  CHECK(words.destroyed == 3);
}
