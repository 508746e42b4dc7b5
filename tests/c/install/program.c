/* Makes a server, listens, and closes. */
#include <pancar.h>
#include <stdio.h>

int main(void) {
  pancar_server server = 0;
  uint16_t port = 0;
  pancar_status status = pancar_server_new(NULL, &server);
  if (status == PANCAR_OK) status = pancar_server_listen(server, PANCAR_STR("127.0.0.1:0"), &port);
  if (status == PANCAR_OK) status = pancar_server_close(server);
  if (status == PANCAR_OK) status = pancar_server_run(server);
  if (status != PANCAR_OK || port == 0) {
    fprintf(stderr, "%s: %s\n", pancar_status_text(status), pancar_last_error());
    return 1;
  }
  pancar_server_free(server);
  printf("libpancar %s\n", pancar_version());
  return 0;
}
