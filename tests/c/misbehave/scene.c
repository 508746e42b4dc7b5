#define _POSIX_C_SOURCE 200809L
#include "scene.h"
#include <pthread.h>
#include <stdio.h>

static void given_back(void *data) { ((struct scene *)data)->destroyed++; }

static void act(struct scene *scene, pancar_socket socket) {
  if (scene->acted) return;
  scene->act(scene, socket);
  scene->acted = 1;
}

/* Counts the user data that a registration gave away. */
static void gave(struct scene *scene, pancar_status status) {
  scene->given++;
  EXPECT(PANCAR_OK, status);
}

/* Inside of a callback that another one may have made pointless. */
static void may_give(struct scene *scene, pancar_status status) {
  scene->given++;
  CHECK(status != PANCAR_PANIC);
}

static pancar_status connected(pancar_socket socket, void *scene) {
  act(scene, socket);
  return PANCAR_OK;
}

static pancar_status admitted(pancar_socket socket, pancar_admission *admission, void *scene) {
  (void)admission;
  act(scene, socket);
  return PANCAR_OK;
}

static pancar_status heard(pancar_socket socket, const pancar_event *event, void *scene) {
  (void)event;
  act(scene, socket);
  return PANCAR_OK;
}

static void left(pancar_socket socket, pancar_reason reason, pancar_str detail, void *scene) {
  (void)reason, (void)detail;
  act(scene, socket);
}

static void was_refused(pancar_socket socket, const pancar_event *event, pancar_str message, const pancar_args *data,
                        void *scene) {
  (void)event, (void)message, (void)data;
  act(scene, socket);
}

static void answered(pancar_socket socket, pancar_status status, const pancar_args *answer, void *scene) {
  CHECK(status != PANCAR_OK && answer == NULL);
  act(scene, socket);
}

static void all_answered(const pancar_answers *answers, void *scene) {
  CHECK(pancar_answers_len(answers) == 1);
  act(scene, 0);
}

static void found(pancar_status status, const pancar_remotes *remotes, void *scene) {
  CHECK(status != PANCAR_OK || remotes != NULL);
  act(scene, 0);
}

static bool matches(pancar_str name, const pancar_args *auth, void *scene) {
  CHECK(name.len > 0 && pancar_args_len(auth) == 1);
  act(scene, 0);
  return true;
}

static void task(void *scene) { act(scene, 0); }

static const pancar_str GO = {"go", 2};

static void on_connecting(struct scene *s) {
  gave(s, pancar_on_connection(s->server, connected, s, given_back));
}
static void on_admission(struct scene *s) { gave(s, pancar_use(s->server, admitted, s, given_back)); }
static void on_matching(struct scene *s) {
  pancar_namespace ns;
  gave(s, pancar_of_matching(s->server, matches, s, given_back, &ns));
}
static void on_go(struct scene *s) { gave(s, pancar_on(s->server, GO, heard, s, given_back)); }
static void once_go(struct scene *s) { gave(s, pancar_once(s->server, GO, heard, s, given_back)); }
static void on_whatever(struct scene *s) { gave(s, pancar_on_any(s->server, heard, s, given_back)); }
static void on_guarded(struct scene *s) { gave(s, pancar_use_event(s->server, heard, s, given_back)); }
static void on_leaving(struct scene *s) { gave(s, pancar_on_disconnecting(s->server, left, s, given_back)); }
static void on_left(struct scene *s) { gave(s, pancar_on_disconnect(s->server, left, s, given_back)); }
static void on_posted(struct scene *s) { gave(s, pancar_post(s->server, task, s, given_back)); }
static void on_delayed(struct scene *s) { gave(s, pancar_post_after(s->server, 1, task, s, given_back)); }

static pancar_status refuse(pancar_socket socket, const pancar_event *event, void *scene) {
  (void)socket, (void)scene;
  return pancar_event_refuse(event, GO, NULL);
}

static void on_refusal(struct scene *s) {
  gave(s, pancar_use_event(s->server, refuse, s, given_back));
  gave(s, pancar_on_refused(s->server, was_refused, s, given_back));
}

/* Callbacks of what is sent, which an event of the client makes the program send. */

static pancar_status say(pancar_socket socket, const pancar_event *event, void *scene) {
  (void)event, (void)scene;
  pancar_emit(socket, PANCAR_STR("said"), NULL);
  return PANCAR_OK;
}

