/* The logger, of which a process has one, and what callbacks that fail leave in it. */
#include "stage.h"
#include <string.h>

static struct counter logged, found;

static void on_log(pancar_level level, pancar_str message, void *counter) {
  static const char OOPS[] = "oops";
  CHECK(counter == &logged && level >= PANCAR_LEVEL_ERROR && level <= PANCAR_LEVEL_WARN);
  logged.calls++;
  for (size_t i = 0; i + 4 <= message.len; i++) {
    if (memcmp(message.data + i, OOPS, 4) == 0) {
      found.calls++;
      return;
    }
  }
}

static pancar_status fail(pancar_socket socket, const pancar_event *event, void *data) {
  (void)socket, (void)event, (void)data;
  return pancar_fail(PANCAR_STR("oops"));
}

CASE(logger_set_twice) {
  uint16_t port;
  pancar_server server = serve(&port);
  struct client client;
  EXPECT(PANCAR_INVALID_ARGUMENT, pancar_set_logger(0, on_log, &logged));
  EXPECT(PANCAR_INVALID_ARGUMENT, pancar_set_logger(99, on_log, &logged));
  EXPECT(PANCAR_OK, pancar_set_logger(PANCAR_LEVEL_WARN, on_log, &logged));
  REFUSED(pancar_set_logger(PANCAR_LEVEL_TRACE, on_log, NULL));
  join(server, &client, port);
  EXPECT(PANCAR_OK, pancar_on(server, PANCAR_STR("go"), fail, NULL, NULL));
  client_send(&client, "42[\"go\"]");
  settle(server, &client);
  CHECK(found.calls == 1);
  client_drop(&client);
  pancar_server_free(server);
}
