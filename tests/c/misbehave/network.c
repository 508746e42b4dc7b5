/* Addresses, options and connections that cannot be had. */
#define _POSIX_C_SOURCE 200809L
#include "stage.h"
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const pancar_str NAME = {"name", 4};

CASE(listening_twice_on_a_port) {
  uint16_t port;
  char address[32];
  pancar_server server = serve(&port), other;
  EXPECT(PANCAR_OK, pancar_server_new(NULL, &other));
  snprintf(address, sizeof address, "127.0.0.1:%d", port);
  EXPECT(PANCAR_IO, pancar_server_listen(server, pancar_cstr(address), NULL));
  EXPECT(PANCAR_IO, pancar_server_listen(other, pancar_cstr(address), NULL));
  CHECK(strlen(pancar_last_error()) > 0);
  /* The first one still listens. */
  struct client client;
  join(server, &client, port);
  client_drop(&client);
  pancar_server_free(other);
  pancar_server_free(server);
}

CASE(addresses_that_are_none) {
  static const char *const NONE[] = {"", "nowhere", ":", "127.0.0.1", "127.0.0.1:", "127.0.0.1:99999", "127.0.0.1:-1",
                                     "[::1", "256.0.0.1:0", "http://127.0.0.1:0", "127.0.0.1:0 "};
  pancar_server server;
  uint16_t port = 7;
  EXPECT(PANCAR_OK, pancar_server_new(NULL, &server));
  for (size_t i = 0; i < sizeof NONE / sizeof *NONE; i++) {
    EXPECT(PANCAR_INVALID_OPTION, pancar_server_listen(server, pancar_cstr(NONE[i]), &port));
  }
  EXPECT(PANCAR_IO, pancar_server_listen(server, PANCAR_STR("192.0.2.1:0"), &port));
  EXPECT(PANCAR_IO, pancar_server_listen(server, PANCAR_STR("unix:/nowhere/at/all"), &port));
  REFUSED(pancar_server_listen(server, PANCAR_STR("unix:"), &port));
  EXPECT(PANCAR_TLS, pancar_server_listen_tls(server, PANCAR_STR("127.0.0.1:0"), NAME, NAME, &port));
  EXPECT(PANCAR_TLS, pancar_server_listen_tls(server, PANCAR_STR("127.0.0.1:0"), (pancar_str){NULL, 0}, NAME, &port));
  CHECK(port == 7);
  pancar_server_free(server);
}

struct option {
  const char *name, *value, *allowed;
};

CASE(options_that_are_refused) {
  static const struct option REFUSALS[] = {
      {"ping_interval", "soon", "milliseconds"},
      {"pingInterval", "-1", "milliseconds"},
      {"ping_timeout", "1e99", "milliseconds"},
      {"max_http_buffer_size", "{}", "number"},
      {"transports", "[\"pigeon\"]", "websocket"},
      {"path", "3", "string"},
  };
  pancar_config *config = pancar_config_new();
  pancar_server server;
  for (size_t i = 0; i < sizeof REFUSALS / sizeof *REFUSALS; i++) {
    const struct option *option = &REFUSALS[i];
    EXPECT(PANCAR_INVALID_OPTION, pancar_config_set(config, pancar_cstr(option->name), pancar_cstr(option->value)));
    printf("  %s\n", pancar_last_error());
    CHECK(strstr(pancar_last_error(), option->allowed) != NULL);
    CHECK(strstr(pancar_last_error(), "allowed") != NULL);
  }
  EXPECT(PANCAR_INVALID_OPTION, pancar_config_set(config, PANCAR_STR("no_such_option"), PANCAR_STR("1")));
  CHECK(strstr(pancar_last_error(), "no_such_option") != NULL);
  EXPECT(PANCAR_INVALID_OPTION, pancar_config_set(config, (pancar_str){NULL, 0}, PANCAR_STR("1")));
  EXPECT(PANCAR_INVALID_ARGUMENT, pancar_config_set_lanes(config, SIZE_MAX));
  /* Nothing of it was taken. */
  EXPECT(PANCAR_OK, pancar_server_new(config, &server));
  pancar_server_free(server);
  pancar_config_free(config);
}

