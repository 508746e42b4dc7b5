/* Tables of listeners, and the questions that are answered at once. */
#include "probe.h"

pancar_status register_listeners(pancar_namespace ns, const struct listener *listeners, size_t count)
{
    pancar_status status = PANCAR_OK;
    for (size_t i = 0; i < count && status == PANCAR_OK; i++)
        status = pancar_on(ns, pancar_cstr(listeners[i].event), listeners[i].callback, NULL, NULL);
    return status;
}

static pancar_status answer(pancar_socket socket, const pancar_event *event, void *user_data)
{
    const struct question *question = user_data;
    pancar_ack ack = pancar_event_ack(event);
    if (ack.socket == 0)
        return PANCAR_OK;
    pancar_args *written = pancar_args_new();
    pancar_status status = question->answer(socket, pancar_event_args(event), written);
    if (status == PANCAR_OK)
        status = pancar_ack_send(ack, written);
    pancar_args_free(written);
    return status;
}

pancar_status register_questions(pancar_namespace ns, struct question *questions, size_t count)
{
    pancar_status status = PANCAR_OK;
    for (size_t i = 0; i < count && status == PANCAR_OK; i++)
        status = pancar_on(ns, pancar_cstr(questions[i].event), answer, &questions[i], NULL);
    return status;
}
