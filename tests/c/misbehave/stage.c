#define _POSIX_C_SOURCE 200809L
#include "stage.h"
#include <stdlib.h>
#include <string.h>

void destroyed(void *counter) { ((struct counter *)counter)->destroyed++; }

pancar_status on_event(pancar_socket socket, const pancar_event *event, void *counter) {
  (void)socket;
  CHECK(event != NULL);
  ((struct counter *)counter)->calls++;
  return PANCAR_OK;
}

pancar_status on_connection(pancar_socket socket, void *counter) {
  CHECK(pancar_socket_connected(socket));
  ((struct counter *)counter)->calls++;
  return PANCAR_OK;
}

void on_disconnect(pancar_socket socket, pancar_reason reason, pancar_str detail, void *counter) {
  (void)detail;
  CHECK(socket != 0 && reason != 0);
  ((struct counter *)counter)->calls++;
}

void on_task(void *counter) { ((struct counter *)counter)->calls++; }

pancar_server serve_with(const char *option, const char *value, uint16_t *port) {
  pancar_config *config = pancar_config_new();
  pancar_server server;
  EXPECT(PANCAR_OK, pancar_config_set(config, PANCAR_STR("ping_interval"), PANCAR_STR("600000")));
  EXPECT(PANCAR_OK, pancar_config_set(config, PANCAR_STR("connect_timeout"), PANCAR_STR("600000")));
  if (getenv("WORKERS") != NULL)
    EXPECT(PANCAR_OK, pancar_config_set(config, PANCAR_STR("workers"), pancar_cstr(getenv("WORKERS"))));
  if (option != NULL) EXPECT(PANCAR_OK, pancar_config_set(config, pancar_cstr(option), pancar_cstr(value)));
  EXPECT(PANCAR_OK, pancar_server_new(config, &server));
  pancar_config_free(config);
  EXPECT(PANCAR_OK, pancar_server_listen(server, PANCAR_STR("127.0.0.1:0"), port));
  return server;
}

pancar_server serve(uint16_t *port) { return serve_with(NULL, NULL, port); }

void dispatch_until(pancar_server server, const atomic_int *flag) {
  int64_t end = now() + PATIENCE;
  while (!*flag) {
    pancar_status status = pancar_dispatch(server, 0, 20);
    CHECK(status == PANCAR_OK || status == PANCAR_TIMEOUT);
    CHECK(now() < end);
  }
}

const char *hear(pancar_server server, struct client *client) {
  int64_t end = now() + PATIENCE;
  while (!client_is_readable(client)) {
    pancar_dispatch(server, 0, 1);
    CHECK(now() < end);
  }
  return client_read(client);
}

void expect_message(pancar_server server, struct client *client, const char *start) {
  const char *message = hear(server, client);
  CHECK(message != NULL && strncmp(message, start, strlen(start)) == 0);
}

static pancar_status come_back(pancar_socket socket, const pancar_event *event, void *nothing) {
  (void)nothing;
  return pancar_emit(socket, PANCAR_STR("fence"), pancar_event_args(event));
}

void settle(pancar_server server, struct client *client) {
  const char *message;
  EXPECT(PANCAR_OK, pancar_once(server, PANCAR_STR("fence"), come_back, NULL, NULL));
  client_send(client, "42[\"fence\"]");
  do {
    CHECK((message = hear(server, client)) != NULL);
  } while (strcmp(message, "42[\"fence\"]") != 0);
}

static pancar_status remember(pancar_socket socket, void *last) {
  *(pancar_socket *)last = socket;
  return PANCAR_OK;
}

pancar_socket join(pancar_server server, struct client *client, uint16_t port) {
  /* Each server gets one callback for each of its clients; the last one is the one that counts. */
  static _Thread_local pancar_socket last;
  last = 0;
  EXPECT(PANCAR_OK, pancar_on_connection(server, remember, &last, NULL));
  client_open(client, port);
  client_send(client, "40");
  expect_message(server, client, "40{");
  /* The reply may be out before the callback is called. */
  for (int64_t end = now() + PATIENCE; last == 0; CHECK(now() < end)) pancar_dispatch(server, 0, 1);
  return last;
}