CASE(structs_of_another_size) {
  static const size_t SIZES[] = {0, 1, sizeof(size_t), SIZE_MAX};
  pancar_server server;
  EXPECT(PANCAR_OK, pancar_server_new(NULL, &server));
  for (size_t i = 0; i < sizeof SIZES / sizeof *SIZES; i++) {
    pancar_stats stats = {SIZES[i], 77, 77};
    EXPECT(PANCAR_INVALID_ARGUMENT, pancar_server_stats(server, &stats));
    CHECK(stats.clients == 77 && stats.waiting_events == 77);
  }
  pancar_server_free(server);
}

CASE(descriptors_that_are_no_connections) {
  pancar_server server;
  int pipes[2], pair[2], unconnected = socket(AF_INET, SOCK_STREAM, 0);
  const pancar_bytes nothing = {NULL, 0};
  EXPECT(PANCAR_OK, pancar_server_new(NULL, &server));
  CHECK(pipe(pipes) == 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0 && unconnected >= 0);
  REFUSED(pancar_server_adopt(server, -1, nothing));
  REFUSED(pancar_server_adopt(server, INT32_MIN, nothing));
  REFUSED(pancar_server_adopt(server, 1 << 20, nothing));
  REFUSED(pancar_server_adopt(server, pipes[0], nothing));
  REFUSED(pancar_server_adopt(server, unconnected, nothing));
  /* What was refused still belongs to us. */
  CHECK(close(pipes[0]) == 0 && close(pipes[1]) == 0 && close(unconnected) == 0);
  CHECK(close(pair[0]) == 0 && close(pair[1]) == 0);
  pancar_server_free(server);
}

CASE(as_many_lanes_as_workers) {
  pancar_config *config = pancar_config_new();
  pancar_server server;
  EXPECT(PANCAR_OK, pancar_config_set_lanes(config, 0));
  EXPECT(PANCAR_OK, pancar_config_set(config, PANCAR_STR("workers"), PANCAR_STR("3")));
  EXPECT(PANCAR_OK, pancar_server_new(config, &server));
  pancar_config_free(config);
  CHECK(pancar_server_lanes(server) == 3);
  pancar_server_free(server);
  CHECK(pancar_server_lanes(server) == 0);
}

CASE(lanes_that_are_not_there) {
  pancar_server server;
  int fd;
  EXPECT(PANCAR_OK, pancar_server_new(NULL, &server));
  CHECK(pancar_server_lanes(server) == 1);
  EXPECT(PANCAR_NOT_FOUND, pancar_dispatch_lane(server, 1, 0, 0));
  EXPECT(PANCAR_NOT_FOUND, pancar_dispatch_lane(server, SIZE_MAX, 0, 0));
  EXPECT(PANCAR_NOT_FOUND, pancar_wake_fd_lane(server, 1, &fd));
  EXPECT(PANCAR_TIMEOUT, pancar_dispatch(server, SIZE_MAX, 0));
  EXPECT(PANCAR_TIMEOUT, pancar_dispatch(server, 1, 1));
  pancar_server_free(server);
}

CASE(a_server_that_listens_nowhere) {
  pancar_server server;
  EXPECT(PANCAR_OK, pancar_server_new(NULL, &server));
  EXPECT(PANCAR_OK, pancar_server_close(server));
  EXPECT(PANCAR_OK, pancar_server_run(server));
  EXPECT(PANCAR_CLOSED, pancar_server_listen(server, PANCAR_STR("127.0.0.1:0"), NULL));
  CHECK(pancar_emit(server, NAME, NULL) != PANCAR_PANIC);
  pancar_server_free(server);
}
