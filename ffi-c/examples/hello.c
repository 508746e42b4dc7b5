/* Sends back whatever a client says as `hello`. Try it: io("http://127.0.0.1:3000").emit("hello", 1, "two") */
#include <pancar.h>
#include <stdio.h>

static pancar_status hello(pancar_socket socket, const pancar_event *event, void *user_data)
{
    (void)user_data;
    return pancar_emit(socket, PANCAR_STR("hello"), pancar_event_args(event));
}

int main(void)
{
    pancar_server server = 0;
    pancar_status status = pancar_server_new(NULL, &server);
    if (status == PANCAR_OK)
        status = pancar_on(server, PANCAR_STR("hello"), hello, NULL, NULL);
    if (status == PANCAR_OK)
        status = pancar_server_listen(server, PANCAR_STR("127.0.0.1:3000"), NULL);
    if (status == PANCAR_OK)
        status = pancar_server_run(server);
    if (status != PANCAR_OK)
        fprintf(stderr, "%s\n", pancar_last_error());
    pancar_server_free(server);
    return status != PANCAR_OK;
}