static void on_outgoing(struct scene *s) {
  gave(s, pancar_on_any_outgoing(s->server, heard, s, given_back));
  gave(s, pancar_on(s->server, GO, say, s, given_back));
}

static pancar_status ask(pancar_socket socket, const pancar_event *event, void *scene) {
  (void)event;
  may_give(scene, pancar_emit_with_ack(socket, PANCAR_STR("asked"), NULL, 5, answered, scene, given_back));
  return PANCAR_OK;
}

static void on_answer(struct scene *s) { gave(s, pancar_on(s->server, GO, ask, s, given_back)); }

static pancar_status ask_all(pancar_socket socket, const pancar_event *event, void *data) {
  struct scene *scene = data;
  pancar_target *all;
  (void)socket, (void)event;
  EXPECT(PANCAR_OK, pancar_target_new(scene->server, &all));
  EXPECT(PANCAR_OK, pancar_target_timeout(all, 5));
  may_give(scene, pancar_target_emit_with_ack(all, PANCAR_STR("asked"), NULL, all_answered, scene, given_back));
  may_give(scene, pancar_target_fetch(all, found, scene, given_back));
  pancar_target_free(all);
  return PANCAR_OK;
}

static void on_answers(struct scene *s) { gave(s, pancar_on(s->server, GO, ask_all, s, given_back)); }

static const char GO_MESSAGE[] = "42[\"go\"]";

const struct kind KINDS[] = {
    {"connection", on_connecting, NULL},
    {"middleware", on_admission, NULL},
    {"match", on_matching, "40/dynamic,"},
    {"event", on_go, GO_MESSAGE},
    {"once", once_go, GO_MESSAGE},
    {"any", on_whatever, GO_MESSAGE},
    {"event middleware", on_guarded, GO_MESSAGE},
    {"refused", on_refusal, GO_MESSAGE},
    {"outgoing", on_outgoing, GO_MESSAGE},
    {"ack", on_answer, GO_MESSAGE},
    {"answers", on_answers, GO_MESSAGE},
    {"disconnecting", on_leaving, "41"},
    {"disconnect", on_left, "41"},
    {"task", on_posted, NULL},
    {"delayed task", on_delayed, NULL},
};

const size_t KIND_COUNT = sizeof KINDS / sizeof *KINDS;

void scene_open(struct scene *scene, const struct kind *kind, void (*what)(struct scene *, pancar_socket)) {
  *scene = (struct scene){.act = what};
  printf("  %s\n", kind->name);
  fflush(stdout);
  scene->server = serve(&scene->port);
  kind->arrange(scene);
  client_open(&scene->client, scene->port);
  client_send(&scene->client, "40");
}

pancar_status scene_play(struct scene *scene, const struct kind *kind) {
  pancar_status status = PANCAR_OK;
  int64_t end = now() + PATIENCE;
  bool triggered = kind->trigger == NULL;
  while (!scene->acted) {
    CHECK(status == PANCAR_OK || status == PANCAR_TIMEOUT);
    CHECK(now() < end);
    if (!triggered && client_is_readable(&scene->client)) {
      CHECK(client_read(&scene->client) != NULL);
      client_send(&scene->client, kind->trigger);
      triggered = true;
    }
    status = pancar_dispatch(scene->server, 0, 1);
  }
  return status;
}

struct runner {
  pancar_server server;
  pancar_status status;
};

static void *run_server(void *data) {
  struct runner *runner = data;
  runner->status = pancar_server_run(runner->server);
  return NULL;
}

pancar_status scene_run(struct scene *scene, const struct kind *kind) {
  struct runner runner = {scene->server, -1};
  pthread_t thread;
  CHECK(pthread_create(&thread, NULL, run_server, &runner) == 0);
  if (client_read(&scene->client) != NULL && kind->trigger != NULL) client_send(&scene->client, kind->trigger);
  client_leave(&scene->client);
  CHECK(pthread_join(thread, NULL) == 0);
  CHECK(scene->acted);
  return runner.status;
}

void scene_close(struct scene *scene) {
  client_drop(&scene->client);
  pancar_server_free(scene->server);
  CHECK(scene->given > 0 && scene->destroyed == scene->given);
}
