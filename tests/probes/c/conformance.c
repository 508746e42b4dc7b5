/* App conformance: every behaviour that the suites judge from outside. */
#include "probe.h"

#include <ctype.h>
#include <string.h>

static pancar_status removable(pancar_socket socket, const pancar_event *event, void *user_data)
{
    (void)event, (void)user_data;
    return pancar_emit(socket, PANCAR_STR("removable-seen"), NULL);
}

static pancar_status connected(pancar_socket socket, void *user_data)
{
    pancar_args *auth = NULL;
    (void)user_data;
    pancar_status status = records_begin(socket);
    if (status == PANCAR_OK)
        status = pancar_on(socket, PANCAR_STR("removable"), removable, NULL, NULL);
    if (status == PANCAR_OK)
        status = pancar_socket_auth(socket, &auth);
    if (status == PANCAR_OK)
        status = pancar_emit(socket, PANCAR_STR("auth"), auth);
    pancar_args_free(auth);
    return status;
}

/* Tells everybody here what another server of the cluster said. */
static pancar_status server_side(pancar_socket none, const pancar_event *event, void *user_data)
{
    pancar_target *local = NULL;
    (void)none, (void)user_data;
    pancar_status status = pancar_target_new(pancar_event_namespace(event), &local);
    if (status == PANCAR_OK)
        status = pancar_target_local(local);
    if (status == PANCAR_OK)
        status = pancar_target_emit(local, PANCAR_STR("server-side-seen"), pancar_event_args(event));
    pancar_target_free(local);
    return status;
}

static pancar_status serve(pancar_namespace ns, pancar_server server)
{
    pancar_status status = pancar_on_connection(ns, connected, NULL, NULL);
    if (status == PANCAR_OK)
        status = records_register(ns);
    if (status == PANCAR_OK)
        status = messages_register(ns);
    if (status == PANCAR_OK)
        status = rooms_register(ns);
    if (status == PANCAR_OK)
        status = broadcasts_register(ns);
    if (status == PANCAR_OK)
        status = questions_register(ns, server);
    if (status == PANCAR_OK)
        status = pancar_on_server_side(ns, PANCAR_STR("server-side"), server_side, NULL, NULL);
    return status;
}

static bool has_secret(const pancar_args *auth)
{
    const pancar_args *token;
    pancar_str text;
    return pancar_args_get(auth, 0, PANCAR_STR("token"), &token) == PANCAR_OK
        && pancar_args_str(token, 0, &text) == PANCAR_OK
        && str_equal(text, PANCAR_STR("secret"));
}

static pancar_status guard(pancar_socket socket, pancar_admission *admission, void *user_data)
{
    pancar_args *auth = NULL, *data = NULL;
    (void)user_data;
    pancar_status status = pancar_socket_auth(socket, &auth);
    if (status == PANCAR_OK && !has_secret(auth)) {
        status = pancar_args_from_json(PANCAR_STR("[{\"code\":401}]"), NULL, 0, &data);
        if (status == PANCAR_OK)
            status = pancar_admission_reject(admission, PANCAR_STR("unauthorized"), data);
    }
    pancar_args_free(data);
    pancar_args_free(auth);
    return status;
}

/* Whether a name is /dyn- and a number. */
static bool is_dynamic(pancar_str name, const pancar_args *auth, void *user_data)
{
    const pancar_str beginning = PANCAR_STR("/dyn-");
    (void)auth, (void)user_data;
    if (name.len <= beginning.len || memcmp(name.data, beginning.data, beginning.len) != 0)
        return false;
    for (size_t i = beginning.len; i < name.len; i++) {
        if (!isdigit((unsigned char)name.data[i]))
            return false;
    }
    return true;
}

pancar_status conformance_register(pancar_server server)
{
    pancar_namespace custom, guarded, dynamic;
    pancar_status status = serve(server, server);
    if (status == PANCAR_OK)
        status = pancar_of(server, PANCAR_STR("/custom"), &custom);
    if (status == PANCAR_OK)
        status = serve(custom, server);
    if (status == PANCAR_OK)
        status = pancar_of(server, PANCAR_STR("/guarded"), &guarded);
    if (status == PANCAR_OK)
        status = pancar_use(guarded, guard, NULL, NULL);
    if (status == PANCAR_OK)
        status = serve(guarded, server);
    if (status == PANCAR_OK)
        status = pancar_of_matching(server, is_dynamic, NULL, NULL, &dynamic);
    if (status == PANCAR_OK)
        status = serve(dynamic, server);
    return status;
}
